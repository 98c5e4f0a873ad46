//! The world of one key: its buckets, table, events and executions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use scrubjay_pipeline::fence::{Act, ETag, End, FenceSnapshot, FenceState, Op, Reply, Run};
use scrubjay_pipeline::upload::{Sequencer, Staged, entry};

/// What a user does to bucket A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// Uploads these bytes.
    Put {
        /// The bytes. The ETag follows from them, so that the same bytes have the same ETag.
        content: u8,
        /// Whether the event has a sequencer.
        announced: bool,
    },
    /// Puts a delete marker.
    Delete,
    /// Deletes the newest version, a delete marker, for good.
    Undelete,
    /// Deletes the oldest version for good.
    DeleteOldest,
}

impl User {
    /// Bytes that are no JPEG.
    pub const REFUSED: u8 = 9;
}

/// A rule that is taken out of the protocol, to check that the model finds the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// PUT and DELETE on bucket B without `If-Match` and `If-None-Match`.
    Unconditional,
    /// No run sees the fence that others wrote.
    NoFence,
    /// After its write a run assumes that the fence is still its own.
    NotReadAgain,
    /// Strip reads the fence after bucket A, not before.
    FenceReadLate,
}

/// What is checked.
#[derive(Debug, Clone)]
pub struct World {
    pub script: Vec<User>,
    /// How many events in all are delivered once more than they should.
    pub duplicates: u8,
    /// How many crashes there are in all.
    pub crashes: u8,
    /// The rule that is taken out.
    pub fault: Option<Fault>,
}

/// An object version in bucket A; `None`: a delete marker.
type Version = (u8, Option<u8>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct State {
    done: usize,
    /// Bucket A, oldest first, by the script's step.
    source: Vec<Version>,
    /// Bucket B: the ETag.
    pub destination: Option<ETag>,
    /// The script's step that uploaded the bytes in bucket B.
    shown: Option<u8>,
    pub went_back: bool,
    fence: Option<FenceState>,
    /// Events by the script's step, and how often each has been delivered.
    events: BTreeMap<u8, (Event, u8)>,
    /// Running executions by name. An execution that has ended is removed.
    executions: BTreeMap<String, Execution>,
    /// Names of the executions that were started for revealed uploads. A name can be used only once.
    revealed: BTreeSet<String>,
    crashed: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Event {
    Created {
        content: u8,
        sequenced: bool,
    },
    /// `reveals`: an object version was deleted for good.
    Deleted {
        reveals: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Execution {
    /// The script's step of its event.
    step: u8,
    sequenced: bool,
    state: Task,
}

/// The state in which an execution is, named as in the state machines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Task {
    /// Strip has read the fence, or is about to.
    Strip {
        content: u8,
        snapshot: Option<FenceSnapshot>,
        read: bool,
    },
    Publish {
        content: u8,
        act: Act,
        run: Run,
    },
    /// A source check: before the fence is read, after it, and with what bucket A was found to hold.
    ReadFence(Why),
    CheckSource(Why, FenceSnapshot),
    Act(Why, FenceSnapshot, Option<u8>),
    Remove {
        why: Why,
        act: Act,
        run: Run,
    },
}

/// Why an execution checks bucket A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Why {
    Refused(u8),
    Deleted { reveals: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    User,
    Deliver(u8),
    Step(String),
    Crash(String),
}

fn etag(content: u8) -> ETag {
    content.to_string()
}

fn staged(content: u8) -> Staged {
    Staged {
        key: String::new(),
        sha256: content.to_string(),
        size: 0,
    }
}

fn sequencer(step: u8) -> Sequencer {
    Sequencer::try_from(format!("{step:02X}")).expect("hexadecimal")
}

impl World {
    /// One event comes twice, and there is a crash.
    pub fn new(script: &[User]) -> Self {
        Self {
            script: script.to_vec(),
            duplicates: 1,
            crashes: 1,
            fault: None,
        }
    }

    pub fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        if state.done < self.script.len() {
            actions.push(Action::User);
        }
        let again: u8 = state
            .events
            .values()
            .map(|(_, came)| came.saturating_sub(1))
            .sum();
        for (step, (_, came)) in &state.events {
            if *came == 0 || again < self.duplicates {
                actions.push(Action::Deliver(*step));
            }
        }
        for (name, execution) in &state.executions {
            actions.push(Action::Step(name.clone()));
            // Elsewhere a crash changes nothing: what the step did is done, and nothing but the step's result is kept.
            let midway = matches!(execution.state, Task::Publish { .. } | Task::Remove { .. });
            if midway && state.crashed < self.crashes {
                actions.push(Action::Crash(name.clone()));
            }
        }
    }

    /// Users are done, every event has come, every execution has ended.
    pub fn at_rest(&self, state: &State) -> bool {
        state.done == self.script.len()
            && state.events.values().all(|(_, came)| *came > 0)
            && state.executions.is_empty()
    }

    /// What bucket B must hold then.
    pub fn wanted(state: &State) -> Option<ETag> {
        state
            .current()
            .filter(|&content| content != User::REFUSED)
            .map(etag)
    }

    pub fn act(&self, state: &mut State, action: Action) {
        match action {
            Action::User => self.user(state),
            Action::Deliver(step) => {
                let (event, came) = state.events.get_mut(&step).expect("an event");
                *came += 1;
                let (execution, name) = (event.start(step), format!("{step}.{came}"));
                state.executions.insert(name, execution);
            }
            Action::Crash(name) => {
                state.crashed += 1;
                let execution = state.executions.get_mut(&name).expect("an execution");
                match &mut execution.state {
                    Task::Publish { act, run, .. } | Task::Remove { act, run, .. } => {
                        *run = Run::new(act.clone());
                    }
                    _ => {}
                }
            }
            Action::Step(name) => {
                let mut execution = state.executions.remove(&name).expect("an execution");
                if let Some(task) = self.step(state, &name, &execution) {
                    execution.state = task;
                    state.executions.insert(name, execution);
                }
            }
        }
    }

    fn user(&self, state: &mut State) {
        let step = u8::try_from(state.done).expect("a short script");
        state.done += 1;
        let event = match self.script[usize::from(step)] {
            User::Put { content, announced } => {
                state.source.push((step, Some(content)));
                Event::Created {
                    content,
                    sequenced: announced,
                }
            }
            User::Delete => {
                state.source.push((step, None));
                Event::Deleted { reveals: false }
            }
            User::Undelete => {
                state.source.pop();
                Event::Deleted { reveals: true }
            }
            User::DeleteOldest => {
                state.source.remove(0);
                Event::Deleted { reveals: true }
            }
        };
        state.events.insert(step, (event, 0));
    }

    /// One step of an execution; `None` when that was its last.
    fn step(&self, state: &mut State, name: &str, execution: &Execution) -> Option<Task> {
        let late = self.fault == Some(Fault::FenceReadLate);
        let place = execution.sequenced.then(|| sequencer(execution.step));
        match execution.state.clone() {
            Task::Strip {
                content,
                snapshot: None,
                read,
            } if read || !late => {
                let snapshot = Some(FenceSnapshot::of(state.fence.as_ref()));
                Some(Task::Strip {
                    content,
                    snapshot,
                    read,
                })
            }
            // If-Match: overwritten or deleted is a normal end.
            Task::Strip {
                read: false,
                content,
                ..
            } if state.current() != Some(content) => None,
            Task::Strip {
                content: User::REFUSED,
                ..
            } => Some(Task::ReadFence(Why::Refused(User::REFUSED))),
            Task::Strip {
                content,
                snapshot,
                read: false,
            } => Some(Task::Strip {
                content,
                snapshot,
                read: true,
            }),
            Task::Strip {
                content,
                snapshot,
                read: true,
            } => {
                let act = Act::Publish {
                    upload: entry(&etag(content), Some(&execution.step.to_string())),
                    sequencer: place,
                    staged: staged(content),
                    snapshot: snapshot.unwrap_or_default(),
                    execution: name.to_owned(),
                };
                let run = Run::new(act.clone());
                Some(Task::Publish { content, act, run })
            }
            Task::Publish { content, act, run } => match self.carry_out(state, run) {
                ControlFlow::Continue(run) => Some(Task::Publish { content, act, run }),
                ControlFlow::Break(End::Stale) => Some(Task::Strip {
                    content,
                    snapshot: None,
                    read: false,
                }),
                ControlFlow::Break(End::Done(_) | End::Newer) => None,
            },
            Task::ReadFence(why) => Some(Task::CheckSource(
                why,
                FenceSnapshot::of(state.fence.as_ref()),
            )),
            Task::CheckSource(why, snapshot) => Some(Task::Act(why, snapshot, state.current())),
            Task::Act(why, snapshot, current) => {
                if let Some(content) = current.filter(|&content| why != Why::Refused(content)) {
                    if why == (Why::Deleted { reveals: true }) {
                        state.reveal(name, execution.step, content);
                    }
                    return None;
                }
                let act = Act::Remove {
                    sequencer: place,
                    snapshot,
                    execution: name.to_owned(),
                };
                let run = Run::new(act.clone());
                Some(Task::Remove { why, act, run })
            }
            Task::Remove { why, act, run } => match self.carry_out(state, run) {
                ControlFlow::Continue(run) => Some(Task::Remove { why, act, run }),
                ControlFlow::Break(End::Stale) => Some(Task::ReadFence(why)),
                ControlFlow::Break(End::Done(_) | End::Newer) => None,
            },
        }
    }

    /// What [`scrubjay_pipeline::aws::Publisher`] does for one step.
    fn carry_out(&self, state: &mut State, mut run: Run) -> ControlFlow<End, Run> {
        let conditional = self.fault != Some(Fault::Unconditional);
        let fenced = self.fault != Some(Fault::NoFence);
        let reply = match run.next()? {
            Op::Observe => Reply::Object(state.destination.clone()),
            Op::ReadFence => Reply::Fence(state.fence.clone().filter(|_| fenced)),
            Op::WriteFence { expected, fence } => {
                let stands = FenceSnapshot::of(state.fence.as_ref()).rev == expected || !fenced;
                if stands {
                    state.fence = Some(fence);
                }
                Reply::Applied(stands)
            }
            Op::NoteOutput { known, fence } => {
                let stands = !fenced
                    || state
                        .fence
                        .as_ref()
                        .is_some_and(|f| f.rev == fence.rev && f.output == known);
                if stands {
                    state.fence = Some(fence);
                }
                Reply::Applied(stands || self.fault == Some(Fault::NotReadAgain))
            }
            Op::Put { staged, expected } => {
                Reply::Put(if state.destination == expected || !conditional {
                    state.show(&staged);
                    state.destination.clone()
                } else {
                    None
                })
            }
            Op::Delete { expected } => {
                let held = state.destination.as_ref() == Some(&expected) || !conditional;
                if held {
                    (state.destination, state.shown) = (None, None);
                }
                Reply::Applied(held)
            }
        };
        run.reply(reply);
        ControlFlow::Continue(run)
    }
}

impl State {
    /// What bucket A holds.
    fn current(&self) -> Option<u8> {
        self.source.last().and_then(|(_, content)| *content)
    }

    /// Writes bytes into bucket B. Their upload is known only if the script uploads these bytes once.
    fn show(&mut self, staged: &Staged) {
        let uploads: Vec<u8> = self
            .events
            .iter()
            .filter(|(_, (event, _))| matches!(event, Event::Created { content, .. } if content.to_string() == staged.sha256))
            .map(|(step, _)| *step)
            .collect();
        let of = if let [one] = uploads.as_slice() {
            Some(*one)
        } else {
            None
        };
        self.went_back |= matches!((self.shown, of), (Some(before), Some(now)) if now < before);
        self.shown = of;
        self.destination = Some(staged.sha256.clone());
    }

    /// The machine retract starts scrub for an object that no event announces: once per execution of its own.
    fn reveal(&mut self, by: &str, step: u8, content: u8) {
        let name = format!("revealed-{by}");
        if self.revealed.insert(name.clone()) {
            let state = Task::Strip {
                content,
                snapshot: None,
                read: false,
            };
            self.executions.insert(
                name,
                Execution {
                    step,
                    sequenced: false,
                    state,
                },
            );
        }
    }
}

impl Event {
    fn start(&self, step: u8) -> Execution {
        let (sequenced, state) = match *self {
            Self::Created { content, sequenced } => (
                sequenced,
                Task::Strip {
                    content,
                    snapshot: None,
                    read: false,
                },
            ),
            Self::Deleted { reveals } => (true, Task::ReadFence(Why::Deleted { reveals })),
        };
        Execution {
            step,
            sequenced,
            state,
        }
    }
}
