//! One key of bucket A and everything around the fence: claims, audit items, the staging bucket and its expiry, lost events and
//! reconcile, executions that fail for good and are redriven.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::Timestamp;
use scrubjay_pipeline::audit::Status;
use scrubjay_pipeline::fence::{Act, ETag, End, FenceSnapshot, FenceState, Op, Reply, Run};
use scrubjay_pipeline::reconcile::{
    Comparison, Explanation, KnownUpload, Listed, OnRejected, Pair, Situation, StoredFence,
    compare, explain,
};
use scrubjay_pipeline::upload::{Sequencer, Staged, entry};

/// What a user does to bucket A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// Uploads these bytes; [`User::REFUSED`] are no JPEG.
    Put(u8),
    /// The same, and the event has no sequencer.
    PutUnsequenced(u8),
    /// Puts a delete marker.
    Delete,
    /// Deletes the newest version for good, a delete marker or an object: an older one may become current.
    DeleteNewest,
    /// Deletes the oldest version for good.
    DeleteOldest,
}

impl User {
    /// Bytes that are no JPEG.
    pub const REFUSED: u8 = 9;
}

/// A rule in its earlier, wrong form, to check that the model finds the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// REJECTED and FAILED explain every difference, whatever bucket B shows.
    AlwaysExplains,
    /// A missing staged file is `SourceStale`, whoever staged it.
    ExpiredIsStale,
    /// An output is noted even over the output of another write.
    NotesOverwrite,
    /// Record does not read the fence after it has written.
    RetractMissed,
    /// Record does not read the fence after it has written SUPERSEDED.
    ShownMissed,
    /// A failure event is recorded whatever the item says by now.
    LateFailureWins,
}

/// What is checked: users' acts, and how often each thing may go wrong in all.
#[derive(Debug, Clone)]
pub struct World {
    pub script: Vec<User>,
    /// Events that are delivered once more than they should.
    pub duplicates: u8,
    /// Attempts that die between two steps and are retried.
    pub crashes: u8,
    /// Executions that fail for good, at any of their states.
    pub failures: u8,
    /// Redrives of one execution, once all is quiet.
    pub redrives: u8,
    /// Events that never come: of S3, or of an execution's end.
    pub lost: u8,
    /// Expiries of a staged file.
    pub expiries: u8,
    /// Equal bytes get different ETags in both buckets, as with encryption by KMS.
    pub unique: bool,
    pub fault: Option<Fault>,
}

/// An object version in bucket A.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Version {
    /// The script's step that put it; its version id.
    step: u8,
    /// `None`: a delete marker.
    content: Option<u8>,
    written: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Item {
    status: Status,
    execution: String,
    /// The script's step, if the claim had a sequencer.
    sequencer: Option<u8>,
    version: Option<u8>,
    updated: u16,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct State {
    done: usize,
    /// Bucket A, oldest version first.
    source: Vec<Version>,
    /// Contents in the staging bucket.
    staging: BTreeSet<u8>,
    /// Bucket B: the ETag, and the bytes.
    destination: Option<(ETag, u8)>,
    /// PUTs into bucket B so far; counted only where ETags are unique.
    puts: u8,
    fence: Option<(FenceState, u16)>,
    items: BTreeMap<String, Item>,
    /// S3's events by the script's step: how often each has come, or that it is lost.
    events: BTreeMap<u8, Delivery>,
    /// Status events on their way: names of executions that have failed.
    failed_events: BTreeSet<String>,
    executions: BTreeMap<String, Execution>,
    spent: Spent,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Spent {
    duplicates: u8,
    crashes: u8,
    failures: u8,
    lost: u8,
    expiries: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Delivery {
    Came(u8),
    Lost,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Execution {
    about: Subject,
    task: Task,
    progress: Progress,
    redriven: u8,
}

/// What an execution's input names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Subject {
    /// The uploaded bytes; 0 for an execution of retract.
    content: u8,
    /// The script's step of the object version, where the event names it.
    version: Option<u8>,
    /// The step of the upload whose ETag this is.
    etag_of: u8,
    /// The script's step of the event, if it has a sequencer.
    sequencer: Option<u8>,
    /// A version was deleted for good.
    reveals: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Progress {
    Running,
    Failed,
    Succeeded,
}

/// A state of one of the machines, and how far its work has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Task {
    Claim,
    Held,
    Reclaim,
    Snapshot,
    /// Reads bucket A and stages.
    Strip(FenceSnapshot),
    Publish(FenceSnapshot, Run),
    Record(Status),
    /// Record has written, and reads the fence.
    RecordRetracted,
    /// The same, for an upload that another execution may have published.
    RecordShown,
    ReadFence,
    CheckSource(FenceSnapshot),
    /// Withdraw or Retract, with what bucket A was found to hold: the step of the version.
    Decide(FenceSnapshot, Option<u8>),
    Remove(FenceSnapshot, Run),
    /// The removal is done; the upload that it removed is to be marked.
    Mark(Option<String>),
    Reveal(u8),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    User,
    Deliver(u8),
    Lose(u8),
    Step(String),
    Crash(String),
    Fail(String),
    FailedEvent(String),
    LoseFailedEvent(String),
    Expire(u8),
    Redrive(String),
    Reconcile,
}

/// What became of one step.
enum Next {
    Go(Task),
    Succeed,
    Fail,
}

fn sequencer(step: u8) -> Sequencer {
    Sequencer::try_from(format!("{step:02X}")).expect("hexadecimal")
}

fn at(rank: u16) -> Timestamp {
    Timestamp::from_second(i64::from(rank)).expect("a small number")
}

impl World {
    /// Nothing goes wrong.
    pub fn new(script: &[User]) -> Self {
        Self {
            script: script.to_vec(),
            duplicates: 0,
            crashes: 0,
            failures: 0,
            redrives: 1,
            lost: 0,
            expiries: 0,
            unique: false,
            fault: None,
        }
    }

    fn etag(&self, step: u8, content: u8) -> ETag {
        if self.unique {
            format!("{content}.{step}")
        } else {
            content.to_string()
        }
    }

    fn entry(&self, about: &Subject) -> String {
        let version = about.version.map(|step| step.to_string());
        entry(&self.etag(about.etag_of, about.content), version.as_deref())
    }

    pub fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        let spent = &state.spent;
        if state.done < self.script.len() {
            actions.push(Action::User);
        }
        for (step, delivery) in &state.events {
            match delivery {
                Delivery::Came(0) => {
                    actions.push(Action::Deliver(*step));
                    if spent.lost < self.lost {
                        actions.push(Action::Lose(*step));
                    }
                }
                Delivery::Came(1) if spent.duplicates < self.duplicates => {
                    actions.push(Action::Deliver(*step));
                }
                _ => {}
            }
        }
        for name in &state.failed_events {
            actions.push(Action::FailedEvent(name.clone()));
            if spent.lost < self.lost {
                actions.push(Action::LoseFailedEvent(name.clone()));
            }
        }
        for (name, execution) in &state.executions {
            if execution.progress != Progress::Running {
                continue;
            }
            actions.push(Action::Step(name.clone()));
            let midway = matches!(execution.task, Task::Publish(..) | Task::Remove(..));
            if midway && spent.crashes < self.crashes {
                actions.push(Action::Crash(name.clone()));
            }
            if spent.failures < self.failures {
                actions.push(Action::Fail(name.clone()));
            }
        }
        if spent.expiries < self.expiries {
            actions.extend(state.staging.iter().map(|content| Action::Expire(*content)));
        }
        if Self::quiet(state) {
            for (name, execution) in &state.executions {
                if execution.progress == Progress::Failed && execution.redriven < self.redrives {
                    actions.push(Action::Redrive(name.clone()));
                }
            }
            actions.push(Action::Reconcile);
        }
    }

    /// No event is on its way, and no execution runs.
    fn quiet(state: &State) -> bool {
        state
            .events
            .values()
            .all(|delivery| *delivery != Delivery::Came(0))
            && state.failed_events.is_empty()
            && state
                .executions
                .values()
                .all(|execution| execution.progress != Progress::Running)
    }

    /// Whether bucket B is what bucket A says.
    pub fn is_right(state: &State) -> bool {
        let wanted = state
            .current()
            .and_then(|version| version.content)
            .filter(|content| *content != User::REFUSED);
        state.destination.as_ref().map(|(_, content)| *content) == wanted
    }

    /// Whether nothing was lost and nothing has failed, so that reconcile must find nothing.
    pub fn undisturbed(state: &State) -> bool {
        let failed = |execution: &Execution| execution.progress == Progress::Failed;
        state.spent.lost == 0 && state.spent.failures == 0 && !state.executions.values().any(failed)
    }

    /// What is wrong with a state from which nothing more happens by itself: users are done, events have come, executions have
    /// ended, what failed has been redriven, and reconcile finds nothing.
    pub fn wrong_at_rest(&self, state: &State) -> Option<&'static str> {
        let failed = state
            .executions
            .values()
            .any(|execution| execution.progress == Progress::Failed);
        let shown = state.destination.as_ref().map(|(_, content)| *content);
        if !Self::is_right(state) && !failed {
            return Some("bucket B is not what bucket A says");
        }
        if state
            .items
            .values()
            .any(|item| item.status == Status::Processing)
        {
            return Some("an item says PROCESSING for ever");
        }
        if failed {
            // This is allowed: the upload is FAILED, an alarm has rung, and an operator must act.
            return None;
        }
        let fence = state.fence.as_ref().map(|(fence, _)| fence);
        let noted = fence.and_then(|fence| fence.output.as_ref());
        if noted != state.destination.as_ref().map(|(etag, _)| etag) {
            return Some("the fence does not name what bucket B holds");
        }
        let named = fence.and_then(|fence| fence.upload.as_ref());
        let item = named.and_then(|named| state.items.get(named));
        if let Some(item) = item {
            let says = item.status == Status::Cleaned;
            if says != shown.is_some() && says {
                return Some("an item says CLEANED, and bucket B is empty");
            }
            if !says && shown.is_some() {
                return Some("bucket B shows an upload whose item does not say CLEANED");
            }
        } else if shown.is_some() {
            return Some("bucket B shows an upload without an item");
        }
        let refused = |name: &String| name.starts_with(&format!("upload#{}", User::REFUSED));
        if state.items.iter().any(|(name, item)| {
            refused(name) && matches!(item.status, Status::Cleaned | Status::Retracted)
        }) {
            return Some("an item says that a refused file was published");
        }
        let heard = state
            .events
            .iter()
            .filter(|(_, delivery)| **delivery != Delivery::Lost)
            .filter_map(|(step, _)| self.upload(*step));
        for about in heard {
            if !state.items.contains_key(&self.entry(&about)) {
                return Some("an upload whose event came has no item");
            }
        }
        None
    }

    /// The upload of the script's step, if it is one.
    fn upload(&self, step: u8) -> Option<Subject> {
        let (content, sequenced) = match self.script[usize::from(step)] {
            User::Put(content) => (content, true),
            User::PutUnsequenced(content) => (content, false),
            _ => return None,
        };
        Some(Subject {
            content,
            version: Some(step),
            etag_of: step,
            sequencer: sequenced.then_some(step),
            reveals: false,
        })
    }

    pub fn act(&self, state: &mut State, action: Action) {
        match action {
            Action::User => self.user(state),
            Action::Deliver(step) => {
                let delivery = state.events.get_mut(&step).expect("an event");
                let Delivery::Came(before) = *delivery else {
                    return;
                };
                *delivery = Delivery::Came(before + 1);
                state.spent.duplicates += u8::from(before > 0);
                let name = format!("{step}.{before}");
                match self.upload(step) {
                    Some(about) => state.start(name, about, Task::Claim),
                    None => {
                        let reveals = !matches!(self.script[usize::from(step)], User::Delete);
                        state.start(name, Subject::deleted(Some(step), reveals), Task::ReadFence);
                    }
                }
            }
            Action::Lose(step) => {
                state.events.insert(step, Delivery::Lost);
                state.spent.lost += 1;
            }
            Action::FailedEvent(name) => {
                state.failed_events.remove(&name);
                self.record_failure(state, &name);
            }
            Action::LoseFailedEvent(name) => {
                state.failed_events.remove(&name);
                state.spent.lost += 1;
            }
            Action::Crash(name) => {
                state.spent.crashes += 1;
                state.again(&name);
            }
            Action::Fail(name) => {
                state.spent.failures += 1;
                state.fail(&name);
            }
            Action::Redrive(name) => {
                state.again(&name);
                let execution = state.executions.get_mut(&name).expect("an execution");
                execution.progress = Progress::Running;
                execution.redriven += 1;
            }
            Action::Expire(content) => {
                state.staging.remove(&content);
                state.spent.expiries += 1;
            }
            Action::Reconcile => self.reconcile(state),
            Action::Step(name) => {
                let execution = state.executions[&name].clone();
                match self.step(state, &name, &execution) {
                    Next::Go(task) => {
                        state.executions.get_mut(&name).expect("it runs").task = task;
                    }
                    Next::Succeed => {
                        // Only an item's own execution is ever asked for.
                        state.executions.get_mut(&name).expect("it runs").progress =
                            Progress::Succeeded;
                    }
                    Next::Fail => state.fail(&name),
                }
            }
        }
        state.normalise();
    }

    fn user(&self, state: &mut State) {
        let step = u8::try_from(state.done).expect("a short script");
        state.done += 1;
        let written = state.now();
        let put = |content| Version {
            step,
            content,
            written,
        };
        match self.script[usize::from(step)] {
            User::Put(content) | User::PutUnsequenced(content) => {
                state.source.push(put(Some(content)));
            }
            User::Delete => state.source.push(put(None)),
            User::DeleteNewest => {
                state.source.pop();
            }
            User::DeleteOldest => {
                state.source.remove(0);
            }
        }
        state.events.insert(step, Delivery::Came(0));
    }

    fn step(&self, state: &mut State, name: &str, execution: &Execution) -> Next {
        let about = &execution.about;
        match execution.task.clone() {
            Task::Claim => {
                if self.claim(state, name, about) {
                    Next::Go(Task::Snapshot)
                } else {
                    Next::Go(Task::Held)
                }
            }
            Task::Held if state.destination.is_some() => Next::Succeed,
            Task::Held => Next::Go(Task::Reclaim),
            Task::Reclaim => {
                let cleaned = state
                    .items
                    .get(&self.entry(about))
                    .is_some_and(|item| item.status == Status::Cleaned);
                if cleaned {
                    self.claimed(state, name, about);
                    Next::Go(Task::Snapshot)
                } else {
                    Next::Succeed
                }
            }
            Task::Snapshot => Next::Go(Task::Strip(state.snapshot())),
            Task::Strip(snapshot) => {
                let holds = state.current().is_some_and(|version| {
                    version.content == Some(about.content)
                        && (!self.unique || version.step == about.etag_of)
                });
                if !holds {
                    return Next::Go(Task::Record(Status::Superseded));
                }
                if about.content == User::REFUSED {
                    return Next::Go(Task::ReadFence);
                }
                state.staging.insert(about.content);
                Next::Go(Task::Publish(snapshot, self.publish(name, about, snapshot)))
            }
            Task::Publish(snapshot, run) => match self.carry_out(state, run) {
                Ok(ControlFlow::Continue(run)) => Next::Go(Task::Publish(snapshot, run)),
                Ok(ControlFlow::Break(End::Done(_))) => Next::Go(Task::Record(Status::Cleaned)),
                Ok(ControlFlow::Break(End::Newer)) => Next::Go(Task::Record(Status::Superseded)),
                Ok(ControlFlow::Break(End::Stale)) | Err(Missing::Own) => Next::Go(Task::Snapshot),
                Err(Missing::Others) => Next::Fail,
            },
            Task::Record(status) => {
                let entry = self.entry(about);
                let mine = state.items.get(&entry).is_none_or(|item| {
                    let others = status == Status::Cleaned && item.status == Status::Superseded;
                    others
                        || item.execution == name
                            && matches!(item.status, Status::Processing | Status::Failed)
                });
                if mine {
                    let updated = state.now();
                    let known = state.items.get(&entry);
                    let sequencer = about.sequencer.or(known.and_then(|item| item.sequencer));
                    state.items.insert(
                        entry,
                        Item {
                            status,
                            execution: name.to_owned(),
                            sequencer,
                            version: about.version,
                            updated,
                        },
                    );
                }
                match status {
                    Status::Cleaned if self.fault != Some(Fault::RetractMissed) => {
                        Next::Go(Task::RecordRetracted)
                    }
                    Status::Superseded if mine && self.fault != Some(Fault::ShownMissed) => {
                        Next::Go(Task::RecordShown)
                    }
                    _ => Next::Succeed,
                }
            }
            Task::RecordRetracted => {
                let entry = self.entry(about);
                let mine = state
                    .items
                    .get(&entry)
                    .is_some_and(|item| item.execution == name);
                let removed = state.fence.as_ref().is_some_and(|(fence, _)| {
                    fence.deleted && fence.upload.as_ref() == Some(&entry)
                });
                if mine && removed {
                    state.retracted(&entry);
                }
                Next::Succeed
            }
            Task::RecordShown => {
                let entry = self.entry(about);
                let shown = state.fence.as_ref().is_some_and(|(fence, _)| {
                    !fence.deleted
                        && fence.upload.as_ref() == Some(&entry)
                        && fence.output.is_some()
                });
                let updated = state.now();
                if let Some(item) = state.items.get_mut(&entry)
                    && shown
                    && item.status == Status::Superseded
                {
                    item.status = Status::Cleaned;
                    item.updated = updated;
                }
                Next::Succeed
            }
            Task::ReadFence => Next::Go(Task::CheckSource(state.snapshot())),
            Task::CheckSource(snapshot) => {
                let holds = state.current().filter(|version| version.content.is_some());
                Next::Go(Task::Decide(snapshot, holds.map(|version| version.step)))
            }
            Task::Decide(snapshot, holds) => self.decide(name, about, snapshot, holds),
            Task::Remove(snapshot, run) => match self.carry_out(state, run) {
                Ok(ControlFlow::Continue(run)) => Next::Go(Task::Remove(snapshot, run)),
                Ok(ControlFlow::Break(End::Done(fence))) => Next::Go(Task::Mark(fence.upload)),
                Ok(ControlFlow::Break(End::Newer)) => Self::withdrawn(about),
                Ok(ControlFlow::Break(End::Stale)) => Next::Go(Task::ReadFence),
                Err(_) => Next::Fail,
            },
            Task::Mark(upload) => {
                if let Some(entry) = upload {
                    state.retracted(&entry);
                }
                Self::withdrawn(about)
            }
            Task::Reveal(step) => {
                let revealed = format!("{name}.revealed");
                if !state.executions.contains_key(&revealed) {
                    let content = self.content(step);
                    state.start(revealed, Subject::found(content, step, None), Task::Claim);
                }
                Next::Succeed
            }
        }
    }

    /// What follows a removal. After the removal for a refused upload, Record writes the upload's end.
    fn withdrawn(about: &Subject) -> Next {
        if about.content == User::REFUSED {
            Next::Go(Task::Record(Status::Rejected))
        } else {
            Next::Succeed
        }
    }

    fn decide(
        &self,
        name: &str,
        about: &Subject,
        snapshot: FenceSnapshot,
        holds: Option<u8>,
    ) -> Next {
        if let Some(step) = holds {
            let same =
                self.content(step) == about.content && (!self.unique || step == about.etag_of);
            let refused = about.content == User::REFUSED;
            if !(refused && same) {
                return match () {
                    () if refused => Self::withdrawn(about),
                    () if about.reveals => Next::Go(Task::Reveal(step)),
                    () => Next::Succeed,
                };
            }
        }
        let act = Act::Remove {
            sequencer: about.sequencer.map(sequencer),
            snapshot,
            execution: name.to_owned(),
        };
        Next::Go(Task::Remove(snapshot, Run::new(act)))
    }

    fn content(&self, step: u8) -> u8 {
        self.upload(step).expect("an upload").content
    }

    fn publish(&self, name: &str, about: &Subject, snapshot: FenceSnapshot) -> Run {
        Run::new(Act::Publish {
            upload: self.entry(about),
            sequencer: about.sequencer.map(sequencer),
            staged: Staged {
                key: String::new(),
                sha256: about.content.to_string(),
                size: 0,
            },
            snapshot,
            execution: name.to_owned(),
        })
    }

    /// The condition of the state Claim.
    fn claim(&self, state: &mut State, name: &str, about: &Subject) -> bool {
        let item = state.items.get(&self.entry(about));
        let allowed = about.sequencer.is_none()
            || item.is_none_or(|item| {
                let holder = state.executions.get(&item.execution);
                let runs = holder.is_some_and(|holder| holder.progress == Progress::Running);
                item.status == Status::Failed
                    || item.status == Status::Processing && !runs
                    || item.execution == name
                    || about
                        .sequencer
                        .is_some_and(|mine| item.sequencer.is_some_and(|s| s < mine))
            });
        if allowed {
            self.claimed(state, name, about);
        }
        allowed
    }

    fn claimed(&self, state: &mut State, name: &str, about: &Subject) {
        let updated = state.now();
        let entry = self.entry(about);
        let known = state.items.get(&entry).and_then(|item| item.sequencer);
        state.items.insert(
            entry,
            Item {
                status: Status::Processing,
                execution: name.to_owned(),
                sequencer: about.sequencer.or(known),
                version: about.version,
                updated,
            },
        );
    }

    /// Records a failed execution, as the status-change rule or reconcile does, if it worked on an upload.
    fn record_failure(&self, state: &mut State, name: &str) {
        let execution = &state.executions[name];
        if execution.about.content == 0 || execution.progress != Progress::Failed {
            return;
        }
        let about = execution.about.clone();
        let entry = self.entry(&about);
        let mine = state
            .items
            .get(&entry)
            .is_none_or(|item| item.execution == name && item.status == Status::Processing);
        if mine || self.fault == Some(Fault::LateFailureWins) {
            let updated = state.now();
            let known = state.items.get(&entry).and_then(|item| item.sequencer);
            state.items.insert(
                entry,
                Item {
                    status: Status::Failed,
                    execution: name.to_owned(),
                    sequencer: about.sequencer.or(known),
                    version: about.version,
                    updated,
                },
            );
        }
    }

    /// One run of reconcile over this key, when nothing is under way.
    fn reconcile(&self, state: &mut State) {
        let stuck: Vec<(String, Item)> = state
            .items
            .iter()
            .filter(|(_, item)| item.status == Status::Processing)
            .map(|(entry, item)| (entry.clone(), item.clone()))
            .collect();
        for (entry, item) in stuck {
            let holder = state.executions.get(&item.execution);
            if holder.is_some_and(|holder| holder.progress == Progress::Failed) {
                self.record_failure(state, &item.execution.clone());
            } else {
                let about = self.of_entry(&entry, &item);
                state.start_by_reconcile(about, Task::Claim);
            }
        }
        let source = state.current().and_then(|version| {
            version.content.map(|content| Listed {
                key: "k".into(),
                etag: self.etag(version.step, content),
                modified: at(version.written),
            })
        });
        let step = state.current().map(|version| version.step);
        let destination = state.destination.as_ref().map(|(etag, _)| Listed {
            key: "k".into(),
            etag: etag.clone(),
            modified: at(0),
        });
        let pair = Pair {
            key: "k".into(),
            source,
            destination,
        };
        let stored = state.fence.as_ref().map(|(fence, updated)| StoredFence {
            object: "a/k".into(),
            updated_at: at(*updated),
            fence: fence.clone(),
        });
        let now = at(state.now());
        match compare(&pair, stored.as_ref(), now) {
            Comparison::Settled => {}
            Comparison::Orphan => {
                state.start_by_reconcile(Subject::deleted(None, false), Task::ReadFence);
            }
            Comparison::Unexplained(listed) => {
                let known = self.known(state, &listed.etag);
                let situation = Situation {
                    shown: pair.destination.is_some() && self.fault != Some(Fault::AlwaysExplains),
                    fenced_at: stored.map(|stored| stored.updated_at),
                    on_rejected: OnRejected::Withdraw,
                    now,
                };
                if explain(&listed, &known, &situation) == Explanation::Lost {
                    let step = step.expect("an object");
                    let about = Subject::found(self.content(step), step, None);
                    state.start_by_reconcile(about, Task::Claim);
                }
            }
        }
    }

    /// The items of an object's uploads that have this ETag.
    fn known(&self, state: &State, etag: &str) -> Vec<KnownUpload> {
        let start = entry(etag, None);
        state
            .items
            .iter()
            .filter(|(entry, _)| {
                let rest = entry.strip_prefix(&start);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
            })
            .map(|(entry, item)| KnownUpload {
                entry: entry.clone(),
                status: item.status,
                updated_at: at(item.updated),
                version_id: item.version.map(|version| version.to_string()),
                execution: item.execution.clone(),
            })
            .collect()
    }

    /// What an item says of its upload.
    fn of_entry(&self, entry: &str, item: &Item) -> Subject {
        let etag = entry.split('#').nth(1).expect("an ETag");
        let step = self
            .script
            .iter()
            .enumerate()
            .filter_map(|(step, _)| self.upload(u8::try_from(step).expect("short")))
            .find(|about| self.etag(about.etag_of, about.content) == etag)
            .expect("an upload of the script");
        Subject::found(step.content, step.etag_of, item.version)
    }

    /// What [`scrubjay_pipeline::aws::Publisher`] does for one step.
    fn carry_out(&self, state: &mut State, mut run: Run) -> Result<ControlFlow<End, Run>, Missing> {
        let op = match run.next() {
            ControlFlow::Continue(op) => op,
            ControlFlow::Break(end) => return Ok(ControlFlow::Break(end)),
        };
        let own = run.staged().cloned();
        let staged = |staged: &Staged, state: &State| {
            let content: u8 = staged.sha256.parse().expect("a content");
            if state.staging.contains(&content) {
                Ok(content)
            } else if own.as_ref() == Some(staged) || self.fault == Some(Fault::ExpiredIsStale) {
                Err(Missing::Own)
            } else {
                Err(Missing::Others)
            }
        };
        let reply = match op {
            Op::Observe => Reply::Object(state.destination.as_ref().map(|(etag, _)| etag.clone())),
            Op::ReadFence => Reply::Fence(state.fence.as_ref().map(|(fence, _)| fence.clone())),
            Op::WriteFence { expected, fence } => {
                if let Some(bytes) = &fence.staged {
                    staged(bytes, state)?;
                }
                let stands = state.snapshot().rev == expected;
                if stands {
                    state.fence = Some((fence, state.now()));
                }
                Reply::Applied(stands)
            }
            Op::NoteOutput { known, fence } => {
                let stands = state.fence.as_ref().is_some_and(|(now, _)| {
                    now.rev == fence.rev
                        && (now.output == known || self.fault == Some(Fault::NotesOverwrite))
                });
                if stands {
                    state.fence = Some((fence, state.now()));
                }
                Reply::Applied(stands)
            }
            Op::Put {
                staged: bytes,
                expected,
            } => {
                let content = staged(&bytes, state)?;
                let holds = state.destination.as_ref().map(|(etag, _)| etag);
                Reply::Put(if holds == expected.as_ref() {
                    let etag = if self.unique {
                        state.puts += 1;
                        format!("{content}-{}", state.puts)
                    } else {
                        content.to_string()
                    };
                    state.destination = Some((etag.clone(), content));
                    Some(etag)
                } else {
                    None
                })
            }
            Op::Delete { expected } => {
                let holds = state.destination.as_ref().map(|(etag, _)| etag);
                let held = holds == Some(&expected);
                if held {
                    state.destination = None;
                }
                Reply::Applied(held)
            }
        };
        run.reply(reply);
        Ok(ControlFlow::Continue(run))
    }
}

/// A staged file that has expired.
enum Missing {
    Own,
    Others,
}

impl Subject {
    /// An upload that no event of its own announces: revealed, or found by reconcile.
    fn found(content: u8, step: u8, version: Option<u8>) -> Self {
        Self {
            content,
            version,
            etag_of: step,
            sequencer: None,
            reveals: false,
        }
    }

    fn deleted(step: Option<u8>, reveals: bool) -> Self {
        Self {
            content: 0,
            version: None,
            etag_of: 0,
            sequencer: step,
            reveals,
        }
    }
}

impl State {
    fn current(&self) -> Option<&Version> {
        self.source.last()
    }

    fn snapshot(&self) -> FenceSnapshot {
        FenceSnapshot::of(self.fence.as_ref().map(|(fence, _)| fence))
    }

    fn start(&mut self, name: String, about: Subject, task: Task) {
        let execution = Execution {
            about,
            task,
            progress: Progress::Running,
            redriven: 0,
        };
        self.executions.insert(name, execution);
    }

    /// Starts an execution under the first name that nothing refers to. Earlier uses of the name do not matter, because every
    /// hour has its own names.
    fn start_by_reconcile(&mut self, about: Subject, task: Task) {
        let used = |name: &String| {
            self.executions.contains_key(name)
                || self.items.values().any(|item| item.execution == *name)
                || self.fence.iter().any(|(fence, _)| fence.execution == *name)
        };
        let name = (0..)
            .map(|n| format!("reconcile.{n}"))
            .find(|name| !used(name))
            .expect("there are enough");
        self.start(name, about, task);
    }

    /// Whether an execution runs.
    pub fn runs(&self, name: &str) -> bool {
        self.executions
            .get(name)
            .is_some_and(|execution| execution.progress == Progress::Running)
    }

    /// How many acts the fence has admitted.
    pub fn admissions(&self) -> u64 {
        self.snapshot().rev
    }

    /// The state's work begins anew, as after a crash or a redrive.
    fn again(&mut self, name: &str) {
        let execution = self.executions.get_mut(name).expect("an execution");
        match &mut execution.task {
            Task::Publish(_, run) | Task::Remove(_, run) => *run = run.again(),
            _ => {}
        }
    }

    fn fail(&mut self, name: &str) {
        self.executions.get_mut(name).expect("it runs").progress = Progress::Failed;
        self.failed_events.insert(name.to_owned());
    }

    fn retracted(&mut self, entry: &str) {
        let updated = self.now();
        if let Some(item) = self.items.get_mut(entry)
            && item.status == Status::Cleaned
        {
            item.status = Status::Retracted;
            item.updated = updated;
        }
    }

    /// Later than every time that is stored.
    fn now(&self) -> u16 {
        self.times().max().map_or(1, |last| last + 1)
    }

    fn times(&self) -> impl Iterator<Item = u16> {
        let versions = self.source.iter().map(|version| version.written);
        let items = self.items.values().map(|item| item.updated);
        let fence = self.fence.iter().map(|(_, updated)| *updated);
        versions.chain(items).chain(fence)
    }

    /// Makes states equal that differ only in what does not matter. Times are replaced by their rank. Executions that have
    /// succeeded are forgotten, except those for revealed uploads, whose names can be used only once.
    fn normalise(&mut self) {
        let ranks: BTreeSet<u16> = self.times().collect();
        let rank: BTreeMap<u16, u16> = ranks.into_iter().zip(1..).collect();
        for version in &mut self.source {
            version.written = rank[&version.written];
        }
        for item in self.items.values_mut() {
            item.updated = rank[&item.updated];
        }
        if let Some((_, updated)) = &mut self.fence {
            *updated = rank[updated];
        }
        // An execution that is gone is treated as one that succeeded.
        self.executions.retain(|name, execution| {
            execution.progress != Progress::Succeeded || name.ends_with(".revealed")
        });
    }
}
