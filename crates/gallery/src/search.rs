//! Answers a query from an index: intersects lists of places, and skips what cannot match.
//!
//! Each term's places form a list from the newest down. The search keeps one place, the *candidate*, and lets the terms seek to it
//! in turn: a term answers with its own first place at or below it. When all answer with the candidate it is a hit; when one
//! answers with a lower place, that is the next candidate, and what lies between is never read. A seek is one query of the
//! table at most (plus one for each month that turns out empty), so the work follows the number of leaps, not the number of
//! photos.
//!
//! Two frequent terms that seldom meet need many leaps. A page therefore asks at most [`QUERIES`] times and then ends early, with
//! a cursor: a page may be short, or empty, and only one without a cursor is the last.

use std::collections::VecDeque;

use crate::{Cursor, Error, Index, Month, PAGE_LIMIT, Photo, Position, Query, Term};

/// Requests to the index that one page may cost.
pub const QUERIES: usize = 60;
/// Places asked for at once, when terms are intersected: 40 of some 100 bytes are half a read unit.
const LEAP: usize = 40;
/// Photos that are compared one by one are read by so many at least.
const SIFTED: usize = 25;

/// A page of answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The photos, newest first.
    pub photos: Vec<Photo>,
    /// Where the next page begins; none after the last.
    pub cursor: Option<Cursor>,
    /// Requests to the index that it took.
    pub queries: usize,
}

/// Answers `query`: up to `size` photos (at most [`PAGE_LIMIT`]) from where `cursor` says.
///
/// Photos that changed between two pages may be missed or come twice, as everywhere where pages are read one after the other; a
/// photo that does not match any more is never shown.
///
/// # Errors
/// [`Error::BadCursor`], [`Error::BadQuery`] for a size of 0 or above the limit, and what the index reports.
pub async fn search<I: Index + Sync>(
    index: &I,
    query: &Query,
    cursor: Option<&Cursor>,
    size: usize,
) -> Result<Page, Error> {
    if size == 0 || size > PAGE_LIMIT {
        return Err(Error::BadQuery(format!(
            "a page has 1 to {PAGE_LIMIT} photos"
        )));
    }
    let mut next = query.highest();
    if let Some(cursor) = cursor {
        next = next.min(cursor.place(query)?);
    }
    let mut intersection = Intersection::open(index, query, size).await?;
    let mut photos: Vec<Photo> = Vec::with_capacity(size);
    let mut wanted = size;
    loop {
        let (hits, rest) = intersection.run(next, wanted).await?;
        let mut found = intersection.photos(&hits).await?;
        // An entry of the index may be older than its photo: only the photo itself counts.
        found.retain(|photo| hits.contains(&photo.position()) && query.matches(photo));
        found.sort_by_key(|photo| std::cmp::Reverse(photo.position()));
        // A place that is left over from another date leads to the same photo as its own.
        found.dedup_by_key(|photo| photo.id);
        photos.append(&mut found);
        if let Some(beyond) = photos.get(size) {
            let cursor = Some(Cursor::new(query, beyond.position()));
            photos.truncate(size);
            return Ok(Page {
                photos,
                cursor,
                queries: intersection.queries,
            });
        }
        let more = match rest {
            Rest::None => None,
            Rest::From(place) if photos.len() < size && intersection.may_ask() => {
                next = place;
                // Photos that are compared one by one are read in larger batches, which saves requests.
                wanted = (size - photos.len()).max(SIFTED);
                continue;
            }
            Rest::From(place) => Some(Cursor::new(query, place)),
        };
        return Ok(Page {
            photos,
            cursor: more,
            queries: intersection.queries,
        });
    }
}

/// What is left after a run.
enum Rest {
    /// Nothing.
    None,
    /// Perhaps something, from here.
    From(Position),
}

struct Intersection<'a, I> {
    index: &'a I,
    lists: Vec<List>,
    lowest: Position,
    /// Places to ask for at once.
    batch: usize,
    queries: usize,
}

/// The places of one term, as far as they are known.
struct List {
    term: Term,
    /// Months with entries, the latest last.
    months: Vec<Month>,
    /// Places that were read and not yet passed, descending.
    read: VecDeque<Position>,
    /// Everything of the current month has been read.
    month_done: bool,
}

impl<'a, I: Index + Sync> Intersection<'a, I> {
    async fn open(index: &'a I, query: &Query, size: usize) -> Result<Self, Error> {
        let terms = query.driving();
        let months = match terms.as_slice() {
            [one, two, three] => {
                let (one, two, three) =
                    tokio::try_join!(index.months(one), index.months(two), index.months(three))?;
                vec![one, two, three]
            }
            [one, two] => {
                let (one, two) = tokio::try_join!(index.months(one), index.months(two))?;
                vec![one, two]
            }
            one => vec![match one.first() {
                Some(term) => index.months(term).await?,
                None => Vec::new(),
            }],
        };
        let lists: Vec<List> = terms
            .into_iter()
            .zip(months)
            .map(|(term, mut months)| {
                months.sort_unstable();
                months.dedup();
                List {
                    term,
                    months,
                    read: VecDeque::new(),
                    month_done: false,
                }
            })
            .collect();
        Ok(Self {
            index,
            queries: lists.len(),
            // One term alone is read as it comes: a page, and one more to know whether there is another.
            batch: if lists.len() == 1 { size + 1 } else { LEAP },
            lists,
            lowest: query.lowest(),
        })
    }

    fn may_ask(&self) -> bool {
        self.queries < QUERIES
    }

    async fn photos(&mut self, hits: &[Position]) -> Result<Vec<Photo>, Error> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        self.queries += 1;
        let ids: Vec<_> = hits.iter().map(|place| place.id()).collect();
        self.index.photos(&ids).await
    }

    /// Up to `wanted` hits at or below `from`.
    async fn run(&mut self, from: Position, wanted: usize) -> Result<(Vec<Position>, Rest), Error> {
        let mut hits = Vec::new();
        let mut candidate = from;
        let mut agreeing = 0;
        let mut turn = 0;
        loop {
            if candidate < self.lowest {
                return Ok((hits, Rest::None));
            }
            if hits.len() == wanted || !self.may_ask() {
                return Ok((hits, Rest::From(candidate)));
            }
            match self.seek(turn, candidate).await? {
                Seek::End => return Ok((hits, Rest::None)),
                // The requests ran out before it was known whether this is a hit: the next page begins here.
                Seek::Later => return Ok((hits, Rest::From(candidate))),
                Seek::At(place) if place == candidate => agreeing += 1,
                Seek::At(place) => {
                    candidate = place;
                    agreeing = 1;
                }
            }
            turn = (turn + 1) % self.lists.len();
            if agreeing == self.lists.len() {
                if candidate < self.lowest {
                    return Ok((hits, Rest::None));
                }
                hits.push(candidate);
                candidate = candidate.before();
                agreeing = 0;
            }
        }
    }

    /// The first place of a list at or below `from`.
    async fn seek(&mut self, turn: usize, from: Position) -> Result<Seek, Error> {
        let lowest_month = self.lowest.month();
        let Some(list) = self.lists.get_mut(turn) else {
            return Ok(Seek::End);
        };
        while list.read.front().is_some_and(|place| *place > from) {
            list.read.pop_front();
        }
        while list.read.is_empty() {
            // Months above the place are passed; one that was read to its end too.
            while list
                .months
                .last()
                .is_some_and(|month| *month > from.month())
            {
                list.months.pop();
                list.month_done = false;
            }
            if list.month_done {
                list.months.pop();
                list.month_done = false;
            }
            let Some(month) = list.months.last().copied() else {
                return Ok(Seek::End);
            };
            if month < lowest_month {
                return Ok(Seek::End);
            }
            if self.queries >= QUERIES {
                return Ok(Seek::Later);
            }
            self.queries += 1;
            let places = self
                .index
                .places(&list.term, month, from, self.batch)
                .await?;
            list.month_done = places.len() < self.batch;
            list.read.extend(places);
        }
        Ok(list
            .read
            .front()
            .map_or(Seek::End, |place| Seek::At(*place)))
    }
}

enum Seek {
    At(Position),
    /// Nothing below.
    End,
    /// Nothing may be asked any more.
    Later,
}
