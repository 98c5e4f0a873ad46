//! Compares bucket A with bucket B, key by key, to find uploads and deletes whose event never arrived.

use jiff::SignedDuration;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::reconcile::{
    Comparison, Explanation, Listed, Pair, Situation, StoredFence, StuckItem, compare, created,
    deleted, execution_name, explain, hour, pair,
};
use scrubjay_pipeline::upload::{is_jpeg, object};

use crate::deps::{Deps, OnExpiry};
use crate::run::{Report, Run};
use crate::stuck;

/// Objects of one page of a listing.
const PAGE: usize = 1_000;

/// Goes through both buckets in the order of their keys, from where the last run stopped, until their end or a bound.
///
/// # Errors
/// The transient ones. The next run begins with the page that was not finished.
pub async fn buckets(deps: &Deps, run: &Run, report: &mut Report) -> Result<(), Error> {
    let Some(prefix) = prefix(&deps.key_prefix, &run.order.prefix) else {
        report.complete = true;
        return Ok(());
    };
    let audit = &deps.audit;
    let mut after = audit.cursor(prefix).await?;
    let mut expires = None;
    let mut listed = 0;
    while listed < run.order.keys && !run.spent() {
        let most = PAGE.min(run.order.keys - listed);
        let (source, destination) = tokio::try_join!(
            deps.source.page(prefix, &after, most),
            deps.destination.page(prefix, &after, most),
        )?;
        let (pairs, next) = pair(source, destination);
        listed += pairs.len();
        compare_page(deps, run, pairs, &mut expires, report).await?;
        report.complete = next.is_none();
        after = next.unwrap_or_default();
        audit.keep_cursor(prefix, &after).await?;
        if report.complete {
            break;
        }
    }
    Ok(())
}

/// The longer of two prefixes; none when no key has both.
fn prefix<'a>(configured: &'a str, ordered: &'a str) -> Option<&'a str> {
    if ordered.starts_with(configured) {
        Some(ordered)
    } else {
        configured.starts_with(ordered).then_some(configured)
    }
}

async fn compare_page(
    deps: &Deps,
    run: &Run,
    mut pairs: Vec<Pair>,
    expires: &mut Option<bool>,
    report: &mut Report,
) -> Result<(), Error> {
    pairs.retain(|pair| is_jpeg(&pair.key));
    report.compared += pairs.len() as u64;
    let bucket = deps.source.name();
    let objects: Vec<String> = pairs.iter().map(|p| object(bucket, &p.key)).collect();
    let fences = deps.audit.fences(&objects).await?;
    for (pair, object) in pairs.iter().zip(&objects) {
        let stored = fences.get(object);
        match compare(pair, stored, run.before) {
            Comparison::Settled => {}
            Comparison::Unexplained(listed) => {
                let known = deps.audit.uploads(object, &listed.etag).await?;
                let situation = Situation {
                    shown: pair.destination.is_some(),
                    fenced_at: stored.map(|s| s.updated_at),
                    on_rejected: deps.on_rejected,
                    now: run.now,
                };
                match explain(&listed, &known, &situation) {
                    Explanation::Known => {}
                    Explanation::Stuck(item) => {
                        stuck::one(
                            deps,
                            run,
                            &StuckItem::of(object, &listed.etag, item),
                            report,
                        )
                        .await?;
                    }
                    Explanation::Lost => {
                        report.unseen += 1;
                        let started = scrub(deps, run, &listed, stored).await?;
                        report.started += u64::from(started);
                        if started && item_expired(deps, run, &listed) {
                            report.items_expired += 1;
                        }
                    }
                }
            }
            Comparison::Orphan => {
                report.orphans += 1;
                if may_have_expired(deps, expires).await? {
                    report.kept += 1;
                } else {
                    report.started += u64::from(retract(deps, run, &pair.key, stored).await?);
                }
            }
        }
    }
    Ok(())
}

/// Whether bucket A may lack an object because a rule removed it whose expiries are not to reach bucket B.
async fn may_have_expired(deps: &Deps, known: &mut Option<bool>) -> Result<bool, Error> {
    if deps.on_expiry == OnExpiry::Retract {
        return Ok(false);
    }
    if let Some(known) = known {
        return Ok(*known);
    }
    let expires = deps.source.expires().await?;
    *known = Some(expires);
    Ok(expires)
}

/// Whether the object's audit item may have expired by `RetentionDays`. Then its absence says nothing about an event.
fn item_expired(deps: &Deps, run: &Run, listed: &Listed) -> bool {
    let kept = SignedDuration::from_hours(24 * i64::from(deps.retention_days));
    deps.retention_days > 0 && listed.modified + kept < run.now
}

/// The name of an execution for a key. It has the fence's revision, since a difference after another admission is a new one, and
/// the hour, since the execution that an earlier run started may have changed nothing.
fn name(
    run: &Run,
    act: &str,
    (key, etag, modified): (&str, &str, &str),
    stored: Option<&StoredFence>,
) -> String {
    let rev = stored.map_or(0, |s| s.fence.rev).to_string();
    execution_name(&[act, key, etag, modified, &rev, &hour(run.now)])
}

async fn scrub(
    deps: &Deps,
    run: &Run,
    listed: &Listed,
    stored: Option<&StoredFence>,
) -> Result<bool, Error> {
    let bucket = deps.source.name();
    let event = created(bucket, &listed.key, &listed.etag, None);
    let modified = listed.modified.to_string();
    let name = name(run, "scrub", (&listed.key, &listed.etag, &modified), stored);
    deps.executions.start(&deps.scrub, &name, &event).await
}

async fn retract(
    deps: &Deps,
    run: &Run,
    key: &str,
    stored: Option<&StoredFence>,
) -> Result<bool, Error> {
    let event = deleted(deps.source.name(), key);
    let name = name(run, "retract", (key, "", ""), stored);
    deps.executions.start(&deps.retract, &name, &event).await
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn the_longer_prefix_counts() {
        for (configured, ordered, wanted) in [
            ("", "", Some("")),
            ("", "a/", Some("a/")),
            ("a/", "", Some("a/")),
            ("a/", "a/b", Some("a/b")),
            ("a/b", "a/", Some("a/b")),
            ("a/", "b/", None),
        ] {
            assert_eq!(
                prefix(configured, ordered),
                wanted,
                "{configured} {ordered}"
            );
        }
    }
}
