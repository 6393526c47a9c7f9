"""Makes reference.safetensors with the public library, and opens written.safetensors
(made by `go test ./models/weights -run Golden -update`) with it.

    pip install torch safetensors
    python make.py
"""
import os
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))
values = [0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, 3.14159, float("inf")]
save_file({
    "f32": torch.tensor(values).reshape(2, 4),
    "f16": torch.tensor(values).half(),
    "bf16": torch.tensor(values).bfloat16(),
    "f64": torch.tensor([1.5, -2.5], dtype=torch.float64),
    "u8": torch.arange(5, dtype=torch.uint8),
    "i8": torch.tensor([-3, 4], dtype=torch.int8),
    "i16": torch.tensor([-300, 400], dtype=torch.int16),
    "i32": torch.tensor([[-70000], [70000]], dtype=torch.int32),
    "i64": torch.tensor([-2**40, 2**40]),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(7.0),
    "empty": torch.zeros(0, 3),
    "näme \"quoted\"": torch.tensor([1.0]),
}, os.path.join(here, "reference.safetensors"), metadata={"format": "pt", "ключ": "wert\n2"})

path = os.path.join(here, "written.safetensors")
with safe_open(path, "pt") as f:
    print(f.metadata())
for name, t in sorted(load_file(path).items()):
    print(name, t.dtype, tuple(t.shape), t.flatten().tolist())
