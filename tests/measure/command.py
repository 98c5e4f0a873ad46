#!/usr/bin/env python3
"""The command on one file, beside jhead and jpegtran, whole processes, in one run, interleaved.

    cargo build --release -p scrubjay
    python3 tests/measure/command.py [--rounds 61] PHOTO...

Each file should have metadata, or jhead writes nothing. Output goes to a folder in memory (/dev/shm) or, with --disk, to the
temporary folder. Peak memory is what GNU time tells (the maximum resident set, pages of the program included).
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def milliseconds(command):
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def peak(command):
    if not shutil.which("/usr/bin/time"):
        return "?"
    run = subprocess.run(["/usr/bin/time", "-f", "%M", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return f"{int(run.stderr.split()[-1]) * 1024 / 1e6:.1f}"


def measure(photo, scrubjay, folder, rounds):
    out, own = str(folder / "out.jpg"), str(folder / "own.jpg")
    commands = {
        "spawning alone": ["true"],
        "`scrub --check structure`": [scrubjay, "scrub", "--check", "structure", photo, "-o", out],
        "`jhead -purejpg`": ["jhead", "-purejpg", own],
        "`scrub` (entropy)": [scrubjay, "scrub", photo, "-o", out],
        "`jpegtran -copy none`": ["jpegtran", "-copy", "none", "-outfile", out, photo],
    }
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            # jhead works in place; nobody else finds an older file to replace.
            shutil.copyfile(photo, own)
            pathlib.Path(out).unlink(missing_ok=True)
            times[name].append(milliseconds(command))
    shutil.copyfile(photo, own)
    size = os.path.getsize(photo) / 1e6
    for name, command in commands.items():
        middle, least = statistics.median(times[name]), min(times[name])
        print(f"| {size:.2f} | {name} | {middle:.1f} | {least:.1f} | {peak(command)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", metavar="PHOTO")
    parser.add_argument("--rounds", type=int, default=61)
    parser.add_argument("--scrubjay", default=str(ROOT / "target/release/scrubjay"))
    parser.add_argument("--disk", action="store_true")
    args = parser.parse_args()
    memory = None if args.disk or not os.path.isdir("/dev/shm") else "/dev/shm"
    print("| MB | | ms, median | least | peak, MB |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        for photo in args.photos:
            measure(photo, args.scrubjay, pathlib.Path(folder), args.rounds)


if __name__ == "__main__":
    main()
