//! What a message of the queue asks for.

use jiff::Timestamp;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::upload::decode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A batch, as Lambda hands it over
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>).
#[derive(Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// A message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub message_id: String,
    pub body: String,
}

/// Which messages are to come again
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting>).
#[derive(Debug, Default, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub batch_item_failures: Vec<Failure>,
}

/// A message that is to come again.
#[derive(Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub item_identifier: String,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Task {
    /// Something happened to this key of bucket B.
    Look {
        /// The key.
        key: String,
        /// When the audit table says that the photo was first uploaded, if the sweep looked that up.
        uploaded_at: Option<Timestamp>,
    },
}

#[derive(Deserialize)]
struct Event {
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Request {
    key: String,
    uploaded_at: Option<Timestamp>,
}

/// Reads an event of S3 or a request `{"key": …, "uploadedAt": …}` of ours, whose second field may be missing. What happened to the
/// key is read from bucket B, whatever the message says; the time is used only if the catalogue has no item of the photo.
pub fn task(body: &str) -> Result<Task, Error> {
    let value: Value =
        serde_json::from_str(body).map_err(|e| Error::BadEvent(format!("no JSON: {e}")))?;
    let (key, uploaded_at) = if value.get("detail").is_some() {
        (decode::<Event>(&value)?.detail.object.key, None)
    } else {
        let request: Request = decode(&value)?;
        (request.key, request.uploaded_at)
    };
    if key.is_empty() {
        return Err(Error::BadEvent("an empty key".into()));
    }
    Ok(Task::Look { key, uploaded_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_and_a_request_name_a_key() {
        let event = include_str!("../../../events/object-created.json");
        let wanted = Task::Look {
            key: "holiday/beach + sea.jpg".into(),
            uploaded_at: None,
        };
        assert_eq!(task(event).unwrap(), wanted);
        let request = r#"{"key": "holiday/beach + sea.jpg"}"#;
        assert_eq!(task(request).unwrap(), wanted);
        let request = r#"{"key": "beach.jpg", "uploadedAt": "2026-11-20T10:00:00Z"}"#;
        let wanted = Task::Look {
            key: "beach.jpg".into(),
            uploaded_at: Some("2026-11-20T10:00:00Z".parse().unwrap()),
        };
        assert_eq!(task(request).unwrap(), wanted);
        for body in [
            "",
            "null",
            "{}",
            r#"{"key": ""}"#,
            r#"{"key": 1}"#,
            r#"{"key": "a", "b": 1}"#,
            r#"{"key": "a", "uploadedAt": "yesterday"}"#,
        ] {
            assert!(matches!(task(body), Err(Error::BadEvent(_))), "{body}");
        }
    }
}
