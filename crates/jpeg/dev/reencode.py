"""The table of docs/jpeg.md on pictures that are encoded again: reencode.py SCRUBJAY FOLDER.

Gives every JPEG below FOLDER the orientations 6 and 3, cleans it with `--reencode-quality source` and `high`, and
compares luminance with the source's, turned: peak signal-to-noise ratio in dB, and bytes against those of the tagged
file. Pictures whose luminance could be turned without being encoded again (60 dB and more: what is left there is a
decoder's rounding) are counted and left out. Needs numpy and Pillow.
"""

import io
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from PIL import Image

TURN = {6: Image.Transpose.ROTATE_270, 3: Image.Transpose.ROTATE_180}


def with_orientation(data, value):
    body = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([value, 0, 0, 0, 0, 0, 0])
    return data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]


def luminance(data, turn=None):
    picture = Image.open(io.BytesIO(data))
    picture.draft("YCbCr", picture.size)
    picture = picture.convert("YCbCr").getchannel(0)
    return numpy.asarray(picture.transpose(turn) if turn is not None else picture, dtype=float)


def clean(scrubjay, source, out, *options):
    # It ends with 1 where files are refused; those are left out.
    subprocess.run([scrubjay, "scrub", source, "-o", out, *options], capture_output=True)


def main():
    scrubjay, folder = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        (work / "given").mkdir()
        for index, path in enumerate(sorted(Path(folder).rglob("*.[jJ][pP]*[gG]"))):
            for value in TURN:
                (work / "given" / f"{index}-{value}.jpg").write_bytes(with_orientation(path.read_bytes(), value))
        clean(scrubjay, work / "given", work / "tag", "--orientation", "tag")
        for quality in ("source", "high"):
            clean(scrubjay, work / "given", work / quality, "--reencode-quality", quality)
        rows, exact = {"source": [], "high": []}, 0
        for tagged in sorted((work / "tag").glob("*.jpg")):
            value = int(tagged.stem.split("-")[1])
            try:
                before = luminance(tagged.read_bytes(), TURN[value])
                found = {}
                for quality in rows:
                    data = (work / quality / tagged.name).read_bytes()
                    error = ((before - luminance(data)) ** 2).mean()
                    ratio = math.inf if error == 0 else 10 * math.log10(255 ** 2 / error)
                    found[quality] = (ratio, len(data) / tagged.stat().st_size)
            except (OSError, ValueError):
                continue
            if found["source"][0] >= 60:
                exact += 1
                continue
            for quality, row in found.items():
                rows[quality].append(row)
        print(f"{len(rows['source'])} turned pictures with luminance encoded again, {exact} without")
        for quality, found in rows.items():
            for name, column in zip(("dB", "bytes, of the tagged file's"), zip(*found)):
                print(f"{quality}: {name}: least {min(column):.2f}, median {statistics.median(column):.2f}, "
                      f"most {max(column):.2f}")


main()
