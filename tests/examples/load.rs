//! Measures what our functions cost in time: the same machine on the same emulator runs once with our functions and once with
//! functions that do nothing.
//!
//! ```text
//! cargo build --release -p idle && cargo run -p scrubjay-tests --example load -- [--uploads 200] [--megabytes 1]
//! ```
//!
//! Throughput is that of a burst: uploads divided by the time from the first PUT to the end of the last execution. Latency is
//! taken at half the rate of our own burst, from the PUT's start to the execution's end, and for ours also to the end of the
//! state Publish, when bucket B has the photo. Both stacks get the same photos at the same pace, one after the other.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::ByteStream;
use clap::Parser;
use futures::stream::{self, StreamExt};
use jpeg_encoder::{ColorType, Encoder};
use scrubjay_local::{Functions, Options, Progress, Stack};
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How many PUTs a burst has under way.
const UPLOADERS: usize = 16;

#[derive(Parser)]
#[command(about = "What our work costs above the floor of a machine whose functions do nothing")]
struct Args {
    /// Photos in the burst, and again for the latency.
    #[arg(long, default_value_t = 200)]
    uploads: usize,
    /// Size of each photo.
    #[arg(long, default_value_t = 1)]
    megabytes: usize,
    /// Binaries of our functions; built in release when absent.
    #[arg(long)]
    functions: Option<PathBuf>,
}

/// One upload's times.
struct Times {
    start: SystemTime,
    shown: Option<SystemTime>,
    end: SystemTime,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("no repository")?;
    let photo = photo(args.megabytes << 20)?;
    println!(
        "{} photos of {:.1} MB",
        args.uploads,
        photo.len() as f64 / 1e6
    );

    let ours = match &args.functions {
        Some(dir) => Functions::Prebuilt(dir.clone()),
        None => Functions::Build {
            profile: "release".into(),
        },
    };
    let (burst, rate) = measured(root, "load-ours", ours, &photo, args.uploads, None).await?;
    println!(
        "| | burst, uploads/s | at {rate:.1}/s: p50 | p95 | p99 ms |\n| --- | --- | --- | --- | --- |"
    );
    print_rows("ours", &burst);
    let idle = tempfile::tempdir()?;
    for name in [
        "validate",
        "strip",
        "publish",
        "retract",
        "record",
        "reconcile",
    ] {
        fs::copy(target(root).join("release/idle"), idle.path().join(name)).map_err(|error| {
            format!("no idle function ({error}): cargo build --release -p idle")
        })?;
    }
    let floor = Functions::Prebuilt(idle.path().to_owned());
    let (burst, _) = measured(root, "load-floor", floor, &photo, args.uploads, Some(rate)).await?;
    print_rows("floor", &burst);
    Ok(())
}

/// What was measured on a stack: uploads per second of the burst, and the times of each upload at the even pace.
struct Measured {
    per_second: f64,
    even: Vec<Times>,
}

async fn measured(
    root: &Path,
    name: &str,
    functions: Functions,
    photo: &[u8],
    uploads: usize,
    rate: Option<f64>,
) -> Result<(Measured, f64)> {
    let mut options = Options::new(root).stack(name);
    options.functions = functions;
    let stack = scrubjay_local::up(options, &|progress| {
        if !matches!(progress, Progress::Cargo(_)) {
            eprintln!("{name}: {progress}");
        }
    })
    .await?;
    // The first call of each function is a cold start, which is measured elsewhere.
    run(&stack, "warm", photo, 8, None).await?;
    let burst = run(&stack, "burst", photo, uploads, None).await?;
    let first = burst
        .iter()
        .map(|t| t.start)
        .min()
        .ok_or("nothing was uploaded")?;
    let last = burst.iter().map(|t| t.end).max().ok_or("nothing ended")?;
    let per_second = uploads as f64 / last.duration_since(first)?.as_secs_f64();
    let rate = rate.unwrap_or(per_second / 2.0);
    let even = run(&stack, "even", photo, uploads, Some(rate)).await?;
    stack.down().await?;
    Ok((Measured { per_second, even }, rate))
}

/// Uploads `count` photos, at once or at an even rate, and gathers their times when all is quiet.
async fn run(
    stack: &Stack,
    phase: &str,
    photo: &[u8],
    count: usize,
    rate: Option<f64>,
) -> Result<Vec<Times>> {
    let s3 = stack.s3();
    let pace = rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
    let began = tokio::time::Instant::now();
    let starts: HashMap<String, SystemTime> = stream::iter(0..count)
        .map(|n| {
            let (s3, key) = (s3.clone(), format!("{phase}/{n}.jpg"));
            async move {
                if let Some(pace) = pace {
                    tokio::time::sleep_until(began + pace * n as u32).await;
                }
                let start = SystemTime::now();
                let put = s3
                    .put_object()
                    .bucket(&stack.outputs().source_bucket)
                    .key(&key);
                let sent = put.body(ByteStream::from(photo.to_vec())).send().await;
                sent.map(|_| (key, start))
            }
        })
        .buffer_unordered(if pace.is_some() { count } else { UPLOADERS })
        .filter_map(async |sent| {
            sent.inspect_err(|error| eprintln!("an upload failed: {error}"))
                .ok()
        })
        .collect()
        .await;
    let mut quiet = 0;
    while quiet < 3 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        quiet = if stack.faults().activity().await?.is_quiet() {
            quiet + 1
        } else {
            0
        };
    }
    times(stack, &starts).await
}

async fn times(stack: &Stack, starts: &HashMap<String, SystemTime>) -> Result<Vec<Times>> {
    let sfn = stack.sfn();
    let list = sfn
        .list_executions()
        .state_machine_arn(&stack.outputs().state_machine_arn);
    let mut pages = list.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(execution) = pages.try_next().await? {
        let arn = execution.execution_arn();
        let described = sfn.describe_execution().execution_arn(arn).send().await?;
        let input: Value = serde_json::from_str(described.input().unwrap_or_default())?;
        let key = input["detail"]["object"]["key"]
            .as_str()
            .unwrap_or_default();
        let (Some(&start), Some(&end)) = (starts.get(key), described.stop_date()) else {
            continue;
        };
        let history = sfn
            .get_execution_history()
            .execution_arn(arn)
            .max_results(1000)
            .send()
            .await?;
        let published = history.events().iter().find(|event| {
            event
                .state_exited_event_details()
                .is_some_and(|details| details.name() == "Publish")
        });
        found.push(Times {
            start,
            shown: published.and_then(|event| event.timestamp().to_owned().try_into().ok()),
            end: end.try_into()?,
        });
    }
    if found.len() == starts.len() {
        Ok(found)
    } else {
        Err(format!("{} uploads, {} executions", starts.len(), found.len()).into())
    }
}

fn print_rows(name: &str, measured: &Measured) {
    let row = |what: &str, of: &dyn Fn(&Times) -> Option<SystemTime>| {
        let mut ms: Vec<f64> = measured
            .even
            .iter()
            .filter_map(|t| {
                Some(
                    of(t)?
                        .duration_since(t.start)
                        .unwrap_or_default()
                        .as_secs_f64()
                        * 1e3,
                )
            })
            .collect();
        ms.sort_by(f64::total_cmp);
        let at = |percent: usize| ms[(ms.len() - 1) * percent / 100];
        println!(
            "| {name}, PUT to {what} | {:.1} | {:.0} | {:.0} | {:.0} |",
            measured.per_second,
            at(50),
            at(95),
            at(99)
        );
    };
    if name == "ours" {
        row("bucket B", &|t| t.shown);
    }
    row("execution's end", &|t| Some(t.end));
}

/// A photo of about so many bytes: noise, which compresses as badly as any photograph.
fn photo(bytes: usize) -> Result<Vec<u8>> {
    let mut rng = fastrand::Rng::with_seed(1);
    // Noise of this quality takes about two bytes a pixel.
    let side = u16::try_from((bytes / 2).isqrt())?;
    let pixels: Vec<u8> = std::iter::repeat_with(|| rng.u8(..))
        .take(usize::from(side).pow(2) * 3)
        .collect();
    let mut data = Vec::new();
    Encoder::new(&mut data, 90).encode(&pixels, side, side, ColorType::Rgb)?;
    Ok(data)
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
