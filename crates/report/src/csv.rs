//! The report for a spreadsheet: a row a day, and one of all days together.

use std::collections::BTreeSet;

use crate::{Day, Report};

const STATUSES: [&str; 5] = ["CLEANED", "REJECTED", "SUPERSEDED", "FAILED", "RETRACTED"];
const FIGURES: [&str; 15] = [
    "published",
    "photosWithPosition",
    "photosWithMakerNote",
    "photosWithThumbnail",
    "photosWithKnownExif",
    "sourceBytes",
    "outputBytes",
    "removedBytes",
    "refusedBytes",
    "p50Milliseconds",
    "p95Milliseconds",
    "p99Milliseconds",
    "reconcileRuns",
    "lostEvents",
    "recovered",
];

pub fn of(report: &Report) -> String {
    let reasons: BTreeSet<&String> = report.total.refused.keys().collect();
    let kinds: BTreeSet<&String> = report.total.kinds.keys().collect();
    let mut header = vec!["day".to_owned()];
    header.extend(STATUSES.map(str::to_lowercase));
    header.extend(FIGURES.map(ToOwned::to_owned));
    header.extend(reasons.iter().map(|name| format!("refused:{name}")));
    header.extend(kinds.iter().map(|name| format!("photosWith:{name}")));
    let row = |name: String, day: &Day| {
        let wait = |percent| {
            day.waits
                .percentile(percent)
                .map_or_else(String::new, |ms| ms.to_string())
        };
        let mut cells = vec![name];
        cells.extend(STATUSES.map(|status| day.of(status).to_string()));
        cells.extend(
            [
                day.published,
                day.exif.gps,
                day.exif.maker_note,
                day.exif.thumbnail,
                day.exif.known,
                day.source_bytes,
                day.output_bytes,
                day.removed_bytes,
                day.refused_bytes,
            ]
            .map(|n| n.to_string()),
        );
        cells.extend([50, 95, 99].map(wait));
        let found = &day.reconcile;
        cells.extend([found.runs, found.lost_events, found.recovered].map(|n| n.to_string()));
        cells.extend(reasons.iter().map(|name| {
            let count = day.refused.get(*name).copied().unwrap_or(0);
            count.to_string()
        }));
        cells.extend(kinds.iter().map(|name| {
            let count = day.kinds.get(*name).map_or(0, |kind| kind.uploads);
            count.to_string()
        }));
        cells
    };
    let mut csv = csv::Writer::from_writer(Vec::new());
    let rows = std::iter::once(header)
        .chain(
            report
                .days
                .iter()
                .map(|(date, day)| row(date.to_string(), day)),
        )
        .chain([row("total".into(), &report.total)]);
    for cells in rows {
        // Writing to memory cannot fail, and every row is as long as the first.
        let _ = csv.write_record(cells);
    }
    let text = csv.into_inner().unwrap_or_default();
    String::from_utf8(text).unwrap_or_default()
}
