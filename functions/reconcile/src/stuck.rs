//! Finds items that have said PROCESSING for too long, and resolves them by the state of their executions.

use jiff::SignedDuration;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::aws::FailureCheck;
use scrubjay_pipeline::reconcile::{StuckItem, created, execution_name};

use crate::deps::Deps;
use crate::run::{Report, Run};

/// An item is under the day on which it was claimed. A fortnight of schedules cannot all have been missed unseen.
const DAYS: i64 = 14;
/// Most items of one day that a run resolves.
const MOST: usize = 1_000;

/// Resolves every item that is long PROCESSING, oldest first. An item that cannot be resolved does not hold up the others.
///
/// # Errors
/// The first of those that came up.
pub async fn resolve(deps: &Deps, run: &Run, report: &mut Report) -> Result<(), Error> {
    let mut result = Ok(());
    for days in (0..=DAYS).rev() {
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
            if let Err(error) = one(deps, &stuck, report).await {
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

async fn one(deps: &Deps, stuck: &StuckItem, report: &mut Report) -> Result<(), Error> {
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
            let name = execution_name(&["stuck", &stuck.object, &stuck.entry, &stuck.execution]);
            report.restarted += u64::from(deps.executions.start(&deps.scrub, &name, &event).await?);
            Ok(())
        }
    }
}
