//! The fence: who may change bucket B, and in which order. Pure: it says what to do next and is told what came of it, so the
//! same code runs in the Lambdas ([`crate::aws::Publisher`]) and in the model checker (`tests/fence_model.rs`).
//!
//! # What it keeps
//! Whatever the number, order and timing of events, retries and crashes: once every run of a key has ended, bucket B holds the
//! clean form of what bucket A holds, or nothing when A holds nothing that can be published.
//!
//! # How
//! One item per object, the [`Head`], names the *act* that was admitted last: an upload to be shown, or a removal. It changes
//! by compare-and-set on its revision `rev`. A [`Run`] of Publish or Retract repeats three steps until they agree:
//!
//! 1. **observe** bucket B (HEAD: its ETag, or nothing);
//! 2. **fence**: read the head, strongly consistent; [`admit`] says whether this act may raise it, and the raise is a
//!    compare-and-set;
//! 3. **settle**: make bucket B what *the head* says, by a PUT or DELETE conditional on the ETag that step 1 saw.
//!
//! # Why that is enough (proof sketch)
//! *Nobody acts on a stale fence and wins.* A run writes B only under `If-Match` on an ETag seen **before** it read the head.
//! If another act was admitted in between and has already written B, the ETag differs and the write fails (412), and the run
//! starts over. If the other act was admitted but has not written yet, ours lands first and the other's conditional write
//! fails and starts over, seeing ours.
//!
//! *Whoever is overtaken repairs what it did.* ETags may recur (the same bytes twice; "nothing" twice), so a stale conditional
//! write can still land. Therefore a run ends only after it has seen, *after* its last write, that the head is still the one
//! that it settled for; otherwise it settles again, for the newer head: it puts the newer act's staged bytes, or removes what
//! it wrote. It helps the winner rather than only taking its own bytes away, so B is never left empty by a loser. A run that
//! finds nothing to write has looked at B **after** the revision that it settles for was there: a look from before that may
//! have missed an overtaken run's write.
//!
//! *A crash loses nothing.* Between any two steps, starting over from step 1 is a correct continuation: a raise that already
//! happened is recognised as [`Admission::Mine`]; a write that already happened is seen as the recorded output, or done again
//! with the same bytes. Even a run that finds itself overtaken settles before it says so, since an earlier try of the same run
//! may have written and died.
//!
//! *Order comes from sequencers where there are any.* A higher sequencer is admitted, a lower one never
//! ([`Admission::Newer`]). Events without one, deletes on versioned buckets (deleting an old version, or a delete marker, says
//! nothing of the current one) and rejected uploads are ordered by a **look** at bucket A instead: read the head's revision
//! first, then A; act only if the revision still stands, else look again ([`Admission::Stale`]). Each act admitted by a look
//! counts `looks` up, and an upload is admitted only if no look-ordered act came since *before it read its bytes from A*:
//! otherwise a sequencer that is higher than any *event* seen might still be older than what the look saw. Reading A again
//! then tells: 412 or 404, or the same bytes.

use serde::{Deserialize, Serialize};

use crate::upload::{Sequencer, Staged};

/// An ETag in bucket B, without quotes.
pub type ETag = String;

/// The fence of one object: the act that was admitted last. Item `head` of the audit table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Counts admissions. Every change is a compare-and-set on it.
    pub rev: u64,
    /// Counts the admissions that a look at bucket A ordered, not a sequencer.
    pub looks: u64,
    /// The highest sequencer admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<Sequencer>,
    /// The act was a removal: bucket B must hold nothing.
    pub deleted: bool,
    /// Entry of the upload that was admitted last; stays when it is removed, to say what was removed.
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

impl Head {
    /// Whether it names an upload with this ETag, to be shown.
    pub fn shows(&self, etag: &str) -> bool {
        let upload = self
            .upload
            .as_deref()
            .and_then(|entry| entry.strip_prefix("upload#"));
        !self.deleted && upload.is_some_and(|rest| rest.split('#').next() == Some(etag))
    }
}

/// What a run saw of the head before it looked at bucket A; zero when there was no head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seen {
    /// The head's revision.
    pub rev: u64,
    /// The head's count of looks.
    pub looks: u64,
}

impl Seen {
    /// What is to be remembered of a head, or of its absence.
    pub fn of(head: Option<&Head>) -> Self {
        head.map_or(Self::default(), |h| Self {
            rev: h.rev,
            looks: h.looks,
        })
    }
}

/// What a run wants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Act {
    /// Show this upload.
    Publish {
        /// Its audit entry.
        upload: String,
        /// Its place in the order; without one, what was `seen` orders it.
        sequencer: Option<Sequencer>,
        /// Its clean bytes.
        staged: Staged,
        /// What Strip saw of the head before it read bucket A.
        seen: Seen,
        /// The execution.
        execution: String,
    },
    /// Show nothing: bucket A was seen without the object, or with one that was refused.
    Remove {
        /// The event's place in the order, if it has one.
        sequencer: Option<Sequencer>,
        /// What was seen of the head before the look at bucket A.
        seen: Seen,
        /// The execution.
        execution: String,
    },
}

/// Whether an act may raise the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It may, to this.
    Raise(Head),
    /// The head already is this act.
    Mine,
    /// A newer act has been admitted.
    Newer,
    /// The head moved in a way that does not order this act: look at bucket A again.
    Stale,
}

/// Decides whether `act` may raise `head`.
pub fn admit(head: Option<&Head>, act: &Act) -> Admission {
    let now = Seen::of(head);
    let stands = head.and_then(|h| h.sequencer.as_ref());
    match act {
        Act::Publish {
            upload,
            sequencer,
            staged,
            seen,
            execution,
        } => {
            let shown = head.is_some_and(|h| {
                !h.deleted
                    && h.upload.as_ref() == Some(upload)
                    && h.staged.as_ref() == Some(staged)
                    && match sequencer {
                        Some(_) => h.sequencer == *sequencer,
                        None => h.execution == *execution,
                    }
            });
            let raised = Head {
                rev: now.rev + 1,
                looks: now.looks + u64::from(sequencer.is_none()),
                sequencer: sequencer.clone().or_else(|| stands.cloned()),
                deleted: false,
                upload: Some(upload.clone()),
                execution: execution.clone(),
                staged: Some(staged.clone()),
                output: None,
            };
            let same_upload = head.is_some_and(|h| !h.deleted && h.upload.as_ref() == Some(upload));
            match sequencer {
                _ if shown => Admission::Mine,
                Some(mine) if stands.is_some_and(|s| s > mine) => Admission::Newer,
                Some(_) if now.looks != seen.looks => Admission::Stale,
                Some(mine) if stands == Some(mine) && !same_upload => Admission::Newer,
                None if now.rev != seen.rev => Admission::Stale,
                _ => Admission::Raise(raised),
            }
        }
        Act::Remove {
            sequencer,
            seen,
            execution,
        } => {
            let removed = head.is_some_and(|h| h.deleted && h.sequencer >= *sequencer);
            if removed {
                Admission::Mine
            } else if now.rev != seen.rev {
                Admission::Stale
            } else {
                Admission::Raise(Head {
                    rev: now.rev + 1,
                    looks: now.looks + 1,
                    sequencer: sequencer.clone().max(stands.cloned()),
                    deleted: true,
                    upload: head.and_then(|h| h.upload.clone()),
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
    /// HEAD the object in bucket B. Answer: [`Reply::Object`].
    Observe,
    /// Read the head, strongly consistent. Answer: [`Reply::Head`].
    ReadHead,
    /// Replace the head if its revision is `expected` (0: if there is none). Answer: [`Reply::Held`].
    WriteHead {
        /// The revision that must stand.
        expected: u64,
        /// The new head.
        head: Head,
    },
    /// PUT the staged bytes, proved clean, with `If-Match: seen`, or `If-None-Match: *` for `None`. Answer: [`Reply::Put`].
    Put {
        /// The bytes.
        staged: Staged,
        /// What bucket B must still hold.
        seen: Option<ETag>,
    },
    /// DELETE with `If-Match: seen`. Answer: [`Reply::Held`].
    Delete {
        /// What bucket B must still hold.
        seen: ETag,
    },
}

/// What came of an [`Op`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The ETag in bucket B, or nothing there.
    Object(Option<ETag>),
    /// The head, or none yet.
    Head(Option<Head>),
    /// Whether the condition held, and so the write was done.
    Held(bool),
    /// The new ETag, or `None`: the condition did not hold.
    Put(Option<ETag>),
}

/// How a run ended. In every case bucket B holds what the head says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum End {
    /// The act stands: bucket B shows the upload under this ETag, or nothing.
    Done(Box<Head>),
    /// A newer act stands.
    Newer,
    /// Look at bucket A again.
    Stale,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    /// `under`: the revision that is known to have been there before this look at bucket B, or 0.
    Observe {
        under: u64,
    },
    Fence {
        object: Option<ETag>,
        under: u64,
    },
    Raise {
        object: Option<ETag>,
        expected: u64,
        head: Head,
    },
    Put {
        seen: Option<ETag>,
        head: Head,
    },
    Note {
        head: Head,
    },
    Delete {
        seen: ETag,
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
    /// A run from the start; also the right continuation after a crash at any point.
    pub fn new(act: Act) -> Self {
        Self {
            act,
            phase: Phase::Observe { under: 0 },
        }
    }

    /// What to do next, or how the run ended.
    ///
    /// # Errors
    /// Never an error: `Err` is the end.
    pub fn next(&self) -> Result<Op, End> {
        Ok(match &self.phase {
            Phase::Observe { .. } => Op::Observe,
            Phase::Fence { .. } => Op::ReadHead,
            Phase::Raise { expected, head, .. } => Op::WriteHead {
                expected: *expected,
                head: head.clone(),
            },
            Phase::Put { seen, head } => match &head.staged {
                Some(staged) => Op::Put {
                    staged: staged.clone(),
                    seen: seen.clone(),
                },
                None => Op::Observe,
            },
            Phase::Note { head } => Op::WriteHead {
                expected: head.rev,
                head: head.clone(),
            },
            Phase::Delete { seen, .. } => Op::Delete { seen: seen.clone() },
            Phase::End(end) => return Err(end.clone()),
        })
    }

    /// Takes what came of the step that [`Run::next`] named. Any other reply starts the run over, which is always safe.
    pub fn reply(&mut self, reply: Reply) {
        let phase = std::mem::replace(&mut self.phase, Phase::Observe { under: 0 });
        self.phase = match (phase, reply) {
            (Phase::Observe { under }, Reply::Object(object)) => Phase::Fence { object, under },
            (Phase::Fence { object, under }, Reply::Head(head)) => {
                match admit(head.as_ref(), &self.act) {
                    Admission::Raise(raised) => Phase::Raise {
                        object,
                        expected: Seen::of(head.as_ref()).rev,
                        head: raised,
                    },
                    // Nothing was ever admitted, so there is nothing to settle for.
                    _ if head.is_none() => Phase::End(End::Stale),
                    _ => self.settle(head.unwrap_or_default(), object, under),
                }
            }
            // Bucket B was looked at before this revision was there.
            (Phase::Raise { object, head, .. }, Reply::Held(true)) => self.settle(head, object, 0),
            (Phase::Put { head, .. }, Reply::Put(Some(etag))) => Phase::Note {
                head: Head {
                    output: Some(etag),
                    ..head
                },
            },
            // The head is still the one we wrote for: nobody overtook us before the write was done.
            (Phase::Note { head }, Reply::Held(true)) => Phase::End(self.end(head)),
            // Whether it was us who removed it or not, the next look tells.
            (Phase::Delete { rev, .. }, _) => Phase::Observe { under: rev },
            // A lost condition.
            _ => Phase::Observe { under: 0 },
        };
    }

    /// Bucket B held `object` before `head` was read: what makes it what the head says? When it seems to be so already, that
    /// counts only if it was seen after this revision was there: until then, an act that it overtook may have written.
    fn settle(&self, head: Head, object: Option<ETag>, under: u64) -> Phase {
        match (&head.staged, object) {
            (None, Some(seen)) => Phase::Delete {
                seen,
                rev: head.rev,
            },
            (Some(_), object) if object.is_none() || object != head.output => {
                Phase::Put { seen: object, head }
            }
            _ if under == head.rev => Phase::End(self.end(head)),
            _ => Phase::Observe { under: head.rev },
        }
    }

    fn end(&self, head: Head) -> End {
        match admit(Some(&head), &self.act) {
            Admission::Mine => End::Done(Box::new(head)),
            Admission::Newer => End::Newer,
            Admission::Raise(_) | Admission::Stale => End::Stale,
        }
    }
}
