//! What is spelt in two places must be spelt alike: error names, verbs, time-outs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use scrubjay_pipeline::upload::SUFFIXES;
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

/// Names of AWS, which have a dot; ours have none.
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
    let template = fs::read_to_string(root().join("template.yaml")).unwrap();
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
                "template.yaml has no {wanted:?}"
            );
        }
        // Reconcile is no step: a schedule invokes it.
        assert!(
            asl.contains(&format!("${{{capital}Function}}"))
                || template.contains(&format!("\n          Arn: !GetAtt {capital}Function.Arn\n")),
            "neither a state nor a rule invokes {verb}"
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
    let rows = [("Fn::If", 1, "prefix"), ("Fn::If", 2, "suffix")];
    let template = Template::read("template.yaml", TEMPLATE_VALUES);
    for rule in ["UploadedRule", "DeletedRule"] {
        let properties = &template.section("Resources")[rule]["Properties"];
        let key = &properties["EventPattern"]["detail"]["object"]["key"];
        for (function, branch, operator) in rows {
            let patterns = key[function][branch].as_array().unwrap();
            let said: Vec<&Value> = patterns.iter().map(|p| &p[operator]).collect();
            let wanted = match operator {
                "prefix" => vec![json!({"Ref": "KeyPrefix"})],
                _ => SUFFIXES
                    .map(|suffix| json!({"equals-ignore-case": suffix}))
                    .to_vec(),
            };
            assert_eq!(said, wanted.iter().collect::<Vec<_>>(), "{rule}");
        }
    }
    let claim = machine("scrub")["States"]["Claim"]["Arguments"]["ConditionExpression"].to_string();
    for suffix in SUFFIXES {
        assert!(
            claim.contains(&format!("'{suffix}'")),
            "Claim forgets {suffix}"
        );
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
