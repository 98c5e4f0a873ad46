//! What the audit table says of an upload: kinds, counts, reasons and times, never a metadata value.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use scrubjay_jpeg::Report;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::upload::{Upload, hex};

/// Number of partitions of the index by-status over which the items of one day and one frequent status are spread
/// ([`Status::is_sharded`]). One partition takes 1,000 write units a second, and an index that cannot keep up throttles its
/// table (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>). The state Claim of
/// `statemachine/scrub.asl.json` uses the same number; a test compares the two.
pub const SHARDS: u8 = 16;

/// The status of an upload.
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
    /// Its execution failed, timed out or was aborted; an operator can redrive it.
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

    /// Whether the items of a day with this status are spread over [`SHARDS`] partitions. This is true for the frequent
    /// statuses. Items with any other status are few and are queried by hand, so they have one partition a day.
    pub const fn is_sharded(self) -> bool {
        matches!(self, Self::Processing | Self::Cleaned | Self::Superseded)
    }

    /// Partition key of the index by-status for an object's item: `<status>#<yyyy-mm-dd>`, UTC, followed by `#<shard>` if the
    /// status is sharded.
    pub fn partition(self, at: Timestamp, object: &str) -> String {
        let day = self.day(at);
        if self.is_sharded() {
            format!("{day}#{:02}", shard(object))
        } else {
            day
        }
    }

    /// Every partition in which an item of this day may be. The partition without a shard is always among them, because earlier
    /// versions of scrubjay used it for every status.
    pub fn partitions(self, day: Timestamp) -> Vec<String> {
        let day = self.day(day);
        let shards = if self.is_sharded() { SHARDS } else { 0 };
        let shards = (0..shards).map(|shard| format!("{day}#{shard:02}"));
        shards.chain([day.clone()]).collect()
    }

    fn day(self, at: Timestamp) -> String {
        let at = stamp(at);
        format!("{}#{}", self.as_str(), at.get(..10).unwrap_or(&at))
    }
}

/// Partition key of the item that remains after an object's items were erased. It contains a digest instead of the object's
/// name, and no slash, so that it cannot be an object's key.
pub fn tombstone(object: &str) -> String {
    format!("erased-{}", hex(&Sha256::digest(object.as_bytes())))
}

/// The shard of an object: the first hexadecimal digit of the SHA-256 of its name in the table.
fn shard(object: &str) -> u8 {
    let digest = Sha256::digest(object.as_bytes());
    digest.first().map_or(0, |byte| byte >> 4) % SHARDS
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

/// A kind of metadata that was removed: that it was there and how much of it, never what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// What it was, such as `exif` or `trailer-mp4`.
    pub kind: String,
    /// How many pieces of this kind.
    pub count: u64,
    /// How many bytes in all.
    pub bytes: u64,
}

/// Which sensitive parts the Exif segments of a file had: presence only. All are false where there is no Exif.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExifParts {
    /// A GPS IFD: the place where it was taken.
    pub gps: bool,
    /// A maker note: the camera maker's own block, which often has serial numbers.
    pub maker_note: bool,
    /// A thumbnail: a small copy of the picture, often from before it was cropped.
    pub thumbnail: bool,
}

impl ExifParts {
    /// The names of the parts, in the order of [`ExifParts::present`]: what `--kind` takes beside the kinds themselves.
    pub const NAMES: [&'static str; 3] = ["exif.gps", "exif.makerNote", "exif.thumbnail"];

    /// Which of [`ExifParts::NAMES`] are there.
    pub fn present(self) -> impl Iterator<Item = &'static str> {
        let there = [self.gps, self.maker_note, self.thumbnail];
        let names = Self::NAMES.into_iter().zip(there);
        names.filter_map(|(name, there)| there.then_some(name))
    }
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
    /// Exif's sensitive parts. `None` in items of earlier versions of scrubjay, which did not record them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exif: Option<ExifParts>,
    /// SHA-256 of the source file, in lower-case hexadecimal. `None` if only the beginning of the file was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_sha256: Option<String>,
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
            exif: Some(
                report
                    .exif
                    .map_or_else(ExifParts::default, |parts| ExifParts {
                        gps: parts.gps,
                        maker_note: parts.maker_note,
                        thumbnail: parts.thumbnail,
                    }),
            ),
            source_sha256: None,
        }
    }

    /// Adds the SHA-256 of the source file.
    #[must_use]
    pub fn with_content(mut self, source: &[u8]) -> Self {
        self.source_sha256 = Some(hex(&Sha256::digest(source)));
        self
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
    /// The message in a Lambda error's cause (`{"errorMessage", "errorType", ...}`), or the cause itself, cut to 1,000
    /// characters.
    pub fn message(cause: &str) -> String {
        let told = serde_json::from_str::<Value>(cause).ok();
        let told = told
            .as_ref()
            .and_then(|c| c.get("errorMessage"))
            .and_then(Value::as_str);
        told.unwrap_or(cause).chars().take(1_000).collect()
    }
}

/// The end of an upload, to be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The upload.
    pub upload: Upload,
    /// How it ended.
    pub status: Status,
    /// What Strip found and did, if it came that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Findings>,
    /// The clean file in bucket B, if it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Why it was not published, if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
    /// When the execution ended, if it failed. This distinguishes a repeated event about one failure from a second failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// How often the execution was redriven. Each redrive counts as an attempt.
    #[serde(default)]
    pub redrives: u32,
}

/// The source of our own events.
pub const SOURCE: &str = "scrubjay";
/// The detail type of the event that says how an upload ended.
pub const SETTLED: &str = "Upload Settled";

/// The detail of the event [`SETTLED`]: the object's name and the kinds of metadata that were found, never a value from the
/// file.
pub fn settled(outcome: &Outcome) -> Value {
    let upload = &outcome.upload;
    let mut kinds: Vec<String> = Vec::new();
    if let Some(findings) = &outcome.findings {
        kinds.extend(findings.removed.iter().map(|removed| removed.kind.clone()));
        let parts = findings.exif.unwrap_or_default();
        kinds.extend(parts.present().map(ToOwned::to_owned));
    }
    let mut detail = json!({
        "bucket": upload.bucket, "key": upload.key, "etag": upload.etag, "status": outcome.status, "kinds": kinds,
        "execution": upload.execution,
    });
    if let Some(version) = &upload.version_id {
        detail["versionId"] = version.as_str().into();
    }
    if let Some(error) = &outcome.error {
        detail["error"] = error.name.as_str().into();
    }
    detail
}

/// One line of an item's append-only history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When the status changed.
    pub at: String,
    /// The new status.
    pub status: Status,
    /// The execution that set it.
    pub execution: String,
}

/// When an item expires, in seconds since 1970, which is the format of DynamoDB's TTL; `None` keeps it for ever.
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
    }

    #[test]
    fn masses_are_spread_and_what_is_asked_for_by_hand_is_not() {
        let at: Timestamp = "2026-11-20T22:00:00Z".parse().unwrap();
        assert_eq!(Status::Failed.partition(at, "a/k"), "FAILED#2026-11-20");
        assert_eq!(Status::Failed.partitions(at), ["FAILED#2026-11-20"]);
        let mut used = std::collections::BTreeSet::new();
        for n in 0..1_000 {
            let partition = Status::Cleaned.partition(at, &format!("a/{n}.jpg"));
            assert!(
                Status::Cleaned.partitions(at).contains(&partition),
                "{partition}"
            );
            used.insert(partition);
        }
        assert_eq!(used.len(), usize::from(SHARDS));
        // Items of versions without shards are found as well.
        let all = Status::Cleaned.partitions(at);
        assert_eq!(
            (all.len(), all.last().unwrap().as_str()),
            (17, "CLEANED#2026-11-20")
        );
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
    fn an_announcement_names_kinds_and_no_value() {
        let outcome: Outcome = serde_json::from_value(json!({
            "upload": {"bucket": "a", "key": "k", "etag": "e", "versionId": "v", "execution": "x"}, "status": "REJECTED",
            "findings": {
                "source": {"size": 9, "mediaType": "image/jpeg", "width": 1, "height": 1, "components": 1, "process": "baseline"},
                "removed": [{"kind": "exif", "count": 1, "bytes": 4}], "kept": [], "repaired": [], "orientation": "none",
                "exif": {"gps": true},
            },
            "error": {"name": "CorruptJpeg", "message": "canary", "state": "Strip"},
        }))
        .unwrap();
        assert_eq!(
            settled(&outcome),
            json!({
                "bucket": "a", "key": "k", "etag": "e", "versionId": "v", "execution": "x", "status": "REJECTED",
                "error": "CorruptJpeg", "kinds": ["exif", "exif.gps"],
            })
        );
    }

    #[test]
    fn no_retention_means_no_expiry() {
        assert_eq!(expires_at(Timestamp::UNIX_EPOCH, 0), None);
        assert_eq!(expires_at(Timestamp::UNIX_EPOCH, 2), Some(172_800));
    }
}
