//! Records how executions ended. Record and Reconcile share this code, so that a failure is recorded in the same way by both.

use aws_config::SdkConfig;
use jiff::Timestamp;

use super::events::Announcer;
use super::{Audit, ExecutionState, Executions, Recorded};
use crate::Error;
use crate::audit::{Outcome, Status};
use crate::config::Lookup;
use crate::metrics::Metrics;
use crate::upload::Upload;

/// Writes audit items and the metrics of outcomes, and asks for the state of executions.
#[derive(Debug)]
pub struct Recorder {
    audit: Audit,
    announcer: Announcer,
    executions: Executions,
    metrics: Metrics,
    retention_days: u32,
}

/// What [`Recorder::record_if_failed`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureCheck {
    /// It has not ended.
    Running,
    /// It succeeded, and has therefore recorded its own end.
    Succeeded,
    /// It failed, timed out or was aborted; this is recorded now.
    Failed(Recorded),
    /// It failed, and its input is not an upload's event.
    NotAnUpload,
    /// Step Functions does not know the execution.
    Unknown,
}

impl Recorder {
    /// From `AUDIT_TABLE`, `STACK` and `RETENTION_DAYS` (0, the default, keeps items for ever).
    pub fn new<F: Fn(&str) -> Option<String>>(sdk: &SdkConfig, env: &mut Lookup<F>) -> Self {
        Self {
            audit: Audit::new(sdk, env.required("AUDIT_TABLE")),
            announcer: Announcer::new(sdk),
            executions: Executions::new(sdk),
            metrics: Metrics::new(env.required("STACK")),
            retention_days: env.or("RETENTION_DAYS", 0),
        }
    }

    /// Opens the connection to DynamoDB.
    pub async fn open(&self) {
        self.audit.open().await;
    }

    /// Writes how an upload ended, announces it unless the item belongs to another execution by now, and counts it. It is
    /// written before it is announced, so that whoever receives the announcement finds it in the table.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`], [`Error::EventsUnavailable`]. The call may be repeated after either.
    pub async fn record(&self, outcome: &Outcome) -> Result<Recorded, Error> {
        let now = Timestamp::now();
        let recorded = self.audit.record(outcome, now, self.retention_days).await?;
        match recorded {
            Recorded::Written => self.announcer.settled(outcome).await?,
            // Subscribers must learn what bucket B shows. The execution that published the upload could not announce it,
            // because the item did not belong to it.
            Recorded::Shown => {
                let shown = Outcome {
                    status: Status::Cleaned,
                    error: None,
                    ..outcome.clone()
                };
                self.announcer.settled(&shown).await?;
            }
            Recorded::Overtaken => {}
        }
        self.metrics.outcome(outcome);
        Ok(recorded)
    }

    /// Asks Step Functions for the state of an execution, and records FAILED if it failed, timed out or was aborted. No Catch sees
    /// the last two.
    ///
    /// # Errors
    /// [`Error::WorkflowUnavailable`], [`Error::AuditUnavailable`], [`Error::EventsUnavailable`].
    pub async fn record_if_failed(&self, execution: &str) -> Result<FailureCheck, Error> {
        let failure = match self.executions.state_of(execution).await? {
            ExecutionState::Running => return Ok(FailureCheck::Running),
            ExecutionState::Succeeded => return Ok(FailureCheck::Succeeded),
            ExecutionState::Unknown => return Ok(FailureCheck::Unknown),
            ExecutionState::Failed(failure) => failure,
        };
        match Upload::from_event(&failure.input, execution) {
            Ok(upload) => {
                let outcome = Outcome {
                    upload,
                    status: Status::Failed,
                    findings: None,
                    output: None,
                    error: Some(failure.reason),
                    ended: failure.ended,
                    redrives: failure.redrives,
                };
                Ok(FailureCheck::Failed(self.record(&outcome).await?))
            }
            Err(error) => {
                tracing::error!(
                    execution,
                    error = error.name(),
                    "a failed execution whose input names no upload"
                );
                Ok(FailureCheck::NotAnUpload)
            }
        }
    }
}
