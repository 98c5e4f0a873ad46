//! What is no JPEG that we accept ends REJECTED with its reason; what is gone ends SUPERSEDED; nothing reaches bucket B.

use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{World, clean, on_express, on_stack, sample, unique_sample};
use serde_json::Value;

async fn rejected(world: &World, key: &str, data: &[u8], error: &str) -> Value {
    let etag = world.put(key, data).await;
    let item = world.ended(key, &etag, "REJECTED").await;
    assert_eq!(item["error"]["name"], error, "{key}: {item}");
    assert!(
        !item["error"]["message"].as_str().unwrap().is_empty(),
        "{key}: no message"
    );
    assert!(
        !item["error"]["state"].as_str().unwrap().is_empty(),
        "{key}: no state"
    );
    assert_eq!(
        world.published(key).await,
        None,
        "{key}: something in bucket B"
    );
    let execution = item["execution"].as_str().unwrap();
    assert_eq!(
        world.execution_ended(execution).await,
        ExecutionStatus::Succeeded
    );
    // The refused version has a tag, so that a lifecycle rule can let it expire and nothing else under its key. The tag is written
    // last, and nothing tells when an Express execution has ended, so the test waits for the tag.
    let version = item["versionId"].as_str().expect("a version");
    let wanted = [("scrubjay:status".to_owned(), "REJECTED".to_owned())];
    world
        .until(&format!("the tag of {key}"), async || {
            let tags = world.tags(key, version).await;
            if tags == wanted {
                Ok(())
            } else {
                Err(format!("{tags:?}"))
            }
        })
        .await;
    item
}

/// A file whose frame header declares this size; its data is that of a small picture.
fn declared(width: u16, height: u16) -> Vec<u8> {
    let mut data = sample("grey.jpe");
    let frame = data
        .windows(2)
        .position(|w| w == [0xFF, 0xC0])
        .expect("a baseline frame");
    data[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    data[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    data
}

#[test]
fn what_is_no_good_jpeg() {
    let beach = sample("beach.jpg");
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("empty.jpg", Vec::new(), "NotJpeg"),
        (
            "text.jpg",
            b"Dear website, this is no picture.".to_vec(),
            "NotJpeg",
        ),
        (
            "png.jpg",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            "NotJpeg",
        ),
        (
            "cut off.jpg",
            beach[..beach.len() * 2 / 3].to_vec(),
            "CorruptJpeg",
        ),
        (
            "cut off in the header.jpg",
            beach[..300].to_vec(),
            "CorruptJpeg",
        ),
        ("65500 x 65500.jpg", declared(65_500, 65_500), "TooLarge"),
        (
            "100 MB.jpg",
            [beach.as_slice(), &vec![0; 100_000_000]].concat(),
            "TooLarge",
        ),
    ];
    on_stack(async |world| {
        for (name, data, error) in cases {
            rejected(world, &format!("refused/{name}"), &data, error).await;
        }
    });
}

#[test]
fn an_object_that_is_not_there() {
    on_stack(async |world| {
        let key = "refused/never was.jpg";
        let (arn, status) = world
            .execute(&world.created(key, "00000000000000000000000000000000", Some("0001")))
            .await;
        assert_eq!(status, ExecutionStatus::Succeeded);
        assert_eq!(
            world.states(&arn).await,
            ["Claim", "Validate", "RecordSuperseded"]
        );
        let item = world
            .ended(key, "00000000000000000000000000000000", "SUPERSEDED")
            .await;
        assert_eq!(item["error"]["name"], "SourceDeleted");
        assert_eq!(world.published(key).await, None);
    });
}

#[test]
fn a_refused_upload_takes_the_older_result_away() {
    on_stack(async |world| {
        let key = "refused/overwritten.jpg";
        let good = unique_sample("beach.jpg", "good");
        let first = world.put(key, &good).await;
        world.ended(key, &first, "CLEANED").await;
        world.until_published(key, Some(&clean(&good))).await;
        rejected(world, key, b"not a picture any more", "NotJpeg").await;
        world.ended(key, &first, "RETRACTED").await;
        let again = unique_sample("beach.jpg", "again");
        let third = world.put(key, &again).await;
        world.ended(key, &third, "CLEANED").await;
        world.until_published(key, Some(&clean(&again))).await;
        let item = world.item(key, &third).await.unwrap();
        let version = item["versionId"].as_str().unwrap();
        assert_eq!(world.tags(key, version).await, []);
    });
}

#[test]
fn a_refused_version_that_is_gone_cannot_be_marked_and_that_is_all() {
    on_stack(async |world| {
        let key = "refused/gone.jpg";
        let item = rejected(world, key, b"not a picture", "NotJpeg").await;
        let etag = item["etag"].as_str().unwrap();
        for version in [Some("gone"), None] {
            let mut event = world.created(key, etag, Some("FF"));
            event["detail"]["object"]["version-id"] = version.into();
            if version.is_none() {
                let object = event["detail"]["object"].as_object_mut();
                object.unwrap().remove("version-id");
            }
            let (arn, status) = world.execute(&event).await;
            assert_eq!(status, ExecutionStatus::Succeeded);
            let entered = world.states(&arn).await;
            let marked = entered.iter().any(|state| state == "Mark");
            assert_eq!(marked, version.is_some(), "{entered:?}");
            assert_eq!(entered.last().unwrap(), "Rejected");
            let entry = version.map_or_else(String::new, |v| format!("#{v}"));
            let items = world.items(key).await;
            let entry = format!("upload#{etag}{entry}");
            let item = items.iter().find(|item| item["entry"] == entry.as_str());
            assert_eq!(item.unwrap()["status"], "REJECTED");
        }
    });
}

/// Publish finds that a staged file is not the one that Strip wrote before it records the upload as the key's newest. So no other
/// execution of the key ever uses that file.
#[test]
fn a_staged_file_that_was_exchanged_does_not_reach_the_fence() {
    on_stack(async |world| {
        let key = "refused/exchanged.jpg";
        let first = unique_sample("beach.jpg", key);
        let etag = world.put(key, &first).await;
        world.ended(key, &etag, "CLEANED").await;
        let fence = async || {
            let items = world.items(key).await;
            items
                .into_iter()
                .find(|item| item["entry"] == "head")
                .unwrap()
        };
        let before = fence().await;
        let known = before["staged"]["key"].as_str().unwrap();
        let (folder, _) = known.split_once('/').unwrap();

        // Publish reads the staged file late, and meanwhile the test exchanges it.
        let staging = &world.names().staging_bucket;
        let path = format!("^/{staging}/{folder}/");
        let late = Rule::new(Match::request("GET", &path), Action::delay(4_000..=4_000)).times(1);
        world.stack().faults().order(&late).await.unwrap();
        let second = unique_sample("portrait.JPG", key);
        let etag = world.put(key, &second).await;
        let s3 = world.stack().s3();
        let staged = world
            .until("the file to be staged", async || {
                let list = s3.list_objects_v2().bucket(staging);
                let list = list.prefix(format!("{folder}/")).send().await.unwrap();
                let mut keys = list.contents().iter().filter_map(|object| object.key());
                let new = keys.find(|key| *key != known).map(str::to_owned);
                new.ok_or_else(|| "none".to_owned())
            })
            .await;
        let put = s3.put_object().bucket(staging).key(staged);
        put.body(first.clone().into()).send().await.unwrap();

        if on_express() {
            // The upload is handed over to a Standard execution, which stages the file anew.
            world.ended(key, &etag, "CLEANED").await;
            return;
        }
        let item = world.ended(key, &etag, "FAILED").await;
        assert_eq!(item["error"]["name"], "NotClean");
        assert_eq!(fence().await, before);
        world.until_published(key, Some(&clean(&first))).await;
    });
}
