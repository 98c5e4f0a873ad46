//! What the audit table says of an upload: kinds, counts, reasons and times, never a metadata value.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use scrubjay_jpeg::Report;
use serde::{Deserialize, Serialize};

use crate::upload::Upload;

/// How an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// An execution works on it.
    Processing,
    /// Its clean form was published.
    Cleaned,
    /// It is no JPEG that we accept.
    Rejected,
    /// A newer upload or a delete came first.
    Superseded,
    /// Its execution failed, timed out or was aborted: to be redriven.
    Failed,
    /// It was published and then removed, because bucket A no longer has it.
    Retracted,
}

impl Status {
    /// Every status, in the order in which people ask for them.
    pub const ALL: [Self; 6] = [
        Self::Processing,
        Self::Cleaned,
        Self::Rejected,
        Self::Superseded,
        Self::Failed,
        Self::Retracted,
    ];

    /// The word in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Cleaned => "CLEANED",
            Self::Rejected => "REJECTED",
            Self::Superseded => "SUPERSEDED",
            Self::Failed => "FAILED",
            Self::Retracted => "RETRACTED",
        }
    }

    /// Partition key of the index by-status: `<status>#<yyyy-mm-dd>`, UTC.
    pub fn day(self, at: Timestamp) -> String {
        let at = stamp(at);
        format!("{}#{}", self.as_str(), at.get(..10).unwrap_or(&at))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                format!(
                    "{text:?} is none of {}",
                    Self::ALL.map(Self::as_str).join(", ")
                )
            })
    }
}

/// A time as the table has it: RFC 3339, UTC, always three digits of milliseconds, so that string order is time order.
pub fn stamp(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Kinds removed: presence only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// What it was, such as `exif` or `trailer-mp4`.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// How many bytes in all.
    pub bytes: u64,
}

/// What the source file was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Bytes.
    pub size: u64,
    /// `image/jpeg`.
    pub media_type: String,
    /// Samples per line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Components in the frame.
    pub components: u8,
    /// Coding process, such as `baseline` or `progressive`.
    pub process: String,
}

/// What Strip did, for the audit item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// What the source file was.
    pub source: Source,
    /// What was removed, by kind.
    pub removed: Vec<Removed>,
    /// What was kept beside the picture itself (`icc`, `adobe`, `density`).
    pub kept: Vec<String>,
    /// What was put right (such as a missing EOI).
    pub repaired: Vec<String>,
    /// What was done about Exif Orientation: `none`, `baked`, `reencoded`, `tagged` or `dropped`.
    pub orientation: String,
}

impl Findings {
    /// The part of the stripper's report that goes into the table.
    pub fn of(report: &Report) -> Self {
        Self {
            source: Source {
                size: report.bytes_in,
                media_type: "image/jpeg".into(),
                width: report.width,
                height: report.height,
                components: report.components,
                process: report.process.to_string(),
            },
            removed: report
                .removed
                .iter()
                .map(|r| Removed {
                    kind: r.kind.to_string(),
                    count: u64::from(r.count),
                    bytes: r.bytes,
                })
                .collect(),
            kept: report.kept.iter().map(|k| k.kind.to_string()).collect(),
            repaired: report.repaired.iter().map(ToString::to_string).collect(),
            orientation: report.turned.to_string(),
        }
    }
}

/// The clean file in bucket B.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Bytes.
    pub size: u64,
    /// ETag in bucket B, without quotes.
    pub etag: String,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

/// Why an upload was not published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The error's name.
    pub name: String,
    /// Its message; never file contents.
    pub message: String,
    /// The state that raised it.
    pub state: String,
}

impl Reason {
    /// The message in a Lambda error's cause (`{"errorMessage", "errorType", ...}`), or the cause itself, cut to a sane length.
    pub fn message(cause: &str) -> String {
        let told = serde_json::from_str::<serde_json::Value>(cause).ok();
        let told = told
            .as_ref()
            .and_then(|c| c.get("errorMessage"))
            .and_then(serde_json::Value::as_str);
        told.unwrap_or(cause).chars().take(1_000).collect()
    }
}

/// The end of an upload, to be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Which.
    pub upload: Upload,
    /// How it ended.
    pub status: Status,
    /// What Strip found and did, if it came that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Findings>,
    /// What is in bucket B, if it came that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Why not, otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
    /// When the execution ended, if it failed: tells a second word of one failure from a second failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// One line of an item's append-only history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: String,
    /// What it became.
    pub status: Status,
    /// By which execution.
    pub execution: String,
}

/// When an item may be forgotten, in seconds since 1970 as DynamoDB's TTL wants it; `None` keeps it for ever.
pub fn expires_at(now: Timestamp, retention_days: u32) -> Option<i64> {
    (retention_days > 0)
        .then(|| {
            now.saturating_add(SignedDuration::from_hours(24 * i64::from(retention_days)))
                .map(Timestamp::as_second)
                .ok()
        })
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_always() {
        let at: Timestamp = "2026-11-20T22:00:00Z".parse().unwrap();
        assert_eq!(stamp(at), "2026-11-20T22:00:00.000Z");
        assert_eq!(Status::Cleaned.day(at), "CLEANED#2026-11-20");
    }

    #[test]
    fn a_status_is_parsed_in_any_case() {
        assert_eq!("cleaned".parse(), Ok(Status::Cleaned));
        assert!("clean".parse::<Status>().is_err());
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn no_retention_means_no_expiry() {
        assert_eq!(expires_at(Timestamp::UNIX_EPOCH, 0), None);
        assert_eq!(expires_at(Timestamp::UNIX_EPOCH, 2), Some(172_800));
    }
}
