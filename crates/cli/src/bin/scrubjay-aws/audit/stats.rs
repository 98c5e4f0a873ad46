//! `scrubjay audit stats`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use jiff::Timestamp;
use scrubjay::show;
use scrubjay::table::{Column, Look, Table};
use scrubjay_pipeline::audit::{ExifParts, Status};
use serde::Serialize;

use super::{By, Filter, Item, TableArgs};

/// So many of the slowest are named.
const SLOWEST: usize = 10;

/// Counts per status and day, bytes removed, kinds found, reasons of refusal and failure, the slowest
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which time counts, for --since, --until and the days
    #[arg(long, value_enum, default_value_t = By::Upload)]
    by: By,
    #[command(flatten)]
    pub(super) filter: Filter,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    table: TableArgs,
    #[command(flatten)]
    wide: show::Wide,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    since: Timestamp,
    until: Timestamp,
    uploads: u64,
    /// By day, then by status.
    days: BTreeMap<String, BTreeMap<&'static str, u64>>,
    statuses: BTreeMap<&'static str, u64>,
    /// Bytes of the source files of what was cleaned.
    source_bytes: u64,
    /// Bytes of what was removed from them.
    removed_bytes: u64,
    /// Bytes of what was published.
    output_bytes: u64,
    kinds: BTreeMap<String, Kind>,
    /// Exif's sensitive parts in what was cleaned: uploads that had them.
    exif: BTreeMap<&'static str, u64>,
    errors: BTreeMap<String, u64>,
    /// Those that were longest from their first execution's beginning to their end.
    slowest: Vec<Slow>,
    #[serde(skip)]
    look: Look,
}

/// What was found of one kind of metadata in what was cleaned.
#[derive(Debug, Default, Serialize)]
struct Kind {
    uploads: u64,
    count: u64,
    bytes: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Slow {
    milliseconds: i64,
    key: String,
    status: &'static str,
    attempts: u32,
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let (table, bucket) = args.table.open().await?;
    let ask = args.filter.ask(&bucket);
    let mut report = Report {
        since: ask.since,
        until: ask.until,
        look: args.wide.look(),
        ..Report::default()
    };
    let mut slowest = BinaryHeap::new();
    let mut walk = args.filter.walk(&table, &bucket, args.by);
    let spinner = show::spinner();
    while let Some(item) = walk.next().await? {
        report.count(&item, args.by);
        if let Some(milliseconds) = item.milliseconds() {
            slowest.push(Reverse(Slow {
                milliseconds,
                key: item.key().to_owned(),
                status: item.status.as_str(),
                attempts: item.attempts,
            }));
            if slowest.len() > SLOWEST {
                slowest.pop();
            }
        }
        spinner.set_message(show::count(report.uploads, "upload"));
    }
    spinner.finish_and_clear();
    report.slowest = slowest
        .into_sorted_vec()
        .into_iter()
        .map(|Reverse(s)| s)
        .collect();
    show::report(&report, args.json)?;
    Ok(ExitCode::SUCCESS)
}

impl Report {
    fn count(&mut self, item: &Item, by: By) {
        let status = item.status.as_str();
        let day = by.time(item).to_string()[..10].to_owned();
        self.uploads += 1;
        *self.statuses.entry(status).or_default() += 1;
        *self.days.entry(day).or_default().entry(status).or_default() += 1;
        if let Some(error) = &item.error {
            *self.errors.entry(error.name.clone()).or_default() += 1;
        }
        // What a refused file had in it was not removed; a retracted one's was.
        if let (Some(source), Some(output)) = (&item.source, &item.output) {
            self.source_bytes += source.size;
            self.output_bytes += output.size;
            self.removed_bytes += item.removed_bytes();
            for removed in &item.removed {
                let kind = self.kinds.entry(removed.kind.clone()).or_default();
                kind.uploads += 1;
                kind.count += removed.count;
                kind.bytes += removed.bytes;
            }
            for part in item.exif.unwrap_or_default().present() {
                *self.exif.entry(part).or_default() += 1;
            }
        }
    }

    /// A row for each day, and a column for each status that any upload has.
    fn by_day(&self) -> Table {
        let statuses = Status::ALL.map(Status::as_str);
        let there = statuses
            .into_iter()
            .filter(|status| self.statuses.contains_key(status));
        let there: Vec<&'static str> = there.collect();
        let titles = [Column::new("day"), Column::number("uploads")];
        let mut table = Table::new(
            titles
                .into_iter()
                .chain(there.iter().map(|status| Column::number(status))),
        );
        for (day, statuses) in self.days.iter().rev() {
            let mut row = vec![day.clone(), statuses.values().sum::<u64>().to_string()];
            let counts = there.iter().map(|status| statuses.get(status));
            row.extend(counts.map(|count| count.copied().unwrap_or(0).to_string()));
            table.row(row);
        }
        table
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.by_day().show(self.look))?;
        writeln!(
            f,
            "{}. Published: {} bytes of {}, {} bytes of metadata removed.",
            show::count(self.uploads, "upload"),
            self.output_bytes,
            self.source_bytes,
            self.removed_bytes
        )?;
        if !self.kinds.is_empty() {
            let mut kinds = Table::new([
                Column::name("kind"),
                Column::number("uploads"),
                Column::number("count"),
                Column::number("bytes"),
            ]);
            for (name, kind) in &self.kinds {
                let numbers = [kind.uploads, kind.count, kind.bytes].map(|n| n.to_string());
                kinds.row([vec![show::printable(name)], numbers.to_vec()].concat());
            }
            for part in ExifParts::NAMES {
                if let Some(uploads) = self.exif.get(part) {
                    let dash = || "-".to_owned();
                    kinds.row([part.to_owned(), uploads.to_string(), dash(), dash()]);
                }
            }
            writeln!(f, "\n{}", kinds.show(self.look))?;
        }
        if !self.errors.is_empty() {
            let mut errors = Table::new([Column::new("error"), Column::number("uploads")]);
            for (name, count) in &self.errors {
                errors.row([show::printable(name), count.to_string()]);
            }
            writeln!(f, "\n{}", errors.show(self.look))?;
        }
        if !self.slowest.is_empty() {
            let mut slowest = Table::new([
                Column::name("slowest"),
                Column::number("ms"),
                Column::status("status"),
                Column::number("attempts"),
            ]);
            for slow in &self.slowest {
                slowest.row([
                    show::printable(&slow.key),
                    slow.milliseconds.to_string(),
                    slow.status.to_owned(),
                    slow.attempts.to_string(),
                ]);
            }
            write!(f, "\n{}", slowest.show(self.look))?;
        }
        Ok(())
    }
}
