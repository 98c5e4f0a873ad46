//! `scrubjay load`: many photos through a deployed stack at a pace, and how long they take.

mod figures;
mod run;

use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{Span, SpanRelativeTo};
use scrubjay::show;
use scrubjay_pipeline::audit::Status;

use crate::target::TargetArgs;

/// Put generated photos through a deployed stack at a pace, and measure how long each takes
///
/// Uploads them to bucket A, follows each to its end in the audit table, prints throughput, times and outcomes, and takes everything away
/// again: the photos from both buckets, their rows from the audit table. Where bucket A keeps versions, a version and a delete
/// marker of each stay. A photo's time is from the answer to its upload, by this machine's clock, to the end that its audit item tells, by
/// AWS's; one below zero counts as 0. Uploads keep the pace whether earlier ones have ended or not, up to 256 under way; where it was not
/// kept, the result says so. Ctrl-C ends it early and takes everything away, and once more ends that too. The photos are 21 KB; what they
/// cost is in docs/deploy.md.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  scrubjay load --rate 50 --for 2m --env dev
  scrubjay load --rate 5 --for 10s --local
  scrubjay load --env prod --production prod      # on production the name is wanted twice

Exit codes: 0 every photo came out clean, 1 one did not, 2 usage.")]
pub struct Args {
    /// Uploads a second
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// How long photos are uploaded: 30s, 2m, 1h
    #[arg(long = "for", value_name = "TIME", default_value = "30s")]
    time: Time,
    /// How long the ends are waited for after the last upload
    #[arg(long, value_name = "TIME", default_value = "5m")]
    wait: Time,
    /// Folder of the keys; it must begin with the stack's `KeyPrefix`
    #[arg(long, value_name = "PREFIX", default_value = "load/")]
    prefix: String,
    /// Leave photos and rows where they are
    #[arg(long)]
    keep: bool,
    /// The environment's name once more, where it is called prod, production or live
    #[arg(long, value_name = "NAME")]
    production: Option<String>,
    /// Profile of user A, who uploads; without it, the credentials that find the stack
    #[arg(long, value_name = "PROFILE", conflicts_with = "local")]
    upload_profile: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// A length of time above zero and up to a day, as people give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Time(Duration);

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span = text.parse::<Span>().ok();
        let time = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        let time = time.and_then(|time| Duration::try_from(time).ok());
        time.filter(|time| !time.is_zero() && *time <= Duration::from_hours(24))
            .map(Self)
            .ok_or_else(|| "a time such as 30s, 2m or 1h, up to a day".to_owned())
    }
}

/// # Errors
/// When the stack is not found, or nothing can be uploaded.
pub fn run(args: &Args) -> Result<ExitCode> {
    if let Some(why) = refused(&args.target.environment(), args.production.as_deref()) {
        eprintln!("error: {why}");
        return Ok(ExitCode::from(2));
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let figures = runtime.block_on(run::load(args))?;
    show::report(&figures, args.json)?;
    let clean = figures.outcomes.get(Status::Cleaned.as_str()).copied();
    let well = clean.unwrap_or_default() == figures.asked;
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Why an environment gets no load: it is where people's photos are, and its name was not given twice.
fn refused(env: &str, again: Option<&str>) -> Option<String> {
    let production = env.starts_with("prod") || env == "live";
    (production && again != Some(env)).then(|| {
        format!(
            "{env} is production: the photos would be shown, counted and paid for there. If that is meant, give the name once more: \
             --production {env}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_wants_its_name_twice() {
        for (env, again, wanted) in [
            ("dev", None, false),
            ("prod", None, true),
            ("production", Some("prod"), true),
            ("prod", Some("prod"), false),
            ("live", None, true),
            ("local", None, false),
        ] {
            assert_eq!(refused(env, again).is_some(), wanted, "{env} {again:?}");
        }
    }

    #[test]
    fn times_are_read_as_people_give_them() {
        assert_eq!("2m".parse(), Ok(Time(Duration::from_mins(2))));
        assert_eq!("90 s".parse(), Ok(Time(Duration::from_secs(90))));
        for wrong in ["0s", "-2m", "25h", "soon", ""] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong}");
        }
    }
}
