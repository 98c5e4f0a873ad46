//! Follows the machine `backfill`.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{ExecutionStatus, MapRunStatus};
use indicatif::{ProgressBar, ProgressStyle};
use scrubjay::show;
use scrubjay_pipeline::aws::BACKFILL;
use scrubjay_pipeline::reconcile::BackfillCounts;

use super::{Order, Report};
use crate::target::Target;

/// Between two questions, at first and later. An account may call `DescribeMapRun` and `ListMapRuns` once a second, and a hundred times
/// more in a burst (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
const SOON: Duration = Duration::from_millis(500);
const LATER: Duration = Duration::from_secs(5);
/// Questions without an answer, one after the other, before the command gives up.
const PATIENCE: u32 = 12;

/// The ARNs of the executions that run.
///
/// # Errors
/// When Step Functions does not answer.
pub async fn running(client: &Client, machine: &str) -> Result<Vec<String>> {
    let list = client
        .list_executions()
        .state_machine_arn(machine)
        .status_filter(ExecutionStatus::Running);
    let listed = list.send().await;
    let listed = listed.context("cannot list the executions of the machine backfill")?;
    let executions = listed.executions.into_iter().map(|e| e.execution_arn);
    Ok(executions.collect())
}

/// What an execution was asked for, if it runs.
///
/// # Errors
/// When Step Functions does not answer, or the order is none that this command gives.
pub async fn order_if_running(client: &Client, execution: &str) -> Result<Option<Order>> {
    let described = client.describe_execution().execution_arn(execution).send();
    let described = described
        .await
        .with_context(|| format!("cannot describe {execution}"))?;
    if described.status != ExecutionStatus::Running {
        return Ok(None);
    }
    let input = described.input.unwrap_or_default();
    let order = serde_json::from_str(&input).with_context(|| {
        format!("{execution} runs by an order that this command does not know; --stop stops it")
    })?;
    Ok(Some(order))
}

/// Waits for the execution's end, and shows how far it is.
///
/// # Errors
/// When Step Functions or the audit table does not answer for a while. The machine goes on.
pub async fn follow(target: &Target, execution: &str, dry_run: bool) -> Result<Report> {
    let mut watch = Watch {
        client: Client::new(target.sdk()),
        target,
        execution,
        over: HashMap::new(),
    };
    let bar = bar();
    let (mut refused, mut pause) = (0, SOON);
    loop {
        match watch.look(&bar, dry_run).await {
            Ok(Some(report)) => {
                bar.finish_and_clear();
                return Ok(report);
            }
            Ok(None) => refused = 0,
            Err(error) => {
                refused += 1;
                if refused == PATIENCE {
                    return Err(error.context(
                        "the backfill can be followed no longer; it goes on, and the same command follows it again",
                    ));
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = LATER.min(pause.mul_f64(1.25));
    }
}

struct Watch<'a> {
    client: Client,
    target: &'a Target,
    execution: &'a str,
    /// Map Runs that have ended, and their keys.
    over: HashMap<String, Keys>,
}

impl Watch<'_> {
    /// Shows how far it is; the report once it has ended.
    async fn look(&mut self, bar: &ProgressBar, dry_run: bool) -> Result<Option<Report>> {
        let execution = self.execution;
        let describe = self.client.describe_execution().execution_arn(execution);
        let described = describe.send().await;
        let described = described.with_context(|| format!("cannot describe {execution}"))?;
        let counts = counts(self.target, execution).await?;
        let keys = self.keys().await?;
        bar.set_length(keys.all);
        bar.set_position(keys.done + keys.failed);
        bar.set_message(format!(
            "{} started, {} failed",
            counts.started, keys.failed
        ));
        if described.status == ExecutionStatus::Running {
            return Ok(None);
        }
        let (from, to) = (described.start_date.secs(), described.stop_date);
        Ok(Some(Report {
            execution: execution.to_owned(),
            results: self.target.output("ReportsBucket")?.to_owned(),
            status: described.status.as_str().to_owned(),
            dry_run,
            counts,
            failed: keys.failed,
            seconds: to.map_or(0, |to| to.secs() - from),
            cause: described.cause.or(described.error),
        }))
    }

    /// What the execution's Map Runs say. Their items are keys.
    async fn keys(&mut self) -> Result<Keys> {
        let mut keys = Keys::default();
        let list = self.client.list_map_runs().execution_arn(self.execution);
        for run in list
            .send()
            .await
            .context("cannot list the Map Runs")?
            .map_runs
        {
            let arn = run.map_run_arn;
            let of_run = match self.over.get(&arn) {
                Some(known) => *known,
                None => self.keys_of(&arn).await?,
            };
            keys.all += of_run.all;
            keys.done += of_run.done;
            keys.failed += of_run.failed;
        }
        Ok(keys)
    }

    async fn keys_of(&mut self, arn: &str) -> Result<Keys> {
        let run = self.client.describe_map_run().map_run_arn(arn).send();
        let run = run
            .await
            .with_context(|| format!("cannot describe {arn}"))?;
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        let keys = run.item_counts.map_or_else(Keys::default, |items| Keys {
            all: number(items.total),
            done: number(items.succeeded),
            failed: number(items.failed) + number(items.timed_out),
        });
        if run.status != MapRunStatus::Running {
            self.over.insert(arn.to_owned(), keys);
        }
        Ok(keys)
    }
}

/// Keys of both listings, or of the inventory and bucket B's listing.
#[derive(Default, Clone, Copy)]
struct Keys {
    all: u64,
    done: u64,
    failed: u64,
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style =
        ProgressStyle::with_template("{bar:24} {human_pos} of {human_len} keys, {msg}, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// What the batches have come to so far.
async fn counts(target: &Target, execution: &str) -> Result<BackfillCounts> {
    let table = target.output("AuditTable")?;
    let client = aws_sdk_dynamodb::Client::new(target.sdk());
    let get = client
        .get_item()
        .table_name(table)
        .key("object", AttributeValue::S(BACKFILL.to_owned()))
        .key(
            "entry",
            AttributeValue::S(show::execution(execution).to_owned()),
        )
        .send();
    let item = get
        .await
        .with_context(|| format!("cannot read {table}"))?
        .item;
    match item {
        Some(item) => serde_dynamo::from_item(item).context("the counts cannot be read"),
        None => Ok(BackfillCounts::default()),
    }
}
