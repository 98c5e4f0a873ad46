"""Fronts: ports of this machine at which a browser reaches what on AWS has a host name of its own.

A distribution is reached by the header Host, which a browser takes from the address, and by HTTPS. A front listens on a port of
127.0.0.1 and passes requests on with the distribution's host. In what comes back it replaces addresses that only exist on AWS
by those of this machine: in the headers, where the content security policy names them.
"""

import asyncio
import socket

from hypercorn.asyncio import serve
from hypercorn.config import Config

from . import cloudfront

# By name: the port, and once it is known the host and the replacements.
fronts = {}
_tasks = set()


def open_front(app, name):
    """Listens under a name; the same name again is the same port."""
    if name in fronts:
        return fronts[name]
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    sock.listen(256)
    front = {"port": sock.getsockname()[1], "host": None, "replace": {}}
    config = Config()
    config.bind = [f"fd://{sock.fileno()}"]
    config.loglevel = "WARNING"
    task = asyncio.get_running_loop().create_task(serve(passing(app, front), config, shutdown_trigger=asyncio.Event().wait))
    # The loop itself holds tasks weakly; the socket must live as long.
    _tasks.add((task, sock))
    fronts[name] = front
    return front


def passing(app, front):
    async def passed(scope, receive, send):
        if scope["type"] != "http":
            return await app(scope, receive, send)
        if front["host"] is None:
            await send({"type": "http.response.start", "status": 503, "headers": [(b"content-type", b"text/plain")]})
            return await send({"type": "http.response.body", "body": b"nothing is deployed behind this address yet"})
        kept = [(n, v) for n, v in scope["headers"] if n.lower() not in (b"host", b"x-forwarded-proto", cloudfront.VIEWERS_ORIGIN.encode())]
        kept += [
            (b"host", front["host"].encode()),
            (b"x-forwarded-proto", b"https"),
            (cloudfront.VIEWERS_ORIGIN.encode(), f"http://127.0.0.1:{front['port']}".encode()),
        ]

        async def sent(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [(n, replaced(v, front["replace"])) for n, v in message["headers"]]}
            await send(message)

        await app({**scope, "headers": kept}, receive, sent)

    return passed


def replaced(value, replacements):
    for ours, theirs in replacements.items():
        value = value.replace(ours.encode(), theirs.encode())
    return value
