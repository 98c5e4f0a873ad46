"""The overlay's own paths, below /_scrubjay."""

import json
import os


async def answer(send, status, body):
    data = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})


def wrap(app):
    async def wrapped(scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/_scrubjay/info":
            return await answer(send, 200, {"token": os.environ["SCRUBJAY_TOKEN"], "pid": os.getpid()})
        await app(scope, receive, send)

    return wrapped
