//! What is uploaded comes out clean, under the same key, with a record.

use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_pipeline::audit::Status;
use scrubjay_tests::{World, clean, is_express, on_stack, sample, unique_sample};
use serde_json::{Value, json};

const SAMPLES: [&str; 8] = [
    "beach.jpg",
    "portrait.JPG",
    "colour-profile.jpg",
    "print-cmyk.jpg",
    "grey.jpe",
    "holiday/odd size, upside down.jpg",
    "holiday/progressive.jpeg",
    "holiday/motion photo + film.jpg",
];

async fn comes_out_clean(world: &World, key: &str, data: &[u8]) -> Value {
    let etag = world.put(key, data).await;
    let item = world.ended(key, &etag, "CLEANED").await;
    let published = world.published(key).await.expect("an object in bucket B");
    assert!(published.bytes == clean(data), "{key}: not the clean form");
    assert_eq!(published.content_type, "image/jpeg", "{key}");
    assert_eq!(published.metadata, 0, "{key}: user metadata");
    assert!(published.checksum.is_some(), "{key}: no SHA-256");
    item
}

#[test]
fn every_kind_of_file() {
    on_stack(async |world| {
        for name in SAMPLES {
            let data = sample(name);
            let item = comes_out_clean(world, &format!("kinds/{name}"), &data).await;
            assert_eq!(item["source"]["size"], data.len(), "{name}");
            assert_eq!(item["source"]["mediaType"], "image/jpeg");
            assert_eq!(item["output"]["size"], clean(&data).len(), "{name}");
            assert!(
                !item.to_string().contains("Nobody"),
                "{name}: a metadata value in the audit item"
            );
        }
    });
}

#[test]
fn the_audit_item_tells_the_story() {
    on_stack(async |world| {
        let key = "story/beach.jpg";
        let item = comes_out_clean(world, key, &sample("beach.jpg")).await;
        assert_eq!(item["object"], world.object(key));
        assert_eq!(
            item["entry"],
            format!(
                "upload#{}#{}",
                item["etag"].as_str().unwrap(),
                item["versionId"].as_str().unwrap()
            )
        );
        let kinds: Vec<&str> = item["removed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["kind"].as_str().unwrap())
            .collect();
        for kind in ["exif", "xmp", "iptc"] {
            assert!(kinds.contains(&kind), "{kind} is missing of {kinds:?}");
        }
        for time in ["receivedAt", "updatedAt", "finishedAt"] {
            let text = item[time].as_str().unwrap();
            assert!(
                text.len() == 24 && text.ends_with('Z') && &text[19..20] == ".",
                "{time}: {text}"
            );
        }
        assert_eq!(
            item["statusDay"],
            Status::Cleaned.partition(
                item["updatedAt"].as_str().unwrap().parse().unwrap(),
                item["object"].as_str().unwrap(),
            )
        );
        assert_eq!(
            item["exif"],
            json!({"gps": true, "makerNote": false, "thumbnail": false})
        );
        assert_eq!(item["sourceSha256"].as_str().unwrap().len(), 64);
        for field in ["uploadedAt", "requester", "size"] {
            assert!(!item[field].is_null(), "{field}: {item}");
        }
        assert!(item.get("sourceAddress").is_none(), "{item}");
        assert_eq!(item["attempts"], 1);
        assert_eq!(item["sequencer"].as_str().unwrap().len(), 64);
        let history: Vec<&str> = item["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|h| h["status"].as_str().unwrap())
            .collect();
        assert_eq!(history, ["PROCESSING", "CLEANED"]);
        let execution = item["execution"].as_str().unwrap();
        assert_eq!(
            world.execution_ended(execution).await,
            ExecutionStatus::Succeeded
        );
        if !is_express(execution) {
            assert_eq!(
                world.states(execution).await,
                ["Claim", "Validate", "Strip", "Publish", "Record"]
            );
        }
    });
}

#[test]
fn a_portrait_stands_upright() {
    on_stack(async |world| {
        let item = comes_out_clean(world, "upright/portrait.jpg", &sample("portrait.JPG")).await;
        assert_eq!(item["orientation"], "baked");
        let published = world.published("upright/portrait.jpg").await.unwrap();
        let report =
            scrubjay_jpeg::inspect(&published.bytes, &scrubjay_jpeg::Options::default()).unwrap();
        assert_eq!(
            (report.width, report.height, report.orientation),
            (608, 800, 1)
        );
    });
}

#[test]
fn keys_are_never_changed() {
    let long = format!("long/{}.jpg", "k".repeat(1024 - 9));
    let keys = [
        "keys/with spaces.jpg",
        "keys/plus+sign.jpg",
        "keys/100%.jpg",
        "keys/a%2Fb%20c.jpg",
        "keys/grüße/写真 📷.jpg",
        "keys/../up.jpg",
        "keys//double.jpg",
        "/keys/leading.jpg",
        "keys/UPPER.JPG",
        "keys/Mixed.JpEg",
        "keys/old.jpe",
        "keys/quote'\"&<>#?=;:@,$.jpg",
        "keys/back\\slash.jpg",
        "keys/{% $x %}.jpg",
        long.as_str(),
    ];
    assert_eq!(long.len(), 1024);
    on_stack(async |world| {
        for (number, key) in keys.into_iter().enumerate() {
            comes_out_clean(world, key, &unique_sample("grey.jpe", &number.to_string())).await;
        }
    });
}

#[test]
fn other_suffixes_are_not_touched() {
    on_stack(async |world| {
        world.put("suffix/photo.png", &sample("beach.jpg")).await;
        // If the earlier upload had been accepted, it would have begun by the time that this later one is done.
        comes_out_clean(world, "suffix/photo.jpg", &sample("beach.jpg")).await;
        assert!(world.items("suffix/photo.png").await.is_empty());
        assert_eq!(world.published("suffix/photo.png").await, None);
    });
}
