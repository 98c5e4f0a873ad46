//! Stacks brought up, used, found and brought down: the emulator is really started.

use std::path::{Path, PathBuf};
use std::time::Duration;

use scrubjay_local::{Error, Functions, Options, Stack, attach, up};
use serde_json::{Value, json};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture")
}

fn options(name: &str) -> Options {
    let mut options = Options::new(fixture()).stack(name);
    options.functions = Functions::Prebuilt(fixture().join("functions"));
    options
}

async fn start(options: Options) -> Stack {
    up(options, &|progress| println!("{progress}"))
        .await
        .expect("the stack comes up")
}

/// Waits for an execution that has left RUNNING.
async fn ended(
    stack: &Stack,
    arn: &str,
) -> aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput {
    for _ in 0..600 {
        let seen = stack
            .sfn()
            .describe_execution()
            .execution_arn(arn)
            .send()
            .await
            .unwrap();
        if seen.status().as_str() != "RUNNING" {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{arn} did not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_runs_through_rule_machine_and_function() {
    let stack = start(options("t-upload")).await;
    stack.put("a b/ü+%.JPG", b"bytes".to_vec()).await.unwrap();

    let machine = &stack.outputs().state_machine_arn;
    let execution = loop {
        let listed = stack
            .sfn()
            .list_executions()
            .state_machine_arn(machine)
            .send()
            .await
            .unwrap();
        if let Some(execution) = listed.executions().first() {
            break execution.execution_arn().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let seen = ended(&stack, &execution).await;
    assert_eq!(seen.status().as_str(), "SUCCEEDED", "{seen:?}");
    let output: Value = serde_json::from_str(seen.output().unwrap()).unwrap();
    assert_eq!(output["input"]["detail"]["object"]["key"], "a b/ü+%.JPG");
    assert_eq!(output["seen"], output["input"]);

    // The host's environment is not the functions'.
    let environment = output["environment"].as_array().unwrap();
    assert!(environment.contains(&json!("SOURCE_BUCKET")));
    assert!(!environment.contains(&json!("CARGO_MANIFEST_DIR")));

    let endpoint = stack.outputs().endpoint.clone();
    let function = output["pid"].as_u64().unwrap();
    assert!(Path::new(&format!("/proc/{function}")).exists() || !cfg!(target_os = "linux"));
    stack.down().await.unwrap();
    assert!(reqwest::get(&endpoint).await.is_err());
    assert!(!Path::new(&format!("/proc/{function}")).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_stack_is_found_and_stopped_by_another() {
    let outputs = start(options("t-detached")).await.detach().await.unwrap();
    let refused = up(options("t-detached"), &|_| {}).await;
    assert!(matches!(refused, Err(Error::AlreadyUp { .. })));

    let found = attach(&fixture(), "t-detached")
        .await
        .unwrap()
        .expect("it is still up");
    assert_eq!(found.outputs(), &outputs);
    assert!(
        found
            .s3()
            .head_bucket()
            .bucket(&outputs.source_bucket)
            .send()
            .await
            .is_ok()
    );
    found.down().await.unwrap();
    assert!(attach(&fixture(), "t-detached").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stacks_do_not_meet_and_a_dropped_one_is_gone() {
    let (first, second) = tokio::join!(start(options("t-first")), start(options("t-second")));
    assert_ne!(first.outputs().endpoint, second.outputs().endpoint);
    let missing = first
        .s3()
        .head_bucket()
        .bucket(&second.outputs().source_bucket)
        .send()
        .await;
    assert!(missing.is_err());

    let endpoint = first.outputs().endpoint.clone();
    drop(first);
    assert!(reqwest::get(&endpoint).await.is_err());
    assert!(attach(&fixture(), "t-first").await.unwrap().is_none());
    second.down().await.unwrap();
}
