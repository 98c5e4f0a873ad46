//! Compares bucket A with bucket B, key by key, to find uploads and deletes whose event never arrived.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt, stream};
use jiff::SignedDuration;
use scrubjay_pipeline::Error;
use scrubjay_pipeline::reconcile::{
    Comparison, Explanation, Listed, Pair, Situation, StoredFence, StuckItem, compare, created,
    deleted, execution_name, explain, hour, pair,
};
use scrubjay_pipeline::upload::object;
use tokio::sync::OnceCell;

use crate::deps::{Deps, OnExpiry};
use crate::run::{Difference, Found, Report, Run};
use crate::stuck;

/// Objects of one page of a listing.
const PAGE: usize = 1_000;
/// Keys that are compared at the same time. Each waits for one to three answers of DynamoDB and Step Functions, some 10 ms
/// each. Sixteen at a time make some 500 keys a second, which is far below the quotas of both services.
const AT_ONCE: usize = 16;

/// Goes through both buckets in the order of their keys, from where the last run stopped, until their end or a bound.
///
/// # Errors
/// The transient errors. The next run goes on after the last key before the first one that was not compared.
pub async fn buckets(deps: &Deps, run: &Run, report: &mut Report) -> Result<(), Error> {
    let Some(prefix) = prefix(&deps.key_prefix, &run.order.prefix) else {
        report.complete = true;
        return Ok(());
    };
    let audit = &deps.audit;
    let mut after = audit.cursor(prefix).await?;
    let expires = OnceCell::new();
    let mut listed = 0;
    while listed < run.order.keys && !run.spent() {
        let most = PAGE.min(run.order.keys - listed);
        let (source, destination) = tokio::try_join!(
            deps.source.page(prefix, &after, most),
            deps.destination.page(prefix, &after, most),
        )?;
        let (pairs, next) = pair(source, destination);
        listed += pairs.len();
        let (done, result) = compare_page(deps, run, pairs, &expires, report).await;
        let whole = result.is_ok() && done.is_none();
        report.complete = whole && next.is_none();
        after = if whole {
            next.unwrap_or_default()
        } else {
            done.filter(|key| !key.is_empty()).unwrap_or(after)
        };
        audit.keep_cursor(prefix, &after).await?;
        result?;
        if report.complete || !whole {
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

/// Compares the keys of a page, several at a time. If an error occurs or the time is spent, some keys are left out. Then it
/// also returns the last key up to which all were compared, which is empty if not even the first was.
pub async fn compare_page(
    deps: &Deps,
    run: &Run,
    mut pairs: Vec<Pair>,
    expires: &OnceCell<bool>,
    report: &mut Report,
) -> (Option<String>, Result<(), Error>) {
    pairs.retain(|pair| deps.suffixes.take(&pair.key));
    let bucket = deps.source.name();
    let objects: Vec<String> = pairs.iter().map(|p| object(bucket, &p.key)).collect();
    let fences = match deps.audit.fences(&objects).await {
        Ok(fences) => fences,
        Err(error) => return (Some(String::new()), Err(error)),
    };
    let stopped = AtomicBool::new(false);
    let mut found = stream::iter(pairs.iter().zip(&objects))
        .map(async |(pair, object)| {
            if run.spent() || stopped.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let stored = fences.get(object);
            let found = compare_key(deps, run, pair, object, stored, expires).await?;
            Ok(Some((pair, found)))
        })
        // In the order of the keys, so that the cursor never passes one that was left out.
        .buffered(AT_ONCE);
    let (mut done, mut whole, mut result) = (String::new(), true, Ok(()));
    // After the first key that was left out, comparisons that already run are still waited for and counted, because they may
    // have started executions.
    while let Some(key) = found.next().await {
        match key {
            Ok(Some((pair, found))) => {
                report.add(found);
                if whole {
                    done.clone_from(&pair.key);
                }
            }
            Ok(None) => whole = false,
            Err(error) => {
                whole = false;
                stopped.store(true, Ordering::Relaxed);
                result = result.and(Err(error));
            }
        }
    }
    ((!whole).then_some(done), result)
}

/// Compares one key, and starts what is missing.
async fn compare_key(
    deps: &Deps,
    run: &Run,
    pair: &Pair,
    object: &str,
    stored: Option<&StoredFence>,
    expires: &OnceCell<bool>,
) -> Result<Found, Error> {
    let mut found = Found::default();
    match compare(pair, stored, run.before) {
        Comparison::Settled => {}
        Comparison::Unexplained(listed) => {
            let situation = Situation {
                shown: pair.destination.is_some(),
                fenced_at: stored.map(|s| s.updated_at),
                on_rejected: deps.on_rejected,
                now: run.now,
            };
            let known = deps.audit.uploads(object, &listed.etag).await?;
            match explain(&listed, &known, &situation) {
                Explanation::Known => {}
                Explanation::Stuck(_) if run.is_dry() => {}
                Explanation::Stuck(item) => {
                    run.pace().await;
                    let item = StuckItem::of(object, &listed.etag, item);
                    found.resolved = stuck::one(deps, run, &item).await?;
                }
                Explanation::Lost => {
                    found.difference = if item_expired(deps.retention_days, run, &listed) {
                        Difference::ItemExpired
                    } else {
                        Difference::Unseen
                    };
                    found.started = if run.is_dry() {
                        false
                    } else if run.order.batch.is_some() {
                        scrub_if_still_lost(deps, run, pair, object, &situation).await?
                    } else {
                        scrub(deps, run, &listed, stored).await?
                    };
                }
            }
        }
        Comparison::Orphan => {
            if may_have_expired(deps, expires).await? {
                found.difference = Difference::Kept;
            } else {
                found.difference = Difference::Orphan;
                found.started = retract(deps, run, &pair.key, stored).await?;
            }
        }
    }
    Ok(found)
}

/// Waits until the rate allows a start, compares the key again, and starts an execution if the object is still unexplained. A
/// key of a batch may wait long, and another backfill, or the upload's own event, may have come meanwhile. The names of Express
/// executions do not keep a second one out.
async fn scrub_if_still_lost(
    deps: &Deps,
    run: &Run,
    pair: &Pair,
    object: &str,
    before: &Situation,
) -> Result<bool, Error> {
    run.pace().await;
    let fences = deps.audit.fences(&[object.to_owned()]).await?;
    let stored = fences.get(object);
    let Comparison::Unexplained(listed) = compare(pair, stored, run.before) else {
        return Ok(false);
    };
    let known = deps.audit.uploads(object, &listed.etag).await?;
    let situation = Situation {
        fenced_at: stored.map(|s| s.updated_at),
        ..*before
    };
    match explain(&listed, &known, &situation) {
        Explanation::Lost => scrub(deps, run, &listed, stored).await,
        Explanation::Known | Explanation::Stuck(_) => Ok(false),
    }
}

/// Whether a lifecycle rule may have removed an object from bucket A that bucket B must keep (`OnLifecycleExpiry` = keep).
/// Bucket A's rules are read once a run.
async fn may_have_expired(deps: &Deps, known: &OnceCell<bool>) -> Result<bool, Error> {
    if deps.on_expiry == OnExpiry::Retract {
        return Ok(false);
    }
    let expires = known.get_or_try_init(|| deps.source.expires()).await?;
    Ok(*expires)
}

/// Whether the object's audit item may have expired by `RetentionDays`. Then its absence says nothing about an event.
fn item_expired(retention_days: u32, run: &Run, listed: &Listed) -> bool {
    let kept = SignedDuration::from_hours(24 * i64::from(retention_days));
    retention_days > 0 && listed.modified + kept < run.now
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
    // The schedule finds few objects, and starts Standard executions for them, which the console shows. A backfill may find
    // very many, so it starts the machine that takes uploads.
    let machine = match run.order.batch {
        Some(_) => &deps.intake,
        None => &deps.scrub,
    };
    deps.executions.start(machine, &name, &event).await
}

async fn retract(
    deps: &Deps,
    run: &Run,
    key: &str,
    stored: Option<&StoredFence>,
) -> Result<bool, Error> {
    if run.is_dry() {
        return Ok(false);
    }
    run.pace().await;
    let event = deleted(deps.source.name(), key);
    let name = name(run, "retract", (key, "", ""), stored);
    deps.executions.start(&deps.retract, &name, &event).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Order;

    fn run_at(time: &str) -> Run {
        let mut run = Run::new(Order::default(), 15);
        run.now = time.parse().unwrap();
        run
    }

    #[test]
    fn a_name_is_good_for_one_hour_and_one_act() {
        let (first, same, later) = (
            run_at("2026-11-27T10:01:00Z"),
            run_at("2026-11-27T10:59:00Z"),
            run_at("2026-11-27T11:00:00Z"),
        );
        let object = ("k", "e", "2026-11-20T00:00:00Z");
        let named = |run: &Run, act: &str| name(run, act, object, None);
        assert_eq!(named(&first, "scrub"), named(&same, "scrub"));
        for act in ["scrub", "retract"] {
            assert_ne!(named(&first, act), named(&later, act), "{act}");
        }
        assert_ne!(named(&first, "scrub"), named(&first, "retract"));
        let other = ("k", "f", "2026-11-20T00:00:00Z");
        assert_ne!(named(&first, "scrub"), name(&first, "scrub", other, None));
    }

    #[test]
    fn an_item_that_may_have_expired_is_no_lost_event() {
        let run = run_at("2026-11-27T10:00:00Z");
        let listed = |modified: &str| Listed {
            key: "k".into(),
            etag: "e".into(),
            modified: modified.parse().unwrap(),
        };
        let (old, young) = (
            listed("2026-11-20T09:00:00Z"),
            listed("2026-11-20T11:00:00Z"),
        );
        assert!(item_expired(7, &run, &old));
        assert!(!item_expired(7, &run, &young));
        // Kept for ever.
        assert!(!item_expired(0, &run, &old));
    }

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
