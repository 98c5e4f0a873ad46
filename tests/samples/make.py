"""Makes the sample photographs: `pip install pillow && python make.py`. Drawn, not taken; everything in them is invented."""

import io
import math
import random
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw, ImageFilter

HERE = Path(__file__).parent
GPS, MAKE, MODEL, ORIENTATION, ARTIST, COMMENT = 0x8825, 0x010F, 0x0110, 0x0112, 0x013B, 0x9286


def landscape(width, height, seed):
    """Sky, sun, hills and some noise, so that every coefficient has something to do."""
    rng = random.Random(seed)
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        t = y / height
        draw.line([(0, y), (width, y)], fill=(int(90 + 120 * t), int(150 + 70 * t), int(230 - 40 * t)))
    x, y, r = rng.randint(width // 6, width * 5 // 6), height // 4, height // 10
    draw.ellipse([x - r, y - r, x + r, y + r], fill=(255, 236, 160))
    for hill in range(4):
        base, phase = height * (0.45 + 0.13 * hill), rng.random() * 6
        ridge = [(x, base + height * 0.08 * math.sin(phase + x / width * (5 + hill))) for x in range(0, width + 8, 8)]
        draw.polygon([*ridge, (width, height), (0, height)], fill=(60 + 15 * hill, 120 - 12 * hill, 70 - 10 * hill))
    noise = Image.effect_noise((width, height), 24).convert("RGB")
    return Image.blend(image, noise, 0.06).filter(ImageFilter.SMOOTH)


def exif(orientation=1, **more):
    data = Image.Exif()
    data[MAKE], data[MODEL], data[ORIENTATION] = "Scrubjay Optics", "Model 0", orientation
    data[ARTIST] = "A. Nobody, 1 Nowhere Street"
    data.get_ifd(GPS).update({1: "N", 2: (12.0, 34.0, 56.0), 3: "E", 4: (65.0, 43.0, 21.0)})
    data.get_ifd(0x8769)[COMMENT] = b"ASCII\0\0\0a private note"
    return data


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, **options)
    return out.getvalue()


def segment(marker, body):
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def after_soi(data, *segments):
    return data[:2] + b"".join(segments) + data[2:]


def before_last_scan(data, extra):
    at = data.rindex(b"\xff\xda")
    return data[:at] + extra + data[at:]


def save(name, data):
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    print(f"{len(data):8} {name}")


def main():
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>invented</x:xmpmeta>")
    iptc = segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0e\x1c\x02\x50\0\x09A. Nobody")
    save("beach.jpg", after_soi(jpeg(landscape(800, 600, 1), exif=exif()), xmp, iptc))
    # The phone was held upright: the pixels lie on their side, and only Exif says so.
    save("portrait.JPG", jpeg(landscape(608, 800, 2).transpose(Image.Transpose.ROTATE_90), exif=exif(6), subsampling=2))
    upside_down = landscape(501, 333, 3).transpose(Image.Transpose.ROTATE_180)
    save("holiday/odd size, upside down.jpg", jpeg(upside_down, exif=exif(3)))
    progressive = jpeg(landscape(640, 480, 4), exif=exif(), progressive=True)
    save("holiday/progressive.jpeg", before_last_scan(progressive, segment(0xFE, b"a comment between two scans")))
    motion = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x10mdat" + b"a second of film"
    save("holiday/motion photo + film.jpg", jpeg(landscape(640, 480, 5), exif=exif()) + motion)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    save("colour-profile.jpg", jpeg(landscape(480, 360, 6), icc_profile=profile))
    save("print-cmyk.jpg", jpeg(landscape(320, 240, 7).convert("CMYK"), exif=exif()))
    save("grey.jpe", jpeg(landscape(480, 360, 8).convert("L"), comment=b"scanned by A. Nobody"))


main()
