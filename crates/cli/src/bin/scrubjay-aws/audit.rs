//! `scrubjay audit`: what the audit table says. Every question goes by key or by index, page by page; never a scan.

mod duplicates;
mod erase;
mod export;
mod item;
mod list;
mod show;
mod stats;
mod table;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;
use scrubjay_pipeline::audit::Status;

pub use item::Item;
pub use table::{Ask, BATCH, HEAD, Table, read};

use crate::target::{Target, TargetArgs};
use crate::when::When;

/// What became of every upload: ask the audit table
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    Show(show::Args),
    List(list::Args),
    Duplicates(duplicates::Args),
    Stats(stats::Args),
    Export(export::Args),
    Erase(erase::Args),
}

/// What every question takes.
#[derive(Debug, Clone, clap::Args)]
struct TableArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Items of one page; the answer is the same for every number
    #[arg(long, hide = true, value_name = "N")]
    page_size: Option<u16>,
}

/// Which uploads.
#[derive(Debug, Clone, clap::Args)]
struct Filter {
    /// Only in one of these statuses: FAILED,REJECTED; may be given more than once
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<Status>,
    /// At this time or later: a duration ago (2h, 7d), a day (2026-11-20) or a time
    #[arg(long, value_name = "WHEN", default_value = "24h")]
    since: When,
    /// At this time or earlier
    #[arg(long, value_name = "WHEN")]
    until: Option<When>,
    /// Only keys that begin so
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// Only those in which metadata of this kind was found, or this part of Exif: exif, xmp, exif.gps, exif.makerNote,
    /// exif.thumbnail and so on; may be given more than once
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only what this AWS account or service uploaded, or what came from this network address, where addresses are recorded
    #[arg(long, value_name = "WHO")]
    uploaded_by: Option<String>,
}

/// The uploads that a [`Filter`] lets through, newest change first.
struct Filtered {
    walk: table::Walk,
    filter: Filter,
    by: By,
    since: Timestamp,
    until: Timestamp,
}

/// Which time of an upload counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum By {
    /// When it was uploaded
    Upload,
    /// When it came to stand as it does
    #[default]
    Change,
}

impl By {
    fn time(self, item: &Item) -> Timestamp {
        match self {
            Self::Upload => item.uploaded(),
            Self::Change => item.updated_at,
        }
    }
}

impl Filtered {
    async fn next(&mut self) -> Result<Option<Item>> {
        while let Some(item) = self.walk.next().await? {
            let at = self.by.time(&item);
            let who = self.filter.uploaded_by.as_ref();
            let is_theirs = who.is_none_or(|who| {
                item.requester.as_ref() == Some(who) || item.source_address.as_ref() == Some(who)
            });
            let kinds = &self.filter.kind;
            if at >= self.since
                && at <= self.until
                && is_theirs
                && (kinds.is_empty() || kinds.iter().any(|kind| item.has(kind)))
            {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}

impl Question {
    fn name(&self) -> &'static str {
        match self {
            Self::Show(_) => "show",
            Self::List(_) => "list",
            Self::Duplicates(_) => "duplicates",
            Self::Stats(_) => "stats",
            Self::Export(_) => "export",
            Self::Erase(_) => "erase",
        }
    }
}

impl Filter {
    /// Nothing is between two times the wrong way round: that is a usage error.
    fn check(&self, question: &str) {
        if self
            .until
            .is_some_and(|until| until.timestamp() < self.since.timestamp())
        {
            crate::usage(
                &["audit", question],
                "--since is later than --until: nothing lies between them (a duration such as 2h means so long ago)",
            );
        }
    }

    /// The uploads that pass. The index is ordered by the last change, which comes after the upload. So when the time
    /// of the upload counts, the walk includes changes up to the present.
    fn walk(&self, table: &Table, bucket: &str, by: By) -> Filtered {
        let mut ask = self.ask(bucket);
        let (since, until) = (ask.since, ask.until);
        if by == By::Upload {
            ask.until = Timestamp::now();
        }
        Filtered {
            walk: table.walk(ask),
            filter: self.clone(),
            by,
            since,
            until,
        }
    }

    fn ask(&self, bucket: &str) -> Ask {
        Ask {
            statuses: if self.status.is_empty() {
                Status::ALL.to_vec()
            } else {
                self.status.clone()
            },
            since: self.since.timestamp(),
            until: self.until.map_or_else(Timestamp::now, When::timestamp),
            prefix: (!self.prefix.is_empty())
                .then(|| scrubjay_pipeline::upload::object(bucket, &self.prefix)),
        }
    }
}

impl TableArgs {
    async fn open(&self) -> Result<(Table, String)> {
        self.of(&self.target.find().await?)
    }

    /// The audit table and bucket A's name.
    fn of(&self, target: &Target) -> Result<(Table, String)> {
        let table = Table::new(target.sdk(), target.output("AuditTable")?, self.page_size);
        Ok((table, target.output("SourceBucket")?.to_owned()))
    }
}

/// Exit code 1 when nothing is known of what was asked for by name.
pub fn run(args: Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    runtime.block_on(async {
        if let Question::List(list::Args { filter, .. })
        | Question::Stats(stats::Args { filter, .. })
        | Question::Export(export::Args { filter, .. }) = &args.question
        {
            filter.check(args.question.name());
        }
        match args.question {
            Question::Show(args) => show::run(&args).await,
            Question::List(args) => list::run(&args).await,
            Question::Duplicates(args) => duplicates::run(&args).await,
            Question::Stats(args) => stats::run(&args).await,
            Question::Export(args) => export::run(args).await,
            Question::Erase(args) => erase::run(&args).await,
        }
    })
}
