"""Draws the contact sheet of docs/gallery.md: the copies 320 wide of the cleaned samples, with what each is.

    cargo run -- scrub tests/samples -o /tmp/clean && cargo build --release -p scrubjay-derivatives --example derive
    pip install pillow && python tests/measure/contact.py /tmp/clean docs/pictures/derivatives.png
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

DERIVE = Path(__file__).resolve().parents[2] / "target/release/examples/derive"
COLUMNS, CELL, GAP, TEXT = 4, 240, 16, 56


def main():
    folder, sheet = Path(sys.argv[1]), sys.argv[2]
    photos = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = -(-len(photos) // COLUMNS)
    size = (COLUMNS * (CELL + GAP) + GAP, rows * (CELL + TEXT + GAP) + GAP)
    out, font = Image.new("RGB", size, "#f4f6f9"), ImageFont.load_default(13)
    draw = ImageDraw.Draw(out)
    with tempfile.TemporaryDirectory() as copies:
        for index, photo in enumerate(photos):
            subprocess.run([DERIVE, photo, copies, "320"], check=True)
            path = Path(copies) / "320.jpg"
            source, copy = Image.open(photo), Image.open(path)
            copy.load()
            left = GAP + index % COLUMNS * (CELL + GAP)
            top = GAP + index // COLUMNS * (CELL + TEXT + GAP)
            shown = copy.convert("RGB")
            shown.thumbnail((CELL, CELL))
            out.paste(shown, (left + (CELL - shown.width) // 2, top + (CELL - shown.height) // 2))
            lines = (
                (str(photo.relative_to(folder)), "#1d2430"),
                (f"{source.mode}, {source.width} x {source.height}", "#5b6675"),
                (f"copy: {copy.mode}, {copy.width} x {copy.height}, {path.stat().st_size:,} bytes", "#5b6675"),
            )
            for line, (text, colour) in enumerate(lines):
                draw.text((left, top + CELL + 4 + 17 * line), text, fill=colour, font=font)
    out.save(sheet, optimize=True)


main()
