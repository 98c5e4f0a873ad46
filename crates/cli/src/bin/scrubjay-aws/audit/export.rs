//! `scrubjay audit export`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::ValueEnum;
use jiff::Timestamp;
use scrubjay::show;
use scrubjay_pipeline::audit::stamp;

use super::{Filter, Item, TableArgs};

/// Write uploads to a file, newest first: for a spreadsheet (csv) or for any other program (jsonl: whole items, one a line)
///
/// As many as there are: nothing is held in memory. Athena, `DuckDB` and pandas read JSON lines as they are and turn them into
/// Parquet where columns pay; a table of millions is exported by DynamoDB itself (export to S3, from point-in-time recovery).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// csv has one row per upload, without the history
    #[arg(long, default_value = "csv")]
    format: Format,
    /// Where to; standard output when absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) filter: Filter,
    #[command(flatten)]
    table: TableArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let (table, bucket) = args.table.open().await?;
    let mut walk = args.filter.walk(&table, &bucket, super::By::Change);
    let out: Box<dyn Write> = match &args.output {
        Some(path) => Box::new(
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
        ),
        None => Box::new(show::stream()),
    };
    let mut writer = Writer::new(args.format, BufWriter::new(out))?;
    let spinner = show::spinner();
    let mut count = 0_u64;
    while let Some(item) = walk.next().await? {
        writer.write(&item)?;
        count += 1;
        spinner.set_message(format!("{count} uploads"));
    }
    writer.finish()?;
    spinner.finish_and_clear();
    eprintln!("{count} uploads");
    Ok(ExitCode::SUCCESS)
}

/// One upload after the other.
enum Writer<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Jsonl(W),
}

const COLUMNS: [&str; 31] = [
    "object",
    "entry",
    "status",
    "uploadedAt",
    "receivedAt",
    "updatedAt",
    "finishedAt",
    "milliseconds",
    "attempts",
    "etag",
    "versionId",
    "sequencer",
    "execution",
    "requester",
    "sourceAddress",
    "bytes",
    "width",
    "height",
    "process",
    "orientation",
    "removedKinds",
    "removedBytes",
    "exif.gps",
    "exif.makerNote",
    "exif.thumbnail",
    "sourceSha256",
    "outputBytes",
    "outputEtag",
    "outputSha256",
    "error",
    "errorMessage",
];

impl<W: Write> Writer<W> {
    fn new(format: Format, out: W) -> Result<Self> {
        Ok(match format {
            Format::Jsonl => Self::Jsonl(out),
            Format::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(COLUMNS)?;
                Self::Csv(Box::new(csv))
            }
        })
    }

    fn write(&mut self, item: &Item) -> Result<()> {
        match self {
            Self::Csv(csv) => csv.write_record(cells(item))?,
            Self::Jsonl(out) => {
                serde_json::to_writer(&mut *out, item)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Csv(mut csv) => csv.flush()?,
            Self::Jsonl(mut out) => out.flush()?,
        }
        Ok(())
    }
}

fn cells(item: &Item) -> [String; COLUMNS.len()] {
    fn text(value: Option<impl ToString>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let at = |time: Option<Timestamp>| text(time.map(stamp));
    let source = item.source.as_ref();
    let output = item.output.as_ref();
    let error = item.error.as_ref();
    let kinds: Vec<&str> = item.removed.iter().map(|r| r.kind.as_str()).collect();
    [
        item.object.clone(),
        item.entry.clone(),
        item.status.to_string(),
        at(item.uploaded_at),
        at(item.received_at),
        stamp(item.updated_at),
        at(item.finished_at),
        text(item.milliseconds()),
        item.attempts.to_string(),
        item.etag.clone(),
        text(item.version_id.as_ref()),
        text(item.sequencer.as_ref()),
        item.execution.clone(),
        text(item.requester.as_ref()),
        text(item.source_address.as_ref()),
        text(item.bytes()),
        text(source.map(|s| s.width)),
        text(source.map(|s| s.height)),
        text(source.map(|s| &s.process)),
        text(item.orientation.as_ref()),
        kinds.join(" "),
        source
            .map(|_| item.removed_bytes().to_string())
            .unwrap_or_default(),
        text(item.exif.map(|exif| exif.gps)),
        text(item.exif.map(|exif| exif.maker_note)),
        text(item.exif.map(|exif| exif.thumbnail)),
        text(item.source_sha256.as_ref()),
        text(output.map(|o| o.size)),
        text(output.map(|o| &o.etag)),
        text(output.map(|o| &o.sha256)),
        text(error.map(|e| &e.name)),
        text(error.map(|e| &e.message)),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(key: &str) -> Item {
        serde_json::from_value(json!({
            "object": format!("a/{key}"), "entry": "upload#e#v", "status": "CLEANED", "etag": "e", "versionId": "v",
            "execution": "arn", "attempts": 1, "updatedAt": "2026-11-20T22:00:01.500Z",
            "receivedAt": "2026-11-20T22:00:00Z", "finishedAt": "2026-11-20T22:00:01.500Z",
            "source": {"size": 9, "mediaType": "image/jpeg", "width": 1, "height": 2, "components": 3, "process": "baseline"},
            "removed": [{"kind": "exif", "count": 1, "bytes": 4}, {"kind": "xmp", "count": 1, "bytes": 2}],
            "history": [{"at": "2026-11-20T22:00:00.000Z", "status": "PROCESSING", "execution": "arn"}],
        }))
        .unwrap()
    }

    fn written(format: Format, items: &[Item]) -> String {
        let mut out = Vec::new();
        let mut writer = Writer::new(format, &mut out).unwrap();
        for item in items {
            writer.write(item).unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_key_with_anything_in_it_stays_one_cell() {
        let odd = "a,\"b\"\nc;é.jpg";
        let text = written(Format::Csv, &[item(odd)]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(
            reader.headers().unwrap().iter().collect::<Vec<_>>(),
            COLUMNS
        );
        let row = reader.records().next().unwrap().unwrap();
        let cell = |name| &row[COLUMNS.iter().position(|c| *c == name).unwrap()];
        assert_eq!(cell("object"), format!("a/{odd}"));
        assert_eq!(
            [
                cell("milliseconds"),
                cell("removedKinds"),
                cell("removedBytes"),
                cell("error")
            ],
            ["1500", "exif xmp", "6", ""]
        );
    }

    #[test]
    fn a_line_of_json_is_the_whole_item() {
        let items = [item("a\nb"), item("c")];
        let text = written(Format::Jsonl, &items);
        let read: Vec<Item> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(read, items);
    }

    #[test]
    fn an_empty_answer_has_its_columns() {
        assert_eq!(written(Format::Csv, &[]).trim_end(), COLUMNS.join(","));
        assert_eq!(written(Format::Jsonl, &[]), "");
    }
}
