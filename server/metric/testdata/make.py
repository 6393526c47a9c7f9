"""Reference values of the measures: scikit-learn's average precision and AUROC, and PRO after MVTec's published
evaluation code for MVTec AD (pro_curve_util.compute_pro and generic_util.trapezoid, followed step by step)."""
import json
import os
from bisect import bisect

import numpy as np
from scipy.ndimage import gaussian_filter, label
from sklearn.metrics import average_precision_score, roc_auc_score

here = os.path.dirname(os.path.abspath(__file__))


def compute_pro(maps, truths):
    structure = np.ones((3, 3), int)
    ok_pixels, regions = 0, 0
    fp_changes = np.zeros(maps.shape, np.uint32)
    pro_changes = np.zeros(maps.shape, np.float64)
    for i, truth in enumerate(truths):
        labelled, n = label(truth, structure)
        regions += n
        ok = labelled == 0
        ok_pixels += ok.sum()
        fp_changes[i][ok] = 1
        for k in range(n):
            region = labelled == k + 1
            pro_changes[i][region] = 1.0 / region.sum()
    flat = maps.ravel()
    order = np.argsort(flat, kind="stable")[::-1]
    flat = flat[order]
    fprs = np.cumsum(fp_changes.ravel()[order], dtype=np.float64) / ok_pixels
    pros = np.cumsum(pro_changes.ravel()[order]) / regions
    keep = np.append(np.diff(flat) != 0, True)
    fprs, pros = np.clip(fprs[keep], None, 1), np.clip(pros[keep], None, 1)
    return np.concatenate(([0.0], fprs, [1.0])), np.concatenate(([0.0], pros, [1.0]))


def trapezoid(x, y, x_max):
    correction = 0.0
    if x_max not in x:
        ins = bisect(x, x_max)
        y_interp = y[ins - 1] + (y[ins] - y[ins - 1]) * (x_max - x[ins - 1]) / (x[ins] - x[ins - 1])
        correction = 0.5 * (y_interp + y[ins - 1]) * (x_max - x[ins - 1])
    keep = x <= x_max
    x, y = x[keep], y[keep]
    return np.sum(0.5 * (x[1:] - x[:-1]) * (y[1:] + y[:-1])) + correction


def case(name, seed, n, h, w, smooth, levels, share):
    """levels > 0 rounds the scores, so that most are tied."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((n, h, w), np.uint8)
    for m in masks[: max(1, int(n * share))]:
        field = gaussian_filter(rng.normal(size=(h, w)), smooth)
        m[field > np.quantile(field, 0.93)] = 1
    scores = gaussian_filter(masks.astype(np.float64), (0, 1.5, 1.5)) * 2 + rng.normal(0, 0.35, masks.shape)
    scores += rng.normal(0, 0.4, (n, 1, 1))  # so that images, too, are hard to tell apart
    if levels:
        scores = np.round(scores * levels) / levels
    scores = scores.astype(np.float32)
    np.save(f"{here}/{name}_scores.npy", scores)
    np.save(f"{here}/{name}_masks.npy", masks)
    image, truth = scores.max(axis=(1, 2)), masks.max(axis=(1, 2))
    fprs, pros = compute_pro(scores, masks)
    return dict(
        name=name,
        pixel_ap=average_precision_score(masks.ravel(), scores.ravel()),
        pixel_auroc=roc_auc_score(masks.ravel(), scores.ravel()),
        pro=trapezoid(fprs, pros, 0.3) / 0.3,
        image_auroc=roc_auc_score(truth, image),
    )


cases = [
    case("smooth", 1, 6, 48, 40, 2.0, 0, 0.5),
    case("ties", 2, 6, 48, 40, 1.5, 3, 0.67),
    case("specks", 3, 4, 33, 57, 0.6, 0, 0.5),
    case("two_levels", 4, 3, 32, 32, 1.0, 0.7, 0.67),
]
with open(f"{here}/measures.json", "w") as f:
    json.dump(cases, f, indent=1)
    f.write("\n")
