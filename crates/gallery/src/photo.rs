//! What the catalogue knows of a photo.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::terms::{self, Term};
use crate::{PhotoId, Position, Texts};

/// How a photo stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Somebody announced it; bucket B does not have it yet.
    Awaited,
    /// Bucket B has it.
    Published,
    /// Bucket B had it and has it no more.
    Unpublished,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Awaited, Self::Published, Self::Unpublished];

    /// The word in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Awaited => "AWAITED",
            Self::Published => "PUBLISHED",
            Self::Unpublished => "UNPUBLISHED",
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                format!(
                    "{text:?} is none of {}",
                    Self::ALL.map(Self::as_str).join(", ")
                )
            })
    }
}

/// A photo: the item `photo` of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Photo {
    /// Its name in addresses; follows from the key.
    pub id: PhotoId,
    /// Its key, the same in bucket A and bucket B.
    pub key: String,
    /// Counts changes of this item. Every change is a compare-and-set on it.
    pub rev: u64,
    /// How it stands.
    pub state: State,
    /// Its place in searches: when it was announced, or first seen in bucket B. Stays the same when it is overwritten.
    pub date: Timestamp,
    /// When this item last changed.
    pub updated_at: Timestamp,
    /// Who uploaded it: the subject of their token. `None` when it did not come by the gallery's upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The file's name on the uploader's side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What people wrote about it.
    #[serde(flatten)]
    pub texts: Texts,
    /// What bucket B holds, while it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
    /// What the analysis of that picture found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// An operator has looked at a flagged picture and lets it be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
    /// The terms under which the index lists the photo now.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub terms: BTreeSet<Term>,
    /// When the item may be forgotten, in seconds since 1970; never, while it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// The clean photo in bucket B and what was made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// ETag in bucket B, without quotes.
    pub etag: String,
    /// Bytes in bucket B.
    pub bytes: u64,
    /// When bucket B got it.
    pub at: Timestamp,
    /// Samples per line; 0 when that is not known.
    pub width: u32,
    /// Lines; 0 when that is not known.
    pub height: u32,
    /// A thumbhash (<https://evanw.github.io/thumbhash/>), base64: some 25 bytes that draw a blurred picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbhash: Option<String>,
    /// Dominant colours, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub colours: Vec<Colour>,
    /// Smaller copies in the derivatives bucket, the narrowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derivatives: Vec<Derivative>,
    /// How derivatives were made: widths and quality. Another recipe makes them again.
    #[serde(default)]
    pub recipe: String,
    /// Why there are no derivatives. The clean photo itself can still be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_derived: Option<Reason>,
}

/// A colour and its share of the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Colour {
    /// `#rrggbb`, sRGB.
    pub hex: String,
    /// Share of the picture in percent.
    pub percent: f32,
}

/// A smaller copy of a photo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivative {
    /// Key in the derivatives bucket: `<width>/<key>`.
    pub key: String,
    /// Samples per line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Bytes.
    pub bytes: u64,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A name to match on, such as `UnsupportedJpeg`, `NotClean` or `KeyTooLong`.
    pub name: String,
    /// A sentence; never file contents.
    pub message: String,
}

/// What Rekognition said of the picture with this ETag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// The ETag of the picture that was looked at.
    pub etag: String,
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What is to be seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
    /// Moderation labels: content that may be unsuitable for some viewers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moderation: Vec<Label>,
    /// Writing in the picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<FoundText>,
    /// Which models answered, such as `labels 3.0`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Why Rekognition did not take the picture, such as `ImageTooLargeException`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_analysed: Vec<String>,
    /// A moderation label passed the threshold.
    #[serde(default)]
    pub flagged: bool,
}

/// A label, in Rekognition's spelling
/// (<https://docs.aws.amazon.com/rekognition/latest/APIReference/API_Label.html>).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// The word.
    #[serde(rename = "Name")]
    pub name: String,
    /// Percent.
    #[serde(rename = "Confidence")]
    pub confidence: f32,
}

/// A line of writing
/// (<https://docs.aws.amazon.com/rekognition/latest/APIReference/API_TextDetection.html>).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundText {
    /// What it says.
    #[serde(rename = "DetectedText")]
    pub text: String,
    /// Percent.
    #[serde(rename = "Confidence")]
    pub confidence: f32,
}

/// An operator's word about a flagged picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// The ETag of the picture that was released; another picture under the key is not.
    pub etag: String,
    /// When.
    pub at: Timestamp,
    /// By whom: the subject of their token.
    pub by: String,
}

/// The key of a photo that is uploaded by the gallery: below its owner, the subject of their token.
pub fn owned_key(owner: &str, name: &str) -> String {
    format!("u/{owner}/{name}.jpg")
}

/// The owner that a key of [`owned_key`] names; `None` for any other key.
pub fn owner_of(key: &str) -> Option<&str> {
    let (owner, name) = key.strip_prefix("u/")?.split_once('/')?;
    let name = name.strip_suffix(".jpg")?;
    let own = !owner.is_empty() && !name.is_empty() && !name.contains('/');
    own.then_some(owner)
}

impl Photo {
    /// A photo of which nothing is known but its key.
    pub fn new(key: &str, state: State, date: Timestamp) -> Self {
        Self {
            id: PhotoId::of(key),
            key: key.to_owned(),
            rev: 0,
            state,
            date,
            updated_at: date,
            owner: None,
            name: None,
            texts: Texts::default(),
            published: None,
            analysis: None,
            released: None,
            terms: BTreeSet::new(),
            expires_at: None,
        }
    }

    /// Its place in searches.
    pub fn position(&self) -> Position {
        Position::new(self.date, self.id)
    }

    /// The analysis of the picture that bucket B holds; what was found in an earlier picture does not count.
    pub fn current_analysis(&self) -> Option<&Analysis> {
        let etag = &self.published.as_ref()?.etag;
        self.analysis
            .as_ref()
            .filter(|analysis| analysis.etag == *etag)
    }

    /// Whether a moderation label passed the threshold and no operator has released the picture.
    pub fn is_flagged(&self) -> bool {
        self.current_analysis().is_some_and(|a| a.flagged)
            && self.released.as_ref().map(|r| &r.etag) != self.published.as_ref().map(|p| &p.etag)
    }

    /// The terms under which the index should list the photo; [`Photo::terms`] has those under which it does.
    pub fn wanted_terms(&self) -> BTreeSet<Term> {
        terms::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_owner() {
        assert_eq!(owner_of(&owned_key("me", "beach")), Some("me"));
        for other in [
            "u/me/holiday/beach.jpg",
            "u//beach.jpg",
            "u/me/.jpg",
            "u/me/beach.jpeg",
            "v/me/beach.jpg",
            "u/me",
        ] {
            assert_eq!(owner_of(other), None, "{other}");
        }
    }
}
