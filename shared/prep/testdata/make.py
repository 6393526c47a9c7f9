"""Makes the fixtures of shared/prep with Pillow; see README.md."""

import hashlib
import io
import os

import numpy as np
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))


def picture(kind, seed, w, h):
    """The same integers as picture in resize_test.go."""
    y, x, c = np.mgrid[0:h, 0:w, 0:3].astype(np.uint32)
    if kind == "random":
        v = ((y * np.uint32(w) + x) * np.uint32(3) + c) * np.uint32(2654435761) + np.uint32(seed)
        v ^= v >> 15
        v *= np.uint32(2246822519)
        v ^= v >> 13
        v = v & 255
    elif kind == "smooth":
        v = (x * np.uint32(seed % 7 + 1) + y * np.uint32(seed % 5 + 1) + c * 90) % 512
        v = np.where(v > 255, 511 - v, v)
    elif kind == "edges":
        v = ((x // (seed % 3 + 1) + y // (seed % 4 + 1) + c) % 2) * 255
    else:
        raise ValueError(kind)
    return Image.fromarray(v.astype(np.uint8), "RGB")


def resize():
    sizes = [
        # stored w, h -> upright w, h
        (1, 1, 1, 1), (1, 1, 5, 3), (2, 3, 7, 5), (7, 5, 2, 3), (16, 16, 16, 16), (17, 13, 16, 16),
        (31, 47, 16, 32), (64, 48, 23, 31), (33, 29, 64, 70), (100, 3, 7, 40), (3, 100, 40, 7),
        (255, 63, 32, 17), (40, 200, 33, 16), (19, 19, 19, 40), (19, 19, 40, 19), (97, 101, 1, 1),
    ]
    cases = []
    seed = 1
    for i, (w, h, dw, dh) in enumerate(sizes):
        for kind in ("random", "smooth", "edges"):
            orientation = 1 if i % 2 == 0 else seed % 8 + 1
            cases.append((kind, seed, w, h, orientation, dw, dh))
            seed += 1
    for orientation in range(1, 9):  # every turn of one awkward size, down, up and mixed
        for w, h, dw, dh in ((45, 26, 17, 19), (11, 9, 21, 24), (60, 10, 13, 33)):
            cases.append(("random", seed, w, h, orientation, dw, dh))
            seed += 1
    for w, h, dw, dh in ((1600, 1250, 512, 448), (900, 900, 512, 512), (640, 480, 1024, 768), (2050, 37, 256, 256)):
        for kind in ("random", "smooth"):
            cases.append((kind, seed, w, h, seed % 8 + 1, dw, dh))
            seed += 1
    lines, pixels = [], bytearray()
    for kind, seed, w, h, orientation, dw, dh in cases:
        im = picture(kind, seed, w, h)
        im.getexif()[0x0112] = orientation
        im = ImageOps.exif_transpose(im)
        assert im.size == ((h, w) if orientation >= 5 else (w, h))
        im = im.resize((dw, dh), Image.BILINEAR)
        out = im.tobytes()
        keep = len(out) <= 8192
        lines.append(f"{kind} {seed} {w} {h} {orientation} {dw} {dh} {hashlib.sha256(out).hexdigest()} {int(keep)}")
        if keep:
            pixels += out
    open(os.path.join(HERE, "pillow.txt"), "w").write("\n".join(lines) + "\n")
    open(os.path.join(HERE, "pillow.rgb"), "wb").write(bytes(pixels))


def headers():
    """Little pictures of every format, orientation and kind of pixel."""
    folder = os.path.join(HERE, "headers")
    os.makedirs(folder, exist_ok=True)
    rgb = picture("smooth", 3, 9, 6)

    def save(name, im, **kw):
        buf = io.BytesIO()
        im.save(buf, **kw)
        open(os.path.join(folder, name), "wb").write(buf.getvalue())

    for o in range(1, 9):
        exif = Image.Exif()
        exif[0x010F] = "camera"
        exif[0x0112] = o
        exif[0x0131] = "software"
        save(f"exif{o}.jpg", rgb, format="JPEG", exif=exif)
        if o in (3, 6):
            save(f"exif{o}.png", rgb, format="PNG", exif=exif)
            save(f"exif{o}.webp", rgb, format="WEBP", exif=exif)
    save("plain.jpg", rgb, format="JPEG")
    save("progressive.jpg", rgb, format="JPEG", progressive=True)
    save("grey.jpg", rgb.convert("L"), format="JPEG")
    save("cmyk.jpg", rgb.convert("CMYK"), format="JPEG")
    save("plain.png", rgb, format="PNG")
    save("grey16.png", Image.fromarray(np.arange(54, dtype=np.uint16).reshape(6, 9) * 1000), format="PNG")
    save("alpha.png", rgb.convert("RGBA"), format="PNG")
    save("greyalpha.png", rgb.convert("LA"), format="PNG")
    save("palette.png", rgb.convert("P"), format="PNG", transparency=0)
    save("lossy.webp", rgb, format="WEBP")
    save("lossless.webp", rgb, format="WEBP", lossless=True)
    half = rgb.convert("RGBA")
    half.putalpha(128)
    save("alpha.webp", half, format="WEBP")
    save("palette.gif", rgb.convert("P"), format="GIF")
    save("plain.bmp", rgb, format="BMP")


resize()
headers()
