//! `scrubjay gallery`: what a deployed gallery needs besides its template.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use scrubjay::show;
use scrubjay_local::{gallery, pages, signing_key};
use scrubjay_pipeline::aws::s3_client;

use crate::target::TargetArgs;

/// Put the gallery's pages in their place, and make the key that signs addresses of photos
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Pages(PagesArgs),
    Key(KeyArgs),
}

/// Put the pages of this repository where `CloudFront` serves them from; after each deployment of the gallery
#[derive(Debug, clap::Args)]
struct PagesArgs {
    #[command(flatten)]
    target: TargetArgs,
}

/// Make the key pair that signs addresses of photos (Photos = signed-in); once, before the gallery is deployed
///
/// The private half goes into an encrypted SSM parameter that the API alone may read, the public half into one that
/// gallery/template.yaml takes. With --renew the old key stops working when the gallery is deployed again.
#[derive(Debug, clap::Args)]
struct KeyArgs {
    /// Make a new one although there is one
    #[arg(long)]
    renew: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// Exit code 0 when it was done.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    runtime.block_on(async {
        match &args.command {
            Command::Pages(args) => put_pages(args).await,
            Command::Key(args) => key(args).await,
        }
    })
}

async fn put_pages(args: &PagesArgs) -> Result<ExitCode> {
    let stack = args.target.find_gallery().await?;
    let region = stack
        .sdk()
        .region()
        .map(ToString::to_string)
        .unwrap_or_default();
    let addresses = gallery::addresses(stack.outputs(), &region)?;
    let s3 = s3_client(stack.sdk());
    let root = crate::local::root()?;
    let done = pages::deploy(&s3, stack.output("PagesBucket")?, &root, &addresses).await?;
    show::say(format_args!(
        "{} files, {} bytes, are served at {}",
        done.files,
        done.bytes,
        stack.output("PagesUrl")?
    ))?;
    if done.removed > 0 {
        show::say(format_args!(
            "{} files of an earlier time were removed",
            done.removed
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn key(args: &KeyArgs) -> Result<ExitCode> {
    let pipeline = args.target.find().await?;
    let env = args.target.environment();
    let client = aws_sdk_ssm::Client::new(pipeline.sdk());
    let name = format!("/scrubjay/{env}/{}", signing_key::PUBLIC);
    let known = client.get_parameter().name(&name).send().await;
    let known = known
        .ok()
        .and_then(|answer| answer.parameter)
        .and_then(|parameter| parameter.value)
        .is_some_and(|value| value.contains("PUBLIC KEY"));
    if known && !args.renew {
        bail!(
            "there is a key in {name} already; --renew replaces it, and addresses that were signed with the old one stop working"
        );
    }
    signing_key::renew(&client, &env, pipeline.output("KeyArn")?).await?;
    show::say(format_args!(
        "a new key is in {name} and in /scrubjay/{env}/{}; deploy the gallery now",
        signing_key::PRIVATE
    ))?;
    Ok(ExitCode::SUCCESS)
}
