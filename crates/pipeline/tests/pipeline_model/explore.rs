//! Explores every state of a [`World`], depth first, or draws walks through larger ones.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::world::{Action, State, User, World};

/// More admissions than any history needs. A history with more of them does not come to rest.
const ADMISSIONS: u64 = 24;

const FALSE_ALARM: &str = "reconcile finds a lost event where none was lost";

struct Visit {
    state: State,
    key: u64,
    actions: std::vec::IntoIter<Action>,
    /// Whether anything happened from here.
    moved: bool,
    taken: Option<Action>,
}

impl Visit {
    fn new(world: &World, state: State, key: u64) -> Self {
        let mut actions = Vec::new();
        world.possible(&state, &mut actions);
        Self {
            state,
            key,
            actions: actions.into_iter(),
            moved: false,
            taken: None,
        }
    }
}

fn key(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

fn told(path: &[Visit], what: &str) -> String {
    let way: Vec<String> = path
        .iter()
        .filter_map(|visit| visit.taken.as_ref())
        .map(|action| format!("{action:?}"))
        .collect();
    let last = path.last().map(|visit| format!("{:#?}", visit.state));
    format!(
        "{what}, after {}\n{}",
        way.join(", "),
        last.unwrap_or_default()
    )
}

/// Explores every state. Returns the number of states, or what is wrong and which actions lead to it.
pub fn explore(world: &World) -> Result<usize, String> {
    // Whether all successors of a state have been visited; false while the state is on the current path.
    let mut done: HashMap<u64, bool> = HashMap::new();
    let first = State::default();
    let start = key(&first);
    done.insert(start, false);
    let mut path = vec![Visit::new(world, first, start)];
    while let Some(visit) = path.last_mut() {
        let Some(action) = visit.actions.next() else {
            if !visit.moved
                && let Some(wrong) = world.wrong_at_rest(&visit.state)
            {
                return Err(told(&path, wrong));
            }
            done.insert(visit.key, true);
            path.pop();
            continue;
        };
        let mut next = visit.state.clone();
        world.act(&mut next, action.clone());
        let hash = key(&next);
        if hash == visit.key {
            continue;
        }
        let false_alarm = action == Action::Reconcile && World::undisturbed(&visit.state);
        visit.moved = true;
        visit.taken = Some(action);
        if false_alarm {
            return Err(told(&path, FALSE_ALARM));
        }
        if next.admissions() > ADMISSIONS {
            return Err(told(&path, "it does not come to rest"));
        }
        match done.get(&hash) {
            Some(true) => {}
            Some(false) => return Err(told(&path, "it goes round in a circle")),
            None => {
                done.insert(hash, false);
                path.push(Visit::new(world, next, hash));
            }
        }
    }
    Ok(done.len())
}

/// Draws histories of three to six acts, in worlds where much goes wrong, and walks each to its rest.
pub fn walk(walks: u64, acts: &[User]) {
    for seed in 0..walks {
        let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let world = draw.world(acts);
        let mut state = State::default();
        let mut way = Vec::new();
        loop {
            let mut actions = Vec::new();
            world.possible(&state, &mut actions);
            let mut moved = false;
            while !actions.is_empty() {
                let action = actions.swap_remove(draw.below(actions.len()));
                let mut next = state.clone();
                world.act(&mut next, action.clone());
                if next != state {
                    way.push(format!("{action:?}"));
                    let false_alarm = action == Action::Reconcile && World::undisturbed(&state);
                    assert!(
                        !false_alarm,
                        "{FALSE_ALARM}: seed {seed}: {world:?} {way:?}"
                    );
                    state = next;
                    moved = true;
                    break;
                }
            }
            let told = || format!("seed {seed}: {world:?}\n{}\n{state:#?}", way.join(", "));
            assert!(way.len() < 2_000, "it does not come to rest: {}", told());
            if !moved {
                if let Some(wrong) = world.wrong_at_rest(&state) {
                    panic!("{wrong}: {}", told());
                }
                break;
            }
        }
    }
}

/// A xorshift generator: the same seed gives the same walk everywhere.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("small")
    }

    fn upto(&mut self, most: u8) -> u8 {
        u8::try_from(self.next() % u64::from(most + 1)).expect("small")
    }

    fn world(&mut self, acts: &[User]) -> World {
        let length = 3 + self.below(4);
        let mut script: Vec<User> = Vec::new();
        // How many versions bucket A holds: only what is there can be deleted.
        let mut versions = 0;
        while script.len() < length {
            let act = acts[self.below(acts.len())];
            match act {
                User::DeleteNewest | User::DeleteOldest if versions == 0 => continue,
                User::DeleteNewest | User::DeleteOldest => versions -= 1,
                User::Delete if versions == 0 => continue,
                _ => versions += 1,
            }
            script.push(act);
        }
        World {
            duplicates: self.upto(2),
            crashes: self.upto(2),
            failures: self.upto(2),
            redrives: 2,
            lost: self.upto(1),
            expiries: self.upto(2),
            unique: self.upto(1) == 1,
            ..World::new(&script)
        }
    }
}
