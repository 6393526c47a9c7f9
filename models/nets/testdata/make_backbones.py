"""Makes the reference maps of the backbones: float32 PyTorch on the same weights.

    pip install torch torchvision safetensors
    pip install efficientnet_lite_pytorch==0.1.0
    python make_backbones.py

Writes efficientnet_lite2.safetensors and wide_resnet50_2.safetensors:
input [1, 3, h, w] (normalised), stage0.. [1, channels, rows, cols], and
hypercolumn [rows, cols, d] (no position code, no scale a layer).
"""
import os
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from efficientnet_lite_pytorch import EfficientNet
from safetensors.torch import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)


def fill(name, n):
    """What netstest.Fill makes."""
    h = 0xcbf29ce484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001b3) & (2**64 - 1)
    with np.errstate(over="ignore"):
        state = np.uint64(h) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15)
        z = (state ^ (state >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.float64) / 2**23 - 1).astype(np.float32)


def synthetic(state):
    """What netstest.Backbone makes."""
    out = {}
    for name, t in state.items():
        kind = name.split(".")[-1]
        if kind == "num_batches_tracked":
            continue
        shift, scale = 0.0, 0.1
        if t.dim() == 4:
            scale = (3 / (t.numel() // t.shape[0])) ** 0.5
        elif kind == "weight":
            shift, scale = 1, 0.2
        elif kind == "running_var":
            shift, scale = 1, 0.5
        v = shift + scale * fill(name, t.numel()).astype(np.float64)
        out[name] = torch.from_numpy(v.astype(np.float32)).reshape(t.shape)
    return out


def picture(h, w):
    """A normalised picture: smooth shapes and some noise."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    planes = [np.sin(x / (5 + c) + c) * np.cos(y / (7 - c)) * 1.5 for c in range(3)]
    noise = fill("picture", 3 * h * w).reshape(3, h, w)
    return torch.from_numpy((np.stack(planes) + 0.5 * noise).astype(np.float32))[None]


def lite2():
    net = EfficientNet.from_name("efficientnet-lite2")
    state = load_file(os.path.join(here, "../../weights/efficientnet_lite2.safetensors"))
    missing = net.load_state_dict(state, strict=False).missing_keys
    assert all(k.split(".")[0] in ("_conv_head", "_bn1", "_fc") or int(k.split(".")[1]) > 14
               for k in missing if not k.endswith("num_batches_tracked")), missing
    net.eval()
    for m in net.modules():  # TensorFlow's SAME for the size at hand, not for 260
        if hasattr(m, "static_padding"):
            m.static_padding = Same(m.kernel_size[0], m.stride[0])
    x = picture(64, 96)
    maps = []
    with torch.no_grad():
        y = net._swish(net._bn0(net._conv_stem(x)))
        for i, block in enumerate(net._blocks[:15]):
            y = block(y)
            if i in (6, 10, 14):
                maps.append(y)
        means = [F.avg_pool2d(m, 3, 1, 1, count_include_pad=True) for m in maps]
        fine = means[0].shape[-2:]
        columns = torch.cat([means[0]] + [F.interpolate(m, fine, mode="bilinear", align_corners=False)
                                          for m in means[1:]], 1)
    save("efficientnet_lite2", x, maps, columns[0].permute(1, 2, 0))


class Same(torch.nn.Module):
    def __init__(self, k, s):
        super().__init__()
        self.k, self.s = k, s

    def forward(self, x):
        pad = []
        for size in (x.shape[3], x.shape[2]):
            p = max((-(-size // self.s) - 1) * self.s + self.k - size, 0)
            pad += [p // 2, p - p // 2]
        return F.pad(x, pad)


def wrn():
    net = torchvision.models.wide_resnet50_2()
    net.load_state_dict(synthetic(net.state_dict()), strict=False)
    net.eval()
    x = picture(32, 48)
    with torch.no_grad():
        y = net.maxpool(net.relu(net.bn1(net.conv1(x))))
        layer2 = net.layer2(net.layer1(y))
        layer3 = net.layer3(layer2)
        columns = patchcore([layer2, layer3])
    save("wide_resnet50_2", x, [layer2, layer3], columns)


def patchcore(maps, size=1024):
    """PatchCore's own steps (https://github.com/amazon-science/patchcore-inspection):
    PatchMaker.patchify, the resize in _embed, MeanMapper, Aggregator. One image."""
    patches, shapes = [], []
    for m in maps:
        unfolded = torch.nn.Unfold(kernel_size=3, stride=1, padding=1, dilation=1)(m)
        unfolded = unfolded.reshape(*m.shape[:2], 3, 3, -1).permute(0, 4, 1, 2, 3)
        patches.append(unfolded)
        shapes.append(m.shape[-2:])
    fine = shapes[0]
    for i in range(1, len(patches)):
        p = patches[i]
        p = p.reshape(p.shape[0], *shapes[i], *p.shape[2:]).permute(0, -3, -2, -1, 1, 2)
        base = p.shape
        p = p.reshape(-1, *p.shape[-2:])
        p = F.interpolate(p.unsqueeze(1), size=tuple(fine), mode="bilinear", align_corners=False).squeeze(1)
        p = p.reshape(*base[:-2], *fine).permute(0, -2, -1, 1, 2, 3)
        patches[i] = p.reshape(len(p), -1, *p.shape[-3:])
    patches = [p.reshape(-1, *p.shape[-3:]) for p in patches]
    mapped = [F.adaptive_avg_pool1d(p.reshape(len(p), 1, -1), size).squeeze(1) for p in patches]
    stacked = torch.stack(mapped, dim=1)
    out = F.adaptive_avg_pool1d(stacked.reshape(len(stacked), 1, -1), size)
    return out.reshape(*fine, size)


def save(name, x, maps, columns):
    tensors = {"input": x, "hypercolumn": columns.contiguous()}
    for i, m in enumerate(maps):
        tensors[f"stage{i}"] = m.contiguous()
        print(name, i, tuple(m.shape), "rms", float(m.pow(2).mean().sqrt()), "max", float(m.abs().max()))
    save_file(tensors, os.path.join(here, name + ".safetensors"))


lite2()
wrn()
