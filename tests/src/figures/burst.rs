//! A burst of uploads, all at once, simulated photo by photo: how many executions fail, and how long it takes.
//!
//! What is modelled: `StartExecution` and state transitions as token buckets, in which what finds no token waits its turn (Step
//! Functions delays a transition, `EventBridge` tries a start again); Lambda's concurrency, shared by all functions, above which a
//! call is refused; the machine's own retrier with full jitter, each attempt of which is a transition too; its time-out. What is
//! not: `EventBridge`'s pauses between attempts, which AWS does not publish (a queue is the best case), cold starts, and throttling
//! by `DynamoDB` and S3.
//!
//! The Express way, where there is one: executions start by a quota of their own and their transitions have none; what is throttled
//! there is handed over to the Standard machine, by the quota of its starts.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::machine::{Machine, Retrier};
use super::quotas::{Bucket, Region, START_EXPRESS};

/// The parameters of a simulated burst.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Photos that are uploaded at once.
    pub photos: u32,
    /// Lambda calls that run at once, at most.
    pub concurrency: u32,
    /// The region whose quotas apply.
    pub region: Region,
    /// What is done when Lambda is throttled.
    pub retrier: Retrier,
    /// The seed of all random choices.
    pub seed: u64,
}

/// The result of a simulated burst.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Standard executions that gave up, and hand-overs that did. An operator replays the former; reconcile finds the latter.
    pub failed: u32,
    /// Express executions that were handed over to the Standard machine.
    pub handed_over: u32,
    /// Seconds until the last execution ended.
    pub drained: f64,
    /// State transitions of Standard executions, attempts among them, per photo.
    pub transitions: f64,
}

/// Mean seconds that a call takes, the same as in the cost table. A call takes between half and one and a half times that.
pub fn mean_seconds(function: &str) -> f64 {
    super::cost::seconds(function)
}

/// Mean seconds for which a throttled hand-over is tried.
const HAND_OVER: f64 = 10.0;
/// Seconds that a state without a function takes.
const DIRECT: f64 = 0.02;

struct Tokens {
    bucket: Bucket,
    /// When the next token would be there if each token so far had been taken as soon as it came.
    arrival: f64,
}

impl Tokens {
    fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            arrival: f64::NEG_INFINITY,
        }
    }

    /// Takes a token. Returns when the token is there.
    fn take(&mut self, now: f64) -> f64 {
        let Bucket { size, refill } = self.bucket;
        let full_again = now - (size - 1.0) / refill;
        self.arrival = self.arrival.max(full_again) + 1.0 / refill;
        now.max(self.arrival - 1.0 / refill)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    /// The photo enters a state; its transition was granted.
    Enter,
    /// The photo's pause is over, and it asks for the transition of another attempt.
    Again,
    /// The state's call has been answered.
    Done { function: bool },
}

#[derive(Debug, Clone, Copy)]
struct Event {
    at: f64,
    /// Orders events of the same time as they were made.
    number: u64,
    photo: u32,
    act: Act,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Event {}
impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        // `BinaryHeap` pops the greatest event first, so the order is reversed: the earliest event is the greatest.
        let order = other.at.total_cmp(&self.at);
        order.then(other.number.cmp(&self.number))
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Photo {
    started: f64,
    state: usize,
    attempts: u32,
    express: bool,
}

/// Simulates a burst into a Standard machine, or into an Express machine in front of it.
#[expect(clippy::too_many_lines, reason = "one loop over the events")]
pub fn burst(machine: &Machine, express: Option<&Machine>, setting: &Setting) -> Outcome {
    let mut random = fastrand::Rng::with_seed(setting.seed);
    let seconds: Vec<Option<f64>> = machine
        .functions
        .iter()
        .map(|function| function.as_deref().map(mean_seconds))
        .collect();
    let mut starts = Tokens::new(setting.region.start_standard);
    let mut express_starts = Tokens::new(START_EXPRESS);
    let mut transitions = Tokens::new(setting.region.transitions);
    let mut photos = vec![Photo::default(); setting.photos as usize];
    let (mut queue, mut number) = (BinaryHeap::new(), 0_u64);
    let mut push = |queue: &mut BinaryHeap<Event>, at: f64, photo: u32, act: Act| {
        number += 1;
        queue.push(Event {
            at,
            number,
            photo,
            act,
        });
    };
    for photo in 0..setting.photos {
        let delivered = f64::from(photo) / setting.region.invocations;
        let started = match express {
            Some(_) => express_starts.take(delivered),
            None => starts.take(delivered),
        };
        photos[photo as usize].started = started;
        photos[photo as usize].express = express.is_some();
        push(&mut queue, started, photo, Act::Enter);
    }
    let (mut busy, mut failed, mut handed_over) = (0_u32, 0_u32, 0_u32);
    let (mut drained, mut counted) = (0.0_f64, 0_u64);
    while let Some(Event {
        at, photo: id, act, ..
    }) = queue.pop()
    {
        let photo = &mut photos[id as usize];
        if act == (Act::Done { function: true }) {
            busy -= 1;
        }
        drained = at;
        let timeout = match express {
            Some(express) if photo.express => express.timeout,
            _ => machine.timeout,
        };
        if at - photo.started > timeout {
            failed += 1;
            continue;
        }
        if let Act::Done { .. } = act {
            photo.state += 1;
            photo.attempts = 0;
        }
        if act != Act::Enter {
            if photo.state < seconds.len() {
                let mut at = at;
                if !photo.express {
                    at = transitions.take(at);
                    counted += 1;
                }
                push(&mut queue, at, id, Act::Enter);
            }
            continue;
        }
        if photo.state == 0 && photo.attempts == 0 && !photo.express {
            counted += 1;
        }
        let Some(mean) = seconds[photo.state] else {
            push(&mut queue, at + DIRECT, id, Act::Done { function: false });
            continue;
        };
        if busy < setting.concurrency {
            busy += 1;
            let took = mean * (0.5 + random.f64());
            push(&mut queue, at + took, id, Act::Done { function: true });
            continue;
        }
        let retrier = match express {
            Some(express) if photo.express => express.retrier,
            _ => setting.retrier,
        };
        if photo.attempts < retrier.attempts {
            let pause = retrier.longest(photo.attempts) * random.f64();
            photo.attempts += 1;
            push(&mut queue, at + pause, id, Act::Again);
        } else if photo.express {
            let started = starts.take(at);
            if started - at > HAND_OVER {
                failed += 1;
                continue;
            }
            handed_over += 1;
            *photo = Photo {
                started,
                ..Photo::default()
            };
            push(&mut queue, started, id, Act::Enter);
        } else {
            failed += 1;
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "far below 2 to the 52nd transitions"
    )]
    let transitions = counted as f64 / f64::from(setting.photos.max(1));
    Outcome {
        failed,
        handed_over,
        drained,
        transitions,
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::{BEFORE, Machine};
    use super::super::quotas::FRANKFURT;
    use super::*;

    fn setting(photos: u32, concurrency: u32) -> (Machine, Setting) {
        let machine = Machine::read("scrub").unwrap();
        let retrier = machine.retrier;
        let setting = Setting {
            photos,
            concurrency,
            region: FRANKFURT,
            retrier,
            seed: 1,
        };
        (machine, setting)
    }

    #[test]
    fn a_bucket_gives_what_it_holds_and_then_what_comes_back() {
        let mut tokens = Tokens::new(Bucket {
            size: 3.0,
            refill: 10.0,
        });
        let taken: Vec<f64> = (0..5).map(|_| tokens.take(100.0)).collect();
        assert_eq!(&taken[..3], [100.0; 3]);
        assert!((taken[3] - 100.1).abs() < 1e-9 && (taken[4] - 100.2).abs() < 1e-9);
        // After a long time without use, the bucket is full, and no more than full.
        let taken: Vec<f64> = (0..4).map(|_| tokens.take(200.0)).collect();
        assert_eq!(&taken[..3], [200.0; 3]);
        assert!(taken[3] > 200.0);
    }

    #[test]
    fn a_photo_alone_takes_its_calls_and_the_transitions_of_the_path() {
        let (machine, setting) = setting(1, 1);
        let outcome = burst(&machine, None, &setting);
        assert_eq!(outcome.failed, 0);
        #[expect(clippy::cast_precision_loss, reason = "five or so")]
        let states = machine.path.len() as f64;
        assert!((outcome.transitions - states).abs() < 1e-9, "{outcome:?}");
        assert!(outcome.drained > 0.3 && outcome.drained < 3.0);
    }

    #[test]
    fn the_same_seed_draws_the_same_and_less_patience_fails_more() {
        let (machine, now) = setting(1_000, 10);
        let before = Setting {
            retrier: BEFORE,
            ..now
        };
        let again = || burst(&machine, None, &now);
        let first = again();
        assert_eq!(first, again());
        assert!(burst(&machine, None, &before).failed > 200);
        assert_eq!(first.failed, 0);
    }

    #[test]
    fn what_an_express_machine_cannot_call_is_handed_over() {
        let (machine, ample) = setting(500, 500);
        let express = Machine {
            retrier: super::super::machine::NONE,
            ..machine.clone()
        };
        let easy = burst(&machine, Some(&express), &ample);
        assert_eq!((easy.failed, easy.handed_over), (0, 0));
        assert!(easy.transitions < 1e-9, "{easy:?}");
        let (_, tight) = setting(500, 10);
        let tight = burst(&machine, Some(&express), &tight);
        assert_eq!(tight.failed, 0);
        assert!(tight.handed_over > 400, "{tight:?}");
        assert!(tight.transitions > 4.0, "{tight:?}");
    }
}
