//! A stack's life: up, found, down, and gone with its owner.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use scrubjay_local::{Error, attach, up};
use serde_json::json;

use crate::harness::{ended, fixture, options, output, start, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_runs_through_rule_machine_and_function() {
    let stack = start(options("t-upload")).await;
    stack.put("a b/ü+%.JPG", b"bytes".to_vec()).await.unwrap();

    let machine = &stack.outputs().state_machine_arn;
    let execution = until("the execution", || async {
        let listed = stack
            .sfn()
            .list_executions()
            .state_machine_arn(machine)
            .send()
            .await
            .unwrap();
        Some(listed.executions().first()?.execution_arn().to_owned())
    })
    .await;
    let output = output(&ended(&stack, &execution).await);
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
    // Gone, or only its entry waits to be collected.
    let state = std::fs::read_to_string(format!("/proc/{function}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
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

/// Run by the next test in a process of its own, which is killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "another test runs it"]
async fn owner() {
    let _stack = start(options("t-owner")).await;
    tokio::time::sleep(Duration::from_mins(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_ends_with_its_owner_however_that_ends() {
    // Not INT: a shell's background job ignores it, and so would the owner.
    for signal in ["TERM", "KILL"] {
        let mut owner = Command::new(std::env::current_exe().unwrap())
            .args(["stack::owner", "--exact", "--ignored"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let found = until("the owner's stack", || async {
            attach(&fixture(), "t-owner").await.unwrap()
        })
        .await;
        let endpoint = found.outputs().endpoint.clone();
        let killed = Command::new("kill")
            .args(["-s", signal, &owner.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        owner.wait().unwrap();
        until("the emulator's end", || async {
            reqwest::get(&endpoint).await.err()
        })
        .await;
        assert!(attach(&fixture(), "t-owner").await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_fails_says_which_resource_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let template = dir.path().join("broken.yaml");
    std::fs::write(
        &template,
        "Resources:\n  Broken:\n    Type: AWS::KMS::Alias\n    Properties: { AliasName: nameless, TargetKeyId: none }\n",
    )
    .unwrap();
    let mut options = options("t-broken");
    options.template = template;
    let Err(Error::Deploy { events, .. }) = up(options, &|_| {}).await else {
        panic!("it must not deploy");
    };
    assert!(
        events.iter().any(|event| event.contains("Broken")),
        "{events:?}"
    );
    assert!(attach(&fixture(), "t-broken").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn iam_is_enforced_when_asked_for() {
    let mut options = options("t-iam");
    options.enforce_iam = true;
    let stack = start(options).await;
    stack.put("k", b"x".to_vec()).await.unwrap();
    let stranger =
        aws_sdk_s3::config::Credentials::new("AKIAEXAMPLEEXAMPLE00", "none", None, None, "test");
    let config = aws_sdk_s3::config::Builder::from(&stack.sdk_config())
        .credentials_provider(stranger)
        .force_path_style(true)
        .build();
    let refused = aws_sdk_s3::Client::from_conf(config)
        .get_object()
        .bucket(&stack.outputs().source_bucket)
        .key("k")
        .send()
        .await;
    assert_eq!(
        refused
            .unwrap_err()
            .raw_response()
            .unwrap()
            .status()
            .as_u16(),
        403
    );
    stack.down().await.unwrap();
}
