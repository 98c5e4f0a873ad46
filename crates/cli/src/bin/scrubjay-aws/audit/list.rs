//! `scrubjay audit list`.

use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use scrubjay::show;
use scrubjay_pipeline::audit::stamp;
use serde::Serialize;

use super::{Filter, Item, TableArgs};

/// Uploads by status, time of their last change, kinds of metadata and beginning of the key, newest first
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) filter: Filter,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    table: TableArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    items: Vec<Item>,
    /// Whether the limit has cut the list off.
    more: bool,
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let (table, bucket) = args.table.open().await?;
    let mut walk = args.filter.walk(&table, &bucket, super::By::Change);
    let mut report = Report {
        items: Vec::new(),
        more: false,
    };
    while let Some(item) = walk.next().await? {
        if report.items.len() == args.limit {
            report.more = true;
            break;
        }
        report.items.push(item);
    }
    show::report(&report, args.json)?;
    Ok(ExitCode::SUCCESS)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = show::table(["updated", "status", "key", "bytes", "attempts", "what"]);
        for item in &self.items {
            table.add_row([
                stamp(item.updated_at),
                item.status.to_string(),
                show::printable(item.key()),
                item.bytes()
                    .map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()),
                item.attempts.to_string(),
                show::printable(&item.story()),
            ]);
        }
        show::right(&mut table, &[3, 4]);
        writeln!(f, "{table}\n")?;
        write!(f, "{} uploads", self.items.len())?;
        if self.more {
            write!(
                f,
                ", and more: raise --limit, ask for less, or use `scrubjay audit export`"
            )?;
        }
        Ok(())
    }
}
