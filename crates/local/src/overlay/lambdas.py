"""Lambda: the error names that Step Functions sees, asynchronous invocation by rules, functions killed to order."""

import json
import os
import signal

from ministack.core import lambda_runtime
from ministack.services import eventbridge, lambda_svc
from ministack.services import stepfunctions as sfn


def call_lambda(original):
    """https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html: the service's own
    exceptions reach Retry and Catch as Lambda.<name>; a throttled invocation is Lambda.TooManyRequestsException.
    https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html: a runtime that exits, while it
    initialises too, is Runtime.ExitError."""

    def patched(function, event):
        try:
            return original(function, event)
        except sfn._ExecutionError as error:
            try:
                body = json.loads(error.cause)
            except ValueError:
                body = None
            if not isinstance(body, dict):
                raise
            if error.error == "Lambda.Unknown" and body.get("__type") == "TooManyRequestsException":
                cause = f"{body.get('message', 'Rate Exceeded.')} (Service: Lambda, Status Code: 429)"
                raise sfn._ExecutionError("Lambda.TooManyRequestsException", cause) from None
            if error.error == "Runtime.Unknown" and " exited during init " in body.get("errorMessage", ""):
                raise sfn._ExecutionError("Runtime.ExitError", error.cause) from None
            raise

    return patched


def dispatch_to_lambda(arn, payload):
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html: a rule invokes asynchronously; Lambda itself
    tries a failed event twice more, then sends it to the function's destination or dead-letter queue."""
    from .delivery import Undelivered

    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        raise Undelivered("NO_RESOURCE", f"The function {name} does not exist", retry=False)
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), json.loads(payload))


def kill(function, busy, count):
    """SIGKILL for processes of a function, those in the middle of an invocation first. Returns how many."""
    with lambda_runtime._lock:
        workers = [w for pool in lambda_runtime._workers.values() for w in pool if w.func_name == function]
    workers = [w for w in workers if w.in_use or not busy]
    workers.sort(key=lambda worker: not worker.in_use)
    killed = 0
    for worker in workers:
        process = worker._proc
        if killed < count and process is not None and process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
    return killed


def install():
    sfn._call_lambda = call_lambda(sfn._call_lambda)
    eventbridge._dispatch_to_lambda = dispatch_to_lambda
