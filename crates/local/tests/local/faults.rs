//! Faults strike as ordered, and only then.

use aws_sdk_s3::error::ProvideErrorMetadata;
use scrubjay_local::Stack;
use scrubjay_local::faults::{Action, Match, Rule};
use serde_json::json;

use crate::harness::{ended, execute, history, named, options, output, start, until};

async fn versions(stack: &Stack, key: &str) -> usize {
    let listed = stack
        .s3()
        .list_object_versions()
        .bucket(&stack.outputs().source_bucket)
        .prefix(key)
        .send()
        .await
        .unwrap();
    listed.versions().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_refused_lost_and_unanswered() {
    let stack = start(options("t-requests")).await;
    let faults = stack.faults();
    let puts = || Match::request("PUT", "/photo");

    // The SDK tries a 503 again; its third attempt is let through.
    faults
        .order(&Rule::new(puts(), Action::refuse(503, "SlowDown")).times(2))
        .await
        .unwrap();
    stack.put("photo-refused", b"x".to_vec()).await.unwrap();
    assert_eq!(faults.ordered().await.unwrap()[0].hits, 2);
    assert_eq!(versions(&stack, "photo-refused").await, 1);

    // A reply that is lost has done its work: the SDK's second attempt makes a second version.
    faults.clear().await.unwrap();
    faults
        .order(&Rule::new(puts(), Action::lose_reply()).times(1))
        .await
        .unwrap();
    stack.put("photo-unanswered", b"x".to_vec()).await.unwrap();
    assert_eq!(versions(&stack, "photo-unanswered").await, 2);

    faults.clear().await.unwrap();
    faults
        .order(&Rule::new(puts(), Action::lose_request()).times(1))
        .await
        .unwrap();
    stack.put("photo-lost", b"x".to_vec()).await.unwrap();
    assert_eq!(versions(&stack, "photo-lost").await, 1);

    faults.clear().await.unwrap();
    let throttled = Rule::new(
        Match::call("DynamoDB.*ListTables"),
        Action::refuse(400, "ResourceNotFoundException"),
    );
    faults.order(&throttled.times(1)).await.unwrap();
    let error = stack.dynamodb().list_tables().send().await.unwrap_err();
    assert_eq!(error.code(), Some("ResourceNotFoundException"));
    assert!(stack.dynamodb().list_tables().send().await.is_ok());
    stack.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_fail_and_functions_are_killed() {
    let stack = start(options("t-tasks")).await;
    let faults = stack.faults();
    let claim = Rule::new(
        Match::task("dynamodb:updateItem"),
        Action::fail("DynamoDB.ThrottlingException"),
    );
    faults.order(&claim.times(1)).await.unwrap();
    let arn = execute(&stack, json!({})).await;
    assert_eq!(
        ended(&stack, &arn).await.error(),
        Some("DynamoDB.ThrottlingException")
    );

    let probe = named(&stack, "probeFunctionArn");
    let probe = probe.rsplit(':').next().unwrap();
    let arn = execute(&stack, json!({ "probe": { "sleep": 8 } })).await;
    let killed = until("a process to kill", || async {
        let killed = faults.kill(probe, true, 1).await.unwrap();
        (killed > 0).then_some(killed)
    })
    .await;
    assert_eq!(killed, 1);
    assert_eq!(ended(&stack, &arn).await.error(), Some("Runtime.ExitError"));

    // The next invocation has a process of its own.
    let arn = execute(&stack, json!({})).await;
    output(&ended(&stack, &arn).await);
    stack.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_twice_never_and_late() {
    let stack = start(options("t-storm")).await;
    let faults = stack.faults();
    let machine = stack.outputs().state_machine_arn.clone();
    let uploads = |key: &'static str| {
        let (sfn, machine) = (stack.sfn(), machine.clone());
        async move {
            let listed = sfn
                .list_executions()
                .state_machine_arn(machine)
                .send()
                .await
                .unwrap();
            let mut found = 0;
            for execution in listed.executions() {
                let seen = sfn
                    .describe_execution()
                    .execution_arn(execution.execution_arn())
                    .send()
                    .await
                    .unwrap();
                found += usize::from(seen.input().is_some_and(|input| input.contains(key)));
            }
            found
        }
    };
    let events = || Match::events("^Object Created$");

    faults
        .order(&Rule::new(events(), Action::events(0.0, 1.0)).times(1))
        .await
        .unwrap();
    stack.put("key-never", b"x".to_vec()).await.unwrap();
    until("the loss", || async {
        (faults.ordered().await.unwrap()[0].hits == 1).then_some(())
    })
    .await;
    faults.clear().await.unwrap();

    let twice = Rule::new(events(), Action::events(1.0, 0.0).delayed(200..=400));
    faults.order(&twice.times(1).seed(1)).await.unwrap();
    stack.put("key-twice", b"x".to_vec()).await.unwrap();
    until("two executions", || async {
        (uploads("key-twice").await == 2).then_some(())
    })
    .await;
    until("quiet", || async {
        faults.activity().await.unwrap().is_quiet().then_some(())
    })
    .await;
    assert_eq!(uploads("key-never").await, 0);

    faults.clear().await.unwrap();
    faults
        .order(&Rule::new(events(), Action::omit(&["sequencer"])))
        .await
        .unwrap();
    stack.put("key-bare", b"x".to_vec()).await.unwrap();
    until("the execution", || async {
        (uploads("key-bare").await == 1).then_some(())
    })
    .await;
    let newest = stack
        .sfn()
        .list_executions()
        .state_machine_arn(&machine)
        .send()
        .await
        .unwrap();
    let arn = newest.executions()[0].execution_arn();
    let seen = output(&ended(&stack, arn).await);
    assert!(seen["input"]["detail"]["object"].get("sequencer").is_none());
    assert!(!history(&stack, arn).await.is_empty());
    stack.down().await.unwrap();
}
