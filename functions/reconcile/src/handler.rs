//! Finds uploads and deletes whose event never arrived. Reconcile changes neither bucket: it compares, records failures, and
//! starts the state machines, which do the rest.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use scrubjay_pipeline::Error;
use scrubjay_pipeline::aws::{self, Bucket, Recorder};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::metrics::Reconciled;
use scrubjay_pipeline::upload::decode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A run begins nothing new after this; the function's own time-out is longer.
const BUDGET: Duration = Duration::from_mins(4);

/// Made once per cold start.
pub struct Deps {
    pub recorder: Recorder,
    pub source: Bucket,
    pub destination: Bucket,
    /// ARN of the machine scrub.
    pub scrub: String,
    /// ARN of the machine retract.
    pub retract: String,
    /// Only keys that begin so are treated.
    pub key_prefix: String,
    /// What an expiry by a lifecycle rule of bucket A does to bucket B.
    pub on_expiry: OnExpiry,
    minutes: u32,
}

impl Deps {
    /// From what [`Recorder`] needs, `SOURCE_BUCKET`, `DESTINATION_BUCKET`, `SCRUB_MACHINE`, `RETRACT_MACHINE`,
    /// `RECONCILE_MINUTES`, `KEY_PREFIX` and `ON_LIFECYCLE_EXPIRY`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let sdk = aws::sdk_config();
        let s3 = aws::s3_client(&sdk);
        let deps = Self {
            recorder: Recorder::new(&sdk, &mut env),
            source: Bucket::new(s3.clone(), env.required("SOURCE_BUCKET")),
            destination: Bucket::new(s3, env.required("DESTINATION_BUCKET")),
            scrub: env.required("SCRUB_MACHINE"),
            retract: env.required("RETRACT_MACHINE"),
            key_prefix: env.or("KEY_PREFIX", String::new()),
            on_expiry: env.or("ON_LIFECYCLE_EXPIRY", OnExpiry::Keep),
            minutes: env.or("RECONCILE_MINUTES", 15),
        };
        env.finish(deps)
    }

    /// Opens the connection to DynamoDB.
    pub async fn open(&self) {
        self.recorder.audit().open().await;
    }
}

/// What an expiry in bucket A does to bucket B.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnExpiry {
    Keep,
    Retract,
}

impl std::str::FromStr for OnExpiry {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "keep" => Ok(Self::Keep),
            "retract" => Ok(Self::Retract),
            _ => Err(()),
        }
    }
}

/// What to compare. The schedule's event has none of these fields; an operator may set them by hand.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "an object")]
pub struct Order {
    /// What changed within this many minutes is left alone.
    older_than_minutes: Option<u32>,
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
    /// Whether both buckets were gone through to their end.
    pub complete: bool,
}

/// An [`Order`] or a schedule's event in, [`Report`] out. Doing it again, or twice at once, changes nothing: executions are
/// started under names that say what they are for.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Report, Error> {
    let order: Order = decode(input)?;
    let now = Timestamp::now();
    let minutes = order.older_than_minutes.unwrap_or(deps.minutes);
    let run = Run {
        order,
        now,
        before: now - SignedDuration::from_mins(i64::from(minutes)),
        started: Instant::now(),
    };
    let mut report = Report::default();
    let stuck = crate::stuck::resolve(deps, &run, &mut report).await;
    let compared = crate::compare::buckets(deps, &run, &mut report).await;
    // What was found is said even when the run could not go to its end.
    deps.recorder.metrics().reconciled(Reconciled {
        long_processing: report.long_processing,
        // Each once: what an earlier run has started is no news.
        lost: report.started,
        recovered: report.recorded + report.restarted + report.started,
        compared: report.compared,
    });
    tracing::info!(
        long_processing = report.long_processing,
        recorded = report.recorded,
        restarted = report.restarted,
        compared = report.compared,
        unseen = report.unseen,
        orphans = report.orphans,
        kept = report.kept,
        started = report.started,
        complete = report.complete,
        "reconciled"
    );
    stuck.and(compared).map(|()| report)
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
        let wrong = json!({"olderThanMinutes": "soon"});
        assert!(matches!(decode::<Order>(&wrong), Err(Error::BadEvent(_))));
    }
}
