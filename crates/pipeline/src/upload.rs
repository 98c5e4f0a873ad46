//! What an upload is: bucket, key, ETag, version and place in the order of its key.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;

/// S3's `sequencer`, padded so that plain string order is event order for one key.
///
/// S3 says: right-pad the shorter of two with zeros to equal length, then compare as strings
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>). All are padded to one fixed
/// width, so that a DynamoDB condition can compare them too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sequencer(String);

impl Sequencer {
    /// Characters of the padded form. S3's sequencers have 16 to 18 hexadecimal digits today and may become longer.
    pub const WIDTH: usize = 64;
}

impl TryFrom<String> for Sequencer {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        if text.is_empty()
            || text.len() > Self::WIDTH
            || !text.bytes().all(|b| b.is_ascii_hexdigit())
        {
            return Err(Error::BadEvent(
                "sequencer is not 1 to 64 hexadecimal digits".into(),
            ));
        }
        Ok(Self(format!(
            "{:0<width$}",
            text.to_ascii_uppercase(),
            width = Self::WIDTH
        )))
    }
}

impl From<Sequencer> for String {
    fn from(sequencer: Sequencer) -> Self {
        sequencer.0
    }
}

impl AsRef<str> for Sequencer {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// One upload, as the state machine hands it to every function: the event's object and the execution that works on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// Bucket A.
    pub bucket: String,
    /// The object's key, raw: never URL-decoded.
    pub key: String,
    /// The ETag that the event named, without quotes.
    pub etag: String,
    /// The version id, if bucket A is versioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The place of the event in the order of the key's events; some events have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<Sequencer>,
    /// Size in bytes, if the event names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// When S3 received the upload, according to the event, in RFC 3339 format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_time: Option<String>,
    /// Who uploaded it, according to S3: an AWS account, or the name of a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// ARN of the Step Functions execution.
    pub execution: String,
}

impl Upload {
    /// Decodes a function's input.
    ///
    /// # Errors
    /// [`Error::BadEvent`] when a field is missing or of the wrong type; the text names the field, not the value.
    pub fn decode(value: &Value) -> Result<Self, Error> {
        decode(value)
    }

    /// Reads an *Object Created* event, as EventBridge delivers it
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>).
    ///
    /// # Errors
    /// [`Error::BadEvent`].
    pub fn from_event(event: &Value, execution: &str) -> Result<Self, Error> {
        let S3Event { time, detail } = decode(event)?;
        Ok(Self {
            requester: detail.requester,
            bucket: detail.bucket.name,
            key: detail.object.key,
            etag: detail.object.etag,
            version_id: detail.object.version_id,
            sequencer: detail.object.sequencer,
            size: detail.object.size,
            event_time: time,
            execution: execution.to_owned(),
        })
    }

    /// The audit table's partition key: `<bucket>/<key>`.
    pub fn object(&self) -> String {
        object(&self.bucket, &self.key)
    }

    /// The audit table's sort key.
    pub fn entry(&self) -> String {
        entry(&self.etag, self.version_id.as_deref())
    }
}

#[derive(Deserialize)]
struct S3Event {
    #[serde(default)]
    time: Option<String>,
    detail: S3Detail,
}

#[derive(Deserialize)]
struct S3Detail {
    bucket: S3Bucket,
    object: S3Object,
    #[serde(default)]
    requester: Option<String>,
}

#[derive(Deserialize)]
struct S3Bucket {
    name: String,
}

#[derive(Deserialize)]
struct S3Object {
    key: String,
    etag: String,
    #[serde(default, rename = "version-id")]
    version_id: Option<String>,
    #[serde(default)]
    sequencer: Option<Sequencer>,
    #[serde(default)]
    size: Option<u64>,
}

/// The audit table's partition key: `<bucket>/<key>`.
pub fn object(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}")
}

/// The audit table's sort key of an upload: `upload#<etag>`, with `#<versionId>` where there is one.
pub fn entry(etag: &str, version_id: Option<&str>) -> String {
    match version_id {
        Some(version) => format!("upload#{etag}#{version}"),
        None => format!("upload#{etag}"),
    }
}

/// Which keys the pipeline takes, by their endings in any case: the parameter `Suffixes` of `template.yaml`, whose rules and state
/// machines name the same endings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Suffixes {
    /// `jpeg`: `.jpg`, `.jpeg` and `.jpe`.
    #[default]
    Jpeg,
    /// `jpeg-and-jfif`: `.jfif`, `.jif` and `.jfi` as well.
    JpegAndJfif,
}

impl Suffixes {
    /// The endings, in lower case.
    pub const fn list(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &[".jpg", ".jpeg", ".jpe"],
            Self::JpegAndJfif => &[".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".jfi"],
        }
    }

    /// Whether a key has one of the endings.
    pub fn take(self, key: &str) -> bool {
        self.list().iter().any(|suffix| {
            let start = key.len().checked_sub(suffix.len());
            start
                .and_then(|start| key.get(start..))
                .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        })
    }
}

impl FromStr for Suffixes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "jpeg" => Ok(Self::Jpeg),
            "jpeg-and-jfif" => Ok(Self::JpegAndJfif),
            other => Err(format!("{other:?} is neither jpeg nor jpeg-and-jfif")),
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Decodes a function's input. A failure keeps our own error name, which Step Functions reports.
///
/// # Errors
/// [`Error::BadEvent`], with serde's description of the first field that does not fit.
pub fn decode<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|e| Error::BadEvent(e.to_string()))
}

/// The clean file in the staging bucket, between Strip and Publish.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Staged {
    /// Key in the staging bucket.
    pub key: String,
    /// Lower-case hexadecimal SHA-256 of the bytes.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

impl fmt::Display for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} ({})", self.bucket, self.key, self.etag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequencer(text: &str) -> Sequencer {
        Sequencer::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn sequencers_compare_right_padded() {
        assert!(sequencer("0055AED6DCD90281E5") < sequencer("0055AED6DCD90281E6"));
        assert!(sequencer("0055") < sequencer("005501"));
        assert!(sequencer("0055FF") > sequencer("0055AED6DCD90281E5"));
        assert_eq!(sequencer("0055"), sequencer("005500"));
        assert_eq!(sequencer("00ab"), sequencer("00AB"));
    }

    #[test]
    fn what_is_no_sequencer_is_a_bad_event() {
        for text in ["", "xyz", "12 34", &"1".repeat(65)] {
            assert!(matches!(
                Sequencer::try_from(text.to_owned()),
                Err(Error::BadEvent(_))
            ));
        }
    }

    #[test]
    fn an_event_names_its_upload() {
        let event =
            serde_json::from_str(include_str!("../../../events/object-created.json")).unwrap();
        let upload = Upload::from_event(&event, "arn").unwrap();
        assert_eq!(
            upload.object(),
            "scrubjay-dev-source/holiday/beach + sea.jpg"
        );
        assert_eq!(upload.size, Some(482_113));
        assert!(matches!(
            Upload::from_event(&Value::Null, "arn"),
            Err(Error::BadEvent(_))
        ));
    }

    #[test]
    fn a_jpeg_is_known_by_its_ending_in_any_case() {
        for key in ["a.jpg", "A.JPG", "x/y.JpEg", "é.jpe", ".jpg"] {
            assert!(Suffixes::Jpeg.take(key), "{key}");
        }
        for key in ["", "jpg", "a.jpg/", "a.jpgx", "a.png", "a.ĵpg", "xé"] {
            assert!(!Suffixes::JpegAndJfif.take(key), "{key}");
        }
        for key in ["a.jfif", "A.JIF", ".jfi"] {
            assert!(!Suffixes::Jpeg.take(key), "{key}");
            assert!(Suffixes::JpegAndJfif.take(key), "{key}");
        }
    }

    #[test]
    fn a_version_is_part_of_the_entry() {
        assert_eq!(entry("e", None), "upload#e");
        assert_eq!(entry("e", Some("v")), "upload#e#v");
    }
}
