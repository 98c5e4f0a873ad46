//! `scrubjay audit list`.

use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use scrubjay::show;
use scrubjay::table::{Column, Look, Table};
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
    wide: show::Wide,
    #[command(flatten)]
    table: TableArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    items: Vec<Item>,
    /// Whether the limit has cut the list off.
    more: bool,
    #[serde(skip)]
    look: Look,
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let (table, bucket) = args.table.open().await?;
    let mut walk = args.filter.walk(&table, &bucket, super::By::Change);
    let mut report = Report {
        items: Vec::new(),
        more: false,
        look: args.wide.look(),
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
        let mut table = Table::new([
            Column::time("updated"),
            Column::status("status"),
            Column::name("key"),
            Column::number("bytes").rank(1),
            Column::number("attempts").rank(2),
            Column::text("what"),
        ]);
        for item in &self.items {
            table.row([
                stamp(item.updated_at),
                item.status.to_string(),
                show::printable(item.key()),
                item.bytes()
                    .map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()),
                item.attempts.to_string(),
                show::printable(&item.story()),
            ]);
        }
        writeln!(f, "{}\n", table.show(self.look))?;
        f.write_str(&show::count(self.items.len(), "upload"))?;
        if self.more {
            write!(
                f,
                ", and more: raise --limit, ask for less, or use `scrubjay audit export`"
            )?;
        }
        Ok(())
    }
}
