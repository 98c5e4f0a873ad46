//! `scrubjay verify`: whether files are clean.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use scrubjay_jpeg::{Copyright, Limits};
use serde::Serialize;

use crate::batch::{self, Fault, How, Outcome, Report, Verdict};
use crate::content;
use crate::files::{Input, Select};
use crate::options;

/// Prove that files are clean: exit code 1, and the reason, if one is not
///
/// A file is clean if it has the form that `scrub` writes: nothing but what is needed to draw the picture, in its one canonical
/// form. The picture is not decoded; of a picture that is cut off, `scrub` knows. `scrubjay verify s3://BUCKET/PREFIX` proves the photos
/// of a bucket; its options are told by `scrubjay verify s3:// --help`.
#[derive(Debug, clap::Parser)]
#[command(bin_name = "scrubjay verify", after_help = batch::EXIT_CODES)]
pub struct Args {
    /// JPEGs, folders of them, or `-` for standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    inputs: Vec<PathBuf>,
    /// Do not read files of more bytes, and take them for not clean (K, M and G are powers of 1024)
    #[arg(long, default_value_t = Limits::default().max_bytes, value_name = "SIZE", value_parser = options::bytes)]
    max_bytes: u64,
    #[command(flatten)]
    copyright: options::CopyrightArg,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    how: How,
}

/// What is found of a clean file.
#[derive(Debug, Serialize)]
struct Proved {
    bytes: usize,
}

impl fmt::Display for Proved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clean, {} bytes", self.bytes)
    }
}

/// Exit code 1 when a file is not clean, 3 when one cannot be read.
///
/// # Errors
/// When the result cannot be shown.
pub fn run(args: &Args) -> Result<ExitCode> {
    let found = batch::find::<Args>(&args.inputs, None, &args.select);
    let verdicts = [
        Verdict::Clean,
        Verdict::NotClean,
        Verdict::Failed,
        Verdict::Skipped,
    ];
    let report = Report::make(&found, &args.how, "verifying", &verdicts, |input, only| {
        (
            prove(input, args.max_bytes, args.copyright.policy(), only),
            None,
        )
    })?;
    let summary = format!(
        "{} clean, {} not",
        report.count(Verdict::Clean),
        report.count(Verdict::NotClean)
    );
    let summary = match report.count(Verdict::Failed) {
        0 => summary,
        failed => format!("{summary}, {failed} could not be read"),
    };
    report.tell(&args.how, true, &summary)
}

fn prove(input: &Input, max_bytes: u64, copyright: Copyright, only: bool) -> Outcome<Proved> {
    let data = match content::read(input, max_bytes, only) {
        Ok(whole) => whole.content,
        Err(error) => {
            let mut outcome = Outcome::of_error(input, &error);
            if outcome.result == Verdict::Refused {
                // A file that was not read is not proved clean.
                outcome.result = Verdict::NotClean;
            }
            return outcome;
        }
    };
    match scrubjay_jpeg::verify_with(&data, copyright) {
        Ok(()) => Outcome::new(input, Verdict::Clean, Some(Proved { bytes: data.len() })),
        Err(reason) => {
            let mut outcome = Outcome::new(input, Verdict::NotClean, None);
            outcome.error = Some(Fault {
                name: "NotClean",
                message: reason.to_string(),
            });
            outcome
        }
    }
}
