//! An uploader learns what became of a photo: by the execution's output, by an event, and by the tags of what was refused.

use aws_sdk_eventbridge::types::Target;
use scrubjay_tests::{World, is_express, on_stack, unique_sample};
use serde_json::{Value, json};

use super::replay::fails;

/// The pattern of `docs/operations.md`, narrowed to the keys of this test.
fn pattern() -> Value {
    let page = include_str!("../../../docs/operations.md");
    let text = page.split("<!-- pattern -->\n```json\n").nth(1).unwrap();
    let mut pattern: Value = serde_json::from_str(text.split("```").next().unwrap()).unwrap();
    pattern["detail"]["key"] = json!([{"prefix": "settled/"}]);
    pattern
}

/// A queue behind a rule with that pattern. Returns its URL.
async fn subscribe(world: &World) -> String {
    let config = world.stack().sdk_config();
    let sqs = aws_sdk_sqs::Client::new(&config);
    let queue = sqs.create_queue().queue_name("settled").send().await;
    let url = queue.unwrap().queue_url.unwrap();
    let name = aws_sdk_sqs::types::QueueAttributeName::QueueArn;
    let asked = sqs.get_queue_attributes().queue_url(&url);
    let asked = asked.attribute_names(name.clone()).send().await.unwrap();
    let arn = asked.attributes().unwrap()[&name].clone();
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
    }]});
    let set = sqs.set_queue_attributes().queue_url(&url);
    let policy_name = aws_sdk_sqs::types::QueueAttributeName::Policy;
    set.attributes(policy_name, policy.to_string())
        .send()
        .await
        .unwrap();
    let events = aws_sdk_eventbridge::Client::new(&config);
    let rule = events.put_rule().name("settled");
    rule.event_pattern(pattern().to_string())
        .send()
        .await
        .unwrap();
    let target = Target::builder().id("settled").arn(arn).build().unwrap();
    let targets = events.put_targets().rule("settled").targets(target);
    targets.send().await.unwrap();
    url
}

/// The details of `count` events, by key.
async fn details(world: &World, url: &str, count: usize) -> Vec<Value> {
    let sqs = aws_sdk_sqs::Client::new(&world.stack().sdk_config());
    let mut details: Vec<Value> = Vec::new();
    while details.len() < count {
        let what = format!("{count} events; there are {details:?}");
        let messages = world.until(&what, async || {
            let receive = sqs.receive_message().queue_url(url);
            let answer = receive.max_number_of_messages(10).send().await.unwrap();
            match answer.messages {
                Some(messages) if !messages.is_empty() => Ok(messages),
                _ => Err("none".to_owned()),
            }
        });
        for message in messages.await {
            let event: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            assert_eq!(event["source"], "scrubjay");
            assert_eq!(event["detail-type"], "Upload Settled");
            details.push(event["detail"].clone());
            let delete = sqs.delete_message().queue_url(url);
            let handle = message.receipt_handle().unwrap();
            delete.receipt_handle(handle).send().await.unwrap();
        }
    }
    details.sort_by_key(|detail| detail["key"].to_string());
    details
}

async fn output(world: &World, execution: &Value) -> Value {
    let arn = execution.as_str().unwrap();
    world.execution_ended(arn).await;
    let describe = world.stack().sfn().describe_execution().execution_arn(arn);
    serde_json::from_str(describe.send().await.unwrap().output().unwrap()).unwrap()
}

#[test]
fn every_end_is_told_by_an_event_and_by_the_output() {
    on_stack(async |world| {
        let url = subscribe(world).await;
        let (good, bad) = ("settled/good.jpg", "settled/refused.jpg");
        let etag = world.put(good, &unique_sample("beach.jpg", good)).await;
        let good_item = world.ended(good, &etag, "CLEANED").await;
        let etag = world.put(bad, b"canary, and no picture").await;
        let bad_item = world.ended(bad, &etag, "REJECTED").await;

        // SUPERSEDED: bucket A holds another file than the one that this event names.
        let old = "settled/superseded.jpg";
        world.put(old, &unique_sample("beach.jpg", old)).await;
        let event = world.created(old, "00000000000000000000000000000000", None);
        let (arn, _) = world.execute(&event).await;
        assert_eq!(output(world, &arn.into()).await["status"], "SUPERSEDED");
        // FAILED without a Catch that could announce it, and then redriven.
        let shut_out = "settled/failed.jpg";
        let (etag, _, failed) = fails(world, shut_out).await;
        let redrive = world.stack().sfn().redrive_execution();
        let arn = failed["execution"].as_str().unwrap();
        redrive.execution_arn(arn).send().await.unwrap();
        world.ended(shut_out, &etag, "CLEANED").await;

        let events = details(world, &url, 6).await;
        let told = |key: &str| -> Vec<&Value> {
            events.iter().filter(|event| event["key"] == key).collect()
        };
        let mut statuses: Vec<&str> = told(old)
            .iter()
            .chain(&told(shut_out))
            .map(|event| event["status"].as_str().unwrap())
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, ["CLEANED", "CLEANED", "FAILED", "SUPERSEDED"]);
        let failure = told(shut_out)
            .into_iter()
            .find(|event| event["status"] == "FAILED");
        assert_eq!(failure.unwrap()["error"], failed["error"]["name"]);
        let events = [told(good)[0], told(bad)[0]];
        let bucket = &world.names().source_bucket;
        for (event, item) in events.into_iter().zip([&good_item, &bad_item]) {
            for field in ["etag", "versionId", "execution", "status"] {
                assert_eq!(event[field], item[field], "{field}");
            }
            assert_eq!(event["bucket"], bucket.as_str());
        }
        let kinds: Vec<&str> = events[0]["kinds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| kind.as_str().unwrap())
            .collect();
        assert!(
            kinds.contains(&"exif") && kinds.contains(&"exif.gps"),
            "{kinds:?}"
        );
        assert_eq!(events[0].get("error"), None);
        assert_eq!(events[1]["error"], "NotJpeg");
        assert!(!events[1].to_string().contains("canary"));

        if is_express(good_item["execution"].as_str().unwrap()) {
            // Nobody can read the output of an Express execution.
            return;
        }
        let object = |key: &str| world.object(key);
        assert_eq!(
            output(world, &good_item["execution"]).await,
            json!({"status": "CLEANED", "object": object(good)})
        );
        assert_eq!(
            output(world, &bad_item["execution"]).await,
            json!({"status": "REJECTED", "object": object(bad), "error": "NotJpeg"})
        );
        let etag = good_item["etag"].as_str().unwrap();
        let mut again = world.created(good, etag, good_item["sequencer"].as_str());
        again["detail"]["object"]["version-id"] = good_item["versionId"].clone();
        let (arn, _) = world.execute(&again).await;
        assert_eq!(
            output(world, &arn.into()).await,
            json!({"status": "DUPLICATE", "object": object(good)})
        );
    });
}
