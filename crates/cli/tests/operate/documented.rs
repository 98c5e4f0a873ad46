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
    let replaced = names.iter().fold(command.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in {command}");
        text.replace(from, to)
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
        let object = world.object("audit/changed.jpg");
        let changed = ("my-bucket-a/holiday/beach.jpg", object.as_str());
        let refused = world
            .item("audit/refused.jpg", &uploads.refused)
            .await
            .unwrap();
        let failed = world
            .item("audit/failed.jpg", &uploads.failed)
            .await
            .unwrap();
        let day = |item: &Value, status: Status| {
            let at: jiff::Timestamp = item["updatedAt"].as_str().unwrap().parse().unwrap();
            status.day(at)
        };
        let refused_day = day(&refused, Status::Rejected);
        let failed_day = day(&failed, Status::Failed);

        for document in ["README.md", "docs/operations.md"] {
            let mut tried = 0;
            for command in commands(document) {
                let by = |word: &str| command.contains(word);
                if by("by-etag") {
                    let items = items(
                        world,
                        &command,
                        &[("d41d8cd98f00b204e9800998ecf8427e", &uploads.twin)],
                    )
                    .await;
                    assert_eq!(items.len(), 2, "{command}");
                } else if by("by-status") && by("REJECTED#2026-11-20") {
                    let items =
                        items(world, &command, &[("REJECTED#2026-11-20", &refused_day)]).await;
                    assert!(
                        items
                            .iter()
                            .any(|item| item["etag"] == refused["etag"] || item.is_null()),
                        "{command}"
                    );
                } else if by("by-status") {
                    let items = items(world, &command, &[("FAILED#2026-11-20", &failed_day)]).await;
                    assert!(
                        items.iter().any(|item| item["object"] == failed["object"]),
                        "{command}"
                    );
                } else {
                    let items = items(world, &command, &[changed]).await;
                    assert!(
                        items
                            .iter()
                            .any(|item| item["etag"] == uploads.newer.as_str()),
                        "{command}"
                    );
                }
                tried += 1;
            }
            assert!(tried >= 3, "{document} has {tried} queries");
        }
    });
}
