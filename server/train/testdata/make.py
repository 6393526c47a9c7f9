# Reference values for the focal loss with soft targets, by PyTorch in float64.
# Run: python make.py > focal.json
import json, torch
torch.manual_seed(0)
cases = []
for alpha, gamma in ((0.25, 4.0), (0.75, 4.0), (0.25, 0.0), (0.5, 2.0), (0.3, 1.0)):
    logits = (torch.randn(24, 2, dtype=torch.float64) * 4).requires_grad_()
    t = torch.rand(24, dtype=torch.float64)
    t[:6] = 0; t[6:12] = 1; t[12] = 0.5
    target = torch.stack([1 - t, t], -1)
    p = logits.softmax(-1)
    pt = (p * target).sum(-1)
    w = torch.where(target.argmax(-1) == 1, torch.tensor(alpha, dtype=torch.float64), torch.tensor(1 - alpha, dtype=torch.float64))
    loss = -w * (1 - pt) ** gamma * pt.log()
    loss.sum().backward()
    cases.append(dict(alpha=alpha, gamma=gamma, logits=logits.tolist(), target=target.tolist(), loss=loss.tolist(), grad=logits.grad.tolist()))
print(json.dumps(dict(torch=torch.__version__, cases=cases)))
