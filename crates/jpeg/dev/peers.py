"""The leak table of docs/jpeg.md: peers.py OUT [PATH_TO_SCRUBJAY].

Cleans the shared corpora (SCRUBJAY_SHARED) with every tool that is installed, and counts. Needs numpy and Pillow for
the scores. Tools that are not there are left out.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

SHARED = Path(os.environ.get("SCRUBJAY_SHARED", Path(__file__).resolve().parents[3].parent / "shared"))

# Each takes source and target; a tool that works in place gets a copy.
TOOLS = {
    "exiftool -all= -trailer:all=": ["exiftool", "-q", "-q", "-all=", "-trailer:all=", "-o", "{target}", "{source}"],
    "exiv2 rm": ["exiv2", "rm", "{copy}"],
    "jhead -purejpg": ["jhead", "-q", "-purejpg", "{copy}"],
    "jpegoptim --strip-all --keep-icc": ["jpegoptim", "-q", "--strip-all", "--keep-icc", "{copy}"],
    "jpegtran -copy none": ["jpegtran", "-copy", "none", "-outfile", "{target}", "{source}"],
}


def run(command, source, target):
    if any("{copy}" in word for word in command):
        shutil.copyfile(source, target)
    words = [w.format(source=source, target=target, copy=target) for w in command]
    try:
        done = subprocess.run(words, capture_output=True, timeout=60)
        failed = done.returncode != 0
    except subprocess.TimeoutExpired:
        failed = True
    # jpegtran warns with 2 and writes all the same; what was written counts.
    if failed and target.exists() and command[0] != "jpegtran":
        target.unlink()


def second_set(folder, out):
    strip = stego = 0
    for case in json.load(open(folder / "manifest.json")):
        target = out / case["file"]
        if case["cls"] not in ("strip", "stego") or not target.exists():
            continue
        found = target.read_bytes()
        words = [case["canary"].encode(), case["canary"].encode("utf-16-le"), case["canary"].encode("utf-16-be")]
        leak = any(word in found for word in words)
        strip += leak and case["cls"] == "strip"
        stego += leak and case["cls"] == "stego"
    return strip, stego


def main():
    out = Path(sys.argv[1])
    spec = importlib.util.spec_from_file_location("score", SHARED / "tools" / "score.py")
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)
    sets = [SHARED / "corpus" / "adversarial", SHARED / "corpus" / "adversarial-2"]
    tools = {name: command for name, command in TOOLS.items() if shutil.which(command[0])}
    print("| tool | leaks | pixels or colour | turned | good refused | bad accepted | leaks, set 2 | stego, set 2 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in [*tools, "**scrubjay**"]:
        folder = out / name.replace(" ", "_").strip("*")
        for cases in sets:
            target = folder / cases.name
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            if name in tools:
                for source in sorted(cases.glob("*.jpg")):
                    run(tools[name], source, target / source.name)
            else:
                scrubjay = sys.argv[2] if len(sys.argv) > 2 else "target/release/scrubjay"
                # It ends with 1, as some of the files are to be refused.
                subprocess.run([scrubjay, "scrub", cases, "-o", target], capture_output=True)
        scored = score.score(sets[0], folder / sets[0].name)
        columns = ["leak", "pixels", "turned", "refused_good", "accepted_bad"]
        counts = [len(scored[column]) for column in columns]
        print("|", " | ".join([name, *map(str, counts), *map(str, second_set(sets[1], folder / sets[1].name))]), "|")


main()
