//! How derivatives and catalogue follow bucket B. Pure: a [`Run`] says what to do next and is told what came of it, so the same
//! code runs in the Lambda `derive` and in the model checker (`tests/follow_model.rs`).
//!
//! # What it keeps
//! Whatever the number, order and timing of events, retries and crashes, and however many runs of one key go on at the same time:
//! once every message about a key has been handled, the derivatives bucket and the catalogue show the photo that bucket B holds
//! under that key, or nothing when B holds nothing.
//!
//! # How
//! A message says only that something happened to a key; what happened is not read from it. A run repeats, until it has seen bucket
//! B unchanged:
//!
//! 1. **look** at bucket B (HEAD: its ETag, or nothing);
//! 2. **compare** the catalogue's item and every derivative's `source-etag` with that, and end if all agree;
//! 3. **make** what B holds (GET with `If-Match`; 412 or 404 begins again) and write it: derivatives, then the catalogue;
//!    or remove both;
//! 4. **look** again, and begin again unless B is what was just written.
//!
//! # Why that is enough
//! Take the last write that any run makes to a derivative or to the catalogue, and let that run be R. (Runs are finite in number
//! once B has come to rest, and each ends, so there is a last write.)
//!
//! *R finished.* After its last write R looked at B and found what it had written throughout that round, else it would have written
//! again. If B changed after that look, the change's message was handled by a run that looked later still; that run wrote
//! nothing, as R's write is the last, so in step 2 it found everything in agreement with B. Either way all that R wrote agrees
//! with B in the end. What R did not write is covered the same way: R wrote or compared every derivative in this round, and
//! a run that wrote over one of them after R compared it did so before R's last write, looks again after it, sees another ETag
//! than its own, and repairs it with a later write, which contradicts that R's was the last.
//!
//! *R died before its second look.* Its message was not deleted, comes again, and begins a run that looks at B and compares. It
//! repairs what R left (a later write: a contradiction), or finds everything in agreement. After five tries the message rests
//! in the dead-letter queue, an alarm rings, and `scrubjay replay --dead-letters` sends it back; the sweep would find it too.
//!
//! *Without step 4* two runs suffice for a lasting error: one reads the old photo and pauses, the other does all for the new one, the
//! first then writes the old. *If step 2 trusted the catalogue alone*, a run that died after such a write would leave
//! the wrong derivative for good. The model checker finds both when they are taken out.
//!
//! ETags that come back (the same bytes again) do no harm: equal ETags under one key mean equal bytes, so what was made of them
//! is the same.

use std::collections::BTreeSet;

/// An ETag in bucket B, without quotes.
pub type ETag = String;

/// What the catalogue says of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Known {
    /// ETag of the photo that it shows; nothing when it shows none.
    pub etag: Option<ETag>,
    /// It was made by the current recipe: widths and quality.
    pub same_recipe: bool,
    /// The widths that it says there are derivatives of.
    pub widths: BTreeSet<u32>,
    /// It says why there are no derivatives.
    pub not_derived: bool,
    /// Its terms in the index are those that it should have.
    pub indexed: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// HEAD in bucket B. Answered by [`Reply::Holds`].
    Look,
    /// Read the catalogue's item. Answered by [`Reply::Known`].
    Recall,
    /// Read the `source-etag` of a derivative. Answered by [`Reply::Holds`].
    Check {
        /// Which derivative.
        width: u32,
    },
    /// Read this photo from bucket B, prove it clean, and make its derivatives. Answered by [`Reply::Done`],
    /// [`Reply::Moved`] or [`Reply::NotDerivable`].
    Make {
        /// Which photo.
        etag: ETag,
    },
    /// Write a derivative that was made. Answered by [`Reply::Done`].
    Put {
        /// Of which photo.
        etag: ETag,
        /// Which derivative.
        width: u32,
    },
    /// Remove a derivative, if it is there. Answered by [`Reply::Done`].
    Remove {
        /// Which derivative.
        width: u32,
    },
    /// Write to the catalogue what was made of this photo, or why nothing was. Answered by [`Reply::Done`].
    Record {
        /// Of which photo.
        etag: ETag,
    },
    /// Mark the catalogue's item unpublished, if there is one. Answered by [`Reply::Done`].
    Forget,
    /// Bring the terms in the index to what the catalogue's item says. Answered by [`Reply::Done`].
    Reindex,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reply {
    /// This ETag is there, or nothing.
    Holds(Option<ETag>),
    /// What the catalogue says.
    Known(Known),
    /// Done.
    Done,
    /// Bucket B holds another photo by now, or none.
    Moved,
    /// No derivatives can be made of this photo; the reason is to be recorded.
    NotDerivable,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Everything agreed with bucket B at the first look.
    Unchanged,
    /// Derivatives and catalogue show the photo.
    Shown,
    /// The photo has no derivatives, and the catalogue says why.
    NotDerived,
    /// Nothing is shown any more.
    Removed,
}

/// One run for one key, from a message to its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    widths: BTreeSet<u32>,
    rules: Rules,
    step: Step,
    /// What bucket B was seen to hold at the beginning of this round.
    seen: Option<ETag>,
    /// What the catalogue said in this round.
    known: Known,
    end: End,
}

/// Parts of the rule that the model checker takes out, to see that they are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Look at bucket B again after the last write.
    pub second_look: bool,
    /// Compare the derivatives themselves, instead of trusting what the catalogue says of them.
    pub compare_derivatives: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            second_look: true,
            compare_derivatives: true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Look,
    Recall,
    /// These derivatives are still to be compared.
    Check(BTreeSet<u32>),
    Reindex,
    Make,
    /// These derivatives are to be written, then those removed.
    Write {
        put: BTreeSet<u32>,
        remove: BTreeSet<u32>,
    },
    Record,
    Forget,
    LookAgain,
    End,
}

impl Run {
    /// A run that makes derivatives of these widths.
    pub fn new(widths: impl IntoIterator<Item = u32>) -> Self {
        Self::with_rules(widths, Rules::default())
    }

    /// The same with parts of the rule taken out: for the model checker.
    pub fn with_rules(widths: impl IntoIterator<Item = u32>, rules: Rules) -> Self {
        Self {
            widths: widths.into_iter().collect(),
            rules,
            step: Step::Look,
            seen: None,
            known: Known::default(),
            end: End::Unchanged,
        }
    }

    /// What to do next, or how the run ended.
    ///
    /// # Errors
    /// [`End`], which is no error: the run is over.
    pub fn next(&self) -> Result<Op, End> {
        let etag = || self.seen.clone().unwrap_or_default();
        let first = |set: &BTreeSet<u32>| set.first().copied().unwrap_or_default();
        Ok(match &self.step {
            Step::Look | Step::LookAgain => Op::Look,
            Step::Recall => Op::Recall,
            Step::Check(left) => Op::Check { width: first(left) },
            Step::Reindex => Op::Reindex,
            Step::Make => Op::Make { etag: etag() },
            Step::Write { put, remove } if put.is_empty() => Op::Remove {
                width: first(remove),
            },
            Step::Write { put, .. } => Op::Put {
                etag: etag(),
                width: first(put),
            },
            Step::Record => Op::Record { etag: etag() },
            Step::Forget => Op::Forget,
            Step::End => return Err(self.end),
        })
    }

    /// Tells what came of the last [`Run::next`]. An answer that does not fit the question begins the round again.
    pub fn reply(&mut self, reply: Reply) {
        self.step = match (std::mem::replace(&mut self.step, Step::Look), reply) {
            (Step::LookAgain, Reply::Holds(held)) if held == self.seen => Step::End,
            (Step::Look | Step::LookAgain, Reply::Holds(held)) => {
                self.seen = held;
                Step::Recall
            }
            (Step::Recall, Reply::Known(known)) => {
                self.known = known;
                self.recalled()
            }
            (Step::Check(left), Reply::Holds(held)) => self.checked(left, held.as_ref()),
            (Step::Reindex, Reply::Done) | (Step::End, _) => Step::End,
            (Step::Make, Reply::Done) => {
                self.end = End::Shown;
                self.write(self.widths.clone())
            }
            (Step::Make, Reply::NotDerivable) => {
                self.end = End::NotDerived;
                self.write(BTreeSet::new())
            }
            (
                Step::Write {
                    mut put,
                    mut remove,
                },
                Reply::Done,
            ) => {
                if put.pop_first().is_none() {
                    remove.pop_first();
                }
                self.written(put, remove)
            }
            (step @ (Step::Record | Step::Forget), Reply::Done) => {
                if step == Step::Forget {
                    self.end = End::Removed;
                }
                if self.rules.second_look {
                    Step::LookAgain
                } else {
                    Step::End
                }
            }
            // Bucket B has moved meanwhile.
            _ => Step::Look,
        };
    }

    /// All derivatives that there may be: those that are wanted, and those of earlier widths.
    fn every_width(&self) -> BTreeSet<u32> {
        &self.widths | &self.known.widths
    }

    fn recalled(&self) -> Step {
        let agrees = self.known.etag == self.seen
            && (self.seen.is_none() || self.known.same_recipe)
            && (self.known.not_derived || self.seen.is_none() || self.known.widths == self.widths);
        if !agrees {
            return self.act();
        }
        let compared = if self.rules.compare_derivatives {
            self.every_width()
        } else {
            BTreeSet::new()
        };
        self.compare(compared)
    }

    fn compare(&self, left: BTreeSet<u32>) -> Step {
        if !left.is_empty() {
            Step::Check(left)
        } else if self.known.indexed {
            Step::End
        } else {
            Step::Reindex
        }
    }

    fn checked(&self, mut left: BTreeSet<u32>, held: Option<&ETag>) -> Step {
        let wanted = if self.known.not_derived {
            None
        } else {
            self.seen.as_ref()
        };
        if held != wanted {
            return self.act();
        }
        left.pop_first();
        self.compare(left)
    }

    /// Makes, or removes, what bucket B was seen to hold.
    fn act(&self) -> Step {
        match self.seen {
            Some(_) => Step::Make,
            None => self.written(BTreeSet::new(), self.every_width()),
        }
    }

    fn write(&self, put: BTreeSet<u32>) -> Step {
        let remove = &self.every_width() - &put;
        self.written(put, remove)
    }

    fn written(&self, put: BTreeSet<u32>, remove: BTreeSet<u32>) -> Step {
        if !(put.is_empty() && remove.is_empty()) {
            Step::Write { put, remove }
        } else if self.seen.is_some() {
            Step::Record
        } else {
            Step::Forget
        }
    }
}
