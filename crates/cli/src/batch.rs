//! Many files, one after the other or side by side, and what is told of them.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use clap::CommandFactory;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use scrubjay_pipeline::Error;
use serde::Serialize;

use crate::files::{self, Found, Input, Select, Why};
use crate::{interrupt, show};

/// A file or folder could not be read or written.
pub const EXIT_FAILED: u8 = 3;

/// What `--help` says of the exit codes.
pub const EXIT_CODES: &str = "Exit codes: 0 done, 1 some file was refused or is not clean, 2 wrong usage, 3 some file or folder could not be read or written.";

/// How files are gone through, and what is told of them.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "How")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub struct How {
    /// So many files at a time; by default as many as there are processors
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Print nothing but what went wrong, which goes to standard error
    #[arg(short, long, conflicts_with_all = ["verbose", "json", "jsonl"])]
    pub quiet: bool,
    /// Print a line for every file, those that are skipped among them
    #[arg(short, long, conflicts_with_all = ["json", "jsonl"])]
    pub verbose: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "jsonl")]
    pub json: bool,
    /// Print a JSON object for every file as soon as it is done, one a line
    #[arg(long)]
    pub jsonl: bool,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Its clean file is written, or would be.
    Cleaned,
    /// It is the file that cleaning it would give.
    Unchanged,
    /// What is in it was shown.
    Inspected,
    /// It is in clean form.
    Clean,
    /// It is not in clean form.
    NotClean,
    /// It is no JPEG that can be cleaned.
    Refused,
    /// It could not be read, or its clean file not be written.
    Failed,
    /// It was passed over.
    Skipped,
}

/// What is told of a file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome<T> {
    /// Where it is. Bytes that are no UTF-8 are replaced.
    pub file: String,
    /// What became of it.
    pub result: Verdict,
    /// Why it was passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
    /// What else there is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What was found.
    #[serde(flatten)]
    pub details: Option<T>,
}

/// What is wrong with a file.
#[derive(Debug, Serialize)]
pub struct Fault {
    /// A name of [`Error::NAMES`], `NotClean`, or `Io`.
    pub name: &'static str,
    /// In words, with names, numbers and offsets, never with contents.
    pub message: String,
}

/// What is told of all files.
#[derive(Debug, Serialize)]
pub struct Report<T> {
    /// How many came to what.
    #[serde(flatten)]
    counts: BTreeMap<Verdict, usize>,
    /// In order.
    files: Vec<Outcome<T>>,
    /// Why files were passed over.
    #[serde(skip)]
    skipped: Vec<Why>,
}

impl<T> Outcome<T> {
    /// Of an input.
    pub fn new(input: &Input, result: Verdict, details: Option<T>) -> Self {
        Self {
            file: input.path.to_string_lossy().into_owned(),
            result,
            why: None,
            error: None,
            note: None,
            details,
        }
    }

    /// A refusal if the file is at fault, a failure otherwise.
    pub fn of_error(input: &Input, error: &anyhow::Error) -> Self {
        let known = error.downcast_ref::<Error>();
        let result = known.map_or(Verdict::Failed, |_| Verdict::Refused);
        Self {
            error: Some(Fault {
                name: known.map_or("Io", Error::name),
                message: format!("{error:#}"),
            }),
            ..Self::new(input, result, None)
        }
    }

    /// Something that was passed over.
    pub fn of_skipped(input: &Input, why: &Why) -> Self {
        Self {
            why: Some(why.to_string()),
            ..Self::new(input, Verdict::Skipped, None)
        }
    }

    fn is_wrong(&self) -> bool {
        use Verdict::{Failed, NotClean, Refused};
        matches!(self.result, Refused | NotClean | Failed)
    }
}

impl<T: Serialize + Display + Send> Report<T> {
    /// Does `work` to every file that was found: `only` tells it that there is no other.
    ///
    /// # Errors
    /// When the threads cannot be started, or the result not be shown.
    pub fn make(
        found: &Found,
        how: &How,
        doing: &'static str,
        verdicts: &[Verdict],
        work: impl Fn(&Input, bool) -> (Outcome<T>, Option<Why>) + Sync,
    ) -> Result<Self> {
        let mut report = Self {
            counts: verdicts.iter().map(|verdict| (*verdict, 0)).collect(),
            files: Vec::new(),
            skipped: Vec::new(),
        };
        for problem in &found.problems {
            let input = named(&problem.path);
            let mut outcome = Outcome::new(&input, Verdict::Failed, None);
            outcome.error = Some(Fault {
                name: "Io",
                message: problem.message.clone(),
            });
            report.add(how, (outcome, None))?;
        }
        match found.inputs.as_slice() {
            // One file needs no threads, and starting them takes longer than cleaning it.
            [input] => {
                let only = found.problems.is_empty();
                report.add(how, work(input, only))?;
            }
            [] => {}
            inputs => report.side_by_side(inputs, how, doing, work)?,
        }
        for skipped in &found.skipped {
            let outcome = Outcome::of_skipped(&named(&skipped.path), &skipped.why);
            report.add(how, (outcome, Some(skipped.why.clone())))?;
        }
        Ok(report)
    }

    fn side_by_side(
        &mut self,
        inputs: &[Input],
        how: &How,
        doing: &'static str,
        work: impl Fn(&Input, bool) -> (Outcome<T>, Option<Why>) + Sync,
    ) -> Result<()> {
        interrupt::watch();
        let bar = show::bar(inputs.len(), doing);
        if how.quiet || how.jsonl {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let jobs = how.jobs.unwrap_or_default();
        let threads = ThreadPoolBuilder::new().num_threads(jobs.into()).build();
        let threads = threads.context("cannot start threads")?;
        let unheard = AtomicUsize::new(0);
        let done: Vec<_> = threads.install(|| {
            let done = inputs.par_iter().map(|input| {
                let (outcome, why) = work(input, false);
                if how.jsonl && show::say_line(&outcome).is_err() {
                    unheard.fetch_add(1, Ordering::Relaxed);
                }
                bar.inc(1);
                (outcome.result, how.keeps(&outcome).then_some(outcome), why)
            });
            done.collect()
        });
        bar.finish_and_clear();
        for (result, outcome, why) in done {
            *self.counts.entry(result).or_default() += 1;
            self.files.extend(outcome);
            self.skipped.extend(why);
        }
        anyhow::ensure!(unheard.into_inner() == 0, "cannot write to standard output");
        Ok(())
    }

    fn add(&mut self, how: &How, (outcome, why): (Outcome<T>, Option<Why>)) -> Result<()> {
        *self.counts.entry(outcome.result).or_default() += 1;
        if how.jsonl {
            show::say_line(&outcome)?;
        }
        if how.keeps(&outcome) {
            self.files.push(outcome);
        }
        self.skipped.extend(why);
        Ok(())
    }

    /// Tells it, and how the program ends. `summary` is the last line; `to_stdout` is false where a photo goes there.
    ///
    /// # Errors
    /// When it cannot be shown.
    pub fn tell(&self, how: &How, to_stdout: bool, summary: &str) -> Result<ExitCode> {
        if how.json {
            show::say_json(self)?;
        }
        for outcome in &self.files {
            if outcome.is_wrong() {
                eprintln!("{outcome}");
            } else if how.verbose && to_stdout {
                show::say(outcome)?;
            } else if how.verbose {
                eprintln!("{outcome}");
            }
            if let Some(note) = &outcome.note {
                eprintln!("{}: {note}", show::printable(&outcome.file));
            }
        }
        if !how.json && !how.jsonl && !how.quiet {
            let skipped = files::counted(&self.skipped);
            let line = match skipped {
                Some(skipped) => format!("{summary}, {skipped}"),
                None => summary.to_owned(),
            };
            if to_stdout {
                show::say(line)?;
            } else if how.verbose {
                eprintln!("{line}");
            }
        }
        Ok(self.exit())
    }

    /// How many came to it.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.counts.get(&verdict).copied().unwrap_or_default()
    }

    /// What is told of each file, those left out that `how` does not ask for.
    pub fn files(&self) -> &[Outcome<T>] {
        &self.files
    }

    fn exit(&self) -> ExitCode {
        let any = |verdict| self.count(verdict) > 0;
        if any(Verdict::Failed) {
            ExitCode::from(EXIT_FAILED)
        } else if any(Verdict::Refused) || any(Verdict::NotClean) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

impl How {
    /// Whether an outcome is listed at the end. Files that went well are not kept in memory, since there may
    /// be a million.
    fn keeps<T>(&self, outcome: &Outcome<T>) -> bool {
        self.json || self.verbose || outcome.is_wrong() || outcome.note.is_some()
    }
}

/// What the arguments of a command mean; a pattern that cannot be read is a usage error.
pub fn find<C: CommandFactory>(inputs: &[PathBuf], out: Option<&Path>, select: &Select) -> Found {
    match files::find(inputs, out, select) {
        Ok(found) => found,
        Err(error) => show::usage::<C>(&format!("{error:#}")),
    }
}

fn named(path: &Path) -> Input {
    Input {
        path: path.to_owned(),
        relative: path.to_owned(),
    }
}

impl<T: Display> Display for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = if self.file == "-" {
            "standard input".into()
        } else {
            show::printable(&self.file)
        };
        match (self.result, &self.error) {
            (Verdict::Failed, Some(error)) => write!(f, "scrubjay: {file}: {}", error.message),
            (Verdict::NotClean, Some(error)) => write!(f, "{file}: {}", error.message),
            (_, Some(error)) => write!(f, "{file}: refused: {}: {}", error.name, error.message),
            (_, None) => {
                write!(f, "{file}: ")?;
                match (&self.details, &self.why) {
                    (Some(details), _) => details.fmt(f),
                    (None, Some(why)) => write!(f, "skipped: {why}"),
                    (None, None) => f.write_str("done"),
                }
            }
        }
    }
}
