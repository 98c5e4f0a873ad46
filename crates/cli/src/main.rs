//! The command `scrubjay`. What is done to files it does itself, and is small for that: a process costs by the pages of its
//! program. Everything else is done by `scrubjay-aws`, which lies beside it and has the AWS clients.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use scrubjay::{inspect, scrub};

fn main() -> ExitCode {
    let command = || std::env::args_os().skip(1);
    let name = command().next().unwrap_or_default();
    scrubjay::exit(match name.to_str() {
        Some("scrub") => scrub::run(&scrub::Args::parse_from(command())),
        Some("inspect") => inspect::run(&inspect::Args::parse_from(command())),
        _ => hand_over(),
    })
}

/// Becomes `scrubjay-aws`; comes back only if that could not be started.
fn hand_over() -> Result<ExitCode> {
    let program = std::env::current_exe()
        .context("cannot find its own folder")?
        .with_file_name("scrubjay-aws");
    let error = Command::new(&program)
        .arg0("scrubjay")
        .args(std::env::args_os().skip(1))
        .exec();
    Err(error).with_context(|| {
        format!(
            "cannot start {}, which has every command but scrub and inspect (both programs are installed together by `cargo install --path crates/cli`)",
            program.display()
        )
    })
}
