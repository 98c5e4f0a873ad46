//! `scrubjay replay`: puts failed executions and undelivered events through again, after the repair.

mod dead_letters;
mod find;
mod gallery;
mod report;
mod steps;
mod wait;

use std::process::ExitCode;

use anyhow::{Context, Result};
use scrubjay::show;
use scrubjay_pipeline::reconcile::execution_name;
use tokio::time::MissedTickBehavior;

use crate::error_name::ErrorName;
use crate::key::KeyArg;
use crate::target::TargetArgs;
use crate::when::When;
use dead_letters::{Queue, Reader};
use gallery::Gallery;
use report::{Action, Report, Row};
use steps::{Replay, Work};

/// Put failed executions and undelivered events through again, after the repair
///
/// A failed execution is redriven: it continues at the state that failed, under its own name. Where AWS does not allow that (14
/// days after its end), a new one is started with the same input, under a name that follows from the old one. To run this twice
/// does no harm: what was replayed already is found, not done again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  scrubjay replay --failed --dry-run --env prod      what would be done
  scrubjay replay --failed --env prod                everything that has failed in 14 days
  scrubjay replay --failed --since 2h --error StorageUnavailable --env prod
  scrubjay replay --object holiday/beach.jpg         one photo
  scrubjay replay --dead-letters                     events that could not be delivered

Exit codes: 0 done, 1 something failed again or could not be replayed, 2 usage.")]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(false))]
pub struct Args {
    /// One execution of either machine; may be given more than once
    #[arg(
        long,
        value_name = "ARN",
        group = "what",
        help_heading = "What to replay"
    )]
    execution: Vec<String>,
    /// Every upload that stands FAILED in the audit table, and every failed removal
    #[arg(long, group = "what", help_heading = "What to replay")]
    failed: bool,
    /// What has failed of a key (also as `bucket/key` or `s3://bucket/key`), and what bucket A holds under it now; may be given more than once
    #[arg(
        long,
        value_name = "KEY",
        group = "what",
        help_heading = "What to replay"
    )]
    object: Vec<KeyArg>,
    /// Every message in the dead-letter queues, the gallery's too; each leaves once it is on its way again
    #[arg(long, group = "what", help_heading = "What to replay")]
    dead_letters: bool,
    #[command(flatten)]
    only: Only,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    target: TargetArgs,
    /// Items of one page; the answer is the same for every number
    #[arg(long, hide = true, value_name = "N")]
    page_size: Option<u16>,
}

/// Which of what has failed.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Of what has failed")]
struct Only {
    /// What failed at this time or later: a duration ago (2h, 7d), a day (2026-11-20) or a time
    #[arg(long, value_name = "WHEN", default_value = "14d", conflicts_with_all = ["execution", "object", "dead_letters"])]
    since: When,
    /// What failed with this error
    #[arg(long, value_name = "NAME", conflicts_with_all = ["execution", "object", "dead_letters"])]
    error: Option<ErrorName>,
    /// Keys that begin so
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["execution", "object", "dead_letters"])]
    prefix: Option<String>,
}

/// How it is done and told.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "How")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
struct How {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Start new executions instead of redriving: a redrive keeps the definition with which the execution began
    #[arg(long)]
    anew: bool,
    /// Executions per second, at most
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// Wait for the executions' ends, and tell what became of each; the default
    #[arg(long, overrides_with = "no_wait")]
    wait: bool,
    /// Do not wait for the executions' ends
    #[arg(long)]
    no_wait: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    wide: show::Wide,
}

/// Exit code 1 when something failed again or could not be replayed.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let report = runtime.block_on(replay(args))?;
    show::report(&report, args.how.json)?;
    Ok(if report.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn replay(args: &Args) -> Result<Report> {
    let target = args.target.find().await?;
    let replay = Replay::new(&target, &args.how, &args.only, args.page_size)?;
    let mut pace = Pace::new(args.how.rate);
    let mut rows = if args.dead_letters {
        let queue = Queue::new(&target, "DeadLettersUrl")?;
        let reader = Reader::Pipeline(&replay);
        let mut rows = dead_letters::replay(&reader, &queue, &mut pace).await?;
        if let Some(target) = target.gallery().await? {
            let gallery = Gallery::new(&target, args.how.dry_run)?;
            let queue = Queue::new(&target, "DeriveDeadLettersUrl")?;
            let reader = Reader::Gallery(&gallery);
            rows.extend(dead_letters::replay(&reader, &queue, &mut pace).await?);
        }
        rows
    } else {
        let works = if args.failed {
            find::failed(&replay, &args.only).await?
        } else if args.object.is_empty() {
            let executions = args.execution.iter().cloned();
            executions
                .map(|arn| Work::Execution { arn, item: None })
                .collect()
        } else {
            find::objects(&replay, &args.object).await?
        };
        all(&replay, works, &mut pace).await?
    };
    if !args.how.no_wait && !args.how.dry_run {
        wait::for_ends(&replay, &mut rows, &mut pace).await?;
    }
    Ok(Report::of(rows, args.how.dry_run, args.how.wide.look()))
}

async fn all(replay: &Replay, works: Vec<Work>, pace: &mut Pace) -> Result<Vec<Row>> {
    let bar = show::bar(works.len(), "replaying");
    let mut rows = Vec::new();
    for work in works {
        pace.tick().await;
        let row = replay.put_through(work).await?;
        rows.extend(row.filter(|row| row.action != Action::NotAskedFor));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(rows)
}

/// A name for an execution that a replay starts, the same for the same `about`: Step Functions refuses a name a second time.
fn replay_name(about: &[&str]) -> String {
    let name = execution_name(about);
    // What comes before the digest says who names it.
    format!("replay-{}", name.rsplit('-').next().unwrap_or(&name))
}

/// So many per second, evenly.
struct Pace(tokio::time::Interval);

impl Pace {
    fn new(rate: u32) -> Self {
        let period = std::time::Duration::from_secs(1) / rate.max(1);
        let mut interval = tokio::time::interval(period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(interval)
    }

    async fn tick(&mut self) {
        self.0.tick().await;
    }
}
