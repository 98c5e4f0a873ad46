//! Finds uploads and deletes whose event never arrived. Reconcile changes neither bucket: it compares, records failures, and
//! starts the state machines, which do the rest.

use scrubjay_pipeline::Error;
use scrubjay_pipeline::metrics::Reconciled;
use scrubjay_pipeline::upload::decode;
use serde_json::Value;

use crate::deps::Deps;
use crate::run::{Order, Report, Run};
use crate::{batch, compare, stuck};

/// An [`Order`] or a schedule's event in, [`Report`] out. A repeated or simultaneous call starts nothing twice, because the
/// name of an execution says what it is for.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Report, Error> {
    let order: Order = decode(input)?;
    let run = Run::new(order, deps.minutes);
    let mut report = Report::default();
    if let Some(batch) = &run.order.batch {
        run.within(batch::compare(deps, &run, batch, &mut report))
            .await?;
        tell(&report, "compared a batch");
        return Ok(report);
    }
    let resolved = run.within(stuck::resolve(deps, &run, &mut report)).await;
    let compared = run.within(compare::buckets(deps, &run, &mut report)).await;
    // What was found is reported even if the run did not reach its end.
    let found = Reconciled {
        long_processing: report.long_processing,
        // Each lost event counts once: `started` does not contain what an earlier run has started.
        lost: report.started - report.items_expired,
        recovered: report.recorded + report.restarted + report.started,
        compared: report.compared,
    };
    deps.metrics.reconciled(found);
    if let Err(error) = deps.audit.keep_run(run.now, found).await {
        tracing::warn!(error = error.name(), "this run is missing from the report");
    }
    tell(&report, "reconciled");
    resolved.and(compared).map(|()| report)
}

fn tell(report: &Report, what: &str) {
    tracing::info!(
        long_processing = report.long_processing,
        recorded = report.recorded,
        restarted = report.restarted,
        compared = report.compared,
        unseen = report.unseen,
        orphans = report.orphans,
        kept = report.kept,
        started = report.started,
        items_expired = report.items_expired,
        complete = report.complete,
        "{what}"
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_sample_events_decode() {
        let scheduled: Value =
            serde_json::from_str(include_str!("../../../events/reconcile.json")).unwrap();
        let order: Order = decode(&scheduled).unwrap();
        assert_eq!((order.older_than_minutes, order.keys), (None, 20_000));
        let by_hand = json!({"olderThanMinutes": 0, "prefix": "p/", "keys": 2});
        let order: Order = decode(&by_hand).unwrap();
        assert_eq!(
            (order.older_than_minutes, &*order.prefix, order.keys),
            (Some(0), "p/", 2)
        );
        let batch = json!({"batch": {"run": "r", "keys": ["p/1"], "dryRun": true, "millisecondsBetweenStarts": 5}});
        let batch = decode::<Order>(&batch).unwrap().batch.unwrap();
        assert_eq!((&*batch.keys[0], batch.dry_run), ("p/1", true));
        let wrong = json!({"olderThanMinutes": "soon"});
        assert!(matches!(decode::<Order>(&wrong), Err(Error::BadEvent(_))));
    }
}
