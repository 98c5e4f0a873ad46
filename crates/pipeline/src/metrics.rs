//! CloudWatch metrics in the embedded metric format: log lines from which CloudWatch Logs makes metrics
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//!
//! Dimensions are few and bounded. Every metric has the stack, and some also have an outcome, an error name or a kind, whose
//! values come from closed lists in scrubjay.

use std::io::Write;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::audit::{Outcome, Status};

const NAMESPACE: &str = "scrubjay";

/// What a run of Reconcile found.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reconciled {
    /// Items that said PROCESSING for too long.
    pub long_processing: u64,
    /// Keys with an upload or delete whose event never arrived, and which no earlier run has found.
    pub lost: u64,
    /// Failures recorded and executions started.
    pub recovered: u64,
    /// Keys compared.
    pub compared: u64,
}

/// Writes metrics of one stack to standard output.
#[derive(Debug, Clone)]
pub struct Metrics {
    stack: String,
}

impl Metrics {
    /// Metrics of the stack with this name.
    pub fn new(stack: String) -> Self {
        Self { stack }
    }

    /// Writes all metrics about the end of an upload.
    pub fn outcome(&self, outcome: &Outcome) {
        self.emit(&self.lines(outcome, Timestamp::now()));
    }

    /// Counts a staged file that Publish found not clean and did not publish.
    pub fn not_clean(&self) {
        self.emit(&[self.not_clean_line(Timestamp::now())]);
    }

    /// The line of [`Metrics::not_clean`].
    pub fn not_clean_line(&self, now: Timestamp) -> Value {
        self.line(now, None, &[("NotClean", "Count", 1.0)])
    }

    /// Writes what a run of Reconcile found. Zeros are written too, so that a missing value means that Reconcile does not run.
    pub fn reconciled(&self, found: Reconciled) {
        self.emit(&[self.reconciled_line(found, Timestamp::now())]);
    }

    /// The line of [`Metrics::reconciled`].
    pub fn reconciled_line(&self, found: Reconciled, now: Timestamp) -> Value {
        let counts = [
            ("ItemsLongProcessing", found.long_processing),
            ("LostEvents", found.lost),
            ("Recovered", found.recovered),
            ("KeysCompared", found.compared),
        ];
        self.line(
            now,
            None,
            &counts.map(|(name, count)| (name, "Count", count as f64)),
        )
    }

    /// The lines of [`Metrics::outcome`].
    pub fn lines(&self, outcome: &Outcome, now: Timestamp) -> Vec<Value> {
        let mut lines = vec![self.line(
            now,
            Some(("Outcome", outcome.status.as_str())),
            &[("Uploads", "Count", 1.0)],
        )];
        // The average of this metric is the share of refused uploads.
        if matches!(outcome.status, Status::Cleaned | Status::Rejected) {
            let rejected = f64::from(u8::from(outcome.status == Status::Rejected));
            lines.push(self.line(now, None, &[("Rejected", "None", rejected)]));
        }
        if outcome.status == Status::Rejected
            && let Some(error) = &outcome.error
        {
            lines.push(self.line(
                now,
                Some(("Error", &error.name)),
                &[("Rejections", "Count", 1.0)],
            ));
        }
        let mut sums = Vec::new();
        if let Some(findings) = &outcome.findings {
            for removed in &findings.removed {
                let values = [
                    ("MetadataFound", "Count", removed.count as f64),
                    ("MetadataBytes", "Bytes", removed.bytes as f64),
                ];
                lines.push(self.line(now, Some(("Kind", &removed.kind)), &values));
            }
            sums.push(("SourceBytes", "Bytes", findings.source.size as f64));
            if let Some(output) = &outcome.output {
                sums.push(("OutputBytes", "Bytes", output.size as f64));
                sums.push((
                    "BytesRemoved",
                    "Bytes",
                    findings.source.size.saturating_sub(output.size) as f64,
                ));
            }
        }
        let uploaded = outcome
            .upload
            .event_time
            .as_deref()
            .and_then(|t| t.parse::<Timestamp>().ok());
        if let Some(uploaded) = uploaded {
            sums.push((
                "EndToEnd",
                "Milliseconds",
                (now.as_millisecond() - uploaded.as_millisecond()).max(0) as f64,
            ));
        }
        if !sums.is_empty() {
            lines.push(self.line(now, None, &sums));
        }
        lines
    }

    fn line(
        &self,
        now: Timestamp,
        dimension: Option<(&str, &str)>,
        metrics: &[(&str, &str, f64)],
    ) -> Value {
        let mut line = Map::new();
        line.insert("Stack".into(), self.stack.clone().into());
        let mut dimensions = vec!["Stack"];
        if let Some((name, value)) = dimension {
            dimensions.push(name);
            line.insert(name.into(), value.into());
        }
        for (name, _, value) in metrics {
            line.insert((*name).into(), (*value).into());
        }
        let names: Vec<Value> = metrics
            .iter()
            .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
            .collect();
        line.insert(
            "_aws".into(),
            json!({
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": names}],
            }),
        );
        line.into()
    }

    fn emit(&self, lines: &[Value]) {
        let mut out = std::io::stdout().lock();
        for line in lines {
            // A metric that cannot be written must not fail an upload.
            if writeln!(out, "{line}").is_err() {
                tracing::warn!(stack = self.stack, "metrics could not be written");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Reason, Removed, Source};

    #[test]
    fn a_rejection_is_counted_by_name_and_nothing_of_its_message_is_shown() {
        let outcome: Outcome = serde_json::from_value(json!({
            "upload": {"bucket": "a", "key": "k", "etag": "e", "execution": "x", "eventTime": "2026-11-20T22:00:00Z"},
            "status": "REJECTED",
            "findings": {
                "source": Source {
                    size: 10, media_type: "image/jpeg".into(), width: 1, height: 1, components: 1, process: "baseline".into(),
                },
                "removed": [Removed { kind: "exif".into(), count: 1, bytes: 4 }],
                "kept": [], "repaired": [], "orientation": "none",
            },
            "error": Reason { name: "TooLarge".into(), message: "canary".into(), state: "Validate".into() },
        }))
        .unwrap();
        let lines =
            Metrics::new("dev".into()).lines(&outcome, "2026-11-20T22:00:01.5Z".parse().unwrap());
        let text = lines.iter().map(ToString::to_string).collect::<String>();
        assert!(text.contains("\"EndToEnd\":1500.0"), "{text}");
        assert!(text.contains("\"Error\":\"TooLarge\""), "{text}");
        assert!(text.contains("\"Kind\":\"exif\""), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn reconcile_counts_under_the_names_that_alarms_use() {
        let found = Reconciled {
            long_processing: 2,
            ..Reconciled::default()
        };
        let line = Metrics::new("dev".into()).reconciled_line(found, Timestamp::UNIX_EPOCH);
        assert_eq!(line["ItemsLongProcessing"], 2.0);
        for name in ["LostEvents", "Recovered", "KeysCompared"] {
            assert_eq!(line[name], 0.0, "{name}");
        }
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Dimensions"], json!([["Stack"]]));
        assert_eq!(metrics["Metrics"].as_array().map(Vec::len), Some(4));
    }
}
