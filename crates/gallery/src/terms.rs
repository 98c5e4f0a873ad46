//! Under which terms a photo is found.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use crate::{Error, Photo, State};

/// Terms of a photo, at most; words beyond are not indexed.
pub const MOST: usize = 200;
/// Bytes of a term's value, at most, after folding.
pub const LONGEST: usize = 100;
/// Beginnings of a file's name that are indexed, in characters. A longer beginning is looked up by the longest of these and
/// compared with the photo.
pub const PREFIXES: [usize; 6] = [2, 3, 4, 6, 9, 14];

/// One thing that a photo can be found by. Its text, `<kind>:<value>`, is part of a partition key, in which `#` separates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Term {
    /// Every published photo.
    All,
    /// Every photo in this state.
    State(State),
    /// Every photo of this uploader, in whatever state.
    Owner(String),
    /// Flagged by moderation and not released.
    Flagged,
    /// A label that the analysis has found, folded.
    Label(String),
    /// A tag, folded.
    Tag(String),
    /// A word of title, alternative text, tags, labels, writing in the picture, file name or year, folded.
    Word(String),
    /// A beginning of the file's name, folded.
    Name(String),
}

impl Term {
    /// A label, as it is looked up.
    ///
    /// # Errors
    /// [`Error::BadQuery`] when it is empty or too long.
    pub fn label(text: &str) -> Result<Self, Error> {
        value("a label", text).map(Self::Label)
    }

    /// A tag, as it is looked up.
    ///
    /// # Errors
    /// [`Error::BadQuery`] when it is empty or too long.
    pub fn tag(text: &str) -> Result<Self, Error> {
        value("a tag", text).map(Self::Tag)
    }

    /// An uploader.
    ///
    /// # Errors
    /// [`Error::BadQuery`] when it is empty or too long.
    pub fn owner(subject: &str) -> Result<Self, Error> {
        if subject.is_empty() || subject.len() > LONGEST {
            return Err(Error::BadQuery(format!(
                "an uploader's name has 1 to {LONGEST} bytes"
            )));
        }
        Ok(Self::Owner(subject.to_owned()))
    }

    /// The kind: what stands before the colon.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::State(_) => "state",
            Self::Owner(_) => "owner",
            Self::Flagged => "flagged",
            Self::Label(_) => "label",
            Self::Tag(_) => "tag",
            Self::Word(_) => "word",
            Self::Name(_) => "name",
        }
    }

    /// The value, as it is; empty for kinds that have none.
    pub fn value(&self) -> &str {
        match self {
            Self::All | Self::Flagged => "",
            Self::State(State::Awaited) => "awaited",
            Self::State(State::Published) => "published",
            Self::State(State::Unpublished) => "unpublished",
            Self::Owner(text)
            | Self::Label(text)
            | Self::Tag(text)
            | Self::Word(text)
            | Self::Name(text) => text,
        }
    }

    /// The value with `#` and `%` escaped, as keys of the table have it.
    pub fn escaped(&self) -> String {
        escape(self.value())
    }
}

/// `%` becomes `%25` and `#` becomes `%23`.
pub fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('#', "%23")
}

/// Undoes [`escape`].
pub fn unescape(text: &str) -> String {
    text.replace("%23", "#").replace("%25", "%")
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.escaped())
    }
}

impl FromStr for Term {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::BadQuery(format!("{text:?} is no term"));
        let (kind, value) = text.split_once(':').ok_or_else(bad)?;
        let value = unescape(value);
        Ok(match (kind, value.as_str()) {
            ("all", "") => Self::All,
            ("flagged", "") => Self::Flagged,
            ("state", "awaited") => Self::State(State::Awaited),
            ("state", "published") => Self::State(State::Published),
            ("state", "unpublished") => Self::State(State::Unpublished),
            ("owner", _) => Self::Owner(value),
            ("label", _) => Self::Label(value),
            ("tag", _) => Self::Tag(value),
            ("word", _) => Self::Word(value),
            ("name", _) => Self::Name(value),
            _ => return Err(bad()),
        })
    }
}

impl TryFrom<String> for Term {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.to_string()
    }
}

/// Lower case, without accents, with single spaces: what people type is compared in this form.
pub fn fold(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a text, folded: by Unicode's rules (<https://www.unicode.org/reports/tr29/>), and parted at `_` too, which those
/// take for a letter. Single Latin letters are left out.
pub fn words(text: &str) -> BTreeSet<String> {
    let folded = fold(text).replace('_', " ");
    folded
        .unicode_words()
        .flat_map(|word| word.split(['.', '\'', '’', ':']))
        .filter(|word| word.len() > 1 && word.len() <= LONGEST)
        .map(ToOwned::to_owned)
        .collect()
}

/// The beginning of `stem` that is indexed for a search by `prefix` characters.
pub fn indexed_prefix(prefix: &str) -> Option<String> {
    let length = prefix.chars().count();
    let indexed = PREFIXES.into_iter().rev().find(|p| *p <= length)?;
    Some(prefix.chars().take(indexed).collect())
}

/// A file's name without folders and without its ending, folded.
pub fn stem(photo: &Photo) -> String {
    let name = photo.name.as_deref().unwrap_or(&photo.key);
    let name = name.rsplit('/').next().unwrap_or_default();
    fold(name.rsplit_once('.').map_or(name, |(stem, _)| stem))
}

fn value(what: &str, text: &str) -> Result<String, Error> {
    let folded = fold(text);
    if folded.is_empty() {
        return Err(Error::BadQuery(format!("{what} must not be empty")));
    }
    if folded.len() > LONGEST {
        return Err(Error::BadQuery(format!(
            "{what} has {} bytes, the limit is {LONGEST}",
            folded.len()
        )));
    }
    Ok(folded)
}

/// The terms of a photo. One that is not published is found by its state and its uploader alone, so that nothing leads to a
/// picture that was taken back.
pub fn of(photo: &Photo) -> BTreeSet<Term> {
    let mut found = BTreeSet::from([Term::State(photo.state)]);
    found.extend(photo.owner.as_deref().and_then(|o| Term::owner(o).ok()));
    if photo.state != State::Published {
        return found;
    }
    found.insert(Term::All);
    if photo.is_flagged() {
        found.insert(Term::Flagged);
    }
    let analysis = photo.current_analysis();
    let labels = analysis.map_or(&[][..], |a| &a.labels);
    let texts = &photo.texts;
    found.extend(texts.tags.iter().filter_map(|tag| Term::tag(tag).ok()));
    found.extend(labels.iter().filter_map(|l| Term::label(&l.name).ok()));
    let stem = stem(photo);
    let characters = stem.chars().count();
    for length in PREFIXES.into_iter().filter(|p| *p <= characters) {
        found.insert(Term::Name(stem.chars().take(length).collect()));
    }
    let year = photo.position().month().to_string();
    let year = year.get(..4).unwrap_or_default();
    let parts = [
        texts.title.as_deref(),
        texts.alt.as_deref(),
        Some(&stem),
        Some(year),
    ];
    let parts = parts.into_iter().flatten();
    let parts = parts.chain(texts.tags.iter().map(String::as_str));
    let parts = parts.chain(labels.iter().map(|l| l.name.as_str()));
    let writing = analysis.map_or(&[][..], |a| &a.text);
    for word in parts
        .chain(writing.iter().map(|t| t.text.as_str()))
        .flat_map(words)
    {
        if found.len() >= MOST {
            break;
        }
        found.insert(Term::Word(word));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_folded() {
        assert_eq!(fold("  Été   à la PLAGE "), "ete a la plage");
        let found = words("IMG_4711.Beach-house, l'été 2026 東京");
        for word in ["img", "4711", "beach", "house", "ete", "2026"] {
            assert!(found.contains(word), "{word}: {found:?}");
        }
        assert!(!found.contains("l"));
    }

    #[test]
    fn a_term_reads_back_whatever_is_in_it() {
        for term in [
            Term::All,
            Term::Flagged,
            Term::State(State::Awaited),
            Term::label("50 % off #1").unwrap(),
            Term::tag("%23").unwrap(),
            Term::Owner("a:b".into()),
        ] {
            let text = term.to_string();
            assert!(!text.contains('#'), "{text}");
            assert_eq!(text.parse::<Term>().unwrap(), term);
        }
    }

    #[test]
    fn a_label_that_is_too_long_is_refused_and_said_why() {
        let error = Term::label(&"x".repeat(300)).unwrap_err();
        assert_eq!(error.to_string(), "a label has 300 bytes, the limit is 100");
        assert!(Term::label(" ").is_err());
    }

    #[test]
    fn nothing_leads_to_what_was_taken_back() {
        let date = "2026-11-24T10:00:00Z".parse().unwrap();
        let mut photo = Photo::new("u/me/beach.jpg", State::Published, date);
        photo.owner = Some("me".into());
        photo.texts.title = Some("Sea".into());
        photo.texts.tags = vec!["Holiday".into()];
        let published = photo.wanted_terms();
        for term in [
            "all:",
            "owner:me",
            "tag:holiday",
            "word:sea",
            "word:beach",
            "word:2026",
            "name:bea",
        ] {
            assert!(
                published.contains(&term.parse().unwrap()),
                "{term}: {published:?}"
            );
        }
        photo.state = State::Unpublished;
        let left: Vec<String> = photo
            .wanted_terms()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(left, ["state:unpublished", "owner:me"]);
    }
}
