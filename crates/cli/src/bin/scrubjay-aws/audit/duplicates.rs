//! `scrubjay audit duplicates`.

use std::collections::BTreeSet;
use std::fmt;
use std::process::ExitCode;

use anyhow::{Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use scrubjay::show;
use scrubjay_pipeline::audit::{Status, stamp};
use serde::Serialize;

use super::{Ask, Item, Table, TableArgs, table};
use crate::when::When;

/// Questions at the same time.
const AT_ONCE: usize = 16;

/// The same file (by `ETag`) under several keys
///
/// Of one key, of one `ETag`, or of every upload since a time. An `ETag` is no digest of a file that was uploaded in parts or
/// encrypted with a key of one's own: those are found only if they were uploaded alike.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Of the uploads under this key
    #[arg(conflicts_with_all = ["etag", "since"])]
    key: Option<String>,
    /// Of this `ETag`, without quotes
    #[arg(long, conflicts_with = "since")]
    etag: Option<String>,
    /// Of every upload last touched at this time or later: a duration ago (2h, 7d), a day or a time
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    since: When,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    table: TableArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    duplicates: Vec<Group>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    etag: String,
    /// How many keys.
    keys: usize,
    uploads: Vec<Item>,
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let (table, bucket) = args.table.open().await?;
    let etags = match (&args.key, &args.etag) {
        (_, Some(etag)) => BTreeSet::from([etag.trim_matches('"').to_owned()]),
        (Some(key), None) => of_key(&table, &bucket, key).await?,
        (None, None) => since(&table, args.since).await?,
    };
    let mut duplicates: Vec<Group> = stream::iter(etags)
        .map(|etag| group(&table, etag))
        .buffered(AT_ONCE)
        .try_filter_map(|group| async { Ok(Some(group).filter(|group| group.keys > 1)) })
        .try_collect()
        .await?;
    duplicates.sort_by_key(|group| std::cmp::Reverse(group.keys));
    show::report(&Report { duplicates }, args.json)?;
    Ok(ExitCode::SUCCESS)
}

async fn of_key(table: &Table, bucket: &str, key: &str) -> Result<BTreeSet<String>> {
    let object = scrubjay_pipeline::upload::object(bucket, key);
    let rows = table.object(&object).await?;
    let uploads = rows.into_iter().filter(|row| row.contains_key("etag"));
    let etags: BTreeSet<String> = uploads
        .map(|row| Ok(table::read(row)?.etag))
        .collect::<Result<_>>()?;
    if etags.is_empty() {
        bail!("nothing is known of {}", show::printable(&object));
    }
    Ok(etags)
}

async fn since(table: &Table, since: When) -> Result<BTreeSet<String>> {
    let mut walk = table.walk(Ask {
        statuses: Status::ALL.to_vec(),
        since: since.timestamp(),
        until: jiff::Timestamp::now(),
        prefix: None,
    });
    let mut etags = BTreeSet::new();
    while let Some(item) = walk.next().await? {
        etags.insert(item.etag);
    }
    Ok(etags)
}

async fn group(table: &Table, etag: String) -> Result<Group> {
    let uploads = table.with_etag(&etag).await?;
    let keys: BTreeSet<&str> = uploads.iter().map(|item| item.object.as_str()).collect();
    Ok(Group {
        etag,
        keys: keys.len(),
        uploads,
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = show::table(["etag", "key", "status", "updated"]);
        for group in &self.duplicates {
            for (index, item) in group.uploads.iter().enumerate() {
                table.add_row([
                    if index == 0 {
                        show::printable(&group.etag)
                    } else {
                        String::new()
                    },
                    show::printable(item.key()),
                    item.status.to_string(),
                    stamp(item.updated_at),
                ]);
            }
        }
        writeln!(f, "{table}\n")?;
        write!(f, "{} files under more than one key", self.duplicates.len())
    }
}
