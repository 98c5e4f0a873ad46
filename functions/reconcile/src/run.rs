//! One run of reconcile: what it is to compare, its bounds, and what it found.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use scrubjay_pipeline::Error;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior};

/// A run begins nothing new after this: well before four fifths of the function's time-out, at which the alarm `function-slow` rings.
const BUDGET: Duration = Duration::from_secs(210);
/// A call for a batch begins nothing new after this. So a backfill that was stopped starts executions for no longer than this.
const BATCH_BUDGET: Duration = Duration::from_secs(30);
/// A part of the run that hangs is given up after this. The function's own time-out is longer, so that the run can still report
/// what it found.
const LIMIT: Duration = Duration::from_secs(280);

/// What to compare. The schedule's event has none of these fields; an operator may set them by hand.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "an object")]
pub struct Order {
    /// What changed within this many minutes is left alone.
    pub older_than_minutes: Option<u32>,
    /// Only keys that begin with this prefix are compared.
    pub prefix: String,
    /// A run stops after this many keys; the next run goes on from there.
    pub keys: usize,
    /// Set by the machine `backfill`.
    pub batch: Option<Batch>,
}

/// Keys of a listing or an inventory, which the machine `backfill` sends to be compared. What they reveal does not count as a
/// lost event, because the photo may be older than the stack.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub struct Batch {
    /// The name of the backfill's execution.
    pub run: String,
    /// The keys, in any order.
    pub keys: Vec<String>,
    /// The keys are written as S3 Inventory writes them.
    #[serde(default)]
    pub url_encoded: bool,
    /// The buckets to which the keys belong, if an inventory names them.
    #[serde(default)]
    pub buckets: Vec<String>,
    /// Compare only keys that bucket A does not hold, because the others were compared before.
    #[serde(default)]
    pub orphans_only: bool,
    /// Count what would be started, and start nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// The shortest time between two starts.
    pub milliseconds_between_starts: u32,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            older_than_minutes: None,
            prefix: String::new(),
            keys: 20_000,
            batch: None,
        }
    }
}

/// The bounds of one run.
pub struct Run {
    pub order: Order,
    pub now: Timestamp,
    /// What was touched at this time or later is left alone.
    pub before: Timestamp,
    started: Instant,
    pace: Option<Mutex<Interval>>,
}

impl Run {
    /// A run that begins now. `minutes` is the configured age; the order may give another.
    pub fn new(order: Order, minutes: u32) -> Self {
        let now = Timestamp::now();
        let minutes = order.older_than_minutes.unwrap_or(minutes);
        let pace = order.batch.as_ref().map(|batch| {
            let every = Duration::from_millis(batch.milliseconds_between_starts.max(1).into());
            // The first start waits too, so that many short batches together do not exceed the rate.
            let mut pace = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Mutex::new(pace)
        });
        Self {
            pace,
            order,
            now,
            before: now - SignedDuration::from_mins(i64::from(minutes)),
            started: Instant::now(),
        }
    }

    /// Carries out a part of the run, unless it takes longer than the run may.
    ///
    /// # Errors
    /// The part's own; [`Error::WorkflowUnavailable`] when the time is over.
    pub async fn within(&self, part: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
        let left = LIMIT.saturating_sub(self.started.elapsed());
        let ended = tokio::time::timeout(left, part).await;
        ended.unwrap_or_else(|late| {
            Err(Error::WorkflowUnavailable {
                doing: "compare the buckets within the run's time",
                source: late.into(),
            })
        })
    }

    /// Waits until the rate of the batch allows another start.
    pub async fn pace(&self) {
        if let Some(pace) = &self.pace {
            pace.lock().await.tick().await;
        }
    }

    /// Whether nothing is to be started or recorded.
    pub fn is_dry(&self) -> bool {
        self.order.batch.as_ref().is_some_and(|batch| batch.dry_run)
    }

    /// Whether there is no time for more.
    pub fn spent(&self) -> bool {
        let budget = match self.order.batch {
            Some(_) => BATCH_BUDGET,
            None => BUDGET,
        };
        self.started.elapsed() > budget
    }
}

/// What was found and done about one key.
#[derive(Debug, Default, Clone, Copy)]
pub struct Found {
    /// What became of the key's item, if it was long PROCESSING.
    pub resolved: Resolved,
    pub difference: Difference,
    /// Whether an execution was started for it.
    pub started: bool,
}

/// How the two buckets differ in one key.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Not at all, or the audit items say why.
    #[default]
    None,
    /// Bucket B does not show an object of bucket A, and no audit item says why.
    Unseen,
    /// As `Unseen`, but the object's audit item may have expired.
    ItemExpired,
    /// Bucket B shows an object that bucket A no longer has.
    Orphan,
    /// As `Orphan`, but a lifecycle rule of bucket A may have removed the original, so the photo is left alone.
    Kept,
}

/// What became of an item that was long PROCESSING.
#[derive(Debug, Default, Clone, Copy)]
pub enum Resolved {
    /// There was no such item, or the run had no time for it, or the item has another status by now, since the index is a
    /// moment behind.
    #[default]
    Nothing,
    /// Its execution runs.
    Running,
    /// Its failure is recorded.
    Recorded,
    /// Another execution was started for it, or had been.
    Restarted { now: bool },
}

/// What was found and done.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Items that said PROCESSING for too long.
    pub long_processing: u64,
    /// Those of `long_processing` whose execution had failed, timed out or been aborted; the item says FAILED now.
    pub recorded: u64,
    /// Those of `long_processing` whose execution is gone, or succeeded without a record; another one was started.
    pub restarted: u64,
    /// Keys whose objects in both buckets were compared.
    pub compared: u64,
    /// Objects in bucket A that bucket B does not show, although no audit item says why.
    pub unseen: u64,
    /// Objects in bucket B that bucket A no longer has.
    pub orphans: u64,
    /// Those of `orphans` that were left alone, since a lifecycle rule of bucket A may have removed the original.
    pub kept: u64,
    /// Executions that were started for unseen objects and orphans.
    pub started: u64,
    /// Those of `started` that count as no lost event, since the object's audit item may have expired by `RetentionDays`.
    pub items_expired: u64,
    /// Whether both buckets were gone through to their end.
    pub complete: bool,
    /// Of a batch: keys that neither bucket holds any more.
    pub gone: u64,
    /// Of a batch: the keys that there was no time for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Vec<String>>,
}

impl Report {
    /// Counts an item that was long PROCESSING.
    pub fn resolved(&mut self, resolved: Resolved) {
        self.long_processing += u64::from(!matches!(resolved, Resolved::Nothing));
        self.recorded += u64::from(matches!(resolved, Resolved::Recorded));
        self.restarted += u64::from(matches!(resolved, Resolved::Restarted { now: true }));
    }

    /// Counts a key that was compared.
    pub fn add(&mut self, found: Found) {
        self.resolved(found.resolved);
        let is = |difference| u64::from(found.difference == difference);
        self.compared += 1;
        self.unseen += is(Difference::Unseen) + is(Difference::ItemExpired);
        if found.started {
            self.items_expired += is(Difference::ItemExpired);
        }
        self.orphans += is(Difference::Orphan) + is(Difference::Kept);
        self.kept += is(Difference::Kept);
        self.started += u64::from(found.started);
    }
}
