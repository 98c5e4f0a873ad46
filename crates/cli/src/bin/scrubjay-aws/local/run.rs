//! `scrubjay local run`: a folder of JPEGs goes in at bucket A and comes out clean in bucket B.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use scrubjay::files::{self, Input, Select};
use scrubjay::show;
use scrubjay::table::{Column, Look, Table};
use scrubjay_local::Stack;
use scrubjay_pipeline::audit::{Output, Reason, Removed, Source, Status};
use serde::{Deserialize, Serialize};

use super::{StackArgs, bring_up};

/// How often the audit table is asked what became of an upload.
const PAUSE: Duration = Duration::from_millis(50);
/// When an upload has come to no end for so long, something is wrong with the stack.
const PATIENCE: Duration = Duration::from_mins(3);

/// Run the whole pipeline on this machine over a folder: start, deploy, upload, wait, download, report, stop
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder of JPEGs, or a JPEG
    #[arg(value_name = "DIR")]
    input: PathBuf,
    /// Folder for the clean files, under their relative paths
    #[arg(short, long, value_name = "OUT", default_value = "scrubbed")]
    output: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    wide: show::Wide,
    /// So many uploads under way at a time: with more than this machine has processors for, each takes longer
    #[arg(short, long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    #[command(flatten)]
    stack: StackArgs,
}

/// What became of every file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    files: Vec<Row>,
    cleaned: usize,
    refused: usize,
    milliseconds: u64,
    output: PathBuf,
    #[serde(skip)]
    look: Look,
}

/// What became of one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    file: PathBuf,
    key: String,
    #[serde(flatten)]
    item: Item,
    /// From the start of the upload to the end that the audit table names.
    milliseconds: i64,
}

/// What of an audit item is shown.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    status: Status,
    #[serde(default)]
    source: Option<Source>,
    #[serde(default)]
    removed: Vec<Removed>,
    #[serde(default)]
    orientation: Option<String>,
    #[serde(default)]
    output: Option<Output>,
    #[serde(default)]
    error: Option<Reason>,
    #[serde(default)]
    finished_at: Option<Timestamp>,
}

/// An upload that has begun.
struct Upload {
    input: Input,
    key: String,
    started: Timestamp,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let select = Select::default();
    let found = files::find(
        std::slice::from_ref(&args.input),
        Some(&args.output),
        &select,
    )?;
    if let Some(problem) = found.problems.first() {
        bail!("{}: {}", show::path(&problem.path), problem.message);
    }
    let inputs = found.inputs;
    if inputs.is_empty() {
        bail!(
            "no file ending in .jpg, .jpeg or .jpe below {}",
            args.input.display()
        );
    }
    let started = Instant::now();
    let name = format!("run-{}", std::process::id());
    let stack = bring_up(name, &args.stack).await?;
    let done = treat(&stack, inputs, &args).await;
    stack.down().await?;
    let files = done?;
    let cleaned = files
        .iter()
        .filter(|row| row.item.status == Status::Cleaned)
        .count();
    let report = Report {
        cleaned,
        refused: files.len() - cleaned,
        files,
        milliseconds: started.elapsed().as_millis() as u64,
        output: args.output,
        look: args.wide.look(),
    };
    show::report(&report, args.json)?;
    Ok(if report.refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Uploads, waits and downloads. The number of uploads at a time is limited as the user asked, so that the measured
/// time of each does not include waiting for others.
async fn treat(stack: &Stack, inputs: Vec<Input>, args: &Args) -> Result<Vec<Row>> {
    let bar = show::bar(inputs.len(), "cleaning");
    let rows: Result<Vec<Row>> = stream::iter(inputs)
        .map(|input| one(stack, input, &args.output))
        .buffer_unordered(args.jobs.into())
        .inspect_ok(|_| bar.inc(1))
        .try_collect()
        .await;
    bar.finish_and_clear();
    let mut rows = rows?;
    rows.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(rows)
}

async fn one(stack: &Stack, input: Input, output: &Path) -> Result<Row> {
    let upload = upload(stack, input).await?;
    let began = Instant::now();
    let item = loop {
        if let Some(item) = ended(stack, &upload.key).await? {
            break item;
        }
        ensure!(
            began.elapsed() < PATIENCE,
            "the upload {} came to no end in {} s; the emulator's log is {}",
            show::printable(&upload.key),
            PATIENCE.as_secs(),
            stack.log().display()
        );
        tokio::time::sleep(PAUSE).await;
    };
    if item.status == Status::Cleaned {
        download(stack, &upload, output).await?;
    }
    let finished = item.finished_at.unwrap_or_else(Timestamp::now);
    Ok(Row {
        milliseconds: finished.as_millisecond() - upload.started.as_millisecond(),
        file: upload.input.relative,
        key: upload.key,
        item,
    })
}

async fn upload(stack: &Stack, input: Input) -> Result<Upload> {
    let parts: Option<Vec<&str>> = input.relative.iter().map(std::ffi::OsStr::to_str).collect();
    let key = parts
        .with_context(|| format!("{}: its name is not UTF-8", input.path.display()))?
        .join("/");
    let body = tokio::fs::read(&input.path)
        .await
        .with_context(|| format!("cannot read {}", input.path.display()))?;
    let started = Timestamp::now();
    stack
        .put(&key, body)
        .await
        .with_context(|| format!("cannot upload {}", input.path.display()))?;
    Ok(Upload {
        input,
        key,
        started,
    })
}

/// The audit item of the only upload of `key`, once it has come to an end.
async fn ended(stack: &Stack, key: &str) -> Result<Option<Item>> {
    let names = stack.outputs();
    let answer = stack
        .dynamodb()
        .query()
        .table_name(&names.audit_table)
        .key_condition_expression("#object = :object AND begins_with(entry, :upload)")
        .expression_attribute_names("#object", "object")
        .expression_attribute_values(
            ":object",
            AttributeValue::S(format!("{}/{key}", names.source_bucket)),
        )
        .expression_attribute_values(":upload", AttributeValue::S("upload#".into()))
        .consistent_read(true)
        .send()
        .await
        .context("cannot ask the audit table")?;
    let Some(item) = answer.items.unwrap_or_default().pop() else {
        return Ok(None);
    };
    let item: Item = serde_dynamo::from_item::<HashMap<_, _>, _>(item)
        .context("an audit item that cannot be read")?;
    Ok(Some(item).filter(|item| item.status != Status::Processing))
}

async fn download(stack: &Stack, upload: &Upload, output: &Path) -> Result<()> {
    let get = stack
        .s3()
        .get_object()
        .bucket(&stack.outputs().destination_bucket)
        .key(&upload.key);
    let object = get
        .send()
        .await
        .with_context(|| format!("bucket B does not give {}", upload.key))?;
    let bytes = object
        .body
        .collect()
        .await
        .context("the download broke off")?
        .into_bytes();
    let path = output.join(&upload.input.relative);
    let folder = path.parent().unwrap_or(output);
    tokio::fs::create_dir_all(folder)
        .await
        .with_context(|| format!("cannot make {}", folder.display()))?;
    tokio::fs::write(&path, bytes)
        .await
        .with_context(|| format!("cannot write {}", path.display()))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new([
            Column::name("file"),
            Column::status("result"),
            Column::number("before"),
            Column::number("after").rank(1),
            Column::text("removed"),
            Column::number("ms"),
        ]);
        for row in &self.files {
            let item = &row.item;
            let bytes =
                |size: Option<u64>| size.map_or_else(|| "-".to_owned(), |size| size.to_string());
            let what = match (&item.error, item.orientation.as_deref()) {
                (Some(error), _) => format!("{}: {}", error.name, error.message),
                (None, None | Some("none")) => show::kinds(&item.removed),
                (None, Some(turned)) => format!("{}; {turned}", show::kinds(&item.removed)),
            };
            table.row([
                show::path(&row.file),
                item.status.to_string(),
                bytes(item.source.as_ref().map(|s| s.size)),
                bytes(item.output.as_ref().map(|o| o.size)),
                what,
                row.milliseconds.to_string(),
            ]);
        }
        writeln!(f, "{}\n", table.show(self.look))?;
        write!(
            f,
            "{} cleaned, {} refused in {:.1} s; the clean files are in {}",
            self.cleaned,
            self.refused,
            self.milliseconds as f64 / 1000.0,
            self.output.display()
        )
    }
}
