//! The newest upload wins, whatever the number and order of the events.

use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{clean, on_stack, unique_sample};

#[test]
fn a_duplicate_event_of_a_finished_upload() {
    on_stack(async |world| {
        let key = "order/duplicate.jpg";
        let data = unique_sample("beach.jpg", key);
        let etag = world.put(key, &data).await;
        let item = world.ended(key, &etag, "CLEANED").await;
        let mut event = world.created(key, &etag, item["sequencer"].as_str());
        event["detail"]["object"]["version-id"] = item["versionId"].clone();
        let (arn, status) = world.execute(&event).await;
        assert_eq!(status, ExecutionStatus::Succeeded);
        assert_eq!(
            world.states(&arn).await,
            ["Claim", "Named", "Held", "Shown", "Duplicate"]
        );
        let after = world.item(key, &etag).await.unwrap();
        assert_eq!(after["attempts"], 1);
        assert_eq!(after["execution"], item["execution"]);
    });
}

#[test]
fn a_duplicate_event_when_someone_removed_the_result() {
    on_stack(async |world| {
        let key = "order/removed from B.jpg";
        let data = unique_sample("beach.jpg", key);
        let etag = world.put(key, &data).await;
        let item = world.ended(key, &etag, "CLEANED").await;
        let remove = world
            .stack()
            .s3()
            .delete_object()
            .bucket(&world.names().destination_bucket)
            .key(key);
        remove.send().await.unwrap();
        let mut event = world.created(key, &etag, item["sequencer"].as_str());
        event["detail"]["object"]["version-id"] = item["versionId"].clone();
        let (arn, status) = world.execute(&event).await;
        assert_eq!(status, ExecutionStatus::Succeeded);
        assert_eq!(
            world.states(&arn).await.last().map(String::as_str),
            Some("Record")
        );
        world.until_published(key, Some(&clean(&data))).await;
        assert_eq!(world.item(key, &etag).await.unwrap()["attempts"], 2);
    });
}

#[test]
fn an_object_overwritten_between_event_and_read() {
    on_stack(async |world| {
        let key = "order/overwritten.jpg";
        let old = unique_sample("beach.jpg", "old");
        let new = unique_sample("portrait.JPG", "new");
        // The first read of the old bytes waits until the new ones are there.
        let slow = Rule::new(
            Match::request("GET", "order/overwritten"),
            Action::delay(2_000..=2_000),
        )
        .times(1);
        world.stack().faults().order(&slow).await.unwrap();
        let first = world.put(key, &old).await;
        let second = world.put(key, &new).await;
        let item = world.ended(key, &first, "SUPERSEDED").await;
        assert_eq!(item["error"]["name"], "SourceSuperseded");
        world.ended(key, &second, "CLEANED").await;
        world.until_published(key, Some(&clean(&new))).await;
    });
}

#[test]
fn the_same_bytes_after_something_else_are_a_new_upload() {
    on_stack(async |world| {
        let key = "order/a b a.jpg";
        let (a, b) = (
            unique_sample("beach.jpg", "a"),
            unique_sample("portrait.JPG", "b"),
        );
        let etag_a = world.put(key, &a).await;
        world.ended(key, &etag_a, "CLEANED").await;
        let etag_b = world.put(key, &b).await;
        world.ended(key, &etag_b, "CLEANED").await;
        world.until_published(key, Some(&clean(&b))).await;
        // As with AWS under KMS, equal bytes get another ETag.
        assert_ne!(world.put(key, &a).await, etag_a);
        world.until_published(key, Some(&clean(&a))).await;
    });
}

#[test]
fn the_same_bytes_again_without_versions() {
    on_stack(async |world| {
        // The events are those of a bucket without versions: the entry has only the ETag, so only the sequencer tells the third
        // upload from the first. No rule matches the suffix, so these are the only events.
        let key = "order/a b a.unversioned";
        let (a, b) = (
            unique_sample("beach.jpg", "ua"),
            unique_sample("portrait.JPG", "ub"),
        );
        let mut etags = Vec::new();
        for (data, sequencer) in [(&a, "0001"), (&b, "0002"), (&a, "0003")] {
            let etag = if sequencer == "0003" {
                // Deleting the newest version reveals the first upload again, with its own ETag.
                world.reveal(key).await;
                etags.remove(0)
            } else {
                world.put(key, data).await
            };
            etags.push(etag.clone());
            let (_, status) = world
                .execute(&world.created(key, &etag, Some(sequencer)))
                .await;
            assert_eq!(status, ExecutionStatus::Succeeded);
            let item = world.item(key, &etag).await.unwrap();
            assert_eq!(
                (item["status"].as_str(), item["entry"].as_str()),
                (Some("CLEANED"), Some(&*format!("upload#{etag}")))
            );
            assert_eq!(item["attempts"], if sequencer == "0003" { 2 } else { 1 });
            world.until_published(key, Some(&clean(data))).await;
        }
        // The event of the first upload comes again, late: it is a duplicate.
        let etag = etags.pop().unwrap();
        let (arn, _) = world
            .execute(&world.created(key, &etag, Some("0001")))
            .await;
        assert_eq!(
            world.states(&arn).await.last().map(String::as_str),
            Some("Duplicate")
        );
    });
}

#[test]
fn a_late_event_of_an_older_upload() {
    on_stack(async |world| {
        let key = "order/late.jpg";
        let old = unique_sample("beach.jpg", "old and late");
        let new = unique_sample("portrait.JPG", "new and early");
        let mut matched = Match::events("^Object Created$");
        matched.detail = Some("order/late.jpg".into());
        let late = Rule::new(matched, Action::delay(3_000..=3_000)).times(1);
        world.stack().faults().order(&late).await.unwrap();
        let first = world.put(key, &old).await;
        let second = world.put(key, &new).await;
        world.ended(key, &second, "CLEANED").await;
        world.ended(key, &first, "SUPERSEDED").await;
        world.until_published(key, Some(&clean(&new))).await;
    });
}

#[test]
fn a_deleted_object_goes_and_does_not_come_back() {
    on_stack(async |world| {
        let key = "order/deleted.jpg";
        let data = unique_sample("beach.jpg", key);
        let etag = world.put(key, &data).await;
        let item = world.ended(key, &etag, "CLEANED").await;
        world.delete(key).await;
        world.until_published(key, None).await;
        world.ended(key, &etag, "RETRACTED").await;
        // The upload's event comes late, after the delete.
        let (_, status) = world
            .execute(&world.created(key, &etag, item["sequencer"].as_str()))
            .await;
        assert_eq!(status, ExecutionStatus::Succeeded);
        assert_eq!(world.published(key).await, None);
        let again = unique_sample("portrait.JPG", key);
        let etag = world.put(key, &again).await;
        world.ended(key, &etag, "CLEANED").await;
        world.until_published(key, Some(&clean(&again))).await;
    });
}

#[test]
fn an_undeleted_object_comes_back() {
    on_stack(async |world| {
        let key = "order/undeleted.jpg";
        let data = unique_sample("beach.jpg", key);
        let etag = world.put(key, &data).await;
        world.ended(key, &etag, "CLEANED").await;
        world.delete(key).await;
        world.ended(key, &etag, "RETRACTED").await;
        assert_eq!(world.published(key).await, None);
        // S3 sends Object Deleted for the marker, and no Object Created for what it reveals.
        world.undelete(key).await;
        world.until_published(key, Some(&clean(&data))).await;
        world.ended(key, &etag, "CLEANED").await;
    });
}

#[test]
fn deleting_an_old_version_leaves_the_current_one() {
    on_stack(async |world| {
        let key = "order/versions.jpg";
        let (old, new) = (
            unique_sample("beach.jpg", "v1"),
            unique_sample("portrait.JPG", "v2"),
        );
        let first = world.put(key, &old).await;
        let version = world.ended(key, &first, "CLEANED").await["versionId"]
            .as_str()
            .unwrap()
            .to_owned();
        let second = world.put(key, &new).await;
        world.ended(key, &second, "CLEANED").await;
        let s3 = world.stack().s3();
        let delete = s3
            .delete_object()
            .bucket(&world.names().source_bucket)
            .key(key)
            .version_id(version);
        delete.send().await.unwrap();
        // If this later delete has been carried out, the earlier one has been seen.
        let marker = "order/versions marker.jpg";
        let etag = world.put(marker, &unique_sample("grey.jpe", marker)).await;
        world.ended(marker, &etag, "CLEANED").await;
        world.delete(marker).await;
        world.ended(marker, &etag, "RETRACTED").await;
        world.until_published(key, Some(&clean(&new))).await;
    });
}

#[test]
fn an_event_without_a_sequencer_settles_too() {
    on_stack(async |world| {
        let key = "order/unsequenced.jpg";
        let mut matched = Match::events("^Object Created$");
        // Without this, the rule would also match the event of bucket B for the clean photo under the same key.
        matched.detail = Some("-source\".*order/unsequenced".into());
        world
            .stack()
            .faults()
            .order(&Rule::new(matched, Action::omit(&["sequencer"])).times(2))
            .await
            .unwrap();
        for text in ["one", "two"] {
            let data = unique_sample("beach.jpg", text);
            let etag = world.put(key, &data).await;
            let item = world.ended(key, &etag, "CLEANED").await;
            assert!(item.get("sequencer").is_none());
            world.until_published(key, Some(&clean(&data))).await;
        }
    });
}
