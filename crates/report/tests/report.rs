//! The report as a whole.

#[path = "sample/week.rs"]
mod week;

use std::collections::BTreeMap;

use jiff::civil::Date;
use scrubjay_report::{Day, InFlight, Now, Period, Report, Stack, changes};

fn week(name: &str) -> Period {
    name.parse().unwrap()
}

fn made(days: &BTreeMap<Date, Day>, last_closed: &str, now: Now) -> Report {
    let stack = Stack {
        env: "dev".into(),
        time_zone: "Europe/Berlin".into(),
        ..Stack::default()
    };
    Report::new(
        stack,
        week("2026-W43"),
        days,
        last_closed.parse().unwrap(),
        now,
    )
}

/// What `docs/report/` shows is what the code makes: `cargo run -p scrubjay-report --example sample -- html`.
#[test]
fn the_sample_in_the_docs_is_current() {
    let report = week::report();
    for (made, kept) in [
        (
            report.html(),
            include_str!("../../../docs/report/2026-W43.html"),
        ),
        (
            report.json(),
            include_str!("../../../docs/report/2026-W43.json"),
        ),
        (
            report.csv(),
            include_str!("../../../docs/report/2026-W43.csv"),
        ),
    ] {
        assert!(
            made == kept,
            "docs/report is stale: make it again with the example `sample`"
        );
    }
}

#[test]
fn the_same_figures_give_the_same_bytes_and_others_are_named() {
    let (first, again) = (week::report(), week::report());
    assert_eq!(first.html(), again.html());
    assert_eq!(first.json(), again.json());
    let mut days = week::days();
    let day: Date = "2026-10-21".parse().unwrap();
    *days
        .get_mut(&day)
        .unwrap()
        .statuses
        .get_mut("CLEANED")
        .unwrap() += 1;
    let was = made(&week::days(), "2026-10-25", Now::default()).value();
    let is = made(&days, "2026-10-25", Now::default()).value();
    let changed: Vec<String> = changes::between(&was, &is)
        .into_iter()
        .map(|c| c.figure)
        .collect();
    assert_eq!(
        changed,
        ["days.2026-10-21.statuses.CLEANED", "total.statuses.CLEANED"]
    );
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_shows_keys_as_text() {
    let page = week::report().html();
    for word in ["<script", "<link", "<img", "url(", "@import", "tower <2>"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("tower &lt;2&gt;.jpg"));
    // Links lead into the console alone.
    for link in page.split("href=\"").skip(1) {
        assert!(
            link.starts_with("https://eu-central-1.console.aws.amazon.com/"),
            "{link:.60}"
        );
    }
    assert!(
        page.contains("photos carried the place where they were taken; none of it was published.")
    );
}

#[test]
fn every_row_of_the_table_adds_up() {
    let report = week::report();
    let mut csv = csv::Reader::from_reader(report.csv().into_bytes().leak() as &[u8]);
    let rows: Vec<csv::StringRecord> = csv.records().collect::<Result<_, _>>().unwrap();
    let (total, days) = rows.split_last().unwrap();
    assert_eq!((days.len(), &total[0]), (7, "total"));
    let header = csv.headers().unwrap().clone();
    for (column, name) in header.iter().enumerate().skip(1) {
        if name.starts_with('p') && name.ends_with("Milliseconds") {
            continue;
        }
        let sum: u64 = days
            .iter()
            .map(|row| row[column].parse::<u64>().unwrap())
            .sum();
        assert_eq!(sum, total[column].parse::<u64>().unwrap(), "{name}");
    }
    assert_eq!(report.total.uploads(), 1_932);
}

#[test]
fn an_empty_week_says_so() {
    let days = week("2026-W43")
        .days()
        .map(|day| (day, Day::default()))
        .collect();
    let report = made(&days, "2026-10-25", Now::default());
    assert!(report.todo.is_empty() && report.missing.is_empty() && !report.so_far);
    let page = report.html();
    assert!(
        page.contains("Nothing was uploaded, refused or removed.") && page.contains("Nothing.</p>")
    );
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn a_week_that_has_not_ended_says_so_far_and_misses_nothing() {
    let mut days = week::days();
    days.retain(|day, _| *day < "2026-10-22".parse().unwrap());
    let report = made(&days, "2026-10-21", Now::default());
    assert!(report.so_far && report.missing.is_empty());
    assert!(report.html().contains("so far"));
}

#[test]
fn missing_days_and_what_stands_open_come_first() {
    let mut days = week::days();
    days.remove(&"2026-10-20".parse().unwrap());
    let now = Now {
        dead_letters: Some(3),
        in_flight: InFlight {
            uploads: 2,
            oldest: Some("2026-10-25T01:30:00Z".parse().unwrap()),
        },
        ..Now::default()
    };
    let report = made(&days, "2026-10-25", now);
    let told: String = report
        .todo
        .iter()
        .map(|t| t.what.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    assert!(told.contains("3 events could not be delivered"), "{told}");
    // The second 02:30 of the night on which clocks go back.
    assert!(
        told.contains("2 uploads are under way") && told.contains("2026-10-25 02:30 CET"),
        "{told}"
    );
    assert!(
        told.contains("The figures of 2026-10-20 are missing."),
        "{told}"
    );
}

#[test]
fn more_refusals_than_usual_are_noticed_and_the_usual_ones_are_not() {
    let mut days = week::days();
    assert!(made(&days, "2026-10-25", Now::default()).todo.is_empty());
    let day = days.get_mut(&"2026-10-23".parse().unwrap()).unwrap();
    *day.statuses.get_mut("REJECTED").unwrap() += 120;
    let report = made(&days, "2026-10-25", Now::default());
    assert!(
        report.todo[0].what.contains("of a thousand are usual"),
        "{:?}",
        report.todo
    );
}
