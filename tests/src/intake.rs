//! The machine `intake`, made from the machine `scrub`: the same states as an Express workflow, with short retries, and around them
//! the hand-over of what failed to an execution of `scrub`. `tests/tests/intake.rs` writes and holds the file.

use serde_json::{Map, Value, json};

/// Time-out of an execution. It is below the five minutes that an Express execution may run, so that `intake` ends by its own
/// limit.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>
const TIMEOUT_SECONDS: u64 = 285;
/// The lease is longer than any execution, so a lease that has run out means that nobody works on the item.
const LEASE_MILLISECONDS: u64 = 360_000;
/// A retrier of `scrub` becomes this in `intake`. An error that lasts longer than seconds is left to a Standard execution.
const RETRY: [(&str, u64); 3] = [
    ("IntervalSeconds", 1),
    ("MaxAttempts", 2),
    ("MaxDelaySeconds", 5),
];
/// A function that is throttled is asked again for some two minutes: most bursts are over by then, and a hand-over at once would
/// only move the burst to Standard executions, which start by a lower quota (docs/capacity.md).
const THROTTLED: &str = "Lambda.TooManyRequestsException";
/// What the retrier of [`THROTTLED`] becomes.
const RETRY_THROTTLED: [(&str, u64); 3] = [
    ("IntervalSeconds", 2),
    ("MaxAttempts", 10),
    ("MaxDelaySeconds", 30),
];

/// The definition of `intake`.
///
/// # Panics
/// When `scrub` has not the shape that it is known to have; the test that calls this says so.
pub fn from_scrub(scrub: &Value) -> Value {
    let mut machine = scrub.as_object().expect("a state machine").clone();
    let lease = lease_of(scrub);
    let comment = "Made from scrub.asl.json by a command (CONTRIBUTING.md); do not edit. The same states as an Express workflow: \
                   retries are short, the lease is as long as an Express execution can be, and what fails is handed over to an \
                   execution of scrub, which an operator finds in the console (docs/protocol.md#two-ways-through).";
    machine.insert("Comment".into(), comment.into());
    machine.insert("TimeoutSeconds".into(), TIMEOUT_SECONDS.into());
    let states = machine["States"].as_object_mut().expect("states");
    for state in states.values_mut() {
        if state["Type"] == "Task" {
            short_retries(state);
            hand_over(state);
        }
        replace(state, &lease, &LEASE_MILLISECONDS.to_string());
    }
    states.extend(hand_over_states());
    Value::Object(machine)
}

/// The milliseconds of the lease that Claim writes, as they stand in its expression.
fn lease_of(scrub: &Value) -> String {
    let values = &scrub["States"]["Claim"]["Arguments"]["ExpressionAttributeValues"];
    let text = values.as_str().expect("Claim's values");
    let (_, behind) = text.split_once("$millis() + ").expect("Claim's lease");
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    assert!(!digits.is_empty(), "Claim's lease is a number");
    digits
}

fn short_retries(state: &mut Value) {
    let Some(retriers) = state["Retry"].as_array_mut() else {
        return;
    };
    for retrier in retriers.iter_mut() {
        let throttled = retrier["ErrorEquals"] == json!([THROTTLED]);
        for (field, value) in if throttled { RETRY_THROTTLED } else { RETRY } {
            retrier[field] = value.into();
        }
    }
}

/// Catches what no other catcher of a task takes.
fn hand_over(state: &mut Value) {
    let catcher = json!({
        "ErrorEquals": ["States.ALL"],
        "Assign": {
            "failure": {
                "name": "{% $states.errorOutput.Error %}",
                "cause": "{% $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : '' %}",
                "state": "{% $states.context.State.Name %}",
            },
        },
        "Next": "Release",
    });
    let state = state.as_object_mut().expect("a state");
    let catchers = state.entry("Catch").or_insert_with(|| json!([]));
    catchers.as_array_mut().expect("catchers").push(catcher);
}

fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::String(text) => *text = text.replace(old, new),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, old, new)),
        Value::Object(fields) => fields.values_mut().for_each(|item| replace(item, old, new)),
        _ => {}
    }
}

fn hand_over_states() -> Map<String, Value> {
    let dynamodb = json!([{
        "ErrorEquals": [
            "DynamoDB.ProvisionedThroughputExceededException",
            "DynamoDB.RequestLimitExceededException",
            "DynamoDB.ThrottlingException",
            "DynamoDB.InternalServerErrorException",
            "DynamoDB.AmazonDynamoDBException",
            "DynamoDB.SdkClientException",
            "States.Timeout",
        ],
        "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 4, "MaxDelaySeconds": 10, "JitterStrategy": "FULL",
    }]);
    let states = json!({
        "Release": {
            "Comment": "Write into the audit item what failed and where, and end this execution's lease, so that the claim lets the execution of scrub through. If that one never starts, reconcile finds the item. Only while the item is this execution's: another one may have taken it.",
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:updateItem",
            "Arguments": {
                "TableName": "${AuditTable}",
                "Key": {
                    "object": {"S": "{% $states.context.Execution.Input.detail.bucket.name & '/' & $states.context.Execution.Input.detail.object.key %}"},
                    "entry": {"S": "{% 'upload#' & $states.context.Execution.Input.detail.object.etag & ($exists($states.context.Execution.Input.detail.object.`version-id`) ? '#' & $states.context.Execution.Input.detail.object.`version-id` : '') %}"},
                },
                "UpdateExpression": "SET #updatedAt = :now, #leaseUntil = :over, #error = :error, #history = list_append(#history, :event)",
                "ConditionExpression": "#execution = :execution AND #status = :processing",
                "ExpressionAttributeNames": {
                    "#status": "status", "#updatedAt": "updatedAt", "#error": "error", "#history": "history",
                    "#leaseUntil": "leaseUntil", "#execution": "execution",
                },
                "ExpressionAttributeValues": {
                    ":processing": {"S": "PROCESSING"},
                    ":over": {"S": "{% $fromMillis($millis() - 60000) %}"},
                    ":now": {"S": "{% $now() %}"},
                    ":execution": {"S": "{% $states.context.Execution.Id %}"},
                    ":error": {"M": {
                        "name": {"S": "{% $failure.name %}"},
                        "message": {"S": "{% $substring($failure.cause, 0, 1000) %}"},
                        "state": {"S": "{% $failure.state %}"},
                    }},
                    ":event": {"L": [{"M": {
                        "at": {"S": "{% $now() %}"}, "status": {"S": "FAILED"},
                        "execution": {"S": "{% $states.context.Execution.Id %}"},
                    }}]},
                },
                "ReturnValues": "ALL_NEW",
            },
            "Assign": {"attempt": "{% $exists($states.result.Attributes.attempts.N) ? $states.result.Attributes.attempts.N : '0' %}"},
            "TimeoutSeconds": 15,
            "Retry": dynamodb,
            "Catch": [{
                "ErrorEquals": ["States.ALL"],
                "Assign": {"attempt": "0"},
                "Next": "HandOver",
            }],
            "Next": "HandOver",
        },
        "HandOver": {
            "Comment": "Start scrub with the same event. The name follows from the upload and the attempt, so that the same failure is handed over once. If this fails too, the execution fails: an alarm rings, and reconcile finds the item when its lease has run out.",
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Arguments": {
                "StateMachineArn": "${ScrubStateMachine}",
                "Name": "{% 'intake-' & $hash($states.context.Execution.Input.detail.bucket.name & '/' & $states.context.Execution.Input.detail.object.key & '#' & $states.context.Execution.Input.detail.object.etag & '#' & ($exists($states.context.Execution.Input.detail.object.`version-id`) ? $states.context.Execution.Input.detail.object.`version-id` : '') & '#' & ($exists($states.context.Execution.Input.detail.object.sequencer) ? $states.context.Execution.Input.detail.object.sequencer : ''), 'SHA-256') & '-' & $attempt %}",
                "Input": "{% $states.context.Execution.Input %}",
            },
            "TimeoutSeconds": 15,
            "Retry": [{
                "ErrorEquals": [
                    "StepFunctions.ExecutionLimitExceededException",
                    "StepFunctions.ThrottlingException",
                    "StepFunctions.SfnException",
                    "StepFunctions.SdkClientException",
                    "States.Timeout",
                ],
                "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 4, "MaxDelaySeconds": 10, "JitterStrategy": "FULL",
            }],
            "Catch": [{
                "ErrorEquals": ["StepFunctions.ExecutionAlreadyExistsException", "StepFunctions.ExecutionAlreadyExists"],
                "Next": "HandedOver",
            }],
            "Next": "HandedOver",
        },
        "HandedOver": {
            "Comment": "An execution of scrub has the upload now.",
            "Type": "Succeed",
            "Output": "{% {'status': 'HANDED_OVER', 'object': $states.context.Execution.Input.detail.bucket.name & '/' & $states.context.Execution.Input.detail.object.key} %}",
        },
    });
    match states {
        Value::Object(states) => states,
        _ => unreachable!("an object"),
    }
}
