//! `statemachine/intake.asl.json` is made from `statemachine/scrub.asl.json`:
//! `UPDATE_DOCS=1 cargo test -p scrubjay-tests --test intake` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};

use scrubjay_tests::intake::from_scrub;
use serde_json::Value;

fn path(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("statemachine").join(name)
}

fn machine(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap()
}

#[test]
fn intake_is_what_scrub_makes_of_it() {
    let made = format!(
        "{}\n",
        serde_json::to_string_pretty(&from_scrub(&machine("scrub.asl.json"))).unwrap()
    );
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path("intake.asl.json"), &made).unwrap();
    }
    let written = fs::read_to_string(path("intake.asl.json")).unwrap_or_default();
    assert!(
        written == made,
        "statemachine/intake.asl.json is stale: UPDATE_DOCS=1 cargo test -p scrubjay-tests --test intake"
    );
}

/// The two machines differ in their comment, time-out, lease, retries and hand-over, and in nothing else.
#[test]
fn nothing_else_differs() {
    let (scrub, intake) = (machine("scrub.asl.json"), machine("intake.asl.json"));
    let strip = |machine: &Value, lease: &str| {
        let mut states = machine["States"].as_object().unwrap().clone();
        states.retain(|name, _| !["Release", "HandOver", "HandedOver"].contains(&name.as_str()));
        for state in states.values_mut() {
            let state = state.as_object_mut().unwrap();
            state.remove("Retry");
            if let Some(catchers) = state.get_mut("Catch").and_then(Value::as_array_mut) {
                catchers.retain(|catcher| catcher["Next"] != "Release");
                if catchers.is_empty() {
                    state.remove("Catch");
                }
            }
        }
        let text = serde_json::to_string(&states).unwrap();
        assert!(text.contains(lease));
        text.replace(lease, "LEASE")
    };
    let lease = |machine: &Value| {
        let text = machine["States"]["Claim"].to_string();
        let (_, behind) = text.split_once("$millis() + ").unwrap();
        let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
        format!("$millis() + {digits}")
    };
    assert_eq!(
        strip(&scrub, &lease(&scrub)),
        strip(&intake, &lease(&intake))
    );
    for name in ["StartAt", "QueryLanguage"] {
        assert_eq!(scrub[name], intake[name]);
    }
}

#[test]
fn every_task_hands_over_what_it_does_not_expect_within_five_minutes() {
    let intake = machine("intake.asl.json");
    for (name, state) in intake["States"].as_object().unwrap() {
        if state["Type"] != "Task" || name == "Release" || name == "HandOver" {
            continue;
        }
        let last = state["Catch"].as_array().unwrap().last().unwrap();
        assert_eq!(
            last["ErrorEquals"],
            serde_json::json!(["States.ALL"]),
            "{name}"
        );
        assert_eq!(last["Next"], "Release", "{name}");
        for retrier in state["Retry"].as_array().unwrap() {
            let number = |field: &str| retrier[field].as_u64().unwrap();
            let (first, ceiling) = (number("IntervalSeconds"), number("MaxDelaySeconds"));
            // With full jitter, half of it in the mean.
            let waits = (0..number("MaxAttempts")).map(|n| (first << n).min(ceiling));
            assert!(waits.sum::<u64>() / 2 <= 150, "{name} waits too long");
        }
    }
    // The lease outlives the machine, so that reconcile never starts a second execution beside one that runs.
    let claim = intake["States"]["Claim"].to_string();
    let (_, behind) = claim.split_once("$millis() + ").unwrap();
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    let lease: u64 = digits.parse().unwrap();
    assert!(lease > 1000 * intake["TimeoutSeconds"].as_u64().unwrap());
    assert!(intake["TimeoutSeconds"].as_u64().unwrap() < 300);
}
