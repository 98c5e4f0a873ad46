//! Step Functions as AWS documents it, where the emulator alone is not.

use aws_sdk_sfn::types::{ExecutionRedriveFilter, HistoryEvent};
use scrubjay_local::Stack;
use serde_json::json;

use crate::harness::{
    describe, ended, events, execute, execute_machine, history, named, options, output, start,
};

/// How often the state before the probe has run.
async fn counted(stack: &Stack, arn: &str) -> String {
    use aws_sdk_dynamodb::types::AttributeValue::S;
    let name = arn.rsplit(':').next().unwrap();
    let item = stack
        .dynamodb()
        .get_item()
        .table_name(&stack.outputs().audit_table)
        .key("object", S(name.to_owned()))
        .key("entry", S("count".to_owned()))
        .send()
        .await
        .unwrap();
    item.item().unwrap()["counted"].as_n().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_goes_on_where_the_execution_failed() {
    let stack = start(options("t-redrive")).await;
    let input =
        json!({ "probe": { "failBelow": { "redrives": 1, "error": "Broken" } }, "x": [1, "ü"] });
    let arn = execute(&stack, input.clone()).await;

    let failed = ended(&stack, &arn).await;
    assert_eq!(failed.status().as_str(), "FAILED");
    assert_eq!(failed.error(), Some("Broken"));
    assert_eq!(failed.output(), None);
    assert_eq!(failed.redrive_count(), Some(0));
    assert!(failed.redrive_date().is_none());
    assert_eq!(failed.redrive_status().unwrap().as_str(), "REDRIVABLE");

    // A changed machine does not matter: an execution keeps the definition that it was started with.
    let sfn = stack.sfn();
    sfn.update_state_machine()
        .state_machine_arn(&stack.outputs().state_machine_arn)
        .definition(r#"{"StartAt":"P","States":{"P":{"Type":"Pass","Result":"other","End":true}}}"#)
        .send()
        .await
        .unwrap();
    let redriven = sfn
        .redrive_execution()
        .execution_arn(&arn)
        .client_token("once")
        .send()
        .await
        .unwrap();
    let again = sfn
        .redrive_execution()
        .execution_arn(&arn)
        .client_token("once")
        .send()
        .await
        .unwrap();
    assert_eq!(
        redriven.redrive_date(),
        again.redrive_date(),
        "the same token is the same redrive"
    );

    let seen = ended(&stack, &arn).await;
    let answer = output(&seen);
    assert_eq!(answer["redriveCount"], 1);
    assert_eq!(answer["input"], input);
    assert_eq!(
        answer["seen"], input,
        "variables assigned before the failure are still there"
    );
    assert_eq!(
        counted(&stack, &arn).await,
        "1",
        "what had succeeded is not run again"
    );
    assert_eq!(seen.error(), None);
    assert_eq!(seen.start_date(), failed.start_date());
    assert_eq!(seen.redrive_count(), Some(1));
    assert_eq!(seen.redrive_date(), Some(redriven.redrive_date()));
    assert_eq!(
        seen.redrive_status_reason(),
        Some("Execution is SUCCEEDED and cannot be redriven")
    );

    assert_the_history_goes_on(&stack, &arn).await;
    assert_listed_as_redriven(&stack).await;
    assert_rules_were_told(&stack).await;

    let refused = sfn
        .redrive_execution()
        .execution_arn(&arn)
        .send()
        .await
        .unwrap_err();
    assert!(refused.into_service_error().is_execution_not_redrivable());
    stack.down().await.unwrap();
}

async fn assert_the_history_goes_on(stack: &Stack, arn: &str) {
    let history = history(stack, arn).await;
    let kinds: Vec<&str> = history
        .iter()
        .map(|event| event.r#type().as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskSucceeded",
            "TaskStateExited",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskFailed",
            "ExecutionFailed",
            "ExecutionRedriven",
            "TaskScheduled",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded",
        ]
    );
    assert!(history.iter().map(HistoryEvent::id).eq(1..=14));
}

async fn assert_listed_as_redriven(stack: &Stack) {
    for (filter, count) in [
        (ExecutionRedriveFilter::Redriven, 1),
        (ExecutionRedriveFilter::NotRedriven, 0),
    ] {
        let listed = stack
            .sfn()
            .list_executions()
            .state_machine_arn(&stack.outputs().state_machine_arn)
            .redrive_filter(filter)
            .send()
            .await
            .unwrap();
        assert_eq!(listed.executions().len(), count);
        assert!(
            listed
                .executions()
                .iter()
                .all(|one| one.redrive_count() == Some(1))
        );
    }
}

async fn assert_rules_were_told(stack: &Stack) {
    let ends: Vec<_> = events(stack, "aws.states", 4)
        .await
        .into_iter()
        .map(|event| event["detail"].clone())
        .collect();
    let told: Vec<_> = ends
        .iter()
        .map(|detail| {
            (
                detail["status"].as_str().unwrap(),
                detail["redriveCount"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("RUNNING", 0),
            ("FAILED", 0),
            ("RUNNING", 1),
            ("SUCCEEDED", 1)
        ]
    );
    assert_eq!(ends[1]["error"], "Broken");
    assert_eq!(ends[1]["redriveStatus"], "REDRIVABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_counts_retries_from_nought() {
    let stack = start(options("t-retries")).await;
    let order =
        json!({ "probe": { "failBelow": { "redrives": 1, "retries": 1, "error": "Flaky" } } });
    let arn = execute(&stack, order).await;
    let running = stack
        .sfn()
        .redrive_execution()
        .execution_arn(&arn)
        .send()
        .await
        .unwrap_err();
    assert!(running.into_service_error().is_execution_not_redrivable());

    assert_eq!(ended(&stack, &arn).await.error(), Some("Flaky"));
    let attempts = history(&stack, &arn).await;
    let failures = attempts
        .iter()
        .filter(|event| event.r#type().as_str() == "TaskFailed");
    assert_eq!(failures.count(), 4, "one attempt and three retries");

    stack
        .sfn()
        .redrive_execution()
        .execution_arn(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(output(&ended(&stack, &arn).await)["retryCount"], 1);
    stack.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn aborted_and_timed_out_executions_end_once_and_can_be_redriven() {
    let stack = start(options("t-ends")).await;
    let sfn = stack.sfn();

    let slow = execute_machine(&stack, &named(&stack, "slowArn"), json!({})).await;
    let timed_out = ended(&stack, &slow).await;
    assert_eq!(timed_out.status().as_str(), "TIMED_OUT");
    assert_eq!(timed_out.redrive_status().unwrap().as_str(), "REDRIVABLE");
    sfn.redrive_execution()
        .execution_arn(&slow)
        .send()
        .await
        .unwrap();
    assert_eq!(ended(&stack, &slow).await.status().as_str(), "SUCCEEDED");

    // Aborted in the middle of an invocation, which goes on: what it answers is nobody's any more.
    let arn = execute(&stack, json!({ "probe": { "sleep": 2 } })).await;
    crate::harness::until("the probe to be called", || async {
        let history = history(&stack, &arn).await;
        (history.last()?.r#type().as_str() == "TaskScheduled" && history.len() > 5).then_some(())
    })
    .await;
    sfn.stop_execution()
        .execution_arn(&arn)
        .error("Enough")
        .send()
        .await
        .unwrap();
    assert_eq!(describe(&stack, &arn).await.status().as_str(), "ABORTED");
    sfn.redrive_execution()
        .execution_arn(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(ended(&stack, &arn).await.status().as_str(), "SUCCEEDED");
    let kinds: Vec<String> = history(&stack, &arn)
        .await
        .iter()
        .map(|event| event.r#type().as_str().to_owned())
        .collect();
    let aborted = kinds
        .iter()
        .position(|kind| kind == "ExecutionAborted")
        .unwrap();
    assert_eq!(
        kinds[aborted..],
        [
            "ExecutionAborted",
            "ExecutionRedriven",
            "TaskScheduled",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
    stack.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_the_same_name_and_input_is_the_same_start() {
    let stack = start(options("t-names")).await;
    let sfn = stack.sfn();
    let begin = |input: &str| {
        sfn.start_execution()
            .state_machine_arn(&stack.outputs().state_machine_arn)
            .name("one")
            .input(input.to_owned())
            .send()
    };
    let input = r#"{"probe":{"sleep":1}}"#;
    let first = begin(input).await.unwrap();
    let second = begin(input).await.unwrap();
    assert_eq!(first.execution_arn(), second.execution_arn());
    assert_eq!(first.start_date(), second.start_date());
    let other = begin("{}").await.unwrap_err().into_service_error();
    assert!(other.is_execution_already_exists());

    output(&ended(&stack, first.execution_arn()).await);
    let closed = begin(input).await.unwrap_err().into_service_error();
    assert!(closed.is_execution_already_exists());
    assert_eq!(counted(&stack, first.execution_arn()).await, "1");
    stack.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_function_has_lambdas_own_error_name() {
    let stack = start(options("t-throttled")).await;
    // https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html
    let concurrency = format!(
        "{}/2017-10-31/functions/{}/concurrency",
        stack.outputs().endpoint,
        named(&stack, "narrowFunction")
    );
    let none = json!({ "ReservedConcurrentExecutions": 0 });
    let set = reqwest::Client::new()
        .put(concurrency)
        .json(&none)
        .send()
        .await
        .unwrap();
    assert!(set.status().is_success());

    let arn = execute_machine(&stack, &named(&stack, "narrowArn"), json!({})).await;
    assert_eq!(
        ended(&stack, &arn).await.error(),
        Some("Lambda.TooManyRequestsException")
    );
    stack.down().await.unwrap();
}
