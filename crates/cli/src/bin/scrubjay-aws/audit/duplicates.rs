//! `scrubjay audit duplicates`.

use std::collections::BTreeSet;
use std::fmt;
use std::process::ExitCode;

use anyhow::{Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use scrubjay::show;
use scrubjay::table::{Column, Look, Table as Shown};
use scrubjay_pipeline::audit::{Status, stamp};
use serde::Serialize;

use super::{Ask, Item, Table, TableArgs, table};
use crate::key::KeyArg;
use crate::when::When;

/// Questions at the same time.
const AT_ONCE: usize = 16;

/// The same file under several keys, by the SHA-256 of its bytes
///
/// Of one key, of one digest, or of every upload since a time. What was never read to its end, such as a refused file, has no
/// digest; nor has an upload that a version before 0.2 recorded, until it is put through again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Of the uploads under this key
    #[arg(conflicts_with_all = ["sha256", "since"])]
    key: Option<KeyArg>,
    /// Of the file with this digest, in hexadecimal
    #[arg(long, value_name = "HEX", conflicts_with = "since")]
    sha256: Option<String>,
    /// Of every upload last touched at this time or later: a duration ago (2h, 7d), a day or a time
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    since: When,
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
    duplicates: Vec<Group>,
    #[serde(skip)]
    look: Look,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    source_sha256: String,
    /// How many keys.
    keys: usize,
    uploads: Vec<Item>,
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let (table, bucket) = args.table.open().await?;
    let digests = match (&args.key, &args.sha256) {
        (_, Some(digest)) => BTreeSet::from([digest.trim().to_ascii_lowercase()]),
        (Some(key), None) => of_key(&table, &bucket, &key.key(&bucket)?).await?,
        (None, None) => since(&table, args.since).await?,
    };
    let mut duplicates: Vec<Group> = stream::iter(digests)
        .map(|digest| group(&table, digest))
        .buffered(AT_ONCE)
        .try_filter_map(|group| async { Ok(Some(group).filter(|group| group.keys > 1)) })
        .try_collect()
        .await?;
    duplicates.sort_by_key(|group| std::cmp::Reverse(group.keys));
    let look = args.wide.look();
    show::report(&Report { duplicates, look }, args.json)?;
    Ok(ExitCode::SUCCESS)
}

async fn of_key(table: &Table, bucket: &str, key: &str) -> Result<BTreeSet<String>> {
    let object = scrubjay_pipeline::upload::object(bucket, key);
    let rows = table.object(&object).await?;
    let uploads = rows.into_iter().filter(|row| row.contains_key("etag"));
    let uploads: Vec<Item> = uploads.map(table::read).collect::<Result<_>>()?;
    if uploads.is_empty() {
        bail!("nothing is known of {}", show::printable(&object));
    }
    let digests: BTreeSet<String> = uploads
        .into_iter()
        .filter_map(|item| item.source_sha256)
        .collect();
    if digests.is_empty() {
        bail!(
            "no digest is known of {}: it was never read to its end, or was recorded by an older version",
            show::printable(&object)
        );
    }
    Ok(digests)
}

async fn since(table: &Table, since: When) -> Result<BTreeSet<String>> {
    let mut walk = table.walk(Ask {
        statuses: Status::ALL.to_vec(),
        since: since.timestamp(),
        until: jiff::Timestamp::now(),
        prefix: None,
    });
    let mut digests = BTreeSet::new();
    while let Some(item) = walk.next().await? {
        digests.extend(item.source_sha256);
    }
    Ok(digests)
}

async fn group(table: &Table, digest: String) -> Result<Group> {
    let uploads = table.with_content(&digest).await?;
    let keys: BTreeSet<&str> = uploads.iter().map(|item| item.object.as_str()).collect();
    Ok(Group {
        source_sha256: digest,
        keys: keys.len(),
        uploads,
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Shown::new([
            Column::id("SHA-256"),
            Column::name("key"),
            Column::status("status"),
            Column::time("updated").rank(1),
        ]);
        for group in &self.duplicates {
            for (index, item) in group.uploads.iter().enumerate() {
                table.row([
                    if index == 0 {
                        group.source_sha256.clone()
                    } else {
                        String::new()
                    },
                    show::printable(item.key()),
                    item.status.to_string(),
                    stamp(item.updated_at),
                ]);
            }
        }
        writeln!(f, "{}\n", table.show(self.look))?;
        let files = show::count(self.duplicates.len(), "file");
        write!(f, "{files} under more than one key")
    }
}
