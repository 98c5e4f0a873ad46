//! S3's events and their delivery.

use scrubjay_local::faults::{Action, Match, Rule};
use serde_json::Value;

use crate::harness::{events, named, options, receive, start, until};

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_versioned_bucket_say_what_s3_says() {
    let stack = start(options("t-events")).await;
    let bucket = stack.outputs().source_bucket.clone();
    let s3 = stack.s3();
    let etag = stack.put("k", b"one".to_vec()).await.unwrap();
    stack.put("k", b"two".to_vec()).await.unwrap();
    let marker = s3
        .delete_object()
        .bucket(&bucket)
        .key("k")
        .send()
        .await
        .unwrap();
    let version = marker.version_id().unwrap();
    s3.delete_object()
        .bucket(&bucket)
        .key("k")
        .version_id(version)
        .send()
        .await
        .unwrap();

    let mut seen = events(&stack, "aws.s3", 4).await;
    seen.sort_by_key(|event| {
        event["detail"]["object"]["sequencer"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    let kinds: Vec<_> = seen
        .iter()
        .map(|event| {
            (
                text(&event["detail-type"]),
                text(&event["detail"]["reason"]),
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("Object Created", "PutObject"),
            ("Object Created", "PutObject"),
            ("Object Deleted", "DeleteObject"),
            ("Object Deleted", "DeleteObject"),
        ]
    );
    let objects: Vec<&Value> = seen
        .iter()
        .map(|event| &event["detail"]["object"])
        .collect();
    assert_eq!(text(&objects[0]["etag"]), etag.trim_matches('"'));
    assert_eq!(objects[0]["size"], 3);
    assert_ne!(
        text(&objects[0]["version-id"]),
        text(&objects[1]["version-id"])
    );
    assert_eq!(text(&objects[2]["version-id"]), version);
    assert_eq!(
        text(&seen[2]["detail"]["deletion-type"]),
        "Delete Marker Created"
    );
    assert_eq!(
        text(&seen[3]["detail"]["deletion-type"]),
        "Permanently Deleted"
    );
    for deleted in &objects[2..] {
        assert!(deleted.get("size").is_none());
    }
    stack.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_not_taken_is_tried_again_and_then_a_dead_letter() {
    let stack = start(options("t-letters")).await;
    let faults = stack.faults();
    let machine = stack.outputs().state_machine_arn.clone();
    let executions = || async {
        let listed = stack
            .sfn()
            .list_executions()
            .state_machine_arn(&machine)
            .send();
        listed.await.unwrap().executions().len()
    };

    // The rule allows three retries: after two failures the event still arrives.
    let failure = Rule::new(
        Match::delivery(":stateMachine:.*-chain$"),
        Action::undelivered(true),
    );
    faults.order(&failure.clone().times(2)).await.unwrap();
    stack.put("late", b"x".to_vec()).await.unwrap();
    until("the execution", || async {
        (executions().await == 1).then_some(())
    })
    .await;

    faults.order(&failure.times(4)).await.unwrap();
    stack.put("lost", b"x".to_vec()).await.unwrap();
    let letters = receive(&stack, &named(&stack, "deadLetterQueue")).await;
    let event: Value = serde_json::from_str(letters[0].body().unwrap()).unwrap();
    assert_eq!(event["detail"]["object"]["key"], "lost");
    assert_eq!(event["detail-type"], "Object Created");
    let attribute = |name: &str| {
        letters[0].message_attributes().unwrap()[name]
            .string_value()
            .unwrap()
    };
    assert_eq!(
        attribute("EXHAUSTED_RETRY_CONDITION"),
        "MaximumRetryAttempts"
    );
    assert_eq!(attribute("RETRY_ATTEMPTS"), "3");
    assert_eq!(attribute("TARGET_ARN"), machine);

    // What cannot succeed is not tried again.
    faults.clear().await.unwrap();
    let refusal = Rule::new(
        Match::delivery(":stateMachine:"),
        Action::undelivered(false),
    );
    faults.order(&refusal).await.unwrap();
    stack.put("refused", b"x".to_vec()).await.unwrap();
    let letters = receive(&stack, &named(&stack, "deadLetterQueue")).await;
    assert!(letters[0].body().unwrap().contains("refused"));
    assert_eq!(faults.ordered().await.unwrap()[0].hits, 1);
    assert_eq!(executions().await, 1);
    stack.down().await.unwrap();
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Equal bytes under a KMS key: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html>.
#[tokio::test(flavor = "multi_thread")]
async fn etags_of_encrypted_objects_are_no_digests() {
    let stack = start(options("t-etags")).await;
    let (s3, bucket) = (stack.s3(), stack.outputs().source_bucket.clone());
    let one = stack.put("1", b"equal".to_vec()).await.unwrap();
    let two = stack.put("2", b"equal".to_vec()).await.unwrap();
    assert_ne!(one, two);
    let copy = s3
        .copy_object()
        .bucket(&bucket)
        .key("3")
        .copy_source(format!("{bucket}/1"));
    let copied = copy.send().await.unwrap();
    let three = copied.copy_object_result().unwrap().e_tag().unwrap();
    assert!(three != one && three != two);
    // Every place where an ETag is told tells the same.
    let listed = s3.list_objects_v2().bucket(&bucket).send().await.unwrap();
    let etags: Vec<&str> = listed
        .contents()
        .iter()
        .map(|object| object.e_tag().unwrap())
        .collect();
    assert_eq!(etags, [one.as_str(), two.as_str(), three]);
    let head = s3.head_object().bucket(&bucket).key("2").if_match(&two);
    assert_eq!(head.send().await.unwrap().e_tag(), Some(two.as_str()));
    let seen = events(&stack, "aws.s3", 3).await;
    for event in &seen {
        let key: usize = text(&event["detail"]["object"]["key"]).parse().unwrap();
        let etag = text(&event["detail"]["object"]["etag"]);
        assert_eq!(etag, etags[key - 1].trim_matches('"'));
    }
    stack.down().await.unwrap();
}
