//! The Express way: an upload that succeeds leaves no Standard execution; one that fails is handed over to a Standard execution,
//! which can be redriven.

use std::sync::Mutex;

use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{World, clean, on_express_stack, unique_sample};
use serde_json::Value;

/// Requests of a function in intake: three attempts, each with three requests of the SDK.
const TRIES_OF_INTAKE: u32 = 3 * 3;
/// Requests of a function in scrub: seven attempts, each with three requests of the SDK.
const TRIES_OF_SCRUB: u32 = 7 * 3;

/// The tests run one at a time, because some faults here strike whatever request comes first.
static TURN: Mutex<()> = Mutex::new(());

fn in_turn(test: impl AsyncFnOnce(&World)) {
    let _turn = TURN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    on_express_stack(test);
}

fn execution(item: &Value) -> &str {
    item["execution"].as_str().unwrap()
}

fn history(item: &Value) -> Vec<&str> {
    let events = item["history"].as_array().unwrap();
    events
        .iter()
        .map(|e| e["status"].as_str().unwrap())
        .collect()
}

/// Makes bucket B refuse `times` writes under a key.
async fn refuse(world: &World, key: &str, times: u32) {
    let path = format!("^/{}/{key}", world.names().destination_bucket);
    let refused = Action::refuse(503, "SlowDown");
    let rule = Rule::new(Match::request("PUT", &path), refused).times(times);
    world.stack().faults().order(&rule).await.unwrap();
}

/// How many executions of scrub there are.
async fn executions(world: &World) -> usize {
    let list = world.stack().sfn().list_executions();
    let list = list.state_machine_arn(&world.names().state_machine_arn);
    list.send().await.unwrap().executions.len()
}

#[test]
fn what_goes_well_or_is_refused_ends_there() {
    in_turn(async |world| {
        let before = executions(world).await;
        let key = "express/good.jpg";
        let data = unique_sample("beach.jpg", key);
        let etag = world.put(key, &data).await;
        let item = world.ended(key, &etag, "CLEANED").await;
        world.until_published(key, Some(&clean(&data))).await;
        assert!(execution(&item).contains(":express:"), "{item}");
        assert_eq!(history(&item), ["PROCESSING", "CLEANED"]);

        // The rule also matches the endings of JFIF.
        let key = "express/good.JFIF";
        let data = unique_sample("beach.jpg", key);
        let etag = world.put(key, &data).await;
        world.ended(key, &etag, "CLEANED").await;

        let key = "express/bad.jpg";
        let etag = world.put(key, b"no JPEG at all").await;
        let item = world.ended(key, &etag, "REJECTED").await;
        assert!(execution(&item).contains(":express:"), "{item}");
        assert_eq!(executions(world).await, before, "nothing was handed over");
    });
}

#[test]
fn what_fails_is_done_by_a_standard_execution() {
    in_turn(async |world| {
        let key = "express/handed over.jpg";
        let data = unique_sample("portrait.JPG", key);
        refuse(world, key, TRIES_OF_INTAKE).await;
        let etag = world.put(key, &data).await;
        let item = world.ended(key, &etag, "CLEANED").await;
        world.until_published(key, Some(&clean(&data))).await;
        assert!(execution(&item).contains(":execution:"), "{item}");
        assert_eq!(
            history(&item),
            ["PROCESSING", "FAILED", "PROCESSING", "CLEANED"]
        );
        assert_eq!(item["attempts"], 2);
        assert!(item["error"].is_null(), "{item}");
    });
}

#[test]
fn what_fails_again_stands_in_the_console_and_is_redriven_there() {
    in_turn(async |world| {
        let key = "express/redriven.jpg";
        let data = unique_sample("beach.jpg", key);
        refuse(world, key, TRIES_OF_INTAKE + TRIES_OF_SCRUB).await;
        let etag = world.put(key, &data).await;
        let item = world.ended(key, &etag, "FAILED").await;
        assert_eq!(item["error"]["state"], "Publish");
        let failed = execution(&item).to_owned();
        let sfn = world.stack().sfn();
        sfn.redrive_execution()
            .execution_arn(&failed)
            .send()
            .await
            .unwrap();
        assert_eq!(
            world.execution_ended(&failed).await,
            ExecutionStatus::Succeeded
        );
        world.ended(key, &etag, "CLEANED").await;
        world.until_published(key, Some(&clean(&data))).await;
    });
}

#[test]
fn an_upload_that_could_not_even_be_claimed_is_handed_over() {
    in_turn(async |world| {
        let key = "express/unclaimed.jpg";
        let data = unique_sample("beach.jpg", key);
        let broken = Rule::new(
            Match::task("dynamodb:updateItem"),
            Action::fail("DynamoDB.InternalServerErrorException"),
        );
        world
            .stack()
            .faults()
            .order(&broken.times(3))
            .await
            .unwrap();
        let etag = world.put(key, &data).await;
        let item = world.ended(key, &etag, "CLEANED").await;
        assert!(execution(&item).contains(":execution:"), "{item}");
        world.until_published(key, Some(&clean(&data))).await;
    });
}

#[test]
fn a_hand_over_that_fails_is_found_by_reconcile() {
    in_turn(async |world| {
        let key = "express/lost.jpg";
        let data = unique_sample("beach.jpg", key);
        refuse(world, key, TRIES_OF_INTAKE).await;
        let broken = Rule::new(
            Match::task("states:startExecution"),
            Action::fail("StepFunctions.SfnException"),
        );
        let number = world
            .stack()
            .faults()
            .order(&broken.times(5))
            .await
            .unwrap();
        let etag = world.put(key, &data).await;
        world
            .until("every try of the hand-over to fail", async || {
                let ordered = world.stack().faults().ordered().await.unwrap();
                match ordered.iter().find(|rule| rule.number == number) {
                    Some(rule) if rule.hits == 5 => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            })
            .await;
        let item = world.item(key, &etag).await.unwrap();
        assert_eq!(item["status"], "PROCESSING");
        assert_eq!(item["error"]["state"], "Publish");
        world
            .until("reconcile to start it", async || {
                let report = world.reconcile("express/lost").await;
                match report["restarted"].as_u64() {
                    Some(1) => Ok(()),
                    _ => Err(report.to_string()),
                }
            })
            .await;
        world.ended(key, &etag, "CLEANED").await;
        world.until_published(key, Some(&clean(&data))).await;
    });
}

#[test]
fn an_event_that_is_started_twice_is_done_once() {
    in_turn(async |world| {
        for (number, delay) in [0, 20, 200, 1500].into_iter().enumerate() {
            let key = format!("express/twice {number}.jpg");
            let data = unique_sample("beach.jpg", &key);
            let twice = Rule::new(Match::express("intake$"), Action::delay(delay..=delay));
            let rule = world.stack().faults().order(&twice.times(1)).await.unwrap();
            let etag = world.put(&key, &data).await;
            world.struck(rule).await;
            let item = world.ended(&key, &etag, "CLEANED").await;
            world.until_published(&key, Some(&clean(&data))).await;
            assert_eq!(item["attempts"], 1, "{item}");
            world
                .until("the second execution to end", async || {
                    let activity = world.stack().faults().activity().await.unwrap();
                    if activity.is_quiet() {
                        Ok(())
                    } else {
                        Err(format!("{activity:?}"))
                    }
                })
                .await;
            assert_eq!(world.item(&key, &etag).await.unwrap(), item);
        }
    });
}

#[test]
fn a_function_that_dies_is_called_again() {
    in_turn(async |world| {
        let key = "express/dies.jpg";
        let data = unique_sample("portrait.JPG", key);
        let name = format!("scrubjay-{}-publish", world.names().stack);
        let path = format!("^/{}/{key}", world.names().destination_bucket);
        let slow = Rule::new(Match::request("PUT", &path), Action::delay(5_000..=5_000));
        world.stack().faults().order(&slow.times(1)).await.unwrap();
        let etag = world.put(key, &data).await;
        world
            .until("publish to be busy", async || {
                match world.stack().faults().kill(&name, true, 1).await.unwrap() {
                    0 => Err("idle".into()),
                    _ => Ok(()),
                }
            })
            .await;
        world.ended(key, &etag, "CLEANED").await;
        world.until_published(key, Some(&clean(&data))).await;
    });
}
