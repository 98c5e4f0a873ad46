"""The overlay's own paths, below /_scrubjay."""

import json
import os

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import eventbridge

from . import delivery, faults, fronts, lambdas, rekognition, states


def info(_body):
    return {"token": os.environ["SCRUBJAY_TOKEN"], "pid": os.getpid()}


def activity(_body):
    return {"executions": states.running(), "deliveries": delivery.pending, "events": faults.delayed}


def order(body):
    return {"number": faults.order(body)}


def clear(_body):
    faults.clear()
    return {}


def report(_body):
    return {"rules": faults.report()}


def kill(body):
    return {"killed": lambdas.kill(body["function"], body.get("busy", False), body.get("count", 1))}


def send_event(body):
    """Puts an event on the default bus, also one that only AWS may send."""
    set_request_account_id("test")
    set_request_region(os.environ["MINISTACK_REGION"])
    entry = {"Source": body["source"], "DetailType": body["detailType"], "Detail": json.dumps(body["detail"])}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    return {}


def front(body):
    """Opens a port of its own under a name, and says what it passes requests on to: fronts.py."""
    opened = fronts.open_front(served[0], body["name"])
    for part in ("host", "replace"):
        if part in body:
            opened[part] = body[part]
    return {"port": opened["port"]}


# The application that is wrapped: what fronts pass requests on to.
served = []

PATHS = {
    ("POST", "fronts"): front,
    ("GET", "info"): info,
    ("GET", "activity"): activity,
    ("GET", "faults"): report,
    ("POST", "faults"): order,
    ("DELETE", "faults"): clear,
    ("POST", "kill"): kill,
    ("POST", "events"): send_event,
    ("POST", "rekognition"): rekognition.learn,
}


def wrap(app):
    served[:] = [app]

    async def wrapped(scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith("/_scrubjay/"):
            return await app(scope, receive, send)
        path = PATHS.get((scope["method"], scope["path"].removeprefix("/_scrubjay/")))
        if path is None:
            return await answer(send, 404, {"message": "no such path"})
        text, more = b"", True
        while more:
            message = await receive()
            text += message.get("body", b"")
            more = message.get("more_body", False)
        try:
            result = path(json.loads(text or b"{}"))
        except (KeyError, TypeError, ValueError) as error:
            return await answer(send, 400, {"message": repr(error)})
        await answer(send, 200, result)

    return wrapped


async def answer(send, status, body):
    data = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
