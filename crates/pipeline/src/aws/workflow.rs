//! Step Functions: the state of executions, and starting new ones.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
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
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How often it was redriven.
    pub redrives: u32,
}

/// The state of an execution.
#[derive(Debug)]
pub enum ExecutionState {
    /// It runs, or waits for a redrive to begin.
    Running,
    /// It succeeded.
    Succeeded,
    /// It failed, timed out or was aborted.
    Failed(Failure),
    /// Step Functions does not know it: its history is older than 90 days, or the machine was deleted and created again.
    Unknown,
}

/// Asks for the state of executions, and can start none.
#[derive(Debug, Clone)]
pub struct Executions {
    client: Client,
}

impl Executions {
    /// Uses the SDK's configuration.
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            client: Client::new(sdk),
        }
    }

    /// The state of an execution
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>).
    ///
    /// # Errors
    /// [`Error::WorkflowUnavailable`].
    pub async fn state_of(&self, execution: &str) -> Result<ExecutionState, Error> {
        let described = self
            .client
            .describe_execution()
            .execution_arn(execution)
            .send()
            .await;
        let described = match described {
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_execution_does_not_exist() || e.is_invalid_arn()) =>
            {
                return Ok(ExecutionState::Unknown);
            }
            other => other.map_err(unavailable("describe an execution"))?,
        };
        let unnamed = match described.status() {
            ExecutionStatus::Failed => "States.TaskFailed",
            ExecutionStatus::TimedOut => "States.Timeout",
            ExecutionStatus::Aborted => "Aborted",
            ExecutionStatus::Succeeded => return Ok(ExecutionState::Succeeded),
            _ => return Ok(ExecutionState::Running),
        };
        let reason = Reason {
            name: described.error().unwrap_or(unnamed).to_owned(),
            message: Reason::message(described.cause().unwrap_or_default()),
            state: self.last_state(execution).await?,
        };
        let input = described
            .input()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let ended = described
            .stop_date()
            .and_then(|at| Timestamp::new(at.secs(), at.subsec_nanos().cast_signed()).ok());
        Ok(ExecutionState::Failed(Failure {
            input,
            reason,
            ended,
            redrives: described
                .redrive_count()
                .unwrap_or(0)
                .max(0)
                .cast_unsigned(),
        }))
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

/// Starts executions: what Reconcile holds.
#[derive(Debug, Clone)]
pub struct ExecutionStarter {
    client: Client,
}

impl ExecutionStarter {
    /// Uses the SDK's configuration.
    pub fn new(sdk: &SdkConfig) -> Self {
        Self {
            client: Client::new(sdk),
        }
    }

    /// Starts an execution under a name that can be used once, so that a repeated call is harmless. Returns false if Step
    /// Functions refuses the name because an earlier call has used it
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>: a call with the name and
    /// input of a running execution succeeds with its ARN; any other use of a name within 90 days is refused).
    ///
    /// # Errors
    /// [`Error::WorkflowUnavailable`].
    pub async fn start(&self, machine: &str, name: &str, input: &Value) -> Result<bool, Error> {
        let start = self
            .client
            .start_execution()
            .state_machine_arn(machine)
            .name(name)
            .input(input.to_string());
        match start.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(StartExecutionError::is_execution_already_exists) =>
            {
                Ok(false)
            }
            Err(error) => Err(unavailable("start an execution")(error)),
        }
    }
}
