//! A month of many photos with a daily peak: which quota binds first, and how long what is above it waits.

use super::cost::seconds;
use super::machine::Machine;
use super::quotas::{
    CONCURRENCY, EVENT_AGE, PREFIX_READS, PREFIX_WRITES, Region, START_EXPRESS, TABLE_WRITES,
};
use super::{grouped, prices, spoken, table};

/// Seconds of an Express execution, at most. <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const EXPRESS_SECONDS: f64 = 300.0;
/// Days of the simulated month.
const DAYS_SIMULATED: u32 = 30;

/// A way through the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Every upload is a Standard execution.
    Standard,
    /// Every upload is an Express execution.
    Express,
}

/// A quota, and how many photos a second it lets through.
#[derive(Debug, Clone)]
pub struct Limit {
    /// The quota's name, as Service Quotas has it.
    pub name: &'static str,
    /// What it is by default.
    pub default: f64,
    /// How much of it a photo takes.
    pub each: f64,
}

impl Limit {
    /// Photos a second.
    pub fn photos(&self) -> f64 {
        self.default / self.each
    }
}

/// Every quota that a photo takes something of.
///
/// # Panics
///
/// When the machine scrub cannot be read.
pub fn limits(way: Way, region: &Region, concurrency: f64) -> Vec<Limit> {
    let machine = Machine::read("scrub").expect("scrub");
    let lambda: f64 = machine.functions.iter().flatten().map(|f| seconds(f)).sum();
    let limit = |name, default, each| Limit {
        name,
        default,
        each,
    };
    #[expect(clippy::cast_precision_loss, reason = "five or so")]
    let states = machine.path.len() as f64;
    let mut limits = match way {
        Way::Standard => vec![
            limit(
                "Step Functions: StateTransition, Standard",
                region.transitions.refill,
                states,
            ),
            limit(
                "Step Functions: StartExecution, Standard",
                region.start_standard.refill,
                1.0,
            ),
        ],
        Way::Express => vec![limit(
            "Step Functions: StartExecution, Express",
            START_EXPRESS.refill,
            1.0,
        )],
    };
    limits.extend([
        limit("Lambda: concurrent executions", concurrency, lambda),
        limit("EventBridge: invocations", region.invocations, 1.0),
        limit(
            "DynamoDB: write units of the table",
            TABLE_WRITES,
            super::cost::write_units(),
        ),
        limit(
            "S3: writes under one prefix of bucket A",
            PREFIX_WRITES,
            1.0,
        ),
        limit("S3: reads under one prefix of bucket A", PREFIX_READS, 2.0),
    ]);
    limits.sort_by(|a, b| a.photos().total_cmp(&b.photos()));
    limits
}

/// The load at an hour of the day (0 to 24), relative to the mean: a bell around the evening whose peak is four times the mean.
fn shape(hour: f64) -> f64 {
    let angle = (hour - 20.0) / 24.0 * std::f64::consts::TAU;
    // ((1 + cos) / 2) to the fifth power has the mean 63/256.
    (f64::midpoint(1.0, angle.cos())).powi(5) * 256.0 / 63.0
}

/// A queue: photos a second that it lets through, and how long a photo waits in it before it is given up, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// Photos a second.
    pub capacity: f64,
    /// Seconds.
    pub patience: f64,
}

impl Stage {
    /// Lets a minute's photos in, and returns those that leave. `waiting` is the queue.
    fn minute(&self, waiting: &mut f64, arriving: f64, outcome: &mut Outcome) -> f64 {
        *waiting += arriving;
        let leaving = waiting.min(self.capacity * 60.0);
        *waiting -= leaving;
        let longest = self.capacity * self.patience;
        if *waiting > longest {
            outcome.lost += *waiting - longest;
            *waiting = longest;
        }
        leaving
    }
}

/// The result of a simulated month.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    /// Photos a second at the peak.
    pub peak: f64,
    /// The longest wait, in seconds.
    pub wait: f64,
    /// Photos that were given up: executions that FAILED or timed out, and dead letters. All of them can be replayed.
    pub lost: f64,
}

/// The two queues in which a photo waits: one for its start, and one in its execution, for the quota that binds first there.
///
/// # Panics
///
/// When the machine scrub cannot be read.
pub fn stages(way: Way, region: &Region, concurrency: f64) -> [Stage; 2] {
    let machine = Machine::read("scrub").expect("scrub");
    let limits = limits(way, region, concurrency);
    let (starts, inside): (Vec<&Limit>, Vec<&Limit>) = limits
        .iter()
        .partition(|limit| limit.name.contains("Start"));
    let first = inside[0];
    let (timeout, throttled) = match way {
        Way::Standard => (machine.timeout, machine.retrier.mean_window()),
        Way::Express => (EXPRESS_SECONDS, EXPRESS_SECONDS),
    };
    let patience = if first.name.starts_with("Lambda") {
        throttled
    } else {
        timeout
    };
    [
        Stage {
            capacity: starts[0].photos(),
            patience: EVENT_AGE,
        },
        Stage {
            capacity: first.photos(),
            patience,
        },
    ]
}

/// A month of `photos`, minute by minute, through two queues.
pub fn month(photos: f64, stages: [Stage; 2]) -> Outcome {
    let mean = photos / (prices::DAYS * 86_400.0);
    let mut outcome = Outcome::default();
    let (mut before, mut inside) = (0.0, 0.0);
    for minute in 0..(DAYS_SIMULATED * 1440) {
        let rate = mean * shape(f64::from(minute % 1440) / 60.0);
        outcome.peak = outcome.peak.max(rate);
        let started = stages[0].minute(&mut before, rate * 60.0, &mut outcome);
        stages[1].minute(&mut inside, started, &mut outcome);
        let wait = before / stages[0].capacity + inside / stages[1].capacity;
        outcome.wait = outcome.wait.max(wait);
    }
    outcome
}

/// The tables of the page for a month of `photos`.
pub fn page(photos: f64, regions: &[Region], concurrencies: &[f64]) -> String {
    let mut rows = Vec::new();
    for region in regions {
        for way in [Way::Standard, Way::Express] {
            for &concurrency in concurrencies {
                let limits = limits(way, region, concurrency);
                let first = &limits[0];
                let outcome = month(photos, stages(way, region, concurrency));
                rows.push(vec![
                    region.name.to_owned(),
                    format!("{way:?}"),
                    grouped(concurrency),
                    first.name.to_owned(),
                    grouped(first.photos()),
                    spoken(outcome.wait),
                    grouped(outcome.lost),
                ]);
            }
        }
    }
    table(
        &[
            "region",
            "way",
            "Lambda's concurrency",
            "binds first",
            "photos a second",
            "longest wait",
            "FAILED or dead letters",
        ],
        &rows,
    )
}

/// What each quota lets through by default, and the value to request from AWS so that a peak of `peak` photos a second does not
/// wait.
pub fn asks(peak: f64, region: &Region) -> String {
    let rows = |way: Way| {
        limits(way, region, CONCURRENCY)
            .into_iter()
            .map(move |limit| {
                let needed = (limit.each * peak * 1.25).ceil();
                let ask = if limit.photos() >= peak {
                    "enough".to_owned()
                } else {
                    format!("ask for {}", grouped(needed))
                };
                vec![
                    format!("{way:?}"),
                    limit.name.to_owned(),
                    grouped(limit.default),
                    format!("{:.2}", limit.each),
                    grouped(limit.photos()),
                    ask,
                ]
            })
    };
    let rows: Vec<Vec<String>> = rows(Way::Standard).chain(rows(Way::Express)).collect();
    table(
        &[
            "way",
            "quota",
            "default",
            "of it per photo",
            "photos a second",
            &format!("for {} a second", grouped(peak)),
        ],
        &rows,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_four_times_the_mean() {
        let minutes = 0..1440;
        let hours = minutes.map(|m| f64::from(m) / 60.0);
        let shares: Vec<f64> = hours.map(shape).collect();
        let mean = shares.iter().sum::<f64>() / 1440.0;
        let peak = shares.iter().copied().fold(0.0, f64::max);
        assert!((mean - 1.0).abs() < 0.001, "{mean}");
        assert!((peak - 4.06).abs() < 0.01, "{peak}");
    }

    #[test]
    fn what_is_above_the_capacity_waits_and_what_waits_too_long_is_lost() {
        let mean = 1e6 / (prices::DAYS * 86_400.0);
        let stage = |times: f64, patience| Stage {
            capacity: mean * times,
            patience,
        };
        let ample = month(1e6, [stage(10.0, EVENT_AGE), stage(10.0, 3600.0)]);
        assert!(ample.wait < 1e-6 && ample.lost < 1e-6, "{ample:?}");
        let tight = month(1e6, [stage(1.5, EVENT_AGE), stage(10.0, 3600.0)]);
        assert!(tight.wait > 3600.0 && tight.lost < 1e-6, "{tight:?}");
        // The same in the execution, where nobody waits a day.
        let inside = month(1e6, [stage(10.0, EVENT_AGE), stage(1.5, 3600.0)]);
        assert!(inside.lost > 1e4, "{inside:?}");
        let too_little = month(1e6, [stage(0.5, EVENT_AGE), stage(10.0, 3600.0)]);
        assert!(too_little.lost > 1e5, "{too_little:?}");
    }
}
