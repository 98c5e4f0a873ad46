//! How results are shown, to people and to machines.

use std::fmt::Display;
use std::io::{self, StdoutLock, Write};
use std::process::exit;
use std::time::Duration;

use anyhow::{Context, Result};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use scrubjay_pipeline::audit::Removed;
use serde::Serialize;

/// A line on standard output. Whoever reads no further, as `head` does, has had enough: no error.
pub fn say(text: impl Display) -> Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Standard output for more than a few lines. When whoever reads it has had enough, the command is done.
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

/// `value` as JSON on standard output.
pub fn say_json(value: &impl Serialize) -> Result<()> {
    say(serde_json::to_string_pretty(value)?)
}

/// A report for a machine or for a person.
pub fn report(report: &(impl Serialize + Display), json: bool) -> Result<()> {
    if json { say_json(report) } else { say(report) }
}

/// A table without lines, as wide as its contents need.
pub fn table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header);
    table
}

/// Numbers stand to the right.
pub fn right(table: &mut Table, columns: &[usize]) {
    for index in columns {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
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

/// Text from outside, which cannot steer a terminal.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
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
