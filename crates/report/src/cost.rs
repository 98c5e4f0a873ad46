//! What a period cost, estimated from its figures and AWS's list prices: US dollars, us-east-1, no free tiers. This is
//! not a bill: it leaves out storage, fixed monthly costs and what others do with the buckets.
//!
//! The rates are those of `docs/deploy.md`, "What it costs", where each has its source; `tests/tests/figures.rs` holds the two
//! against each other.

use serde::{Deserialize, Serialize};

use crate::Day;

/// A state transition of a Standard execution (<https://aws.amazon.com/step-functions/pricing/>).
const TRANSITION: f64 = 25.0 / 1e6;
/// A request and about 900 ms at 64 MB of an Express execution.
const EXPRESS: f64 = 1.93 / 1e6;
/// GB-seconds of Lambda on arm64 (<https://aws.amazon.com/lambda/pricing/>).
const GB_SECOND: f64 = 0.000_013_333_4;
/// GB-seconds of an accepted photo, and of one that Strip refuses: Validate refuses some for less.
const GB_SECONDS: (f64, f64) = (0.806, 0.64);
/// An invocation.
const INVOCATION: f64 = 0.2 / 1e6;
/// PUT, POST and LIST; GET and HEAD (<https://aws.amazon.com/s3/pricing/>).
const S3: (f64, f64) = (5.0 / 1e6, 0.4 / 1e6);
/// Write and read request units (<https://aws.amazon.com/dynamodb/pricing/on-demand/>).
const DYNAMODB: (f64, f64) = (0.625 / 1e6, 0.125 / 1e6);
/// An event.
const EVENT: f64 = 1.0 / 1e6;
/// A gigabyte of logs (<https://aws.amazon.com/cloudwatch/pricing/>), and kilobytes of an upload's.
const LOGS: (f64, f64) = (0.5, 4.0);

/// Which state machine takes the uploads: Standard or Express.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Workflow {
    /// A Standard execution per upload.
    #[default]
    Standard,
    /// An Express execution per upload, and a Standard one for what fails.
    Express,
}

impl std::str::FromStr for Workflow {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "standard" => Ok(Self::Standard),
            "express" => Ok(Self::Express),
            _ => Err(()),
        }
    }
}

/// One part of the estimate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// The service.
    pub service: &'static str,
    /// How it was calculated.
    pub reckoned: String,
    /// US dollars, to the hundredth of a cent.
    pub dollars: f64,
}

/// The estimate of a period, by service.
pub fn estimate(figures: &Day, workflow: Workflow) -> Vec<Part> {
    let accepted = figures.published as f64;
    let refused = figures.of("REJECTED") as f64;
    let removed = figures.of("RETRACTED") as f64;
    let failed = figures.of("FAILED") as f64;
    let other = figures.of("SUPERSEDED") as f64;
    let uploads = accepted + refused + failed + other;
    // States on the way of an upload that is accepted, refused, or overtaken; and of a removal.
    let transitions = accepted * 5.0 + refused * 8.0 + other * 3.0 + removed * 4.0;
    let (steps, how) = match workflow {
        Workflow::Standard => (
            (transitions + failed * 4.0) * TRANSITION,
            "state transitions at $25 per million",
        ),
        Workflow::Express => (
            (uploads + removed) * EXPRESS + failed * 5.0 * TRANSITION,
            "Express requests and time at $1.93 per million, and what fails in Standard executions",
        ),
    };
    let part = |service, reckoned: &str, dollars: f64| Part {
        service,
        reckoned: reckoned.to_owned(),
        dollars: (dollars * 1e4).round() / 1e4,
    };
    vec![
        part("Step Functions", how, steps),
        part(
            "Lambda",
            "0.81 GB-seconds and 4 invocations an accepted photo, 0.64 and 3 a refused one",
            (accepted * GB_SECONDS.0 + refused * GB_SECONDS.1) * GB_SECOND
                + (accepted * 4.0 + refused * 3.0) * INVOCATION,
        ),
        part(
            "S3",
            "3 PUT and 4 GET or HEAD an accepted photo, 1 and 1 a refused one",
            (accepted * 3.0 + refused) * S3.0 + (accepted * 4.0 + refused) * S3.1,
        ),
        part(
            "DynamoDB",
            "11 write and 4 read units an upload",
            uploads * (11.0 * DYNAMODB.0 + 4.0 * DYNAMODB.1),
        ),
        part("EventBridge", "2 events an upload", uploads * 2.0 * EVENT),
        part(
            "CloudWatch Logs",
            "4 KB an upload at $0.50 per GB",
            uploads * LOGS.1 / 1e6 * LOGS.0,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn million() -> Day {
        Day {
            published: 1_000_000,
            statuses: [("CLEANED".to_owned(), 1_000_000)].into(),
            ..Day::default()
        }
    }

    #[test]
    fn a_million_photos_cost_what_the_docs_say() {
        let parts = estimate(&million(), Workflow::Standard);
        let of = |service| parts.iter().find(|p| p.service == service).unwrap().dollars;
        assert!((of("Step Functions") - 125.0).abs() < 0.01);
        assert!((of("S3") - 16.6).abs() < 0.01);
        assert!((of("DynamoDB") - 7.375).abs() < 0.01);
        assert!(estimate(&million(), Workflow::Express)[0].dollars < 2.0);
    }

    #[test]
    fn nothing_costs_nothing() {
        let parts = estimate(&Day::default(), Workflow::Standard);
        assert!(parts.iter().all(|part| part.dollars == 0.0));
    }
}
