//! Gathers a report's figures from the audit table: closed days as they were kept, the others counted anew, and what stands open.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use scrubjay_pipeline::Error;
use scrubjay_pipeline::audit::Status;
use scrubjay_pipeline::aws::Rollups;

use crate::{Day, InFlight, Now, OpenFailure, Period, Row, bounds};

/// The statuses in which an upload can end.
const ENDS: [Status; 5] = [
    Status::Cleaned,
    Status::Rejected,
    Status::Superseded,
    Status::Failed,
    Status::Retracted,
];
/// How far back open failures are looked for: an execution can be redriven for 14 days, and replayed anew for ever.
const FAILURES: SignedDuration = SignedDuration::from_hours(24 * 35);
/// An execution ends within an hour, and its lease five minutes later.
const LONGEST: SignedDuration = SignedDuration::from_mins(65);
/// How far back items that say PROCESSING are looked for; reconcile settles them within minutes.
const FLIGHT: SignedDuration = SignedDuration::from_hours(24 * 14);
/// A day is closed this long after its end, because the index lags behind the table.
const GRACE: SignedDuration = SignedDuration::from_mins(5);

/// The last day that is over, in a time zone.
pub fn last_closed(now: Timestamp, zone: &TimeZone) -> Date {
    let today = (now - GRACE).to_zoned(zone.clone()).date();
    today.saturating_sub(1.day())
}

/// The first day that a report of this period looks at: four whole weeks before it, which show what is usual.
pub fn first_day(period: &Period) -> Date {
    period
        .before()
        .from
        .min(period.from.saturating_sub(28.days()))
}

/// The days from the first to the last that were closed and kept. A day whose figures cannot be read, because a newer version
/// kept them, counts as missing.
///
/// # Errors
/// [`Error::AuditUnavailable`].
pub async fn closed(
    rollups: &Rollups,
    zone: &str,
    first: Date,
    last: Date,
) -> Result<BTreeMap<Date, Day>, Error> {
    let (first, last) = (first.to_string(), last.to_string());
    let kept = rollups.closed(zone, &first, &last).await?;
    Ok(kept
        .into_iter()
        .filter_map(|(date, figures)| {
            Some((date.parse().ok()?, serde_json::from_str(&figures).ok()?))
        })
        .collect())
}

/// Counts a day, or as much of it as there has been.
///
/// # Errors
/// [`Error::AuditUnavailable`].
pub async fn count(rollups: &Rollups, date: Date, zone: &TimeZone) -> Result<Day, Error> {
    let (from, to) = bounds(date, zone);
    let parts = rollups.fold(&ENDS, (from, to), Day::default, |day, row: Row| {
        day.count(&row, from);
    });
    let mut day = Day::sum(&parts.await?);
    for run in rollups.runs(from, to).await? {
        day.reconcile.runs += 1;
        day.reconcile.lost_events += run.lost;
        day.reconcile.recovered += run.recovered;
    }
    Ok(day)
}

/// What stands open now: failures that nobody has replayed, newest first, and what is under way for too long.
///
/// # Errors
/// [`Error::AuditUnavailable`].
pub async fn open(rollups: &Rollups, now: Timestamp) -> Result<Now, Error> {
    let failures = rollups.fold(
        &[Status::Failed],
        (now - FAILURES, now),
        Vec::new,
        |failures, row: Row| failures.push(failure(row)),
    );
    let mut failures: Vec<OpenFailure> = failures.await?.into_iter().flatten().collect();
    failures.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| a.key.cmp(&b.key)));
    let flights = rollups.fold(
        &[Status::Processing],
        (now - FLIGHT, now - LONGEST),
        InFlight::default,
        |flight, row: Row| {
            flight.uploads += 1;
            flight.oldest = flight.oldest.into_iter().chain(row.updated_at).min();
        },
    );
    let flights = flights.await?;
    Ok(Now {
        failures,
        in_flight: InFlight {
            uploads: flights.iter().map(|flight| flight.uploads).sum(),
            oldest: flights.iter().filter_map(|flight| flight.oldest).min(),
        },
        dead_letters: None,
    })
}

fn failure(row: Row) -> OpenFailure {
    let (error, state) = row
        .error
        .map_or_else(Default::default, |error| (error.name, error.state));
    OpenFailure {
        // Bucket names have no slash.
        key: row
            .object
            .split_once('/')
            .map_or("", |(_, key)| key)
            .to_owned(),
        error,
        state,
        since: row.updated_at.unwrap_or_default(),
        execution: row.execution,
    }
}
