//! What a load test came to.

use std::collections::BTreeMap;
use std::fmt;

use scrubjay::show;
use serde::Serialize;

/// What happened to the photos of a load test.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Photos that were to be uploaded.
    pub asked: u64,
    /// Photos that were uploaded.
    pub uploaded: u64,
    /// From the first upload to the last, in seconds.
    pub upload_seconds: f64,
    /// From the first upload to the last end, in seconds.
    pub seconds: f64,
    /// How many came to each end: a status, with the error's name where it failed or was refused; `NOT_UPLOADED`, `NOT_ENDED`.
    pub outcomes: BTreeMap<String, u64>,
    /// Milliseconds of each photo that ended, in order.
    #[serde(skip)]
    pub times: Vec<u64>,
    /// Milliseconds; absent when no photo ended.
    #[serde(flatten)]
    pub spread: Option<Spread>,
    /// Photos that are still in bucket A, or whose rows are still in the audit table.
    pub left: u64,
}

/// How long photos took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    p50: u64,
    p95: u64,
    p99: u64,
    max: u64,
}

impl Spread {
    /// Of times in any order.
    pub fn of(times: &[u64]) -> Option<Self> {
        let mut times = times.to_vec();
        times.sort_unstable();
        // The nearest rank: the smallest time that so many of a hundred do not exceed.
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            times.get(rank - 1).copied()
        };
        Some(Self {
            p50: at(50)?,
            p95: at(95)?,
            p99: at(99)?,
            max: at(100)?,
        })
    }
}

fn rate(number: u64, seconds: f64) -> f64 {
    if seconds > 0.0 {
        number as f64 / seconds
    } else {
        0.0
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "uploaded  {} in {:.1} s, {:.1} a second",
            show::count(self.uploaded, "photo"),
            self.upload_seconds,
            rate(self.uploaded, self.upload_seconds)
        )?;
        let ended = self.times.len() as u64;
        writeln!(
            f,
            "ended     {} in {:.1} s, {:.1} a second",
            show::count(ended, "photo"),
            self.seconds,
            rate(ended, self.seconds)
        )?;
        if let Some(spread) = self.spread {
            writeln!(
                f,
                "took      p50 {} ms, p95 {} ms, p99 {} ms, longest {} ms",
                spread.p50, spread.p95, spread.p99, spread.max
            )?;
        }
        let outcomes: Vec<String> = self
            .outcomes
            .iter()
            .map(|(outcome, number)| format!("{outcome} {number}"))
            .collect();
        write!(f, "outcomes  {}", outcomes.join(", "))?;
        if self.left > 0 {
            write!(
                f,
                "\nleft      {} in bucket A, or with rows in the audit table",
                show::count(self.left, "photo")
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        assert_eq!(Spread::of(&[]), None);
        let one = Spread::of(&[7]).unwrap();
        assert_eq!((one.p50, one.p95, one.p99, one.max), (7, 7, 7, 7));
        let many: Vec<u64> = (1..=200).rev().collect();
        let many = Spread::of(&many).unwrap();
        assert_eq!(
            (many.p50, many.p95, many.p99, many.max),
            (100, 190, 198, 200)
        );
    }
}
