//! The command `scrubjay` with all its subcommands.

mod audit;
mod gallery;
mod local;
mod photos;
mod replay;
mod report;
mod smoke;
mod target;
mod users;
mod verify;
mod when;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use scrubjay::{inspect, scrub};

/// Strip every JPEG of its metadata without touching a pixel, and run the pipeline that does it.
#[derive(Parser)]
#[command(
    name = "scrubjay",
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
    Photos(photos::Args),
    Replay(replay::Args),
    Report(report::Args),
    Smoke(smoke::Args),
    Users(users::Args),
    Gallery(gallery::Args),
    Verify(verify::Args),
}

fn main() -> ExitCode {
    scrubjay::exit(match Cli::parse().command {
        Command::Scrub(args) => scrub::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Local(args) => local::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Photos(args) => photos::run(args),
        Command::Replay(args) => replay::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Smoke(args) => smoke::run(&args),
        Command::Users(args) => users::run(&args),
        Command::Gallery(args) => gallery::run(&args),
        Command::Verify(args) => verify::run(&args),
    })
}
