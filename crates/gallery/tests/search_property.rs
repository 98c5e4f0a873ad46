//! A search finds what a naive filter over all photos finds, in the same order, page by page, whatever the size of a page.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use scrubjay_gallery::{
    Analysis, Cursor, Error, Index, Label, Month, Photo, PhotoId, Position, Published, Query,
    State, Term, search,
};

/// The index of the design, in memory: places by term and month, and photos by id.
#[derive(Default)]
struct Memory {
    places: BTreeMap<(Term, Month), BTreeSet<Position>>,
    photos: BTreeMap<PhotoId, Photo>,
}

impl Memory {
    fn of(photos: &[Photo]) -> Self {
        let mut memory = Self::default();
        for photo in photos {
            for term in photo.wanted_terms() {
                let place = photo.position();
                let month = memory.places.entry((term, place.month())).or_default();
                month.insert(place);
            }
            memory.photos.insert(photo.id, photo.clone());
        }
        memory
    }
}

impl Index for Memory {
    async fn months(&self, term: &Term) -> Result<Vec<Month>, Error> {
        let keys = self.places.keys().filter(|(known, _)| known == term);
        Ok(keys.map(|(_, month)| *month).collect())
    }

    async fn places(
        &self,
        term: &Term,
        month: Month,
        from: Position,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        let places = self.places.get(&(term.clone(), month));
        let below = places
            .into_iter()
            .flat_map(|places| places.range(..=from).rev());
        Ok(below.take(limit).copied().collect())
    }

    async fn photos(&self, ids: &[PhotoId]) -> Result<Vec<Photo>, Error> {
        Ok(ids
            .iter()
            .filter_map(|id| self.photos.get(id).cloned())
            .collect())
    }
}

const WORDS: [&str; 6] = ["beach", "sea", "Été", "dog", "2026", "house"];

fn photo() -> impl Strategy<Value = Photo> {
    let texts = (
        prop::collection::vec(prop::sample::select(&WORDS[..]), 0..4),
        prop::collection::vec(prop::sample::select(&WORDS[..]), 0..3),
        prop::collection::vec(prop::sample::select(&WORDS[..]), 0..3),
    );
    // Few days and few keys, so that dates are equal and files are overwritten.
    let rest = (
        0_i64..400,
        0_u32..60,
        0..8_u8,
        prop::bool::ANY,
        prop::bool::ANY,
    );
    (texts, rest).prop_map(
        |((title, tags, labels), (day, key, state, owned, flagged))| {
            let start: Timestamp = "2025-06-15T00:00:00Z".parse().unwrap();
            let date = start + SignedDuration::from_hours(24 * day);
            let state = match state {
                0 => State::Awaited,
                1 => State::Unpublished,
                _ => State::Published,
            };
            let mut photo = Photo::new(&format!("folder/IMG_{key:04}.jpg"), state, date);
            photo.owner = owned.then(|| "me".to_owned());
            photo.texts.title = Some(title.join(" "));
            photo.texts.tags = tags.into_iter().map(ToOwned::to_owned).collect();
            photo.published = (state == State::Published).then(|| Published {
                etag: "e".into(),
                bytes: 1,
                at: date,
                width: 1,
                height: 1,
                thumbhash: None,
                colours: Vec::new(),
                derivatives: Vec::new(),
                recipe: String::new(),
                not_derived: None,
            });
            photo.analysis = Some(Analysis {
                etag: "e".into(),
                labels: labels
                    .into_iter()
                    .map(|name| Label {
                        name: name.to_owned(),
                        confidence: 90.0,
                    })
                    .collect(),
                flagged,
                ..Analysis::default()
            });
            photo
        },
    )
}

fn query() -> impl Strategy<Value = Query> {
    let word = || prop::sample::select(&WORDS[..]);
    (
        prop::collection::vec(word(), 0..4),
        prop::option::of(word()),
        prop::option::of(word()),
        prop::option::of(prop::sample::select(
            &["IM", "img_00", "img_0012", "img_003"][..],
        )),
        prop::option::of((0_i64..400, 0_i64..400)),
        (prop::bool::ANY, prop::bool::ANY, prop::bool::ANY),
    )
        .prop_map(|(words, label, tag, name, days, (owner, awaited, hide))| {
            let mut query = Query::new(&words.join(" ")).unwrap().hide_flagged(hide);
            if let Some(label) = label {
                query = query.label(label).unwrap();
            }
            if let Some(tag) = tag {
                query = query.tag(tag).unwrap();
            }
            if let Some(name) = name {
                query = query.name(name).unwrap();
            }
            if owner {
                query = query.owner("me").unwrap();
            }
            if owner && awaited {
                query = query.state(State::Awaited).unwrap();
            }
            if let Some((one, other)) = days {
                let start: Timestamp = "2025-06-15T00:00:00Z".parse().unwrap();
                let at = |day: i64| start + SignedDuration::from_hours(24 * day);
                let (from, to) = (at(one.min(other)), at(one.max(other)));
                query = query.between(Some(from), Some(to)).unwrap();
            }
            query
        })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_search_finds_what_a_filter_finds(
        photos in prop::collection::vec(photo(), 0..150),
        query in query(),
        size in 1_usize..20,
    ) {
        let memory = Memory::of(&photos);
        // Several photos may have the same key: the last is the one that is there, and the places of the others are stale.
        let mut naive: Vec<&Photo> = memory.photos.values().filter(|p| query.matches(p)).collect();
        naive.sort_by_key(|photo| std::cmp::Reverse(photo.position()));
        let wanted: Vec<PhotoId> = naive.iter().map(|photo| photo.id).collect();
        let mut found = Vec::new();
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = run(search(&memory, &query, cursor.as_ref(), size)).unwrap();
            prop_assert!(page.photos.len() <= size);
            found.extend(page.photos.iter().map(|photo| photo.id));
            // Cursors travel as text.
            cursor = page.cursor.map(|cursor| cursor.to_string().parse().unwrap());
            if cursor.is_none() {
                break;
            }
        }
        prop_assert_eq!(found, wanted);
    }
}

/// Two frequent terms that never meet: the search asks a bounded number of times per page and still comes to its end.
#[test]
fn a_page_has_a_bound_of_work() {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let photos: Vec<Photo> = (0..20_000_i64)
        .map(|index| {
            let date = start + SignedDuration::from_secs(index);
            let mut photo = Photo::new(&format!("{index}.jpg"), State::Published, date);
            // Blocks longer than one leap, so that every leap is a question.
            let word = if index / 50 % 2 == 0 { "beach" } else { "sea" };
            photo.texts.title = Some(word.to_owned());
            photo
        })
        .collect();
    let memory = Memory::of(&photos);
    let query = Query::new("beach sea").unwrap();
    let (mut cursor, mut pages, mut most) = (None, 0, 0);
    loop {
        let page = run(search(&memory, &query, cursor.as_ref(), 50)).unwrap();
        assert!(page.photos.is_empty());
        most = most.max(page.queries);
        pages += 1;
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert!(most <= 70, "{most} questions for a page");
    assert!(pages > 1 && pages < 50, "{pages}");
}
