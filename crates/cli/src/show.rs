//! How results are shown, to people and to machines.

use std::fmt::Display;
use std::io::{self, StdoutLock, Write};
use std::path::Path;
use std::process::exit;
use std::time::Duration;

use anyhow::{Context, Result};
use console::{Term, colors_enabled};
use indicatif::{ProgressBar, ProgressStyle};
use scrubjay_pipeline::audit::Removed;
use serde::Serialize;

use crate::table::Look;

/// Prints a line on standard output. A reader that closes the pipe early, as `head` does, is no error.
pub fn say(text: impl Display) -> Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Standard output for more than a few lines. If the reader closes it early, the command is done.
pub fn stream() -> impl Write {
    Stream(io::stdout().lock())
}

struct Stream(StdoutLock<'static>);

impl Stream {
    fn heard<T>(written: io::Result<T>) -> io::Result<T> {
        if matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            exit(0);
        }
        written
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::heard(self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::heard(self.0.flush())
    }
}

/// `value` as one line of JSON on standard output.
pub fn say_line(value: &impl Serialize) -> Result<()> {
    say(serde_json::to_string(value)?)
}

/// Ends the program because it was called wrongly, as `clap` does.
pub fn usage<C: clap::CommandFactory>(message: &str) -> ! {
    C::command()
        .error(clap::error::ErrorKind::ValueValidation, message)
        .exit()
}

/// `value` as JSON on standard output.
pub fn say_json(value: &impl Serialize) -> Result<()> {
    say(serde_json::to_string_pretty(value)?)
}

/// A report for a machine or for a person.
pub fn report(report: &(impl Serialize + Display), json: bool) -> Result<()> {
    if json { say_json(report) } else { say(report) }
}

/// How tables look here: as wide as the terminal, or as `COLUMNS` says where there is none; `wide` for all that there is.
pub fn look(wide: bool) -> Look {
    let width = || {
        let terminal = Term::stdout().size_checked().map(|(_, width)| width.into());
        let told = || std::env::var("COLUMNS").ok()?.parse().ok();
        terminal.or_else(told)
    };
    Look {
        width: if wide { None } else { width() },
        colour: colors_enabled(),
    }
}

/// What the commands with tables take.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Wide {
    /// Show every column, and every name in full, however wide the terminal is
    #[arg(long)]
    wide: bool,
}

impl Wide {
    /// How its tables look: see [`look`].
    pub fn look(self) -> Look {
        look(self.wide)
    }
}

/// `1 upload`, `2 uploads`: a number and its noun, which becomes a plural with an `s`.
pub fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `exif 1, comment 3`: kinds and counts.
pub fn kinds(removed: &[Removed]) -> String {
    let kinds: Vec<String> = removed
        .iter()
        .map(|r| format!("{} {}", r.kind, r.count))
        .collect();
    if kinds.is_empty() {
        "nothing".into()
    } else {
        kinds.join(", ")
    }
}

/// Text from outside, which cannot steer a terminal: control characters, and those that turn the direction of writing, are
/// escaped.
pub fn printable(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A path, [`printable`].
pub fn path(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// An execution's name, of its ARN.
pub fn execution(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// A bar over `length` steps, on standard error; hidden when that is no terminal.
pub fn bar(length: usize, doing: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {eta}");
    ProgressBar::new(length as u64)
        .with_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
        )
        .with_message(doing)
}

/// A spinner for work of unknown length.
pub fn spinner() -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}
