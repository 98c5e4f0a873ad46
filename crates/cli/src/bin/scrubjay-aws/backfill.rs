//! `scrubjay backfill`: what was in bucket A before the stack was, and full comparisons.

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use scrubjay::show;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::target::TargetArgs;

/// Longer than the function's own time-out.
const PATIENCE: Duration = Duration::from_secs(330);

/// Treat what was in bucket A before scrubjay came, and compare both buckets in full
///
/// Goes through both buckets in the order of their keys and compares each key with the audit table by the rules of reconcile: what
/// bucket A holds and nothing explains is treated as an upload, what bucket B shows and bucket A no longer has is removed. The
/// function `reconcile` does it, some 500 keys a second where nothing is to be started; --rate bounds what is. Nothing is done
/// twice: stopped and started again, it finds what was done and goes on with the rest. What changed lately is left to its event.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  scrubjay backfill --dry-run --env prod              # how many there are
  scrubjay backfill --env prod --rate 50
  scrubjay backfill --prefix archive/2019/ --env prod

Exit codes: 0 done, 1 it could not go on, 2 usage.")]
pub struct Args {
    /// Only keys that begin so
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// Executions that are started in a second, at most; docs/capacity.md says what your quotas carry
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// Count what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave alone what changed within so many minutes; by default as many as the stack is configured with
    #[arg(long, value_name = "MINUTES")]
    older_than: Option<u32>,
    /// Keys of one call of the function
    #[arg(long, value_name = "N", default_value_t = 5_000, hide = true, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    keys: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// What the function says of one run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Swept {
    compared: u64,
    unseen: u64,
    orphans: u64,
    kept: u64,
    started: u64,
    complete: bool,
    next: Option<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    dry_run: bool,
    /// Keys of both buckets.
    compared: u64,
    /// Photos of bucket A that bucket B does not show, and nothing says why.
    unseen: u64,
    /// Photos of bucket B that bucket A no longer has.
    orphans: u64,
    /// Of those: left alone, since a lifecycle rule of bucket A may have removed the original.
    kept: u64,
    /// Executions that were started.
    started: u64,
    seconds: u64,
}

/// # Errors
/// When the stack is not found, or the function fails.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let report = runtime.block_on(backfill(args))?;
    show::report(&report, args.json)?;
    Ok(ExitCode::SUCCESS)
}

async fn backfill(args: &Args) -> Result<Report> {
    let target = args.target.find().await?;
    let function = target.output("ReconcileFunction")?;
    let timeouts = TimeoutConfig::builder()
        .read_timeout(PATIENCE)
        .operation_attempt_timeout(PATIENCE);
    let config = aws_sdk_lambda::config::Builder::from(target.sdk())
        .timeout_config(timeouts.build())
        .build();
    let lambda = aws_sdk_lambda::Client::from_conf(config);
    let began = Instant::now();
    let mut report = Report {
        dry_run: args.dry_run,
        ..Report::default()
    };
    let spinner = show::spinner();
    let mut after = String::new();
    loop {
        let order = json!({
            "prefix": args.prefix,
            "keys": args.keys,
            "olderThanMinutes": args.older_than,
            "sweep": {"after": after, "dryRun": args.dry_run, "startsPerSecond": args.rate},
        });
        let invoke = lambda.invoke().function_name(function);
        let answer = invoke
            .payload(Blob::new(order.to_string()))
            .send()
            .await
            .with_context(|| format!("cannot invoke {function}"))?;
        let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
        if answer.function_error().is_some() {
            bail!(
                "the function {function} failed behind the key {:?}: {}; what was started stays, and starting again goes on",
                show::printable(&after),
                show::printable(&String::from_utf8_lossy(payload))
            );
        }
        let swept: Swept = serde_json::from_slice(payload)
            .with_context(|| format!("{function} does not know of sweeps: deploy it again"))?;
        report.add(&swept);
        spinner.set_message(format!(
            "{}, {} started",
            show::count(report.compared, "key"),
            report.started
        ));
        match swept.next {
            Some(next) if !swept.complete => after = next,
            _ => break,
        }
    }
    spinner.finish_and_clear();
    report.seconds = began.elapsed().as_secs();
    Ok(report)
}

impl Report {
    fn add(&mut self, swept: &Swept) {
        self.compared += swept.compared;
        self.unseen += swept.unseen;
        self.orphans += swept.orphans;
        self.kept += swept.kept;
        self.started += swept.started;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} compared in {} s",
            show::count(self.compared, "key"),
            self.seconds
        )?;
        writeln!(
            f,
            "{} of bucket A that bucket B does not show",
            show::count(self.unseen, "photo")
        )?;
        write!(
            f,
            "{} of bucket B that bucket A no longer has",
            show::count(self.orphans, "photo")
        )?;
        if self.kept > 0 {
            write!(
                f,
                ", {} of them left alone: a lifecycle rule may have removed the original",
                self.kept
            )?;
        }
        if self.dry_run {
            write!(f, "\nnothing was started")
        } else {
            write!(
                f,
                "\n{} started; `scrubjay audit stats` tells what became of them",
                show::count(self.started, "execution")
            )
        }
    }
}
