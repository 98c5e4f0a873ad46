#!/usr/bin/env python3
"""Derivatives of photographs, beside libvips: time, memory, and likeness to a float reference; one run, interleaved.

    cargo build --release -p scrubjay-derivatives --example derive
    python3 tests/measure/derivatives.py [--rounds 15] PHOTO...

Needs vipsthumbnail (Debian: libvips-tools), and numpy and pillow for the likeness. Both programs run as whole processes and write the
same two widths at the same quality, progressive, without metadata. libvips makes one width per process, as its command does; its two
processes are added up, and `sharp` or the library can share nothing between them either, since each width reduces while it
decodes. The reference is the full picture by libjpeg, resampled by Lanczos3 in 32-bit floats; likeness is the mean SSIM of luma
(Wang et al. 2004, Gaussian window of 11 samples) and the peak signal-to-noise ratio over all channels.
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTHS = (320, 1600)


def run(command):
    """Milliseconds of wall time and of processor time."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, cpu * 1000


def peak(command):
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *command], capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1]) * 1024 / 1e6


def compare(path, reference):
    """SSIM of luma and PSNR of all channels."""
    import numpy
    from PIL import Image

    def luma(picture):
        return picture @ numpy.array([0.299, 0.587, 0.114], dtype=numpy.float32)

    def blurred(plane):
        radius, sigma = 5, 1.5
        kernel = numpy.exp(-(numpy.arange(-radius, radius + 1) ** 2) / (2 * sigma**2)).astype(numpy.float32)
        kernel /= kernel.sum()
        for axis in (0, 1):
            parts = [weight * numpy.roll(plane, offset - radius, axis) for offset, weight in enumerate(kernel)]
            plane = sum(parts)
        return plane[radius:-radius, radius:-radius]

    made = numpy.asarray(Image.open(path).convert("RGB"), dtype=numpy.float32)
    height = min(made.shape[0], reference.shape[0])
    made, wanted = made[:height], reference[:height]
    psnr = 10 * numpy.log10(255**2 / numpy.mean((made - wanted) ** 2))
    a, b = luma(made), luma(wanted)
    mean_a, mean_b = blurred(a), blurred(b)
    var_a, var_b = blurred(a * a) - mean_a**2, blurred(b * b) - mean_b**2
    both = blurred(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ssim = ((2 * mean_a * mean_b + c1) * (2 * both + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return float(ssim.mean()), float(psnr)


def reference(photo, width):
    import numpy
    from PIL import Image

    picture = Image.open(photo).convert("RGB")
    size = (width, round(picture.height * width / picture.width))
    planes = [numpy.asarray(plane.convert("F").resize(size, Image.Resampling.LANCZOS)) for plane in picture.split()]
    return numpy.clip(numpy.stack(planes, axis=-1), 0, 255)


def measure(photo, args, folder):
    ours, theirs = folder / "ours", folder / "vips"
    for out in (ours, theirs):
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
    derive = [args.derive, photo, str(ours), ",".join(map(str, WIDTHS)), str(args.quality)]
    options = f"Q={args.quality},interlace,optimize-coding,strip"
    vips = [
        ["vipsthumbnail", photo, "-s", f"{width}x", "-o", f"{theirs}/{width}.jpg[{options}]"] for width in WIDTHS
    ]
    times = {"ours": [], "vips": []}
    for _ in range(args.rounds):
        times["ours"].append(run(derive))
        parts = [run(command) for command in vips]
        times["vips"].append(tuple(map(sum, zip(*parts))))
    wall, cpu = ({who: statistics.median(row[i] for row in rows) for who, rows in times.items()} for i in (0, 1))
    memory = {"ours": peak(derive), "vips": max(peak(command) for command in vips)}
    print(f"| {pathlib.Path(photo).name} | {cpu['ours']:.0f} | {cpu['vips']:.0f} | {cpu['ours'] / cpu['vips']:.2f} "
          f"| {wall['ours'] / wall['vips']:.2f} | {memory['ours']:.0f} | {memory['vips']:.0f} |", end="")
    for width in WIDTHS:
        wanted = reference(photo, width)
        a, b = (compare(out / f"{width}.jpg", wanted) for out in (ours, theirs))
        sizes = [os.path.getsize(out / f"{width}.jpg") / 1000 for out in (ours, theirs)]
        print(f" {a[0]:.4f} / {b[0]:.4f} | {a[1]:.1f} / {b[1]:.1f} | {sizes[0]:.0f} / {sizes[1]:.0f} |", end="")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", metavar="PHOTO")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quality", type=int, default=82)
    parser.add_argument("--derive", default=str(ROOT / "target/release/examples/derive"))
    args = parser.parse_args()
    # One thread each: on Lambda a thread more is a processor more to pay.
    os.environ["VIPS_CONCURRENCY"] = "1"
    print("| photo | CPU ms, ours | libvips | ratio | wall, ratio | peak MB, ours | libvips |", end="")
    for width in WIDTHS:
        print(f" {width}: SSIM, ours / libvips | PSNR dB | kB |", end="")
    print("\n|" + " --- |" * (7 + 3 * len(WIDTHS)))
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        for photo in args.photos:
            measure(photo, args, pathlib.Path(folder))


if __name__ == "__main__":
    main()
