//! What is asked of the catalogue.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use crate::terms::{self, Term};
use crate::{Error, Photo, Position, State};

/// Photos of a page, at most.
pub const PAGE_LIMIT: usize = 100;
/// Terms of a query, at most.
const TERMS: usize = 8;
/// Terms that the index intersects, at most. Each photo that is found is then compared with the other terms.
pub(crate) const DRIVING: usize = 3;

/// A search: all terms must hold, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    terms: BTreeSet<Term>,
    /// A prefix of the file's name, if it is longer than the prefixes that the index has.
    name: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    hide_flagged: bool,
}

impl Query {
    /// The words of `text`; every published photo when there are none.
    ///
    /// # Errors
    /// [`Error::BadQuery`] for too many words, or for a text in which nothing can be looked up.
    pub fn new(text: &str) -> Result<Self, Error> {
        let words = terms::words(text);
        if words.is_empty() && !text.trim().is_empty() {
            return Err(Error::BadQuery(
                "there is no word of two characters or more in it".into(),
            ));
        }
        let mut query = Self::default();
        for word in words {
            query = query.with(Term::Word(word))?;
        }
        Ok(query)
    }

    /// Adds a term.
    ///
    /// # Errors
    /// [`Error::BadQuery`] for too many.
    pub fn with(mut self, term: Term) -> Result<Self, Error> {
        self.terms.insert(term);
        if self.terms.len() > TERMS {
            return Err(Error::BadQuery(format!(
                "more than {TERMS} words, labels and tags"
            )));
        }
        Ok(self)
    }

    /// Only photos with this label of the analysis.
    ///
    /// # Errors
    /// [`Error::BadQuery`] when it is empty or too long.
    pub fn label(self, label: &str) -> Result<Self, Error> {
        self.with(Term::label(label)?)
    }

    /// Only photos with this tag.
    ///
    /// # Errors
    /// [`Error::BadQuery`] when it is empty or too long.
    pub fn tag(self, tag: &str) -> Result<Self, Error> {
        self.with(Term::tag(tag)?)
    }

    /// Only photos of this uploader, in whatever state.
    ///
    /// # Errors
    /// [`Error::BadQuery`] when it is empty or too long.
    pub fn owner(self, subject: &str) -> Result<Self, Error> {
        self.with(Term::owner(subject)?)
    }

    /// Only photos in this state.
    ///
    /// # Errors
    /// [`Error::BadQuery`] for too many terms.
    pub fn state(self, state: State) -> Result<Self, Error> {
        self.with(Term::State(state))
    }

    /// Only photos whose file name begins so, folders and case aside.
    ///
    /// # Errors
    /// [`Error::BadQuery`] for fewer than two characters.
    pub fn name(mut self, beginning: &str) -> Result<Self, Error> {
        let beginning = terms::fold(beginning);
        let indexed = terms::indexed_prefix(&beginning).ok_or_else(|| {
            Error::BadQuery("the beginning of a file's name needs two characters or more".into())
        })?;
        if indexed != beginning {
            self.name = Some(beginning);
        }
        self.with(Term::Name(indexed))
    }

    /// Only photos of this time or later, and of that time or earlier.
    ///
    /// # Errors
    /// [`Error::BadQuery`] when the end comes before the beginning.
    pub fn between(
        mut self,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Self, Error> {
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(Error::BadQuery("the end comes before the beginning".into()));
        }
        (self.from, self.to) = (from, to);
        Ok(self)
    }

    /// Leaves out what is flagged and not released: `OnFlagged = withhold`.
    #[must_use]
    pub fn hide_flagged(mut self, hide: bool) -> Self {
        self.hide_flagged = hide;
        self
    }

    /// Whether a photo is what is asked for: the meaning of a query, without an index.
    pub fn matches(&self, photo: &Photo) -> bool {
        let terms = photo.wanted_terms();
        let all = BTreeSet::from([Term::All]);
        let wanted = if self.terms.is_empty() {
            &all
        } else {
            &self.terms
        };
        wanted.iter().all(|term| terms.contains(term))
            && self
                .name
                .as_ref()
                .is_none_or(|name| terms::stem(photo).starts_with(name))
            && (self.lowest()..=self.highest()).contains(&photo.position())
            && !(self.hide_flagged && photo.is_flagged())
    }

    /// The terms that the index intersects: at most three, and first those that usually have the fewest photos.
    pub(crate) fn driving(&self) -> Vec<Term> {
        let mut terms: Vec<Term> = self.terms.iter().cloned().collect();
        terms.sort_by_key(|term| match term {
            Term::Tag(_) => 0,
            Term::Label(_) => 1,
            Term::Word(word) if word.bytes().all(|b| b.is_ascii_digit()) => 4,
            Term::Word(_) => 2,
            Term::Owner(_) => 3,
            Term::Flagged => 5,
            Term::Name(_) => 6,
            Term::State(_) => 7,
            Term::All => 8,
        });
        terms.truncate(DRIVING);
        if terms.is_empty() {
            terms.push(Term::All);
        }
        terms
    }

    /// The last place that can be an answer.
    pub(crate) fn lowest(&self) -> Position {
        Position::first_at(self.from.unwrap_or(EARLIEST))
    }

    /// The first place that can be an answer.
    pub(crate) fn highest(&self) -> Position {
        Position::last_at(self.to.unwrap_or(LATEST))
    }
}

/// Years of four digits, so that string order is the order of time.
const EARLIEST: Timestamp = Timestamp::UNIX_EPOCH;
/// 9999-12-30.
const LATEST: Timestamp = Timestamp::constant(253_402_200_000, 0);

/// One text for one query: what a cursor is bound to.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for term in &self.terms {
            write!(f, "{term}#")?;
        }
        write!(
            f,
            "name {} from {} to {} hide {}",
            terms::escape(self.name.as_deref().unwrap_or_default()),
            self.lowest().entry(),
            self.highest().entry(),
            self.hide_flagged
        )
    }
}
