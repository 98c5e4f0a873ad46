//! What the template's parameters change, on a stack of its own.

use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_jpeg::{Copyright, Options, strip};
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{World, on_other_stack, unique_sample};
use serde_json::{Value, json};

use super::monitoring::call;

/// The bytes that the stripper makes of a file on this stack, which keeps notices of copyright.
fn clean(data: &[u8]) -> Vec<u8> {
    let options = Options {
        copyright: Copyright::Keep,
        ..Options::default()
    };
    strip(data, &options).unwrap().to_vec(data)
}

#[test]
fn they_do_what_they_say() {
    on_other_stack(async |world| {
        tokio::join!(
            a_refused_upload_leaves_the_older_result_when_told_to_keep_it(world),
            only_keys_with_the_prefix_are_treated(world),
            notices_of_copyright_are_kept_and_not_told(world),
            the_address_of_an_uploader_is_recorded_when_asked_for(world),
        );
        // This test breaks a function of the whole stack, so it does not run beside others.
        a_retract_that_failed_is_done_again(world).await;
        // This test stops the whole stack, so it does not run beside others.
        two_rules_stop_it_and_nothing_has_to_be_uploaded_again(world).await;
    });
}

/// Tests what docs/deploy.md says under "Stopping at once".
async fn two_rules_stop_it_and_nothing_has_to_be_uploaded_again(world: &World) {
    let rule = |name: &str| json!({"Name": format!("scrubjay-{}-{name}", world.names().stack)});
    let events = async |action: &str, name: &str| {
        let target = format!("AWSEvents.{action}");
        call(world, "events", &target, &rule(name)).await
    };
    let gone = "photos/deleted while stopped.jpg";
    let etag = world.put(gone, &unique_sample("beach.jpg", gone)).await;
    world.ended(gone, &etag, "CLEANED").await;
    for name in ["uploaded", "reconcile"] {
        events("DisableRule", name).await;
        assert_eq!(events("DescribeRule", name).await["State"], "DISABLED");
    }

    let key = "photos/uploaded while stopped.jpg";
    let data = unique_sample("beach.jpg", key);
    let etag = world.put(key, &data).await;
    // Deletes are still carried out. This one came after the upload, whose execution would have begun by now if its event had been
    // heard.
    world.delete(gone).await;
    world.until_published(gone, None).await;
    assert_eq!(world.items(key).await, Vec::<Value>::new());
    assert_eq!(world.published(key).await, None);

    for name in ["uploaded", "reconcile"] {
        events("EnableRule", name).await;
        assert_eq!(events("DescribeRule", name).await["State"], "ENABLED");
    }
    // The upload's event is lost for good, but reconcile finds the file that waits in bucket A.
    assert_eq!(world.items(key).await, Vec::<Value>::new());
    let report = world.reconcile(key).await;
    assert_eq!(report["started"], 1, "{report}");
    world.ended(key, &etag, "CLEANED").await;
    world.until_published(key, Some(&clean(&data))).await;
    // And the rules work again.
    let next = "photos/after the stop.jpg";
    let data = unique_sample("beach.jpg", next);
    let etag = world.put(next, &data).await;
    world.ended(next, &etag, "CLEANED").await;
}

async fn a_refused_upload_leaves_the_older_result_when_told_to_keep_it(world: &World) {
    let key = "photos/kept.jpg";
    let data = unique_sample("beach.jpg", key);
    let good = world.put(key, &data).await;
    world.ended(key, &good, "CLEANED").await;
    let bad = world.put(key, b"no JPEG").await;
    let item = world.ended(key, &bad, "REJECTED").await;
    assert_eq!(item["error"]["name"], "NotJpeg");
    // The refused file has no tag. With the tag a lifecycle rule of bucket A could remove it, which would look as if the photo had
    // been deleted.
    let version = item["versionId"].as_str().unwrap();
    assert_eq!(world.tags(key, version).await, []);
    world.until_published(key, Some(&clean(&data))).await;
    assert_eq!(world.item(key, &good).await.unwrap()["status"], "CLEANED");
    // Reconcile must not take the kept result for one of a lost event.
    assert_eq!(world.reconcile(key).await["unseen"], 0);
}

async fn notices_of_copyright_are_kept_and_not_told(world: &World) {
    let key = "photos/credit.jpg";
    // Inserts Exif with the tag Artist after SOI.
    let notice = b"Ada Lovelace, all rights reserved\0";
    let mut exif = b"\xFF\xE1\0\0Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x3B\0\x02\0\0\0".to_vec();
    exif.push(notice.len() as u8);
    exif.extend(b"\0\0\0\x1A\0\0\0\0");
    exif.extend(notice);
    exif[3] = exif.len() as u8 - 2;
    let photo = unique_sample("beach.jpg", key);
    let data = [&photo[..2], &exif, &photo[2..]].concat();
    let wanted = clean(&data);
    let text = &notice[..notice.len() - 1];
    let is_there = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(is_there(&wanted));

    let etag = world.put(key, &data).await;
    let item = world.ended(key, &etag, "CLEANED").await;
    world.until_published(key, Some(&wanted)).await;
    let kept = item["kept"].as_array().unwrap();
    assert!(kept.contains(&json!("copyright")), "{item}");
    assert!(!is_there(item.to_string().as_bytes()), "{item}");
}

/// Claim writes the address; so does Reclaim, which treats an upload again whose result is gone from bucket B.
async fn the_address_of_an_uploader_is_recorded_when_asked_for(world: &World) {
    let key = "photos/address.jpg";
    let data = unique_sample("beach.jpg", key);
    let etag = world.put(key, &data).await;
    let address = world.ended(key, &etag, "CLEANED").await["sourceAddress"].clone();
    let address = address.as_str().expect("an address");
    assert!(address.parse::<std::net::IpAddr>().is_ok(), "{address}");

    let wanted = clean(&data);
    world.until_published(key, Some(&wanted)).await;
    let gone = world.stack().s3().delete_object();
    let gone = gone.bucket(&world.names().destination_bucket).key(key);
    gone.send().await.unwrap();
    let item = world.item(key, &etag).await.unwrap();
    let mut again = world.created(key, &etag, item["sequencer"].as_str());
    again["detail"]["object"]["version-id"] = item["versionId"].clone();
    again["detail"]["source-ip-address"] = json!("192.0.2.17");
    let (_, ended) = world.execute(&again).await;
    assert_eq!(ended, ExecutionStatus::Succeeded);
    world.until_published(key, Some(&wanted)).await;
    let item = world.ended(key, &etag, "CLEANED").await;
    assert_eq!(item["sourceAddress"], "192.0.2.17");
}

async fn only_keys_with_the_prefix_are_treated(world: &World) {
    let others = [
        "beach.jpg",
        "photo/beach.jpg",
        "x/photos/beach.jpg",
        "photos.jpg",
    ];
    for key in others {
        world.put(key, &unique_sample("beach.jpg", key)).await;
    }
    // The ending counts in upper and lower case, whatever characters come before it.
    for key in [
        "photos/a.JPG",
        "photos/a b/ü.jpEg",
        "photos/.jpe",
        "photos/a.JFIF",
        "photos/a.jif",
        "photos/a.jfi",
    ] {
        let data = unique_sample("beach.jpg", key);
        let etag = world.put(key, &data).await;
        world.ended(key, &etag, "CLEANED").await;
        world.until_published(key, Some(&clean(&data))).await;
        world.delete(key).await;
        world.until_published(key, None).await;
    }
    // The rule only checks the prefix; the machines check the name's ending and do nothing for other files.
    let notes = "photos/notes.jpgx";
    let etag = world.put(notes, &unique_sample("beach.jpg", notes)).await;
    let (execution, status) = world
        .execute(&world.created(notes, &etag, Some("01")))
        .await;
    assert_eq!(status, ExecutionStatus::Succeeded);
    let entered = world.states(&execution).await;
    assert_eq!(entered, ["Claim", "Named", "NotNamedJpeg"]);
    let start = world.stack().sfn().start_execution();
    let start = start.state_machine_arn(&world.names().others["retractStateMachineArn"]);
    let input = json!({"detail": {"bucket": {"name": world.names().source_bucket}, "object": {"key": "photos/none.txt"}}});
    let started = start.input(input.to_string()).send().await.unwrap();
    let status = world.execution_ended(started.execution_arn()).await;
    assert_eq!(status, ExecutionStatus::Succeeded);
    for key in [notes, "photos/none.txt"] {
        assert_eq!(world.items(key).await, Vec::<Value>::new(), "{key}");
    }
    let report = world.reconcile("photo").await;
    assert_eq!(report["unseen"], 0, "{report}");
    assert_eq!(world.reconcile("x/").await["compared"], 0);
    for key in others {
        assert_eq!(world.items(key).await, Vec::<Value>::new(), "{key}");
        assert_eq!(world.published(key).await, None);
    }
}

async fn a_retract_that_failed_is_done_again(world: &World) {
    let key = "photos/failed.jpg";
    let etag = world.put(key, &unique_sample("beach.jpg", key)).await;
    world.ended(key, &etag, "CLEANED").await;
    let function = format!("scrubjay-{}-retract$", world.names().stack);
    let fault = Rule::new(Match::function(&function), Action::fail("BadEvent")).times(1);
    let fault = world.stack().faults().order(&fault).await.unwrap();
    world.delete(key).await;
    world.struck(fault).await;
    world
        .until("the retract to fail", async || {
            let list = world.stack().sfn().list_executions();
            let list = list.state_machine_arn(&world.names().others["retractStateMachineArn"]);
            let failed = list.status_filter(ExecutionStatus::Failed).send().await;
            match failed.unwrap().executions.len() {
                1 => Ok(()),
                other => Err(format!("{other} have failed")),
            }
        })
        .await;
    // A failed retract leaves no item, because no upload is at fault. Reconcile finds the photo that is still in bucket B.
    assert_eq!(world.item(key, &etag).await.unwrap()["status"], "CLEANED");
    let report = world.reconcile(key).await;
    assert_eq!(
        (&report["orphans"], &report["started"]),
        (&json!(1), &json!(1))
    );
    world.until_published(key, None).await;
    world.ended(key, &etag, "RETRACTED").await;
}
