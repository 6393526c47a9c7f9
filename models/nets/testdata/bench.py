"""PyTorch eager on the shapes of BenchmarkBagged and BenchmarkStep: the partner that scoring and
training are measured against, in processor seconds. One thread, since PyTorch's second would burn
time waiting in a loop and be charged for it. `make bench PYTHON=../venv/bin/python` runs both in turns, where
`pip install torch numpy safetensors` went into venv, outside this repository.
"""
import time
import torch
from make_classifiers import Residual, Swin, fill, set_weights

torch.set_num_threads(1)


def measure(what, go, n=5):
    go()
    cpu, wall = time.process_time(), time.time()
    for _ in range(n):
        go()
    print(f"{what}: {(time.process_time() - cpu) / n:.3f} cpu-s, {(time.time() - wall) / n:.3f} s")


net = Swin(256, 128, 8, 4, 8, 32, Residual(False, 3.0))
set_weights(net)
net.eval()
r = fill("residuals", 64, 64, 256)


def bagged(step):
    wins = [(i, j) for i in range(0, 33, step) for j in range(0, 33, step)]
    with torch.no_grad():
        x = torch.stack([r[i:i + 32, j:j + 32].reshape(1024, 256) for i, j in wins])
        p = net(x).softmax(-1)[..., 1].reshape(-1, 32, 32)
        total, count = torch.zeros(64, 64), torch.zeros(64, 64)
        for q, (i, j) in zip(p, wins):
            total[i:i + 32, j:j + 32] += q
            count[i:i + 32, j:j + 32] += 1
        return total / count


for every in (8, 16):
    measure(f"bagged, step {every}", lambda: bagged(every))

net.train()
x = fill("windows", 8, 1024, 256)
target = (fill("target", 8, 1024) > 0).long()
optimiser = torch.optim.AdamW(net.parameters(), lr=1e-4, weight_decay=0.05)
keep = torch.ones(8, 8)


def step():
    optimiser.zero_grad()
    p = net(x, keep).softmax(-1).gather(-1, target[..., None])
    loss = (-(1 - p) ** 4 * p.clamp(min=1e-8).log()).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
    optimiser.step()


measure("training step", step)
