"""Writes rle.json: masks as pycocotools 2.0.11 codes them (numpy seed 6).

Each entry holds the picture's height and width, the marked pixels row by row as
a string of 0 and 1, the counts uncompressed, the compressed string, area and
bbox. Run: python make.py > rle.json
"""
import json

import numpy as np
from pycocotools import mask as coco

rng = np.random.default_rng(6)


def counts(m):
    out, on = [0], 0
    for v in m.flatten(order="F"):
        if v != on:
            out.append(0)
            on = v
        out[-1] += 1
    return out


masks = [np.zeros((3, 4), np.uint8), np.ones((4, 3), np.uint8), np.eye(5, dtype=np.uint8)]
masks[0][2, 3] = 1
for h, w, share in [(7, 9, 0.5), (40, 25, 0.05), (60, 80, 0.9)]:
    masks.append((rng.random((h, w)) < share).astype(np.uint8))
disc = np.zeros((300, 400), np.uint8)
yy, xx = np.mgrid[:300, :400]
disc[(yy - 150) ** 2 + (xx - 220) ** 2 < 120**2] = 1
disc[(yy - 140) ** 2 + (xx - 200) ** 2 < 30**2] = 0
masks.append(disc[::2, ::2].copy())

out = []
for m in masks:
    r = coco.encode(np.asfortranarray(m))
    assert coco.frPyObjects({"size": list(m.shape), "counts": counts(m)}, *m.shape)["counts"] == r["counts"]
    out.append(
        {
            "size": list(m.shape),
            "pixels": "".join(map(str, m.flatten())),
            "counts": counts(m),
            "string": r["counts"].decode(),
            "area": int(coco.area(r)),
            "bbox": [int(v) for v in coco.toBbox(r)],
        }
    )
print(json.dumps(out))
