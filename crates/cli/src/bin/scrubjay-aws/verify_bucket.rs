//! `scrubjay verify s3://BUCKET/PREFIX`: was metadata ever published? Every photo of a bucket is proved clean again.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use futures::{StreamExt, stream};
use scrubjay::show;
use scrubjay::table::{Column, Look, Table};
use scrubjay_jpeg::Copyright;
use scrubjay_pipeline::aws::s3_client;
use scrubjay_pipeline::upload::Suffixes;
use serde::Serialize;
use tokio::time::MissedTickBehavior;

use crate::target::TargetArgs;

/// Photos that are read at the same time.
const AT_ONCE: usize = 8;
/// Findings that are listed, at most.
const LISTED: usize = 1_000;

/// Prove every photo below a prefix of a bucket clean again, by the check that publication rests on
///
/// Reads each object that is a JPEG by its name, as fast as --rate allows, and holds one photo in memory at a time and reader. A
/// photo that was removed while this went on is passed over. Prints what was found: a key and a reason, which names kinds of
/// metadata and byte offsets, never contents.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  scrubjay verify s3://my-bucket-b/ --env prod --rate 50

Exit codes: 0 every photo is clean, 1 something was found, or could not be read, 2 usage.")]
pub struct Args {
    /// A bucket and the beginning of its keys; `s3:///PREFIX` is bucket B of the stack
    #[arg(value_name = "s3://BUCKET/PREFIX", value_parser = place)]
    place: Place,
    /// Photos a second, at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    rate: u32,
    /// Take photos for clean that have notices of copyright, or do not; without it, as the stack is configured
    #[arg(long, value_name = "drop|keep")]
    copyright: Option<Copyright>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    wide: show::Wide,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    bucket: String,
    prefix: String,
}

fn place(text: &str) -> Result<Place, String> {
    let rest = text
        .strip_prefix("s3://")
        .ok_or("give s3://BUCKET/PREFIX")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    Ok(Place {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
    })
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    bucket: String,
    prefix: String,
    /// Photos that were read and are clean.
    clean: u64,
    /// Photos that were removed meanwhile.
    gone: u64,
    /// Objects that are no JPEG by their name: scrubjay publishes none.
    others: u64,
    /// How many were found.
    found: u64,
    /// The first of them.
    findings: Vec<Finding>,
    #[serde(skip)]
    look: Look,
}

#[derive(Debug, Serialize)]
struct Finding {
    key: String,
    reason: String,
}

/// What became of one key.
enum Proof {
    Clean,
    Gone,
    Found(String),
}

/// # Errors
/// When the bucket cannot be listed. A photo that cannot be read is a finding.
pub fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
    let report = runtime.block_on(verify(args))?;
    let code = ExitCode::from(u8::from(report.found > 0));
    show::report(&report, args.json)?;
    Ok(code)
}

async fn verify(args: &Args) -> Result<Report> {
    let target = args.target.find().await?;
    let client = s3_client(target.sdk());
    let bucket = match args.place.bucket.as_str() {
        "" => target.output("DestinationBucket")?,
        named => named,
    };
    let mut report = Report {
        bucket: bucket.to_owned(),
        prefix: args.place.prefix.clone(),
        ..Report::default()
    };
    let copyright = match args.copyright {
        Some(copyright) => copyright,
        None => target.copyright()?,
    };
    let list = client.list_objects_v2().bucket(bucket);
    let mut pages = list.prefix(&args.place.prefix).into_paginator().send();
    let spinner = show::spinner();
    let mut tick = tokio::time::interval(Duration::from_secs(1) / args.rate);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while let Some(page) = pages.next().await {
        let page = page.with_context(|| format!("cannot list s3://{bucket}"))?;
        let keys = page.contents.unwrap_or_default();
        let keys = keys.into_iter().filter_map(|object| object.key);
        let (photos, others): (Vec<String>, Vec<String>) =
            keys.partition(|key| Suffixes::JpegAndJfif.take(key));
        report.others += others.len() as u64;
        // The pace is kept by whoever hands out keys.
        let paced = stream::unfold((photos.into_iter(), &mut tick), async |(mut left, tick)| {
            let key = left.next()?;
            tick.tick().await;
            Some((key, (left, tick)))
        });
        let mut proofs = paced
            .map(async |key| (prove(&client, bucket, &key, copyright).await, key))
            .buffer_unordered(AT_ONCE)
            .boxed_local();
        while let Some((proof, key)) = proofs.next().await {
            match proof {
                Proof::Clean => report.clean += 1,
                Proof::Gone => report.gone += 1,
                Proof::Found(reason) => {
                    report.found += 1;
                    if report.findings.len() < LISTED {
                        report.findings.push(Finding { key, reason });
                    }
                }
            }
            spinner.set_message(format!("{} clean, {} found", report.clean, report.found));
        }
    }
    spinner.finish_and_clear();
    if report.clean + report.found + report.gone == 0 {
        bail!("there is no photo below s3://{bucket}/{}", report.prefix);
    }
    report.findings.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(report)
}

async fn prove(client: &Client, bucket: &str, key: &str, copyright: Copyright) -> Proof {
    let object = match client.get_object().bucket(bucket).key(key).send().await {
        Ok(object) => object,
        Err(error)
            if error
                .as_service_error()
                .is_some_and(GetObjectError::is_no_such_key) =>
        {
            return Proof::Gone;
        }
        Err(error) => return Proof::Found(format!("cannot be read: {}", reason(&error))),
    };
    match object.body.collect().await {
        Ok(body) => match scrubjay_jpeg::verify_with(&body.to_vec(), copyright) {
            Ok(()) => Proof::Clean,
            Err(leak) => Proof::Found(leak.to_string()),
        },
        Err(error) => Proof::Found(format!("cannot be read: {error}")),
    }
}

fn reason<E: aws_sdk_s3::error::ProvideErrorMetadata>(
    error: &aws_sdk_s3::error::SdkError<E>,
) -> String {
    let code = aws_sdk_s3::error::ProvideErrorMetadata::code(error);
    code.unwrap_or("no answer").to_owned()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.findings.is_empty() {
            let mut table = Table::new([Column::name("key"), Column::text("found")]);
            for finding in &self.findings {
                table.row([
                    show::printable(&finding.key),
                    show::printable(&finding.reason),
                ]);
            }
            writeln!(f, "{}\n", table.show(self.look))?;
        }
        write!(
            f,
            "{} photos of s3://{}/{} are clean, {} are not or could not be read",
            self.clean,
            self.bucket,
            show::printable(&self.prefix),
            self.found
        )?;
        if self.gone + self.others > 0 {
            write!(
                f,
                "; {} were removed meanwhile, {} objects are no photos by their name",
                self.gone, self.others
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_and_a_prefix() {
        let of = |text| place(text).map(|place| (place.bucket, place.prefix));
        let pair = |bucket: &str, prefix: &str| Ok((bucket.to_owned(), prefix.to_owned()));
        assert_eq!(of("s3://b"), pair("b", ""));
        assert_eq!(of("s3://b/"), pair("b", ""));
        assert_eq!(of("s3://b/a/b c"), pair("b", "a/b c"));
        assert_eq!(of("s3:///a/"), pair("", "a/"));
        assert!(of("b/a").is_err());
    }
}
