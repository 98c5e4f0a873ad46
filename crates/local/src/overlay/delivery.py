"""EventBridge: a target that cannot be reached is tried again, then its event goes to the dead-letter queue."""

import contextvars
import json
import random
import threading
import time

from ministack.services import eventbridge, sqs
from ministack.services import stepfunctions as sfn

from . import faults

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
ATTEMPTS, AGE_SECONDS = 185, 86_400
# AWS states exponential back-off and jitter, but not from where to where.
FIRST_DELAY, LONGEST_DELAY = 0.2, 30

pending_lock = threading.Lock()
pending = 0


class Undelivered(BaseException):
    """A target did not take an event. Not an Exception: the emulator logs those and forgets the event."""

    def __init__(self, code, message, retry=True):
        super().__init__(message)
        self.code, self.message, self.retry = code, message, retry


def dispatch_to_stepfunctions(arn, payload):
    if sfn._resolve_state_machine_arn(arn) is None:
        raise Undelivered("NO_RESOURCE", f"State Machine Does Not Exist: '{arn}'", retry=False)
    status, _, body = sfn._start_execution({"stateMachineArn": arn, "input": payload})
    if status >= 400:
        answer = json.loads(body)
        raise Undelivered("SDK_CLIENT_ERROR", f"{answer.get('__type')}: {answer.get('message')}")


def invoke_target(original):
    def patched(target, event, rule, view=None):
        try:
            faults.at_delivery(target, Undelivered)
            original(target, event, rule, view)
        except Undelivered as error:
            if not error.retry:
                return bury(target, event, rule, error, None, 0)
            later = contextvars.copy_context()
            thread = threading.Thread(target=later.run, args=(again, original, target, event, rule, error), daemon=True)
            count(1)
            thread.start()

    return patched


def again(original, target, event, rule, error):
    try:
        policy = target.get("RetryPolicy") or {}
        attempts = int(policy.get("MaximumRetryAttempts", ATTEMPTS))
        deadline = time.monotonic() + int(policy.get("MaximumEventAgeInSeconds", AGE_SECONDS))
        for attempt in range(attempts):
            time.sleep(random.uniform(0, min(LONGEST_DELAY, FIRST_DELAY * 2**attempt)))
            if time.monotonic() > deadline:
                return bury(target, event, rule, error, "MaximumEventAgeInSeconds", attempt)
            try:
                faults.at_delivery(target, Undelivered)
                return original(target, event, rule)
            except Undelivered as next_error:
                error = next_error
                if not error.retry:
                    return bury(target, event, rule, error, None, attempt + 1)
        return bury(target, event, rule, error, "MaximumRetryAttempts", attempts)
    finally:
        count(-1)


def bury(target, event, rule, error, exhausted, attempts):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html: the event itself, with the reason in
    the message's attributes; dropped when the target has no queue, or the queue does not admit events.amazonaws.com."""
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    queue = sqs._queue_by_arn(queue_arn) if queue_arn else None
    if queue is None or not sqs.queue_policy_allows(queue_arn, "events.amazonaws.com", rule["Arn"], event["Account"]):
        eventbridge.logger.warning("event for %s dropped: %s", target.get("Arn"), error.message)
        return
    attributes = {
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": error.message,
        "RULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
    }
    if exhausted:
        attributes |= {"EXHAUSTED_RETRY_CONDITION": exhausted, "RETRY_ATTEMPTS": str(attempts)}
    now = time.time()
    message = {
        "id": eventbridge.new_uuid(),
        "body": json.dumps(eventbridge._pattern_event_view(event).event_with_detail()),
        "sent_at": now,
        "visible_at": now + sqs.queue_delay(queue),
        "message_attributes": {k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
    }
    sqs._ensure_msg_fields(message)
    queue["messages"].append(message)
    eventbridge.esm_wake.set()


def count(change):
    global pending
    with pending_lock:
        pending += change


def install():
    eventbridge._dispatch_to_stepfunctions = dispatch_to_stepfunctions
    eventbridge._invoke_target = invoke_target(eventbridge._invoke_target)
