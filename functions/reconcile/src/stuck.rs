//! Finds items that have said PROCESSING for too long, and resolves them by the state of their executions.

use jiff::{SignedDuration, Timestamp};
use scrubjay_pipeline::Error;
use scrubjay_pipeline::aws::FailureCheck;
use scrubjay_pipeline::reconcile::{StuckItem, created, execution_name, hour};

use crate::deps::Deps;
use crate::run::{Report, Run};

/// An item is under the day on which it was claimed. Each run searches this many days back,
const DAYS: i64 = 14;
/// and some of the days before: over a day of runs, every day of the last year. Older items are found when their key is compared.
const OLDER_DAYS: i64 = 365;
/// Older days in one run.
const OLDER_PER_RUN: i64 = 8;
/// Most items of one day that a run resolves.
const MOST: usize = 1_000;

/// Resolves every item that is long PROCESSING, oldest first. An item that cannot be resolved does not hold up the others.
///
/// # Errors
/// The first of those that came up.
pub async fn resolve(deps: &Deps, run: &Run, report: &mut Report) -> Result<(), Error> {
    let mut result = Ok(());
    for days in days_back(run.now) {
        let day = run.now - SignedDuration::from_hours(24 * days);
        let found = deps.audit.processing(day, run.before, MOST).await?;
        for stuck in found {
            if run.spent() {
                return result;
            }
            let (_, key) = stuck.bucket_and_key();
            if !key.starts_with(&run.order.prefix) {
                continue;
            }
            if let Err(error) = one(deps, run, &stuck, report).await {
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
    result
}

/// The days that a run searches, as numbers of days ago, oldest first. The older ones follow from the quarter of the hour, so that
/// runs that are spread over a day search all of them.
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
/// The transient ones.
pub async fn one(
    deps: &Deps,
    run: &Run,
    stuck: &StuckItem,
    report: &mut Report,
) -> Result<(), Error> {
    if !deps.audit.still_processing(stuck).await? {
        return Ok(());
    }
    report.long_processing += 1;
    match deps.recorder.record_if_failed(&stuck.execution).await? {
        // Its machine ends it in time.
        FailureCheck::Running => Ok(()),
        FailureCheck::Failed(_) => {
            report.recorded += 1;
            Ok(())
        }
        // Step Functions cannot say any more, or says that the item should (a table that was restored from a backup). The
        // work is done again, without a sequencer, so that neither the lease nor what was admitted meanwhile is in the way.
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
            report.restarted += u64::from(deps.executions.start(&deps.scrub, &name, &event).await?);
            Ok(())
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
