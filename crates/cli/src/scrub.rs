//! `scrubjay scrub`: clean files and folders on this machine, without AWS.

use std::fmt;
use std::fs;
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use scrubjay_jpeg::{Options, Stripped};
use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit::{Findings, Reason};
use serde::Serialize;

use crate::content;
use crate::files::{self, Input};
use crate::options::StripArgs;
use crate::show;

/// Clean files and folders: all metadata goes, no pixel changes
#[derive(Debug, clap::Parser)]
#[command(bin_name = "scrubjay scrub")]
pub struct Args {
    /// JPEGs, or folders of them (files ending in .jpg, .jpeg or .jpe, in any case)
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// Folder for the clean files, with the tree of the folders that were named; for a single file also a file's name
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print a line for every file, not only for those refused
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    strip: StripArgs,
}

/// What became of every file.
#[derive(Debug, Serialize)]
struct Report {
    cleaned: usize,
    refused: usize,
    files: Vec<Outcome>,
}

/// What became of one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    findings: Option<Findings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason>,
}

/// Exit code 1 when any file was refused.
///
/// # Errors
/// When a path that is named cannot be read, or the result not be shown.
pub fn run(args: &Args) -> Result<ExitCode> {
    let inputs = files::find(&args.inputs, Some(&args.output))?;
    let options = args.strip.options();
    let one_file = matches!(args.inputs.as_slice(), [one] if !one.is_dir());
    let to_file = one_file && !args.output.is_dir() && files::has_jpeg_suffix(&args.output);
    let target = |input: &Input| {
        if to_file {
            args.output.clone()
        } else {
            args.output.join(&input.relative)
        }
    };
    let files: Vec<Outcome> = if let [input] = inputs.as_slice() {
        // One file needs no threads, and starting them takes longer than cleaning it.
        vec![clean(input, target(input), &options, true)]
    } else {
        let bar = show::bar(inputs.len(), "cleaning");
        let files = inputs
            .par_iter()
            .map(|input| {
                let outcome = clean(input, target(input), &options, false);
                bar.inc(1);
                outcome
            })
            .collect();
        bar.finish_and_clear();
        files
    };
    let refused = files.iter().filter(|f| f.error.is_some()).count();
    let report = Report {
        cleaned: files.len() - refused,
        refused,
        files,
    };
    if args.json {
        show::say_json(&report)?;
    } else {
        report.print(args.verbose)?;
    }
    Ok(if refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Report {
    fn print(&self, verbose: bool) -> Result<()> {
        for outcome in self.files.iter().filter(|o| verbose || o.error.is_some()) {
            show::say(outcome)?;
        }
        show::say(format_args!(
            "{} cleaned, {} refused",
            self.cleaned, self.refused
        ))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match (&self.error, &self.findings) {
            (Some(error), _) => write!(f, "refused: {}: {}", error.name, error.message),
            (None, Some(findings)) => write!(
                f,
                "{} -> {} bytes, removed {}",
                findings.source.size,
                self.bytes.unwrap_or_default(),
                show::kinds(&findings.removed)
            ),
            (None, None) => f.write_str("done"),
        }
    }
}

/// `only`: there is no other file.
fn clean(input: &Input, output: PathBuf, options: &Options, only: bool) -> Outcome {
    let outcome = Outcome {
        file: input.path.clone(),
        output: None,
        bytes: None,
        findings: None,
        error: None,
    };
    match clean_file(&input.path, &output, options, only) {
        Ok(clean) => Outcome {
            output: Some(output),
            bytes: Some(clean.len()),
            findings: Some(Findings::of(&clean.report)),
            ..outcome
        },
        Err(error) => {
            let name = error
                .downcast_ref::<Error>()
                .map_or("Io", Error::name)
                .to_owned();
            Outcome {
                error: Some(Reason {
                    name,
                    message: format!("{error:#}"),
                    state: "scrub".into(),
                }),
                ..outcome
            }
        }
    }
}

fn clean_file(path: &Path, output: &Path, options: &Options, only: bool) -> Result<Stripped> {
    if path
        .canonicalize()
        .ok()
        .is_some_and(|path| output.canonicalize().ok() == Some(path))
    {
        bail!("its clean file would overwrite it");
    }
    let data = content::read(path, options.limits.max_bytes, only)?;
    let clean = scrubjay_jpeg::strip(&data, options).map_err(Error::from)?;
    write(output, &data, &clean).with_context(|| format!("cannot write {}", output.display()))?;
    Ok(clean)
}

/// Writes the parts beside their place and then moves them there: a reader never sees half a file.
fn write(output: &Path, source: &[u8], clean: &Stripped) -> io::Result<()> {
    let folder = output
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".scrubjay-").tempfile_in(folder)?;
    let slices: Vec<&[u8]> = clean.slices(source).collect();
    let mut vectors: Vec<IoSlice<'_>> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
    let mut rest = vectors.as_mut_slice();
    while !rest.is_empty() {
        let written = file.write_vectored(rest)?;
        if written == 0 && rest.iter().any(|slice| !slice.is_empty()) {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut rest, written);
        if written == 0 {
            break;
        }
    }
    file.persist(output)?;
    Ok(())
}
