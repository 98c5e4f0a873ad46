//! A made-up week, whose last day has 25 hours in Berlin, and the three weeks before it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use scrubjay_report::{Day, InFlight, Now, OpenFailure, Period, Report, Row, Stack, bounds};
use serde_json::{Value, json};

const ZONE: &str = "Europe/Berlin";
/// The day of the week's two failures, which nobody has replayed yet.
const OUTAGE: Date = jiff::civil::date(2026, 10, 24);
/// Key, since when, and name of the execution, newest first.
const FAILURES: [(&str, &str, &str); 2] = [
    (
        "holiday/harbour.jpg",
        "2026-10-24T16:02:11Z",
        "5f1c0e6e-7a3c-4e0f-9a55-1de5e8a3b0c1",
    ),
    (
        "holiday/tower <2>.jpg",
        "2026-10-24T16:02:09Z",
        "0b6cbb5d-28f4-4a52-8c1f-9e1a1f1b7d2e",
    ),
];

fn row(item: Value) -> Row {
    serde_json::from_value(item).expect("a row")
}

/// The figures of a day: `photos` published, every twentieth or so refused. The same for the same day.
pub fn day(date: Date, photos: u64) -> Day {
    let zone = jiff::tz::TimeZone::get(ZONE).expect("a time zone");
    let (from, to) = bounds(date, &zone);
    let span = to.as_millisecond() - from.as_millisecond();
    let mut figures = Day::default();
    for n in 0..photos {
        let at = from + jiff::SignedDuration::from_millis(span / photos as i64 * n as i64);
        let wait = 700 + (n * 7_919) % 900 + if n % 40 == 0 { 9_000 } else { 0 };
        let end = at + jiff::SignedDuration::from_millis(wait as i64);
        let error = |name: &str, state: &str| json!({"name": name, "message": "", "state": state});
        let (status, error) = match n % 100 {
            3 | 41 | 77 => ("REJECTED", error("NotJpeg", "Validate")),
            12 => ("REJECTED", error("CorruptJpeg", "Strip")),
            30 if date.day() % 2 == 0 => ("REJECTED", error("TooLarge", "Validate")),
            55 => ("SUPERSEDED", error("NewerUpload", "Publish")),
            80 => ("RETRACTED", Value::Null),
            _ => ("CLEANED", Value::Null),
        };
        let mut removed = vec![json!({"kind": "jfif", "count": 1, "bytes": 18})];
        let exif = n % 4 != 0;
        if exif {
            removed.push(json!({"kind": "exif", "count": 1, "bytes": 9_000 + n % 5_000}));
        }
        if n % 3 == 0 {
            removed.push(json!({"kind": "xmp", "count": 1, "bytes": 2_800}));
        }
        if n % 7 == 0 {
            removed.push(json!({"kind": "trailer-mp4", "count": 1, "bytes": 1_900_000}));
        }
        let published = matches!(status, "CLEANED" | "RETRACTED");
        let found: u64 = removed
            .iter()
            .map(|r| r["bytes"].as_u64().expect("a number"))
            .sum();
        let size = 2_400_000 + (n * 104_729) % 3_000_000;
        figures.count(
            &row(json!({
                "status": status, "object": format!("photos/{n}.jpg"), "error": error,
                "uploadedAt": at.to_string(), "finishedAt": end.to_string(), "updatedAt": end.to_string(),
                "source": {"size": size},
                "output": published.then(|| json!({"size": size - found})),
                "removed": removed,
                "exif": {"gps": exif && n % 9 == 1, "makerNote": exif && n % 2 == 1, "thumbnail": exif && n % 5 < 3},
            })),
            from,
        );
    }
    if date == OUTAGE {
        for n in 0..FAILURES.len() {
            let at = "2026-10-24T16:02:00Z";
            figures.count(
                &row(json!({
                    "status": "FAILED", "object": format!("photos/failed-{n}.jpg"), "uploadedAt": at, "finishedAt": at,
                    "updatedAt": at, "source": {"size": 2_400_000},
                    "error": {"name": "StorageUnavailable", "message": "", "state": "Publish"},
                })),
                from,
            );
        }
    }
    figures.reconcile.runs = (span / 900_000).cast_unsigned();
    figures
}

/// Days of four weeks up to and with 2026-W43.
pub fn days() -> BTreeMap<Date, Day> {
    static DAYS: LazyLock<BTreeMap<Date, Day>> = LazyLock::new(counted);
    DAYS.clone()
}

fn counted() -> BTreeMap<Date, Day> {
    let mut days = BTreeMap::new();
    let mut week: Period = "2026-W43".parse().expect("a week");
    for back in 0..4 {
        for (index, date) in week.days().enumerate() {
            let photos = [310, 280, 265, 340, 390, 190, 155][index] - back * 12;
            days.insert(date, day(date, photos));
        }
        week = week.week_before();
    }
    days
}

/// The report of 2026-W43.
pub fn report() -> Report {
    let week: Period = "2026-W43".parse().expect("a week");
    let failures = FAILURES.map(|(key, since, name)| OpenFailure {
        key: key.into(),
        error: "StorageUnavailable".into(),
        state: "Publish".into(),
        since: since.parse().expect("a time"),
        execution: format!(
            "arn:aws:states:eu-central-1:123456789012:execution:scrubjay-prod-scrub:{name}"
        ),
    });
    let now = Now {
        failures: failures.into(),
        in_flight: InFlight::default(),
        dead_letters: Some(0),
    };
    let stack = Stack {
        env: "prod".into(),
        region: "eu-central-1".into(),
        time_zone: ZONE.into(),
        runbook_url: String::new(),
        ..Stack::default()
    };
    Report::new(stack, week.clone(), &days(), week.to, now)
}
