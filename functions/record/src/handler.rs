//! Writes how an upload ended into the audit table; also the ends that no Catch sees, from Step Functions' own events.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit::{Findings, Outcome, Output, Reason, Status};
use scrubjay_pipeline::aws::{self, Audit, Recorded, Workflow};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::metrics::Metrics;
use scrubjay_pipeline::upload::{Upload, decode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Made once per cold start.
pub struct Deps {
    audit: Audit,
    workflow: Workflow,
    metrics: Metrics,
    retention_days: u32,
}

impl Deps {
    /// From `AUDIT_TABLE`, `STACK` and `RETENTION_DAYS` (0, the default, keeps items for ever).
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let table = env.required("AUDIT_TABLE");
        let stack = env.required("STACK");
        let retention_days = env.or("RETENTION_DAYS", 0);
        let sdk = aws::sdk_config();
        env.finish(Self {
            audit: Audit::new(&sdk, table),
            workflow: Workflow::new(&sdk),
            metrics: Metrics::new(stack),
            retention_days,
        })
    }

    /// Opens the connection to DynamoDB.
    pub async fn open(&self) {
        self.audit.open().await;
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

/// [`Input`] or a [`StatusChange`] in, [`Done`] out.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Done, Error> {
    let outcome = if input.get("detail-type").is_some() {
        let change: EventBridgeEvent<StatusChange> = decode(input)?;
        match failure(deps, &change.detail.execution_arn).await? {
            Some(outcome) => outcome,
            None => {
                return Ok(Done {
                    status: None,
                    current: false,
                });
            }
        }
    } else {
        let Input {
            upload,
            status,
            findings,
            output,
            error,
        } = decode(input)?;
        let error = error.map(|e| Reason {
            message: Reason::message(&e.cause),
            name: e.name,
            state: e.state,
        });
        Outcome {
            upload,
            status,
            findings,
            output,
            error,
        }
    };
    let recorded = deps
        .audit
        .record(&outcome, Timestamp::now(), deps.retention_days)
        .await?;
    deps.metrics.outcome(&outcome);
    Ok(Done {
        status: Some(outcome.status),
        current: recorded == Recorded::Written,
    })
}

/// How a failed execution is to be recorded; nothing for one that is running again (a redrive was quicker), that did not work
/// on an upload, or whose input is no event.
async fn failure(deps: &Deps, execution: &str) -> Result<Option<Outcome>, Error> {
    let Some(failure) = deps.workflow.failure(execution).await? else {
        return Ok(None);
    };
    match Upload::from_event(&failure.input, execution) {
        Ok(upload) => Ok(Some(Outcome {
            upload,
            status: Status::Failed,
            findings: None,
            output: None,
            error: Some(failure.reason),
        })),
        Err(error) => {
            tracing::error!(
                execution,
                error = error.name(),
                "a failed execution whose input names no upload"
            );
            Ok(None)
        }
    }
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
