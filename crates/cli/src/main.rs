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
    Scrub(scrub::Args),
    Inspect(inspect::Args),
    Local(local::Args),
    Audit(audit::Args),
    Replay(replay::Args),
    Smoke(smoke::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Scrub(args) => scrub::run(&args),
        Command::Inspect(args) => inspect::run(&args),
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
