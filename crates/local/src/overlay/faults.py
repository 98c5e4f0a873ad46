"""Faults to order: requests refused, delayed or unanswered, tasks failed, events duplicated, delayed or lost.

A rule is a JSON object with a `kind`, what it matches, what it does, how often (`times`, absent for ever), how likely
(`probability`, 1) and from which `seed`. `src/faults.rs` has every field.
"""

import asyncio
import contextvars
import itertools
import json
import random
import re
import threading
import time

from ministack.services import eventbridge

lock = threading.Lock()
rules = []
numbers = itertools.count(1)
delayed = 0


class Rule:
    def __init__(self, text):
        self.text, self.number, self.hits = text, next(numbers), 0
        self.kind, self.action, self.times = text["kind"], text.get("action") or {}, text.get("times")
        self.match = {field: re.compile(pattern) for field, pattern in (text.get("match") or {}).items()}
        self.probability = text.get("probability", 1)
        self.random = random.Random(text.get("seed"))

    def applies(self, seen):
        """Whether this is one of the rule's; counts it if so."""
        if not all(pattern.search(seen.get(field) or "") for field, pattern in self.match.items()):
            return False
        with lock:
            if self.times is not None and self.hits >= self.times:
                return False
            if self.random.random() >= self.probability:
                return False
            self.hits += 1
            return True

    def seconds(self):
        low, high = self.action.get("delayMs") or (0, 0)
        with lock:
            return self.random.uniform(low, high) / 1000

    def chance(self, field):
        with lock:
            return self.random.random() < self.action.get(field, 0)


def order(text):
    rule = Rule(text)
    with lock:
        rules.append(rule)
    return rule.number


def clear():
    with lock:
        rules.clear()


def report():
    with lock:
        return [{"number": rule.number, "hits": rule.hits, "rule": rule.text} for rule in rules]


def first(kind, seen):
    """The first rule of a kind that applies."""
    with lock:
        candidates = [rule for rule in rules if rule.kind == kind]
    return next((rule for rule in candidates if rule.applies(seen)), None)


# --- Requests ---------------------------------------------------------------------------------------------------------


def wrap(app):
    """Every request from outside passes here: those of the functions, and of any client. What Step Functions and
    EventBridge call themselves does not: see `at_task` and `at_delivery`."""

    async def wrapped(scope, receive, send):
        if scope["type"] != "http" or not rules:
            return await app(scope, receive, send)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        seen = {
            "target": headers.get("x-amz-target"),
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "userAgent": headers.get("user-agent"),
            "accessKey": headers.get("authorization"),
        }
        rule = first("request", seen)
        if rule is None:
            return await app(scope, receive, send)
        await asyncio.sleep(rule.seconds())
        if "status" in rule.action:
            return await refuse(rule.action, headers, receive, send)
        if rule.action.get("lose") == "request":
            return await hang_up(send)
        if rule.action.get("lose") == "reply":
            await app(scope, receive, swallow)
            return await hang_up(send)
        return await app(scope, receive, send)

    return wrapped


async def swallow(_message):
    pass


async def refuse(action, headers, receive, send):
    """An error in the caller's own protocol: JSON where there is a target, S3's XML where there is none."""
    while (await receive()).get("more_body"):
        pass
    code, message = action.get("code", "ServiceUnavailable"), "fault to order"
    if "x-amz-target" in headers:
        kind, body = "application/x-amz-json-1.0", json.dumps({"__type": code, "message": message})
    else:
        kind = "application/xml"
        body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    fields = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": action["status"], "headers": fields})
    await send({"type": "http.response.body", "body": body.encode()})


async def hang_up(send):
    """A reply that breaks off before its body: to the caller the connection is lost, and what became of the request
    is unknown."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000000")]})
    raise ConnectionAbortedError("fault to order")


# --- Tasks and deliveries ---------------------------------------------------------------------------------------------


def at_task(resource, arguments, failure):
    """Before a Task's call: fails it with an error name, or delays it."""
    if not rules:
        return
    name = arguments.get("FunctionName") if isinstance(arguments, dict) else None
    rule = first("task", {"resource": resource, "function": name})
    if rule is None:
        return
    time.sleep(rule.seconds())
    if "error" in rule.action:
        raise failure(rule.action["error"], rule.action.get("cause", "fault to order"))


def at_delivery(target, failure):
    """Before a rule's target is called: fails the call."""
    if rules and (rule := first("delivery", {"target": target.get("Arn")})):
        raise failure(rule.action.get("code", "THROTTLING"), "fault to order", retry=rule.action.get("retry", True))


# --- Events -----------------------------------------------------------------------------------------------------------


def dispatch_event(original):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html: delivered at least once, in any order.
    A copy that is late overtakes none, so delays alone swap events."""

    def patched(event, view=None):
        seen = {"source": event.get("Source"), "detailType": event.get("DetailType"), "detail": event.get("Detail")}
        rule = first("events", seen) if rules else None
        if rule is None:
            return original(event, view)
        if rule.chance("lose"):
            return None
        omitted = rule.action.get("omit")
        if omitted:
            detail = json.loads(event["Detail"])
            for field in omitted:
                detail.get("object", {}).pop(field, None)
            event = {**event, "Detail": json.dumps(detail)}
            view = None
        for _ in range(2 if rule.chance("duplicate") else 1):
            late = contextvars.copy_context()
            thread = threading.Thread(target=late.run, args=(deliver, original, event, rule.seconds()), daemon=True)
            count(1)
            thread.start()

    return patched


def deliver(original, event, seconds):
    try:
        time.sleep(seconds)
        original(event)
    finally:
        count(-1)


def count(change):
    global delayed
    with lock:
        delayed += change


def install():
    # Outermost, so that a copy is what the event has become before.
    eventbridge._dispatch_event = dispatch_event(eventbridge._dispatch_event)
