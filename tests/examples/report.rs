//! How long the weekly report takes, and how many read units, by the number of uploads of its week, on the local table:
//! `cargo run --release -p scrubjay-tests --example report -- 10000 100000 1000000`. The emulated DynamoDB answers from memory in
//! Python, so that the seconds tell how they grow, and not how many there are on AWS; the units are AWS's by its documented rule.

use std::collections::HashMap;
use std::time::Instant;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use scrubjay_pipeline::audit::{Status, stamp};
use scrubjay_tests::{World, on_stack};
use serde_json::{Value, json};

/// Writes at the same time.
const AT_ONCE: usize = 8;
/// Writes of one batch.
const BATCH: usize = 25;

fn item(n: usize, at: Timestamp) -> HashMap<String, AttributeValue> {
    let object = format!(
        "scale/photos/{}/{n}-of-a-camera-with-long-names.jpg",
        at.as_second()
    );
    let status = match n % 100 {
        0..=3 => Status::Rejected,
        4 => Status::Superseded,
        _ => Status::Cleaned,
    };
    let digest = format!("{n:064x}");
    let execution =
        format!("arn:aws:states:eu-central-1:123456789012:execution:scrubjay-prod-scrub:{n:036}");
    let mut item = json!({
        "object": object, "entry": format!("upload#{}#{n:032}", &digest[..32]), "status": status,
        "statusDay": status.partition(at, &object), "etag": &digest[..32], "versionId": format!("{n:032}"),
        "execution": execution, "attempts": 1, "size": 3_000_000, "requester": "123456789012",
        "sequencer": format!("{n:064X}"), "uploadedAt": stamp(at), "receivedAt": stamp(at), "updatedAt": stamp(at),
        "finishedAt": stamp(at), "orientation": "none", "kept": ["density", "icc"], "repaired": [], "sourceSha256": digest,
        "source": {"size": 3_000_000, "mediaType": "image/jpeg", "width": 4032, "height": 3024, "components": 3, "process": "baseline"},
        "removed": [
            {"kind": "exif", "count": 1, "bytes": 12_000}, {"kind": "xmp", "count": 1, "bytes": 3_000},
            {"kind": "iptc", "count": 1, "bytes": 300},
        ],
        "exif": {"gps": n.is_multiple_of(9), "makerNote": true, "thumbnail": true},
        "history": [
            {"at": stamp(at), "status": "PROCESSING", "execution": execution},
            {"at": stamp(at), "status": status, "execution": execution},
        ],
    });
    if status == Status::Cleaned {
        item["output"] = json!({"size": 2_985_000, "etag": "0123456789abcdef0123456789abcdef", "sha256": digest});
    } else {
        item["error"] = json!({"name": "CorruptJpeg", "message": "a scan ends early at byte 123456", "state": "Strip"});
    }
    serde_dynamo::to_item(item).expect("an item")
}

async fn write(world: &World, uploads: usize, monday: Timestamp) {
    let table = &world.names().audit_table;
    let week = 7 * 24 * 3_600_000_usize;
    let batches = (0..uploads).step_by(BATCH).map(|first| {
        let requests = (first..(first + BATCH).min(uploads)).map(|n| {
            let at = monday + SignedDuration::from_millis((week / uploads * n) as i64);
            let put = PutRequest::builder().set_item(Some(item(n, at))).build();
            WriteRequest::builder()
                .put_request(put.expect("a put"))
                .build()
        });
        requests.collect::<Vec<_>>()
    });
    let client = world.stack().dynamodb();
    stream::iter(batches)
        .for_each_concurrent(AT_ONCE, async |requests| {
            let write = client.batch_write_item().request_items(table, requests);
            write.send().await.expect("a batch");
        })
        .await;
}

fn main() {
    let sizes: Vec<usize> = std::env::args()
        .skip(1)
        .map(|n| n.parse().expect("a number"))
        .collect();
    on_stack(async |world| {
        let function = format!("scrubjay-{}-report", world.names().stack);
        println!("| uploads in the week | seconds | read units | units per 1,000 uploads |");
        println!("| ---: | ---: | ---: | ---: |");
        for (index, uploads) in sizes.into_iter().enumerate() {
            // Weeks far enough apart that none counts another's days.
            let monday: Timestamp = "2020-01-06T00:00:00Z".parse().expect("a time");
            let monday = monday + SignedDuration::from_hours(24 * 7 * 10 * index as i64);
            write(world, uploads, monday).await;
            let after = monday + SignedDuration::from_hours(24 * 7 + 2);
            let started = Instant::now();
            let done: Value = world
                .stack()
                .invoke(&function, &json!({"time": after.to_string()}))
                .await
                .unwrap_or_else(|error| panic!("report: {error}"));
            let units = done["readUnits"].as_f64().expect("units");
            println!(
                "| {uploads} | {:.1} | {units:.0} | {:.0} |",
                started.elapsed().as_secs_f64(),
                units * 1_000.0 / uploads as f64
            );
        }
    });
}
