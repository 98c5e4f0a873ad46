//! Writes ends down: what Record and Reconcile have in common, so that a failure is recorded alike whoever finds it.

use aws_config::SdkConfig;
use jiff::Timestamp;

use super::{Audit, Fate, Recorded, Workflow};
use crate::Error;
use crate::audit::{Outcome, Status};
use crate::config::Lookup;
use crate::metrics::Metrics;
use crate::upload::Upload;

/// The audit table, Step Functions and the metrics of a stack.
#[derive(Debug)]
pub struct Recorder {
    audit: Audit,
    workflow: Workflow,
    metrics: Metrics,
    retention_days: u32,
}

/// What an execution's end came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It has not ended.
    Running,
    /// It ended as it should, and so has recorded its own end.
    Succeeded,
    /// It failed, timed out or was aborted, and that is recorded now.
    Failed(Recorded),
    /// It failed, and its input names no upload.
    Nameless,
    /// Step Functions does not know it.
    Gone,
}

impl Recorder {
    /// From `AUDIT_TABLE`, `STACK` and `RETENTION_DAYS` (0, the default, keeps items for ever).
    pub fn new<F: Fn(&str) -> Option<String>>(sdk: &SdkConfig, env: &mut Lookup<F>) -> Self {
        Self {
            audit: Audit::new(sdk, env.required("AUDIT_TABLE")),
            workflow: Workflow::new(sdk),
            metrics: Metrics::new(env.required("STACK")),
            retention_days: env.or("RETENTION_DAYS", 0),
        }
    }

    /// The audit table.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Step Functions.
    pub fn workflow(&self) -> &Workflow {
        &self.workflow
    }

    /// The metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Writes how an upload ended, and counts it.
    ///
    /// # Errors
    /// [`Error::AuditUnavailable`].
    pub async fn record(&self, outcome: &Outcome) -> Result<Recorded, Error> {
        let now = Timestamp::now();
        let recorded = self.audit.record(outcome, now, self.retention_days).await?;
        self.metrics.outcome(outcome);
        Ok(recorded)
    }

    /// Asks what became of an execution, and records it if it failed, timed out or was aborted: no Catch sees the last two.
    ///
    /// # Errors
    /// [`Error::WorkflowUnavailable`], [`Error::AuditUnavailable`].
    pub async fn follow(&self, execution: &str) -> Result<Ended, Error> {
        let failure = match self.workflow.fate(execution).await? {
            Fate::Running => return Ok(Ended::Running),
            Fate::Succeeded => return Ok(Ended::Succeeded),
            Fate::Gone => return Ok(Ended::Gone),
            Fate::Failed(failure) => failure,
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
                };
                Ok(Ended::Failed(self.record(&outcome).await?))
            }
            Err(error) => {
                tracing::error!(
                    execution,
                    error = error.name(),
                    "a failed execution whose input names no upload"
                );
                Ok(Ended::Nameless)
            }
        }
    }
}
