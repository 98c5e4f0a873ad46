"""Asks Chromium and Firefox how they show JPEG files, and writes the answers down as data for the tests.

    browsers.py orientation OUT.json      the way up of files with odd Exif segments
    browsers.py colour OUT.json           what they apply of odd ICC profiles
    browsers.py compare BEFORE AFTER      files of the same name in two folders: are they shown alike?
    browsers.py write orientation|colour FOLDER     the files themselves, to look at or to clean

Needs Debian's `chromium` and `firefox-esr`, and Pillow. The tests read the answers and need no browser:
`tests/orientation.rs` reads `tests/browsers/orientation.json`, `tests/profiles.rs` reads `tests/browsers/colour.json`.

Every browser loads one page with all pictures on it and makes one screenshot of it. Each picture stands alone in a cell
of that page, so what is seen in a cell is what the browser makes of that file.
"""

import io
import json
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

CELL = 48
COLUMNS = 20


# How the browsers are asked


def chromium(page, width, height, out, home):
    """Runs Chromium once. It starts as root, as it does in containers, hence no sandbox."""
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
         "--force-color-profile=srgb", "--force-device-scale-factor=1", f"--user-data-dir={home}",
         f"--window-size={width},{height}", f"--screenshot={out}", page.as_uri()],
        check=True, capture_output=True, timeout=300)


def firefox(page, width, height, out, home):
    """Runs Firefox once, with a profile folder of its own and its default preferences."""
    subprocess.run(
        ["firefox-esr", "--headless", "--no-remote", "--profile", home, f"--window-size={width},{height}",
         "--screenshot", out, page.as_uri()],
        check=True, capture_output=True, timeout=300)


BROWSERS = {"chromium": chromium, "firefox": firefox}


def versions():
    """What was asked, by name and version."""
    names = {"chromium": ["chromium", "--version"], "firefox": ["firefox-esr", "--version"]}
    return {name: subprocess.run(command, capture_output=True, text=True).stdout.strip()
            for name, command in names.items()}


def shown(files):
    """For each browser, for each of `files` (bytes), the cell of the page that shows it."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        cells = []
        for index, data in enumerate(files):
            (folder / f"{index}.jpg").write_bytes(data)
            left, top = index % COLUMNS * CELL, index // COLUMNS * CELL
            cells.append(f'<img src="{index}.jpg" style="left:{left}px;top:{top}px">')
        page = folder / "page.html"
        page.write_text("<!doctype html><style>body{margin:0;background:#fff}img{position:absolute;"
                        f"max-width:{CELL}px;max-height:{CELL}px;image-rendering:pixelated}}</style>" + "".join(cells))
        width, height = COLUMNS * CELL, (len(files) + COLUMNS - 1) // COLUMNS * CELL
        answers = {}
        for name, ask in BROWSERS.items():
            out, home = folder / f"{name}.png", folder / f"{name}-home"
            home.mkdir()
            ask(page, width, height, str(out), str(home))
            picture = Image.open(out).convert("RGB")
            assert picture.size[0] >= width and picture.size[1] >= height, picture.size
            answers[name] = [
                picture.crop((i % COLUMNS * CELL, i // COLUMNS * CELL, i % COLUMNS * CELL + CELL,
                              i // COLUMNS * CELL + CELL))
                for i in range(len(files))]
        return answers


# The way up


def jpeg(picture):
    """A picture as a baseline JPEG, without a marker segment that decides anything."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=100, subsampling=0)
    data = out.getvalue()
    assert data[:4] == b"\xff\xd8\xff\xe0"
    length = struct.unpack(">H", data[4:6])[0]
    # Pillow's JFIF segment goes, so that a case can have one where it likes.
    return data[:2] + data[4 + length:]


def quadrants():
    """A picture that looks different in each of the eight orientations: 32 columns, 16 lines."""
    picture = Image.new("RGB", (32, 16))
    for index, colour in enumerate([(255, 0, 0), (0, 160, 0), (0, 0, 255), (230, 230, 0)]):
        picture.paste(colour, (index % 2 * 16, index // 2 * 8, index % 2 * 16 + 16, index // 2 * 8 + 8))
    return picture


# How Exif's values 1 to 8 are undone, as Pillow names it.
TRANSPOSE = [None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
             Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE,
             Image.Transpose.ROTATE_90]


def orientation_of(cell):
    """Which of 1 to 8 was obeyed in a cell; 0 for a picture that is not shown."""
    best = (None, 0)
    for value, how in enumerate(TRANSPOSE, start=1):
        expected = quadrants() if how is None else quadrants().transpose(how)
        full = Image.new("RGB", (CELL, CELL), (255, 255, 255))
        full.paste(expected, (0, 0))
        distance = sum(abs(a - b) for a, b in zip(full.tobytes(), cell.tobytes()))
        if best[0] is None or distance < best[0]:
            best = (distance, value)
    return best[1] if best[0] < CELL * CELL * 10 else 0


class Tiff:
    """Writes TIFF headers and IFDs in either byte order."""

    def __init__(self, order):
        self.end = order

    def header(self, offset=8, magic=42):
        return (b"MM" if self.end == ">" else b"II") + struct.pack(self.end + "HI", magic, offset)

    def entry(self, tag, kind, count, value):
        """`value`: a number, which goes into the field as its type has it, or four bytes."""
        if not isinstance(value, bytes):
            form = {1: "Bxxx", 3: "Hxx", 6: "bxxx", 8: "hxx", 9: "i"}.get(kind, "I")
            value = struct.pack(self.end + form, value)
        return struct.pack(self.end + "HHI", tag, kind, count) + value

    def ifd(self, *entries, following=0, count=None):
        count = len(entries) if count is None else count
        return struct.pack(self.end + "H", count) + b"".join(entries) + struct.pack(self.end + "I", following)


BIG, LITTLE = Tiff(">"), Tiff("<")
ORIENTATION, EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKE = 0x0112, 0x8769, 0x8825, 0xA005, 0x010F
SHORT, LONG = 3, 4


def segment(code, body):
    return bytes([0xFF, code]) + struct.pack(">H", len(body) + 2) + body


def exif(tiff, name=b"Exif\0\0"):
    return segment(0xE1, name + tiff)


def plain(value, order=BIG, kind=SHORT, count=1):
    """An Exif segment with nothing but Orientation."""
    return exif(order.header() + order.ifd(order.entry(ORIENTATION, kind, count, value)))


def orientation_cases():
    """(what it is, [(where in the base file, bytes)]). Offset 2 is behind SOI."""
    base = jpeg(quadrants())
    at = {"SOF": base.index(b"\xff\xc0"), "DHT": base.index(b"\xff\xc4"), "SOS": base.index(b"\xff\xda"),
          "EOI": len(base) - 2}
    jfif = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
    xmp = segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
                        b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:tiff='
                        b'"http://ns.adobe.com/tiff/1.0/" tiff:Orientation="8"/></rdf:RDF></x:xmpmeta>')
    comment = segment(0xFE, b"comment")
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01")
    cases = []

    def case(name, *pieces):
        """Pieces that are bytes stand one behind the other behind SOI."""
        placed = [piece for piece in pieces if isinstance(piece, tuple)]
        behind_soi = b"".join(piece for piece in pieces if isinstance(piece, bytes))
        cases.append((name, ([(2, behind_soi)] if behind_soi else []) + placed))

    case("no Exif")
    for value in range(1, 9):
        case(f"SHORT {value}, big-endian", plain(value))
        case(f"SHORT {value}, little-endian", plain(value, LITTLE))
    for value in (0, 9, 255, 0x0106):
        case(f"SHORT {value}, which means nothing", plain(value))
    for kind, name in ((1, "BYTE"), (2, "ASCII"), (4, "LONG"), (5, "RATIONAL"), (6, "SBYTE"), (7, "UNDEFINED"),
                       (8, "SSHORT"), (9, "SLONG"), (10, "SRATIONAL"), (11, "FLOAT"), (13, "IFD"), (0, "type 0"),
                       (129, "LONG with a high bit")):
        for order, end in ((BIG, "big-endian"), (LITTLE, "little-endian")):
            case(f"{name} 6, {end}", plain(6, order, kind))
    case("LONG with 6 in its upper half, big-endian", plain(b"\0\6\0\0", BIG, LONG))
    for count in (0, 2, 3, 0x10001):
        case(f"SHORT 6, count {count}, big-endian", plain(6, BIG, SHORT, count))
        case(f"SHORT 6, count {count}, little-endian", plain(6, LITTLE, SHORT, count))
    away = BIG.header() + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 3, struct.pack(">I", 26))) + b"\0\6\0\6\0\6"
    case("three SHORTs 6, which stand behind the IFD", exif(away))
    case("SHORT 6 with bytes behind it in its field", plain(b"\0\x06\x09\x09"))

    def nested(pointer, first, second, kind=LONG):
        """IFD0 with `first` and a pointer to an IFD with `second`, sorted by tag."""
        entries = [BIG.entry(ORIENTATION, SHORT, 1, first)] if first else []
        where = 8 + 2 + 12 * (len(entries) + 1) + 4
        entries.append(BIG.entry(pointer, kind, 1, where))
        return exif(BIG.header() + BIG.ifd(*entries) + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, second)))

    case("6 in the Exif IFD alone", nested(EXIF_IFD, None, 6))
    case("3 in IFD0, 6 in the Exif IFD", nested(EXIF_IFD, 3, 6))
    case("9 in IFD0, 6 in the Exif IFD", nested(EXIF_IFD, 9, 6))
    case("3 in IFD0, 9 in the Exif IFD", nested(EXIF_IFD, 3, 9))
    case("3 in IFD0, 1 in the Exif IFD", nested(EXIF_IFD, 3, 1))
    case("1 in IFD0, 6 in the Exif IFD", nested(EXIF_IFD, 1, 6))
    case("6 in the GPS IFD alone", nested(GPS_IFD, None, 6))
    case("6 in an IFD that the Interoperability tag of IFD0 names", nested(INTEROP_IFD, None, 6))
    case("6 in an Exif IFD whose pointer is a SHORT", exif(
        BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, SHORT, 1, 26)) + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6))))
    case("6 in an Exif IFD whose pointer is of type IFD", nested(EXIF_IFD, None, 6, 13))
    # The pointer stands before Orientation in IFD0: which one is met last?
    case("the Exif IFD's pointer before Orientation: 3 in IFD0, 6 in the Exif IFD", exif(
        BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 38), BIG.entry(ORIENTATION, SHORT, 1, 3))
        + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6))))
    case("6 in the Exif IFD of an Exif IFD", exif(
        BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 26)) + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 44))
        + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6))))
    case("LONG 6 in the Exif IFD", exif(
        BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 26)) + BIG.ifd(BIG.entry(ORIENTATION, LONG, 1, 6))))
    case("two Exif IFDs: 6, then 3", exif(
        BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 38), BIG.entry(EXIF_IFD, LONG, 1, 56))
        + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6)) + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 3))))
    case("two Exif IFDs: without Orientation, then 6", exif(
        BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 38), BIG.entry(EXIF_IFD, LONG, 1, 44))
        + BIG.ifd() + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6))))
    case("the Exif IFD's pointer before Orientation: 3 in IFD0, 9 in the Exif IFD", exif(
        BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 38), BIG.entry(ORIENTATION, SHORT, 1, 3))
        + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 9))))
    for count in (0, 2):
        case(f"6 in an Exif IFD whose pointer has the count {count}", exif(
            BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, LONG, count, 26)) + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6))))
    case("6 in an Exif IFD that stands before IFD0", exif(
        BIG.header(26) + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6)) + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 8))))
    case("an Exif IFD at offset 0", exif(
        BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 0), BIG.entry(ORIENTATION, SHORT, 1, 6))))
    case("6 in an Exif IFD that is cut in its next entry", exif(
        BIG.header() + BIG.ifd(BIG.entry(EXIF_IFD, LONG, 1, 26))
        + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6), count=2)))
    case("an Exif IFD that is IFD0: a loop", exif(
        BIG.header() + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6), BIG.entry(EXIF_IFD, LONG, 1, 8))))
    case("an Exif IFD outside of the segment", exif(
        BIG.header() + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6), BIG.entry(EXIF_IFD, LONG, 1, 0x10000))))
    case("6 in IFD1, the thumbnail's", exif(
        BIG.header() + BIG.ifd(following=14) + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6))))
    case("3 in IFD0, 6 in IFD1", exif(
        BIG.header() + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 3), following=26)
        + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6))))

    def two(*values):
        return exif(BIG.header() + BIG.ifd(*(BIG.entry(ORIENTATION, kind, 1, value) for kind, value in values)))

    case("twice in IFD0: 6, then 3", two((SHORT, 6), (SHORT, 3)))
    case("twice in IFD0: LONG 6, then SHORT 3", two((LONG, 6), (SHORT, 3)))
    case("twice in IFD0: SHORT 6, then LONG 3", two((SHORT, 6), (LONG, 3)))
    case("twice in IFD0: 9, then 6", two((SHORT, 9), (SHORT, 6)))
    case("twice in IFD0: 6, then 9", two((SHORT, 6), (SHORT, 9)))
    case("twice in IFD0: 6, then 1", two((SHORT, 6), (SHORT, 1)))
    case("behind a tag with a higher number", exif(
        BIG.header() + BIG.ifd(BIG.entry(0x0132, LONG, 1, 0), BIG.entry(ORIENTATION, SHORT, 1, 6))))
    case("behind a text whose offset is outside of the segment", exif(
        BIG.header() + BIG.ifd(BIG.entry(MAKE, 2, 100, struct.pack(">I", 0xFFFFFF)),
                               BIG.entry(ORIENTATION, SHORT, 1, 6))))
    case("behind an entry of an unknown type", exif(
        BIG.header() + BIG.ifd(BIG.entry(MAKE, 77, 1, 0), BIG.entry(ORIENTATION, SHORT, 1, 6))))

    six = BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6))
    whole = BIG.header() + six
    case("IFD0 at an odd offset", exif(BIG.header(9) + b"\0" + six))
    case("IFD0 far behind", exif(BIG.header(1008) + bytes(1000) + six))
    case("IFD0 over the header, at offset 2", exif(BIG.header(2) + six))
    case("IFD0 outside of the segment", exif(BIG.header(0x10000) + six))
    case("IFD0 at offset 0", exif(BIG.header(0) + six))
    case("IFD0 that announces more entries than there are", exif(
        BIG.header() + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6), count=9)))
    case("IFD0 that announces 65535 entries", exif(
        BIG.header() + BIG.ifd(BIG.entry(ORIENTATION, SHORT, 1, 6), count=0xFFFF)))
    case("IFD0 without the offset of the next IFD", exif(whole[:-4]))
    case("IFD0 that is cut within the count of its only entry", exif(whole[:-10]))
    case("IFD0 that is cut behind the value of its only entry", exif(whole[:-6]))
    case("IFD0 with more entries than it announces", exif(
        BIG.header() + BIG.ifd(BIG.entry(MAKE, 2, 1, b"a\0\0\0"), BIG.entry(ORIENTATION, SHORT, 1, 6), count=1)))
    case("a TIFF header of number 43", exif(BIG.header(magic=43) + six))
    case("a TIFF header of number 0", exif(BIG.header(magic=0) + six))
    case("a TIFF header that says II, all else big-endian", exif(b"II" + whole[2:]))
    case("a TIFF header in lower case", exif(b"mm" + whole[2:]))
    case("a TIFF header that says MI", exif(b"MI" + whole[2:]))
    case("Exif in a segment of 65,533 bytes", exif(whole + bytes(65533 - 2 - 6 - len(whole) + 2)))
    for name, signature in (("Exif, 0, 255", b"Exif\0\xff"), ("Exif, 0, 1", b"Exif\0\x01"), ("EXIF, 0, 0", b"EXIF\0\0"),
                            ("exif, 0, 0", b"exif\0\0"), ("Exif, 1, 0", b"Exif\x01\0"), ("Exif, 0", b"Exif\0"),
                            ("Exif, 0, 0, 0", b"Exif\0\0\0"), ("no signature", b"")):
        case(f"the signature is: {name}", exif(whole, signature))
    case("Exif in APP0", segment(0xE0, b"Exif\0\0" + whole))
    case("Exif in APP2", segment(0xE2, b"Exif\0\0" + whole))
    case("Exif in COM", segment(0xFE, b"Exif\0\0" + whole))

    six_three = (plain(6), plain(3))
    case("two segments: 6, then 3", *six_three)
    case("two segments: 3, then 6", plain(3), plain(6))
    case("two segments: 1, then 6", plain(1), plain(6))
    case("two segments: 9, then 6", plain(9), plain(6))
    case("two segments: LONG 3, then 6", plain(3, BIG, LONG), plain(6))
    case("two segments: without Orientation, then 6", exif(BIG.header() + BIG.ifd()), plain(6))
    case("two segments: a TIFF header alone, then 6", exif(BIG.header()), plain(6))
    case("two segments: the signature alone, then 6", exif(b""), plain(6))
    for length in (1, 7):
        case(f"two segments: {length} bytes for TIFF, then 6", exif((BIG.header() + six)[:length]), plain(6))
    case("two segments: Exif and no second zero, then 6", segment(0xE1, b"Exif\0"), plain(6))
    case("two segments: text for TIFF, then 6", exif(b"this is no TIFF header at all, just text"), plain(6))
    case("two segments: text for TIFF, then 6 in little-endian", exif(b"this is no TIFF"), plain(6, LITTLE))
    case("two segments: IFD0 outside of the segment, then 6", exif(BIG.header(0x10000)), plain(6))
    case("two segments: cut within the entry, then 6", exif(whole[:-8]), plain(6))
    case("two segments: 6, then text for TIFF", plain(6), exif(b"this is no TIFF"))
    case("two segments: 6, then IFD0 outside of the segment", plain(6), exif(BIG.header(0x10000)))
    case("two segments: 6, then without Orientation", plain(6), exif(BIG.header() + BIG.ifd()))
    case("two segments: signature Exif, 0, 255 with 3, then 6", exif(BIG.header() + BIG.ifd(
        BIG.entry(ORIENTATION, SHORT, 1, 3)), b"Exif\0\xff"), plain(6))
    case("two segments: signature EXIF with 3, then 6", exif(BIG.header() + BIG.ifd(
        BIG.entry(ORIENTATION, SHORT, 1, 3)), b"EXIF\0\0"), plain(6))
    case("one TIFF structure cut in two segments, the entry in the second", exif(BIG.header(1008) + bytes(400)),
         exif(bytes(600) + six))
    case("three segments: text, 6, 3", exif(b"this is no TIFF"), *six_three)

    case("JFIF, then Exif", jfif, plain(6))
    case("Exif, then JFIF", plain(6), jfif)
    case("Exif 6, JFIF, Exif 3", plain(6), jfif, plain(3))
    case("Exif without Orientation, JFIF, Exif 6", exif(BIG.header() + BIG.ifd()), jfif, plain(6))
    case("Exif with text for TIFF, JFIF, Exif 6", exif(b"this is no TIFF"), jfif, plain(6))
    case("XMP with tiff:Orientation 8 alone", xmp)
    case("XMP, then Exif", xmp, plain(6))
    case("Exif, then XMP", plain(6), xmp)
    case("XMP, Exif 6, XMP, Exif 3", xmp, plain(6), xmp, plain(3))
    case("Exif without Orientation, then XMP", exif(BIG.header() + BIG.ifd()), xmp)
    case("a comment, then Exif", comment, plain(6))
    case("Adobe, then Exif", adobe, plain(6))
    case("many comments, then Exif", comment * 30, plain(6))
    case("fill bytes, then Exif", b"\xff" * 9, plain(6))
    case("Exif between the tables", (base.index(b"\xff\xdb"), b""), (at["SOF"], plain(6)))
    case("Exif behind the frame header", (at["DHT"], plain(6)))
    case("Exif before the scan header", (at["SOS"], plain(6)))
    case("Exif 6 behind SOI, Exif 3 before the scan header", plain(6), (at["SOS"], plain(3)))
    case("Exif behind the scan", (at["EOI"], plain(6)))
    case("Exif behind EOI", (len(base), plain(6)))
    return base, [(name, [(where, piece) for where, piece in pieces if piece]) for name, pieces in cases]


def put_together(base, pieces):
    """The base file with each piece at its offset."""
    out, done = b"", 0
    for where, piece in sorted(pieces, key=lambda pair: pair[0]):
        out += base[done:where] + piece
        done = where
    return out + base[done:]


def digits(piece):
    """Hexadecimal digits; `(n)` stands for n zero bytes where there are many."""
    parts = re.findall(rb"\0{32,}|(?:(?!\0{32}).)+", piece, re.S)
    return "".join(f"({len(part)})" if part.startswith(bytes(32)) else part.hex() for part in parts)


def orientation(out):
    base, cases = orientation_cases()
    cells = shown([put_together(base, pieces) for _, pieces in cases])
    rows = []
    for index, (name, pieces) in enumerate(cases):
        row = {"name": name, "pieces": [[where, digits(piece)] for where, piece in pieces]}
        row.update({browser: orientation_of(cells[browser][index]) for browser in BROWSERS})
        rows.append(row)
    write(out, {"asked": versions(), "base": base.hex(), "cases": rows})


def write(out, table):
    """One case a line, so that a change is one line of a diff."""
    cases = table.pop("cases")
    head = json.dumps(table, indent=1)[:-2]
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    Path(out).write_text(f'{head},\n "cases": [\n{lines}\n ]\n}}\n')


def main():
    match sys.argv[1:]:
        case ["orientation", out]:
            orientation(out)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
