//! `scrubjay inspect`: what is in a file, segment by segment, and what would go.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use scrubjay_jpeg::Report;
use scrubjay_pipeline::Error;

use crate::content;
use crate::options::StripArgs;
use crate::show;

/// Show what is in a JPEG, segment by segment, and what would be removed: kinds and sizes, never contents
#[derive(Debug, clap::Parser)]
#[command(bin_name = "scrubjay inspect")]
pub struct Args {
    /// A JPEG
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    strip: StripArgs,
}

/// Exit code 1 when the file is refused.
///
/// # Errors
/// When it cannot be read, or the result not be shown.
pub fn run(args: &Args) -> Result<ExitCode> {
    let options = args.strip.options();
    let inspected = content::read(&args.file, options.limits.max_bytes, true)
        .and_then(|data| Ok(scrubjay_jpeg::inspect(&data, &options).map_err(Error::from)?));
    match inspected {
        Ok(report) if args.json => show::say_json(&report)?,
        Ok(report) => print(&report)?,
        Err(error) => {
            let error: Error = error
                .downcast()
                .with_context(|| args.file.display().to_string())?;
            if args.json {
                let json = serde_json::json!({"error": {"name": error.name(), "message": error.to_string()}});
                show::say_json(&json)?;
            }
            eprintln!("{}: {}: {error}", args.file.display(), error.name());
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(report: &Report) -> Result<()> {
    show::say(format_args!(
        "{} x {}, {} components, {}, {} bytes, orientation {} ({})",
        report.width,
        report.height,
        report.components,
        report.process,
        report.bytes_in,
        report.orientation,
        report.turned,
    ))?;
    let mut segments = show::table(["offset", "marker", "bytes", "kind", ""]);
    for segment in &report.segments {
        segments.add_row([
            segment.offset.to_string(),
            segment.marker.to_string(),
            segment.bytes.to_string(),
            segment.kind.to_string(),
            if segment.kept { "kept" } else { "removed" }.to_owned(),
        ]);
    }
    show::right(&mut segments, &[0, 2]);
    show::say(segments)?;
    let mut removed = show::table(["would be removed", "count", "bytes"]);
    for kind in &report.removed {
        removed.add_row([
            kind.kind.to_string(),
            kind.count.to_string(),
            kind.bytes.to_string(),
        ]);
    }
    show::right(&mut removed, &[1, 2]);
    if report.removed.is_empty() {
        show::say("nothing would be removed")?;
    } else {
        show::say(removed)?;
    }
    for repaired in &report.repaired {
        show::say(format_args!("would be repaired: {repaired}"))?;
    }
    Ok(())
}
