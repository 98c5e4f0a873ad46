//! What a million photos cost, from the template's memory sizes, the machines' states, the table's indexes and AWS's prices.

use std::collections::BTreeMap;

use serde_json::Value;

use super::machine::Machine;
use super::prices::{
    ALARM_METRIC, ARM_GB_SECOND, DASHBOARD, DAYS, EVENT, EXPRESS_GB_SECOND, EXPRESS_PIECE_GB,
    EXPRESS_REQUEST, GET, INVOCATION, KMS_KEY, KMS_REQUEST, LOG_GB, METRIC, MILLION, PUT,
    READ_UNIT, RECOVERY_GB, S3_GB, TABLE_GB, TRACE, TRANSITION, WRITE_UNIT, X86_GB_SECOND,
};
use super::{grouped, table};
use crate::iac::cloudformation::Template;
use crate::iac::example::TEMPLATE_VALUES;

// ---- Assumed, not measured on AWS. Each is named in the page.

/// Seconds that a function takes for a photo of 3 MB, most of it waiting for S3. Validate reads 64 KiB of it and decodes nothing.
///
/// # Panics
///
/// When nothing is assumed of the function.
pub fn seconds(function: &str) -> f64 {
    match function {
        "ValidateFunction" => 0.06,
        "StripFunction" | "PublishFunction" => 0.35,
        "RecordFunction" => 0.03,
        other => panic!("nothing is assumed of {other}"),
    }
}
/// Seconds of an Express execution between its functions.
const BETWEEN: f64 = 0.10;
/// GB that a photo takes.
const PHOTO_GB: f64 = 0.003;
/// KB of log lines per photo, including those of the platform and of metrics.
const LOG_KB: f64 = 4.0;
/// KB of an audit item at its claim, and at its end.
const ITEM_KB: (f64, f64) = (1.0, 2.0);
/// Share of calls that are cold starts, and seconds of a cold start's initialisation, which are billed.
const INITIALISED: (f64, f64) = (0.01, 0.15);
/// Share of photos that are overwritten or deleted, whose old versions stay for a month.
const OVERWRITTEN: f64 = 0.05;
/// KB of S3's access log for one request, kept for [`ACCESS_LOG_DAYS`].
const ACCESS_LOG_KB: f64 = 0.6;
const ACCESS_LOG_DAYS: f64 = 90.0;
/// Share of photos for which KMS is asked, with bucket keys and `DynamoDB`'s cache of keys.
const KMS_SHARE: f64 = 0.05;
/// Seconds that a run of reconcile takes over as many keys as it may compare.
const RECONCILE_SECONDS: f64 = 240.0;
/// Keys that a run of reconcile compares at most, and keys of one page of a listing.
const RECONCILE_KEYS: f64 = 20_000.0;
const PAGE_KEYS: f64 = 1_000.0;
/// Kinds of metadata that occur in a month: each is two custom metrics.
const KINDS: f64 = 10.0;
/// Custom metrics beside those: outcomes 5, reasons of refusal 4, refused, not clean, sizes 3, time to the end, reconcile's 4.
const OTHER_METRICS: f64 = 19.0;

// ---- What one photo does, as the code has it.

/// PUT: bucket A, staging, bucket B.
const PUTS: f64 = 3.0;
/// GET and HEAD: Validate and Strip read A, Publish reads staging and asks B.
const GETS: f64 = 4.0;
/// Events that are paid for (<https://aws.amazon.com/eventbridge/pricing/>).
const EVENTS: f64 = 2.0;
/// Strongly consistent reads of the table: Strip and Publish read the fence; Publish and Record read once more.
const READS: f64 = 4.0;
/// Writes of the fence, which is in no index: one when the upload is admitted, one to note the ETag of bucket B.
const FENCE_WRITES: f64 = 2.0;
/// Attributes that an item has from its claim on. An index by one of them is written at the claim.
const FROM_THE_CLAIM: [&str; 3] = ["statusDay", "etag", "execution"];

/// Dollars that the workshop of the seeds computed for Lambda alone, for [`SEED_PHOTOS`].
pub const SEED_LAMBDA: f64 = 13_369.0;
/// Images a month in the seeds' case.
pub const SEED_PHOTOS: f64 = 200.0 * MILLION;

/// The template's own numbers.
#[derive(Debug)]
struct Numbers {
    memory_gb: BTreeMap<String, f64>,
    gb_second: f64,
    alarm_metrics: f64,
    dashboards: f64,
    reconcile_minutes: f64,
    write_units: f64,
}

impl Numbers {
    fn read() -> Self {
        let template = Template::read("template.yaml", TEMPLATE_VALUES);
        let functions = template.resources("AWS::Serverless::Function");
        let memory = |function: &Value| function["MemorySize"].as_f64().expect("a memory size");
        let default = |name: &str| template.section("Parameters")[name]["Default"].clone();
        let alarms = template.resources("AWS::CloudWatch::Alarm");
        Self {
            memory_gb: functions
                .iter()
                .map(|(name, function)| (name.clone(), memory(function) / 1024.0))
                .collect(),
            gb_second: match default("Architecture").as_str() {
                Some("arm64") => ARM_GB_SECOND,
                _ => X86_GB_SECOND,
            },
            alarm_metrics: alarms.values().map(metrics_of).sum(),
            dashboards: count(template.resources("AWS::CloudWatch::Dashboard").len()),
            reconcile_minutes: default("ReconcileMinutes").as_f64().expect("minutes"),
            write_units: write_units(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few dozen")]
fn count(number: usize) -> f64 {
    number as f64
}

/// Metrics for which an alarm is billed: <https://aws.amazon.com/cloudwatch/pricing/>.
fn metrics_of(alarm: &Value) -> f64 {
    let Some(metrics) = alarm["Metrics"].as_array() else {
        return 1.0;
    };
    let stats = metrics.iter().filter(|m| m.get("MetricStat").is_some());
    let band = metrics.iter().any(|metric| {
        let expression = metric["Expression"].as_str().unwrap_or_default();
        expression.contains("ANOMALY_DETECTION_BAND")
    });
    count(stats.count()) + if band { 2.0 } else { 0.0 }
}

/// Write units of one accepted photo, by the table's indexes. An index whose key changes is written twice: the old entry is
/// deleted, the new one is put.
pub fn write_units() -> f64 {
    let foundation = Template::read("crates/local/foundation.yaml", TEMPLATE_VALUES);
    let tables = foundation.resources("AWS::DynamoDB::Table");
    let audit = tables
        .values()
        .find(|table| {
            let name = table["TableName"].as_str();
            name.is_some_and(|name| name.ends_with("-audit"))
        })
        .expect("the audit table");
    let (claimed, last) = ITEM_KB;
    let indexes = audit["GlobalSecondaryIndexes"].as_array().expect("indexes");
    let of_indexes: f64 = indexes
        .iter()
        .map(|index| {
            let key = index["KeySchema"][0]["AttributeName"].as_str();
            let key = key.expect("a key");
            match (FROM_THE_CLAIM.contains(&key), key == "statusDay") {
                (true, true) => claimed + claimed + last, // the entry is put, then deleted and put again under another status
                (true, false) => claimed + last,
                (false, _) => last,
            }
        })
        .sum();
    claimed + FENCE_WRITES + last + of_indexes
}

/// A line of the table: what, how it is reckoned, and dollars for a million photos.
struct Line {
    what: &'static str,
    how: String,
    standard: f64,
    express: f64,
}

fn both(what: &'static str, how: String, dollars: f64) -> Line {
    Line {
        what,
        how,
        standard: dollars,
        express: dollars,
    }
}

/// Share of requests that X-Ray samples at a steady rate: the first of each second, and 5 % of the others.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html>
pub fn sampled(a_second: f64) -> f64 {
    let first = (1.0 - (-a_second).exp()) / a_second;
    first + (1.0 - first) * 0.05
}

/// Lines of the work on a million photos, spread over a month together with `a_month` in all.
fn work(numbers: &Numbers, a_month: f64) -> Vec<Line> {
    let standard = Machine::read("scrub").expect("scrub");
    let express = Machine::read("intake").unwrap_or_else(|| standard.clone());
    let functions: Vec<&String> = standard.functions.iter().flatten().collect();
    let gb_seconds: f64 = functions
        .iter()
        .map(|f| numbers.memory_gb[*f] * seconds(f))
        .sum();
    let initialised: f64 = functions.iter().map(|f| numbers.memory_gb[*f]).sum();
    let initialised = initialised * INITIALISED.0 * INITIALISED.1;
    let transitions = count(standard.path.len());
    let lasts: f64 = express
        .functions
        .iter()
        .flatten()
        .map(|f| seconds(f))
        .sum::<f64>()
        + BETWEEN;
    let a_second = a_month / (DAYS * 86_400.0);
    let calls = count(functions.len());
    vec![
        Line {
            what: "Step Functions",
            how: format!(
                "Standard: {transitions} transitions at $25 per million. Express: a request at $1 per million, {lasts:.2} s of 64 MB"
            ),
            standard: transitions * TRANSITION * MILLION,
            express: (EXPRESS_REQUEST + lasts * EXPRESS_PIECE_GB * EXPRESS_GB_SECOND) * MILLION,
        },
        both(
            "Lambda, time",
            format!(
                "{gb_seconds:.2} GB-s each at ${}, and {initialised:.4} GB-s of initialisation",
                numbers.gb_second
            ),
            (gb_seconds + initialised) * numbers.gb_second * MILLION,
        ),
        both(
            "Lambda, requests",
            format!("{calls} at $0.20 per million"),
            calls * INVOCATION * MILLION,
        ),
        both(
            "S3 requests",
            format!("{PUTS} PUT at $5 (A, staging, B), {GETS} GET or HEAD at $0.40 per million"),
            (PUTS * PUT + GETS * GET) * MILLION,
        ),
        both(
            "DynamoDB",
            format!(
                "{} write units at $0.625, {READS} read units at $0.125 per million",
                numbers.write_units
            ),
            (numbers.write_units * WRITE_UNIT + READS * READ_UNIT) * MILLION,
        ),
        both(
            "EventBridge",
            format!(
                "{EVENTS} events at $1 per million: S3's, which is opted in to, and *Upload Settled*"
            ),
            EVENTS * EVENT * MILLION,
        ),
        both(
            "CloudWatch Logs",
            format!("{LOG_KB} KB each at $0.50 per GB"),
            LOG_KB / MILLION * LOG_GB * MILLION,
        ),
        both(
            "KMS",
            format!("{KMS_SHARE} calls each at $3 per million"),
            KMS_SHARE * KMS_REQUEST * MILLION,
        ),
        both(
            "X-Ray",
            format!(
                "the first trace of each second and 5 % of the others, {:.0} % of {a_second:.2} a second, at $5 per million",
                sampled(a_second) * 100.0
            ),
            sampled(a_second) * TRACE * MILLION,
        ),
    ]
}

fn dollars(amount: f64) -> String {
    if amount >= 1_000.0 {
        grouped(amount)
    } else {
        format!("{amount:.2}")
    }
}

/// US dollars of the work on a million photos that are accepted, by component: Standard and Express.
pub fn a_million() -> Vec<(&'static str, f64, f64)> {
    let lines = work(&Numbers::read(), MILLION);
    let lines = lines.into_iter();
    lines
        .map(|line| (line.what, line.standard, line.express))
        .collect()
}

/// The page's tables: the work on a million photos both ways, what lasts, and the seeds' case.
pub fn page() -> String {
    let numbers = Numbers::read();
    let lines = work(&numbers, MILLION);
    let (standard, express) = sums(&lines);
    let mut rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            vec![
                line.what.to_owned(),
                line.how.clone(),
                dollars(line.standard),
                dollars(line.express),
            ]
        })
        .collect();
    rows.push(vec![
        "**work, once**".to_owned(),
        String::new(),
        format!("**{}**", dollars(standard)),
        format!("**{}**", dollars(express)),
    ]);
    let work_table = table(&["component", "reckoned as", "Standard", "Express"], &rows);
    let intake = if Machine::read("intake").is_some() {
        ""
    } else {
        "\nThe column *Express* is what the same states would cost in an Express machine; there is none yet.\n"
    };
    format!(
        "{work_table}{intake}\n{}\n{}",
        lasting(&numbers),
        seed(&numbers)
    )
}

fn sums(lines: &[Line]) -> (f64, f64) {
    let standard = lines.iter().map(|line| line.standard).sum();
    (standard, lines.iter().map(|line| line.express).sum())
}

/// What is billed for as long as it is kept.
fn lasting(numbers: &Numbers) -> String {
    let gb = PHOTO_GB * MILLION;
    let items = ITEM_KB.1 / MILLION * MILLION;
    let runs = DAYS * 1440.0 / numbers.reconcile_minutes;
    let reconcile = runs
        * (RECONCILE_KEYS * READ_UNIT
            + 2.0 * RECONCILE_KEYS / PAGE_KEYS * PUT
            + RECONCILE_SECONDS * numbers.memory_gb["ReconcileFunction"] * numbers.gb_second);
    let metrics = OTHER_METRICS + 2.0 * KINDS;
    let logged = (PUTS + GETS) * ACCESS_LOG_KB / MILLION * MILLION;
    let fixed = KMS_KEY
        + numbers.dashboards * DASHBOARD
        + numbers.alarm_metrics * ALARM_METRIC
        + metrics * METRIC;
    let rows = [
        (
            "buckets A and B",
            format!("{} GB each at ${S3_GB} per GB and month", grouped(gb)),
            format!("{} a month", dollars(2.0 * gb * S3_GB)),
        ),
        (
            "old versions",
            format!(
                "of {} % that are overwritten or deleted, in both buckets, for a month",
                OVERWRITTEN * 100.0
            ),
            format!("{} once", dollars(2.0 * gb * OVERWRITTEN * S3_GB)),
        ),
        (
            "staging",
            format!("{} GB for a day and a half", grouped(gb)),
            format!("{} once", dollars(gb * S3_GB * 1.5 / 30.0)),
        ),
        (
            "access logs",
            format!(
                "{} requests of {ACCESS_LOG_KB} KB for {ACCESS_LOG_DAYS} days",
                PUTS + GETS
            ),
            format!("{} once", dollars(logged * S3_GB * ACCESS_LOG_DAYS / 30.0)),
        ),
        (
            "audit table",
            format!(
                "{} GB with its indexes at ${TABLE_GB}, recovery of {} GB at ${RECOVERY_GB} per GB and month",
                items * 3.0,
                items
            ),
            format!(
                "{} a month",
                dollars(items * 3.0 * TABLE_GB + items * RECOVERY_GB)
            ),
        ),
        (
            "reconcile",
            format!(
                "at most: {} strong reads, {} listings and {RECONCILE_SECONDS} s a run, {} runs a month",
                grouped(RECONCILE_KEYS),
                2.0 * RECONCILE_KEYS / PAGE_KEYS,
                grouped(runs)
            ),
            format!("{} a month", dollars(reconcile)),
        ),
        (
            "fixed",
            format!(
                "KMS key {KMS_KEY} (2 after the first rotation, 3 after the second), dashboard {DASHBOARD}, {} metrics in alarms at \
                 ${ALARM_METRIC:.2}, {metrics} custom metrics at ${METRIC:.2}",
                numbers.alarm_metrics
            ),
            format!("{} a month", dollars(fixed)),
        ),
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(what, how, dollars)| vec![what.to_owned(), how, dollars])
        .collect();
    table(&["what lasts", "reckoned as", "dollars"], &rows)
}

/// The seeds' case: 200 million images in a month.
fn seed(numbers: &Numbers) -> String {
    let lines = work(numbers, SEED_PHOTOS);
    let (standard, express) = sums(&lines);
    let times = SEED_PHOTOS / MILLION;
    let lambda: f64 = lines
        .iter()
        .filter(|line| line.what.starts_with("Lambda"))
        .map(|line| line.standard)
        .sum();
    let row = |what: &str, dollars: f64| vec![what.to_owned(), grouped(dollars * times)];
    let rows = [
        row("Lambda", lambda),
        row("Step Functions, Standard", lines[0].standard),
        row("Step Functions, Express", lines[0].express),
        row("all the work, Standard", standard),
        row("all the work, Express", express),
    ];
    format!(
        "{} million photos in a month, for which a well-known workshop reckons ${} for Lambda alone:\n\n{}",
        grouped(times),
        grouped(SEED_LAMBDA),
        table(&["component", "dollars"], &rows)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_follows_the_rate() {
        // One request a month apart: each is the first of its second. Many in each second: one of them, and 5 % of the rest.
        assert!(sampled(1e-6) > 0.999);
        let busy = sampled(100.0);
        assert!((busy - (0.01 + 0.99 * 0.05)).abs() < 1e-9, "{busy}");
        // A million spread over a month: 84 % of them, $4.2.
        let spread = sampled(MILLION / (DAYS * 86_400.0)) * TRACE * MILLION;
        assert!((spread - 4.2).abs() < 0.05, "{spread}");
    }

    #[test]
    fn an_alarm_is_billed_by_its_metrics() {
        use serde_json::json;
        assert!((metrics_of(&json!({"MetricName": "a"})) - 1.0).abs() < f64::EPSILON);
        let math =
            json!({"Metrics": [{"Expression": "a + b"}, {"MetricStat": {}}, {"MetricStat": {}}]});
        assert!((metrics_of(&math) - 2.0).abs() < f64::EPSILON);
        let band = json!({"Metrics": [{"MetricStat": {}}, {"Expression": "ANOMALY_DETECTION_BAND(a, 3)"}]});
        assert!((metrics_of(&band) - 3.0).abs() < f64::EPSILON);
    }
}
