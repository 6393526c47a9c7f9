"""Makes the reference logits and gradients of the classifiers: float32 PyTorch.

    pip install torch safetensors
    python make_classifiers.py

The Swin is the published one (https://github.com/microsoft/Swin-Transformer: roll, window
partition, region mask, relative position index), cut to one stage of patch size 1.
Weights and inputs follow from names (fill), so only results are written:
CASE.safetensors holds logits [n, mu*mu, 2], grad.x, and for the Swin grad.PARAMETER.
"""
import os
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))


def fill(name, *shape):
    """What netstest.Fill makes, shaped."""
    n = int(np.prod(shape))
    h = 0xcbf29ce484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001b3) & (2**64 - 1)
    with np.errstate(over="ignore"):
        state = np.uint64(h) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15)
        z = (state ^ (state >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
        z = z ^ (z >> np.uint64(31))
    v = ((z >> np.uint64(40)).astype(np.float64) / 2**23 - 1).astype(np.float32)
    return torch.from_numpy(v).reshape(shape)


def weight(name, shape):
    """What netstest.Classifier makes."""
    v = fill(name, *shape).double()
    if len(shape) > 1 and "bias_table" not in name and name != "position":
        v = v * (3 / np.prod(shape[1:])) ** 0.5
    elif name.endswith("norm.weight") or "norm1.weight" in name or "norm2.weight" in name:
        v = 1 + 0.2 * v
    else:
        v = 0.5 * v
    return v.float()


def set_weights(net):
    for name, p in net.named_parameters():
        p.data = weight(name, tuple(p.shape))


class Residual(nn.Module):
    def __init__(self, absolute, scale):
        super().__init__()
        self.absolute, self.scale = absolute, scale

    def forward(self, x):
        return (x.abs() if self.absolute else x * x) * self.scale


class WindowAttention(nn.Module):
    def __init__(self, dim, window, heads):
        super().__init__()
        self.window, self.heads, self.scale = window, heads, (dim // heads) ** -0.5
        self.bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        coords = torch.stack(torch.meshgrid([torch.arange(window), torch.arange(window)], indexing="ij"))
        flat = torch.flatten(coords, 1)
        relative = (flat[:, :, None] - flat[:, None, :]).permute(1, 2, 0).contiguous()
        relative[:, :, 0] += window - 1
        relative[:, :, 1] += window - 1
        relative[:, :, 0] *= 2 * window - 1
        self.register_buffer("index", relative.sum(-1))
        self.qkv = nn.Linear(dim, dim * 3)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x, mask=None):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0] * self.scale, qkv[1], qkv[2]
        attn = q @ k.transpose(-2, -1)
        bias = self.bias_table[self.index.view(-1)].view(N, N, -1).permute(2, 0, 1).contiguous()
        attn = attn + bias.unsqueeze(0)
        if mask is not None:
            nw = mask.shape[0]
            attn = attn.view(B // nw, nw, self.heads, N, N) + mask.unsqueeze(1).unsqueeze(0)
            attn = attn.view(-1, self.heads, N, N)
        x = (attn.softmax(dim=-1) @ v).transpose(1, 2).reshape(B, N, C)
        return self.proj(x)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, dim * 3)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        B, N, C = x.shape
        q, k, v = self.qkv(x).reshape(B, N, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(x.transpose(1, 2).reshape(B, N, C))


class Mlp(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


def window_partition(x, w):
    B, H, W, C = x.shape
    x = x.view(B, H // w, w, W // w, w, C)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, w, w, C)


def window_reverse(windows, w, H, W):
    B = int(windows.shape[0] / (H * W / w / w))
    x = windows.view(B, H // w, W // w, w, w, -1)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(B, H, W, -1)


class SwinBlock(nn.Module):
    def __init__(self, dim, side, heads, window, shift):
        super().__init__()
        if side <= window:
            shift, window = 0, side
        self.side, self.window, self.shift = side, window, shift
        self.norm1, self.attn = nn.LayerNorm(dim), WindowAttention(dim, window, heads)
        self.norm2, self.mlp = nn.LayerNorm(dim), Mlp(dim)
        mask = None
        if shift > 0:
            img = torch.zeros(1, side, side, 1)
            cnt = 0
            for h in (slice(0, -window), slice(-window, -shift), slice(-shift, None)):
                for w in (slice(0, -window), slice(-window, -shift), slice(-shift, None)):
                    img[:, h, w, :] = cnt
                    cnt += 1
            m = window_partition(img, window).view(-1, window * window)
            m = m.unsqueeze(1) - m.unsqueeze(2)
            mask = m.masked_fill(m != 0, -100.0).masked_fill(m == 0, 0.0)
        self.mask = mask

    def forward(self, x, keep1=None, keep2=None):
        B, L, C = x.shape
        shortcut = x
        x = self.norm1(x).view(B, self.side, self.side, C)
        if self.shift > 0:
            x = torch.roll(x, shifts=(-self.shift, -self.shift), dims=(1, 2))
        w = window_partition(x, self.window).view(-1, self.window ** 2, C)
        w = self.attn(w, self.mask).view(-1, self.window, self.window, C)
        x = window_reverse(w, self.window, self.side, self.side)
        if self.shift > 0:
            x = torch.roll(x, shifts=(self.shift, self.shift), dims=(1, 2))
        x = x.view(B, L, C)
        x = shortcut + (x if keep1 is None else x * keep1[:, None, None])
        y = self.mlp(self.norm2(x))
        return x + (y if keep2 is None else y * keep2[:, None, None])


class Swin(nn.Module):
    def __init__(self, d, width, heads, depth, window, side, residual):
        super().__init__()
        self.residual = residual
        self.embed, self.embed_norm = nn.Linear(d, width), nn.LayerNorm(width)
        self.blocks = nn.ModuleList(SwinBlock(width, side, heads, window, window // 2 if i % 2 else 0)
                                    for i in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 2)

    def forward(self, x, keep=None):
        x = self.embed_norm(self.embed(self.residual(x)))
        for i, block in enumerate(self.blocks):
            x = block(x) if keep is None else block(x, keep[2 * i], keep[2 * i + 1])
        return self.head(self.norm(x))


class VitBlock(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.attn, self.norm2, self.mlp = nn.LayerNorm(dim), Attention(dim, heads), nn.LayerNorm(dim), Mlp(dim)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, d, width, heads, depth, side, residual):
        super().__init__()
        self.residual = residual
        self.embed, self.embed_norm = nn.Linear(d, width), nn.LayerNorm(width)
        self.position = nn.Parameter(torch.zeros(side * side, width))
        self.blocks = nn.ModuleList(VitBlock(width, heads) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 2)

    def forward(self, x):
        x = self.embed_norm(self.embed(self.residual(x))) + self.position
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class Token(nn.Module):
    def __init__(self, d, width, residual):
        super().__init__()
        self.residual = residual
        self.embed, self.embed_norm = nn.Linear(d, width), nn.LayerNorm(width)
        self.fc, self.head = nn.Linear(width, width), nn.Linear(width, 2)

    def forward(self, x):
        x = F.gelu(self.embed_norm(self.embed(self.residual(x))))
        return self.head(F.gelu(self.fc(x)))


class Conv(nn.Conv2d):
    def __init__(self, cin, cout):
        super().__init__(cin, cout, 3, padding=1)
        self.norm = nn.GroupNorm(8, cout)

    def forward(self, x):
        return F.relu(self.norm(super().forward(x)))


class UNet(nn.Module):
    """DRAEM's discriminative network (EncoderDiscriminative, DecoderDiscriminative), group norm
    in the place of batch norm."""

    def __init__(self, d, bw, residual):
        super().__init__()
        self.residual = residual
        widths = [bw, 2 * bw, 4 * bw, 8 * bw, 8 * bw, 8 * bw]
        ins = [d] + widths[:-1]
        self.down = nn.ModuleList(nn.Sequential(Conv(i, o), Conv(o, o)) for i, o in zip(ins, widths))
        ups = [bw, bw, 2 * bw, 4 * bw, 8 * bw]
        below = ups[1:] + [8 * bw]
        self.rise = nn.ModuleList(Conv(i, o) for i, o in zip(below, ups))
        self.up = nn.ModuleList(nn.Sequential(Conv(o + w, o), Conv(o, o)) for o, w in zip(ups, widths))
        self.head = nn.Conv2d(bw, 2, 3, padding=1)

    def forward(self, x):
        n, t, d = x.shape
        side = int(t ** 0.5)
        x = self.residual(x).reshape(n, side, side, d).permute(0, 3, 1, 2)
        maps = []
        for i, level in enumerate(self.down):
            x = level(F.max_pool2d(x, 2) if i else x)
            maps.append(x)
        for i in reversed(range(5)):
            x = self.rise[i](F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
            x = self.up[i](torch.cat((x, maps[i]), 1))
        return self.head(x).permute(0, 2, 3, 1).reshape(n, t, 2)


def case(name, net, n, side, d, keep=None, parameters=False):
    set_weights(net)
    x = fill("residuals", n, side * side, d).clone().requires_grad_()
    logits = net(x) if keep is None else net(x, keep)
    # An arbitrary loss that weighs every logit differently.
    loss = (logits * fill("loss", *logits.shape)).mean() + (logits * logits).mean()
    loss.backward()
    out = {"logits": logits.detach(), "grad.x": x.grad, "loss": loss.detach()}
    if parameters:
        for k, p in net.named_parameters():
            out["grad." + k] = p.grad
    path = os.path.join(here, name + ".safetensors")
    save_file({k: v.contiguous() for k, v in out.items()}, path)
    os.chmod(path, 0o644)
    print(name, "parameters", sum(p.numel() for p in net.parameters()), "logits", float(logits.detach().mean()))


def main():
    torch.set_num_threads(1)
    square, absolute = Residual(False, 3.0), Residual(True, 2.0)
    case("swin_square", Swin(12, 16, 2, 4, 8, 16, square), 2, 16, 12, parameters=True)
    case("swin_abs", Swin(12, 16, 2, 4, 8, 16, absolute), 2, 16, 12, parameters=True)
    keep = torch.tensor([[1.0, 1], [1, 1], [0, 1.25], [1.25, 1.25], [1.25, 0], [0, 0], [1.5, 1.5], [1.5, 0]])
    case("swin_drop", Swin(12, 16, 2, 4, 8, 16, square), 2, 16, 12, keep=keep)
    case("swin_wide", Swin(12, 32, 4, 4, 8, 32, square), 1, 32, 12)
    case("swin_one", Swin(12, 16, 2, 2, 8, 8, square), 2, 8, 12)
    case("vit", ViT(12, 16, 2, 2, 16, square), 2, 16, 12)
    case("mlp", Token(12, 16, square), 2, 16, 12)
    case("unet", UNet(12, 8, square), 1, 32, 12)


if __name__ == "__main__":
    main()
