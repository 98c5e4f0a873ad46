//! Writes how an upload ended into the audit table. Ends that no Catch sees, such as time-outs, arrive as status-change events
//! of Step Functions.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit::{Findings, Outcome, Output, Reason, Status};
use scrubjay_pipeline::aws::{self, FailureCheck, Recorded, Recorder};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::upload::{Upload, decode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Made once per cold start.
pub struct Deps {
    recorder: Recorder,
}

impl Deps {
    /// From what [`Recorder`] needs.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let recorder = Recorder::new(&aws::sdk_config(), &mut env);
        env.finish(Self { recorder })
    }

    /// Opens the connection to DynamoDB.
    pub async fn open(&self) {
        self.recorder.open().await;
    }
}

/// From the state machine: the upload, how it ended, and what the states before found out.
#[derive(Deserialize)]
struct Input {
    upload: Upload,
    status: Status,
    #[serde(default)]
    findings: Option<Findings>,
    #[serde(default)]
    output: Option<Output>,
    #[serde(default)]
    error: Option<Caught>,
    /// How often the execution was redriven.
    #[serde(default)]
    redrives: u32,
}

/// What a Catch saw.
#[derive(Deserialize)]
struct Caught {
    name: String,
    #[serde(default)]
    cause: String,
    state: String,
}

/// The detail of *Step Functions Execution Status Change*
/// (<https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html>).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusChange {
    execution_arn: String,
}

/// What was written.
#[derive(Serialize)]
pub struct Done {
    status: Option<Status>,
    /// Whether the item is still this execution's.
    current: bool,
}

/// [`Input`] or a [`StatusChange`] in, [`Done`] out. Nothing is written about an execution that is running again (it was
/// redriven before the event came), that did not work on an upload, or whose input is no event.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Done, Error> {
    if input.get("detail-type").is_some() {
        let change: EventBridgeEvent<StatusChange> = decode(input)?;
        let ended = deps
            .recorder
            .record_if_failed(&change.detail.execution_arn)
            .await?;
        return Ok(match ended {
            FailureCheck::Failed(recorded) => Done {
                status: Some(Status::Failed),
                current: recorded == Recorded::Written,
            },
            FailureCheck::Running
            | FailureCheck::Succeeded
            | FailureCheck::NotAnUpload
            | FailureCheck::Unknown => Done {
                status: None,
                current: false,
            },
        });
    }
    let Input {
        upload,
        status,
        findings,
        output,
        error,
        redrives,
    } = decode(input)?;
    let outcome = Outcome {
        upload,
        status,
        findings,
        output,
        error: error.map(|e| Reason {
            message: Reason::message(&e.cause),
            name: e.name,
            state: e.state,
        }),
        ended: None,
        redrives,
    };
    let recorded = deps.recorder.record(&outcome).await?;
    Ok(Done {
        status: Some(status),
        current: recorded == Recorded::Written,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_events_decode() {
        let cleaned: Value =
            serde_json::from_str(include_str!("../../../events/record.json")).unwrap();
        assert_eq!(decode::<Input>(&cleaned).unwrap().status, Status::Cleaned);
        let rejected: Value =
            serde_json::from_str(include_str!("../../../events/record-rejected.json")).unwrap();
        let error = decode::<Input>(&rejected).unwrap().error.unwrap();
        assert_eq!(
            Reason::message(&error.cause),
            "not a JPEG: a PNG image at byte 0"
        );
        let failed: Value =
            serde_json::from_str(include_str!("../../../events/execution-failed.json")).unwrap();
        let change: EventBridgeEvent<StatusChange> = decode(&failed).unwrap();
        let input: Value =
            serde_json::from_str(failed["detail"]["input"].as_str().unwrap()).unwrap();
        assert!(Upload::from_event(&input, &change.detail.execution_arn).is_ok());
    }
}
