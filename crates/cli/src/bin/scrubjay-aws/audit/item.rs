//! An audit item, as the table has it.

use jiff::Timestamp;
use scrubjay_pipeline::audit::{Event, ExifParts, Output, Reason, Removed, Source, Status};
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
    /// Who uploaded it, as S3 says: an AWS account, or the name of a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// The network address that it was uploaded from, where the stack's `SourceAddress` says `record`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_address: Option<String>,
    /// When S3 saw the upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uploaded_at: Option<Timestamp>,
    /// Bytes of the uploaded file, as S3 says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// How often it was tried: claims and redrives.
    #[serde(default)]
    pub attempts: u32,
    /// How often its execution was redriven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrives: Option<u32>,
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
    /// SHA-256 of the file, lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_sha256: Option<String>,
    /// Which sensitive parts its Exif segments had; absent from items of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exif: Option<ExifParts>,
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

    /// Bytes of the file, refused and failed ones too.
    pub fn bytes(&self) -> Option<u64> {
        self.source.as_ref().map(|source| source.size).or(self.size)
    }

    /// When it was uploaded, as far as is known: an older version's item says when its first execution began.
    pub fn uploaded(&self) -> Timestamp {
        self.uploaded_at
            .or(self.received_at)
            .unwrap_or(self.updated_at)
    }

    /// Whether metadata of this kind, or this part of Exif, was found in it.
    pub fn has(&self, kind: &str) -> bool {
        self.removed.iter().any(|removed| removed.kind == kind)
            || self
                .exif
                .is_some_and(|exif| exif.present().any(|part| part == kind))
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
