//! Things that are written in two places must agree: error names, verbs, time-outs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use scrubjay_pipeline::upload::{Sequencer, Suffixes};
use scrubjay_pipeline::{Class, Error};
use scrubjay_tests::iac::cloudformation::Template;
use scrubjay_tests::iac::example::TEMPLATE_VALUES;
use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn machine(name: &str) -> Map<String, Value> {
    let text =
        fs::read_to_string(root().join("statemachine").join(format!("{name}.asl.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Name and definition of every state of both machines.
fn states() -> Vec<(String, Value)> {
    let of = |name: &str| {
        let machine = machine(name);
        assert!(
            machine["Comment"].is_string() && machine["TimeoutSeconds"].is_number(),
            "{name}"
        );
        machine["States"].as_object().unwrap().clone().into_iter()
    };
    of("scrub").chain(of("retract")).collect()
}

/// The error names of a state's `Retry` or `Catch`.
fn errors(state: &Value, field: &str) -> Vec<String> {
    let rules = state[field].as_array().into_iter().flatten();
    rules
        .flat_map(|rule| rule["ErrorEquals"].as_array().unwrap())
        .map(|e| e.as_str().unwrap().to_owned())
        .collect()
}

fn class(name: &str) -> Option<Class> {
    Error::NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, class)| *class)
}

/// AWS's error names have a dot; ours have none.
fn is_aws(name: &str) -> bool {
    name.contains('.') && !["States.ALL", "States.TaskFailed"].contains(&name)
}

#[test]
fn every_state_says_why_it_is_there_and_every_task_ends_in_time() {
    for (name, state) in states() {
        assert!(
            state["Comment"].as_str().is_some_and(|c| !c.contains('\n')),
            "{name}"
        );
        assert_ne!(
            state["Type"], "Fail",
            "{name}: a redrive would only fail again"
        );
        assert!(
            state["Type"] != "Task" || state["TimeoutSeconds"].is_number(),
            "{name}"
        );
    }
}

#[test]
fn what_is_retried_and_caught_has_the_right_class() {
    for (name, state) in states() {
        for error in errors(&state, "Retry") {
            assert!(
                is_aws(&error) || class(&error) == Some(Class::Transient),
                "{name} retries {error}"
            );
        }
        for error in errors(&state, "Catch") {
            let caught = matches!(
                class(&error),
                Some(Class::Permanent | Class::Overtaken | Class::Stale)
            );
            assert!(is_aws(&error) || caught, "{name} catches {error}");
        }
    }
}

#[test]
fn retries_back_off_with_jitter_to_a_ceiling() {
    for (name, state) in states() {
        for rule in state["Retry"].as_array().into_iter().flatten() {
            assert_eq!(rule["JitterStrategy"], "FULL", "{name}");
            assert_eq!(rule["BackoffRate"], 2, "{name}");
            assert!(
                rule["MaxDelaySeconds"].as_u64().is_some_and(|s| s <= 60),
                "{name}"
            );
        }
    }
}

/// Throttling is no failure: calls of a burst above the account's concurrency wait, for some quarter of an hour at each state.
/// Errors that Lambda reports about itself are retried, too:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html>.
#[test]
fn throttling_and_dead_runtimes_are_retried_wherever_lambda_is_called() {
    let mut tasks = 0;
    for (name, state) in states() {
        if state["Resource"] != "arn:aws:states:::lambda:invoke" {
            continue;
        }
        tasks += 1;
        let rules = state["Retry"].as_array().unwrap();
        // Step Functions takes the first retrier that matches. Throttling comes first and alone, so that other errors do not use
        // up its attempts.
        assert_eq!(
            rules[0]["ErrorEquals"],
            json!(["Lambda.TooManyRequestsException"]),
            "{name}"
        );
        assert_eq!(rules[0]["MaxAttempts"], 30, "{name}");
        assert_eq!(rules[0]["MaxDelaySeconds"], 60, "{name}");
        let retried = errors(&state, "Retry");
        for error in ["Runtime.ExitError", "Runtime.OutOfMemory", "Lambda.Unknown"] {
            assert!(retried.contains(&error.to_owned()), "{name}: {error}");
        }
    }
    assert!(tasks >= 8, "{tasks}");
}

/// The output of an execution tells whoever started it which object it was about and what became of it.
#[test]
fn every_execution_of_an_upload_ends_by_saying_what_became_of_it() {
    for name in ["scrub", "intake"] {
        let machine = machine(name);
        let states = machine["States"].as_object().unwrap();
        let ends = states
            .iter()
            .filter(|(_, state)| state["Type"] == "Succeed" || state["End"] == true);
        for (state, end) in ends {
            let output = end["Output"].as_str().unwrap_or_default();
            for part in ["'status'", "'object'"] {
                assert!(output.contains(part), "{name}, {state}: {output}");
            }
        }
    }
}

/// The names of the foundation's parameters contain the environment, and the templates' defaults are those of dev. So a parameter
/// that a section of `samconfig.toml` leaves out would have dev's value.
#[test]
fn every_environment_is_deployed_with_its_own_foundation() {
    for (template, config) in [
        ("template.yaml", "samconfig.toml"),
        ("gallery/template.yaml", "gallery/samconfig.toml"),
    ] {
        let template = fs::read_to_string(root().join(template)).unwrap();
        let config = fs::read_to_string(root().join(config)).unwrap();
        let defaults = template
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Default: /scrubjay/dev/"));
        let defaults: Vec<&str> = defaults.collect();
        assert!(defaults.len() >= 5, "{defaults:?}");
        for name in defaults {
            for env in ["dev", "prod"] {
                let path = format!("=/scrubjay/{env}/{name}\"");
                assert!(config.contains(&path), "{env} lacks {name}");
            }
        }
    }
}

/// The machine backfill goes through two listings, or an inventory and a listing, and does the same with each batch.
#[test]
fn every_batch_of_a_backfill_is_compared_alike() {
    let backfill = machine("backfill");
    let publish = machine("scrub")["States"]["Publish"]["Retry"].clone();
    let maps = ["CompareSource", "CompareInventory", "CompareDestination"]
        .map(|name| &backfill["States"][name]);
    for map in maps {
        let processor = |map: &Value| {
            // State names must be unique in the whole machine, so each map's states contain its label.
            let label = map["Label"].as_str().unwrap();
            let name = label[..1].to_uppercase() + &label[1..];
            map["ItemProcessor"].to_string().replace(&name, "")
        };
        assert_eq!(processor(map), processor(maps[0]));
        for field in [
            "MaxConcurrency",
            "ToleratedFailurePercentage",
            "ResultWriter",
        ] {
            assert_eq!(map[field], maps[0][field], "{field}");
        }
        // The input of a child execution, of which the batch is a part, may have 256 KiB at most
        // (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
        assert_eq!(map["ItemBatcher"]["MaxInputBytesPerBatch"], 200_000);
        let states = map["ItemProcessor"]["States"].as_object().unwrap();
        let compare = states
            .values()
            .find(|state| state["Type"] == "Task")
            .unwrap();
        assert_eq!(compare["Retry"], publish);
        let batch = &map["ItemBatcher"]["BatchInput"];
        for (name, value) in compare["Arguments"]["Payload"]["batch"]
            .as_object()
            .unwrap()
        {
            let shared = value.as_str().unwrap().contains("$order.");
            assert!(!shared || batch.get(name).is_some(), "{name}");
        }
    }
}

#[test]
fn a_bad_file_is_caught_wherever_it_can_be_found() {
    let machine = machine("scrub");
    for name in ["Validate", "Strip"] {
        let caught: BTreeSet<String> = errors(&machine["States"][name], "Catch")
            .into_iter()
            .collect();
        for (error, class) in Error::NAMES {
            assert!(
                class != Class::Permanent || caught.contains(error),
                "{name} does not catch {error}"
            );
        }
        assert!(
            caught.contains("SourceSuperseded") && caught.contains("SourceDeleted"),
            "{name}"
        );
    }
    assert!(errors(&machine["States"]["Publish"], "Catch").contains(&"NewerUpload".to_owned()));
}

#[test]
fn a_verb_is_spelt_alike_everywhere() {
    // The gallery's template has other relative paths; the check uses those of the pipeline's.
    let template = ["template.yaml", "gallery/template.yaml"]
        .map(|name| fs::read_to_string(root().join(name)).unwrap())
        .concat()
        .replace("CodeUri: ../functions/", "CodeUri: functions/");
    let asl = ["scrub", "retract"]
        .map(|n| Value::Object(machine(n)).to_string())
        .concat();
    let mut verbs = Vec::new();
    for entry in fs::read_dir(root().join("functions")).unwrap() {
        verbs.push(entry.unwrap().file_name().into_string().unwrap());
    }
    assert!(verbs.len() >= 5, "{verbs:?}");
    for verb in verbs {
        let capital = format!("{}{}", verb[..1].to_uppercase(), &verb[1..]);
        for wanted in [
            format!("  {capital}Function:\n    Type: AWS::Serverless::Function\n"),
            format!("CodeUri: functions/{verb}\n"),
            format!("FunctionName: !Sub scrubjay-${{Env}}-{verb}\n"),
            format!("RoleName: !Sub scrubjay-${{Env}}-{verb}\n"),
        ] {
            assert!(
                template.contains(&wanted),
                "neither template has {wanted:?}"
            );
        }
        // The API has no sample in events/ and no step name: its own tests have samples of requests, and its log lines have the
        // route's name.
        if verb == "api" {
            assert!(template.contains("IntegrationUri: !GetAtt ApiFunction.Arn\n"));
            continue;
        }
        // Reconcile, report and derive are no steps of a machine: schedules and a queue invoke them.
        assert!(
            asl.contains(&format!("${{{capital}Function}}"))
                || template.contains(&format!(" Arn: !GetAtt {capital}Function.Arn\n"))
                || template.contains(&format!(
                    "\n      FunctionName: !Ref {capital}Function\n      BatchSize:"
                )),
            "neither a state nor a rule nor a queue invokes {verb}"
        );
        assert!(
            root().join("events").join(format!("{verb}.json")).is_file(),
            "no events/{verb}.json"
        );
        let main =
            fs::read_to_string(root().join("functions").join(&verb).join("src/main.rs")).unwrap();
        assert!(
            main.contains(&format!("serve(\"{verb}\"")),
            "{verb} logs another step"
        );
    }
}

#[test]
fn the_endings_of_keys_are_spelt_alike_everywhere() {
    let template = Template::read("template.yaml", TEMPLATE_VALUES);
    let patterns = |suffixes: Suffixes| {
        let of = |suffix| json!({"suffix": {"equals-ignore-case": suffix}});
        suffixes.list().iter().map(of).collect::<Vec<Value>>()
    };
    for rule in ["UploadedRule", "DeletedRule"] {
        let properties = &template.section("Resources")[rule]["Properties"];
        let key = &properties["EventPattern"]["detail"]["object"]["key"];
        let by_suffix = json!({"Fn::If": [
            "TakesJfif",
            patterns(Suffixes::JpegAndJfif),
            patterns(Suffixes::Jpeg),
        ]});
        let by_prefix = json!([{"prefix": {"Ref": "KeyPrefix"}}]);
        let wanted = json!({"Fn::If": ["HasKeyPrefix", by_prefix, by_suffix]});
        assert_eq!(key, &wanted, "{rule}");
    }
    let list = |suffixes: Suffixes| suffixes.list().join(",");
    for name in ["ScrubStateMachine", "IntakeStateMachine"] {
        let properties = &template.section("Resources")[name]["Properties"];
        let wanted = json!({"Fn::If": [
            "TakesJfif",
            list(Suffixes::JpegAndJfif),
            list(Suffixes::Jpeg),
        ]});
        assert_eq!(
            properties["DefinitionSubstitutions"]["Suffixes"], wanted,
            "{name}"
        );
    }
    let machine = machine("scrub");
    let states = &machine["States"];
    let claim = states["Claim"]["Arguments"]["ConditionExpression"].to_string();
    let named = states["Named"]["Choices"][0]["Condition"].to_string();
    for (state, text) in [("Claim", &claim), ("Named", &named)] {
        assert!(text.contains("${Suffixes}"), "{state} forgets the endings");
    }
}

#[test]
fn every_error_has_its_section_for_whoever_sees_it() {
    let text = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let sections: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    for (name, _) in Error::NAMES {
        assert!(
            sections.contains(name),
            "docs/troubleshooting.md has no section {name}"
        );
    }
}

/// The states of both machines whose resource begins so.
fn tasks(resource: &str) -> Vec<(String, Value)> {
    let found: Vec<_> = states()
        .into_iter()
        .filter(|(_, state)| {
            let called = state["Resource"].as_str().unwrap_or_default();
            called.starts_with(&format!("arn:aws:states:::{resource}"))
        })
        .collect();
    assert!(found.len() > 2, "{resource}: {found:?}");
    found
}

#[test]
fn every_task_of_a_service_is_retried_alike() {
    for tasks in [tasks("lambda:invoke"), tasks("dynamodb:")] {
        let (first, wanted) = &tasks[0];
        for (name, state) in &tasks {
            assert_eq!(
                state["Retry"], wanted["Retry"],
                "{name} and {first} retry differently"
            );
        }
    }
}

fn updates() -> Vec<(String, Value)> {
    let of = machine("scrub");
    ["Claim", "Reclaim"]
        .map(|name| (name.to_owned(), of["States"][name].clone()))
        .to_vec()
}

/// Rewrites an expression of Claim as Reclaim has it: Claim reads the event, Reclaim the variable that Claim has made of it.
fn as_reclaim_says(text: &str) -> String {
    [
        (
            "$states.input.detail.object.`version-id`",
            "$upload.versionId",
        ),
        ("$states.input.detail.object.", "$upload."),
        ("$states.input.detail.bucket.name", "$upload.bucket"),
        ("$states.input.detail.requester", "$upload.requester"),
        (
            "$states.input.detail.`source-ip-address`",
            "$upload.sourceAddress",
        ),
        ("$states.input.time", "$upload.eventTime"),
        ("':failed': {'S': 'FAILED'}", "':cleaned': {'S': 'CLEANED'}"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (claim, reclaim)| {
        text.replace(claim, reclaim)
    })
}

#[test]
fn reclaim_is_claim_under_another_condition() {
    let states = &machine("scrub")["States"];
    let arguments = |name: &str| {
        let mut arguments = states[name]["Arguments"].clone();
        arguments["ConditionExpression"].take();
        arguments
    };
    let claim: Value =
        serde_json::from_str(&as_reclaim_says(&arguments("Claim").to_string())).unwrap();
    assert_eq!(claim, arguments("Reclaim"));
    assert_eq!(
        states["Claim"]["Assign"], states["Claim"]["Catch"][0]["Assign"],
        "the states behind Claim get the same variables whether it was refused or not"
    );
}

#[test]
fn a_sequencer_is_padded_as_the_code_pads_it() {
    let wanted = format!(", {}, '0')", Sequencer::WIDTH);
    for (name, state) in updates() {
        let values = state["Arguments"]["ExpressionAttributeValues"].to_string();
        let pads: Vec<&str> = values.split("$pad(").skip(1).collect();
        assert!(!pads.is_empty(), "{name}");
        for pad in pads {
            let end = pad.find("'0')").expect("padded with zeros") + 4;
            assert!(
                pad[..end].ends_with(&wanted),
                "{name}: $pad({}",
                &pad[..end]
            );
        }
    }
}

#[test]
fn a_lease_outlives_the_machine() {
    let longest = machine("scrub")["TimeoutSeconds"].as_u64().unwrap() * 1_000;
    for (name, state) in updates() {
        let values = state["Arguments"]["ExpressionAttributeValues"].to_string();
        let (_, lease) = values.split_once("$millis() + ").expect("a lease");
        let lease: u64 = lease[..lease.find(')').unwrap()].parse().unwrap();
        assert!(
            lease > longest,
            "{name}: a lease of {lease} ms can run out while the machine runs"
        );
    }
}

#[test]
fn a_function_ends_before_its_state_gives_up() {
    let template = Template::read("template.yaml", TEMPLATE_VALUES);
    for (name, state) in tasks("lambda:invoke") {
        let function = state["Arguments"]["FunctionName"].as_str().unwrap();
        let function = function.trim_matches(['$', '{', '}']);
        let timeout = &template.section("Resources")[function]["Properties"]["Timeout"];
        let (timeout, state) = (
            timeout.as_u64().unwrap(),
            state["TimeoutSeconds"].as_u64().unwrap(),
        );
        assert!(
            timeout < state,
            "{name} waits {state} s for {function}, which may take {timeout} s"
        );
    }
}
