//! The audit item is right even if an execution ends without a Catch: aborted, or timed out.

use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_pipeline::audit::Status;
use scrubjay_tests::{World, is_express, on_stack, unique_sample};
use serde_json::{Value, json};

/// Delays the next read of a key from bucket A, so that its execution can be ended meanwhile.
async fn held_up(world: &World, key: &str) {
    let path = format!("^/{}/{key}", world.names().source_bucket);
    let slow = Rule::new(Match::request("GET", &path), Action::delay(5_000..=5_000)).times(1);
    world.stack().faults().order(&slow).await.unwrap();
}

/// Asserts that the upload's only execution failed, and that the item and its history say so.
fn is_failed(item: &Value, execution: &str, error: &str) {
    assert_eq!(item["status"], "FAILED");
    assert_eq!(item["execution"], execution);
    assert_eq!(item["attempts"], 1);
    assert_eq!(item["error"]["name"], error);
    assert_eq!(item["error"]["state"], "Validate");
    assert!(item.get("leaseUntil").is_none(), "{item}");
    assert_eq!(item["finishedAt"], item["updatedAt"]);
    let history = item["history"].as_array().unwrap();
    let statuses: Vec<&str> = history
        .iter()
        .map(|line| line["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["PROCESSING", "FAILED"]);
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let times = [&item["receivedAt"], &history[0]["at"], &history[1]["at"]].map(time);
    assert!(times.is_sorted(), "{item}");
    assert_eq!(time(&history[1]["at"]), time(&item["finishedAt"]));
    assert!(history.iter().all(|line| line["execution"] == execution));
}

#[test]
fn aborted() {
    on_stack(async |world| {
        let key = "ends/aborted.jpg";
        held_up(world, key).await;
        let etag = world.put(key, &unique_sample("beach.jpg", key)).await;
        let item = world.ended(key, &etag, "PROCESSING").await;
        if is_express(item["execution"].as_str().unwrap()) {
            eprintln!("LEFT OUT: nobody can abort an Express execution");
            return;
        }
        // Claim is a JSONata expression, not our Rust code. It must choose the same shard as Record will.
        let at = item["updatedAt"].as_str().unwrap().parse().unwrap();
        let shard = Status::Processing.partition(at, &world.object(key));
        assert_eq!(item["statusDay"], shard);
        let execution = item["execution"].as_str().unwrap();
        let sfn = world.stack().sfn();
        sfn.stop_execution()
            .execution_arn(execution)
            .send()
            .await
            .unwrap();
        let item = world.ended(key, &etag, "FAILED").await;
        is_failed(&item, execution, "Aborted");
        assert_eq!(world.published(key).await, None);
        // An aborted execution can be redriven.
        sfn.redrive_execution()
            .execution_arn(execution)
            .send()
            .await
            .unwrap();
        assert_eq!(
            world.execution_ended(execution).await,
            ExecutionStatus::Succeeded
        );
        let item = world.ended(key, &etag, "CLEANED").await;
        assert_eq!(item["history"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn timed_out() {
    on_stack(async |world| {
        // This is the machine with a shorter time-out. No rule listens to its end, so the test itself invokes Record.
        let sfn = world.stack().sfn();
        let machine = sfn
            .describe_state_machine()
            .state_machine_arn(&world.names().state_machine_arn)
            .send()
            .await
            .unwrap();
        let mut definition: Value = serde_json::from_str(machine.definition()).unwrap();
        definition["TimeoutSeconds"] = 2.into();
        let impatient = sfn
            .create_state_machine()
            .name(format!("scrubjay-{}-impatient", world.names().stack))
            .definition(definition.to_string())
            .role_arn(machine.role_arn());
        let impatient = impatient.send().await.unwrap().state_machine_arn;

        let key = "ends/timed out.no-rule";
        let data = unique_sample("beach.jpg", key);
        let etag = world.put(key, &data).await;
        held_up(world, key).await;
        let event = world.created(key, &etag, Some("01"));
        let start = sfn
            .start_execution()
            .state_machine_arn(&impatient)
            .input(event.to_string());
        let execution = start.send().await.unwrap().execution_arn;
        assert_eq!(
            world.execution_ended(&execution).await,
            ExecutionStatus::TimedOut
        );
        assert_eq!(
            world.item(key, &etag).await.unwrap()["status"],
            "PROCESSING"
        );
        let change = json!({
            "source": "aws.states", "detail-type": "Step Functions Execution Status Change",
            "detail": {"executionArn": execution, "status": "TIMED_OUT"},
        });
        let record = format!("scrubjay-{}-record", world.names().stack);
        for _ in 0..2 {
            // The second invocation of Record changes nothing.
            let done = world.stack().invoke(&record, &change).await.unwrap();
            assert_eq!(done["status"], "FAILED");
            is_failed(
                &world.item(key, &etag).await.unwrap(),
                &execution,
                "States.Timeout",
            );
        }
    });
}
