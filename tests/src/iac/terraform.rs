//! Terraform files as data: blocks, and attributes that are literals or templates.

use std::fs;
use std::path::PathBuf;

use hcl::{Block, Body, Expression};
use serde_json::{Value, json};

use super::root;

/// All files of one Terraform folder, as one body.
///
/// # Panics
///
/// When the folder holds no `*.tf`, or one that does not parse.
pub fn folder(path: &str) -> Body {
    let mut files: Vec<_> = fs::read_dir(root().join(path))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "tf"));
    files.sort();
    assert!(!files.is_empty(), "no *.tf in {path}");
    let parse = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        hcl::parse(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
            .into_inner()
    };
    files.iter().flat_map(parse).collect()
}

/// The block `kind "label" "label"`.
///
/// # Panics
///
/// When there is none.
pub fn block<'a>(body: &'a Body, kind: &str, labels: &[&str]) -> &'a Block {
    let found = body.blocks().find(|block| {
        block.identifier() == kind
            && block
                .labels()
                .iter()
                .map(hcl::BlockLabel::as_str)
                .eq(labels.iter().copied())
    });
    found.unwrap_or_else(|| panic!("no block {kind} {labels:?}"))
}

/// The blocks of a kind within a body, in order.
pub fn blocks<'a>(body: &'a Body, kind: &str) -> Vec<&'a Block> {
    body.blocks()
        .filter(|block| block.identifier() == kind)
        .collect()
}

/// An attribute of a body; expressions that are no literals come as their source text.
///
/// # Panics
///
/// When there is none.
pub fn attribute(body: &Body, name: &str) -> Value {
    let found = body.attributes().find(|attribute| attribute.key() == name);
    literal(
        found
            .unwrap_or_else(|| panic!("no attribute {name}"))
            .expr(),
    )
}

/// A local value, in whichever `locals` block it stands.
///
/// # Panics
///
/// When there is none.
pub fn local(body: &Body, name: &str) -> Value {
    let mut attributes = body
        .blocks()
        .filter(|block| block.identifier() == "locals")
        .flat_map(|b| b.body().attributes());
    literal(
        attributes
            .find(|attribute| attribute.key() == name)
            .unwrap_or_else(|| panic!("no local {name}"))
            .expr(),
    )
}

fn literal(expression: &Expression) -> Value {
    match expression {
        Expression::Null => Value::Null,
        Expression::Bool(flag) => json!(flag),
        Expression::Number(number) => json!(number.as_f64()),
        Expression::String(text) => json!(text),
        Expression::Array(items) => items.iter().map(literal).collect(),
        Expression::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, field)| {
                    (
                        name.to_string().trim_matches('"').to_owned(),
                        literal(field),
                    )
                })
                .collect()
        }
        Expression::TemplateExpr(template) => json!(template.to_string()),
        other => json!(other.to_string()),
    }
}
