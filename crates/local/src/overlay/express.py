"""Step Functions: Express workflows behave as AWS documents them, where the emulator treats them as Standard ones.

https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html: an execution runs for five minutes at
most, is started at least once, keeps no history that an API call shows, and cannot be redriven. Its names need not be
unique.
"""

import contextvars
import copy
import threading
import time

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, new_uuid, now_iso
from ministack.services import stepfunctions as sfn

from . import faults

# "Maximum execution time", https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
LONGEST_SECONDS = 300


def is_express(execution):
    return ":express:" in execution["executionArn"]


def start_execution(original):
    """Every call starts an execution of its own, also under a name that was used before. A fault to order starts it twice:
    https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html, "at-least-once workflow execution"."""

    def patched(data):
        arn = sfn._resolve_state_machine_arn(data.get("stateMachineArn", ""))
        machine = sfn._state_machines.get(arn) if arn else None
        if (machine or {}).get("type") != "EXPRESS":
            return original(data)
        execution = begin(arn, machine, data)
        rule = faults.first("express", {"target": arn}) if faults.rules else None
        if rule is not None:
            context = contextvars.copy_context()
            faults.count(1)
            threading.Thread(target=context.run, args=(again, rule, arn, machine, data), daemon=True).start()
        return json_response({"executionArn": execution["executionArn"], "startDate": execution["startDate"]})

    return patched


def again(rule, machine_arn, machine, data):
    try:
        time.sleep(rule.seconds())
        begin(machine_arn, machine, data)
    finally:
        faults.count(-1)


def begin(machine_arn, machine, data):
    name, started, text = data.get("name") or new_uuid(), now_iso(), data.get("input", "{}")
    arn = f"arn:aws:states:{get_region()}:{get_account_id()}:express:{machine['name']}:{name}:{new_uuid()}"
    details = {"input": text, "roleArn": machine["roleArn"]}
    execution = {
        "executionArn": arn,
        "stateMachineArn": machine_arn,
        "name": name,
        "status": "RUNNING",
        "startDate": started,
        "stopDate": None,
        "input": text,
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": {"included": True},
        "testCase": "",
        "mockAttempts": {},
        "encryptionConfiguration": copy.deepcopy(machine.get("encryptionConfiguration") or sfn._default_encryption()),
        "events": [
            {"id": 1, "type": "ExecutionStarted", "timestamp": started, "executionStartedEventDetails": details},
        ],
    }
    sfn._executions[arn] = execution
    run = contextvars.copy_context()
    threading.Thread(target=run.run, args=(sfn._run_execution, arn), daemon=True).start()
    return execution


def refuse_arn(original):
    """DescribeExecution, StopExecution, GetExecutionHistory and RedriveExecution: "This API action is not supported by
    EXPRESS state machines", so the ARN of an Express execution is none that they know."""

    def patched(data):
        if ":express:" in (data.get("executionArn") or ""):
            return error_response_json(
                "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'", 400
            )
        return original(data)

    return patched


def refuse_machine(original):
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html: StateMachineTypeNotSupported."""

    def patched(data):
        arn = sfn._resolve_state_machine_arn(data.get("stateMachineArn") or "")
        if arn and (sfn._state_machines.get(arn) or {}).get("type") == "EXPRESS":
            return error_response_json(
                "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine", 400
            )
        return original(data)

    return patched


def install():
    for name, patch in (
        ("_start_execution", start_execution),
        ("_describe_execution", refuse_arn),
        ("_stop_execution", refuse_arn),
        ("_get_execution_history", refuse_arn),
        ("_list_executions", refuse_machine),
    ):
        setattr(sfn, name, patch(getattr(sfn, name)))
