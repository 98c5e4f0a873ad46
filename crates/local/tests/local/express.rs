//! Express workflows and Distributed Maps as AWS documents them, where the emulator alone is not.

use std::io::Write as _;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::StateMachineType;
use flate2::Compression;
use flate2::write::GzEncoder;
use scrubjay_local::Stack;
use scrubjay_local::faults::{Action, Match, Rule};
use serde_json::{Value, json};

use crate::harness::{ended, execute_machine, options, output, start, until};

/// Creates a machine beside the stack's own. Returns its ARN.
async fn machine(stack: &Stack, name: &str, kind: StateMachineType, definition: &Value) -> String {
    let create = stack.sfn().create_state_machine().name(name).r#type(kind);
    let role = "arn:aws:iam::000000000000:role/any";
    let created = create.definition(definition.to_string()).role_arn(role);
    created.send().await.unwrap().state_machine_arn
}

async fn put(stack: &Stack, key: &str, body: Vec<u8>) {
    let put = stack.s3().put_object().key(key);
    let put = put.bucket(&stack.outputs().source_bucket);
    put.body(ByteStream::from(body)).send().await.unwrap();
}

async fn object(stack: &Stack, key: &str) -> Value {
    let get = stack.s3().get_object().key(key);
    let answer = get.bucket(&stack.outputs().source_bucket).send().await;
    let body = answer.unwrap().body.collect().await.unwrap();
    serde_json::from_slice(&body.into_bytes()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_express_execution_leaves_no_history_and_may_come_twice() {
    let stack = start(options("t-express")).await;
    let sfn = stack.sfn();
    // Each execution writes an item of its own.
    let definition = json!({
        "QueryLanguage": "JSONata",
        "StartAt": "Write",
        "States": {"Write": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Arguments": {
                "TableName": stack.outputs().audit_table,
                "Item": {"object": {"S": "express"}, "entry": {"S": "{% $states.context.Execution.Id %}"}},
            },
            "End": true,
        }},
    });
    let arn = machine(&stack, "quick", StateMachineType::Express, &definition).await;
    let executions = async || {
        let query = stack
            .dynamodb()
            .query()
            .table_name(&stack.outputs().audit_table);
        let query = query.key_condition_expression("#o = :o");
        let query = query.expression_attribute_names("#o", "object");
        let value = aws_sdk_dynamodb::types::AttributeValue::S("express".to_owned());
        let answer = query.expression_attribute_values(":o", value).send().await;
        answer.unwrap().items().len()
    };

    // A name may be used again, and starts another execution.
    let begin = async || {
        let begin = sfn.start_execution().state_machine_arn(&arn).name("same");
        begin.input("{}").send().await.unwrap().execution_arn
    };
    let (first, second) = (begin().await, begin().await);
    assert_ne!(first, second);
    assert!(first.contains(":express:quick:same:"), "{first}");
    until("two executions", async || {
        (executions().await == 2).then_some(())
    })
    .await;

    let code = |error: Option<&str>| error.unwrap_or_default().to_owned();
    let described = sfn.describe_execution().execution_arn(&first).send().await;
    assert_eq!(code(described.unwrap_err().code()), "InvalidArn");
    let stopped = sfn.stop_execution().execution_arn(&first).send().await;
    assert_eq!(code(stopped.unwrap_err().code()), "InvalidArn");
    let history = sfn.get_execution_history().execution_arn(&first);
    assert_eq!(code(history.send().await.unwrap_err().code()), "InvalidArn");
    let redriven = sfn.redrive_execution().execution_arn(&first).send().await;
    assert!(redriven.is_err());
    let listed = sfn.list_executions().state_machine_arn(&arn).send().await;
    assert_eq!(
        code(listed.unwrap_err().code()),
        "StateMachineTypeNotSupported"
    );

    let twice = Rule::new(Match::express("quick$"), Action::delay(0..=50)).times(1);
    stack.faults().order(&twice).await.unwrap();
    begin().await;
    until("a third and a fourth execution", async || {
        (executions().await == 4).then_some(())
    })
    .await;
    stack.down().await.unwrap();
}

/// A machine that maps over what `reader` reads, two items at a time; a batch of one fails.
fn map(bucket: &str, reader: &Value, tolerated: u32) -> Value {
    json!({
        "QueryLanguage": "JSONata",
        "StartAt": "All",
        "States": {"All": {
            "Type": "Map",
            "ItemReader": reader,
            "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"run": "{% $states.input.run %}"}},
            "MaxConcurrency": "{% $states.input.atOnce %}",
            "ToleratedFailurePercentage": tolerated,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                "StartAt": "Last",
                "States": {
                    "Last": {
                        "Type": "Choice",
                        "Choices": [{"Condition": "{% $count($states.input.Items) = 1 %}", "Next": "Bad"}],
                        "Default": "Good",
                    },
                    "Good": {
                        "Type": "Pass",
                        "Output": {"keys": "{% $states.input.Items.Key %}", "run": "{% $states.input.BatchInput.run %}"},
                        "End": true,
                    },
                    "Bad": {"Type": "Fail", "Error": "Lonely"},
                },
            },
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Arguments": {"Bucket": bucket, "Prefix": "out"},
            },
            "End": true,
        }},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distributed_map_reads_batches_and_writes_its_results() {
    let stack = start(options("t-maps")).await;
    let bucket = stack.outputs().source_bucket.clone();
    for number in 0..5 {
        put(&stack, &format!("in/{number}"), vec![b'x'; number]).await;
    }
    let listing = json!({
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Arguments": {"Bucket": bucket, "Prefix": "{% $states.input.prefix %}"},
    });
    let definition = map(&bucket, &listing, 50);
    let arn = machine(&stack, "mapped", StateMachineType::Standard, &definition).await;
    let input = json!({"run": "r1", "atOnce": 2, "prefix": "in/"});
    let execution = execute_machine(&stack, &arn, input).await;
    let written = output(&ended(&stack, &execution).await);
    let manifest = object(
        &stack,
        written["ResultWriterDetails"]["Key"].as_str().unwrap(),
    )
    .await;
    assert_eq!(manifest["MapRunArn"], written["MapRunArn"]);
    let results = |status: &str| manifest["ResultFiles"][status][0]["Key"].clone();
    let good = object(&stack, results("SUCCEEDED").as_str().unwrap()).await;
    let good: Vec<Value> = good.as_array().unwrap().clone();
    let mut said: Vec<Value> = good
        .iter()
        .map(|row| serde_json::from_str(row["Output"].as_str().unwrap()).unwrap())
        .collect();
    said.sort_by_key(ToString::to_string);
    assert_eq!(
        said,
        [
            json!({"keys": ["in/0", "in/1"], "run": "r1"}),
            json!({"keys": ["in/2", "in/3"], "run": "r1"}),
        ]
    );
    let bad = object(&stack, results("FAILED").as_str().unwrap()).await;
    assert_eq!(bad[0]["Error"], "Lonely");

    stack.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distributed_map_reads_an_inventory() {
    let stack = start(options("t-inventory")).await;
    let bucket = stack.outputs().source_bucket.clone();
    // The keys stand in it URL-encoded, and are handed on so.
    let rows = "\"b\",\"in/a%2Bb.jpg\",\"7\"\n\"b\",\"in/%C3%A9.jpg\",\"8\"\n";
    put(&stack, "inventory/1.csv.gz", gzip(rows.as_bytes())).await;
    let manifest = json!({
        "sourceBucket": "b", "destinationBucket": format!("arn:aws:s3:::{bucket}"), "version": "2016-11-30",
        "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "inventory/1.csv.gz", "size": 1, "MD5checksum": "0"}],
    });
    put(
        &stack,
        "inventory/manifest.json",
        manifest.to_string().into_bytes(),
    )
    .await;
    let reader = |key: &str| {
        json!({
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "MANIFEST"},
            "Arguments": {"Bucket": bucket, "Key": key},
        })
    };
    let input = json!({"run": "r2", "atOnce": 1});
    let definition = map(&bucket, &reader("inventory/manifest.json"), 0);
    let arn = machine(
        &stack,
        "inventoried",
        StateMachineType::Standard,
        &definition,
    )
    .await;
    let execution = execute_machine(&stack, &arn, input.clone()).await;
    let written = output(&ended(&stack, &execution).await);
    let manifest = object(
        &stack,
        written["ResultWriterDetails"]["Key"].as_str().unwrap(),
    )
    .await;
    let key = manifest["ResultFiles"]["SUCCEEDED"][0]["Key"].clone();
    let rows = object(&stack, key.as_str().unwrap()).await;
    let said: Value = serde_json::from_str(rows[0]["Output"].as_str().unwrap()).unwrap();
    assert_eq!(said["keys"], json!(["in/a%2Bb.jpg", "in/%C3%A9.jpg"]));

    // One that cannot be read starts nothing.
    let definition = map(&bucket, &reader("inventory/1.csv.gz"), 0);
    let arn = machine(
        &stack,
        "unreadable",
        StateMachineType::Standard,
        &definition,
    )
    .await;
    let execution = execute_machine(&stack, &arn, input).await;
    let failed = ended(&stack, &execution).await;
    assert_eq!(failed.error(), Some("States.ItemReaderFailed"));
    stack.down().await.unwrap();
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}
