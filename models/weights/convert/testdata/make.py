"""Makes small checkpoints, in the old format and the new one: pip install torch; python make.py"""
import collections
import os
import torch

here = os.path.dirname(os.path.abspath(__file__))
state = collections.OrderedDict(
    plain=torch.arange(6, dtype=torch.float32).reshape(2, 3),
    transposed=torch.arange(6, dtype=torch.float32).reshape(3, 2).t(),
    part=torch.arange(10, dtype=torch.float32)[4:7],
    half=torch.tensor([1.5, -2.0]).half(),
    num_batches_tracked=torch.tensor(7),
)
for name, new in (("old", False), ("new", True)):
    torch.save(state, os.path.join(here, name + ".pth"), _use_new_zipfile_serialization=new)
torch.save(collections.OrderedDict(epoch=3, plain=state["plain"]), os.path.join(here, "other.pth"))
