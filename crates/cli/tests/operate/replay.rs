//! `scrubjay replay`: what failed is done, once; what cannot be done is said.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sfn::types::ExecutionStatus;
use aws_sdk_sqs::types::QueueAttributeName;
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{World, clean, on_stack, unique_sample};
use serde_json::{Value, json};

use super::command::{Answer, scrubjay};
use super::harness::{alone, defect, failed};

const FAST: [&str; 4] = ["--json", "--rate", "100", "--page-size=1"];

fn replay(world: &World, args: &[&str]) -> Answer {
    scrubjay(world, &[&["replay"], args, &FAST].concat())
}

/// Of each row one field, in the order of the rows' keys.
fn each(report: &Value, field: &str) -> Vec<String> {
    let mut rows = report["rows"].as_array().expect("rows").clone();
    rows.sort_by_key(|row| row["about"].as_str().map(ToOwned::to_owned));
    rows.iter()
        .map(|row| row[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn everything_that_failed_is_repaired_and_twice_does_no_harm() {
    on_stack(async |world| {
        let _alone = alone().await;
        let keys = ["failed/a.jpg", "failed/b +é.jpg", "failed/c.jpg"];
        let uploads = failed(world, &keys).await;
        let ask = ["--failed", "--prefix", "failed/"];

        let plan = replay(world, &[&ask[..], &["--dry-run"]].concat());
        assert_eq!(plan.code, Some(0), "{plan:?}");
        assert_eq!(each(&plan.json(), "about"), keys);
        assert_eq!(each(&plan.json(), "action"), ["redriven"; 3]);
        for (key, (_, item)) in keys.iter().zip(&uploads) {
            assert_eq!(
                &world
                    .item(key, item["etag"].as_str().unwrap())
                    .await
                    .unwrap(),
                item
            );
        }

        let other = replay(
            world,
            &[&ask[..], &["--error", "StorageUnavailable"]].concat(),
        );
        assert_eq!(other.json()["rows"], json!([]), "another error");
        let later = replay(world, &[&ask[..], &["--since", "0s"]].concat());
        assert_eq!(later.json()["rows"], json!([]), "too long ago");

        // The repair was not complete: one fails again.
        defect(world, "-publish$", 1).await;
        let first = replay(world, &[&ask[..], &["--error", "Runtime.Defect"]].concat());
        assert_eq!(first.code, Some(1), "{first:?}");
        let report = first.json();
        assert_eq!(
            (&report["redriven"], &report["failed"]),
            (&json!(3), &json!(1))
        );
        let mut outcomes = each(&report, "outcome");
        outcomes.sort();
        assert_eq!(outcomes, ["CLEANED", "CLEANED", "FAILED"]);

        // Its item says so a second time; then it goes through.
        let rows = report["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["failed"] == true).unwrap();
        let key = row["about"].as_str().unwrap();
        world
            .until("the second failure to be recorded", async || {
                let item = world.items(key).await.remove(0);
                let lines = item["history"].as_array().map(|history| {
                    history
                        .iter()
                        .map(|line| line["status"].clone())
                        .collect::<Vec<_>>()
                });
                if lines == Some(vec![json!("PROCESSING"), json!("FAILED"), json!("FAILED")]) {
                    Ok(())
                } else {
                    Err(item.to_string())
                }
            })
            .await;
        let second = replay(world, &ask);
        assert_eq!(second.code, Some(0), "{second:?}");
        let outcomes = each(&second.json(), "outcome");
        assert!(
            outcomes.iter().all(|outcome| outcome == "CLEANED"),
            "{second:?}"
        );

        let again = key.to_owned();
        let third = replay(world, &ask);
        assert_eq!(third.code, Some(0), "{third:?}");
        assert_eq!(
            (&third.json()["redriven"], &third.json()["started"]),
            (&json!(0), &json!(0))
        );
        for (key, (data, item)) in keys.iter().zip(&uploads) {
            let item = world
                .ended(key, item["etag"].as_str().unwrap(), "CLEANED")
                .await;
            let attempts = if **key == *again { 3 } else { 2 };
            assert_eq!(item["attempts"], attempts, "each redrive is an attempt");
            assert!(item.get("error").is_none());
            world.until_published(key, Some(&clean(data))).await;
        }
    });
}

#[test]
fn a_new_execution_has_a_name_that_follows_from_the_old_one() {
    on_stack(async |world| {
        let _alone = alone().await;
        let key = "anew/a.jpg";
        let (data, item) = failed(world, &[key]).await.remove(0);
        let old = item["execution"].as_str().unwrap();
        let ask = ["--execution", old, "--anew"];

        let plan = replay(world, &[&ask[..], &["--dry-run"]].concat()).json();
        assert_eq!(each(&plan, "action"), ["started"]);
        let new = each(&plan, "execution").remove(0);
        assert_ne!(new, old);

        // Without waiting the command ends before its executions do.
        let first = replay(world, &[&ask[..], &["--no-wait"]].concat());
        assert_eq!(first.code, Some(0), "{first:?}");
        assert_eq!(each(&first.json(), "execution"), [new.as_str()]);
        assert_eq!(each(&first.json(), "outcome"), [""]);
        assert_eq!(
            world.execution_ended(&new).await,
            ExecutionStatus::Succeeded
        );

        let second = replay(world, &ask);
        assert_eq!(second.code, Some(0), "{second:?}");
        assert_eq!(each(&second.json(), "action"), ["alreadyDone"]);
        assert_eq!(each(&second.json(), "outcome"), ["CLEANED"]);
        let etag = item["etag"].as_str().unwrap();
        let item = world.ended(key, etag, "CLEANED").await;
        assert_eq!(item["attempts"], 2);
        assert_eq!(item["execution"], new.as_str());
        world.until_published(key, Some(&clean(&data))).await;
    });
}

#[test]
fn a_new_execution_that_fails_too_is_replayed_in_its_turn() {
    on_stack(async |world| {
        let _alone = alone().await;
        let key = "anew/twice.jpg";
        let (data, item) = failed(world, &[key]).await.remove(0);
        let old = item["execution"].as_str().unwrap();
        defect(world, "-publish$", 1).await;
        let first = replay(world, &["--execution", old, "--anew"]);
        assert_eq!(first.code, Some(1), "{first:?}");
        let second = replay(world, &["--execution", old, "--anew"]);
        assert_eq!(second.code, Some(0), "{second:?}");
        assert_ne!(
            each(&first.json(), "execution"),
            each(&second.json(), "execution")
        );
        world.until_published(key, Some(&clean(&data))).await;
    });
}

#[test]
fn an_execution_that_step_functions_has_forgotten_is_done_from_its_item() {
    on_stack(async |world| {
        let _alone = alone().await;
        let key = "forgotten/a.jpg";
        let (data, item) = failed(world, &[key]).await.remove(0);
        let forgotten = format!("{}-forgotten", item["execution"].as_str().unwrap());
        let text = |value: &Value| AttributeValue::S(value.as_str().unwrap().to_owned());
        let update = world
            .stack()
            .dynamodb()
            .update_item()
            .table_name(&world.names().audit_table);
        update
            .key("object", text(&item["object"]))
            .key("entry", text(&item["entry"]))
            .update_expression("SET execution = :e")
            .expression_attribute_values(":e", AttributeValue::S(forgotten.clone()))
            .send()
            .await
            .unwrap();
        // By its name alone there is no saying what it was.
        let unknown = replay(world, &["--execution", &forgotten]);
        assert_eq!(unknown.code, Some(1), "{unknown:?}");
        assert_eq!(each(&unknown.json(), "action"), ["impossible"]);
        let known = replay(world, &["--failed", "--prefix", "forgotten/"]);
        assert_eq!(known.code, Some(0), "{known:?}");
        assert_eq!(each(&known.json(), "action"), ["started"]);
        assert_eq!(each(&known.json(), "outcome"), ["CLEANED"]);
        world.until_published(key, Some(&clean(&data))).await;
    });
}

#[test]
fn an_object_is_made_what_bucket_a_holds() {
    on_stack(async |world| {
        let _alone = alone().await;
        // Its event was lost.
        let lost = "object/lost.jpg";
        let data = unique_sample("beach.jpg", lost);
        let rule = world.lose_event("^Object Created$", lost).await;
        world.put(lost, &data).await;
        world.struck(rule).await;
        // It failed.
        let broken = "object/broken.jpg";
        let (broken_data, _) = failed(world, &[broken]).await.remove(0);
        let both = replay(world, &["--object", lost, "--object", broken]);
        assert_eq!(both.code, Some(0), "{both:?}");
        assert_eq!(each(&both.json(), "action"), ["redriven", "started"]);
        assert_eq!(each(&both.json(), "outcome"), ["CLEANED", "CLEANED"]);
        world.until_published(lost, Some(&clean(&data))).await;
        world
            .until_published(broken, Some(&clean(&broken_data)))
            .await;
        // Someone spoils bucket B; more than once.
        for _ in 0..2 {
            let spoil = world
                .stack()
                .s3()
                .delete_object()
                .bucket(&world.names().destination_bucket);
            spoil.key(lost).send().await.unwrap();
            let again = replay(world, &["--object", lost]);
            assert_eq!(each(&again.json(), "action"), ["started"], "{again:?}");
            world.until_published(lost, Some(&clean(&data))).await;
        }
        // By what bucket A holds, without a place in the order of the events: the source is checked.
        let anew = replay(world, &["--object", broken, "--anew"]);
        assert_eq!(each(&anew.json(), "action"), ["started"], "{anew:?}");
        let fence = world.items(broken).await.remove(0);
        let sfn = aws_sdk_sfn::Client::new(&world.stack().sdk_config());
        let started = sfn.describe_execution();
        let started = started.execution_arn(fence["execution"].as_str().unwrap());
        let input = started.send().await.unwrap().input.unwrap();
        assert!(!input.contains("sequencer"), "{input}");
        let nowhere = replay(world, &["--object", "object/nowhere.jpg"]);
        assert_eq!(nowhere.code, Some(1), "{nowhere:?}");
    });
}

#[test]
fn a_removal_that_failed_is_replayed() {
    on_stack(async |world| {
        let _alone = alone().await;
        let key = "removal/a.jpg";
        let etag = world.put(key, &unique_sample("beach.jpg", key)).await;
        world.ended(key, &etag, "CLEANED").await;
        defect(world, "-retract$", 1).await;
        world.delete(key).await;
        let retract = world.names().others["retractStateMachineArn"].clone();
        world
            .until("the removal to fail", async || {
                let list = world
                    .stack()
                    .sfn()
                    .list_executions()
                    .state_machine_arn(&retract);
                let listed = list
                    .status_filter(ExecutionStatus::Failed)
                    .send()
                    .await
                    .unwrap();
                if listed.executions().is_empty() {
                    Err("none".to_owned())
                } else {
                    Ok(())
                }
            })
            .await;
        assert!(world.published(key).await.is_some());
        let ask = ["--failed", "--prefix", "removal/"];
        let other = replay(world, &[&ask[..], &["--error", "States.Other"]].concat());
        assert_eq!(other.json()["rows"], json!([]), "another error");
        let done = replay(world, &ask);
        assert_eq!(done.code, Some(0), "{done:?}");
        assert_eq!(each(&done.json(), "action"), ["redriven"]);
        assert_eq!(world.published(key).await, None);
        world.ended(key, &etag, "RETRACTED").await;
        assert_eq!(replay(world, &ask).json()["rows"], json!([]));
    });
}

fn sqs(world: &World) -> (aws_sdk_sqs::Client, String) {
    let client = aws_sdk_sqs::Client::new(&world.stack().sdk_config());
    (client, world.names().others["deadLettersUrl"].clone())
}

async fn letters(world: &World, wanted: usize) {
    let (sqs, url) = sqs(world);
    world
        .until(&format!("{wanted} dead letters"), async || {
            let ask = sqs.get_queue_attributes().queue_url(&url);
            let ask = ask
                .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
                .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
            let answer = ask.send().await.unwrap();
            let numbers = answer.attributes.unwrap_or_default();
            let count: usize = numbers
                .values()
                .filter_map(|n| n.parse::<usize>().ok())
                .sum();
            if count == wanted {
                Ok(())
            } else {
                Err(format!("{numbers:?}"))
            }
        })
        .await;
}

#[test]
fn dead_letters_are_put_through_and_leave_the_queue() {
    on_stack(async |world| {
        let _alone = alone().await;
        let undelivered = async |target: &str| {
            let rule = Rule::new(Match::delivery(target), Action::undelivered(false)).times(1);
            world.stack().faults().order(&rule).await.unwrap();
        };
        // A removal, an upload, and the failure of another upload, that nobody heard of.
        let removed = "letters/removed.jpg";
        let etag = world
            .put(removed, &unique_sample("beach.jpg", removed))
            .await;
        world.ended(removed, &etag, "CLEANED").await;
        undelivered("-retract$").await;
        world.delete(removed).await;
        letters(world, 1).await;
        undelivered("-scrub$").await;
        let uploaded = "letters/uploaded.jpg";
        let data = unique_sample("beach.jpg", uploaded);
        world.put(uploaded, &data).await;
        letters(world, 2).await;
        undelivered("-record$").await;
        defect(world, "-publish$", 1).await;
        let failed = "letters/failed.jpg";
        let failed_data = unique_sample("beach.jpg", failed);
        let failed_etag = world.put(failed, &failed_data).await;
        letters(world, 3).await;
        assert_eq!(
            world.item(failed, &failed_etag).await.unwrap()["status"],
            "PROCESSING"
        );
        // And what is no event of ours.
        let (sqs, url) = sqs(world);
        sqs.send_message()
            .queue_url(&url)
            .message_body("hello")
            .send()
            .await
            .unwrap();

        let plan = replay(world, &["--dead-letters", "--dry-run"]);
        assert_eq!(plan.json()["rows"].as_array().unwrap().len(), 4, "{plan:?}");
        letters(world, 4).await;
        assert_eq!(world.published(uploaded).await, None);

        let done = replay(world, &["--dead-letters"]);
        assert_eq!(done.code, Some(1), "{done:?}");
        let report = done.json();
        assert_eq!(
            (&report["started"], &report["redriven"], &report["failed"]),
            (&json!(2), &json!(1), &json!(1)),
            "{report}"
        );
        world.until_published(uploaded, Some(&clean(&data))).await;
        world
            .until_published(failed, Some(&clean(&failed_data)))
            .await;
        assert_eq!(world.published(removed).await, None);
        world.ended(failed, &failed_etag, "CLEANED").await;
        // What cannot be replayed stays, and may be received at once.
        letters(world, 1).await;
        let rest = replay(world, &["--dead-letters"]);
        assert_eq!(each(&rest.json(), "action"), ["impossible"]);
        sqs.purge_queue().queue_url(&url).send().await.unwrap();
    });
}

#[test]
fn the_same_letter_twice_is_one_execution() {
    on_stack(async |world| {
        let _alone = alone().await;
        let key = "letters twice/a.jpg";
        let data = unique_sample("beach.jpg", key);
        let lost = world.lose_event("^Object Created$", key).await;
        let etag = world.put(key, &data).await;
        world.struck(lost).await;
        let mut event = world.created(key, &etag, Some("0099"));
        event["id"] = "6f87a6b0-0000-4000-8000-5b4d2c1f0a3e".into();
        let (sqs, url) = sqs(world);
        for body in [
            event.to_string(),
            json!({"requestPayload": event}).to_string(),
        ] {
            sqs.send_message()
                .queue_url(&url)
                .message_body(body)
                .send()
                .await
                .unwrap();
        }
        let done = replay(world, &["--dead-letters"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        let executions = each(&done.json(), "execution");
        assert_eq!(executions.len(), 2);
        assert_eq!(executions[0], executions[1]);
        world.ended(key, &etag, "CLEANED").await;
        letters(world, 0).await;
    });
}
