//! The publishing protocol, model-checked: the code of [`scrubjay_pipeline::fence`] itself, not a paraphrase, in a world where
//! events come twice, late and in any order, and processes crash between any two steps.
//!
//! One key of a versioned bucket A. Users act in the order of a script, at any time between the steps of the executions. Each
//! event is delivered once or more, in any order; each delivery starts an execution. The model has no claim that would hold a
//! second execution back, because correctness must not depend on the claim. It treats a crash, a retry and a redrive alike: the
//! state's work begins anew.
//!
//! The larger bound: `cargo test --release -p scrubjay-pipeline --test fence_model -- --ignored --nocapture`.

#[path = "fence_model/world.rs"]
mod world;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use stateright::{Checker, HasDiscoveries, Model, Property};
use world::{Action, Fault, State, User, World};

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.possible(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.act(&mut next, action);
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "at rest, B is the newest state of A",
                |world: &World, state: &State| {
                    !world.at_rest(state) || state.destination == World::wanted(state)
                },
            ),
            Property::always(
                "B never goes back to an older upload",
                |_, state: &State| !state.went_back,
            ),
        ]
    }
}

const UP: fn(u8) -> User = |content| User::Put {
    content,
    announced: true,
};

/// Checks every state of a world where processes crash, and, for a short script, of one where an event comes twice.
fn holds(name: &str, script: &[User]) {
    if script.len() < 3 {
        explored(
            name,
            World {
                duplicates: 1,
                crashes: 0,
                ..World::new(script)
            },
        );
    }
    explored(
        name,
        World {
            duplicates: 0,
            crashes: 1,
            ..World::new(script)
        },
    );
}

fn explored(name: &str, world: World) {
    let bounds = format!(
        "{name}; duplicates {}, crashes {}",
        world.duplicates, world.crashes
    );
    let checked = world.checker().spawn_bfs().join();
    println!("{bounds}: {} states", checked.unique_state_count());
    assert!(checked.is_done());
    checked.assert_properties();
    comes_to_rest(&bounds, checked.model());
}

/// Checks that the graph of states has no cycle, and that every path ends at rest. So the world comes to rest in every order of
/// actions.
///
/// Stateright's `eventually` would miss a cycle that a path enters through a state that another path has visited before
/// (<https://docs.rs/stateright/latest/stateright/struct.Property.html#method.eventually>).
fn comes_to_rest(bounds: &str, world: &World) {
    let successors = |state: &State| {
        let mut actions = Vec::new();
        world.actions(state, &mut actions);
        let next: Vec<State> = actions
            .into_iter()
            .filter_map(|action| world.next_state(state, action))
            .collect();
        assert!(
            !next.is_empty() || world.at_rest(state),
            "{bounds}: it stops before all is done: {state:#?}"
        );
        next.into_iter()
    };
    let key = |state: &State| {
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        hasher.finish()
    };
    // Whether all successors of a state have been visited; false while the state is on the current path.
    let mut left: HashMap<u64, bool> = HashMap::new();
    let mut path = Vec::new();
    for first in world.init_states() {
        left.insert(key(&first), false);
        path.push((key(&first), successors(&first)));
    }
    while let Some((visited, next)) = path.last_mut() {
        let Some(state) = next.next() else {
            left.insert(*visited, true);
            path.pop();
            continue;
        };
        let key = key(&state);
        match left.get(&key) {
            Some(true) => {}
            Some(false) => panic!("{bounds}: it goes round in a circle through {state:#?}"),
            None => {
                left.insert(key, false);
                path.push((key, successors(&state)));
            }
        }
    }
}

/// Checks that the model finds an error in a world with this fault.
fn breaks(script: &[User], fault: Fault) {
    let world = World {
        duplicates: 0,
        fault: Some(fault),
        ..World::new(script)
    };
    let checked = world
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let found = checked.discoveries();
    println!(
        "{fault:?}: {:?} after {} states",
        found.keys(),
        checked.unique_state_count()
    );
    assert!(!found.is_empty(), "nothing is found wrong with {fault:?}");
}

#[test]
fn an_overwrite() {
    holds("overwrite", &[UP(1), UP(2)]);
}

#[test]
fn a_delete() {
    holds("delete", &[UP(1), User::Delete]);
}

#[test]
fn a_delete_and_a_new_upload_of_the_same_bytes() {
    holds("delete, again", &[UP(1), User::Delete, UP(1)]);
}

#[test]
fn the_same_bytes_after_something_else() {
    holds("a, b, a", &[UP(1), UP(2), UP(1)]);
}

#[test]
fn a_refused_upload_withdraws_what_was_there() {
    holds("refused", &[UP(1), UP(User::REFUSED)]);
}

#[test]
fn a_refused_upload_between_two_good_ones() {
    let script = [UP(1), UP(User::REFUSED), UP(2)];
    holds("refused between", &script);
}

#[test]
fn an_undelete_which_no_event_announces_as_an_upload() {
    let script = [UP(1), User::Delete, User::Undelete];
    holds("undelete", &script);
}

#[test]
fn the_delete_of_an_old_version() {
    let script = [UP(1), UP(2), User::DeleteOldest];
    holds("old version", &script);
}

#[test]
fn an_upload_without_a_sequencer() {
    let unsequenced = User::Put {
        content: 2,
        announced: false,
    };
    holds("unsequenced", &[UP(1), unsequenced]);
}

#[test]
fn an_upload_without_a_sequencer_that_is_overtaken() {
    let unsequenced = User::Put {
        content: 1,
        announced: false,
    };
    holds("unsequenced a, b", &[unsequenced, UP(2)]);
}

#[test]
fn a_refused_upload_that_is_current_again() {
    let script = [UP(User::REFUSED), UP(2), User::Undelete];
    holds("refused, b, b deleted for good", &script);
}

#[test]
fn finds_what_conditional_writes_are_for() {
    breaks(&[UP(1), UP(2)], Fault::Unconditional);
}

#[test]
fn finds_what_the_fence_is_for() {
    breaks(&[UP(1), UP(2)], Fault::NoFence);
}

#[test]
fn finds_what_reading_the_fence_again_is_for() {
    breaks(&[UP(1), User::Delete], Fault::NotReadAgain);
}

#[test]
fn finds_why_the_fence_is_read_before_bucket_a() {
    let unsequenced = User::Put {
        content: 2,
        announced: false,
    };
    breaks(&[UP(1), unsequenced], Fault::FenceReadLate);
}

#[test]
#[ignore = "takes minutes; see the module's comment"]
fn the_larger_bound() {
    let scripts: [(&str, &[User]); 5] = [
        ("a, b", &[UP(1), UP(2)]),
        ("a, delete", &[UP(1), User::Delete]),
        ("a, refused", &[UP(1), UP(User::REFUSED)]),
        ("a, delete, a", &[UP(1), User::Delete, UP(1)]),
        (
            "a, delete, undelete",
            &[UP(1), User::Delete, User::Undelete],
        ),
    ];
    for (name, script) in scripts {
        explored(name, World::new(script));
    }
}
