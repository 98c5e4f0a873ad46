//! DynamoDB: what a Query and a batch cost.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use scrubjay_local::Stack;

use crate::harness::{options, start};

/// Read units of a Query for the items of `object`, of which it wants the sort key alone.
async fn units(stack: &Stack, object: &str, consistent: bool) -> f64 {
    let answer = stack
        .dynamodb()
        .query()
        .table_name(&stack.outputs().audit_table)
        .key_condition_expression("#object = :object")
        .expression_attribute_names("#object", "object")
        .expression_attribute_values(":object", AttributeValue::S(object.into()))
        .projection_expression("entry")
        .consistent_read(consistent)
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    answer.consumed_capacity().unwrap().capacity_units.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_costs_by_the_bytes_that_it_reads() {
    let stack = start(options("t-tables")).await;
    // Names and values are 1,024 bytes, so four items are one unit.
    for n in 0..40 {
        stack
            .dynamodb()
            .put_item()
            .table_name(&stack.outputs().audit_table)
            .item("object", AttributeValue::S("units".into()))
            .item("entry", AttributeValue::S(format!("{n:02}")))
            .item("filler", AttributeValue::S("x".repeat(1_000)))
            .send()
            .await
            .unwrap();
    }
    assert!((units(&stack, "units", true).await - 10.0).abs() < 1e-9);
    assert!((units(&stack, "units", false).await - 5.0).abs() < 1e-9);
    assert!((units(&stack, "nothing", false).await - 0.5).abs() < 1e-9);
    // Each item of a batch is read by itself, and one that is not there is read too.
    let table = &stack.outputs().audit_table;
    let keys = ["00", "01", "none"].map(|entry| {
        HashMap::from([
            ("object".to_owned(), AttributeValue::S("units".into())),
            ("entry".to_owned(), AttributeValue::S(entry.into())),
        ])
    });
    let wanted = KeysAndAttributes::builder().set_keys(Some(keys.to_vec()));
    let batch = stack.dynamodb().batch_get_item();
    let answer = batch
        .request_items(table, wanted.build().unwrap())
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    let consumed = answer.consumed_capacity()[0].capacity_units.unwrap();
    assert!((consumed - 1.5).abs() < 1e-9, "{consumed}");
    stack.down().await.unwrap();
}
