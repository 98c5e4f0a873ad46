//! `scrubjay photos`: what the gallery's catalogue says.

mod release;
mod search;
mod show;
mod sweep;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use scrubjay_gallery::aws::Catalogue;

use crate::target::{Target, TargetArgs};

/// Find photos in the gallery's catalogue, and look after them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    Search(search::Args),
    Show(show::Args),
    Release(release::Args),
    Sweep(sweep::Args),
}

/// Exit code 1 when nothing is known of what was asked for by name.
pub fn run(args: Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    runtime.block_on(async {
        match args.question {
            Question::Search(args) => search::run(&args).await,
            Question::Show(args) => show::run(&args).await,
            Question::Release(args) => release::run(&args).await,
            Question::Sweep(args) => sweep::run(&args).await,
        }
    })
}

/// The gallery of the environment that the options name.
async fn gallery(target: &TargetArgs) -> Result<Target> {
    gallery_of(&target.find().await?).await
}

/// The gallery that belongs to a pipeline.
async fn gallery_of(pipeline: &Target) -> Result<Target> {
    pipeline.gallery().await?.context(
        "the gallery is not deployed here: `scrubjay local up --gallery` on this machine, docs/gallery.md on AWS",
    )
}

async fn catalogue(target: &TargetArgs) -> Result<Catalogue> {
    let gallery = gallery(target).await?;
    Ok(Catalogue::new(
        gallery.sdk(),
        gallery.output("CatalogueTable")?,
    ))
}
