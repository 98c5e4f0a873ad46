//! The command `scrubjay` with all its subcommands.

mod audit;
mod backfill;
mod error_name;
mod gallery;
mod key;
mod load;
mod local;
mod pages;
mod photos;
mod profiles;
mod replay;
mod report;
mod smoke;
mod target;
mod trial;
mod users;
mod verify_bucket;
mod when;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use scrubjay::{inspect, scrub, verify};

/// Strip every JPEG of its metadata without touching a pixel, and run the pipeline that does it.
#[derive(Parser)]
#[command(
    name = "scrubjay",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 some input was refused or failed, 2 wrong usage, 3 some file or folder could not be read or written."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Scrub(scrub::Args),
    Inspect(inspect::Args),
    Verify(verify::Args),
    Local(local::Args),
    Audit(audit::Args),
    Photos(photos::Args),
    Replay(replay::Args),
    Backfill(backfill::Args),
    Report(report::Args),
    Smoke(smoke::Args),
    Load(load::Args),
    Users(users::Args),
    Gallery(gallery::Args),
    Completions(pages::CompletionArgs),
    Man(pages::ManArgs),
}

/// `verify` of a bucket, which has options of its own.
#[derive(Parser)]
#[command(name = "scrubjay", version)]
struct BucketCli {
    #[command(subcommand)]
    command: BucketCommand,
}

#[derive(Subcommand)]
enum BucketCommand {
    Verify(verify_bucket::Args),
}

fn main() -> ExitCode {
    if scrubjay::verifies_a_bucket(std::env::args_os()) {
        let BucketCommand::Verify(args) = BucketCli::parse().command;
        return scrubjay::exit(verify_bucket::run(&args));
    }
    scrubjay::exit(match Cli::parse().command {
        Command::Scrub(args) => scrub::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Local(args) => local::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Photos(args) => photos::run(args),
        Command::Replay(args) => replay::run(&args),
        Command::Backfill(args) => backfill::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Smoke(args) => smoke::run(&args),
        Command::Load(args) => load::run(&args),
        Command::Users(args) => users::run(&args),
        Command::Gallery(args) => gallery::run(&args),
        Command::Completions(args) => pages::completions(&args, Cli::command()),
        Command::Man(args) => pages::man(&args, Cli::command()),
    })
}

/// Ends the program because the options of a command (`["audit", "list"]`) contradict each other, as `clap` does.
fn usage(command: &[&str], message: &str) -> ! {
    let mut cli = Cli::command();
    cli.build();
    let of = command
        .iter()
        .try_fold(&mut cli, |of, name| of.find_subcommand_mut(name));
    match of {
        Some(of) => of.error(ErrorKind::ArgumentConflict, message).exit(),
        None => Cli::command()
            .error(ErrorKind::ArgumentConflict, message)
            .exit(),
    }
}
