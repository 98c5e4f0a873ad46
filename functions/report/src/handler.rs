//! Closes the days that are over, and writes the reports of the weeks that they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::upload::decode;
use scrubjay_report::{Day, Now, Period, Report, changes, gather};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::deps::Deps;

/// How many changed figures the log names, at most. The report itself has all of them.
const NAMED: usize = 20;

/// What to do. The schedule passes the time for which it fires; an operator may name a week.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "an object")]
struct Order {
    /// The time that counts as now. If it is absent, the clock's time is used.
    time: Option<Timestamp>,
    /// A week, such as 2026-W48, to be made (again) besides those that are due.
    week: Option<String>,
    /// Count the days of that week again, even those that are closed. This is needed after a backup was restored.
    recount: bool,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// Days that were counted and kept.
    closed: Vec<Date>,
    /// Reports that were made.
    weeks: Vec<Week>,
    /// Read units of DynamoDB that it took.
    read_units: f64,
}

/// A report that was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Week {
    name: String,
    /// Where its page is.
    page: String,
    /// Whether the period has not ended.
    so_far: bool,
    /// How many figures differ from the report's earlier version; null if there was none.
    changed: Option<usize>,
    /// The names of the first of these figures.
    figures: Vec<String>,
    /// Whether a mail was sent.
    mailed: bool,
}

/// An [`Order`] in, [`Done`] out. Doing it again writes the same bytes, unless the data of the week has changed.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Done, Error> {
    let order: Order = decode(input)?;
    let asked: Option<Period> = match &order.week {
        Some(week) => {
            let week = week.parse();
            Some(week.map_err(|error: scrubjay_report::PeriodError| {
                Error::BadEvent(error.to_string())
            })?)
        }
        None => None,
    };
    let now = order.time.unwrap_or_else(Timestamp::now);
    let last = gather::last_closed(now, &deps.zone.0);
    let due = Period::week_of(last);
    let oldest = asked.iter().chain([&due]).min_by_key(|week| week.from);
    let first = gather::first_day(oldest.unwrap_or(&due));

    let zone = deps.zone.name();
    let mut days = gather::closed(&deps.rollups, zone, first, last).await?;
    if let Some(week) = asked.as_ref().filter(|_| order.recount) {
        days.retain(|day, _| *day < week.from || *day > week.to);
    }
    let mut done = Done::default();
    let missing = Period::days_of(first, last).map_err(|e| Error::BadEvent(e.to_string()))?;
    for day in missing
        .days()
        .filter(|day| !days.contains_key(day))
        .collect::<Vec<_>>()
    {
        let figures = gather::count(&deps.rollups, day, &deps.zone.0).await?;
        let kept = serde_json::to_string(&figures).unwrap_or_default();
        deps.rollups
            .close(zone, &day.to_string(), &kept, now)
            .await?;
        days.insert(day, figures);
        done.closed.push(day);
    }
    let mut open = gather::open(&deps.rollups, now).await?;
    open.dead_letters = Some(deps.dead_letters.length().await?);

    for week in weeks(&done.closed, &due, asked) {
        done.weeks
            .push(write(deps, week, &days, last, open.clone()).await?);
    }
    done.read_units = deps.rollups.units();
    tracing::info!(
        closed = done.closed.len(),
        reports = done.weeks.len(),
        changed = done.weeks.iter().filter_map(|week| week.changed).sum::<usize>(),
        figures = ?done.weeks.iter().flat_map(|week| &week.figures).take(NAMED).collect::<Vec<_>>(),
        read_units = done.read_units,
        "reported"
    );
    Ok(done)
}

/// The weeks whose reports are to be made: those of newly closed days, the current one, and the one that was asked for.
fn weeks(closed: &[Date], due: &Period, asked: Option<Period>) -> Vec<Period> {
    let before = due.week_before().from;
    let mondays: BTreeSet<Date> = closed
        .iter()
        .map(|day| Period::week_of(*day).from)
        // Days that were closed only to know the usual figures belong to older weeks, whose reports nobody waits for.
        .filter(|monday| *monday >= before)
        .chain([due.from])
        .chain(asked.map(|week| week.from))
        .collect();
    mondays.into_iter().map(Period::week_of).collect()
}

async fn write(
    deps: &Deps,
    week: Period,
    days: &BTreeMap<Date, Day>,
    last: Date,
    open: Now,
) -> Result<Week, Error> {
    let report = Report::new(deps.stack.clone(), week, days, last, open);
    let name = format!("weekly/{}", report.period.name);
    let before = deps.reports.read(&format!("{name}.json")).await?;
    let json = report.json();
    let is_same = before.as_ref() == Some(&json);
    let before: Option<Value> = before.and_then(|text| serde_json::from_str(&text).ok());
    let changed = before
        .as_ref()
        .map(|before| changes::between(before, &report.value()));
    let was_final = before.is_some_and(|before| before["soFar"] == false);
    let mut mailed = false;
    if !is_same {
        let (page, table) = (report.html(), report.csv());
        let html = ("html", "text/html; charset=utf-8", page);
        let csv = ("csv", "text/csv; charset=utf-8", table);
        for (ending, media_type, text) in [html, csv] {
            let key = format!("{name}.{ending}");
            deps.reports.write(&key, media_type, text).await?;
        }
        // The mail is sent once, when the week is over.
        if let Some(mail) = deps.mail.as_ref().filter(|_| !report.so_far && !was_final) {
            let (subject, text) = letter(deps, &report, &name);
            mail.send(&subject, &text).await?;
            mailed = true;
        }
        // The JSON is written last. If a run breaks off earlier, the old JSON stays, so the next run does everything again.
        let key = format!("{name}.json");
        deps.reports.write(&key, "application/json", json).await?;
    }
    let figures = changed.iter().flatten().take(NAMED);
    Ok(Week {
        figures: figures.map(|change| change.figure.clone()).collect(),
        changed: changed.map(|changes| changes.len()),
        name: report.period.name,
        page: format!("s3://{}/{name}.html", deps.reports.name()),
        so_far: report.so_far,
        mailed,
    })
}

/// The subject and the text of the mail: numbers, and a link into the console, which asks for a sign-in. A signed link would
/// open the page to whoever has the mail.
fn letter(deps: &Deps, report: &Report, name: &str) -> (String, String) {
    let (env, week) = (&report.stack.env, &report.period.name);
    let region = &report.stack.region;
    let mut text = format!("What became of the photos in {week} ({env}):\n\n");
    for todo in &report.todo {
        let _ = writeln!(text, "TO DO: {}\n       {}", todo.what, todo.how);
    }
    for sentence in report.sentences() {
        let _ = writeln!(text, "- {sentence}");
    }
    let _ = writeln!(
        text,
        "\nThe report: https://{region}.console.aws.amazon.com/s3/object/{}?region={region}&prefix={name}.html",
        deps.reports.name()
    );
    (format!("scrubjay {env}: report of {week}"), text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_sample_events_decode() {
        let scheduled: Value =
            serde_json::from_str(include_str!("../../../events/report.json")).unwrap();
        let order: Order = decode(&scheduled).unwrap();
        assert!(order.time.is_some() && order.week.is_none() && !order.recount);
        let by_hand = json!({"week": "2026-W48", "recount": true});
        assert!(decode::<Order>(&by_hand).unwrap().recount);
        assert!(decode::<Order>(&json!({"time": "soon"})).is_err());
    }

    #[test]
    fn made_up_days_bring_the_week_before_and_no_older_one() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        let names = |closed: &[&str], asked: Option<&str>| -> Vec<String> {
            let closed: Vec<Date> = closed.iter().map(|day| date(day)).collect();
            let due = Period::week_of(date("2026-11-24"));
            let weeks = weeks(&closed, &due, asked.map(|week| week.parse().unwrap()));
            weeks.into_iter().map(|week| week.name).collect()
        };
        assert_eq!(names(&["2026-11-24"], None), ["2026-W48"]);
        assert_eq!(
            names(&["2026-11-22", "2026-11-23"], None),
            ["2026-W47", "2026-W48"]
        );
        assert_eq!(names(&["2026-11-01", "2026-11-24"], None), ["2026-W48"]);
        assert_eq!(names(&[], Some("2026-W40")), ["2026-W40", "2026-W48"]);
    }
}
