//! Keys of the table's items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{Month, PhotoId, Position, Term};

pub(super) const PARTITION: &str = "partition";
pub(super) const ENTRY: &str = "entry";

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn key(partition: String, entry: String) -> Item {
    HashMap::from([
        (PARTITION.to_owned(), text(partition)),
        (ENTRY.to_owned(), text(entry)),
    ])
}

pub(super) fn photo(id: PhotoId) -> Item {
    key(format!("photo#{id}"), "photo".to_owned())
}

pub(super) fn places(term: &Term, month: Month) -> String {
    format!("term#{term}#{month}")
}

pub(super) fn place(term: &Term, position: Position) -> Item {
    key(places(term, position.month()), position.entry())
}

/// The partition of the dictionary that a value of a kind stands in.
pub(super) fn dictionary(kind: &str, escaped: &str) -> String {
    let beginning: String = escaped.chars().take(2).collect();
    format!("terms#{kind}#{beginning}")
}

pub(super) fn month(term: &Term, month: Month) -> Item {
    let value = term.escaped();
    key(dictionary(term.kind(), &value), format!("{value}#{month}"))
}
