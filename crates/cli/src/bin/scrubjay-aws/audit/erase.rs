//! `scrubjay audit erase KEY`: what the table knows of one object goes, when nothing depends on it any more.

use std::fmt;
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use jiff::{SignedDuration, Timestamp};
use scrubjay::show;
use scrubjay_pipeline::audit::{Status, stamp, tombstone};
use scrubjay_pipeline::aws::s3_client;
use serde::Serialize;

use super::{Item, Table, table};
use crate::target::{Target, TargetArgs};

/// As long as a staged file may lie in the staging bucket, whose lifecycle rule expires it after a day (S3 counts whole days,
/// from midnight UTC), and an execution may run on it.
const SETTLED: SignedDuration = SignedDuration::from_hours(72);

/// Erase what the table knows of a photo: its items with their history, and its fence
///
/// Only of a photo that is gone: deleted from bucket A, removed from bucket B, with no execution under way, and for three days. By
/// then no staged file of it is left, so that nothing could publish it but a new upload, and the fence is not needed any more. A
/// tombstone stays, which has the time and how many items went, under a digest in place of the key. What versions of the buckets,
/// log groups and backups still have is not touched: docs/operations.md, "Erasing what one person uploaded".
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  scrubjay audit erase u/4711/beach.jpg --dry-run     # what would go
  scrubjay audit erase u/4711/beach.jpg --yes

Exit codes: 0 erased, 1 nothing is known of it, or it may not be erased yet, 2 usage.")]
pub struct Args {
    /// The key in bucket A, as it is: not URL-encoded
    key: String,
    /// Say what would be erased, and erase nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    object: String,
    /// Uploads of it, with their history.
    uploads: usize,
    /// Whether there was a fence.
    fence: bool,
    /// Where the tombstone is.
    tombstone: String,
    erased: bool,
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let target = args.target.find().await?;
    let table = Table::new(target.sdk(), target.output("AuditTable")?, None);
    let bucket = target.output("SourceBucket")?;
    let object = scrubjay_pipeline::upload::object(bucket, &args.key);
    let rows = table.object(&object).await?;
    if rows.is_empty() {
        eprintln!("nothing is known of {}", show::printable(&object));
        return Ok(ExitCode::FAILURE);
    }
    let (mut entries, mut uploads, mut newest) = (Vec::new(), 0, Timestamp::MIN);
    for row in rows {
        let entry = row.get("entry").and_then(|entry| entry.as_s().ok());
        let entry = entry.context("an item without a sort key")?.clone();
        if entry.starts_with("upload#") {
            let item: Item = table::read(row)?;
            ensure!(
                item.status != Status::Processing,
                "an execution works on {}: wait for its end, or replay it",
                show::printable(&object)
            );
            newest = newest.max(item.updated_at);
            uploads += 1;
        } else if let Some(at) = row.get("updatedAt").and_then(|at| at.as_s().ok()) {
            newest = newest.max(at.parse().unwrap_or(Timestamp::MAX));
        }
        entries.push(entry);
    }
    refuse_what_is_needed(&target, &args.key, &object, newest).await?;
    let mut report = Report {
        tombstone: tombstone(&object),
        fence: entries.len() > uploads,
        object,
        uploads,
        erased: false,
    };
    if !args.dry_run {
        if !args.yes && !confirmed(&report)? {
            bail!("nothing was erased");
        }
        table
            .bury(&report.tombstone, entries.len(), Timestamp::now())
            .await?;
        // The fence goes last, so that it exists as long as any other item does.
        entries.sort_by_key(|entry| !entry.starts_with("upload#"));
        for entry in &entries {
            table.delete(&report.object, entry).await?;
        }
        report.erased = true;
    }
    show::report(&report, args.json)?;
    Ok(ExitCode::SUCCESS)
}

/// # Errors
/// What stands in the way.
async fn refuse_what_is_needed(
    target: &Target,
    key: &str,
    object: &str,
    newest: Timestamp,
) -> Result<()> {
    let s3 = s3_client(target.sdk());
    for (name, output) in [("A", "SourceBucket"), ("B", "DestinationBucket")] {
        let head = s3.head_object().bucket(target.output(output)?).key(key);
        match head.send().await {
            Ok(_) => bail!(
                "bucket {name} still holds {}: delete it from bucket A first; it leaves bucket B by itself",
                show::printable(key)
            ),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), HeadObjectError::NotFound(_)) => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot ask bucket {name} for the key"));
            }
        }
    }
    let settled = newest.checked_add(SETTLED).unwrap_or(Timestamp::MAX);
    ensure!(
        Timestamp::now() >= settled,
        "{} was touched at {}; what is staged of it may be published until {}, and only the fence prevents that: come back then",
        show::printable(object),
        stamp(newest),
        stamp(settled)
    );
    Ok(())
}

fn confirmed(report: &Report) -> Result<bool> {
    ensure!(
        std::io::stdin().is_terminal(),
        "nobody is there to confirm: give --yes, or see with --dry-run what would go"
    );
    eprint!(
        "Erase {} of {} and the history? This cannot be undone. Type \"erase\": ",
        show::count(report.uploads, "upload"),
        show::printable(&report.object)
    );
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "erase")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let would = if self.erased {
            "erased"
        } else {
            "would be erased"
        };
        writeln!(
            f,
            "{would}: {} of {}{}",
            show::count(self.uploads, "upload"),
            show::printable(&self.object),
            if self.fence { ", and its fence" } else { "" }
        )?;
        write!(f, "tombstone: {}", self.tombstone)
    }
}
