//! The command `scrubjay`.

mod audit;
mod files;
mod inspect;
mod local;
mod options;
mod replay;
mod scrub;
mod show;
mod smoke;
mod target;
mod when;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Strip every JPEG of its metadata without touching a pixel, and run the pipeline that does it.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 done, 1 some input refused or failed, 2 usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    OnFiles(OnFiles),
    Local(local::Args),
    Audit(audit::Args),
    Replay(replay::Args),
    Smoke(smoke::Args),
}

/// The commands on files. To describe all the others to the parser takes longer than to clean a photo.
#[derive(Parser)]
#[command(version)]
struct FilesCli {
    #[command(subcommand)]
    command: OnFiles,
}

#[derive(Subcommand)]
enum OnFiles {
    Scrub(scrub::Args),
    Inspect(inspect::Args),
}

fn main() -> ExitCode {
    let first = std::env::args_os().nth(1).unwrap_or_default();
    let command = if OnFiles::has_subcommand(&first.to_string_lossy()) {
        Command::OnFiles(FilesCli::parse().command)
    } else {
        Cli::parse().command
    };
    let done = match command {
        Command::OnFiles(OnFiles::Scrub(args)) => scrub::run(&args),
        Command::OnFiles(OnFiles::Inspect(args)) => inspect::run(&args),
        Command::Local(args) => local::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Replay(args) => replay::run(&args),
        Command::Smoke(args) => smoke::run(&args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("scrubjay: {error:#}");
        ExitCode::FAILURE
    })
}
