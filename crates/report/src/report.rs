//! A report: a period's days, what stands open now, and what follows from both.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use crate::cost::{Part, Workflow, estimate};
use crate::{Day, Period};

/// Uploads that must be refused more than usual before the report says so.
const NOTABLE: u64 = 5;
/// Open failures that are named one by one.
const NAMED: usize = 20;

/// The stack that a report is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// The environment, such as `dev`.
    pub env: String,
    /// The region, for links into the console; empty for none.
    pub region: String,
    /// The time zone that defines the days, by its IANA name.
    pub time_zone: String,
    /// Standard or Express.
    pub workflow: Workflow,
    /// The page with what to do about what was found; empty for none.
    pub runbook_url: String,
}

/// An upload that failed and has not been replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenFailure {
    /// The key in bucket A.
    pub key: String,
    /// The error's name.
    pub error: String,
    /// The state that raised it.
    pub state: String,
    /// Since when.
    pub since: Timestamp,
    /// ARN of the execution.
    pub execution: String,
}

/// Uploads that an execution works on, or should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct InFlight {
    /// How many.
    pub uploads: u64,
    /// Since when the oldest is.
    pub oldest: Option<Timestamp>,
}

/// What stands open when the report is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Now {
    /// Every open failure, newest first.
    #[serde(skip)]
    pub failures: Vec<OpenFailure>,
    /// What is under way for longer than any execution may take.
    pub in_flight: InFlight,
    /// Events that could not be delivered; `None` when it was not asked.
    pub dead_letters: Option<u64>,
}

/// Something that wants doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Todo {
    /// One sentence.
    pub what: String,
    /// What to do about it: a command or a place.
    pub how: String,
}

/// A report of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The stack that it is about.
    pub stack: Stack,
    /// The period that it covers.
    pub period: Period,
    /// Whether days of the period are still to come or not over: the figures are those so far.
    pub so_far: bool,
    /// What needs doing.
    pub todo: Vec<Todo>,
    /// The figures of all days together.
    pub total: Day,
    /// Derived from the figures: percentiles of the time from upload to publication, in milliseconds.
    pub publication_milliseconds: BTreeMap<&'static str, u64>,
    /// Figures of the period before, as far as they are known.
    pub before: Option<Day>,
    /// The figures of each day.
    pub days: BTreeMap<Date, Day>,
    /// Days of the period whose figures are not known.
    pub missing: Vec<Date>,
    /// What stands open.
    pub now: Now,
    /// How many failures are open.
    pub open_failures: u64,
    /// The newest of them.
    pub newest_failures: Vec<OpenFailure>,
    /// Open failures, by error and state.
    pub failures_by: BTreeMap<String, u64>,
    /// What it cost, estimated.
    pub cost: Vec<Part>,
}

impl Report {
    /// Puts a report together. `days` may be of any time: those of the period are its figures, those of the period before are
    /// compared with them, and all those before show what is usual. A day of the period up to `last_closed` that is not among
    /// them is missing; a day after it is still to come.
    pub fn new(
        stack: Stack,
        period: Period,
        days: &BTreeMap<Date, Day>,
        last_closed: Date,
        now: Now,
    ) -> Self {
        let of = |period: &Period| -> BTreeMap<Date, Day> {
            let days = period
                .days()
                .filter_map(|date| Some((date, days.get(&date)?.clone())));
            days.collect()
        };
        let (mine, earlier) = (of(&period), of(&period.before()));
        let total = Day::sum(mine.values());
        let before = (!earlier.is_empty()).then(|| Day::sum(earlier.values()));
        let usual = Day::sum(days.range(..period.from).map(|(_, day)| day));
        let missing: Vec<Date> = period
            .days()
            .filter(|date| *date <= last_closed && !mine.contains_key(date))
            .collect();
        let publication_milliseconds = [("p50", 50), ("p95", 95), ("p99", 99)]
            .into_iter()
            .filter_map(|(name, percent)| Some((name, total.waits.percentile(percent)?)))
            .collect();
        let mut failures_by = BTreeMap::new();
        for failure in &now.failures {
            let by = format!("{} in {}", failure.error, failure.state);
            *failures_by.entry(by).or_default() += 1;
        }
        let mut report = Self {
            so_far: period.to > last_closed,
            cost: estimate(&total, stack.workflow),
            open_failures: now.failures.len() as u64,
            newest_failures: now.failures.iter().take(NAMED).cloned().collect(),
            todo: Vec::new(),
            stack,
            period,
            total,
            publication_milliseconds,
            before,
            days: mine,
            missing,
            now,
            failures_by,
        };
        report.todo = report.what_to_do(&usual);
        report
    }

    fn what_to_do(&self, usual: &Day) -> Vec<Todo> {
        let mut todo = Vec::new();
        let mut add = |what: String, how: String| todo.push(Todo { what, how });
        let env = &self.stack.env;
        if self.open_failures > 0 {
            add(
                format!(
                    "{} failed and {} to be replayed.",
                    counted(self.open_failures, "upload has", "uploads have"),
                    if self.open_failures == 1 {
                        "waits"
                    } else {
                        "wait"
                    }
                ),
                format!("scrubjay replay --failed --env {env}"),
            );
        }
        if let Some(letters) = self.now.dead_letters.filter(|n| *n > 0) {
            add(
                format!(
                    "{} could not be delivered and waits in the dead-letter queue.",
                    counted(letters, "event", "events")
                ),
                format!("scrubjay replay --dead-letters --env {env}"),
            );
        }
        if self.now.in_flight.uploads > 0 {
            let since = self.now.in_flight.oldest.map_or_else(String::new, |t| {
                format!(", the oldest since {}", self.local(t))
            });
            add(
                format!(
                    "{} under way for longer than any execution may take{since}.",
                    counted(self.now.in_flight.uploads, "upload is", "uploads are")
                ),
                "Look at the runs of reconcile: docs/operations.md, \"Events that never came\"."
                    .into(),
            );
        }
        if let (Some(now), Some(then)) = (self.total.refused_per_mille(), usual.refused_per_mille())
        {
            let refused = self.total.of("REJECTED");
            let judged = refused + self.total.published;
            if refused >= judged * then * 2 / 1_000 + NOTABLE {
                add(
                    format!(
                        "{now} of a thousand photos were refused; {then} of a thousand are usual."
                    ),
                    format!("scrubjay audit list --status REJECTED --env {env}"),
                );
            }
        }
        if self.total.reconcile.lost_events > 0 {
            add(
                format!(
                    "{} lost and found again by reconcile.",
                    counted(self.total.reconcile.lost_events, "event was", "events were")
                ),
                "Are the rules enabled, and did they fail? docs/operations.md, \"Events that never came\".".into(),
            );
        }
        if !self.missing.is_empty() {
            let days: Vec<String> = self.missing.iter().map(ToString::to_string).collect();
            add(
                format!("The figures of {} are missing.", days.join(", ")),
                format!("Run the function scrubjay-{env}-report; it makes up for missed days."),
            );
        }
        todo
    }

    /// A time in the report's time zone, to the minute.
    pub(crate) fn local(&self, at: Timestamp) -> String {
        match at.in_tz(&self.stack.time_zone) {
            Ok(zoned) => zoned.strftime("%Y-%m-%d %H:%M %Z").to_string(),
            Err(_) => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }

    /// What happened, in plain sentences.
    pub fn sentences(&self) -> Vec<String> {
        let total = &self.total;
        let mut told = vec![format!(
            "{} published, {} refused, {} overtaken by a newer upload or a delete, {} removed from bucket B.",
            counted(total.published, "photo was", "photos were"),
            number(total.of("REJECTED")),
            number(total.of("SUPERSEDED")),
            number(total.of("RETRACTED")),
        )];
        if total.exif.known > 0 {
            let carried = |count: u64, what: &str| {
                format!(
                    "{} of {} photos carried {what}; none of it was published.",
                    number(count),
                    number(total.exif.known)
                )
            };
            told.push(carried(total.exif.gps, "the place where they were taken"));
            told.push(carried(
                total.exif.maker_note,
                "a block of the camera's maker, which often has its serial number",
            ));
            told.push(carried(
                total.exif.thumbnail,
                "a small copy of the picture, often from before it was cropped",
            ));
        }
        let unknown = total.published.saturating_sub(total.exif.known);
        if unknown > 0 {
            told.push(format!(
                "Of {} it is not known what their Exif had: an older version of scrubjay recorded them.",
                counted(unknown, "photo", "photos")
            ));
        }
        if total.published > 0 {
            told.push(format!(
                "{} of metadata were removed from {} of photos.",
                bytes(total.removed_bytes),
                bytes(total.source_bytes)
            ));
        }
        if let (Some(p50), Some(p95)) = (
            self.publication_milliseconds.get("p50"),
            self.publication_milliseconds.get("p95"),
        ) {
            told.push(format!(
                "Half of the photos were published within {} of their upload, and 95 of 100 within {}.",
                seconds(*p50),
                seconds(*p95)
            ));
        }
        told
    }

    /// US dollars in all.
    pub fn dollars(&self) -> f64 {
        self.cost.iter().map(|part| part.dollars).sum()
    }

    /// As JSON.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// As JSON, to be compared with another ([`crate::changes`]).
    pub fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// As CSV: a row a day, and one of all days together.
    pub fn csv(&self) -> String {
        crate::csv::of(self)
    }

    /// As one page of HTML that needs nothing else: no script, no file, no network.
    pub fn html(&self) -> String {
        crate::html::of(self)
    }
}

/// A number with its thousands set apart.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and what is counted.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// Bytes in a unit that keeps the number short.
pub(crate) fn bytes(n: u64) -> String {
    let mut value = n as f64;
    for unit in ["bytes", "KB", "MB", "GB"] {
        if value < 1_000.0 {
            return if unit == "bytes" {
                counted(n, "byte", "bytes")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1_000.0;
    }
    format!("{value:.1} TB")
}

/// Milliseconds, as people say them.
pub(crate) fn seconds(milliseconds: u64) -> String {
    match milliseconds {
        0..=999 => format!("{milliseconds} ms"),
        1_000..=119_999 => format!("{:.1} s", milliseconds as f64 / 1e3),
        _ => format!("{:.0} minutes", milliseconds as f64 / 6e4),
    }
}
