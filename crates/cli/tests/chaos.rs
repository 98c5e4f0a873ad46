//! The chaos test: a random history of uploads on the deployed stack while faults are injected; afterwards `scrubjay replay` runs
//! every failed execution again. `SCRUBJAY_CHAOS_SEED` and `SCRUBJAY_CHAOS_UPLOADS` choose another history, or a soak;
//! `SCRUBJAY_CHAOS_LOSE=0.2` drops a fifth of all events, which reconcile then has to find.

#[path = "operate/command.rs"]
mod command;

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use scrubjay_tests::chaos::{Plan, run};
use scrubjay_tests::{World, on_stack};

#[test]
fn at_rest_bucket_b_is_what_bucket_a_says() {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock");
    let plan = Plan {
        seed: or("SCRUBJAY_CHAOS_SEED", since.as_secs()),
        uploads: or("SCRUBJAY_CHAOS_UPLOADS", 200),
        keys: 36,
        lose: or("SCRUBJAY_CHAOS_LOSE", 0.0),
    };
    // Said first, so that a history which never ends can be had again.
    println!(
        "SCRUBJAY_CHAOS_SEED={} SCRUBJAY_CHAOS_UPLOADS={}",
        plan.seed, plan.uploads
    );
    let verdict = on_stack(async move |world| run(world, plan, replay).await);
    println!("{verdict}");
    assert!(verdict.wrong.is_empty(), "{}", verdict.wrong.join("\n"));
}

async fn replay(world: &World, prefix: &str) -> usize {
    let how = ["--rate", "100", "--prefix", prefix, "--json"];
    let answer = command::scrubjay(world, &[&["replay", "--failed"], &how[..]].concat());
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    let report = answer.json();
    let count = |how: &str| report[how].as_u64().expect("a count") as usize;
    count("redriven") + count("started")
}

fn or<T: FromStr>(name: &str, default: T) -> T {
    match std::env::var(name) {
        Err(_) => default,
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text:?}")),
    }
}
