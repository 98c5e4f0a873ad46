//! Compares a batch of keys for the machine `backfill`, by the rules of every run, and starts executions at the pace that the
//! batch names.

use std::collections::BTreeSet;

use scrubjay_pipeline::Error;
use scrubjay_pipeline::reconcile::{BackfillCounts, Pair, decoded, just_before, pair};
use tokio::sync::OnceCell;

use crate::compare::compare_page;
use crate::deps::Deps;
use crate::run::{Batch, Report, Run};

/// Objects of one page of a listing.
const PAGE: usize = 1_000;

/// Compares what both buckets hold now under every key of the batch, because the listing or the inventory may be out of date.
/// Keys for which the run has no time are in the report's `rest`.
///
/// # Errors
/// [`Error::BadEvent`] for a key of another bucket, or one that is not UTF-8, before anything was compared; the transient
/// errors.
pub async fn compare(
    deps: &Deps,
    run: &Run,
    batch: &Batch,
    report: &mut Report,
) -> Result<(), Error> {
    let prefixes = [deps.key_prefix.as_str(), &run.order.prefix];
    let keys = keys(deps.source.name(), prefixes, batch)?;
    let result = compare_keys(deps, run, keys, batch.orphans_only, report).await;
    // What was started is counted even if the rest of the batch failed.
    let counts = BackfillCounts {
        compared: report.compared,
        unseen: report.unseen,
        orphans: report.orphans,
        kept: report.kept,
        gone: report.gone,
        started: report.started + report.restarted,
    };
    let counted = deps.audit.count_backfill(&batch.run, counts).await;
    result.and(counted)
}

async fn compare_keys(
    deps: &Deps,
    run: &Run,
    mut keys: BTreeSet<String>,
    orphans_only: bool,
    report: &mut Report,
) -> Result<(), Error> {
    let expires = OnceCell::new();
    let mut passed = String::new();
    while let Some(first) = keys.first() {
        if run.spent() {
            break;
        }
        // If more than a page of keys lies shortly before this key, the page ends before it, and the next page goes on from
        // there.
        let after = just_before(first).max(passed);
        let (source, destination) = tokio::try_join!(
            deps.source.page("", &after, PAGE),
            deps.destination.page("", &after, PAGE),
        )?;
        let (pairs, reach) = pair(source, destination);
        // Both pages have passed these keys. So a wanted key that is in neither page is in neither bucket any more.
        let behind = match &reach {
            Some(reach) => keys.split_off(reach),
            None => BTreeSet::new(),
        };
        let mut wanted = std::mem::replace(&mut keys, behind);
        if let Some(reach) = &reach
            && keys.remove(reach)
        {
            wanted.insert(reach.clone());
        }
        passed = reach.unwrap_or_default();
        let mut pairs: Vec<Pair> = pairs
            .into_iter()
            .filter(|pair| wanted.contains(&pair.key))
            .collect();
        report.gone += (wanted.len() - pairs.len()) as u64;
        pairs.retain(|pair| !orphans_only || pair.source.is_none());
        let (done, result) = compare_page(deps, run, pairs, &expires, report).await;
        result?;
        if let Some(done) = done {
            let mut rest = wanted.split_off(&done);
            rest.remove(&done);
            keys.append(&mut rest);
            break;
        }
    }
    report.complete = keys.is_empty();
    report.rest = Some(keys.into_iter().collect());
    Ok(())
}

/// The batch's keys, decoded, that begin with both prefixes.
fn keys(bucket: &str, prefixes: [&str; 2], batch: &Batch) -> Result<BTreeSet<String>, Error> {
    if let Some(other) = batch.buckets.iter().find(|other| *other != bucket) {
        return Err(Error::BadEvent(format!(
            "the inventory is of the bucket {other}"
        )));
    }
    let keys = batch.keys.iter().map(|key| {
        if !batch.url_encoded {
            return Ok(key.clone());
        }
        decoded(key).ok_or_else(|| Error::BadEvent("a key that is not UTF-8".to_owned()))
    });
    let mut keys = keys.collect::<Result<BTreeSet<String>, Error>>()?;
    keys.retain(|key| prefixes.iter().all(|prefix| key.starts_with(prefix)));
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(keys: &[&str]) -> Batch {
        Batch {
            run: "r".into(),
            keys: keys.iter().map(|&key| key.into()).collect(),
            url_encoded: true,
            buckets: vec!["a".into()],
            orphans_only: false,
            dry_run: false,
            milliseconds_between_starts: 1,
        }
    }

    #[test]
    fn keys_of_an_inventory_are_decoded_once() {
        let read = |keys: &[&str], prefix: &str| {
            let keys = super::keys("a", ["", prefix], &batch(keys)).unwrap();
            keys.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(
            read(&["p/%2525.jpg", "p/a+b.jpg"], ""),
            ["p/%25.jpg", "p/a b.jpg"]
        );
        assert_eq!(read(&["p/1.jpg", "q/1.jpg"], "p/"), ["p/1.jpg"]);
        let long = "é".repeat(512);
        assert_eq!(read(&[&"%C3%A9".repeat(512)], ""), [long]);
    }

    #[test]
    fn an_inventory_of_another_bucket_is_refused() {
        let mut other = batch(&["p/1.jpg"]);
        other.buckets.push("b".into());
        assert!(matches!(
            keys("a", ["", ""], &other),
            Err(Error::BadEvent(_))
        ));
        assert!(matches!(
            keys("a", ["", ""], &batch(&["%FF"])),
            Err(Error::BadEvent(_))
        ));
    }
}
