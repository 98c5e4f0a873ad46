//! The plain `aws dynamodb query` lines of the documentation answer what they say: each is read as a shell reads it, and the
//! same expressions are sent to the table.

use std::collections::HashMap;
use std::path::Path;

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use scrubjay_pipeline::audit::Status;
use scrubjay_tests::{World, on_stack};
use serde_json::Value;

use super::audit::uploads;

/// Every command `aws dynamodb query` of a document, its continued lines joined.
fn commands(document: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(document);
    let text = std::fs::read_to_string(path).unwrap().replace("\\\n", " ");
    text.lines()
        .map(|line| line.trim_start().trim_start_matches("$ "))
        .filter(|line| line.starts_with("aws dynamodb query "))
        .map(ToOwned::to_owned)
        .collect()
}

/// Options by name, without the dashes; a flag has an empty value.
fn options(command: &str) -> HashMap<String, String> {
    let words = shlex::split(command).unwrap_or_else(|| panic!("no shell reads {command}"));
    let mut options = HashMap::new();
    let mut words = words.into_iter().skip(3).peekable();
    while let Some(word) = words.next() {
        let name = word
            .strip_prefix("--")
            .unwrap_or_else(|| panic!("{word} in {command}"));
        let value = words
            .next_if(|next| !next.starts_with("--"))
            .unwrap_or_default();
        assert_eq!(
            options.insert(name.to_owned(), value),
            None,
            "{name} twice in {command}"
        );
    }
    options
}

/// Sends a command as it stands in the document, but for the example's own names.
async fn items(world: &World, command: &str, names: &[(&str, &str)]) -> Vec<Value> {
    let examples = names
        .iter()
        .filter(|(example, _)| command.contains(example));
    assert!(
        examples.clone().count() > 0,
        "{command} asks for nothing known"
    );
    let replaced = examples.fold(command.to_owned(), |text, (example, name)| {
        text.replace(example, name)
    });
    let mut options = options(&replaced);
    let mut query = world.stack().dynamodb().query();
    assert_eq!(options.remove("table-name").as_deref(), Some("$TABLE"));
    query = query
        .table_name(&world.names().audit_table)
        .set_index_name(options.remove("index-name"))
        .set_key_condition_expression(options.remove("key-condition-expression"))
        .set_filter_expression(options.remove("filter-expression"))
        .set_projection_expression(options.remove("projection-expression"));
    if let Some(names) = options.remove("expression-attribute-names") {
        query = query.set_expression_attribute_names(Some(serde_json::from_str(&names).unwrap()));
    }
    if let Some(values) = options.remove("expression-attribute-values") {
        let values: HashMap<String, HashMap<String, String>> =
            serde_json::from_str(&values).unwrap();
        for (name, value) in values {
            query = query.expression_attribute_values(name, AttributeValue::S(value["S"].clone()));
        }
    }
    if let Some(select) = options.remove("select") {
        query = query.select(Select::from(select.as_str()));
    }
    if options.remove("no-scan-index-forward").is_some() {
        query = query.scan_index_forward(false);
    }
    if options.remove("consistent-read").is_some() {
        query = query.consistent_read(true);
    }
    assert!(options.is_empty(), "not tried: {options:?}");
    let answer = query
        .send()
        .await
        .unwrap_or_else(|error| panic!("{command}: {error:?}"));
    let count = usize::try_from(answer.count).unwrap();
    match answer.items {
        Some(items) if !items.is_empty() => serde_dynamo::from_items(items).unwrap(),
        _ => vec![Value::Null; count],
    }
}

#[test]
fn every_query_of_the_documentation_answers() {
    on_stack(async |world| {
        let uploads = uploads(world).await;
        let day = |item: &Value, status: Status| {
            let at: jiff::Timestamp = item["updatedAt"].as_str().unwrap().parse().unwrap();
            status.partition(at, item["object"].as_str().unwrap())
        };
        let refused = world
            .item("audit/refused.jpg", &uploads.refused)
            .await
            .unwrap();
        let failed = world
            .item("audit/failed.jpg", &uploads.failed)
            .await
            .unwrap();
        let (refused_day, failed_day) = (
            day(&refused, Status::Rejected),
            day(&failed, Status::Failed),
        );
        let twin = world.item("audit/twin 1.jpg", &uploads.twin).await.unwrap();
        let digest = twin["sourceSha256"].as_str().unwrap();
        let object = world.object("audit/changed.jpg");
        let bucket = format!("{}/", world.names().source_bucket);
        let names = [
            ("my-bucket-a/holiday/beach.jpg", object.as_str()),
            ("my-bucket-a/", bucket.as_str()),
            ("REJECTED#2026-11-20", refused_day.as_str()),
            ("FAILED#2026-11-20", failed_day.as_str()),
            (
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                digest,
            ),
        ];
        for (document, queries) in [("README.md", 3), ("docs/operations.md", 5)] {
            let commands = commands(document);
            assert_eq!(commands.len(), queries, "{document}");
            for command in commands {
                let items = items(world, &command, &names).await;
                let has =
                    |field: &str, value: &Value| items.iter().any(|item| item[field] == *value);
                let answered = if command.contains("by-content") {
                    items.len() == 2
                } else if command.contains("COUNT") {
                    !items.is_empty()
                } else if command.contains("REJECTED") {
                    has("etag", &refused["etag"])
                } else if command.contains("FAILED") {
                    has("object", &failed["object"]) && has("error", &failed["error"])
                } else {
                    has("etag", &uploads.newer.clone().into()) && has("entry", &"head".into())
                };
                assert!(answered, "{document}: {command}: {items:?}");
            }
        }
    });
}
