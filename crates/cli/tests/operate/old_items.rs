//! Items of a version before, without shards, digests, Exif's parts and uploader (`docs/deploy.md`, "From a version before"), are
//! found by every query, and the new code works on them.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_tests::{World, on_stack, unique_sample};
use serde_json::{Value, json};

use super::command::scrubjay;
use super::harness::alone;

const NEW_FIELDS: [&str; 7] = [
    "sourceSha256",
    "exif",
    "requester",
    "uploadedAt",
    "size",
    "redrives",
    "attempts",
];

/// Makes an item what an earlier version would have written.
async fn age(world: &World, item: &Value) {
    let day = item["updatedAt"].as_str().unwrap()[..10].to_owned();
    let status = item["status"].as_str().unwrap();
    let mut update = world
        .stack()
        .dynamodb()
        .update_item()
        .table_name(&world.names().audit_table)
        .key("object", text(&item["object"]))
        .key("entry", text(&item["entry"]))
        .expression_attribute_names("#statusDay", "statusDay")
        .expression_attribute_values(":day", AttributeValue::S(format!("{status}#{day}")));
    let mut removed = Vec::new();
    for field in NEW_FIELDS {
        update = update.expression_attribute_names(format!("#{field}"), field);
        removed.push(format!("#{field}"));
    }
    let expression = format!("SET #statusDay = :day REMOVE {}", removed.join(", "));
    update.update_expression(expression).send().await.unwrap();
}

fn text(value: &Value) -> AttributeValue {
    AttributeValue::S(value.as_str().unwrap().to_owned())
}

#[test]
fn are_found_by_every_query_and_worked_on() {
    on_stack(async |world| {
        let _alone = alone().await;
        let key = "old items/photo.jpg";
        let data = unique_sample("beach.jpg", key);
        let etag = world.put(key, &data).await;
        let item = world.ended(key, &etag, "CLEANED").await;
        age(world, &item).await;
        let aged = world.item(key, &etag).await.unwrap();
        assert!(NEW_FIELDS.iter().all(|field| aged.get(field).is_none()));

        let ask = |args: &[&str]| {
            let answer = scrubjay(world, &[&["audit"], args].concat());
            assert_eq!(answer.code, Some(0), "{args:?}: {answer:?}");
            answer
        };
        let some = ["--prefix", "old items/", "--since", "1d"];
        let listed = ask(&[&["list", "--json"], &some[..]].concat()).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(listed["items"][0]["etag"], etag.as_str());
        ask(&[&["list"], &some[..]].concat());
        let cleaned = ask(&[&["list", "--json", "--status", "CLEANED"], &some[..]].concat());
        assert_eq!(cleaned.json(), listed);
        for by in ["upload", "change"] {
            let stats = ask(&[&["stats", "--json", "--by", by], &some[..]].concat()).json();
            assert_eq!(stats["uploads"], 1, "by {by}: {stats}");
            assert_eq!(stats["statuses"], json!({"CLEANED": 1}));
        }
        let shown = ask(&["show", key, "--json"]).json();
        assert_eq!(shown["uploads"][0]["entry"], item["entry"]);
        ask(&["show", key]);
        for format in ["csv", "jsonl"] {
            let exported = ask(&[&["export", "--format", format], &some[..]].concat());
            assert!(exported.out.contains(&etag), "{format}: {exported:?}");
        }
        // Without its digest the item does not say of which file it is.
        let twins = scrubjay(world, &["audit", "duplicates", key]);
        assert_eq!(twins.code, Some(1), "{twins:?}");
        assert!(
            twins.err.contains("recorded by an older version"),
            "{twins:?}"
        );

        // Reclaim: the result is gone from bucket B, and the event comes again.
        let published = world.published(key).await.unwrap().bytes;
        let gone = world.stack().s3().delete_object().key(key);
        let gone = gone.bucket(&world.names().destination_bucket);
        gone.send().await.unwrap();
        let mut event = world.created(key, &etag, item["sequencer"].as_str());
        event["detail"]["object"]["version-id"] = item["versionId"].clone();
        let (_, ended) = world.execute(&event).await;
        assert_eq!(ended, ExecutionStatus::Succeeded);
        world.until_published(key, Some(&published)).await;
        let again = world.ended(key, &etag, "CLEANED").await;
        assert_eq!(again["sourceSha256"], item["sourceSha256"]);
        assert_eq!(again["exif"], item["exif"]);
        assert_eq!(again["attempts"], 1, "{again}");

        // Retract.
        age(world, &again).await;
        world.delete(key).await;
        world.until_published(key, None).await;
        let retracted = world.ended(key, &etag, "RETRACTED").await;
        assert!(retracted.get("sourceSha256").is_none(), "{retracted}");
        let listed = ask(&[&["list", "--json", "--status", "RETRACTED"], &some[..]].concat());
        assert_eq!(listed.json()["items"][0]["entry"], item["entry"]);
    });
}
