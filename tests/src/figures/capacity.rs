//! The tables of docs/capacity.md.

use super::burst::{Setting, burst};
use super::cost::SEED_PHOTOS;
use super::machine::{BEFORE, Machine};
use super::month::{Stage, asks, month, page as month_page};
use super::prices::TRANSITION;
use super::quotas::{CONCURRENCY, CONCURRENCY_OF_A_NEW_ACCOUNT, FRANKFURT, PAGES, VIRGINIA};
use super::{grouped, spoken, table};

/// Of the tables.
pub const SEED: u64 = 20_261_125;
const PHOTOS: [u32; 3] = [1_000, 10_000, 100_000];
const CONCURRENCIES: [u32; 3] = [10, 50, 1_000];

/// The Standard machine.
///
/// # Panics
///
/// When it cannot be read.
pub fn machine() -> Machine {
    Machine::read("scrub").expect("scrub")
}

/// Bursts of so many photos, with the retrier that throttling had before and the one that it has.
pub fn bursts(photos: &[u32]) -> String {
    let machine = machine();
    let mut rows = Vec::new();
    for &photos in photos {
        for concurrency in CONCURRENCIES {
            let setting = Setting {
                photos,
                concurrency,
                region: FRANKFURT,
                retrier: machine.retrier,
                seed: SEED,
            };
            let now = burst(&machine, &setting);
            let before = burst(
                &machine,
                &Setting {
                    retrier: BEFORE,
                    ..setting
                },
            );
            rows.push(vec![
                grouped(f64::from(photos)),
                grouped(f64::from(concurrency)),
                grouped(f64::from(before.failed)),
                grouped(f64::from(now.failed)),
                spoken(now.drained),
                format!("{:.1}", now.transitions),
                format!("{:.2}", now.transitions * TRANSITION * f64::from(photos)),
            ]);
        }
    }
    table(
        &[
            "photos at once",
            "Lambda's concurrency",
            "FAILED, general retrier (6 attempts)",
            "FAILED",
            "drained after",
            "transitions each",
            "their price, $",
        ],
        &rows,
    )
}

/// The page's tables.
pub fn page() -> String {
    let ample = Stage {
        capacity: 1e6,
        patience: 1.0,
    };
    let peak = month(SEED_PHOTOS, [ample; 2]).peak;
    let pages: Vec<Vec<String>> = PAGES
        .iter()
        .map(|(what, page)| vec![(*what).to_owned(), format!("<{page}>")])
        .collect();
    format!(
        "{}\n{}\n{}\n{}",
        bursts(&PHOTOS),
        month_page(
            SEED_PHOTOS,
            &[FRANKFURT, VIRGINIA],
            &[CONCURRENCY_OF_A_NEW_ACCOUNT, CONCURRENCY]
        ),
        asks(peak, &FRANKFURT),
        table(&["quota", "page"], &pages)
    )
}
