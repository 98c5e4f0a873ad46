"""Binds the port, loads the emulator, puts it right, and serves."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading


def bind():
    """A listening socket; the port is chosen here, before the emulator is loaded, because it wants to know it."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", int(os.environ["SCRUBJAY_PORT"])))
    # An execution's retries come in bursts; the default backlog of 100 would refuse some.
    sock.listen(1024)
    port = sock.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    # The only way a function of a provided runtime learns its endpoint. An address, not a name: on a name the S3
    # client would put the bucket in front of it.
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    return sock, port


def end_with_owner():
    """Ends the whole process group when standard input closes, unless the owner has said "detach" before."""
    if sys.stdin.readline() != "detach\n":
        os.killpg(os.getpgrp(), signal.SIGKILL)


def announce(port):
    path = os.environ["SCRUBJAY_PORT_FILE"]
    with open(path + ".new", "w") as file:
        file.write(str(port))
    os.replace(path + ".new", path)


def main():
    threading.Thread(target=end_with_owner, daemon=True).start()
    sock, port = bind()

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack import app as ministack

    from . import (
        access,
        alarms,
        capacity,
        cloudfront,
        control,
        delivery,
        direct_api,
        express,
        faults,
        lambdas,
        maps,
        rekognition,
        s3_etags,
        s3_events,
        schedules,
        sign_in,
        states,
    )

    # Express after states: what it refuses never reaches the Standard ways.
    patches = (states, express, maps, lambdas, s3_etags, s3_events, delivery, schedules)
    patches += (alarms, access, capacity, rekognition, cloudfront, direct_api, sign_in, faults)
    for patch in patches:
        patch.install()
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)

    config = Config()
    config.bind = [f"fd://{sock.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    announce(port)
    asyncio.run(serve(control.wrap(faults.wrap(ministack.app)), config))


main()
