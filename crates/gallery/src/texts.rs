//! What people write about a photo.

use serde::{Deserialize, Deserializer, Serialize};

use crate::Error;

/// Characters of a title, at most.
pub const TITLE: usize = 200;
/// Characters of an alternative text, at most.
pub const ALT: usize = 1_000;
/// Tags of a photo, at most.
pub const TAGS: usize = 30;
/// Characters of a tag, at most.
pub const TAG: usize = 50;

/// Title, alternative text and tags. Plain text: whoever shows it escapes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// A title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is to be seen, for those who cannot see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// Tags, in the order in which they were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Texts {
    /// The same without white space around and without empty or repeated tags.
    ///
    /// # Errors
    /// [`Error::BadText`] with what is too long, or has control characters.
    pub fn checked(self) -> Result<Self, Error> {
        let title = line("the title", self.title, TITLE)?;
        let alt = line("the alternative text", self.alt, ALT)?;
        let mut tags: Vec<String> = Vec::new();
        for tag in self.tags {
            if let Some(tag) = line("a tag", Some(tag), TAG)?
                && !tags.contains(&tag)
            {
                tags.push(tag);
            }
        }
        if tags.len() > TAGS {
            return Err(Error::BadText(format!(
                "{} tags, the limit is {TAGS}",
                tags.len()
            )));
        }
        Ok(Self { title, alt, tags })
    }
}

fn line(what: &str, text: Option<String>, most: usize) -> Result<Option<String>, Error> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim();
    let length = text.chars().count();
    if length > most {
        return Err(Error::BadText(format!(
            "{what} has {length} characters, the limit is {most}"
        )));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Error::BadText(format!("{what} has a control character")));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A change of the texts: a field that is not there stays, one that is `null` goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// The new title; `Some(None)` takes it away.
    #[serde(default, deserialize_with = "present")]
    pub title: Option<Option<String>>,
    /// The new alternative text; `Some(None)` takes it away.
    #[serde(default, deserialize_with = "present")]
    pub alt: Option<Option<String>>,
    /// All tags anew.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
}

/// Tells `null` from a field that is not there.
#[allow(
    clippy::option_option,
    reason = "three answers: not there, null, a text"
)]
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

impl Patch {
    /// The texts after the change.
    ///
    /// # Errors
    /// [`Error::BadText`].
    pub fn apply(&self, texts: &Texts) -> Result<Texts, Error> {
        let changed = Texts {
            title: self.title.clone().unwrap_or_else(|| texts.title.clone()),
            alt: self.alt.clone().unwrap_or_else(|| texts.alt.clone()),
            tags: self.tags.clone().unwrap_or_else(|| texts.tags.clone()),
        };
        changed.checked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(json: &str) -> Patch {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_field_that_is_not_there_stays_and_null_goes() {
        let texts = Texts {
            title: Some("Sea".into()),
            alt: Some("Waves".into()),
            tags: vec!["a".into()],
        };
        let changed = patch(r#"{"title": null, "tags": [" b ", "b", ""]}"#).apply(&texts);
        let wanted = Texts {
            title: None,
            alt: Some("Waves".into()),
            tags: vec!["b".into()],
        };
        assert_eq!(changed.unwrap(), wanted);
        assert!(serde_json::from_str::<Patch>(r#"{"owner": "me"}"#).is_err());
    }

    #[test]
    fn what_is_too_long_is_said() {
        for (json, wanted) in [
            (
                format!(r#"{{"title": "{}"}}"#, "x".repeat(201)),
                "the title has 201 characters, the limit is 200",
            ),
            (
                format!(r#"{{"tags": ["{}"]}}"#, "x".repeat(300)),
                "a tag has 300 characters, the limit is 50",
            ),
            (
                r#"{"alt": "a\u0000"}"#.to_owned(),
                "the alternative text has a control character",
            ),
        ] {
            let error = patch(&json).apply(&Texts::default()).unwrap_err();
            assert_eq!(error.to_string(), wanted);
        }
    }
}
