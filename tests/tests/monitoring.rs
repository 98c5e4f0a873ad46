//! Alarms, dashboard, metrics and the operator's handbook, held against each other.

use std::collections::{BTreeMap, BTreeSet};

use scrubjay_pipeline::audit::Outcome;
use scrubjay_pipeline::metrics::{Metrics, Reconciled};
use scrubjay_tests::iac::cloudformation::Template;
use scrubjay_tests::iac::example::TEMPLATE_VALUES;
use scrubjay_tests::iac::read;
use serde_json::{Value, json};

/// What `TEMPLATE_VALUES` says that `RunbookUrl` is.
const RUNBOOK: &str = "https://wiki.example.com/runbook";

/// A metric's name and the names of its dimensions.
type Metric = (String, BTreeSet<String>);

fn alarms() -> BTreeMap<String, Value> {
    let alarms =
        Template::read("template.yaml", TEMPLATE_VALUES).resources("AWS::CloudWatch::Alarm");
    assert!(alarms.len() >= 12, "{:?}", alarms.keys());
    alarms
}

fn dashboard() -> Value {
    let template = Template::read("template.yaml", TEMPLATE_VALUES);
    let dashboards = template.resources("AWS::CloudWatch::Dashboard");
    let body = dashboards["Dashboard"]["DashboardBody"]
        .as_str()
        .expect("a body");
    serde_json::from_str(body).expect("the dashboard is JSON")
}

/// What the functions can emit: every line of ours, for an outcome that has everything.
fn emitted() -> BTreeSet<Metric> {
    let metrics = Metrics::new("scrubjay-dev".into());
    let now = "2026-11-20T22:00:01Z".parse().unwrap();
    let outcome = |status: &str| -> Outcome {
        serde_json::from_value(json!({
            "upload": {"bucket": "a", "key": "k", "etag": "e", "execution": "x", "eventTime": "2026-11-20T22:00:00Z"},
            "status": status,
            "findings": {
                "source": {"size": 10, "mediaType": "image/jpeg", "width": 1, "height": 1, "components": 1, "process": "baseline"},
                "removed": [{"kind": "exif", "count": 1, "bytes": 4}], "kept": [], "repaired": [], "orientation": "none",
            },
            "output": {"size": 8, "etag": "e", "sha256": "s"},
            "error": {"name": "NotJpeg", "message": "", "state": "Validate"},
        }))
        .unwrap()
    };
    let mut lines = metrics.lines(&outcome("CLEANED"), now);
    lines.extend(metrics.lines(&outcome("REJECTED"), now));
    lines.push(metrics.not_clean_line(now));
    lines.push(metrics.reconciled_line(Reconciled::default(), now));
    let mut found = BTreeSet::new();
    for line in &lines {
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            assert_eq!(directive["Namespace"], "scrubjay");
            for dimensions in directive["Dimensions"].as_array().unwrap() {
                let dimensions: BTreeSet<String> = texts(dimensions);
                for metric in directive["Metrics"].as_array().unwrap() {
                    let name = metric["Name"].as_str().unwrap();
                    assert!(line[name].is_number(), "{name} has no value: {line}");
                    found.insert((name.to_owned(), dimensions.clone()));
                }
            }
        }
    }
    found
}

fn texts(value: &Value) -> BTreeSet<String> {
    let items = value.as_array().unwrap().iter();
    items
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

/// Every object of a JSON value.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    if value.is_object() {
        found.push(value);
    }
    let inner: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => Box::new(std::iter::empty()),
    };
    for item in inner {
        objects(item, found);
    }
}

#[test]
fn an_alarm_tells_what_to_do_and_whom() {
    tells(&alarms(), "docs/operations.md");
    let gallery = Template::read("gallery/template.yaml", TEMPLATE_VALUES);
    tells(
        &gallery.resources("AWS::CloudWatch::Alarm"),
        "docs/gallery.md",
    );
}

/// Each alarm leads to a section of the page, at the address of `RunbookUrl`; each section says what whoever is woken asks first.
fn tells(alarms: &BTreeMap<String, Value>, page: &str) {
    let handbook = read(page);
    let mut pages = BTreeSet::new();
    for (name, alarm) in alarms {
        let text = alarm["AlarmDescription"].as_str().unwrap();
        let (_, anchor) = text
            .split_once(&format!("{RUNBOOK}#"))
            .unwrap_or_else(|| panic!("{name} does not link to RunbookUrl: {text}"));
        assert!(
            handbook.contains(&format!("\n### {anchor}\n")),
            "{name}: no section {anchor}"
        );
        assert!(
            alarm["AlarmName"].as_str().unwrap().ends_with(anchor),
            "{name}: another name than its page's"
        );
        assert!(
            alarm["AlarmActions"][0].as_str().unwrap().contains(":sns:"),
            "{name} tells nobody"
        );
        pages.insert(anchor.to_owned());
    }
    let (_, runbook) = handbook.split_once("\n## When an alarm rings\n").unwrap();
    let runbook = runbook.split("\n## ").next().unwrap();
    for section in runbook.split("\n### ").skip(1) {
        let (title, text) = section.split_once('\n').unwrap();
        assert!(
            pages.contains(title),
            "no alarm leads to the section {title}"
        );
        answers(title, text);
    }
}

/// How urgent it is, what users notice meanwhile, and how to see that it is over.
fn answers(title: &str, text: &str) {
    for asked in ["How urgent", "What users notice", "Over when"] {
        let answer = format!("\n- **{asked}**: ");
        assert!(
            format!("\n{text}").contains(&answer),
            "the section {title} does not say: {asked}"
        );
    }
}

#[test]
fn whoever_finds_metadata_in_bucket_b_is_told_what_to_do() {
    let handbook = read("docs/operations.md");
    let (_, section) = handbook
        .split_once("\n## When metadata reached bucket B\n")
        .unwrap();
    let section = section.split("\n## ").next().unwrap();
    answers("When metadata reached bucket B", section);
    for step in [
        "scrubjay verify",
        "list-object-versions",
        "create-invalidation",
        "scrubjay audit show",
    ] {
        assert!(section.contains(step), "{step}");
    }
}

#[test]
fn the_dashboard_shows_every_alarm_and_what_the_errors_were() {
    let dashboard = dashboard();
    let widgets = dashboard["widgets"].as_array().unwrap();
    let of = |kind: &str| -> Vec<&Value> {
        let widgets = widgets.iter().filter(|widget| widget["type"] == kind);
        widgets.map(|widget| &widget["properties"]).collect()
    };
    let shown = texts(&of("alarm")[0]["alarms"]);
    let names: BTreeSet<String> = alarms()
        .values()
        .map(|alarm| alarm["AlarmName"].as_str().unwrap().to_owned())
        .collect();
    let shown: BTreeSet<String> = shown
        .iter()
        .map(|arn| arn.rsplit(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(shown, names);
    let tables = of("log");
    assert_eq!(tables.len(), 2);
    for table in tables {
        let query = table["query"].as_str().unwrap();
        for field in ["error", "step", "message"] {
            assert!(query.contains(field), "{field}: {query}");
        }
        assert!(!query.contains("@message"), "{query}");
    }
    // Widgets do not lie on each other.
    let number = |widget: &Value, field: &str| widget[field].as_u64().unwrap();
    for (index, widget) in widgets.iter().enumerate() {
        for other in &widgets[index + 1..] {
            let apart = |from: &str, size: &str| {
                number(widget, from) + number(widget, size) <= number(other, from)
                    || number(other, from) + number(other, size) <= number(widget, from)
            };
            assert!(
                apart("x", "width") || apart("y", "height"),
                "{widget} {other}"
            );
        }
    }
}

/// Data that comes late is data all the same (M of N), and neither a first deployment nor its end fills a mailbox:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>.
#[test]
fn an_alarm_takes_late_data_and_is_quiet_on_a_new_stack() {
    let gallery = Template::read("gallery/template.yaml", TEMPLATE_VALUES);
    let gallery = gallery.resources("AWS::CloudWatch::Alarm");
    assert!(gallery.len() >= 3, "{:?}", gallery.keys());
    for (name, alarm) in alarms().into_iter().chain(gallery) {
        let number = |field: &str| alarm[field].as_u64();
        let periods = number("EvaluationPeriods").unwrap();
        assert!(periods >= 2, "{name} looks at one period only");
        if alarm["TreatMissingData"] == "notBreaching" && alarm["ThresholdMetricId"].is_null() {
            let needed = number("DatapointsToAlarm").unwrap_or(periods);
            assert!(needed < periods, "{name}: {needed} of {periods}");
        }
        // An alarm begins in INSUFFICIENT_DATA: what it says of no data at all, it would say on the first deployment.
        assert_ne!(alarm["TreatMissingData"], "breaching", "{name}");
        assert!(alarm.get("OKActions").is_none(), "{name}");
    }
    let silent = &alarms()["ReconcileSilentAlarm"];
    assert_eq!(silent["TreatMissingData"], "missing");
    assert_eq!(silent["InsufficientDataActions"], silent["AlarmActions"]);
}

#[test]
fn starts_that_are_held_back_are_watched_too() {
    let alarm = &alarms()["ThrottledAlarm"];
    let watched: Vec<&Value> = alarm["Metrics"].as_array().unwrap().iter().collect();
    let starts = watched
        .iter()
        .find(|metric| metric["MetricStat"]["Metric"]["MetricName"] == "ThrottledEvents")
        .expect("ThrottledEvents");
    assert_eq!(
        starts["MetricStat"]["Metric"]["Dimensions"],
        json!([{"Name": "APIName", "Value": "StartExecution"}])
    );
    let id = starts["Id"].as_str().unwrap();
    let sum = alarm["Metrics"][0]["Expression"].as_str().unwrap();
    assert!(sum.contains(&format!("FILL({id}, 0)")), "{sum}");
}

/// A rule of the template, as CloudFormation carries it out before it deploys:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>.
fn holds(condition: &Value, parameters: &BTreeMap<&str, &str>) -> bool {
    let (function, arguments) = condition.as_object().unwrap().iter().next().unwrap();
    let text = |argument: &Value| match argument.get("Ref") {
        Some(name) => parameters[name.as_str().unwrap()].to_owned(),
        None => argument.as_str().unwrap().to_owned(),
    };
    match function.as_str() {
        "Fn::Not" => !holds(&arguments[0], parameters),
        "Fn::Equals" => text(&arguments[0]) == text(&arguments[1]),
        other => panic!("{other} is not known here"),
    }
}

#[test]
fn only_dev_is_deployed_without_saying_who_hears_of_alarms() {
    let template = Template::read("template.yaml", TEMPLATE_VALUES);
    let rule = &template.section("Rules")["SomebodyHearsAlarms"];
    let deployed = |env: &str, email: &str| {
        let parameters = BTreeMap::from([("Env", env), ("AlarmEmail", email)]);
        !holds(&rule["RuleCondition"], &parameters)
            || holds(&rule["Assertions"][0]["Assert"], &parameters)
    };
    let rows = [
        ("dev", "", true),
        ("prod", "", false),
        ("live", "", false),
        ("prod", "none", true),
        ("prod", "operations@example.com", true),
    ];
    for (env, email, expected) in rows {
        assert_eq!(deployed(env, email), expected, "{env}: {email:?}");
    }
    // samconfig.toml leaves the question open for prod, and says where the answer goes.
    let prod = read("samconfig.toml");
    let prod = prod.split("[prod.deploy.parameters]").nth(1).unwrap();
    assert!(prod.contains("# \"AlarmEmail=") && !prod.contains("\n    \"AlarmEmail="));
}

#[test]
fn what_is_watched_is_emitted() {
    let emitted = emitted();
    let mut watched: BTreeSet<Metric> = BTreeSet::new();
    for alarm in alarms().values() {
        let mut found = Vec::new();
        objects(alarm, &mut found);
        for object in found
            .iter()
            .filter(|object| object["Namespace"] == "scrubjay")
        {
            let dimensions = object["Dimensions"].as_array().unwrap().iter();
            let names = dimensions.map(|d| {
                if d["Name"] == "Stack" {
                    assert_eq!(d["Value"], "scrubjay-dev");
                }
                d["Name"].as_str().unwrap().to_owned()
            });
            watched.insert((
                object["MetricName"].as_str().unwrap().to_owned(),
                names.collect(),
            ));
        }
    }
    for widget in dashboard()["widgets"].as_array().unwrap() {
        for metric in widget["properties"]["metrics"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let parts: Vec<&str> = metric
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            if let ["scrubjay", name, dimensions @ ..] = parts.as_slice() {
                let names = dimensions.iter().step_by(2).map(|&name| name.to_owned());
                watched.insert(((*name).to_owned(), names.collect()));
            }
        }
    }
    assert!(watched.len() >= 10, "{watched:?}");
    for metric in &watched {
        assert!(
            emitted.contains(metric),
            "nothing emits {metric:?}; what is emitted: {emitted:?}"
        );
    }
}

#[test]
fn functions_are_slow_by_their_own_time_outs() {
    let template = Template::read("template.yaml", TEMPLATE_VALUES);
    let functions = template.resources("AWS::Serverless::Function");
    let alarm = &alarms()["FunctionSlowAlarm"];
    let expression = alarm["Metrics"][0]["Expression"].as_str().unwrap();
    for (logical, function) in &functions {
        let id = logical.trim_end_matches("Function").to_lowercase();
        let milliseconds = function["Timeout"].as_u64().unwrap() * 1000;
        assert!(
            expression.contains(&format!("FILL({id}, 0) / {milliseconds}")),
            "{id}: {expression}"
        );
        for alarm in ["FunctionErrorsAlarm", "FunctionThrottlesAlarm"] {
            let expression = alarms()[alarm]["Metrics"][0]["Expression"].to_string();
            assert!(
                expression.contains(&format!("FILL({id}, 0)")),
                "{alarm} forgets {id}"
            );
        }
    }
}

#[test]
fn the_key_lets_cloudwatch_reach_the_encrypted_topic() {
    let key = scrubjay_tests::iac::example::file("key");
    let service = json!({"Service": "cloudwatch.amazonaws.com"});
    let statement = key
        .iter()
        .find(|statement| statement["Principal"] == service)
        .expect("a statement for CloudWatch");
    assert!(
        texts(&statement["Action"]).is_superset(
            &["kms:Decrypt", "kms:GenerateDataKey*"]
                .map(String::from)
                .into()
        )
    );
    let topics = Template::read("template.yaml", TEMPLATE_VALUES).resources("AWS::SNS::Topic");
    assert_eq!(
        topics["Alarms"]["KmsMasterKeyId"],
        "arn:aws:kms:eu-central-1:111122223333:key/1"
    );
}
