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
            cells.append(f'<img decoding="sync" src="{index}.jpg" style="left:{left}px;top:{top}px">')
        page = folder / "page.html"
        page.write_text("<!doctype html><style>body{margin:0;background:#fff}img{position:absolute;"
                        f"max-width:{CELL}px;max-height:{CELL}px;image-rendering:pixelated}}</style>" + "".join(cells))
        # Chromium's window is some 90 pixels higher than the page that it shows.
        width, height = COLUMNS * CELL, (len(files) + COLUMNS - 1) // COLUMNS * CELL + 200
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
    if data[:4] != b"\xff\xd8\xff\xe0":
        return data
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


# Colour


D50 = struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
# Primaries of sRGB, adapted to D50.
RED, GREEN, BLUE = (0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)


def fixed(*numbers):
    """s15Fixed16Numbers."""
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def value(kind, content):
    return kind + bytes(4) + content


def xyz(*numbers):
    return value(b"XYZ ", fixed(*numbers))


def gamma(number, kind=b"curv"):
    if kind == b"para":
        return value(b"para", struct.pack(">HH", 0, 0) + fixed(number))
    return value(b"curv", struct.pack(">IH", 1, round(number * 256)))


def sampled(count, exponent=1.8):
    """A curve of `count` samples; one of many samples is black but for white."""
    points = [round(65535 * (i / (count - 1)) ** exponent) for i in range(count)]
    if count > 1024:
        points = [0] * (count - 1) + [65535]
    return value(b"curv", struct.pack(f">I{count}H", count, *points))


def texts(version):
    if version >= 4:
        text = value(b"mluc", struct.pack(">II2s2sII", 1, 12, b"en", b"US", 2, 28) + b"\0x")
        return [(b"desc", text), (b"cprt", text)]
    return [(b"desc", value(b"desc", struct.pack(">I", 2) + b"x\0" + bytes(78))), (b"cprt", value(b"text", b"x\0"))]


# The matrix swaps red and green, the tables hand each colour on to the next: it is seen which of them was applied.
MATRIX = [(b"wtpt", xyz(0.9642, 1, 0.8249)), (b"rXYZ", xyz(*GREEN)), (b"gXYZ", xyz(*RED)), (b"bXYZ", xyz(*BLUE))]
CURVES = [(b"rTRC", gamma(1.8)), (b"gTRC", gamma(1.8)), (b"bTRC", gamma(1.8))]
NEXT = (GREEN, BLUE, RED)


def mft2(inputs=3, colours=NEXT, outputs=3):
    """lut16Type to PCSXYZ: curves of 17 samples, two nodes a channel."""
    out = struct.pack(">BBBx", inputs, outputs, 2) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + struct.pack(">HH", 17, 2)
    out += struct.pack(">17H", *(round(65535 * (i / 16) ** 1.8) for i in range(17))) * inputs
    for node in range(2 ** inputs):
        on = [(node >> (inputs - 1 - i)) & 1 for i in range(inputs)]
        if inputs == 4:
            # Ink: the light that three of them and black leave.
            on = [(1 - ink) * (1 - on[3]) for ink in on[:3]]
        elif inputs == 1:
            on = on * 3
        total = [sum(on[i] * colours[i][j] for i in range(3)) for j in range(3)]
        out += struct.pack(">3H", *(min(65535, round(part * 32768)) for part in total))
    return value(b"mft2", out + struct.pack(">6H", *((0, 65535) * 3)))


def mab(colours=NEXT):
    """lutAToBType to PCSXYZ: B curves, matrix, M curves."""
    curve = gamma(1, b"para")
    light = gamma(1.8, b"para")
    matrix = fixed(*(colours[i][j] * 32768 / 65535 for j in range(3) for i in range(3))) + fixed(0, 0, 0)
    return value(b"mAB ", struct.pack(">BBxxIIIII", 3, 3, 32, 80, 128, 0, 0) + curve * 3 + matrix + light * 3)


def profile(tags, version=(2, 0x10), kind=b"mntr", space=b"RGB ", connection=b"XYZ ", intent=0, illuminant=D50,
            signature=b"acsp", size=None, text=True, count=None):
    """An ICC profile. Tags with equal values share them."""
    tags = (texts(version[0]) if text else []) + tags
    table, values, places = b"", b"", {}
    start = 132 + 12 * len(tags)
    for name, content in tags:
        if content not in places:
            places[content] = start + len(values)
            values += content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", places[content], len(content))
    length = start + len(values)
    header = struct.pack(">I4xBBxx4s4s4s12x4s24xI", length if size is None else size, *version, kind, space, connection,
                         signature, intent) + illuminant
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags) if count is None else count) + table + values


def chunks(data, size=65519, number=None, count=None):
    """The APP2 segments of a profile."""
    parts = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(
        segment(0xE2, b"ICC_PROFILE\0" + bytes([i + 1 if number is None else number,
                                                len(parts) if count is None else count]) + part)
        for i, part in enumerate(parts))


def chunk(number, count, content):
    return segment(0xE2, b"ICC_PROFILE\0" + bytes([number, count]) + content)


def patches(mode):
    """16 patches of a mode of Pillow's."""
    picture = Image.new("RGB", (32, 32))
    for i in range(16):
        colour = (20 + 70 * (i % 4), 240 - 70 * (i // 4), (i * 90) % 256)
        picture.paste(colour, (i % 4 * 8, i // 4 * 8, i % 4 * 8 + 8, i // 4 * 8 + 8))
    return picture.convert(mode)


PICTURES = {"RGB": jpeg(patches("RGB")), "grey": jpeg(patches("L")), "CMYK": jpeg(patches("CMYK"))}


def colour_cases():
    """(what it is, which picture, segments behind SOI)."""
    cases = []

    def case(name, data, picture="RGB"):
        cases.append((name, picture, data if data.startswith(b"\xff") else chunks(data)))

    good = profile(MATRIX + CURVES)
    table = (b"A2B0", mft2())
    for major, minor in ((0, 0), (1, 0), (2, 0), (2, 0x10), (2, 0x40), (2, 0xFF), (3, 0), (4, 0), (4, 0x20), (4, 0x30), (4, 0x40),
                         (5, 0), (6, 0), (255, 255)):
        case(f"version {major}.{minor >> 4}, matrix", profile(MATRIX + CURVES, version=(major, minor)))
    for major in (0, 1, 3, 5):
        case(f"version {major}.0, table and matrix", profile(MATRIX + CURVES + [table], version=(major, 0)))
        case(f"version {major}.0, gray", profile([(b"kTRC", gamma(1.2))], version=(major, 0), space=b"GRAY"), "grey")
        case(f"version {major}.0, CMYK table", profile([(b"A2B0", mft2(4))], version=(major, 0), kind=b"prtr", space=b"CMYK"), "CMYK")
    for intent in (0, 1, 2, 3, 4, 5, 255, 0x10000, 0x10001, 0x80000000, 0xFFFFFFFF):
        case(f"rendering intent {intent:#x}", profile(MATRIX + CURVES, intent=intent))
    for intent in (4, 0x10000):
        case(f"rendering intent {intent:#x}, table", profile(MATRIX + CURVES + [table], intent=intent))
        case(f"rendering intent {intent:#x}, gray", profile([(b"kTRC", gamma(1.2))], intent=intent, space=b"GRAY"), "grey")
        case(f"rendering intent {intent:#x}, CMYK", profile([(b"A2B0", mft2(4))], intent=intent, kind=b"prtr", space=b"CMYK"), "CMYK")
    for kind in (b"mntr", b"scnr", b"prtr", b"spac", b"link", b"abst", b"nmcl", b"cenc", b"XXXX", bytes(4), b"MNTR"):
        case(f"class {kind!r}, matrix", profile(MATRIX + CURVES, kind=kind))
        case(f"class {kind!r}, table", profile(MATRIX + CURVES + [table], kind=kind))
    for connection in (b"XYZ ", b"Lab ", b"RGB ", bytes(4), b"Luv "):
        case(f"connection space {connection!r}, matrix", profile(MATRIX + CURVES, connection=connection))
    case("connection space Lab, gray", profile([(b"kTRC", gamma(1.2))], connection=b"Lab ", space=b"GRAY"), "grey")
    for name, illuminant in (("zero", bytes(12)), ("D65", fixed(0.9505, 1, 1.0891)), ("X off by 0.009", fixed(0.9732, 1, 0.8249)),
                             ("X off by 0.011", fixed(0.9752, 1, 0.8249))):
        case(f"illuminant {name}", profile(MATRIX + CURVES, illuminant=illuminant))
    case("no signature acsp", profile(MATRIX + CURVES, signature=b"ACSP"))
    case("declared size one more than there is", profile(MATRIX + CURVES, size=len(good) + 1))
    case("declared size less than there is", good + bytes(100))
    case("declared size cuts the last value", profile(MATRIX + CURVES, size=len(good) - 8))
    case("declared size 0", profile(MATRIX + CURVES, size=0))
    case("declared size 128", profile(MATRIX + CURVES, size=128))
    case("more tags announced than there are", profile(MATRIX + CURVES, count=60))
    case("no texts", profile(MATRIX + CURVES, text=False))
    for missing in (b"wtpt", b"rXYZ", b"bXYZ"):
        case(f"without {missing.decode()}", profile([t for t in MATRIX if t[0] != missing] + CURVES))
        case(f"without {missing.decode()}, with a table", profile([t for t in MATRIX if t[0] != missing] + CURVES + [table]))
    case("without rTRC", profile(MATRIX + CURVES[1:]))
    case("without rTRC, with a table", profile(MATRIX + CURVES[1:] + [table]))
    case("table alone", profile([table]))
    case("table alone, version 4", profile([table], version=(4, 0x30)))
    case("table and matrix", profile(MATRIX + CURVES + [table]))
    case("table and matrix, version 4", profile(MATRIX + CURVES + [table], version=(4, 0x30)))
    case("mAB and matrix, version 4", profile(MATRIX + CURVES + [(b"A2B0", mab())], version=(4, 0x30)))
    case("mAB and matrix, version 2", profile(MATRIX + CURVES + [(b"A2B0", mab())]))
    case("mAB alone, version 4", profile([(b"A2B0", mab())], version=(4, 0x30)))
    for tag in (b"A2B1", b"A2B2", b"A2B3", b"D2B0"):
        case(f"{tag.decode()} alone", profile([(tag, mft2())]))
        case(f"{tag.decode()} and matrix", profile(MATRIX + CURVES + [(tag, mft2())]))
    for intent in (1, 2, 3):
        case(f"A2B0 to A2B2 and matrix, rendering intent {intent}", profile(
            MATRIX + CURVES + [(b"A2B0", mft2()), (b"A2B1", mft2(colours=(BLUE, RED, GREEN))), (b"A2B2", mft2(colours=(BLUE, GREEN, RED)))], intent=intent))
    case("A2B0 that is text, and matrix", profile(MATRIX + CURVES + [(b"A2B0", value(b"text", b"x\0\0\0"))]))
    case("A2B1 that is text, and matrix", profile(MATRIX + CURVES + [(b"A2B1", value(b"text", b"x\0\0\0"))]))
    case("A2B2 that is text, and matrix", profile(MATRIX + CURVES + [(b"A2B2", value(b"text", b"x\0\0\0"))]))
    case("A2B0, and A2B1 that is text, and matrix", profile(MATRIX + CURVES + [table, (b"A2B1", value(b"text", b"x\0\0\0"))]))
    case("A2B0 that is cut, and matrix", profile(MATRIX + CURVES + [(b"A2B0", mft2()[:100])]))
    case("A2B0 of four channels, and matrix", profile(MATRIX + CURVES + [(b"A2B0", mft2(4))]))
    case("A2B0 of one channel, and matrix", profile(MATRIX + CURVES + [(b"A2B0", mft2(1))]))
    case("A2B0 of four channels alone", profile([(b"A2B0", mft2(4))]))
    case("B2A0 and matrix", profile(MATRIX + CURVES + [(b"B2A0", mft2())]))
    case("B2A0, table and matrix", profile(MATRIX + CURVES + [table, (b"B2A0", mft2())]))
    for tag in (b"B2A0", b"B2A1", b"B2A2", b"gamt", b"kTRC", b"bkpt", b"wtpt", b"chad", b"cicp", b"vcgt", b"desc"):
        base = [t for t in MATRIX if t[0] != tag] + CURVES
        case(f"{tag.decode()} that is text, and matrix", profile(base + [(tag, value(b"text", b"x\0\0\0"))]))
        case(f"{tag.decode()} that is text, table and matrix", profile(base + [table, (tag, value(b"text", b"x\0\0\0"))]))
    case("a tag of four bytes, and matrix", profile(MATRIX + CURVES + [(b"priv", b"abcd")]))
    case("a tag of three bytes, and matrix", profile(MATRIX + CURVES + [(b"priv", b"abc")]))
    case("a tag of no bytes, and matrix", profile(MATRIX + CURVES + [(b"priv", b"")]))
    outside = bytearray(profile(MATRIX + CURVES + [(b"priv", b"abcd")]))
    place = outside.index(b"priv")
    outside[place + 4:place + 8] = struct.pack(">I", 1 << 24)
    case("a private tag outside of the profile, and matrix", bytes(outside))
    case("kTRC and matrix", profile(MATRIX + CURVES + [(b"kTRC", gamma(3))]))
    case("white point that is not D50, version 4", profile([(b"wtpt", xyz(0.5, 1, 0.1))] + MATRIX[1:] + CURVES, version=(4, 0x30)))
    case("white point that is not D50, version 2", profile([(b"wtpt", xyz(0.5, 1, 0.1))] + MATRIX[1:] + CURVES))
    case("bkpt and matrix", profile(MATRIX + CURVES + [(b"bkpt", xyz(0.2, 0.2, 0.2))]))
    chad = value(b"sf32", fixed(1.0478, 0.0229, -0.0501, 0.0296, 0.9905, -0.0170, -0.0092, 0.0151, 0.7517))
    case("chad and matrix", profile(MATRIX + CURVES + [(b"chad", chad)], version=(4, 0x30)))
    case("chad of zeros and matrix", profile(MATRIX + CURVES + [(b"chad", value(b"sf32", bytes(36)))], version=(4, 0x30)))
    for code in (b"\1\x0d\0\1", b"\x09\x10\0\1", b"\x09\x12\0\1", b"\x0c\x0d\0\1", b"\1\1\0\0", b"\2\2\0\1", b"\xff\xff\xff\xff"):
        case(f"cicp {code.hex()} and matrix", profile(MATRIX + CURVES + [(b"cicp", value(b"cicp", code))], version=(4, 0x40)))
    same = lambda curve: [(name, curve) for name, _ in CURVES]
    for count in (2, 3, 256, 30000):
        case(f"curves of {count} samples", profile(MATRIX + same(sampled(count))))
    case("curves of 65535 samples", profile(MATRIX + same(sampled(65535))))
    case("curves of no samples", profile(MATRIX + same(value(b"curv", bytes(4)))))
    case("curves of gamma 0", profile(MATRIX + same(gamma(0))))
    for number, parameters in enumerate(((1.8,), (1.8, 1, 0), (1.8, 0.95, 0.05, 0), (1.8, 0.95, 0.05, 0.1, 0.04),
                                         (1.8, 0.95, 0.05, 0.1, 0.04, 0, 0), (1.8,) * 7)):
        case(f"parametric curves of type {number}", profile(MATRIX + same(value(b"para", struct.pack(">HH", number, 0) + fixed(*parameters)))))
    case("curves that are cut", profile(MATRIX + same(sampled(64)[:60])))
    case("curves that are text", profile(MATRIX + same(value(b"text", bytes(8)))))
    case("rXYZ of 16 bytes", profile([(n, v[:16]) if n == b"rXYZ" else (n, v) for n, v in MATRIX] + CURVES))
    case("rTRC twice, first text", profile(MATRIX + [(b"rTRC", value(b"text", bytes(8)))] + CURVES))
    case("rTRC twice, second text", profile(MATRIX + CURVES + [(b"rTRC", value(b"text", bytes(8)))]))
    case("negative primaries", profile(MATRIX[:1] + [(b"rXYZ", xyz(0.5, -0.2, 0.1))] + MATRIX[2:] + CURVES))
    case("primaries of zeros", profile(MATRIX[:1] + [(n, xyz(0, 0, 0)) for n in (b"rXYZ", b"gXYZ", b"bXYZ")] + CURVES))

    grey = [(b"kTRC", gamma(1.2))]
    for picture in ("RGB", "grey", "CMYK"):
        case(f"RGB matrix in a {picture} picture", profile(MATRIX + CURVES), picture)
        case(f"RGB table and matrix in a {picture} picture", profile(MATRIX + CURVES + [table]), picture)
        case(f"GRAY in a {picture} picture", profile(grey, space=b"GRAY"), picture)
        case(f"CMYK table in a {picture} picture", profile([(b"A2B0", mft2(4))], kind=b"prtr", space=b"CMYK"), picture)
        for space in (b"Lab ", b"XYZ ", b"YCbr", b"HSV ", b"CMY ", b"3CLR", b"rgb "):
            case(f"{space.decode()} matrix in a {picture} picture", profile(MATRIX + CURVES, space=space), picture)
            case(f"{space.decode()} table in a {picture} picture", profile([table], space=space), picture)
    case("GRAY with rTRC and rXYZ for kTRC", profile(MATRIX + CURVES, space=b"GRAY"), "grey")
    case("GRAY with kTRC and matrix", profile(MATRIX + CURVES + grey, space=b"GRAY"), "grey")
    case("GRAY with kTRC and rTRC that is text", profile(grey + [(b"rTRC", value(b"text", bytes(8)))], space=b"GRAY"), "grey")
    case("GRAY with kTRC that is text", profile([(b"kTRC", value(b"text", bytes(8)))], space=b"GRAY"), "grey")
    case("GRAY with kTRC and a table of one channel", profile(grey + [(b"A2B0", mft2(1))], space=b"GRAY"), "grey")
    case("GRAY with a table of one channel alone", profile([(b"A2B0", mft2(1))], space=b"GRAY"), "grey")
    case("GRAY with kTRC and a table of three channels", profile(grey + [table], space=b"GRAY"), "grey")
    case("GRAY with kTRC and A2B0 that is text", profile(grey + [(b"A2B0", value(b"text", bytes(8)))], space=b"GRAY"), "grey")
    case("CMYK table that stands in A2B1 alone", profile([(b"A2B1", mft2(4))], kind=b"prtr", space=b"CMYK"), "CMYK")
    case("CMYK table and kTRC", profile([(b"A2B0", mft2(4))] + grey, kind=b"prtr", space=b"CMYK"), "CMYK")
    case("CMYK table and matrix", profile(MATRIX + CURVES + [(b"A2B0", mft2(4))], kind=b"prtr", space=b"CMYK"), "CMYK")
    case("CMYK table of three channels", profile([table], kind=b"prtr", space=b"CMYK"), "CMYK")
    case("CMYK table and rTRC that is text", profile([(b"A2B0", mft2(4)), (b"rTRC", value(b"text", bytes(8))), (b"gTRC", value(b"text", bytes(8))), (b"bTRC", value(b"text", bytes(8)))], kind=b"prtr", space=b"CMYK"), "CMYK")
    case("CMYK table and B2A0 that is text", profile([(b"A2B0", mft2(4)), (b"B2A0", value(b"text", bytes(8)))], kind=b"prtr", space=b"CMYK"), "CMYK")
    case("matrix with CMYK space", profile(MATRIX + CURVES, space=b"CMYK"), "CMYK")

    other = profile([(n, v) for n, v in zip((b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ"), (xyz(0.9642, 1, 0.8249), xyz(*BLUE), xyz(*RED), xyz(*GREEN)))] + CURVES)
    half = len(good) // 2
    one, two = good[:half], good[half:]
    case("in two chunks", chunk(1, 2, one) + chunk(2, 2, two))
    case("in two chunks, the second first", chunk(2, 2, two) + chunk(1, 2, one))
    case("twice", chunks(good) * 2)
    case("thrice", chunks(good) * 3)
    case("twice, in two chunks each", (chunk(1, 2, one) + chunk(2, 2, two)) * 2)
    case("twice, chunk for chunk", chunk(1, 2, one) * 2 + chunk(2, 2, two) * 2)
    case("first chunk twice", chunk(1, 2, one) * 2 + chunk(2, 2, two))
    case("second chunk twice", chunk(1, 2, one) + chunk(2, 2, two) * 2)
    case("two profiles: good, then another", chunks(good) + chunks(other))
    case("two profiles: no profile, then good", chunk(1, 1, b"this is no profile") + chunks(good))
    case("two profiles: good, then no profile", chunks(good) + chunk(1, 1, b"this is no profile"))
    case("two profiles: good, then one in two chunks", chunks(good) + chunk(1, 2, other[:half]) + chunk(2, 2, other[half:]))
    case("two profiles: one in two chunks, then good", chunk(1, 2, one) + chunk(2, 2, two) + chunks(other))
    case("two profiles: good, then an incomplete one", chunks(good) + chunk(1, 2, other[:half]))
    case("two profiles: an incomplete one, then good", chunk(1, 2, other[:half]) + chunks(good))
    case("the second chunk is missing", chunk(1, 2, good))
    case("the first chunk is missing", chunk(2, 2, good))
    case("chunk number 0", chunk(0, 1, good))
    case("chunk number 0 of 0", chunk(0, 0, good))
    case("chunk number 2 of 1", chunk(2, 1, good))
    case("chunk 1 of 1, then chunk 2 of 1", chunks(good) + chunk(2, 1, b"x"))
    case("counts that contradict each other", chunk(1, 2, one) + chunk(2, 3, two))
    case("an empty chunk at the end", chunk(1, 2, good) + chunk(2, 2, b""))
    case("an empty chunk in front", chunk(1, 2, b"") + chunk(2, 2, good))
    case("a segment without chunk number, then good", segment(0xE2, b"ICC_PROFILE\0") + chunks(good))
    case("a segment with a chunk number alone, then good", segment(0xE2, b"ICC_PROFILE\0\1") + chunks(good))
    case("good, then a segment without chunk number", chunks(good) + segment(0xE2, b"ICC_PROFILE\0"))
    case("signature in lower case", segment(0xE2, b"icc_profile\0\1\1" + good))
    case("in APP1", segment(0xE1, b"ICC_PROFILE\0\1\1" + good))
    return cases


REFERENCES = {
    "RGB": {"none": b"", "matrix": chunks(profile(MATRIX + CURVES)),
            "table": chunks(profile(MATRIX + CURVES + [(b"A2B0", mft2())]))},
    "grey": {"none": b"", "gray curve": chunks(profile([(b"kTRC", gamma(1.2))], space=b"GRAY"))},
    "CMYK": {"none": b"", "table": chunks(profile([(b"A2B0", mft2(4))], kind=b"prtr", space=b"CMYK"))},
}


def distance(a, b):
    return max(abs(x - y) for x, y in zip(a.tobytes(), b.tobytes()))


def colour(out):
    cases = colour_cases()
    files = [PICTURES[picture][:2] + segments + PICTURES[picture][2:] for _, picture, segments in cases]
    names = [(picture, name) for picture, rows in REFERENCES.items() for name in rows]
    files += [PICTURES[picture][:2] + REFERENCES[picture][name] + PICTURES[picture][2:] for picture, name in names]
    cells = shown(files)
    rows = []
    for index, (name, picture, segments) in enumerate(cases):
        row = {"name": name, "picture": picture, "segments": digits(segments)}
        for browser in BROWSERS:
            cell = cells[browser][index]
            references = {n: cells[browser][len(cases) + i] for i, (p, n) in enumerate(names) if p == picture}
            row[browser] = next((n for n, reference in references.items() if distance(cell, reference) <= 6), "other")
        rows.append(row)
    write(out, {"asked": versions(), "cases": rows})


def write_files(folder, files):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for index, (name, data) in enumerate(files):
        (folder / f"{index:03} {re.sub('[^A-Za-z0-9,.]+', '-', name)}.jpg").write_bytes(data)


def compare(before, after):
    """Says for each file of `before` whether both browsers show the one in `after` alike, to a level a sample."""
    names = sorted(path.name for path in before.glob("*.jpg"))
    kept = [name for name in names if (after / name).exists()]
    cells = shown([(before / name).read_bytes() for name in kept] + [(after / name).read_bytes() for name in kept])
    differ = 0
    for index, name in enumerate(kept):
        found = {browser: distance(cells[browser][index], cells[browser][len(kept) + index]) for browser in BROWSERS}
        if max(found.values()) > 1:
            differ += 1
            print(name, *(f"{browser}: {levels} levels" for browser, levels in found.items() if levels > 1))
    print(f"{len(kept)} files compared, {differ} shown otherwise, {len(names) - len(kept)} not there")


def main():
    match sys.argv[1:]:
        case ["orientation", out]:
            orientation(out)
        case ["colour", out]:
            colour(out)
        case ["write", "orientation", folder]:
            base, cases = orientation_cases()
            write_files(folder, [(name, put_together(base, pieces)) for name, pieces in cases])
        case ["write", "colour", folder]:
            write_files(folder, [(f"{name} [{picture}]", PICTURES[picture][:2] + segments + PICTURES[picture][2:])
                                 for name, picture, segments in colour_cases()])
        case ["compare", before, after]:
            compare(Path(before), Path(after))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
