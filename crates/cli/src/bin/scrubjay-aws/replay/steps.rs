//! How one execution or event is put through again.

use anyhow::{Context, Result, anyhow};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::operation::redrive_execution::RedriveExecutionError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::{ExecutionRedriveStatus, ExecutionStatus};
use scrubjay_pipeline::audit::Status;
use scrubjay_pipeline::aws::{Bucket, s3_client};
use scrubjay_pipeline::reconcile::created;
use scrubjay_pipeline::upload::{Suffixes, Upload};
use serde_json::Value;

use super::report::{Action, Row};
use super::{How, Only, replay_name};
use crate::audit::{Item, Table};
use crate::target::Target;

/// Longest chain of replays of replays that is followed by name.
const CHAIN: u32 = 8;

/// Something to put through again.
#[derive(Debug)]
pub enum Work {
    /// An execution that has failed, and the audit item that says so.
    Execution {
        /// Its ARN.
        arn: String,
        /// Which knows the upload even when Step Functions has forgotten the execution.
        item: Option<Box<Item>>,
    },
    /// An event that a machine is to begin with.
    Event {
        /// The key in bucket A.
        about: String,
        /// ARN of the machine.
        machine: String,
        /// Name of the execution: the same for the same event.
        name: String,
        /// The event.
        input: Value,
    },
    /// Nothing that could be done.
    Impossible(Row),
}

/// What replaying needs.
#[derive(Debug)]
pub struct Replay {
    pub sfn: Client,
    pub table: Table,
    pub source: Bucket,
    /// Which keys the stack takes.
    pub suffixes: Suffixes,
    /// ARNs of the machines.
    pub scrub: String,
    pub retract: String,
    pub dry_run: bool,
    pub(super) anew: bool,
    error: Option<String>,
    prefix: Option<String>,
}

impl Replay {
    /// Over a stack.
    pub fn new(target: &Target, how: &How, only: &Only, page_size: Option<u16>) -> Result<Self> {
        let sdk = target.sdk();
        let source = target.output("SourceBucket")?.to_owned();
        Ok(Self {
            sfn: Client::new(sdk),
            table: Table::new(sdk, target.output("AuditTable")?, page_size),
            source: Bucket::new(s3_client(sdk), source),
            suffixes: target.suffixes()?,
            scrub: target.output("StateMachineArn")?.to_owned(),
            retract: target.output("RetractStateMachineArn")?.to_owned(),
            dry_run: how.dry_run,
            anew: how.anew,
            error: only.error.as_ref().map(|error| error.as_str().to_owned()),
            prefix: only.prefix.clone(),
        })
    }

    /// Puts one through; what cannot be is a row that says so.
    ///
    /// # Errors
    /// When AWS refuses or does not answer; the next replay would fail in the same way.
    pub async fn put_through(&self, work: Work) -> Result<Option<Row>> {
        Ok(Some(match work {
            Work::Execution { arn, item } => {
                Box::pin(self.execution(&arn, item.as_deref(), 0)).await?
            }
            Work::Event {
                about,
                machine,
                name,
                input,
            } => {
                let start = Start {
                    about: &about,
                    machine: &machine,
                    name: &name,
                    input: &input,
                };
                Box::pin(self.start(start, 0)).await?
            }
            Work::Impossible(row) => row,
        }))
    }

    async fn execution(&self, arn: &str, item: Option<&Item>, depth: u32) -> Result<Row> {
        let Some(described) = self.describe(arn).await? else {
            return self.forgotten(arn, item, depth).await;
        };
        let input = described.input().unwrap_or_default();
        let input: Value = serde_json::from_str(input).unwrap_or_default();
        let key = input["detail"]["object"]["key"].as_str();
        let about = key.unwrap_or(arn).to_owned();
        let upload = Upload::from_event(&input, arn).ok();
        let named = upload.as_ref().map(|u| (u.object(), u.entry()));
        let row = |action| {
            let mut row = Row::new(&about, action).by(arn);
            row.item.clone_from(&named);
            row
        };
        match described.status() {
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive => {
                return Ok(row(Action::AlreadyRunning));
            }
            ExecutionStatus::Succeeded => {
                return self.succeeded(row(Action::AlreadyDone), arn, depth).await;
            }
            _ => {}
        }
        if !self.asked_for(described.error(), key) {
            return Ok(row(Action::NotAskedFor));
        }
        let redrivable = described.redrive_status() == Some(&ExecutionRedriveStatus::Redrivable);
        if redrivable && !self.anew {
            let token = described.redrive_count().unwrap_or_default().to_string();
            if self.redrive(arn, &token).await? {
                return Ok(row(Action::Redriven));
            }
            // Somebody else has redriven it meanwhile, or its 14 days have just run out.
            if let Some(now) = self.describe(arn).await?
                && matches!(
                    now.status(),
                    ExecutionStatus::Running | ExecutionStatus::PendingRedrive
                )
            {
                return Ok(row(Action::AlreadyRunning));
            }
        }
        let input = match &upload {
            Some(upload) => self.unclaimed(upload, input).await?,
            None => input,
        };
        let start = Start {
            about: &about,
            machine: described.state_machine_arn(),
            name: &replay_name(&["replay", arn]),
            input: &input,
        };
        self.start(start, depth).await
    }

    /// An execution that ended as it should has nothing to replay, unless its upload says otherwise (a table that was restored).
    async fn succeeded(&self, row: Row, arn: &str, depth: u32) -> Result<Row> {
        let Some((object, entry)) = &row.item else {
            return Ok(row);
        };
        match self.table.item(object, entry).await? {
            Some(item) if item.status == Status::Failed && item.execution == arn => {
                self.forgotten(arn, Some(&item), depth).await
            }
            _ => Ok(row),
        }
    }

    /// Step Functions has forgotten the execution, or knows better than the item: the upload is done again, from what the item
    /// says of it and without a sequencer, so that nothing that was admitted meanwhile is in the way.
    async fn forgotten(&self, arn: &str, item: Option<&Item>, depth: u32) -> Result<Row> {
        let Some(item) = item else {
            return Ok(Row::new(arn, Action::Impossible)
                .because("Step Functions knows no such execution: older than 90 days, or another account or region"));
        };
        let (bucket, key) = item.object.split_once('/').unwrap_or_default();
        let start = Start {
            about: key,
            machine: &self.scrub,
            name: &replay_name(&["replay", &item.object, &item.entry, arn]),
            input: &created(bucket, key, &item.etag, item.version_id.as_deref()),
        };
        self.start(start, depth).await
    }

    /// The input of a new execution. An execution whose failure was never recorded still holds the claim. The new one
    /// has no sequencer, so that the claim lets it through.
    async fn unclaimed(&self, upload: &Upload, input: Value) -> Result<Value> {
        let item = self.table.item(&upload.object(), &upload.entry()).await?;
        let held = item.is_some_and(|item| {
            item.status == Status::Processing && item.execution == upload.execution
        });
        Ok(if held {
            let version = upload.version_id.as_deref();
            created(&upload.bucket, &upload.key, &upload.etag, version)
        } else {
            input
        })
    }

    fn asked_for(&self, error: Option<&str>, key: Option<&str>) -> bool {
        let error = self
            .error
            .as_deref()
            .is_none_or(|wanted| error == Some(wanted));
        let prefix = self.prefix.as_deref();
        error && prefix.is_none_or(|prefix| key.is_some_and(|key| key.starts_with(prefix)))
    }

    /// `None` when Step Functions does not know it
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>).
    pub async fn describe(&self, arn: &str) -> Result<Option<DescribeExecutionOutput>> {
        match self
            .sfn
            .describe_execution()
            .execution_arn(arn)
            .send()
            .await
        {
            Ok(described) => Ok(Some(described)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_execution_does_not_exist() || e.is_invalid_arn()) =>
            {
                Ok(None)
            }
            Err(error) => Err(refused(&error, "DescribeExecution")),
        }
    }

    /// Whether the execution continues now. `token` makes two redrives of it at the same time count as one
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html>).
    async fn redrive(&self, arn: &str, token: &str) -> Result<bool> {
        if self.dry_run {
            return Ok(true);
        }
        let redrive = self.sfn.redrive_execution().execution_arn(arn);
        let redrive = redrive.client_token(replay_name(&["redrive", arn, token]));
        match redrive.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(RedriveExecutionError::is_execution_not_redrivable) =>
            {
                Ok(false)
            }
            Err(error) => Err(refused(&error, "RedriveExecution")),
        }
    }

    /// Starts an execution, or handles the one that already has the name
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>: a name is used once in 90 days).
    async fn start(&self, start: Start<'_>, depth: u32) -> Result<Row> {
        let arn = execution_arn(start.machine, start.name)
            .with_context(|| format!("{} is no ARN of a state machine", start.machine))?;
        if depth >= CHAIN {
            return Ok(Row::new(start.about, Action::Impossible)
                .by(arn)
                .because("replayed too often: look at the execution"));
        }
        let mut row = Row::new(start.about, Action::Started).by(&arn);
        row.item = Upload::from_event(start.input, &arn)
            .ok()
            .map(|u| (u.object(), u.entry()));
        if self.dry_run {
            // A dry run starts nothing: it only asks whether an execution of this name exists.
            return match self.describe(&arn).await? {
                None => Ok(row),
                Some(_) => Box::pin(self.execution(&arn, None, depth + 1)).await,
            };
        }
        let request = self
            .sfn
            .start_execution()
            .state_machine_arn(start.machine)
            .name(start.name)
            .input(start.input.to_string());
        match request.send().await {
            Ok(_) => Ok(row),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(StartExecutionError::is_execution_already_exists) =>
            {
                Box::pin(self.execution(&arn, None, depth + 1)).await
            }
            Err(error) => Err(refused(&error, "StartExecution")),
        }
    }
}

/// An execution to start.
struct Start<'a> {
    about: &'a str,
    machine: &'a str,
    name: &'a str,
    input: &'a Value,
}

/// The ARN that an execution of a STANDARD machine gets: `arn:…:stateMachine:M` and `N` make `arn:…:execution:M:N`.
fn execution_arn(machine: &str, name: &str) -> Option<String> {
    let (before, machine) = machine.split_once(":stateMachine:")?;
    // A version or an alias is no part of an execution's ARN.
    let machine = machine.split(':').next()?;
    Some(format!("{before}:execution:{machine}:{name}"))
}

/// The error with the service's code, from which users see what to do.
pub fn refused<E>(error: &SdkError<E>, call: &str) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), message) => anyhow!("{call}: {code}: {}", message.unwrap_or_default()),
        _ => anyhow!("{call}: {}", DisplayErrorContext(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::execution_arn;

    #[test]
    fn an_execution_has_its_machines_name() {
        let machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:scrubjay-dev-scrub";
        let wanted = "arn:aws:states:eu-west-1:123456789012:execution:scrubjay-dev-scrub:n";
        assert_eq!(execution_arn(machine, "n").as_deref(), Some(wanted));
        assert_eq!(
            execution_arn(&format!("{machine}:3"), "n").as_deref(),
            Some(wanted)
        );
        assert_eq!(execution_arn("arn:aws:s3:::bucket", "n"), None);
    }
}
