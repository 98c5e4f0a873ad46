//! `scrubjay photos search`.

use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use jiff::Timestamp;
use scrubjay::show;
use scrubjay::table::{Column, Look, Table};
use scrubjay_gallery::{Cursor, Photo, Query, State};
use scrubjay_pipeline::audit::stamp;
use serde::Serialize;

use crate::target::TargetArgs;
use crate::when::When;

/// Photos by words, labels, tags, file name and time, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  scrubjay photos search                             the newest
  scrubjay photos search 'beach 2026'                all words must be there: in title, alternative text, tags, labels,
                                                     writing in the picture, file name, or as its year
  scrubjay photos search --label Dog --since 30d
  scrubjay photos search --name IMG_47

A page may be short; the last is the one without a cursor.")]
pub struct Args {
    /// Words that must all be there
    #[arg(value_name = "WORDS", default_value = "")]
    words: String,
    /// Only with this label of the analysis; may be given more than once
    #[arg(long, value_name = "TEXT")]
    label: Vec<String>,
    /// Only with this tag; may be given more than once
    #[arg(long, value_name = "TEXT")]
    tag: Vec<String>,
    /// Only whose file name begins so
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Only of this uploader, in whatever state
    #[arg(long, value_name = "SUBJECT")]
    owner: Option<String>,
    /// Only in this state: AWAITED, PUBLISHED or UNPUBLISHED
    #[arg(long, value_name = "STATE")]
    state: Option<State>,
    /// Of this time or later: a duration ago (2h, 7d), a day (2026-11-20) or a time
    #[arg(long, visible_alias = "since", value_name = "WHEN")]
    from: Option<When>,
    /// Of this time or earlier
    #[arg(long, visible_alias = "until", value_name = "WHEN")]
    to: Option<When>,
    /// So many at most, from 1 to 100
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Go on where an earlier search ended
    #[arg(long, value_name = "TEXT")]
    cursor: Option<Cursor>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    wide: show::Wide,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    photos: Vec<Photo>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(skip)]
    look: Look,
}

impl Args {
    fn query(&self) -> Result<Query> {
        let mut query = Query::new(&self.words)?;
        for label in &self.label {
            query = query.label(label)?;
        }
        for tag in &self.tag {
            query = query.tag(tag)?;
        }
        if let Some(name) = &self.name {
            query = query.name(name)?;
        }
        if let Some(owner) = &self.owner {
            query = query.owner(owner)?;
        }
        if let Some(state) = self.state {
            query = query.state(state)?;
        }
        let times = [self.from, self.to].map(|when| when.map(When::timestamp));
        Ok(query.between(times[0], times[1])?)
    }
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let query = args.query()?;
    let catalogue = super::catalogue(&args.target).await?;
    let page = catalogue
        .search(&query, args.cursor.as_ref(), args.limit)
        .await?;
    let report = Report {
        photos: page.photos,
        cursor: page.cursor.map(|cursor| cursor.to_string()),
        look: args.wide.look(),
    };
    show::report(&report, args.json)?;
    Ok(ExitCode::SUCCESS)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new([
            Column::new("date"),
            Column::new("state"),
            Column::name("key"),
            Column::new("size").rank(1),
            Column::text("about"),
        ]);
        for photo in &self.photos {
            table.row([
                day(photo.date),
                photo.state.to_string(),
                show::printable(&photo.key),
                photo
                    .published
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), |p| format!("{}x{}", p.width, p.height)),
                show::printable(&about(photo)),
            ]);
        }
        writeln!(f, "{}\n", table.show(self.look))?;
        f.write_str(&show::count(self.photos.len(), "photo"))?;
        if let Some(cursor) = &self.cursor {
            write!(f, ", perhaps more: --cursor {cursor}")?;
        }
        Ok(())
    }
}

fn day(date: Timestamp) -> String {
    stamp(date).chars().take(10).collect()
}

/// Title, tags and labels in one line.
fn about(photo: &Photo) -> String {
    let mut parts: Vec<String> = photo.texts.title.iter().cloned().collect();
    parts.extend(photo.texts.tags.iter().map(|tag| format!("[{tag}]")));
    if let Some(analysis) = photo.current_analysis() {
        parts.extend(analysis.labels.iter().map(|label| label.name.clone()));
    }
    if photo.is_flagged() {
        parts.push("(flagged)".to_owned());
    }
    parts.join(" ")
}
