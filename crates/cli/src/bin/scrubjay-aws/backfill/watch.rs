//! Follows the machine `backfill`.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::ExecutionStatus;
use indicatif::{ProgressBar, ProgressStyle};
use scrubjay::show;
use scrubjay_pipeline::aws::BACKFILL;
use scrubjay_pipeline::reconcile::BackfillCounts;

use super::{Order, Report};
use crate::target::Target;

/// Between two questions.
const EVERY: Duration = Duration::from_secs(1);

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

/// What an execution was asked for.
///
/// # Errors
/// When Step Functions does not answer, or the order is none that this command gives.
pub async fn order(client: &Client, execution: &str) -> Result<Order> {
    let described = client.describe_execution().execution_arn(execution).send();
    let described = described
        .await
        .with_context(|| format!("cannot describe {execution}"))?;
    let input = described.input.unwrap_or_default();
    serde_json::from_str(&input).with_context(|| {
        format!("{execution} runs by an order that this command does not know; --stop stops it")
    })
}

/// Waits for the execution's end, and shows how far it is.
///
/// # Errors
/// When Step Functions or the audit table does not answer.
pub async fn follow(target: &Target, execution: &str) -> Result<Report> {
    let client = Client::new(target.sdk());
    let order = order(&client, execution).await?;
    let bar = bar();
    loop {
        let described = client.describe_execution().execution_arn(execution).send();
        let described = described
            .await
            .with_context(|| format!("cannot describe {execution}"))?;
        let counts = counts(target, execution).await?;
        let keys = keys(&client, execution).await?;
        bar.set_length(keys.all);
        bar.set_position(keys.done + keys.failed);
        bar.set_message(format!(
            "{} started, {} failed",
            counts.started, keys.failed
        ));
        if described.status != ExecutionStatus::Running {
            bar.finish_and_clear();
            let (from, to) = (described.start_date.secs(), described.stop_date);
            return Ok(Report {
                execution: execution.to_owned(),
                results: target.output("ReportsBucket")?.to_owned(),
                status: described.status.as_str().to_owned(),
                dry_run: order.dry_run,
                counts,
                failed: keys.failed,
                seconds: to.map_or(0, |to| to.secs() - from),
                cause: described.cause.or(described.error),
            });
        }
        tokio::time::sleep(EVERY).await;
    }
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

/// Keys of both listings, or of the inventory and bucket B's listing.
#[derive(Default)]
struct Keys {
    all: u64,
    done: u64,
    failed: u64,
}

/// What the execution's Map Runs say. Their items are keys.
async fn keys(client: &Client, execution: &str) -> Result<Keys> {
    let mut keys = Keys::default();
    let runs = client.list_map_runs().execution_arn(execution).send().await;
    for run in runs.context("cannot list the Map Runs")?.map_runs {
        let run = client
            .describe_map_run()
            .map_run_arn(&run.map_run_arn)
            .send()
            .await
            .with_context(|| format!("cannot describe {}", run.map_run_arn))?;
        let Some(items) = run.item_counts else {
            continue;
        };
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        keys.all += number(items.total);
        keys.done += number(items.succeeded);
        keys.failed += number(items.failed) + number(items.timed_out);
    }
    Ok(keys)
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
