//! The command `scrubjay`. It runs the commands on files itself. It is kept small, because start-up time grows with the
//! pages of memory that are touched. Everything else is done by `scrubjay-aws`, which lies beside it and has the AWS
//! clients.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use scrubjay::{inspect, scrub, verify};

fn main() -> ExitCode {
    let command = || std::env::args_os().skip(1);
    let name = command().next().unwrap_or_default();
    if scrubjay::verifies_a_bucket(std::env::args_os()) {
        return scrubjay::exit(hand_over());
    }
    scrubjay::exit(match name.to_str() {
        Some("scrub") => scrub::run(&scrub::Args::parse_from(command())),
        Some("inspect") => inspect::run(&inspect::Args::parse_from(command())),
        Some("verify") => verify::run(&verify::Args::parse_from(command())),
        _ => hand_over(),
    })
}

/// Replaces this process with `scrubjay-aws`; returns only if that could not be started.
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
            "cannot start {}, which has every command but scrub, inspect and verify (both programs are installed together by `cargo install --path crates/cli`)",
            program.display()
        )
    })
}
