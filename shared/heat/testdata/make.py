"""Makes the fixtures of shared/heat; see README.md."""

import os
import re
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def maps():
    """The map of METHOD section 5 by PyTorch's interpolation and scipy's Gaussian, in float64."""
    import torch
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(7)
    cases = [
        # rows, cols, w, h, sigma
        (8, 8, 64, 64, 4), (4, 6, 50, 33, 4), (1, 1, 5, 3, 4), (3, 1, 9, 40, 4), (5, 7, 7, 5, 4),
        (12, 9, 10, 8, 4), (16, 16, 11, 13, 4), (2, 2, 100, 10, 4), (8, 12, 70, 61, 1.7), (6, 6, 30, 30, 0),
    ]
    text, data = [], bytearray()
    for rows, cols, w, h, sigma in cases:
        scores = rng.random((rows, cols)) ** 4 * 3
        scores = scores.astype(np.float32)
        up = torch.nn.functional.interpolate(
            torch.from_numpy(scores.astype(np.float64))[None, None], size=(h, w), mode="bilinear", align_corners=False
        )[0, 0].numpy()
        out = gaussian_filter(up, sigma, truncate=4.0) if sigma else up
        text.append(f"{rows} {cols} {w} {h} {sigma}")
        data += scores.tobytes() + out.astype("<f4").tobytes()
    open(os.path.join(HERE, "maps.txt"), "w").write("\n".join(text) + "\n")
    open(os.path.join(HERE, "maps.f32"), "wb").write(bytes(data))


def palettes(listed):
    """palettes.go from matplotlib's _cm_listed.py."""
    source = re.sub(r"^(from|import) .*$", "", open(listed).read(), flags=re.M).split("cmaps =")[0]
    names = {}
    exec(source, names)
    out = [
        "package heat", "",
        "// The colour maps as 256 times red, green, blue. inferno and viridis are by",
        "// Stefan van der Walt and Nathaniel Smith (2015, dedicated to the public domain",
        "// under CC0), cividis by Jamie Nunez, Christopher Anderton and Ryan Renslow",
        "// (PLOS ONE 13(7): e0199239, 2018). Made by testdata/make.py.", "", "const (",
    ]
    for name in ["inferno", "viridis", "cividis"]:
        rows = names[f"_{name}_data"]
        assert len(rows) == 256
        data = bytes(int(c * 255 + 0.5) for row in rows for c in row)
        out.append(f'\t{name} = "" +')
        for i in range(0, 768, 24):
            text = "".join("\\x%02x" % b for b in data[i : i + 24])
            out.append(f'\t\t"{text}"' + (" +" if i < 744 else ""))
        out.append("")
    out[-1] = ")"
    open(os.path.join(HERE, "..", "palettes.go"), "w").write("\n".join(out) + "\n")


if len(sys.argv) > 1:
    palettes(sys.argv[1])
else:
    maps()
