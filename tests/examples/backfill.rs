//! A backfill of many photos, killed twice on the way: `cargo build --workspace && cargo run -p scrubjay-tests --example backfill --
//! 20000 --rate 100`. Photos are put into bucket A of a local stack, and no event tells of them; then the command `scrubjay backfill`
//! runs against it. At a third and at two thirds the command is killed and the machine is stopped. `SCRUBJAY_WORKFLOW=express` does it
//! the Express way.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use clap::Parser;
use futures::{StreamExt, stream};
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{World, on_stack, unique_sample};
use serde_json::Value;

/// Uploads at the same time.
const AT_ONCE: usize = 8;
const PREFIX: &str = "old/";

#[derive(Parser)]
struct Args {
    /// Photos.
    photos: usize,
    /// Executions started in a second, at most.
    #[arg(long, default_value_t = 100)]
    rate: u32,
}

fn main() {
    let args = Args::parse();
    on_stack(async |world| {
        put(world, args.photos).await;
        let began = Instant::now();
        println!(
            "| run | ended | keys compared | executions started | photos in bucket B | seconds |"
        );
        println!("| --- | --- | ---: | ---: | ---: | ---: |");
        for (run, part) in [("first", 1), ("second", 2)] {
            let mut command = backfill(world, args.rate, Stdio::null());
            until_published(world, args.photos * part / 3).await;
            command.kill().expect("killed");
            command.wait().expect("its end");
            let stopped = scrubjay(world).args(["backfill", "--stop"]).output();
            assert!(stopped.expect("an answer").status.success());
            let shown = published(world).await;
            let seconds = began.elapsed().as_secs();
            println!("| {run} | killed and stopped | | | {shown} | {seconds} |");
        }
        let last = backfill(world, args.rate, Stdio::piped());
        let answer = last.wait_with_output().expect("its end");
        let report: Value = serde_json::from_slice(&answer.stdout).expect("a report");
        until_published(world, args.photos).await;
        println!(
            "| third | {} | {} | {} | {} | {} |",
            report["status"],
            report["compared"],
            report["started"],
            published(world).await,
            began.elapsed().as_secs()
        );
        let again = backfill(world, args.rate, Stdio::piped());
        let answer = again.wait_with_output().expect("its end");
        let report: Value = serde_json::from_slice(&answer.stdout).expect("a report");
        println!(
            "| again | {} | {} | {} | {} | {} |",
            report["status"],
            report["compared"],
            report["started"],
            published(world).await,
            began.elapsed().as_secs()
        );
    });
}

/// Uploads photos whose events are lost.
async fn put(world: &World, photos: usize) {
    let lost = Rule::new(Match::events("Object Created"), Action::events(0.0, 1.0));
    let faults = world.stack().faults();
    faults.order(&lost).await.expect("an order");
    let (s3, bucket) = (world.stack().s3(), &world.names().source_bucket);
    stream::iter(0..photos)
        .for_each_concurrent(AT_ONCE, async |number| {
            let key = format!("{PREFIX}{number:06}.jpg");
            let photo = unique_sample("grey.jpe", &key);
            let put = s3.put_object().bucket(bucket).key(key);
            put.body(ByteStream::from(photo))
                .send()
                .await
                .expect("a put");
        })
        .await;
    faults.clear().await.expect("an order");
}

fn scrubjay(world: &World) -> Command {
    let here = std::env::current_exe().expect("this program");
    let built: PathBuf = here
        .ancestors()
        .nth(2)
        .expect("a target folder")
        .join("scrubjay");
    let mut command = Command::new(built);
    command
        .env("AWS_REGION", &world.names().region)
        .env("AWS_ENDPOINT_URL", &world.names().endpoint)
        .env("SCRUBJAY_ENV", &world.names().stack)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

fn backfill(world: &World, rate: u32, out: Stdio) -> Child {
    scrubjay(world)
        .args([
            "backfill",
            "--json",
            "--older-than",
            "0",
            "--prefix",
            PREFIX,
        ])
        .args(["--rate", &rate.to_string()])
        .stdout(out)
        .stderr(Stdio::null())
        .spawn()
        .expect("cargo build --workspace makes the command")
}

async fn published(world: &World) -> usize {
    let list = world.stack().s3().list_objects_v2();
    let list = list
        .bucket(&world.names().destination_bucket)
        .prefix(PREFIX);
    let mut pages = list.into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.expect("a page").contents().len();
    }
    count
}

async fn until_published(world: &World, photos: usize) {
    while published(world).await < photos {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
