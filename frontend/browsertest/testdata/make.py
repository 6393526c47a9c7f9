# Makes turned.webp: a lossless WebP with EXIF orientation 6. Needs Pillow.
from PIL import Image

m = Image.new("RGB", (60, 40))
m.putdata([(x * 4, y * 6, (x * 7 + y * 13) % 256) for y in range(40) for x in range(60)])
exif = Image.Exif()
exif[0x0112] = 6
m.save("turned.webp", lossless=True, exif=exif.tobytes())
