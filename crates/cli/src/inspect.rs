//! `scrubjay inspect`: what is in files, and what would go.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use scrubjay_jpeg::{Kind, Options};
use scrubjay_pipeline::Error;
use serde::Serialize;

use crate::batch::{self, How, Outcome, Report, Verdict};
use crate::content;
use crate::files::{Input, Select, is_stdin};
use crate::options::StripArgs;
use crate::show;
use crate::table::{Column, Look, Table};

/// Show what is in JPEGs and what would be removed: kinds and sizes, never contents
///
/// Of one file, segment by segment; of several, a line for each.
#[derive(Debug, clap::Parser)]
#[command(bin_name = "scrubjay inspect", after_help = batch::EXIT_CODES)]
pub struct Args {
    /// JPEGs, folders of them, or `-` for standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    strip: StripArgs,
    #[command(flatten)]
    how: How,
}

/// What is in a file.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Inside(scrubjay_jpeg::Report);

/// Exit code 1 when a file is refused, 3 when one cannot be read.
///
/// # Errors
/// When the result cannot be shown.
pub fn run(args: &Args) -> Result<ExitCode> {
    let options = args.strip.options();
    let found = batch::find::<Args>(&args.inputs, None, &args.select);
    let verdicts = [
        Verdict::Inspected,
        Verdict::Refused,
        Verdict::Failed,
        Verdict::Skipped,
    ];
    let one = matches!(args.inputs.as_slice(), [one] if is_stdin(one) || !one.is_dir());
    // Every file is shown, and not only those that something is wrong with.
    let how = How {
        verbose: args.how.verbose || !(args.how.quiet || args.how.json || args.how.jsonl),
        ..args.how.clone()
    };
    let report = Report::make(&found, &how, "inspecting", &verdicts, |input, only| {
        (inspect(input, &options, only), None)
    })?;
    if one {
        return alone(&report, &args.how);
    }
    if !how.verbose {
        return report.tell(&args.how, true, "");
    }
    let mut table = Table::new([
        Column::name("file"),
        Column::new("picture").rank(1),
        Column::number("bytes"),
        Column::number("removable"),
        Column::text("what"),
    ]);
    for outcome in report.files() {
        if let Some(inside) = &outcome.details {
            table.row(inside.row(&show::printable(&outcome.file)));
        }
    }
    if report.count(Verdict::Inspected) > 0 {
        let table = table.show(show::look(false)).text;
        show::say(format_args!("{table}\n"))?;
    }
    let told = How {
        verbose: false,
        ..args.how.clone()
    };
    let summary = format!(
        "{} inspected, {} refused",
        report.count(Verdict::Inspected),
        report.count(Verdict::Refused)
    );
    if args.how.verbose {
        for outcome in report.files() {
            if outcome.result == Verdict::Skipped {
                show::say(outcome)?;
            }
        }
    }
    report.tell(&told, true, &summary)
}

fn inspect(input: &Input, options: &Options, only: bool) -> Outcome<Inside> {
    let inspected = content::read(input, options.limits.max_bytes, only).and_then(|whole| {
        Ok(scrubjay_jpeg::inspect(&whole.content, options).map_err(Error::from)?)
    });
    match inspected {
        Ok(report) => Outcome::new(input, Verdict::Inspected, Some(Inside(report))),
        Err(error) => Outcome::of_error(input, &error),
    }
}

/// The one file that was asked for; as JSON it is the document.
fn alone(report: &Report<Inside>, how: &How) -> Result<ExitCode> {
    let [outcome] = report.files() else {
        return report.tell(how, true, "");
    };
    if how.json {
        show::say_json(outcome)?;
    } else if let Some(inside) = &outcome.details
        && !how.quiet
        && !how.jsonl
    {
        show::say(inside)?;
    }
    let told = How {
        quiet: true,
        json: false,
        verbose: false,
        ..how.clone()
    };
    report.tell(&told, true, "")
}

impl Inside {
    /// `1 gps, 1 maker note, ...`: what people look for first.
    fn parts(&self) -> Vec<&'static str> {
        let exif = self.0.exif.unwrap_or_default();
        let removed = |kind| self.0.removed.iter().any(|removed| removed.kind == kind);
        let thumbnail =
            exif.thumbnail || removed(Kind::JfifThumbnail) || removed(Kind::JfifExtension);
        [
            (exif.gps, "gps"),
            (exif.maker_note, "maker note"),
            (thumbnail, "thumbnail"),
        ]
        .into_iter()
        .filter_map(|(there, name)| there.then_some(name))
        .collect()
    }

    fn row(&self, file: &str) -> [String; 5] {
        let report = &self.0;
        let kinds = report.removed.iter().map(|removed| removed.kind.name());
        let kinds = kinds.filter(|name| !["jfif-thumbnail", "jfif-extension"].contains(name));
        let what: Vec<&str> = self.parts().into_iter().chain(kinds).collect();
        let bytes: u64 = report.removed.iter().map(|removed| removed.bytes).sum();
        [
            file.to_owned(),
            format!("{} x {}", report.width, report.height),
            report.bytes_in.to_string(),
            bytes.to_string(),
            what.join(", "),
        ]
    }

    /// A kind, and for Exif what is in it.
    fn kind(&self, kind: Kind) -> String {
        let exif = self.0.exif.unwrap_or_default();
        let parts = [
            (exif.gps, "gps"),
            (exif.maker_note, "maker note"),
            (exif.thumbnail, "thumbnail"),
        ];
        let parts: Vec<&str> = parts
            .into_iter()
            .filter_map(|(there, name)| there.then_some(name))
            .collect();
        if kind == Kind::Exif && !parts.is_empty() {
            format!("exif: {}", parts.join(", "))
        } else {
            kind.to_string()
        }
    }
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.0;
        writeln!(
            f,
            "{} x {}, {} components, {}, {} bytes, orientation {} ({})",
            report.width,
            report.height,
            report.components,
            report.process,
            report.bytes_in,
            report.orientation,
            report.turned,
        )?;
        let mut segments = Table::new([
            Column::number("offset"),
            Column::new("marker"),
            Column::number("bytes"),
            Column::new("kind"),
            Column::new(""),
        ]);
        for segment in &report.segments {
            segments.row([
                segment.offset.to_string(),
                segment.marker.to_string(),
                segment.bytes.to_string(),
                segment.kind.to_string(),
                if segment.kept { "kept" } else { "removed" }.to_owned(),
            ]);
        }
        writeln!(f, "{}", segments.show(Look::default()).text)?;
        if report.segments_omitted > 0 {
            writeln!(f, "and {} more", report.segments_omitted)?;
        }
        if report.removed.is_empty() {
            f.write_str("nothing would be removed")?;
        } else {
            let mut removed = Table::new([
                Column::new("would be removed"),
                Column::number("count"),
                Column::number("bytes"),
            ]);
            for of in &report.removed {
                let numbers = [of.count.to_string(), of.bytes.to_string()];
                removed.row([vec![self.kind(of.kind)], numbers.to_vec()].concat());
            }
            f.write_str(&removed.show(Look::default()).text)?;
        }
        for repaired in &report.repaired {
            write!(f, "\nwould be repaired: {repaired}")?;
        }
        Ok(())
    }
}
