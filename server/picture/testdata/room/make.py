"""Plain pictures of 800x600 in the kinds whose decoding costs most, for TestRoomHoldsWhatDecodingTakes.

Made with Pillow 12; Pillow writes no interlaced PNG, which is written by hand."""
import struct, zlib
from PIL import Image

W, H = 800, 600
rgb = Image.new("RGB", (W, H), (40, 90, 160))
rgba = Image.new("RGBA", (W, H), (40, 90, 160, 128))
exif = Image.Exif()
exif[274] = 6
rgb.save("progressive.jpg", progressive=True, subsampling=0, exif=exif)
rgb.save("plain.jpg", subsampling=0)
Image.new("L", (W, H), 90).save("grey.jpg", progressive=True)
Image.new("CMYK", (W, H), (9, 60, 90, 20)).save("cmyk.jpg")
Image.new("CMYK", (W, H), (9, 60, 90, 20)).save("cmyk_progressive.jpg", progressive=True)
rgb.save("lossy.webp")
rgba.save("alpha.webp")
rgba.save("lossless.webp", lossless=True)
rgb.save("deflate.tiff", compression="tiff_adobe_deflate")
Image.new("I;16", (W, H), 4000).save("grey16.tiff", compression="tiff_adobe_deflate")


def png(name, bits, colour, pixel, passes):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b""
    for x0, y0, dx, dy in passes:
        w, h = (W - x0 + dx - 1) // dx, (H - y0 + dy - 1) // dy
        rows += (b"\0" + pixel * w) * h
    with open(name, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, bits, colour, 0, 0, len(passes) > 1))
                + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


whole = [(0, 0, 1, 1)]
adam7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
png("grey.png", 8, 0, b"\x50", whole)
png("rgb16.png", 16, 2, b"\x10\x20" * 3, whole)
png("interlaced.png", 8, 2, b"\x10\x20\x30", adam7)
png("interlaced16.png", 16, 6, b"\x10\x20" * 4, adam7)
