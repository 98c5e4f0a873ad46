//! The tables of docs/capacity.md.

use super::burst::{Setting, burst};
use super::cost::SEED_PHOTOS;
use super::machine::{BEFORE, Machine};
use super::month::{Stage, asks, month as simulate, page as month_page};
use super::prices::TRANSITION;
use super::quotas::{CONCURRENCY, CONCURRENCY_OF_A_NEW_ACCOUNT, FRANKFURT, PAGES, VIRGINIA};
use super::{grouped, spoken, table};

/// The seed of the tables' bursts.
pub const SEED: u64 = 20_261_125;
/// Numbers of photos in the tables' bursts.
pub const PHOTOS: [u32; 3] = [1_000, 10_000, 100_000];
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
            let now = burst(&machine, None, &setting);
            let before = burst(
                &machine,
                None,
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

/// The same bursts into the Express machine, where there is one.
pub fn express_bursts(photos: &[u32]) -> String {
    let Some(express) = Machine::read("intake") else {
        return "There is no Express machine.\n".to_owned();
    };
    let machine = machine();
    let mut rows = Vec::new();
    for &photos in photos {
        for concurrency in CONCURRENCIES {
            let outcome = burst(
                &machine,
                Some(&express),
                &Setting {
                    photos,
                    concurrency,
                    region: FRANKFURT,
                    retrier: machine.retrier,
                    seed: SEED,
                },
            );
            rows.push(vec![
                grouped(f64::from(photos)),
                grouped(f64::from(concurrency)),
                grouped(f64::from(outcome.handed_over)),
                grouped(f64::from(outcome.failed)),
                spoken(outcome.drained),
            ]);
        }
    }
    table(
        &[
            "photos at once",
            "Lambda's concurrency",
            "handed over",
            "FAILED, or left to reconcile",
            "drained after",
        ],
        &rows,
    )
}

/// A month of the seeds' 200 million photos, in two regions, with a new account's concurrency and the usual one.
pub fn month() -> String {
    month_page(
        SEED_PHOTOS,
        &[FRANKFURT, VIRGINIA],
        &[CONCURRENCY_OF_A_NEW_ACCOUNT, CONCURRENCY],
    )
}

/// What to ask AWS for, so that the peak of that month does not wait.
pub fn quotas_to_ask_for() -> String {
    let ample = Stage {
        capacity: 1e6,
        patience: 1.0,
    };
    let peak = simulate(SEED_PHOTOS, [ample; 2]).peak;
    asks(peak, &FRANKFURT)
}

/// A table of the pages from which the quotas are taken.
pub fn pages() -> String {
    let pages: Vec<Vec<String>> = PAGES
        .iter()
        .map(|(what, page)| vec![(*what).to_owned(), format!("<{page}>")])
        .collect();
    table(&["quota", "page"], &pages)
}

/// All tables of the page.
pub fn page() -> String {
    let tables = [
        bursts(&PHOTOS),
        express_bursts(&PHOTOS),
        month(),
        quotas_to_ask_for(),
        pages(),
    ];
    tables.join("\n")
}
