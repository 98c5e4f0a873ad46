//! Failed executions are recorded, and can be repeated after the repair: by the console's redrive, or as a new execution.

use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{World, clean, on_express, on_stack, unique_sample};
use serde_json::Value;

/// Requests of Publish before Step Functions gives up: seven attempts, each with three requests of the SDK.
const TRIES: u32 = 7 * 3;
/// Requests on the Express way before it hands the upload over: three attempts, each with three requests of the SDK.
const TRIES_BEFORE: u32 = 3 * 3;

/// Makes bucket B refuse writes under this key until every retry is used up.
pub async fn fails(world: &World, key: &str) -> (String, Vec<u8>, Value) {
    let data = unique_sample("beach.jpg", key);
    let path = format!("^/{}/{key}", world.names().destination_bucket);
    let broken = Rule::new(
        Match::request("PUT", &path),
        Action::refuse(503, "SlowDown"),
    )
    .times(TRIES + if on_express() { TRIES_BEFORE } else { 0 });
    world.stack().faults().order(&broken).await.unwrap();
    let etag = world.put(key, &data).await;
    let item = world.ended(key, &etag, "FAILED").await;
    assert_eq!(item["error"]["name"], "StorageUnavailable");
    assert_eq!(item["error"]["state"], "Publish");
    assert_eq!(world.published(key).await, None);
    let execution = item["execution"].as_str().unwrap().to_owned();
    assert_eq!(
        world.execution_ended(&execution).await,
        ExecutionStatus::Failed
    );
    (etag, data, item)
}

#[test]
fn by_redrive() {
    on_stack(redriven);
}

#[test]
fn by_a_new_execution() {
    on_stack(started_anew);
}

async fn redriven(world: &World) {
    let key = "replay/redrive.jpg";
    let (etag, data, item) = fails(world, key).await;
    let tried = item["attempts"].as_u64().unwrap();
    let execution = item["execution"].as_str().unwrap();
    let before = world.states(execution).await;
    world
        .stack()
        .sfn()
        .redrive_execution()
        .execution_arn(execution)
        .send()
        .await
        .unwrap();
    assert_eq!(
        world.execution_ended(execution).await,
        ExecutionStatus::Succeeded
    );
    let after = world.states(execution).await;
    // The failed task is scheduled again; its state is not entered a second time.
    assert_eq!(
        after[before.len()..],
        ["Record"],
        "a redrive continues at the state that failed"
    );
    let item = world.ended(key, &etag, "CLEANED").await;
    assert_eq!(
        (&item["attempts"], &item["redrives"]),
        (&(tried + 1).into(), &1.into()),
        "a redrive is an attempt too"
    );
    world.until_published(key, Some(&clean(&data))).await;
}

async fn started_anew(world: &World) {
    let key = "replay/new execution.jpg";
    let (etag, data, item) = fails(world, key).await;
    let tried = item["attempts"].as_u64().unwrap();
    let described = world
        .stack()
        .sfn()
        .describe_execution()
        .execution_arn(item["execution"].as_str().unwrap());
    let input: Value =
        serde_json::from_str(described.send().await.unwrap().input().unwrap()).unwrap();
    let (_, status) = world.execute(&input).await;
    assert_eq!(status, ExecutionStatus::Succeeded);
    let item = world.ended(key, &etag, "CLEANED").await;
    assert_eq!(item["attempts"], tried + 1);
    world.until_published(key, Some(&clean(&data))).await;
}
