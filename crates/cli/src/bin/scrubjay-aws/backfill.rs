//! `scrubjay backfill`: what was in bucket A before the stack was, and full comparisons.

mod inventory;
mod watch;

use std::fmt;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use scrubjay::show;
use scrubjay_pipeline::reconcile::BackfillCounts;
use serde::{Deserialize, Serialize};

use crate::target::{Target, TargetArgs};

/// Treat what was in bucket A before scrubjay came, and compare both buckets in full
///
/// Starts the state machine `backfill`, or follows the one that runs. It goes through every key of both buckets and compares each with
/// the audit table by the rules of reconcile: what bucket A holds and nothing explains is treated as an upload, what bucket B shows
/// and bucket A no longer has is removed. Nothing is done twice. Stopping this command leaves the machine at work: the same
/// command follows it again, and --stop stops it; started anew, it finds what was done and does the rest. What changed lately is left to its event.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  scrubjay backfill --dry-run --env prod              # how many there are
  scrubjay backfill --env prod --rate 50
  scrubjay backfill --prefix archive/2019/ --env prod
  scrubjay backfill --inventory s3://REPORTS/inventory/A/photos/2026-11-22T01-00Z/manifest.json
  scrubjay backfill --stop --env prod

Exit codes: 0 done, 1 something was not compared or it was stopped, 2 usage.")]
pub struct Args {
    /// Only keys that begin so
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// Take the keys of bucket A from this S3 Inventory, in CSV, instead of listing the bucket
    #[arg(long, value_name = "s3://BUCKET/KEY")]
    inventory: Option<inventory::Place>,
    /// Executions that are started in a second, at most. The machine keeps it, whatever becomes of this command
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// Executions that your account carries in a second, where AWS has raised its quotas; docs/capacity.md has the defaults
    #[arg(long, value_name = "N")]
    quota: Option<u32>,
    /// Count what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave alone what changed within so many minutes; by default as many as the stack is configured with
    #[arg(long, value_name = "MINUTES")]
    older_than: Option<u32>,
    /// Stop the one that runs. What it has started goes on
    #[arg(long, conflicts_with_all = ["prefix", "inventory", "rate", "dry_run", "older_than"])]
    stop: bool,
    /// Keys of one call of reconcile
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    keys: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// What the machine is asked for: its input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    #[serde(default)]
    prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory: Option<inventory::Place>,
    rate: u32,
    #[serde(default)]
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    older_than_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys_per_batch: Option<u32>,
}

/// What it came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    execution: String,
    /// The bucket with the results of each batch.
    results: String,
    status: String,
    dry_run: bool,
    #[serde(flatten)]
    counts: BackfillCounts,
    /// Keys that were not compared, because their batch failed.
    failed: u64,
    seconds: i64,
    /// Why it ended otherwise than well.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

/// # Errors
/// When the stack is not found, nothing can be started, or the machine cannot be followed.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    runtime.block_on(async {
        let target = args.target.find().await?;
        let machine = target.output("BackfillStateMachineArn")?;
        if args.stop {
            return stop(&target, machine).await;
        }
        let execution = started(args, &target, machine).await?;
        let report = watch::follow(&target, &execution, args.dry_run).await?;
        show::report(&report, args.json)?;
        let well = report.status == ExecutionStatus::Succeeded.as_str() && report.failed == 0;
        Ok(if well {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

async fn stop(target: &Target, machine: &str) -> Result<ExitCode> {
    let client = aws_sdk_sfn::Client::new(target.sdk());
    let running = watch::running(&client, machine).await?;
    if running.is_empty() {
        show::say("no backfill runs")?;
    }
    for execution in running {
        let stop = client.stop_execution().execution_arn(&execution);
        stop.send()
            .await
            .with_context(|| format!("cannot stop {execution}"))?;
        show::say(format!(
            "stopped {execution}; batches under way start executions for up to 30 s more, what was started goes on, and a later \
             backfill does the rest"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The execution that does what is asked for: one that runs, or a new one.
async fn started(args: &Args, target: &Target, machine: &str) -> Result<String> {
    let order = Order {
        prefix: args.prefix.clone(),
        inventory: args.inventory.clone(),
        rate: args.rate,
        dry_run: args.dry_run,
        older_than_minutes: args.older_than,
        keys_per_batch: args.keys,
    };
    let client = aws_sdk_sfn::Client::new(target.sdk());
    for execution in watch::running(&client, machine).await? {
        // The list is a moment behind: one that has just been stopped may still be in it.
        let Some(other) = watch::order_if_running(&client, &execution).await? else {
            continue;
        };
        if other != order {
            bail!(
                "another backfill runs, by the order {}; wait for it, or stop it with --stop, or follow it by giving the same options",
                serde_json::to_string(&other)?
            );
        }
        eprintln!("following {execution}, which runs already");
        return Ok(execution);
    }
    within_quota(args, target)?;
    if let Some(place) = &order.inventory {
        inventory::check(target, place).await?;
    } else if !order.prefix.is_empty() {
        holds(target, &order.prefix).await?;
    }
    let name = format!("backfill-{}", Timestamp::now().strftime("%Y%m%dT%H%M%S%3f"));
    let start = client
        .start_execution()
        .state_machine_arn(machine)
        .name(name)
        .input(serde_json::to_string(&order)?);
    let started = start.send().await.context("cannot start the backfill")?;
    eprintln!(
        "started {}\nstopping this command leaves it running; the same command follows it again, --stop stops it",
        started.execution_arn
    );
    Ok(started.execution_arn)
}

/// Executions that a new account carries in a second (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>). Of
/// Standard workflows it is what binds first: 300 `StartExecution` calls a second in the three large regions, and in the others 500
/// state transitions, of which an upload takes five.
fn default_quota(region: &str, workflow: &str) -> u32 {
    match (workflow, region) {
        ("express", _) => 6_000,
        (_, "us-east-1" | "us-west-2" | "eu-west-1") => 300,
        _ => 100,
    }
}

/// Refuses a rate that Step Functions would not take: uploads that come meanwhile need the same calls.
fn within_quota(args: &Args, target: &Target) -> Result<()> {
    let region = target.output("Region")?;
    let workflow = target.output("Workflow")?;
    let quota = args
        .quota
        .unwrap_or_else(|| default_quota(region, workflow));
    if args.rate > quota {
        bail!(
            "--rate {} is beyond the {quota} executions a second that Step Functions carries in {region} by its default quotas; nothing was \
             started. If AWS has raised yours, say so with --quota",
            args.rate
        );
    }
    Ok(())
}

/// Whether bucket A has a key that begins so.
async fn holds(target: &Target, prefix: &str) -> Result<()> {
    let bucket = target.output("SourceBucket")?;
    let client = aws_sdk_s3::Client::new(target.sdk());
    let list = client
        .list_objects_v2()
        .bucket(bucket)
        .prefix(prefix)
        .max_keys(1);
    let listed = list
        .send()
        .await
        .with_context(|| format!("cannot list {bucket}"))?;
    if listed.contents().is_empty() {
        bail!(
            "no key of {bucket} begins with {:?}; nothing was started",
            show::printable(prefix)
        );
    }
    Ok(())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        writeln!(
            f,
            "{:>12}  keys compared in {} s",
            counts.compared, self.seconds
        )?;
        writeln!(
            f,
            "{:>12}  photos of bucket A that bucket B does not show",
            counts.unseen
        )?;
        writeln!(
            f,
            "{:>12}  photos of bucket B that bucket A no longer has",
            counts.orphans
        )?;
        if counts.kept > 0 {
            writeln!(
                f,
                "{:>12}  of them left alone: a lifecycle rule may have removed the original",
                counts.kept
            )?;
        }
        if counts.gone > 0 {
            writeln!(
                f,
                "{:>12}  keys of the listing or the inventory that neither bucket holds any more",
                counts.gone
            )?;
        }
        if self.failed > 0 {
            writeln!(
                f,
                "{:>12}  keys not compared, because their batch failed; what with stands in s3://{}/backfill/{}/",
                self.failed,
                self.results,
                show::execution(&self.execution)
            )?;
        }
        if self.dry_run {
            write!(f, "nothing was started")?;
        } else {
            write!(
                f,
                "{:>12}  executions started; `scrubjay audit stats` tells what became of them",
                counts.started
            )?;
        }
        if self.status != ExecutionStatus::Succeeded.as_str() {
            write!(f, "\nthe backfill ended {}", self.status)?;
            if let Some(cause) = &self.cause {
                write!(f, ": {}", show::printable(cause))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_as_the_machine_has_it() {
        let order = Order {
            prefix: "p/".into(),
            inventory: Some("s3://reports/inventory/manifest.json".parse().unwrap()),
            rate: 5,
            dry_run: true,
            older_than_minutes: Some(0),
            keys_per_batch: None,
        };
        let text = serde_json::to_string(&order).unwrap();
        assert_eq!(
            text,
            r#"{"prefix":"p/","inventory":{"bucket":"reports","key":"inventory/manifest.json"},"rate":5,"dryRun":true,"olderThanMinutes":0}"#
        );
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
    }

    #[test]
    fn the_quota_is_that_of_the_region_and_the_way() {
        assert_eq!(default_quota("eu-central-1", "standard"), 100);
        assert_eq!(default_quota("us-east-1", "standard"), 300);
        assert_eq!(default_quota("eu-central-1", "express"), 6_000);
    }
}
