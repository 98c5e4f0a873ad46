//! The fixture's stack, and waiting for what it does.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::HistoryEvent;
use scrubjay_local::{Functions, Options, Stack, up};
use serde_json::Value;

/// Where the fixture's template lies.
pub fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture")
}

/// The fixture as a stack of this name.
pub fn options(name: &str) -> Options {
    let mut options = Options::new(fixture()).stack(name);
    options.functions = Functions::Prebuilt(fixture().join("functions"));
    options
}

/// The stack of these options, up.
pub async fn start(options: Options) -> Stack {
    up(options, &|progress| println!("{progress}"))
        .await
        .expect("the stack comes up")
}

/// Asks again until there is an answer; panics with what was waited for when there is none for a minute.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    for _ in 0..1200 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain for {what}");
}

/// Starts an execution of the fixture's machine. Returns its ARN.
pub async fn execute(stack: &Stack, input: Value) -> String {
    execute_machine(stack, &stack.outputs().state_machine_arn, input).await
}

/// Starts an execution of any machine. Returns its ARN.
pub async fn execute_machine(stack: &Stack, machine: &str, input: Value) -> String {
    let started = stack
        .sfn()
        .start_execution()
        .state_machine_arn(machine)
        .input(input.to_string())
        .send()
        .await
        .unwrap();
    started.execution_arn().to_owned()
}

/// Waits until an execution has left RUNNING.
pub async fn ended(stack: &Stack, arn: &str) -> DescribeExecutionOutput {
    until("the execution's end", || async {
        let seen = describe(stack, arn).await;
        (seen.status().as_str() != "RUNNING").then_some(seen)
    })
    .await
}

/// What Step Functions says of an execution.
pub async fn describe(stack: &Stack, arn: &str) -> DescribeExecutionOutput {
    stack
        .sfn()
        .describe_execution()
        .execution_arn(arn)
        .send()
        .await
        .unwrap()
}

/// The whole history.
pub async fn history(stack: &Stack, arn: &str) -> Vec<HistoryEvent> {
    let answer = stack
        .sfn()
        .get_execution_history()
        .execution_arn(arn)
        .max_results(1000)
        .send()
        .await
        .unwrap();
    answer.events().to_vec()
}

/// An execution's output.
pub fn output(seen: &DescribeExecutionOutput) -> Value {
    assert_eq!(
        seen.status().as_str(),
        "SUCCEEDED",
        "{:?} {:?}",
        seen.error(),
        seen.cause()
    );
    serde_json::from_str(seen.output().unwrap()).unwrap()
}

/// The stack's output of this name, which the template has added.
pub fn named(stack: &Stack, output: &str) -> String {
    stack.outputs().others[output].clone()
}

/// Takes the next messages from a queue, with their attributes; waits for at least one.
pub async fn receive(stack: &Stack, queue: &str) -> Vec<aws_sdk_sqs::types::Message> {
    let sqs = aws_sdk_sqs::Client::new(&stack.sdk_config());
    until("a message", || async {
        let answer = sqs
            .receive_message()
            .queue_url(queue)
            .max_number_of_messages(10)
            .message_attribute_names("All")
            .send()
            .await
            .unwrap();
        for message in answer.messages() {
            let handle = message.receipt_handle().unwrap();
            sqs.delete_message()
                .queue_url(queue)
                .receipt_handle(handle)
                .send()
                .await
                .unwrap();
        }
        (!answer.messages().is_empty()).then(|| answer.messages().to_vec())
    })
    .await
}

/// Takes events from the queue that sees all until there are as many as wanted, of this source.
pub async fn events(stack: &Stack, source: &str, wanted: usize) -> Vec<Value> {
    let queue = named(stack, "seenQueue");
    let mut events: Vec<Value> = Vec::new();
    while events.len() < wanted {
        for message in receive(stack, &queue).await {
            let event: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            if event["source"] == source {
                events.push(event);
            }
        }
    }
    events
}
