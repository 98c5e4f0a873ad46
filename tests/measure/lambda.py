#!/usr/bin/env python3
"""Size, start and idle memory of each function, beside the same job in Python, in one run, interleaved.

    cargo build --release -p validate -p strip -p publish -p record -p retract -p reconcile -p report -p derive -p api
    python3 tests/measure/lambda.py [--rounds 21] [--target target/release]

A fake Runtime API on 127.0.0.1 notes when the first poll arrives and leaves it unanswered. Time is from spawning the process
to that poll, with a warm page cache and connection warming off; memory is VmRSS then. What spawning alone costs, of a process
that does nothing, is a row of its own. The Python function needs boto3 and exif, which are installed into a virtual
environment below the target folder on the first run.
"""

import argparse
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUNCTIONS = ["validate", "strip", "publish", "record", "retract", "reconcile", "report", "derive", "api"]
PINS = ["boto3==1.44.5", "exif==1.6.1"]


def environment(address):
    return {
        "AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_LOG_GROUP_NAME": "g", "AWS_LAMBDA_LOG_STREAM_NAME": "s",
        "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "SOURCE_BUCKET": "a", "STAGING_BUCKET": "s", "DESTINATION_BUCKET": "b", "AUDIT_TABLE": "t", "STACK": "measure",
        "SCRUB_MACHINE": "arn:aws:states:eu-west-1:123456789012:stateMachine:scrub",
        "RETRACT_MACHINE": "arn:aws:states:eu-west-1:123456789012:stateMachine:retract",
        "INTAKE_MACHINE": "arn:aws:states:eu-west-1:123456789012:stateMachine:intake",
        "REPORTS_BUCKET": "r", "DEAD_LETTERS": "https://sqs.eu-west-1.amazonaws.com/123456789012/d", "CATALOGUE_TABLE": "c",
        "DERIVATIVES_BUCKET": "d", "WIDTHS": "320,1600", "PHOTOS_ORIGIN": "https://photos.example",
        "OPEN_CONNECTIONS": "false", "PATH": os.environ["PATH"],
    }


def resident(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


def start(command):
    """Milliseconds to the first poll, and MB resident at it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        polled = []

        def wait():
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                polled.append(time.perf_counter())
                done.wait()

        done, thread = threading.Event(), threading.Thread(target=wait)
        thread.start()
        env = environment("127.0.0.1:%d" % server.getsockname()[1])
        began = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            while not polled:
                if process.poll() is not None or not thread.is_alive():
                    sys.exit(f"{command[0]} ended before it polled:\n{process.stdout.read().decode()}")
                time.sleep(0.001)
            time.sleep(0.05)
            return (polled[0] - began) * 1000, resident(process.pid)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            done.set()
            thread.join()


def spawn():
    """Milliseconds from spawning a process that does nothing to its end."""
    began = time.perf_counter()
    subprocess.run(["true"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    return (time.perf_counter() - began) * 1000


def seed(target):
    """The Python function's command, and the size of what it needs beside the interpreter, in MB."""
    venv = target.parent / "measure-venv"
    if not (venv / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", *PINS], check=True)
        (venv / "ready").touch()
    packages = next(venv.glob("lib/python*/site-packages"))
    ours = [p for p in packages.iterdir() if not p.name.startswith(("pip", "setuptools", "wheel", "_distutils"))]
    files = [f for p in ours for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file()]
    return [str(venv / "bin/python"), str(ROOT / "tests/measure/seed.py")], sum(f.stat().st_size for f in files) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--target", type=pathlib.Path, default=ROOT / "target/release")
    parser.add_argument("--without-python", action="store_true")
    args = parser.parse_args()
    rows = {}
    for name in FUNCTIONS:
        binary = args.target / name
        if binary.exists():
            rows[name] = ([str(binary)], binary.stat().st_size / 1e6)
    if not rows:
        sys.exit(f"no function in {args.target}; build them first")
    if not args.without_python:
        rows["python"] = seed(args.target)
    times, memory, spawning = {n: [] for n in rows}, {n: [] for n in rows}, []
    for _ in range(args.rounds):
        spawning.append(spawn())
        for name, (command, _) in rows.items():
            ms, mb = start(command)
            times[name].append(ms)
            memory[name].append(mb)
    print("| function | MB | first poll, ms (median) | least | idle RSS, MB |")
    print("| --- | --- | --- | --- | --- |")
    print(f"| spawning alone | | {statistics.median(spawning):.1f} | {min(spawning):.1f} | |")
    for name, (_, size) in rows.items():
        middle = statistics.median(times[name])
        print(f"| {name} | {size:.1f} | {middle:.1f} | {min(times[name]):.1f} | {statistics.median(memory[name]):.1f} |")


if __name__ == "__main__":
    main()
