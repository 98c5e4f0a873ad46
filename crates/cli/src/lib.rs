//! What the programs `scrubjay` and `scrubjay-aws` share: the commands on files, and how results are shown.

pub mod batch;
pub mod content;
pub mod files;
pub mod inspect;
pub mod interrupt;
pub mod options;
pub mod output;
pub mod scrub;
pub mod show;
pub mod table;
pub mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

/// How a command ends: with its own exit code, or with 1 and the error on standard error.
pub fn exit(done: Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|error| {
        eprintln!("scrubjay: {error:#}");
        ExitCode::FAILURE
    })
}

/// Whether a command line, the program's name included, is `verify s3://…`: that needs AWS clients, and has options of its own.
pub fn verifies_a_bucket(arguments: impl Iterator<Item = OsString>) -> bool {
    let mut arguments = arguments.skip(1);
    arguments.next().is_some_and(|command| command == "verify")
        && arguments.any(|argument| argument.to_string_lossy().starts_with("s3://"))
}
