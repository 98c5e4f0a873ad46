//! A table that went back in time, as after a restore (docs/restore.md), is brought up to date by reconcile.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use scrubjay_tests::{World, clean, on_stack, unique_sample};

type Row = HashMap<String, AttributeValue>;

/// Returns every item of these keys, as the table has it.
async fn rows(world: &World, keys: &[&str]) -> Vec<Row> {
    let mut rows = Vec::new();
    for key in keys {
        let query = world.stack().dynamodb().query();
        let query = query
            .table_name(&world.names().audit_table)
            .consistent_read(true)
            .key_condition_expression("#o = :o")
            .expression_attribute_names("#o", "object")
            .expression_attribute_values(":o", AttributeValue::S(world.object(key)));
        rows.extend(query.send().await.unwrap().items.unwrap_or_default());
    }
    rows
}

/// Resets these keys' items to what they were, and removes newer ones.
async fn back_in_time(world: &World, keys: &[&str], before: Vec<Row>) {
    let (client, table) = (world.stack().dynamodb(), &world.names().audit_table);
    for row in rows(world, keys).await {
        let delete = client.delete_item().table_name(table);
        let delete = delete.key("object", row["object"].clone());
        let delete = delete.key("entry", row["entry"].clone());
        delete.send().await.unwrap();
    }
    for row in before {
        let put = client.put_item().table_name(table);
        put.set_item(Some(row)).send().await.unwrap();
    }
}

#[test]
fn a_restored_table_catches_up_with_both_buckets() {
    on_stack(async |world| {
        let (kept, overwritten, new, deleted) = (
            "restore/kept.jpg",
            "restore/overwritten.jpg",
            "restore/new.jpg",
            "restore/deleted.jpg",
        );
        let keys = [kept, overwritten, new, deleted];
        for key in [kept, overwritten, deleted] {
            let etag = world.put(key, &unique_sample("beach.jpg", key)).await;
            world.ended(key, &etag, "CLEANED").await;
        }
        let before = rows(world, &keys).await;

        // These changes happen between the point in time and the restore.
        let newer = unique_sample("portrait.JPG", overwritten);
        let newer_etag = world.put(overwritten, &newer).await;
        world.ended(overwritten, &newer_etag, "CLEANED").await;
        let data = unique_sample("beach.jpg", new);
        let new_etag = world.put(new, &data).await;
        world.ended(new, &new_etag, "CLEANED").await;
        world.delete(deleted).await;
        world.until_published(deleted, None).await;
        world
            .until("the delete to be recorded", async || {
                let items = world.items(deleted).await;
                if items.iter().any(|item| item["status"] == "RETRACTED") {
                    Ok(())
                } else {
                    Err(format!("{items:?}"))
                }
            })
            .await;

        back_in_time(world, &keys, before).await;
        assert_eq!(world.item(new, &new_etag).await, None);

        // Reconcile repeats the two uploads that the table has forgotten, and leaves alone what is in order.
        let report = world.reconcile("restore/").await;
        assert_eq!(report["started"], 2, "{report}");
        world.ended(overwritten, &newer_etag, "CLEANED").await;
        world.ended(new, &new_etag, "CLEANED").await;
        world
            .until_published(overwritten, Some(&clean(&newer)))
            .await;
        world.until_published(new, Some(&clean(&data))).await;
        let kept_bytes = clean(&unique_sample("beach.jpg", kept));
        world.until_published(kept, Some(&kept_bytes)).await;
        world.until_published(deleted, None).await;
        let report = world.reconcile("restore/").await;
        assert_eq!(report["started"], 0, "{report}");
    });
}
