//! Which figures of a report differ from those of the one made before.

use serde::Serialize;
use serde_json::Value;

/// A figure that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Where it stands in the JSON report: `total.statuses.CLEANED`.
    pub figure: String,
    /// What it was; null when it was not there.
    pub was: Value,
    /// What it is; null when it is not there any more.
    pub is: Value,
}

/// Compares two reports as JSON, leaf by leaf, in the order of the names.
pub fn between(was: &Value, is: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", was, is, &mut changes);
    changes
}

fn compare(at: &str, was: &Value, is: &Value, changes: &mut Vec<Change>) {
    let below = |name: &str| {
        if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}.{name}")
        }
    };
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => {
            let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let null = Value::Null;
                let (was, is) = (was.get(name), is.get(name));
                compare(
                    &below(name),
                    was.unwrap_or(&null),
                    is.unwrap_or(&null),
                    changes,
                );
            }
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            for (index, (was, is)) in was.iter().zip(is).enumerate() {
                compare(&below(&index.to_string()), was, is, changes);
            }
        }
        (was, is) if was == is => {}
        (was, is) => changes.push(Change {
            figure: at.to_owned(),
            was: was.clone(),
            is: is.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_figure_that_differs_is_named_once() {
        let was = json!({"total": {"a": 1, "b": [1, 2]}, "gone": 1});
        let is = json!({"total": {"a": 2, "b": [1, 3]}, "new": 5});
        let told: Vec<String> = between(&was, &is)
            .into_iter()
            .map(|c| format!("{} {} {}", c.figure, c.was, c.is))
            .collect();
        assert_eq!(
            told,
            ["gone 1 null", "new null 5", "total.a 1 2", "total.b.1 2 3"]
        );
        assert!(between(&was, &was).is_empty());
    }
}
