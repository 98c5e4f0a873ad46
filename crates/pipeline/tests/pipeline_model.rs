//! The whole pipeline of one key, model-checked: the rules of [`scrubjay_pipeline::fence`] and [`scrubjay_pipeline::reconcile`]
//! themselves, in a world with what `fence_model.rs` leaves out: claims and duplicates, audit items, expiring staged files, lost
//! events and reconcile, executions that fail for good and are redriven, ETags that never recur.
//!
//! Every order of acts, deliveries, steps and faults is explored. Checked: the graph of states has no circle, so that everything
//! comes to rest; and where nothing more happens by itself, bucket B is what bucket A says, the audit items are true, and
//! reconcile finds nothing (`World::wrong_at_rest`).
//!
//! The larger bound: `cargo test --release -p scrubjay-pipeline --test pipeline_model -- --ignored --nocapture`.

#![allow(
    clippy::large_enum_variant,
    clippy::match_same_arms,
    clippy::maybe_infinite_iter,
    clippy::single_match,
    clippy::single_match_else,
    clippy::too_many_lines,
    clippy::unused_self,
    reason = "a model is read state by state, in the order of the machines' own states"
)]

#[path = "pipeline_model/explore.rs"]
mod explore;
#[path = "pipeline_model/world.rs"]
mod world;

use explore::{explore, walk};
use world::{Action, Fault, State, User, World};

use User::{Delete, DeleteNewest, DeleteOldest, Put, PutUnsequenced};

const REFUSED: User = Put(User::REFUSED);

fn holds(name: &str, world: &World) {
    match explore(world) {
        Ok(states) => println!("{name}: {states} states"),
        Err(found) => panic!("{name}: {found}"),
    }
}

fn breaks(world: &World) {
    let found = explore(world).expect_err("nothing is found wrong");
    println!(
        "{:?}: {}",
        world.fault,
        found.lines().next().unwrap_or_default()
    );
}

/// Each thing goes wrong alone, with ETags that recur and with ETags that do not.
fn holds_with_each_fault(name: &str, script: &[User]) {
    for unique in [false, true] {
        let simple = World {
            unique,
            ..World::new(script)
        };
        for (what, duplicates, crashes, failures, lost, expiries) in [
            // Only with recurring ETags, where the write of a duplicate could go unnoticed. With unique ETags there would be
            // too many states.
            ("a duplicate", u8::from(!unique), 0, 0, 0, 0),
            ("a crash", 0, 1, 0, 0, 0),
            ("a failure", 0, 0, 1, 0, 0),
            ("a lost event", 0, 0, 0, 1, 0),
            ("an expiry", 0, 0, 0, 0, 1),
        ] {
            let world = World {
                duplicates,
                crashes,
                failures,
                lost,
                expiries,
                ..simple.clone()
            };
            holds(&format!("{name}; {what}, unique ETags: {unique}"), &world);
        }
    }
}

#[test]
fn an_overwrite() {
    holds_with_each_fault("a, b", &[Put(1), Put(2)]);
}

#[test]
fn a_delete() {
    holds_with_each_fault("a, delete", &[Put(1), Delete]);
}

#[test]
fn a_refused_upload() {
    holds_with_each_fault("a, refused", &[Put(1), REFUSED]);
}

#[test]
fn an_upload_without_a_sequencer_that_is_overtaken() {
    let script = [PutUnsequenced(1), Put(2)];
    for (what, crashes, lost) in [("a crash", 1, 0), ("a lost event", 0, 1)] {
        let world = World {
            crashes,
            lost,
            ..World::new(&script)
        };
        holds(&format!("unsequenced a, b; {what}"), &world);
    }
}

#[test]
fn an_undone_overwrite() {
    let script = [Put(1), Put(2), DeleteNewest];
    holds(
        "a, b, b deleted for good",
        &World {
            lost: 1,
            ..World::new(&script)
        },
    );
}

#[test]
fn an_undone_overwrite_of_a_refused_file() {
    let script = [REFUSED, Put(2), DeleteNewest];
    let world = World::new(&script);
    holds("refused, b, b deleted for good", &world);
    breaks(&World {
        lost: 1,
        fault: Some(Fault::AlwaysExplains),
        ..world
    });
}

#[test]
fn a_staged_file_that_expires_before_a_redrive() {
    let world = World {
        failures: 1,
        expiries: 1,
        ..World::new(&[Put(1), Put(2)])
    };
    holds("a, b, a failure and an expiry", &world);
}

/// An older upload is redriven; a newer one was admitted, failed, was deleted without an event, and its staged file has expired.
#[test]
fn a_run_whose_winner_has_expired_fails_instead_of_going_round() {
    let world = World {
        failures: 2,
        lost: 1,
        expiries: 1,
        ..World::new(&[Put(1), Put(2), DeleteNewest])
    };
    let rest = |fault| {
        let world = World {
            fault,
            ..world.clone()
        };
        let (a, b) = ("0.0".to_owned(), "1.0".to_owned());
        let mut state = State::default();
        let mut act = |action| world.act(&mut state, action);
        act(Action::User);
        act(Action::Deliver(0));
        act(Action::Step(a.clone()));
        act(Action::Fail(a.clone()));
        act(Action::FailedEvent(a.clone()));
        act(Action::User);
        act(Action::Deliver(1));
        for _ in [
            "claim",
            "snapshot",
            "strip",
            "observe",
            "read the fence",
            "replace it",
        ] {
            act(Action::Step(b.clone()));
        }
        act(Action::Fail(b.clone()));
        act(Action::FailedEvent(b));
        act(Action::User);
        act(Action::Lose(2));
        act(Action::Expire(2));
        act(Action::Redrive(a.clone()));
        let ended = run_to_end(&world, &mut state, &a);
        (ended, state)
    };
    assert!(
        !rest(Some(Fault::ExpiredIsStale)).0,
        "the loop is not found"
    );
    let (ended, mut state) = rest(None);
    assert!(ended);
    // The upload is FAILED, and reconcile starts an upload without a sequencer for what bucket A holds.
    world.act(&mut state, Action::FailedEvent("0.0".into()));
    world.act(&mut state, Action::Reconcile);
    assert!(run_to_end(&world, &mut state, "reconcile.0"));
    assert!(World::is_right(&state), "{state:#?}");
}

/// Express may start one event twice and run both at once. Each of the two may die at any step, for an attempt or for good.
/// Without a sequencer the claim lets both of them through, as it does after a lease has run out.
fn twice_at_once(name: &str, script: &[User], crashes: u8, failures: u8) {
    for unique in [false, true] {
        let world = World {
            duplicates: 1,
            crashes,
            failures,
            unique,
            ..World::new(script)
        };
        let name = format!("{name}; twice at once, unique ETags: {unique}");
        holds(&name, &world);
    }
}

#[test]
fn an_event_that_starts_two_executions_at_once() {
    twice_at_once("a", &[Put(1)], 1, 1);
    twice_at_once("a, without a sequencer", &[PutUnsequenced(1)], 1, 1);
    twice_at_once("refused", &[REFUSED], 1, 1);
}

/// Steps an execution until it has ended; whether it did.
fn run_to_end(world: &World, state: &mut State, name: &str) -> bool {
    for _ in 0..200 {
        if !state.runs(name) {
            return true;
        }
        world.act(state, Action::Step(name.to_owned()));
    }
    false
}

#[test]
fn finds_what_noting_an_output_by_compare_and_set_is_for() {
    breaks(&World {
        unique: true,
        fault: Some(Fault::NotesOverwrite),
        ..World::new(&[Put(1), Put(2)])
    });
}

#[test]
fn finds_why_record_reads_the_fence() {
    breaks(&World {
        fault: Some(Fault::RetractMissed),
        ..World::new(&[Put(1), Delete])
    });
}

/// A run that is overtaken records SUPERSEDED, and a run that repairs bucket B has shown its upload meanwhile.
#[test]
fn finds_why_record_reads_the_fence_after_superseded() {
    breaks(&World {
        duplicates: 1,
        fault: Some(Fault::ShownMissed),
        ..World::new(&[Put(1), Put(2), DeleteNewest])
    });
}

/// One execution of an upload has published it, and a second one fails.
#[test]
fn finds_why_a_failure_is_not_recorded_over_the_success_of_another_execution() {
    breaks(&World {
        duplicates: 1,
        failures: 1,
        fault: Some(Fault::LateFailureWins),
        ..World::new(&[Put(1)])
    });
}

#[test]
#[ignore = "takes minutes; see the module's comment"]
fn the_larger_bound() {
    let script = [Put(1), Put(2), DeleteOldest];
    let world = World {
        lost: 1,
        ..World::new(&script)
    };
    holds("a, b, a deleted for good", &world);
    let script = [REFUSED, Put(2), DeleteNewest];
    let world = World {
        lost: 1,
        ..World::new(&script)
    };
    holds("refused, b, b deleted for good", &world);
    twice_at_once("a", &[Put(1)], 2, 2);
    twice_at_once("a, without a sequencer", &[PutUnsequenced(1)], 2, 2);
    twice_at_once("a, b", &[Put(1), Put(2)], 0, 1);
    twice_at_once("a, delete", &[Put(1), Delete], 0, 1);
    for (name, script) in [
        ("a, b", vec![Put(1), Put(2)]),
        ("a, delete", vec![Put(1), Delete]),
        ("a, refused", vec![Put(1), REFUSED]),
    ] {
        for unique in [false, true] {
            let world = World {
                crashes: 1,
                failures: 1,
                lost: 1,
                expiries: 1,
                unique,
                ..World::new(&script)
            };
            holds(&format!("{name}, unique ETags {unique}"), &world);
        }
    }
}

/// Longer histories than can be explored: walks drawn from a seed.
#[test]
fn long_histories_drawn_at_random() {
    let acts = [
        Put(1),
        Put(2),
        Put(3),
        REFUSED,
        PutUnsequenced(1),
        Delete,
        DeleteNewest,
        DeleteOldest,
    ];
    let walks =
        std::env::var("SCRUBJAY_MODEL_WALKS").map_or(2_000, |n| n.parse().expect("a number"));
    walk(walks, &acts);
}
