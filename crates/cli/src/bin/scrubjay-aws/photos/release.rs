//! `scrubjay photos release`.

use std::process::ExitCode;

use anyhow::Result;
use jiff::Timestamp;
use scrubjay::show;
use scrubjay_gallery::PhotoId;

use super::show::Report;
use crate::target::TargetArgs;

/// Let a photo that moderation has flagged be shown: the picture that bucket B holds now, not a later one of its key
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its key in bucket B
    #[arg(value_name = "KEY")]
    key: String,
    /// Who says so, for the record
    #[arg(long, value_name = "NAME", default_value = "operator")]
    by: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let catalogue = super::catalogue(&args.target).await?;
    let id = PhotoId::of(&args.key);
    let photo = catalogue.release(id, &args.by, Timestamp::now()).await?;
    show::report(&Report(photo), args.json)?;
    Ok(ExitCode::SUCCESS)
}
