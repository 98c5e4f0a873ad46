//! What the programs `scrubjay` and `scrubjay-aws` share: the commands on files, and how results are shown.

pub mod content;
pub mod files;
pub mod inspect;
pub mod options;
pub mod scrub;
pub mod show;

use std::process::ExitCode;

use anyhow::Result;

/// How a command ends: with its own exit code, or with 1 and the error on standard error.
pub fn exit(done: Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|error| {
        eprintln!("scrubjay: {error:#}");
        ExitCode::FAILURE
    })
}
