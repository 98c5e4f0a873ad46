//! Finds items that have said PROCESSING for too long, and resolves them by the state of their executions.

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use scrubjay_pipeline::Error;
use scrubjay_pipeline::aws::FailureCheck;
use scrubjay_pipeline::reconcile::{StuckItem, created, execution_name, hour};

use crate::deps::Deps;
use crate::run::{Report, Resolved, Run};

/// Days back that each run searches. The index has an item under the day on which it was claimed.
const DAYS: i64 = 14;
/// Days back that the runs of one day search together: each run also searches some days from before [`DAYS`]. Items that are
/// even older are found when their key is compared.
const OLDER_DAYS: i64 = 365;
/// Days from before [`DAYS`] that one run searches.
const OLDER_PER_RUN: i64 = 8;
/// Most items of one day that a run resolves.
const MOST: usize = 1_000;
/// Items that are resolved at the same time.
const AT_ONCE: usize = 8;
/// Days that are searched at the same time, each in all its partitions.
const DAYS_AT_ONCE: usize = 4;

/// Resolves every item that is long PROCESSING, oldest first. An item that cannot be resolved does not hold up the others.
///
/// # Errors
/// The first error that occurred.
pub async fn resolve(deps: &Deps, run: &Run, report: &mut Report) -> Result<(), Error> {
    let mut result = Ok(());
    let mut days = stream::iter(days_back(run.now))
        .map(|days| {
            let day = run.now - SignedDuration::from_hours(24 * days);
            deps.audit.processing(day, run.before, MOST)
        })
        .buffered(DAYS_AT_ONCE);
    while let Some(found) = days.next().await {
        let mut found = found?;
        found.retain(|stuck| stuck.bucket_and_key().1.starts_with(&run.order.prefix));
        let mut resolved = stream::iter(&found)
            .map(async |stuck| {
                if run.spent() {
                    return (stuck, Ok(Resolved::Nothing));
                }
                (stuck, one(deps, run, stuck).await)
            })
            .buffer_unordered(AT_ONCE);
        while let Some((stuck, outcome)) = resolved.next().await {
            match outcome {
                Ok(resolved) => report.resolved(resolved),
                Err(error) => {
                    report.long_processing += 1;
                    tracing::warn!(
                        object = stuck.object,
                        entry = stuck.entry,
                        error = error.name(),
                        "an item could not be resolved"
                    );
                    result = result.and(Err(error));
                }
            }
        }
        if run.spent() {
            break;
        }
    }
    result
}

/// The days that a run searches, as numbers of days ago, oldest first. The current quarter of an hour decides which of the
/// older days they are, so that runs that are spread over a day search all of them.
fn days_back(now: Timestamp) -> Vec<i64> {
    let turn = now.as_second().div_euclid(15 * 60);
    let older = (0..OLDER_PER_RUN)
        .map(|n| DAYS + 1 + (turn * OLDER_PER_RUN + n).rem_euclid(OLDER_DAYS - DAYS));
    let mut days: Vec<i64> = (0..=DAYS).chain(older).collect();
    days.sort_unstable_by(|a, b| b.cmp(a));
    days
}

/// Resolves one item, if it still says PROCESSING by the same execution.
///
/// # Errors
/// The transient errors.
pub async fn one(deps: &Deps, run: &Run, stuck: &StuckItem) -> Result<Resolved, Error> {
    if !deps.audit.still_processing(stuck).await? {
        return Ok(Resolved::Nothing);
    }
    match deps.recorder.record_if_failed(&stuck.execution).await? {
        // Nothing to do: the time-out of its machine ends it.
        FailureCheck::Running => Ok(Resolved::Running),
        FailureCheck::Failed(_) => Ok(Resolved::Recorded),
        // Step Functions does not know the execution any more, or says that it succeeded although the item says PROCESSING, as
        // in a table that was restored from a backup. The upload is started again without a sequencer, so that neither the
        // lease nor an act that was admitted meanwhile keeps it out.
        FailureCheck::Unknown | FailureCheck::Succeeded | FailureCheck::NotAnUpload => {
            let (bucket, key) = stuck.bucket_and_key();
            let event = created(bucket, key, &stuck.etag, stuck.version_id.as_deref());
            let name = execution_name(&[
                "stuck",
                &stuck.object,
                &stuck.entry,
                &stuck.execution,
                &hour(run.now),
            ]);
            let now = deps.executions.start(&deps.scrub, &name, &event).await?;
            Ok(Resolved::Restarted { now })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_day_of_runs_searches_every_day_of_the_last_year() {
        let noon: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        let mut searched = BTreeSet::new();
        for quarter in 0..96 {
            let days = days_back(noon + SignedDuration::from_mins(15 * quarter));
            assert!(days.is_sorted_by(|a, b| a > b), "{days:?}");
            assert!((0..=DAYS).all(|day| days.contains(&day)));
            searched.extend(days);
        }
        assert_eq!(searched, (0..=OLDER_DAYS).collect());
    }
}
