//! `scrubjay backfill`: photos that no event announced.

use std::io::Write as _;
use std::process::Stdio;

use aws_sdk_s3::primitives::ByteStream;
use flate2::Compression;
use flate2::write::GzEncoder;
use scrubjay_tests::{World, unique_sample};
use serde_json::{Value, json};

use super::command::{Answer, against, scrubjay};
use super::harness::alone;

/// Uploads whose events are lost, as if they had been there before the stack was. Returns their ETags.
async fn unannounced(world: &World, keys: &[String]) -> Vec<String> {
    let mut etags = Vec::new();
    for key in keys {
        // An event has the key URL-encoded or not, by who reads it: its beginning is the same in both.
        let start: String = key
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let lost = world.lose_event("Object Created", &start).await;
        etags.push(world.put(key, &unique_sample("grey.jpe", key)).await);
        world.struck(lost).await;
    }
    etags
}

fn backfill(world: &World, more: &[&str]) -> Answer {
    let how = ["backfill", "--older-than", "0", "--json"];
    scrubjay(world, &[&how, more].concat())
}

fn done(answer: &Answer) -> Value {
    assert_eq!(answer.code, Some(0), "{answer:?}");
    answer.json()
}

fn counts(report: &Value) -> [u64; 3] {
    ["compared", "unseen", "started"]
        .map(|name| report[name].as_u64().unwrap_or_else(|| panic!("{report}")))
}

#[test]
fn what_was_there_before_is_treated_once() {
    on_stack_alone(async |world| {
        let keys: Vec<String> = (0..7).map(|n| format!("backfill/{n} + 1.jpg")).collect();
        let etags = unannounced(world, &keys).await;
        world.put("backfill/notes.txt", b"no photo").await;
        let backfill = |more: &[&str]| {
            done(&backfill(
                world,
                &[&["--prefix", "backfill/", "--keys", "3"], more].concat(),
            ))
        };
        assert_eq!(counts(&backfill(&["--dry-run"])), [7, 7, 0]);
        for key in &keys {
            assert!(world.items(key).await.is_empty(), "{key}");
        }
        assert_eq!(counts(&backfill(&["--rate", "50"])), [7, 7, 7]);
        for (key, etag) in keys.iter().zip(&etags) {
            world.ended(key, etag, "CLEANED").await;
        }
        assert_eq!(counts(&backfill(&[])), [7, 0, 0]);
    });
}

#[test]
fn a_backfill_that_was_stopped_is_followed_and_finished() {
    on_stack_alone(async |world| {
        let keys: Vec<String> = (0..24).map(|n| format!("stopped/{n:02}.jpg")).collect();
        let etags = unannounced(world, &keys).await;
        let order = ["--prefix", "stopped/", "--keys", "4", "--rate", "2"];
        // Two lines tell that it runs; then the command is killed, and the machine goes on.
        let mut killed = against(
            world,
            &[&["backfill", "--older-than", "0"], &order[..]].concat(),
        )
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the command");
        let told = std::io::BufReader::new(killed.stderr.take().expect("a pipe"));
        let first = std::io::BufRead::lines(told)
            .next()
            .expect("a line")
            .expect("text");
        assert!(first.starts_with("started arn:"), "{first}");
        killed.kill().expect("killed");
        killed.wait().expect("its end");

        let other = backfill(world, &["--prefix", "stopped/", "--rate", "9"]);
        assert_eq!(other.code, Some(1), "{other:?}");
        assert!(other.err.contains("another backfill runs"), "{other:?}");
        let stopped = scrubjay(world, &["backfill", "--stop"]);
        assert!(stopped.out.starts_with("stopped arn:"), "{stopped:?}");
        let again = scrubjay(world, &["backfill", "--stop"]);
        assert_eq!(again.out, "no backfill runs\n");

        let finished = done(&backfill(world, &order));
        assert_eq!(finished["compared"], 24, "{finished}");
        for (key, etag) in keys.iter().zip(&etags) {
            world.ended(key, etag, "CLEANED").await;
            // Express has no names that keep a second execution out: what a stopped batch starts in the very moment in which the next
            // backfill does may be done twice, which is harmless.
            if world.names().others["workflow"] == "standard" {
                let items = world.items(key).await;
                let once = items.iter().filter(|item| item["attempts"] == 1).count();
                assert_eq!(once, 1, "{key}: {items:?}");
            }
        }
        let nothing = done(&backfill(world, &["--prefix", "stopped/"]));
        assert_eq!(counts(&nothing), [24, 0, 0]);
    });
}

/// The key as S3 Inventory writes it.
fn encoded(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*/".contains(&byte);
    key.bytes()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Writes an inventory of these keys to the reports bucket. Returns its manifest's address.
async fn inventory(
    world: &World,
    name: &str,
    source: &str,
    schema: &str,
    keys: &[String],
) -> String {
    let reports = &world.names().others["reportsBucket"];
    let put = async |key: String, body: Vec<u8>| {
        let put = world.stack().s3().put_object().bucket(reports).key(key);
        put.body(ByteStream::from(body))
            .send()
            .await
            .expect("a put");
    };
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    for key in keys {
        let key = encoded(key);
        writeln!(packed, "\"{source}\",\"{key}\",\"7\"").expect("bytes");
    }
    put(
        format!("inventory/{name}/1.csv.gz"),
        packed.finish().expect("bytes"),
    )
    .await;
    let manifest = json!({
        "sourceBucket": source, "destinationBucket": format!("arn:aws:s3:::{reports}"), "version": "2016-11-30",
        "fileFormat": "CSV", "fileSchema": schema,
        "files": [{"key": format!("inventory/{name}/1.csv.gz"), "size": 1, "MD5checksum": "0"}],
    });
    let key = format!("inventory/{name}/manifest.json");
    put(key.clone(), manifest.to_string().into_bytes()).await;
    format!("s3://{reports}/{key}")
}

#[test]
fn an_inventory_takes_the_place_of_the_listing() {
    on_stack_alone(async |world| {
        let longest = format!("inventoried/{}.jpg", "é".repeat(504));
        assert_eq!(longest.len(), 1_024);
        let mut keys = vec![longest, "inventoried/50%25 + é.jpg".to_owned()];
        let etags = unannounced(world, &keys).await;
        // What is gone since the inventory was made is nothing to do, and what it does not name is left alone.
        keys.push("inventoried/gone.jpg".to_owned());
        let left = ["inventoried/not named.jpg".to_owned()];
        unannounced(world, &left).await;
        let source = &world.names().source_bucket;
        let place = inventory(world, "good", source, "Bucket, Key, Size", &keys).await;
        let report = done(&backfill(world, &["--inventory", &place]));
        assert_eq!(report["started"], 2, "{report}");
        for (key, etag) in keys.iter().zip(&etags) {
            world.ended(key, etag, "CLEANED").await;
        }
        assert!(world.items(&left[0]).await.is_empty());
    });
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_is_started() {
    on_stack_alone(async |world| {
        let refused = |more: &[&str], code: i32, why: &str| {
            let answer = backfill(world, more);
            assert_eq!(answer.code, Some(code), "{answer:?}");
            assert!(answer.err.contains(why), "{why}: {answer:?}");
            assert!(!answer.err.contains("started arn:"), "{answer:?}");
        };
        refused(&["--rate", "0"], 2, "0 is not in 1..=1000");
        refused(&["--rate", "500", "--quota", "150"], 1, "beyond the");
        refused(&["--prefix", "no such/"], 1, "no key of");
        let source = world.names().source_bucket.clone();
        let keys = ["k.jpg".to_owned()];
        let plain = "Bucket, Key, Size";
        let other = inventory(world, "other", "elsewhere", plain, &keys).await;
        refused(&["--inventory", &other], 1, "of the bucket elsewhere");
        let versions = "Bucket, Key, VersionId, IsLatest";
        let versions = inventory(world, "versions", &source, versions, &keys).await;
        refused(&["--inventory", &versions], 1, "old versions");
        let reports = &world.names().others["reportsBucket"];
        let none = format!("s3://{reports}/inventory/none/manifest.json");
        refused(&["--inventory", &none], 1, "cannot read");
        let astray = format!("s3://{source}/inventory/manifest.json");
        refused(&["--inventory", &astray], 1, "in s3://");
        refused(&["--inventory", "k.csv"], 2, "manifest.json");

        // Whoever starts the machine by hand learns it from the machine.
        let (bucket, key) = other["s3://".len()..].split_once('/').expect("a place");
        let order = json!({"rate": 1, "inventory": {"bucket": bucket, "key": key}});
        let machine = &world.names().others["backfillStateMachineArn"];
        let sfn = aws_sdk_sfn::Client::new(&world.stack().sdk_config());
        let start = sfn.start_execution().state_machine_arn(machine);
        let started = start
            .input(order.to_string())
            .send()
            .await
            .expect("a start");
        let ended = world.execution_ended(&started.execution_arn).await;
        assert_eq!(ended.as_str(), "FAILED");
        assert!(world.items("k.jpg").await.is_empty());
    });
}

/// The command follows whatever backfill runs, and what it starts is open to the faults of other tests.
fn on_stack_alone(test: impl AsyncFnOnce(&World)) {
    scrubjay_tests::on_stack(async |world| {
        let _alone = alone().await;
        test(world).await;
    });
}
