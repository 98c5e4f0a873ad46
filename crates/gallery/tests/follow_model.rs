//! Following bucket B, model-checked: the code of [`scrubjay_gallery::follow`] itself, in a world where photos change at any time,
//! messages come twice and in any order, several runs of one key go on at once, and a run can die between any two steps.
//!
//! Every write of a run is a step of its own: each derivative, and the catalogue's item. What bucket B holds changes by a script,
//! and every change leaves a message. A message that was taken is there until its run has ended; it may be handed out a second
//! time meanwhile (a visibility time-out), and comes back when the run dies.

use std::collections::BTreeMap;

use scrubjay_gallery::follow::{ETag, Known, Op, Reply, Rules, Run};
use stateright::{Checker, HasDiscoveries, Model, Property};

const WIDTHS: [u32; 2] = [1, 2];

/// What may happen.
#[derive(Clone)]
struct World {
    /// What bucket B holds, one after the other.
    script: Vec<Option<ETag>>,
    /// Photos of which no derivatives can be made.
    not_derivable: Vec<ETag>,
    rules: Rules,
    /// Runs at the same time.
    at_once: usize,
    /// How often a run dies.
    deaths: u8,
    /// How often a message is handed out again while its run goes on.
    doubles: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct State {
    /// How much of the script has happened.
    done: usize,
    /// Messages that wait.
    waiting: u8,
    runs: Vec<Run>,
    /// Derivatives, by width: the ETag of their photo.
    derivatives: BTreeMap<u32, ETag>,
    catalogue: Known,
    deaths: u8,
    doubles: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// The next of the script.
    Change,
    /// A message begins a run.
    Deliver,
    /// A message whose run goes on begins another.
    Double,
    /// A run's next step.
    Step(usize),
    /// A run dies; its message waits again.
    Die(usize),
}

impl State {
    /// Keeps runs in one order, so that states that differ by nothing else are one.
    fn begin(&mut self, run: Run) {
        self.runs.push(run);
        self.runs.sort_by_cached_key(|run| format!("{run:?}"));
    }
}

impl World {
    fn new(script: &[&str]) -> Self {
        Self {
            script: script
                .iter()
                .map(|etag| (!etag.is_empty()).then(|| (*etag).to_owned()))
                .collect(),
            not_derivable: vec!["X".to_owned()],
            rules: Rules::default(),
            at_once: 2,
            deaths: 1,
            doubles: 1,
        }
    }

    fn holds(&self, state: &State) -> Option<ETag> {
        let last = state.done.checked_sub(1)?;
        self.script.get(last).cloned().flatten()
    }

    fn at_rest(&self, state: &State) -> bool {
        state.done == self.script.len() && state.waiting == 0 && state.runs.is_empty()
    }

    /// Whether derivatives and catalogue show what bucket B holds.
    fn agrees(&self, state: &State) -> bool {
        let held = self.holds(state);
        let derivable = held
            .as_ref()
            .filter(|etag| !self.not_derivable.contains(etag));
        let derivatives = WIDTHS
            .iter()
            .all(|width| state.derivatives.get(width) == derivable);
        derivatives
            && state.catalogue.etag == held
            && (held.is_none() || state.catalogue.not_derived == derivable.is_none())
    }

    /// Carries one step of a run out.
    fn step(&self, state: &mut State, index: usize) {
        let mut run = state.runs.remove(index);
        let Ok(op) = run.next() else { return };
        let reply = match op {
            Op::Look => Reply::Holds(self.holds(state)),
            Op::Recall => Reply::Known(Known {
                same_recipe: true,
                indexed: true,
                ..state.catalogue.clone()
            }),
            Op::Check { width } => Reply::Holds(state.derivatives.get(&width).cloned()),
            Op::Make { etag } if self.holds(state).as_ref() != Some(&etag) => Reply::Moved,
            Op::Make { etag } if self.not_derivable.contains(&etag) => Reply::NotDerivable,
            Op::Make { .. } | Op::Reindex => Reply::Done,
            Op::Put { etag, width } => {
                state.derivatives.insert(width, etag);
                Reply::Done
            }
            Op::Remove { width } => {
                state.derivatives.remove(&width);
                Reply::Done
            }
            Op::Record { etag } => {
                let not_derived = self.not_derivable.contains(&etag);
                state.catalogue = Known {
                    etag: Some(etag),
                    widths: if not_derived {
                        [].into()
                    } else {
                        WIDTHS.into()
                    },
                    not_derived,
                    ..Known::default()
                };
                Reply::Done
            }
            Op::Forget => {
                state.catalogue = Known::default();
                Reply::Done
            }
        };
        run.reply(reply);
        // A run that has ended takes its message with it.
        if run.next().is_ok() {
            state.begin(run);
        }
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.done < self.script.len() {
            actions.push(Action::Change);
        }
        if state.runs.len() < self.at_once {
            if state.waiting > 0 {
                actions.push(Action::Deliver);
            }
            if !state.runs.is_empty() && state.doubles < self.doubles {
                actions.push(Action::Double);
            }
        }
        for index in 0..state.runs.len() {
            actions.push(Action::Step(index));
            if state.deaths < self.deaths {
                actions.push(Action::Die(index));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Change => {
                next.done += 1;
                next.waiting += 1;
            }
            Action::Deliver | Action::Double => {
                if action == Action::Deliver {
                    next.waiting -= 1;
                } else {
                    next.doubles += 1;
                }
                next.begin(Run::with_rules(WIDTHS, self.rules));
            }
            Action::Step(index) => self.step(&mut next, index),
            Action::Die(index) => {
                next.runs.remove(index);
                next.waiting += 1;
                next.deaths += 1;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "at rest, derivatives and catalogue show what bucket B holds",
            |world: &World, state: &State| !world.at_rest(state) || world.agrees(state),
        )]
    }
}

fn check(world: World) -> bool {
    let checker = world
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    eprintln!("{} states", checker.unique_state_count());
    assert!(checker.unique_state_count() > 50);
    checker.discoveries().is_empty()
}

#[test]
fn an_overwritten_photo_is_followed() {
    assert!(check(World::new(&["A", "B"])));
}

#[test]
fn a_photo_that_goes_is_followed() {
    assert!(check(World::new(&["A", ""])));
    assert!(check(World::new(&["A", "", "A"])));
}

#[test]
fn a_photo_that_cannot_be_derived_is_followed() {
    assert!(check(World::new(&["A", "X"])));
    assert!(check(World::new(&["X", "A"])));
}

#[test]
fn without_the_second_look_an_old_photo_stays() {
    let mut world = World::new(&["A", "B"]);
    world.rules.second_look = false;
    (world.deaths, world.doubles) = (0, 0);
    assert!(!check(world));
}

#[test]
fn to_trust_the_catalogue_alone_leaves_what_a_dead_run_wrote() {
    let mut world = World::new(&["A", "B"]);
    world.rules.compare_derivatives = false;
    assert!(!check(world));
}
