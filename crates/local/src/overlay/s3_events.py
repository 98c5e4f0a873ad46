"""The events that S3 sends to EventBridge."""

import contextvars
import json

from ministack.services import eventbridge, s3

version = contextvars.ContextVar("scrubjay_version", default=None)
# The ETag of a delete marker is that of nothing at all.
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def fire_s3_event(original):
    def patched(*args, **kwargs):
        token = version.set(kwargs.get("version_id"))
        try:
            return original(*args, **kwargs)
        finally:
            version.reset(token)

    return patched


def dispatch_event(original):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html: an object of a versioned bucket has its
    version-id; a deleted one has no size, and the ETag only of its delete marker."""

    def patched(event, view=None):
        if view is None and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            described = detail["object"]
            if version.get():
                described["version-id"] = version.get()
            if event["DetailType"] == "Object Deleted":
                described.pop("size", None)
                described.pop("etag", None)
                if detail.get("deletion-type") == "Delete Marker Created":
                    described["etag"] = EMPTY_MD5
            if described.get("sequencer") == "0":
                del described["sequencer"]
            event = {**event, "Detail": json.dumps(detail)}
        return original(event, view)

    return patched


def install():
    s3._fire_s3_event = fire_s3_event(s3._fire_s3_event)
    eventbridge._dispatch_event = dispatch_event(eventbridge._dispatch_event)
