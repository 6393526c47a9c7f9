"""Makes ops.onnx: the reference values of the operator cases.

Every case is computed by PyTorch in float64 from float32 inputs, with gradients
of sum(out * seed). The file is an ONNX model that holds only initializers,
named CASE/in0, CASE/seed, CASE/out, CASE/grad0 ...; an input without gradient
has no grad. Run with torch and onnx installed: python make.py
"""

import math
import zlib

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper

tensors = []


def rand(name, *shape, lo=-1.0, hi=1.0):
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return rng.uniform(lo, hi, size=shape).astype(np.float32)


def put(name, a):
    tensors.append(numpy_helper.from_array(np.asarray(a, order="C"), name))


def case(name, f, *inputs, grad=True, fixed=()):
    """inputs are arrays; float32 ones get gradients unless fixed, or unless grad is False."""
    xs = []
    for i, a in enumerate(inputs):
        if a.dtype == np.float32:
            xs.append(torch.from_numpy(a.astype(np.float64)).requires_grad_(grad and i not in fixed))
        else:
            xs.append(torch.from_numpy(a))
    out = f(*xs)
    for i, a in enumerate(inputs):
        put(f"{name}/in{i}", a)
    o = out.detach().numpy()
    put(f"{name}/out", o.astype(np.float32) if o.dtype == np.float64 else o)
    if not grad:
        return
    seed = rand(name + "/seed", *out.shape)
    put(f"{name}/seed", seed)
    (out * torch.from_numpy(seed.astype(np.float64))).sum().backward()
    for i, x in enumerate(xs):
        if x.requires_grad:
            g = x.grad if x.grad is not None else torch.zeros_like(x)
            put(f"{name}/grad{i}", g.numpy().astype(np.float32))


def r(n, *shape, lo=-1.0, hi=1.0):
    return rand(f"{n}", *shape, lo=lo, hi=hi)


# Element-wise.
case("add", lambda x, y: x + y, r(1, 2, 3, 4), r(2, 3, 1))
case("sub", lambda x, y: x - y, r(3, 3, 1), r(4, 2, 1, 4))
case("mul", lambda x, y: x * y, r(5, 2, 3, 4), r(6, 4))
case("div", lambda x, y: x / y, r(7, 2, 3), r(8, 1, 3, lo=0.5, hi=2))
case("min", torch.minimum, np.array([1, 2, 3, -1], np.float32), np.array([2, 1, 3, -1], np.float32))
case("max", torch.maximum, np.array([1, 2, 3, -1], np.float32), np.array([2, 1, 3, 5], np.float32))
case("pow_2", lambda x: x**2, r(9, 7))
case("pow_3", lambda x: x**3, r(10, 7))
case("pow_4", lambda x: x**4, r(11, 7))
case("pow_2.5", lambda x: x**2.5, r(12, 7, lo=0.1, hi=2))
case("pow", lambda x, y: x**y, r(13, 3, 4, lo=0.2, hi=2), r(14, 4))
case("neg", lambda x: -x, r(15, 5))
case("abs", torch.abs, np.array([-2, -0.5, 0, 0.5, 2], np.float32))
case("square", torch.square, r(16, 5))
case("sqrt", torch.sqrt, r(17, 5, lo=0.1, hi=4))
case("reciprocal", torch.reciprocal, r(18, 5, lo=0.3, hi=2))
case("exp", torch.exp, r(19, 6, lo=-3, hi=3))
case("log", torch.log, r(20, 6, lo=0.1, hi=5))
case("sin", torch.sin, r(21, 6, lo=-4, hi=4))
case("cos", torch.cos, r(22, 6, lo=-4, hi=4))
case("clip", lambda x: torch.clamp(x, -0.5, 0.75), np.array([-1, -0.5, 0.1, 0.75, 2], np.float32))
case("where", lambda c, x, y: torch.where(c, x, y), np.array([[True], [False]]), r(23, 2, 3), r(24, 3))
case("stop", lambda x: x * x.detach(), r(25, 4))
case("reuse", lambda x: x * x + torch.exp(x) + 3 * x - x.sum() * x, r(26, 2, 3))

# Activations.
kinks = np.array([-3, -1, 0, 0.5, 5.9, 6, 7, -0.2], np.float32)
case("relu", torch.relu, kinks)
case("relu6", F.relu6, kinks)
case("leaky_relu", lambda x: F.leaky_relu(x, 0.1), kinks)
case("sigmoid", torch.sigmoid, r(30, 6, lo=-5, hi=5))
case("tanh", torch.tanh, r(31, 6, lo=-2, hi=2))
case("softplus", F.softplus, r(32, 6, lo=-3, hi=3))
case("swish", F.silu, r(33, 6, lo=-4, hi=4))
case("erf", torch.erf, r(34, 6, lo=-2, hi=2))
case("gelu", F.gelu, r(35, 3, 4, lo=-3, hi=3))
case("softmax", lambda x: torch.softmax(x, -1), r(36, 2, 3, 5, lo=-3, hi=3))
case("softmax_1", lambda x: torch.softmax(x, 1), r(37, 2, 3, 5, lo=-3, hi=3))
case("log_softmax", lambda x: F.log_softmax(x, -1), r(38, 3, 5, lo=-3, hi=3))

# Matrices.
case("matmul", torch.matmul, r(40, 3, 4), r(41, 4, 5))
case("matmul_rows", torch.matmul, r(42, 2, 3, 4), r(43, 4, 5))
case("matmul_batch", torch.matmul, r(44, 2, 3, 4, 5), r(45, 2, 3, 5, 2))
case("matmul_broadcast", torch.matmul, r(46, 2, 1, 4, 5), r(47, 3, 5, 2))
for tx in (0, 1):
    for ty in (0, 1):
        case(f"gemm_{tx}{ty}", lambda x, y, c: (x.T if tx else x) @ (y.T if ty else y) + c,
             r(48, *((4, 3) if tx else (3, 4))), r(49, *((5, 4) if ty else (4, 5))), r(50, 5))
case("gemm_plain", lambda x, y: x @ y, r(51, 3, 4), r(52, 4, 5))
case("linear", F.linear, r(53, 2, 3, 4), r(54, 6, 4), r(55, 6))

# Convolutions.
case("conv", lambda x, w, c: F.conv2d(x, w, c, padding=1), r(60, 2, 3, 6, 5), r(61, 4, 3, 3, 3), r(62, 4))
case("conv_1x1", lambda x, w: F.conv2d(x, w), r(63, 2, 3, 4, 5), r(64, 4, 3, 1, 1))
case("conv_stride", lambda x, w: F.conv2d(x, w, stride=2, padding=1), r(65, 2, 3, 8, 7), r(66, 4, 3, 3, 3))
case("conv_dilated", lambda x, w: F.conv2d(x, w, dilation=2, padding=2, stride=2), r(67, 1, 2, 9, 8), r(68, 3, 2, 3, 3))
case("conv_uneven", lambda x, w: F.conv2d(F.pad(x, (0, 1, 0, 1)), w, stride=2), r(69, 1, 2, 6, 6), r(70, 3, 2, 3, 3))
case("conv_grouped", lambda x, w, c: F.conv2d(x, w, c, stride=2, padding=1, groups=2), r(71, 2, 4, 6, 8), r(72, 6, 2, 3, 3), r(73, 6))
case("conv_depthwise", lambda x, w: F.conv2d(x, w, padding=1, dilation=1, groups=4), r(74, 2, 4, 5, 6), r(75, 4, 1, 3, 3))
case("conv_transpose", lambda x, w, c: F.conv_transpose2d(x, w, c, stride=2), r(76, 2, 3, 4, 3), r(77, 3, 2, 2, 2), r(78, 2))
case("conv_transpose_pad", lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1, groups=2), r(79, 1, 4, 3, 4), r(80, 4, 3, 3, 3))

# Pools and resizing.
case("average_pool", lambda x: F.avg_pool2d(x, 2, 2), r(90, 2, 3, 4, 6))
case("average_pool_pad", lambda x: F.avg_pool2d(x, 3, 1, 1), r(91, 2, 3, 4, 5))
case("average_pool_exclude", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), r(92, 2, 2, 5, 6))
case("max_pool", lambda x: F.max_pool2d(torch.relu(x), 2, 2), r(93, 2, 3, 6, 4))
case("max_pool_pad", lambda x: F.max_pool2d(torch.relu(x), 3, 2, 1), r(94, 2, 2, 7, 6))
case("resize_up", lambda x: F.interpolate(x, (8, 6), mode="bilinear"), r(95, 2, 2, 4, 3))
case("resize_odd", lambda x: F.interpolate(x, (7, 5), mode="bilinear"), r(96, 1, 2, 3, 4))
case("resize_down", lambda x: F.interpolate(x, (3, 2), mode="bilinear"), r(97, 1, 2, 7, 5))
case("resize_nearest", lambda x: F.interpolate(x, (8, 9), mode="nearest"), r(98, 1, 2, 4, 3))

# Norms.
case("layer_norm", lambda x, g, b: F.layer_norm(x, (6,), g, b, 1e-5), r(100, 2, 3, 6), r(101, 6), r(102, 6))
case("layer_norm_plain", lambda x, g: F.layer_norm(x, (6,), g, None, 1e-5), r(103, 4, 6), r(104, 6))
case("normalize", lambda x: (x - x.mean((1, 3), True)) / torch.sqrt(x.var((1, 3), unbiased=False, keepdim=True) + 1e-3), r(105, 2, 3, 2, 4))
case("group_norm", lambda x, g, b: F.group_norm(x, 2, g, b, 1e-5), r(106, 2, 4, 3, 2), r(107, 4), r(108, 4))
case("batch_norm", lambda x, g, b: F.batch_norm(x, None, None, g, b, True, 0, 1e-5), r(109, 3, 4, 3, 2), r(110, 4), r(111, 4))

# Reductions.
ties = np.array([[1, 3, 3], [2, 2, 2], [-1, 0, 5]], np.float32)
case("reduce_sum", lambda x: x.sum((0, 2)), r(120, 2, 3, 4))
case("reduce_sum_all", lambda x: x.sum(), r(121, 2, 3))
case("reduce_mean", lambda x: x.mean((1,), True), r(122, 2, 3, 4))
case("reduce_max", lambda x: x.amax(1), ties)
case("reduce_min", lambda x: x.amin(1, True), ties)
case("arg_max", lambda x: x.argmax(1), ties, grad=False)
case("top_k", lambda x: torch.topk(x, 2, 1)[0], r(123, 3, 5), grad=False)
case("top_k_index", lambda x: torch.topk(x, 2, 1, largest=False)[1], r(124, 3, 5), grad=False)

# Moves.
case("reshape", lambda x: x.reshape(3, 8), r(130, 2, 3, 4))
case("transpose", lambda x: x.permute(2, 0, 1), r(131, 2, 3, 4))
case("concat", lambda x, y, z: torch.cat([x, y, z], 1), r(132, 2, 1, 3), r(133, 2, 4, 3), r(134, 2, 2, 3))
case("split", lambda x: torch.cat([x[:, 3:], 2 * x[:, :1]], 1), r(135, 2, 6))
case("slice", lambda x: x[:, 1:-1], r(136, 2, 5, 2))
case("slice_step", lambda x: x[:, 1:7:2], r(137, 2, 8, 2))
case("pad", lambda x: F.pad(x, (1, 2, 0, 3), value=0.5), r(138, 2, 3, 4))
case("expand", lambda x: x.expand(2, 3, 4), r(139, 3, 1))
case("cast", lambda x: x * 1.0, r(140, 4))
perm = np.array([3, 0, 2, 1])
case("gather_permutation", lambda x: x[:, perm], r(141, 2, 4, 3))
case("gather_part", lambda x: x[[4, 0, 2]], r(142, 5, 3))
case("gather_repeat", lambda x: x[:, [[0, 1], [1, 2], [2, 0]]], r(143, 2, 3, 2))
bias = np.add.outer(np.arange(4), -np.arange(4)) + 3
case("gather_often", lambda x: x[np.concatenate([bias.ravel(), np.full(60, 3)])], r(144, 40, 2))
case("gather_run_time", lambda x, i: x[:, i], r(145, 2, 5, 3), np.array([[4, 1], [1, 0]]))
case("gather_elements", lambda x, i: torch.gather(x, 1, i), r(146, 3, 4), np.array([[0, 0], [3, 1], [2, 2]]))

# Comparisons.
a, b = np.array([1, 2, 3, 4], np.float32), np.array([2, 2, 1, 4], np.float32)
for name, f in {"equal": torch.eq, "greater": torch.gt, "greater_or_equal": torch.ge, "less": torch.lt, "less_or_equal": torch.le}.items():
    case(name, f, a, b, grad=False)
t, u = np.array([True, True, False, False]), np.array([True, False, True, False])
case("and", torch.logical_and, t, u, grad=False)
case("or", torch.logical_or, t, u, grad=False)
case("not", torch.logical_not, t, grad=False)
case("sign", torch.sign, np.array([-2, 0, 3], np.float32), grad=False)
case("floor", torch.floor, np.array([-1.5, 0, 2.7], np.float32), grad=False)
case("bytes", lambda x: x.double() / 255, np.array([0, 7, 255], np.uint8), grad=False)


# Networks in small.
def focal(z, target):
    p = (torch.softmax(z, -1) * target).sum(-1)
    w = torch.where(target[:, 1] > target[:, 0], 0.25, 0.75)
    return (-w * (1 - p) ** 4 * torch.log(p)).mean()


soft = np.array([[1, 0], [0, 1], [0.3, 0.7], [0.9, 0.1], [0, 1]], np.float32)
case("focal", focal, r(150, 5, 2, lo=-2, hi=2), soft, fixed=(1,))


def attention(x, wqkv, bqkv, table, mask):
    n, t, c = x.shape
    h = 2
    qkv = F.linear(x, wqkv, bqkv).reshape(n, t, 3, h, c // h).permute(2, 0, 3, 1, 4)
    q, k, v = qkv[0] * (c // h) ** -0.5, qkv[1], qkv[2]
    pos = table[torch.from_numpy(bias).ravel()].reshape(t, t, h).permute(2, 0, 1)
    s = torch.softmax(q @ k.transpose(-2, -1) + pos + mask, -1)
    return (s @ v).transpose(1, 2).reshape(n, t, c)


case("attention", attention, r(151, 3, 4, 6), r(152, 18, 6), r(153, 18), r(154, 7, 2), r(155, 3, 1, 4, 4))


def mlp(x, w1, b1, w2, b2, g, c):
    return x + F.linear(F.gelu(F.linear(F.layer_norm(x, (6,), g, c), w1, b1)), w2, b2)


case("mlp", mlp, r(156, 2, 4, 6), r(157, 12, 6), r(158, 12), r(159, 6, 12), r(160, 6), r(161, 6), r(162, 6))


def unet(x, w1, w2, w3):
    a = torch.relu(F.conv2d(x, w1, padding=1))
    d = torch.relu(F.conv2d(F.max_pool2d(a, 2), w2, padding=1))
    u = F.interpolate(d, scale_factor=2, mode="bilinear")
    return F.conv2d(torch.cat([a, u], 1), w3, padding=1)


case("unet", unet, r(163, 2, 2, 8, 8), r(164, 3, 2, 3, 3), r(165, 4, 3, 3, 3), r(166, 2, 7, 3, 3))


# AdamW: 5 steps on a small regression, with clipping, decay and a schedule.
def adamw():
    x = torch.from_numpy(r(170, 8, 4)).double()
    y = torch.from_numpy(r(171, 8, 3)).double() * 20
    w = torch.nn.Parameter(torch.from_numpy(r(172, 3, 4)).double())
    c = torch.nn.Parameter(torch.from_numpy(r(173, 3)).double())
    put("adamw/x", r(170, 8, 4))
    put("adamw/y", y.numpy().astype(np.float32))
    put("adamw/w", r(172, 3, 4))
    put("adamw/b", r(173, 3))
    opt = torch.optim.AdamW([{"params": [w], "weight_decay": 0.05}, {"params": [c], "weight_decay": 0}], lr=1)
    losses, norms = [], []
    for step in range(1, 6):
        for group in opt.param_groups:
            group["lr"] = 0.01 * step
        opt.zero_grad()
        loss = ((F.linear(x, w, c) - y) ** 2).mean()
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_([w, c], 1.0)))
        losses.append(float(loss.detach()))
        opt.step()
    put("adamw/w5", w.detach().numpy().astype(np.float32))
    put("adamw/b5", c.detach().numpy().astype(np.float32))
    put("adamw/losses", np.array(losses, np.float32))
    put("adamw/norms", np.array(norms, np.float32))


adamw()

graph = helper.make_graph([], "ops", [], [], initializer=tensors)
model = helper.make_model(graph, producer_name="make.py", opset_imports=[helper.make_opsetid("", 18)])
onnx.save(model, "ops.onnx")
print(len(tensors), "tensors")
