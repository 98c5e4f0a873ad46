//! Fills the catalogue of a running local stack with made-up photos and measures searches: latency, requests and read units, as the
//! table grows.
//!
//! `scrubjay local up --gallery`, then `cargo run -p scrubjay-tests --example search -- 1000 10000 100000`. What latency means here is
//! what the emulator takes; requests and units are what AWS would count.

use std::path::Path;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use scrubjay_gallery::aws::Catalogue;
use scrubjay_gallery::{Photo, Published, Query, State};

const ROUNDS: usize = 60;
const PAGE: usize = 50;

fn photo(index: usize, start: Timestamp) -> Photo {
    // The dates always cover three years, so that a term has the same number of months at every size.
    let mut random = fastrand::Rng::with_seed(index as u64);
    let date = start + SignedDuration::from_secs(random.i64(0..3 * 365 * 86_400));
    let mut photo = Photo::new(&format!("p/{index}.jpg"), State::Published, date);
    // Terms that one in two, one in ten and one in a hundred photos have, and one that is the photo's own.
    let mut tags = vec![format!("half{}", random.u8(0..2))];
    tags.push(format!("tenth{}", random.u8(0..10)));
    tags.push(format!("hundredth{}", random.u8(0..100)));
    photo.texts.tags = tags;
    photo.published = Some(Published {
        etag: "0123456789abcdef0123456789abcdef".into(),
        bytes: 1,
        at: date,
        width: 4000,
        height: 3000,
        thumbhash: Some("3OcRJYB4d3h/iIeHeEh3eIhw+j2w".into()),
        colours: Vec::new(),
        derivatives: Vec::new(),
        recipe: "320,1600 q82 v1".into(),
        not_derived: None,
    });
    photo
}

#[tokio::main]
async fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the repository");
    let stack = scrubjay_local::attach(root, "local")
        .await
        .expect("an answer");
    let stack = stack.expect("no stack runs: scrubjay local up --gallery");
    let table = &stack.outputs().others["catalogueTable"];
    let catalogue = Catalogue::new(&stack.sdk_config(), table).counting_units();
    let start: Timestamp = "2023-11-01T00:00:00Z".parse().expect("a time");
    println!("| photos | query | found | p50 ms | p99 ms | requests | read units |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let mut there = 0;
    for text in std::env::args().skip(1) {
        let number: usize = text.parse().expect("a number of photos");
        while there < number {
            let next = (there + 500).min(number);
            let photos = (there..next).map(|index| photo(index, start)).collect();
            catalogue.fill(photos).await.expect("photos written");
            there = next;
        }
        let tag = |query: Query, tag: &str| query.tag(tag).expect("a tag");
        let queries = [
            (
                "one term, one photo in ten",
                tag(Query::default(), "tenth3"),
            ),
            (
                "two: in ten, in two",
                tag(tag(Query::default(), "tenth3"), "half1"),
            ),
            (
                "three: in hundred, in ten, in two",
                tag(tag(tag(Query::default(), "hundredth42"), "tenth3"), "half1"),
            ),
        ];
        for (name, query) in queries {
            let (mut times, mut requests, mut found) = (Vec::new(), 0, 0);
            catalogue.take_units();
            for _ in 0..ROUNDS {
                let began = Instant::now();
                let page = catalogue.search(&query, None, PAGE).await.expect("a page");
                times.push(began.elapsed().as_secs_f64() * 1e3);
                (requests, found) = (page.queries, page.photos.len());
            }
            times.sort_by(f64::total_cmp);
            let units = catalogue.take_units() / ROUNDS as f64;
            println!(
                "| {number} | {name} | {found} | {:.0} | {:.0} | {requests} | {units:.1} |",
                times[ROUNDS / 2],
                times[ROUNDS * 99 / 100],
            );
        }
    }
}
