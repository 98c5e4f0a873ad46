//! An audit item, as the table has it.

use jiff::Timestamp;
use scrubjay_pipeline::audit::{Event, Output, Reason, Removed, Source, Status};
use serde::{Deserialize, Serialize};

/// One upload. What an upload has not come to is not there: an item whose claim failed has no `receivedAt`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// `<bucket>/<key>`.
    pub object: String,
    /// `upload#<etag>#<versionId>`.
    pub entry: String,
    /// How it stands.
    pub status: Status,
    /// ETag in bucket A, without quotes.
    pub etag: String,
    /// Version in bucket A.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Place in the order of the key's events, padded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<String>,
    /// ARN of the execution that works on it, or did.
    pub execution: String,
    /// How often it was claimed.
    #[serde(default)]
    pub attempts: u32,
    /// When the first execution began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// When it came to stand as it does.
    pub updated_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Until when nobody else may claim it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// What the file was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What was removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Removed>,
    /// What was kept beside the picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// What was put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<String>,
    /// What was done about Exif Orientation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orientation: Option<String>,
    /// What is in bucket B.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
    /// Oldest first.
    #[serde(default)]
    pub history: Vec<Event>,
    /// When the table forgets it, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

impl Item {
    /// The key in bucket A. Bucket names have no slash.
    pub fn key(&self) -> &str {
        self.object.split_once('/').map_or("", |(_, key)| key)
    }

    /// Bytes of what was removed.
    pub fn removed_bytes(&self) -> u64 {
        self.removed.iter().map(|r| r.bytes).sum()
    }

    /// From the beginning of its first execution to its end.
    pub fn milliseconds(&self) -> Option<i64> {
        Some(self.finished_at?.as_millisecond() - self.received_at?.as_millisecond())
    }

    /// Why not, or what was removed: one line.
    pub fn story(&self) -> String {
        match &self.error {
            Some(error) if error.message.is_empty() => format!("{} in {}", error.name, error.state),
            Some(error) => format!("{} in {}: {}", error.name, error.state, error.message),
            None if self.source.is_none() => String::new(),
            None => scrubjay::show::kinds(&self.removed),
        }
    }
}
