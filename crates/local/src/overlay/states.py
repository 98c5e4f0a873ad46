"""Step Functions: redrive, idempotent starts, the machine's own time-out, and Retry as written."""

import contextvars
import copy
import json
import random
import threading
import time
from datetime import datetime, timezone

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import stepfunctions as sfn

from . import express, faults

# Within so many days of its end an execution can be redriven, if its history is not longer than this.
REDRIVABLE_DAYS = 14
REDRIVABLE_EVENTS = 24_999
# "The API will return idempotent responses for the last 10 client tokens", for 15 minutes.
CLIENT_TOKENS, CLIENT_TOKEN_SECONDS = 10, 15 * 60

lock = threading.RLock()
# The run (a first one, or a redrive) that the current thread works for.
current_run = contextvars.ContextVar("scrubjay_run", default=None)


class Run:
    """One run of an execution. A run that was aborted or timed out may still have a thread: it must not go on."""

    def __init__(self, execution):
        self.execution = execution
        self.timer = None

    def is_current(self):
        return self.execution.get("_run") is self and self.execution["status"] == "RUNNING"


class Abandoned(BaseException):
    """The thread's run is over. Not an Exception: nothing may catch it as a task's failure."""


def check_run():
    run = current_run.get()
    if run is not None and not run.is_current():
        raise Abandoned


# --- Starting ---------------------------------------------------------------------------------------------------------


def start_execution(original):
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html: idempotent for STANDARD
    workflows: the same name and input as a running execution succeed with its ARN; other input, or a closed one, is
    ExecutionAlreadyExists."""

    def patched(data):
        with lock:
            name, machine = data.get("name"), sfn._resolve_state_machine_arn(data.get("stateMachineArn", ""))
            if name and machine:
                arn = machine.replace(":stateMachine:", ":execution:") + f":{name}"
                running = sfn._executions.get(arn)
                if running and running["status"] == "RUNNING" and running["input"] == data.get("input", "{}"):
                    return json_response({"executionArn": arn, "startDate": running["startDate"]})
            return original(data)

    return patched


def stop_execution(original):
    def patched(data):
        with lock:
            return original(data)

    return patched


# --- Running ----------------------------------------------------------------------------------------------------------


def run_execution(exec_arn):
    """Walks the definition as it was when the execution started, from its start or from where a redrive goes on."""
    execution = sfn._executions.get(exec_arn)
    if execution is None:
        return
    machine = sfn._state_machines.get(execution["stateMachineArn"])
    run = Run(execution)
    with lock:
        execution["_run"] = run
        execution.setdefault("_definition", (machine or {}).get("definition", "{}"))
        execution.setdefault("_machine", (machine or {}).get("name"))
    token = current_run.set(run)
    try:
        definition = json.loads(execution["_definition"])
        limit(run, longest(execution, definition.get("TimeoutSeconds")))
        output = walk(run, definition)
        settle(run, "SUCCEEDED", output=json.dumps(output))
    except Abandoned:
        pass
    except sfn._ExecutionError as error:
        settle(run, "FAILED", error=error.error, cause=error.cause)
    except Exception as error:
        sfn.logger.exception("unexpected error in %s", exec_arn)
        settle(run, "FAILED", error="States.Runtime", cause=str(error))
    finally:
        if run.timer:
            run.timer.cancel()
        current_run.reset(token)


def walk(run, definition):
    execution = run.execution
    states = definition["States"]
    resumed = execution.get("_at")
    if resumed:
        name, state_input, variables = resumed["name"], copy.deepcopy(resumed["input"]), resumed["variables"]
    else:
        name, state_input, variables = definition["StartAt"], json.loads(execution["input"]), {}
    # https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
    context = {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "RoleArn": execution["events"][0]["executionStartedEventDetails"]["roleArn"],
            "StartTime": execution["startDate"],
            "RedriveCount": execution.get("_redrives", 0),
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": execution["_machine"]},
        "variables": copy.deepcopy(variables),
    }
    if execution.get("_redriveDate"):
        context["Execution"]["RedriveTime"] = execution["_redriveDate"]

    while name:
        check_run()
        state = states.get(name)
        if not state:
            raise sfn._ExecutionError("States.Runtime", f"State '{name}' not found in definition")
        # What a redrive goes on from: this state, its input, and the variables as they were when it was entered.
        execution["_at"] = {
            "name": name,
            "input": copy.deepcopy(state_input),
            "variables": copy.deepcopy(context["variables"]),
        }
        kind = state.get("Type")
        context["State"] = {"Name": name, "EnteredTime": now_iso(), "RetryCount": 0}
        # A redriven Task is scheduled again, not entered again.
        if not (resumed and kind in ("Task", "Parallel", "Map")):
            details = {"name": name, "input": json.dumps(state_input)}
            sfn._add_event(execution, f"{kind}StateEntered", {"stateEnteredEventDetails": details})
        resumed = None
        state_input, following = enter(kind, state, state_input, execution, context)
        check_run()
        details = {"name": name, "output": json.dumps(state_input)}
        sfn._add_event(execution, f"{kind}StateExited", {"stateExitedEventDetails": details})
        name = following
    return state_input


def enter(kind, state, state_input, execution, context):
    """The state's output and the next state's name."""
    if kind == "Succeed":
        if sfn._state_query_language(state, context) == "JSONata":
            return sfn._apply_jsonata_output(state, state_input, context, default=state_input), None
        return sfn._apply_output_path(state, sfn._apply_input_path(state, state_input, context), context), None
    if kind == "Fail":
        raise sfn._ExecutionError(*sfn._fail_state_error(state, state_input, context))
    if kind in ("Task", "Parallel", "Map"):
        return getattr(sfn, f"_execute_{kind.lower()}")(state, state_input, execution, context)
    if kind in ("Pass", "Choice", "Wait"):
        return getattr(sfn, f"_execute_{kind.lower()}")(state, state_input, context)
    raise sfn._ExecutionError("States.Runtime", f"Unknown state type: {kind}")


def longest(execution, seconds):
    """The machine's own limit; an Express execution has one of its own."""
    if not express.is_express(execution):
        return seconds
    return min(seconds, express.LONGEST_SECONDS) if isinstance(seconds, (int, float)) else express.LONGEST_SECONDS


def limit(run, seconds):
    """https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html: an execution that runs longer
    than the machine's TimeoutSeconds fails with States.Timeout; its status is TIMED_OUT."""
    if not isinstance(seconds, (int, float)):
        return
    context = contextvars.copy_context()
    run.timer = threading.Timer(seconds, lambda: context.run(settle, run, "TIMED_OUT", error="States.Timeout"))
    run.timer.daemon = True
    run.timer.start()


EVENTS = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut"}


def settle(run, status, output=None, error=None, cause=None):
    """Ends a run, unless it was ended otherwise in the meantime."""
    with lock:
        if not run.is_current():
            return
        execution = run.execution
        if output is not None:
            details = {"output": output}
        else:
            details = {key: value for key, value in (("error", error), ("cause", cause)) if value is not None}
        event = EVENTS[status]
        sfn._add_event(execution, event, {event[0].lower() + event[1:] + "EventDetails": details})
        execution.update(status=status, output=output, error=error, cause=cause, stopDate=now_iso())
    sfn._emit_execution_status_event(execution)


def add_event(original):
    """The history is its run's: what an abandoned thread still does is not the execution's any more."""

    def patched(execution, event_type, details=None):
        run = current_run.get()
        if run is not None and run.execution is execution and not run.is_current():
            return None
        return original(execution, event_type, details)

    return patched


# --- Retry ------------------------------------------------------------------------------------------------------------


def find_matching_retrier(original):
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html: MaxDelaySeconds is the ceiling
    of the interval, JitterStrategy FULL draws the delay between 0 and it."""

    def patched(retriers, error, retry_counts):
        check_run()
        retrier, index = original(retriers, error, retry_counts)
        if retrier is None:
            return retrier, index
        delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retry_counts.get(index, 0)
        delay = min(delay, retrier.get("MaxDelaySeconds", delay))
        if retrier.get("JitterStrategy") == "FULL":
            delay = random.uniform(0, delay)
        # The caller multiplies interval and rate.
        return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1.0}, index

    return patched


def error_matches(original):
    """Same page: States.ALL, and States.TaskFailed, do not match States.DataLimitExceeded and States.Runtime."""

    def patched(error_equals, error):
        if error in ("States.DataLimitExceeded", "States.Runtime"):
            return error in error_equals
        return original(error_equals, error)

    return patched


def sleep(original):
    def patched(seconds):
        original(seconds)
        check_run()

    return patched


def invoke_resource(original):
    def patched(resource, arguments):
        check_run()
        faults.at_task(resource, arguments, sfn._ExecutionError)
        return original(resource, arguments)

    return patched


# --- Redrive ----------------------------------------------------------------------------------------------------------


def not_redrivable(execution):
    """Why an execution cannot be redriven, in the words of
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html; None when it can."""
    status = execution["status"]
    if status in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {status} and cannot be redriven"
    if execution["stateMachineArn"] not in sfn._state_machines:
        return "State machine is in DELETING status"
    if len(execution["events"]) >= REDRIVABLE_EVENTS:
        return "Execution history event limit exceeded"
    ended = datetime.fromisoformat(execution["stopDate"].replace("Z", "+00:00"))
    if (datetime.now(timezone.utc) - ended).days >= REDRIVABLE_DAYS:
        return "Execution redrivable period exceeded"
    return None


def redrive_execution(data):
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html and
    https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html: the same ARN goes on at the state that
    did not succeed, with its input and the variables assigned before it, by the definition of the original attempt,
    retries counted from 0 and the machine's time-out from the start."""
    arn = data.get("executionArn") or ""
    if ":execution:" not in arn:
        return error_response_json("InvalidArn", f"Invalid Arn: '{arn}'", 400)
    execution = sfn._executions.get(arn)
    if execution is None:
        return error_response_json("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'", 400)
    machine = sfn._state_machines.get(execution["stateMachineArn"])
    if (machine or {}).get("type") == "EXPRESS":
        return error_response_json("ExecutionNotRedrivable", "RedriveExecution is not supported by EXPRESS", 400)
    with lock:
        tokens = execution.setdefault("_clientTokens", {})
        known = tokens.get(data.get("clientToken"))
        if known and time.monotonic() - known[0] < CLIENT_TOKEN_SECONDS:
            return json_response({"redriveDate": known[1]})
        reason = not_redrivable(execution)
        if reason:
            return error_response_json("ExecutionNotRedrivable", reason, 400)
        date = now_iso()
        execution["_redrives"] = execution.get("_redrives", 0) + 1
        execution["_redriveDate"] = date
        execution.update(status="RUNNING", output=None, error=None, cause=None, stopDate=None)
        if data.get("clientToken"):
            tokens[data["clientToken"]] = (time.monotonic(), date)
            while len(tokens) > CLIENT_TOKENS:
                del tokens[next(iter(tokens))]
        details = {"executionRedrivenEventDetails": {"redriveCount": execution["_redrives"]}}
        sfn._add_event(execution, "ExecutionRedriven", details)
    sfn._emit_execution_status_event(execution)
    threading.Thread(target=contextvars.copy_context().run, args=(sfn._run_execution, arn), daemon=True).start()
    return json_response({"redriveDate": date})


def handle_request(original):
    async def patched(method, path, headers, body, query_params):
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return sfn._finalize_response(redrive_execution(json.loads(body or b"{}")))
        return await original(method, path, headers, body, query_params)

    return patched


def redrive_fields(execution):
    fields = {"redriveCount": execution.get("_redrives", 0)}
    if execution.get("_redriveDate"):
        fields["redriveDate"] = execution["_redriveDate"]
    return fields


def describe_execution(original):
    def patched(data):
        response = original(data)
        execution = sfn._executions.get(data.get("executionArn"))
        if execution is None or execution.get("sync"):
            return response
        reason = not_redrivable(execution)
        fields = {**redrive_fields(execution), "redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE"}
        if reason:
            fields["redriveStatusReason"] = reason
        return json_response({**json.loads(response[2]), **fields})

    return patched


def list_executions(original):
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html: redriveCount and
    redriveDate of each, and the filter redriveFilter."""

    def patched(data):
        wanted, limit = data.get("redriveFilter"), int(data.get("maxResults") or 1000)
        found, query = [], dict(data)
        while True:
            response = original(query)
            if response[0] != 200:
                return response
            answer = json.loads(response[2])
            for item in answer["executions"]:
                item.update(redrive_fields(sfn._executions.get(item["executionArn"]) or {}))
                if not wanted or bool(item["redriveCount"]) == (wanted == "REDRIVEN"):
                    found.append(item)
            query["nextToken"] = answer.get("nextToken")
            if len(found) >= limit or not query["nextToken"]:
                break
        more = len(found) > limit or query["nextToken"]
        page = {"executions": found[:limit]}
        if more:
            page["nextToken"] = sfn._encode_execution_token(page["executions"][-1])
        return json_response(page)

    return patched


def emit_status_event(execution):
    """https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html: the redrive fields are the
    execution's, error and cause come with FAILED, TIMED_OUT and ABORTED alike. Sync and EXPRESS runs send none."""
    machine = sfn._state_machines.get(execution["stateMachineArn"]) or {}
    if execution.get("sync") or machine.get("type") == "EXPRESS":
        return
    from ministack.services import eventbridge

    status = execution["status"]
    reason = not_redrivable(execution)
    detail = {key: execution.get(key) for key in ("executionArn", "stateMachineArn", "name", "status", "input")}
    detail.update(
        startDate=sfn._iso_to_epoch_ms(execution.get("startDate")),
        stopDate=sfn._iso_to_epoch_ms(execution.get("stopDate")),
        inputDetails={"included": True},
        output=execution.get("output") if status == "SUCCEEDED" else None,
        outputDetails={"included": True} if status == "SUCCEEDED" else None,
        stateMachineVersionArn=None,
        stateMachineAliasArn=None,
        redriveCount=execution.get("_redrives", 0),
        redriveDate=sfn._iso_to_epoch_ms(execution.get("_redriveDate")),
        redriveStatus="NOT_REDRIVABLE" if reason else "REDRIVABLE",
        redriveStatusReason=reason,
        error=execution.get("error"),
        cause=execution.get("cause"),
    )
    for field in ("input", "output"):
        if detail[field] is not None and len(detail[field]) > sfn._STATUS_EVENT_PAYLOAD_CAP:
            detail[field], detail[f"{field}Details"] = None, {"included": False}
    entry = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(detail),
        "Resources": [execution["executionArn"]],
    }
    try:
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        # Best effort, as on AWS.
        sfn.logger.warning("no status event for %s", execution["executionArn"], exc_info=True)


def running():
    """How many executions run, in every account and region."""
    return sum(1 for execution in list(sfn._executions._data.values()) if execution["status"] == "RUNNING")


def tag_objects():
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html: a TagSet holds Tag elements. Without their
    name the emulator writes a body without tags."""
    sfn._S3_OP_SPECS["PutObjectTagging"]["list_members"] = {"TagSet": "Tag"}


def install():
    tag_objects()
    sfn._run_execution = run_execution
    sfn._emit_execution_status_event = emit_status_event
    for name, patch in (
        ("_start_execution", start_execution),
        ("_stop_execution", stop_execution),
        ("_add_event", add_event),
        ("_find_matching_retrier", find_matching_retrier),
        ("_error_matches", error_matches),
        ("_scaled_sleep", sleep),
        ("_invoke_resource", invoke_resource),
        ("_describe_execution", describe_execution),
        ("_list_executions", list_executions),
        ("handle_request", handle_request),
    ):
        setattr(sfn, name, patch(getattr(sfn, name)))
