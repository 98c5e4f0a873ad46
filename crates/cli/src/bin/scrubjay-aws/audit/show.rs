//! `scrubjay audit show KEY`.

use std::fmt;
use std::process::ExitCode;

use anyhow::{Context, Result};
use jiff::Timestamp;
use scrubjay::show;
use scrubjay::table::{Column, Look, Table};
use scrubjay_pipeline::audit::{Status, stamp};
use serde::Serialize;
use serde_json::Value;

use super::{Item, TableArgs, table};
use crate::key::{KeyArg, not_taken};

/// One object's whole history, newest first
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The key in bucket A, as it is: not URL-encoded; or `bucket/key`, or `s3://bucket/key`
    key: KeyArg,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    wide: show::Wide,
    #[command(flatten)]
    table: TableArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    object: String,
    /// Newest first.
    history: Vec<Line>,
    /// The one that was touched last comes first.
    uploads: Vec<Item>,
    /// The fence: what may act on the key.
    head: Option<Value>,
    #[serde(skip)]
    look: Look,
}

/// Something that happened to an upload.
#[derive(Debug, Serialize)]
struct Line {
    at: String,
    status: Status,
    entry: String,
    execution: String,
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let target = args.table.target.find().await?;
    let (table, bucket) = args.table.of(&target)?;
    let key = args.key.key(&bucket)?;
    let object = scrubjay_pipeline::upload::object(&bucket, &key);
    let (mut uploads, mut head) = (Vec::new(), None);
    for row in table.object(&object).await? {
        let is_upload = row
            .get("entry")
            .and_then(|entry| entry.as_s().ok())
            .is_some_and(|entry| entry.starts_with("upload#"));
        if is_upload {
            uploads.push(table::read(row)?);
        } else {
            head = Some(serde_dynamo::from_item(row).context("a fence that cannot be read")?);
        }
    }
    if uploads.is_empty() && head.is_none() {
        match not_taken(&key, target.suffixes()?) {
            Some(why) => eprintln!("nothing is known of {}: {why}", show::printable(&object)),
            None => eprintln!("nothing is known of {}", show::printable(&object)),
        }
        return Ok(ExitCode::FAILURE);
    }
    uploads.sort_by_key(|item: &Item| std::cmp::Reverse(item.updated_at));
    let report = Report {
        history: history(&uploads),
        object,
        uploads,
        head,
        look: args.wide.look(),
    };
    show::report(&report, args.json)?;
    Ok(ExitCode::SUCCESS)
}

fn history(uploads: &[Item]) -> Vec<Line> {
    let mut lines: Vec<Line> = uploads
        .iter()
        .flat_map(|item| {
            // Two lines of one millisecond stand in the item's order.
            item.history.iter().rev().map(|event| Line {
                at: event.at.clone(),
                status: event.status,
                entry: item.entry.clone(),
                execution: event.execution.clone(),
            })
        })
        .collect();
    lines.sort_by(|a, b| b.at.cmp(&a.at));
    lines
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", show::printable(&self.object))?;
        let mut lines = Table::new([
            Column::time("at"),
            Column::status("status"),
            Column::id("upload").rank(1),
            Column::id("execution"),
        ]);
        for line in &self.history {
            lines.row([
                line.at.clone(),
                line.status.to_string(),
                show::printable(line.entry.trim_start_matches("upload#")),
                show::execution(&line.execution).to_owned(),
            ]);
        }
        writeln!(f, "{}", lines.show(self.look))?;
        for item in &self.uploads {
            writeln!(f, "\n{}", show::printable(&item.entry))?;
            for (name, value) in facts(item) {
                writeln!(f, "  {name:11} {value}")?;
            }
        }
        if let Some(head) = &self.head {
            writeln!(f, "\nfence")?;
            for (name, value) in fence(head) {
                writeln!(f, "  {name:11} {}", show::printable(&value))?;
            }
        }
        Ok(())
    }
}

/// What bucket B was last made to show, and the newest act of the key. The two differ while an act is under way, and
/// after one was given up.
fn fence(head: &Value) -> [(&'static str, String); 3] {
    let upload = head["upload"].as_str().unwrap_or("an unknown upload");
    let newest = head["sequencer"].as_str().map(|s| s.trim_end_matches('0'));
    let deleted = head["deleted"] == true;
    let last = if deleted {
        format!("the removal of {upload}")
    } else {
        format!("the publication of {upload}")
    };
    let published = match head["output"].as_str() {
        _ if deleted => "nothing: it was removed".to_owned(),
        Some(etag) => format!("{upload}, under the ETag {etag}"),
        None => "not known: the publication is under way, or was given up".to_owned(),
    };
    [
        ("published", published),
        ("last act", last),
        ("sequencer", newest.unwrap_or("none").to_owned()),
    ]
}

fn facts(item: &Item) -> Vec<(&'static str, String)> {
    let at = |time: Option<Timestamp>| time.map(stamp);
    let optional = [
        ("status", Some(item.status.to_string())),
        ("attempts", Some(item.attempts.to_string())),
        ("uploaded", at(item.uploaded_at)),
        (
            "uploaded by",
            item.requester.as_deref().map(show::printable),
        ),
        (
            "address",
            item.source_address.as_deref().map(show::printable),
        ),
        ("bytes", item.bytes().map(|bytes| bytes.to_string())),
        ("received", at(item.received_at)),
        ("finished", at(item.finished_at)),
        ("lease until", at(item.lease_until)),
        (
            "source",
            item.source
                .as_ref()
                .map(|s| format!("{} bytes, {}x{}, {}", s.size, s.width, s.height, s.process)),
        ),
        (
            "removed",
            item.source.as_ref().map(|_| show::kinds(&item.removed)),
        ),
        (
            "Exif parts",
            item.exif.map(|exif| {
                let parts: Vec<&str> = exif.present().collect();
                if parts.is_empty() {
                    "none".to_owned()
                } else {
                    parts.join(", ")
                }
            }),
        ),
        ("SHA-256", item.source_sha256.clone()),
        (
            "kept",
            (!item.kept.is_empty()).then(|| item.kept.join(", ")),
        ),
        (
            "repaired",
            (!item.repaired.is_empty()).then(|| item.repaired.join(", ")),
        ),
        ("orientation", item.orientation.clone()),
        (
            "output",
            item.output
                .as_ref()
                .map(|o| format!("{} bytes, SHA-256 {}", o.size, o.sha256)),
        ),
        (
            "error",
            item.error.as_ref().map(|_| show::printable(&item.story())),
        ),
        ("execution", Some(item.execution.clone())),
    ];
    optional
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}
