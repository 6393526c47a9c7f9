"""Writes small pictures of every kind the decoder must take, and beside each the
upright RGB bytes that Pillow sees (NAME.rgb). Needs numpy and Pillow."""
import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(4)
W, H = 37, 29
yy, xx = np.mgrid[0:H, 0:W]
base = np.stack([xx * 6.5, yy * 8.0, 128 + 100 * np.sin(xx / 4) * np.cos(yy / 3)], -1)
rgb = np.clip(base + rng.normal(0, 12, base.shape), 0, 255).astype(np.uint8)
picture = Image.fromarray(rgb)


def expect(name, image):
    image = ImageOps.exif_transpose(image).convert("RGB")
    with open(f"{here}/{name}.rgb", "wb") as f:
        f.write(image.tobytes())


def reopened(name, file):
    expect(name, Image.open(f"{here}/{file}"))


for name, sub in (("444", 0), ("422", 1), ("420", 2)):
    picture.save(f"{here}/{name}.jpg", quality=90, subsampling=sub)
    reopened(name, f"{name}.jpg")
picture.save(f"{here}/progressive.jpg", quality=90, subsampling=2, progressive=True)
reopened("progressive", "progressive.jpg")
picture.convert("L").save(f"{here}/grey.jpg", quality=90)
reopened("grey", "grey.jpg")
picture.convert("CMYK").save(f"{here}/cmyk.jpg", quality=95)
reopened("cmyk", "cmyk.jpg")

for o in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = o
    picture.save(f"{here}/exif{o}.png", exif=exif)
    reopened(f"exif{o}", f"exif{o}.png")

picture.convert("L").save(f"{here}/grey.png")
reopened("grey_png", "grey.png")
picture.quantize(16).save(f"{here}/palette.png")
reopened("palette", "palette.png")


def png16(file, samples, colour):
    """samples [h, w, c] uint16; PNG colour type."""
    rows = b"".join(b"\0" + r.astype(">u2").tobytes() for r in samples)
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    h, w = samples.shape[:2]
    with open(f"{here}/{file}", "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 16, colour, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


deep = rgb.astype(np.uint16) * 256 + rng.integers(0, 256, rgb.shape, dtype=np.uint16)
png16("rgb16.png", deep, 2)
expect("rgb16", picture)  # the high bytes
png16("grey16.png", deep[:, :, :1], 0)
expect("grey16", Image.fromarray(rgb[:, :, 0]))

# Alpha: straight colour over white, rounded to nearest, in integers.
alpha = np.clip(xx * 8 - 20, 0, 255).astype(np.uint8)
Image.fromarray(np.dstack([rgb, alpha])).save(f"{here}/rgba.png")
a = alpha[..., None].astype(np.uint32)
over = (rgb * a + 255 * (255 - a) + 127) // 255
expect("rgba", Image.fromarray(over.astype(np.uint8)))
palette = picture.quantize(8)
palette.save(f"{here}/palette_alpha.png", transparency=bytes([0, 255, 128, 255, 255, 255, 255, 255]))
index, table = np.asarray(palette), np.asarray(palette.getpalette()[:24], np.uint32).reshape(8, 3)
pa = np.array([0, 255, 128, 255, 255, 255, 255, 255], np.uint32)[:, None]
expect("palette_alpha", Image.fromarray(((table * pa + 255 * (255 - pa) + 127) // 255)[index].astype(np.uint8)))

for name, kind in (("bmp", "BMP"), ("tiff", "TIFF")):
    picture.save(f"{here}/plain.{name}", kind)
    reopened(name, f"plain.{name}")
picture.save(f"{here}/plain.webp", lossless=True)
reopened("webp", "plain.webp")

mask = np.zeros((8, 8), np.uint8)
mask[2:4, 3:6] = 1
Image.fromarray(mask).save(f"{here}/mask01.png")
Image.fromarray(mask * 255).save(f"{here}/mask255.png")
