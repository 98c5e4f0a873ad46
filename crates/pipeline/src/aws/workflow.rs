//! Step Functions: what became of an execution.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::Value;

use super::cause;
use crate::Error;
use crate::audit::Reason;

fn unavailable<E>(doing: &'static str) -> impl FnOnce(SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    move |error| Error::WorkflowUnavailable {
        doing,
        source: cause(error),
    }
}

/// An execution that failed, timed out or was aborted.
#[derive(Debug)]
pub struct Failure {
    /// The execution's input; null when it is no JSON.
    pub input: Value,
    /// Error, message and the state that failed.
    pub reason: Reason,
}

/// Step Functions, read only.
#[derive(Debug, Clone)]
pub struct Workflow {
    client: Client,
}

impl Workflow {
    /// Over the SDK's configuration.
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            client: Client::new(sdk),
        }
    }

    /// Why an execution ended without success; `None` when it did not (or is running again, after a redrive).
    ///
    /// # Errors
    /// [`Error::WorkflowUnavailable`].
    pub async fn failure(&self, execution: &str) -> Result<Option<Failure>, Error> {
        let described = self
            .client
            .describe_execution()
            .execution_arn(execution)
            .send()
            .await
            .map_err(unavailable("describe an execution"))?;
        let ended = match described.status() {
            ExecutionStatus::Failed => "States.TaskFailed",
            ExecutionStatus::TimedOut => "States.Timeout",
            ExecutionStatus::Aborted => "Aborted",
            _ => return Ok(None),
        };
        let reason = Reason {
            name: described.error().unwrap_or(ended).to_owned(),
            message: Reason::message(described.cause().unwrap_or_default()),
            state: self.last_state(execution).await?,
        };
        let input = described
            .input()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        Ok(Some(Failure { input, reason }))
    }

    /// The state that an execution entered last: the one that failed.
    async fn last_state(&self, execution: &str) -> Result<String, Error> {
        let mut pages = self
            .client
            .get_execution_history()
            .execution_arn(execution)
            .reverse_order(true)
            .include_execution_data(false)
            .max_results(100)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(unavailable("read an execution's history"))?;
            let entered = page
                .events()
                .iter()
                .find_map(|event| event.state_entered_event_details());
            if let Some(entered) = entered {
                return Ok(entered.name().to_owned());
            }
        }
        Ok(String::new())
    }
}
