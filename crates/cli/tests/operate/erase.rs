//! `scrubjay audit erase`: what is needed stays, what nothing depends on goes.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_pipeline::audit::tombstone;
use scrubjay_tests::{World, on_stack, unique_sample};
use serde_json::{Value, json};

use super::command::scrubjay;

const KEY: &str = "u/4711/erased.jpg";

/// Lets the last change of every item of the key, the fence among them, be four days ago.
async fn age(world: &World, object: &str) {
    let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(96);
    for item in world.items(KEY).await {
        let entry = item["entry"].as_str().unwrap().to_owned();
        let update = world.stack().dynamodb().update_item();
        let update = update
            .table_name(&world.names().audit_table)
            .key("object", AttributeValue::S(object.to_owned()))
            .key("entry", AttributeValue::S(entry))
            .update_expression("SET updatedAt = :at")
            .expression_attribute_values(":at", AttributeValue::S(long_ago.to_string()));
        update.send().await.expect("an update");
    }
}

#[test]
fn a_photo_is_erased_once_nothing_depends_on_its_items() {
    on_stack(async |world| {
        let object = format!("{}/{KEY}", world.names().source_bucket);
        let erase = |options: &[&str]| {
            scrubjay(
                world,
                &[&["audit", "erase", KEY, "--json"], options].concat(),
            )
        };
        let etag = world.put(KEY, &unique_sample("beach.jpg", KEY)).await;
        let item = world.ended(KEY, &etag, "CLEANED").await;
        let refused = erase(&["--yes"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("bucket A still holds"), "{refused:?}");

        world.delete(KEY).await;
        world.until_published(KEY, None).await;
        world.ended(KEY, &etag, "RETRACTED").await;
        let refused = erase(&["--yes"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("come back then"), "{refused:?}");
        assert_eq!(world.items(KEY).await.len(), 2);

        age(world, &object).await;
        let would = erase(&["--dry-run"]).json();
        assert_eq!(
            (&would["uploads"], &would["fence"]),
            (&json!(1), &json!(true))
        );
        assert_eq!(would["erased"], false);
        let asked = erase(&[]);
        assert_eq!(asked.code, Some(1), "{asked:?}");
        assert!(
            asked.err.contains("nobody is there to confirm"),
            "{asked:?}"
        );
        assert_eq!(world.items(KEY).await.len(), 2);

        let erased = erase(&["--yes"]);
        assert_eq!(erased.code, Some(0), "{erased:?}");
        assert_eq!(erased.json()["erased"], true);
        let left = scrubjay(world, &["audit", "show", KEY]);
        assert_eq!(left.code, Some(1), "{left:?}");
        let get = world.stack().dynamodb().query();
        let get = get
            .table_name(&world.names().audit_table)
            .key_condition_expression("#object = :object")
            .expression_attribute_names("#object", "object")
            .expression_attribute_values(":object", AttributeValue::S(tombstone(&object)));
        let stones = get.send().await.unwrap().items.unwrap();
        assert_eq!(stones.len(), 1);
        let stone = format!("{stones:?}");
        assert!(
            !stone.contains("erased.jpg") && !stone.contains("4711"),
            "{stone}"
        );

        // The event of the upload, delivered once more, publishes nothing: bucket A does not have the photo.
        let sequencer = item["sequencer"].as_str().unwrap().trim_end_matches('0');
        let event = world.created(KEY, &etag, Some(sequencer));
        let (_, status) = world.execute(&event).await;
        assert_eq!(status, ExecutionStatus::Succeeded);
        assert_eq!(world.published(KEY).await, None);
        let uploads = |item: &Value| item["status"].is_string();
        let ends: Vec<Value> = world
            .items(KEY)
            .await
            .into_iter()
            .filter(uploads)
            .map(|item| item["status"].clone())
            .collect();
        assert_eq!(ends, [json!("SUPERSEDED")]);
        // Nobody is known twice: erasing an unknown key says so.
        let unknown = scrubjay(world, &["audit", "erase", "u/4711/unknown.jpg", "--yes"]);
        assert_eq!(unknown.code, Some(1), "{unknown:?}");
    });
}
