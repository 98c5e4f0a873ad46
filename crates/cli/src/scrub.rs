//! `scrubjay scrub`: clean files and folders on this machine, without AWS.

use std::fmt::{self, Write as _};
use std::io::{IsTerminal, stdout};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use scrubjay_jpeg::Options;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit::Findings;
use serde::Serialize;

use crate::batch::{self, How, Outcome, Report, Verdict};
use crate::content;
use crate::files::{self, Input, Select, Why, is_stdin};
use crate::options::StripArgs;
use crate::output::{Clean, Keep, Place, is_stdout};
use crate::show;

/// Clean files and folders: all metadata goes, no pixel changes
///
/// A clean file is written beside its place and then moved there, so that nobody sees half of one. With --output it gets the mode
/// that your umask gives to new files, and the time at which it was written; with --in-place the mode and, as far as you may give
/// files away, the owner of the file that it replaces. Access lists and extended attributes are not taken over: they are metadata.
#[derive(Debug, clap::Parser)]
#[command(bin_name = "scrubjay scrub", after_help = batch::EXIT_CODES)]
pub struct Args {
    /// JPEGs, folders of them, or `-` for standard input
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    into: Into,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    strip: StripArgs,
    #[command(flatten)]
    how: How,
}

/// Where clean files go.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Where clean files go")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
struct Into {
    /// Folder for the clean files, with the tree of the folders that were named; for a single file also a file's name, or `-` for standard output
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Replace every file by its clean one; a file that is clean already is not touched
    #[arg(short, long, conflicts_with_all = ["output", "no_clobber"])]
    in_place: bool,
    /// Give clean files the times of their sources
    #[arg(short, long)]
    preserve: bool,
    /// Leave every file that is there already, and skip its source
    #[arg(long)]
    no_clobber: bool,
    /// Do everything but write
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// What became of a file that was cleaned.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cleaned {
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    bytes: u64,
    #[serde(flatten)]
    findings: Findings,
    #[serde(skip)]
    unchanged: bool,
}

/// Exit code 1 when any file was refused, 3 when one could not be read or written.
///
/// # Errors
/// When the result cannot be shown.
pub fn run(args: &Args) -> Result<ExitCode> {
    let out = Out::of(args);
    let mut found = batch::find::<Args>(&args.inputs, out.folder(), &args.select);
    if found.inputs.len() > 1 {
        if args.into.in_place {
            found.once();
        } else if let Err(error) = found.apart() {
            show::usage::<Args>(&error.to_string());
        }
    }
    let work = Work {
        options: args.strip.options(),
        into: &args.into,
        out,
    };
    let verdicts = [
        Verdict::Cleaned,
        Verdict::Unchanged,
        Verdict::Refused,
        Verdict::Failed,
        Verdict::Skipped,
    ];
    let report = Report::make(&found, &args.how, "cleaning", &verdicts, |input, only| {
        work.treat(input, only)
    })?;
    let to_stdout = work.out != Out::Stdout;
    report.tell(&args.how, to_stdout, &summary(&report, args))
}

fn summary(report: &Report<Cleaned>, args: &Args) -> String {
    let count = |verdict| report.count(verdict);
    let mut summary = format!(
        "{} {}",
        count(Verdict::Cleaned),
        if args.into.dry_run {
            "to clean"
        } else {
            "cleaned"
        }
    );
    for (verdict, words, always) in [
        (Verdict::Unchanged, "clean already", false),
        (Verdict::Refused, "refused", true),
        (Verdict::Failed, "could not be read or written", false),
    ] {
        if always || count(verdict) > 0 {
            let _ = write!(summary, ", {} {words}", count(verdict));
        }
    }
    summary
}

/// Where all clean files go.
#[derive(Debug, PartialEq, Eq)]
enum Out {
    Stdout,
    File(PathBuf),
    Folder(PathBuf),
    InPlace,
    /// Of a trial that was not told where they would go.
    Nowhere,
}

impl Out {
    /// As the arguments say; what makes no sense is a usage error.
    fn of(args: &Args) -> Self {
        let into = &args.into;
        let usage = |message: &str| -> ! { show::usage::<Args>(message) };
        let stdin = args.inputs.iter().any(|input| is_stdin(input));
        if stdin && args.inputs.len() > 1 {
            usage("standard input (`-`) is cleaned alone; a file of that name is ./-");
        }
        if into.in_place {
            if stdin {
                usage("standard input cannot be cleaned in place");
            }
            return Self::InPlace;
        }
        let output = match &into.output {
            Some(output) => output,
            None if stdin && !into.dry_run => Path::new("-"),
            None if into.dry_run => return Self::Nowhere,
            None => usage("say where the clean files go: --output OUT, or --in-place"),
        };
        let one_file = matches!(args.inputs.as_slice(), [one] if is_stdin(one) || !one.is_dir());
        if is_stdout(output) {
            if !one_file {
                usage("standard output takes one file; a folder of the name `-` is ./-");
            }
            if args.how.json || args.how.jsonl {
                usage(
                    "the photo itself goes to standard output: --json and --jsonl have no place there",
                );
            }
            if !into.dry_run && stdout().is_terminal() {
                usage(
                    "a photo is not written to a terminal: redirect standard output, or give --output OUT",
                );
            }
            return Self::Stdout;
        }
        // One system call answers both.
        match output.metadata() {
            Ok(there) if there.is_dir() && stdin => {
                usage("the clean file of standard input needs a name: --output FILE.jpg")
            }
            Ok(there) if there.is_dir() => Self::Folder(output.into()),
            Ok(_) if one_file => Self::File(output.into()),
            Ok(_) => usage("--output is a file, and several files or a folder were named"),
            Err(_) if stdin || one_file && files::has_jpeg_suffix(output) => {
                Self::File(output.into())
            }
            Err(_) => Self::Folder(output.into()),
        }
    }

    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            _ => None,
        }
    }

    fn place(&self, input: &Input) -> Option<Place> {
        Some(match self {
            Self::Stdout => Place::Stdout,
            Self::File(path) => Place::File(path.clone()),
            Self::Folder(folder) => Place::File(folder.join(&input.relative)),
            Self::InPlace => Place::InPlace(input.path.clone()),
            Self::Nowhere => return None,
        })
    }
}

/// What is done to every file.
struct Work<'a> {
    options: Options,
    into: &'a Into,
    out: Out,
}

impl Work<'_> {
    fn treat(&self, input: &Input, only: bool) -> (Outcome<Cleaned>, Option<Why>) {
        let place = self.out.place(input);
        if self.into.no_clobber && place.as_ref().is_some_and(Place::is_taken) {
            return (Outcome::of_skipped(input, &Why::Taken), Some(Why::Taken));
        }
        let outcome = match self.clean(input, place.as_ref(), only) {
            Ok((cleaned, links)) => {
                let result = if cleaned.unchanged {
                    Verdict::Unchanged
                } else {
                    Verdict::Cleaned
                };
                Outcome {
                    note: links,
                    ..Outcome::new(input, result, Some(cleaned))
                }
            }
            Err(error) => {
                let mut outcome = Outcome::of_error(input, &error);
                outcome.note = place
                    .filter(|place| place.is_taken() && !is_own(place, input))
                    .map(|place| format!("an older file stays at {}", place.name()));
                outcome
            }
        };
        (outcome, None)
    }

    /// The clean file, and what is to be known of its place.
    fn clean(
        &self,
        input: &Input,
        place: Option<&Place>,
        only: bool,
    ) -> Result<(Cleaned, Option<String>)> {
        let whole = content::read(input, self.options.limits.max_bytes, only)?;
        let stripped = scrubjay_jpeg::strip(&whole.content, &self.options).map_err(Error::from)?;
        let clean = Clean {
            source: &whole.content,
            was: whole.metadata.as_ref(),
            stripped: &stripped,
        };
        let in_place = self.out == Out::InPlace;
        let unchanged = in_place && clean.is_source();
        let mut note = None;
        if let Some(place) = place
            && !unchanged
            && !self.into.dry_run
        {
            let times = self.into.preserve;
            place.write(clean, Keep { times })?;
            let links = whole.metadata.as_ref().map_or(1, MetadataExt::nlink);
            if in_place && links > 1 {
                note = Some(format!(
                    "{} of its hard links still hold what it was",
                    links - 1
                ));
            }
        }
        let cleaned = Cleaned {
            output: place.map(|place| match place {
                Place::Stdout => "-".into(),
                Place::File(path) | Place::InPlace(path) => path.to_string_lossy().into_owned(),
            }),
            bytes: stripped.len(),
            findings: Findings::of(&stripped.report),
            unchanged,
        };
        Ok((cleaned, note))
    }
}

/// Whether the place is where the input is.
fn is_own(place: &Place, input: &Input) -> bool {
    matches!(place, Place::File(path) if path.canonicalize().ok() == input.path.canonicalize().ok())
}

impl fmt::Display for Cleaned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unchanged {
            return f.write_str("clean already");
        }
        write!(
            f,
            "{} -> {} bytes, removed {}",
            self.findings.source.size,
            self.bytes,
            show::kinds(&self.findings.removed)
        )
    }
}
