//! What can go wrong while a stack is set up, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// The result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a stack could not be started, found or stopped. Every message says what to do, where there is something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No Python interpreter that is new enough.
    #[error(
        "the local stack needs Python 3.10 or newer, and found {found}; install it, or name one in SCRUBJAY_PYTHON"
    )]
    NoPython {
        /// What was found instead, for example `python3 (3.8)`.
        found: String,
    },
    /// The interpreter has no `venv` or `ensurepip`; Debian and Ubuntu package them apart.
    #[error(
        "{python} cannot make virtual environments: its venv or ensurepip module is missing (on Debian and Ubuntu: apt install python3-venv)"
    )]
    NoVenv {
        /// The interpreter.
        python: String,
    },
    /// `pip` or `venv` failed.
    #[error("the emulator could not be installed: {step} failed (all of it is in {})\n{tail}", log.display())]
    Install {
        /// The command that failed.
        step: String,
        /// The last lines of its output.
        tail: String,
        /// The file with all of it.
        log: PathBuf,
    },
    /// The emulator ended before it was ready, or never became ready.
    #[error("the emulator did not start: {reason} (its log is {})\n{tail}", log.display())]
    Start {
        /// What was seen.
        reason: String,
        /// The last lines of its log.
        tail: String,
        /// Its log.
        log: PathBuf,
    },
    /// A stack name that cannot become part of a bucket's name.
    #[error(
        "{name:?} is no name for a stack: up to 24 lower-case letters, digits and hyphens, starting with a letter and not ending in a hyphen"
    )]
    BadName {
        /// The name.
        name: String,
    },
    /// A stack of this name is up or being started.
    #[error("the local stack {name:?} is already up; `scrubjay local down` stops it")]
    AlreadyUp {
        /// The stack's name.
        name: String,
    },
    /// The functions did not build.
    #[error("cargo could not build the functions:\n{tail}")]
    Build {
        /// The last lines that cargo printed.
        tail: String,
    },
    /// A file of the repository that has to be there is not.
    #[error("{} is missing: {why}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What it is needed for.
        why: &'static str,
    },
    /// `template.yaml` has a `CodeUri` or `DefinitionUri` that cannot be packaged.
    #[error("template.yaml, line {line}: {why}")]
    Template {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// `CloudFormation` refused or rolled back a stack.
    #[error("the stack {stack} could not be deployed ({status}):\n{}", events.join("\n"))]
    Deploy {
        /// The `CloudFormation` stack.
        stack: String,
        /// Its status.
        status: String,
        /// Its failed events, first failure first: `LogicalId (Type): reason`.
        events: Vec<String>,
    },
    /// A call to the emulated AWS failed.
    #[error("{call} failed: {message}")]
    Aws {
        /// The call, for example `PutObject`.
        call: &'static str,
        /// What was answered.
        message: String,
    },
    /// The overlay's control interface did not answer as it should.
    #[error("the emulator's control interface: {0}")]
    Control(#[from] reqwest::Error),
    /// A file or process could not be handled.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The state file of a stack does not parse.
    #[error("{} is damaged: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why it does not parse.
        source: serde_json::Error,
    },
}

impl Error {
    /// Wraps an I/O error with what was being done to which path.
    pub(crate) fn io(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let what = format!("cannot {verb} {}", path.display());
        move |source| Self::Io { what, source }
    }

    /// Flattens an SDK error into the code and message that the service answered.
    pub(crate) fn aws<E, R>(
        call: &'static str,
    ) -> impl FnOnce(aws_sdk_s3::error::SdkError<E, R>) -> Self
    where
        E: std::error::Error + aws_sdk_s3::error::ProvideErrorMetadata + 'static,
        R: std::fmt::Debug + 'static,
    {
        move |error| {
            let message = match error.as_service_error() {
                Some(service) => format!(
                    "{}: {}",
                    service.code().unwrap_or("no code"),
                    service.message().unwrap_or("no message")
                ),
                None => aws_sdk_s3::error::DisplayErrorContext(&error).to_string(),
            };
            Self::Aws { call, message }
        }
    }
}

/// The last lines of a log, for an error message.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
