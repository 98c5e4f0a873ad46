//! One run of reconcile: what it is to compare, its bounds, and what it found.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A run begins nothing new after this; the function's own time-out is longer.
const BUDGET: Duration = Duration::from_mins(4);

/// What to compare. The schedule's event has none of these fields; an operator may set them by hand.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "an object")]
pub struct Order {
    /// What changed within this many minutes is left alone.
    pub older_than_minutes: Option<u32>,
    /// Only keys that begin so.
    pub prefix: String,
    /// A run stops behind so many keys; the next goes on from there.
    pub keys: usize,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            older_than_minutes: None,
            prefix: String::new(),
            keys: 20_000,
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
}

impl Run {
    /// A run that begins now. `minutes` is the configured age; the order may give another.
    pub fn new(order: Order, minutes: u32) -> Self {
        let now = Timestamp::now();
        let minutes = order.older_than_minutes.unwrap_or(minutes);
        Self {
            order,
            now,
            before: now - SignedDuration::from_mins(i64::from(minutes)),
            started: Instant::now(),
        }
    }

    /// Whether there is no time for more.
    pub fn spent(&self) -> bool {
        self.started.elapsed() > BUDGET
    }
}

/// What was found and done.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Items that said PROCESSING for too long.
    pub long_processing: u64,
    /// Of those: their execution had failed, timed out or been aborted, and the item says so now.
    pub recorded: u64,
    /// Of those: their execution is gone, or succeeded without a record, and another was started.
    pub restarted: u64,
    /// Keys of both buckets that were held against each other.
    pub compared: u64,
    /// Objects in bucket A that bucket B does not show, and nothing says why.
    pub unseen: u64,
    /// Objects in bucket B that bucket A no longer has.
    pub orphans: u64,
    /// Of those: left alone, since a lifecycle rule of bucket A may have removed them.
    pub kept: u64,
    /// Executions that were started for unseen objects and orphans.
    pub started: u64,
    /// Of those: no lost event, since the object's audit item may have expired by `RetentionDays`.
    pub items_expired: u64,
    /// Whether both buckets were gone through to their end.
    pub complete: bool,
}
