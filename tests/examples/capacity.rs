//! Prints the tables of docs/capacity.md: bursts, simulated photo by photo with a seed, and a month with a daily peak.

use clap::Parser;
use scrubjay_tests::figures::{burst, capacity, quotas};

/// What bursts and a busy month do to the pipeline, by AWS's documented quotas
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  cargo run -p scrubjay-tests --example capacity                    the tables of docs/capacity.md
  cargo run -p scrubjay-tests --example capacity -- --photos 5000 --concurrency 200    one burst

Nothing is sent to AWS.")]
struct Args {
    /// One burst of so many photos into the Standard machine, instead of the tables
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    photos: Option<u32>,
    /// Lambda's concurrent executions, for that burst
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    concurrency: u32,
    /// The seed of what is drawn, for that burst
    #[arg(long, default_value_t = capacity::SEED)]
    seed: u64,
}

fn main() {
    let args = Args::parse();
    match args.photos {
        Some(photos) => {
            let machine = capacity::machine();
            let outcome = burst::burst(
                &machine,
                None,
                &burst::Setting {
                    photos,
                    concurrency: args.concurrency,
                    region: quotas::FRANKFURT,
                    retrier: machine.retrier,
                    seed: args.seed,
                },
            );
            println!("{outcome:#?}");
        }
        None => print!("{}", capacity::page()),
    }
}
