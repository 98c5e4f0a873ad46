//! The fence: which upload or removal of a key bucket B must show, and how bucket B is brought there. Pure code: a [`Run`]
//! names the next step and is told its result, so the same code runs in the Lambdas ([`crate::aws::Publisher`]) and in the
//! model checker (`tests/fence_model.rs`).
//!
//! # What it guarantees
//! Once every run of a key has ended, bucket B holds the clean form of what bucket A holds, or nothing when bucket A holds
//! nothing that can be published. This is true for any number, order and timing of events, retries and crashes.
//!
//! # How it works
//! The audit table has one fence item per object, the [`FenceState`]. It names the *act* that was admitted last: an upload that
//! bucket B must show, or a removal. The item changes only by compare-and-set on its revision `rev`. A [`Run`] of Publish or
//! Retract repeats three steps until they agree:
//!
//! 1. **Observe** bucket B (HTTP HEAD): its ETag, or that it holds nothing.
//! 2. **Read the fence**, strongly consistent. [`admit`] decides whether this act may replace the fence; it is replaced by
//!    compare-and-set.
//! 3. **Apply the fence**: make bucket B what the fence says, by a PUT or DELETE that is conditional on the ETag of step 1.
//!
//! # Why this is enough (proof sketch)
//! *A run that read an outdated fence cannot have the last word.* A run writes bucket B only under `If-Match` on an ETag that it
//! observed **before** it read the fence. If another act was admitted in between and has already written bucket B, the ETag
//! differs, the write fails (412) and the run starts over. If the other act was admitted but has not written yet, our write
//! lands first; the other's conditional write then fails and it starts over, observing ours.
//!
//! *A run that was overtaken repairs what it wrote.* ETags may recur (the same bytes twice, or "nothing" twice), so an outdated
//! conditional write can still succeed. Therefore a run ends only after it has found, *after* its last write, that the fence is
//! still the one it applied. Otherwise it applies the newer fence: it puts the newer act's staged bytes, or deletes its own. It
//! finishes the winner's work instead of only undoing its own, so a loser never leaves bucket B empty. A run that finds nothing
//! to write must have observed bucket B **after** the fence reached the revision that it applies: an earlier observation may
//! have missed the write of a run that this act overtook.
//!
//! *A crash loses nothing.* Between any two steps, starting over from step 1 is a correct continuation. An admission that
//! already happened is recognised as [`Admission::Mine`]; a write that already happened is recognised as the recorded output,
//! or repeated with the same bytes. A run that finds itself overtaken also applies the fence before it ends, since an earlier
//! attempt of the same run may have written and died.
//!
//! *Sequencers order the acts that have one.* A higher sequencer is admitted, a lower one never ([`Admission::Newer`]). Some
//! acts cannot be ordered that way: events without a sequencer, deletes on versioned buckets (deleting an old version or a
//! delete marker says nothing about the current version) and refused uploads. These are ordered by a **source check**: take a
//! [`FenceSnapshot`] first, then read bucket A, and act only if the revision is still the snapshot's; otherwise check again
//! ([`Admission::Stale`]). Each act that a source check admits increments `source_checks`. An upload is admitted only if that
//! count has not changed since *before it read its bytes from bucket A*: otherwise its sequencer may be higher than every
//! *event* so far and its bytes still older than what the source check saw. Reading bucket A again then tells: 412, 404, or the
//! same bytes.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::upload::{Sequencer, Staged};

/// An ETag in bucket B, without quotes.
pub type ETag = String;

/// The fence of one object: the act that was admitted last. The audit table stores it under the entry `head`, with the names
/// `rev` and `looks`; both are older than the names used here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FenceState {
    /// Number of admissions so far. Every change is a compare-and-set on it.
    pub rev: u64,
    /// Number of admissions that a source check ordered, rather than a sequencer.
    #[serde(rename = "looks")]
    pub source_checks: u64,
    /// The highest sequencer admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<Sequencer>,
    /// The act was a removal: bucket B must hold nothing.
    pub deleted: bool,
    /// Audit entry of the upload that was admitted last. A removal keeps it, so that the fence says what was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<String>,
    /// The execution whose act was admitted.
    pub execution: String,
    /// The bytes that bucket B must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged: Option<Staged>,
    /// ETag in bucket B of those bytes, once written for this revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<ETag>,
}

impl FenceState {
    /// Whether bucket B must show an upload with this ETag.
    pub fn shows(&self, etag: &str) -> bool {
        let upload = self
            .upload
            .as_deref()
            .and_then(|entry| entry.strip_prefix("upload#"));
        !self.deleted && upload.is_some_and(|rest| rest.split('#').next() == Some(etag))
    }
}

/// What a run remembers of the fence from before it read bucket A. Zeros when there was no fence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FenceSnapshot {
    /// The fence's revision.
    pub rev: u64,
    /// The fence's number of source checks.
    #[serde(rename = "looks")]
    pub source_checks: u64,
}

impl FenceSnapshot {
    /// The snapshot of a fence, or of its absence.
    pub fn of(fence: Option<&FenceState>) -> Self {
        fence.map_or(Self::default(), |h| Self {
            rev: h.rev,
            source_checks: h.source_checks,
        })
    }
}

/// What a run wants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Act {
    /// Publish this upload.
    Publish {
        /// Its audit entry.
        upload: String,
        /// Its place in the order of the key's events; without one, the snapshot orders it.
        sequencer: Option<Sequencer>,
        /// Its clean bytes.
        staged: Staged,
        /// Strip's snapshot, from before it read bucket A.
        snapshot: FenceSnapshot,
        /// The execution.
        execution: String,
    },
    /// Publish nothing: a source check found no object in bucket A, or one that was refused.
    Remove {
        /// The event's place in the order, if it has one.
        sequencer: Option<Sequencer>,
        /// The snapshot from before the source check.
        snapshot: FenceSnapshot,
        /// The execution.
        execution: String,
    },
}

/// Whether an act may replace the fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It may; this is the new fence.
    Raise(FenceState),
    /// The fence already names this act.
    Mine,
    /// A newer act has been admitted.
    Newer,
    /// The fence changed since the snapshot, and no sequencer orders this act: read bucket A again.
    Stale,
}

/// Decides whether `act` may replace `fence`.
pub fn admit(fence: Option<&FenceState>, act: &Act) -> Admission {
    let now = FenceSnapshot::of(fence);
    let stands = fence.and_then(|h| h.sequencer.as_ref());
    match act {
        Act::Publish {
            upload,
            sequencer,
            staged,
            snapshot,
            execution,
        } => {
            // A source check came after the snapshot. Whatever read bucket A before that can no longer be admitted.
            let checked = now.source_checks != snapshot.source_checks;
            let shown = fence.is_some_and(|h| {
                !h.deleted
                    && h.upload.as_ref() == Some(upload)
                    && h.staged.as_ref() == Some(staged)
                    && match sequencer {
                        Some(_) => h.sequencer == *sequencer,
                        // Admitted after the snapshot, by this execution or by another one of the same upload: the same act.
                        None => checked,
                    }
            });
            let same_bytes = fence.is_some_and(|h| !h.deleted && h.staged.as_ref() == Some(staged));
            let raised = FenceState {
                rev: now.rev + 1,
                source_checks: now.source_checks + u64::from(sequencer.is_none()),
                sequencer: sequencer.clone().or_else(|| stands.cloned()),
                deleted: false,
                upload: Some(upload.clone()),
                execution: execution.clone(),
                staged: Some(staged.clone()),
                output: None,
            };
            let same_upload =
                fence.is_some_and(|h| !h.deleted && h.upload.as_ref() == Some(upload));
            match sequencer {
                _ if shown => Admission::Mine,
                Some(mine) if stands.is_some_and(|s| s > mine) => Admission::Newer,
                Some(_) if checked => Admission::Stale,
                Some(mine) if stands == Some(mine) && !same_upload => Admission::Newer,
                // The same bytes, under another entry: two such runs must not send each other back to bucket A for ever.
                None if checked && same_bytes => Admission::Newer,
                None if now.rev != snapshot.rev => Admission::Stale,
                _ => Admission::Raise(raised),
            }
        }
        Act::Remove {
            sequencer,
            snapshot,
            execution,
        } => {
            // Without a sequencer, only a removal that was admitted after the snapshot is this act. An earlier one does not keep out
            // an upload that has read bucket A since then.
            let checked = now.source_checks != snapshot.source_checks;
            let removed = fence.is_some_and(|h| {
                h.deleted
                    && match sequencer {
                        Some(_) => h.sequencer >= *sequencer,
                        None => checked,
                    }
            });
            if removed {
                Admission::Mine
            } else if now.rev != snapshot.rev {
                Admission::Stale
            } else {
                Admission::Raise(FenceState {
                    rev: now.rev + 1,
                    source_checks: now.source_checks + 1,
                    sequencer: sequencer.clone().max(stands.cloned()),
                    deleted: true,
                    upload: fence.and_then(|h| h.upload.clone()),
                    execution: execution.clone(),
                    staged: None,
                    output: None,
                })
            }
        }
    }
}

/// One step for the caller to carry out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// Ask bucket B for the object's ETag (HTTP HEAD). Answer: [`Reply::Object`].
    Observe,
    /// Read the fence item, strongly consistent. Answer: [`Reply::Fence`].
    ReadFence,
    /// Replace the fence item if its revision is `expected` (0: if there is none). If the new fence names staged bytes, they must
    /// have been proved clean before: an admitted act is applied by every run of the key. Answer: [`Reply::Applied`].
    WriteFence {
        /// The revision that the fence must still have.
        expected: u64,
        /// The new fence.
        fence: FenceState,
    },
    /// Write the fence item with its new `output`, if it still has the revision of `fence` and the output `known`. Answer:
    /// [`Reply::Applied`].
    NoteOutput {
        /// The output that the fence must still have. Two runs may write the same staged bytes, under different ETags; this
        /// condition keeps the ETag of the later write.
        known: Option<ETag>,
        /// The fence with the new output.
        fence: FenceState,
    },
    /// PUT the staged bytes, proved clean, with `If-Match: expected`, or `If-None-Match: *` for `None`. Answer: [`Reply::Put`].
    Put {
        /// The bytes.
        staged: Staged,
        /// What bucket B must still hold.
        expected: Option<ETag>,
    },
    /// DELETE with `If-Match: expected`. Answer: [`Reply::Applied`].
    Delete {
        /// What bucket B must still hold.
        expected: ETag,
    },
}

/// What came of an [`Op`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The ETag in bucket B, or nothing there.
    Object(Option<ETag>),
    /// The fence, or none yet.
    Fence(Option<FenceState>),
    /// Whether the condition held, so that the write was done.
    Applied(bool),
    /// The new ETag, or `None` when the condition did not hold.
    Put(Option<ETag>),
}

/// How a run ended. In every case bucket B holds what the fence says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum End {
    /// The act is the newest: bucket B shows its upload under the ETag `output`, or nothing.
    Done(Box<FenceState>),
    /// A newer act was admitted.
    Newer,
    /// Bucket A must be read again.
    Stale,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    /// `since`: a revision that the fence is known to have had before this observation, or 0.
    Observe {
        since: u64,
    },
    Fence {
        object: Option<ETag>,
        since: u64,
    },
    Raise {
        object: Option<ETag>,
        expected: u64,
        fence: FenceState,
    },
    Put {
        expected: Option<ETag>,
        fence: FenceState,
    },
    Note {
        known: Option<ETag>,
        fence: FenceState,
    },
    Delete {
        expected: ETag,
        rev: u64,
    },
    End(End),
}

/// One run of the protocol for one act.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    act: Act,
    phase: Phase,
}

impl Run {
    /// A run from its first step; also the right continuation after a crash at any point.
    pub fn new(act: Act) -> Self {
        Self {
            act,
            phase: Phase::Observe { since: 0 },
        }
    }

    /// The same run from its first step, as after a crash.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::new(self.act.clone())
    }

    /// The staged bytes that this run wants to publish.
    pub fn staged(&self) -> Option<&Staged> {
        match &self.act {
            Act::Publish { staged, .. } => Some(staged),
            Act::Remove { .. } => None,
        }
    }

    /// What to do next: `Continue` with a step, or `Break` with how the run ended.
    pub fn next(&self) -> ControlFlow<End, Op> {
        ControlFlow::Continue(match &self.phase {
            Phase::Observe { .. } => Op::Observe,
            Phase::Fence { .. } => Op::ReadFence,
            Phase::Raise {
                expected, fence, ..
            } => Op::WriteFence {
                expected: *expected,
                fence: fence.clone(),
            },
            Phase::Put { expected, fence } => match &fence.staged {
                Some(staged) => Op::Put {
                    staged: staged.clone(),
                    expected: expected.clone(),
                },
                None => Op::Observe,
            },
            Phase::Note { known, fence } => Op::NoteOutput {
                known: known.clone(),
                fence: fence.clone(),
            },
            Phase::Delete { expected, .. } => Op::Delete {
                expected: expected.clone(),
            },
            Phase::End(end) => return ControlFlow::Break(end.clone()),
        })
    }

    /// Takes the result of the step that [`Run::next`] named. Any other reply starts the run over, which is always safe.
    pub fn reply(&mut self, reply: Reply) {
        let phase = std::mem::replace(&mut self.phase, Phase::Observe { since: 0 });
        self.phase = match (phase, reply) {
            (Phase::Observe { since }, Reply::Object(object)) => Phase::Fence { object, since },
            (Phase::Fence { object, since }, Reply::Fence(fence)) => {
                match admit(fence.as_ref(), &self.act) {
                    Admission::Raise(raised) => Phase::Raise {
                        object,
                        expected: FenceSnapshot::of(fence.as_ref()).rev,
                        fence: raised,
                    },
                    // Nothing was ever admitted, so there is no fence to apply.
                    _ if fence.is_none() => Phase::End(End::Stale),
                    _ => self.apply(fence.unwrap_or_default(), object, since),
                }
            }
            // Bucket B was observed before the fence had this revision.
            (Phase::Raise { object, fence, .. }, Reply::Applied(true)) => {
                self.apply(fence, object, 0)
            }
            (Phase::Put { fence, .. }, Reply::Put(Some(etag))) => Phase::Note {
                known: fence.output.clone(),
                fence: FenceState {
                    output: Some(etag),
                    ..fence
                },
            },
            // No other act was admitted before the write was done, and no other run noted a later write of the same bytes.
            (Phase::Note { fence, .. }, Reply::Applied(true)) => Phase::End(self.end(fence)),
            // Whether this run or another one deleted the object, the next observation says what bucket B holds.
            (Phase::Delete { rev, .. }, _) => Phase::Observe { since: rev },
            // A condition did not hold, so the run starts over.
            _ => Phase::Observe { since: 0 },
        };
    }

    /// The step that makes bucket B what `fence` says; bucket B held `object` before `fence` was read. If bucket B seems to be
    /// right already, that counts only if it was observed after the fence reached this revision (`since`): until then, a run that
    /// this act overtook may have written.
    fn apply(&self, fence: FenceState, object: Option<ETag>, since: u64) -> Phase {
        match (&fence.staged, object) {
            (None, Some(expected)) => Phase::Delete {
                expected,
                rev: fence.rev,
            },
            (Some(_), object) if object.is_none() || object != fence.output => Phase::Put {
                expected: object,
                fence,
            },
            _ if since == fence.rev => Phase::End(self.end(fence)),
            _ => Phase::Observe { since: fence.rev },
        }
    }

    fn end(&self, fence: FenceState) -> End {
        match admit(Some(&fence), &self.act) {
            Admission::Mine => End::Done(Box::new(fence)),
            Admission::Newer => End::Newer,
            Admission::Raise(_) | Admission::Stale => End::Stale,
        }
    }
}
