//! Durations that can be added up over days and still have percentiles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where buckets end, in milliseconds: each a tenth behind the one before, so that a percentile is at most a tenth too high.
fn ends() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(1_u64), |end| {
        Some(end.saturating_add((end / 10).max(1)))
    })
}

/// Counts of durations in buckets that grow by a tenth each. Two histograms add up without loss.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(BTreeMap<u64, u64>);

impl Histogram {
    /// Counts one duration, in milliseconds; less than one counts as one.
    pub fn count(&mut self, milliseconds: u64) {
        let end = ends().find(|end| *end >= milliseconds);
        *self.0.entry(end.unwrap_or(u64::MAX)).or_default() += 1;
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        for (end, count) in &other.0 {
            *self.0.entry(*end).or_default() += count;
        }
    }

    /// How many durations were counted.
    pub fn len(&self) -> u64 {
        self.0.values().sum()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The duration in milliseconds that `percent` of all do not exceed, at most a tenth too high; `None` when there is none.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.len() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (end, count) in &self.0 {
            seen += count;
            if seen >= rank {
                return Some(*end);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_right_to_a_tenth() {
        let mut all = Histogram::default();
        let mut sorted: Vec<u64> = (1..=2_000_u64).map(|n| n * n % 7_919 + n).collect();
        for value in &sorted {
            all.count(*value);
        }
        sorted.sort_unstable();
        for percent in [1, 50, 95, 99, 100] {
            let rank = (sorted.len() as u64 * percent).div_ceil(100).max(1);
            let exact = sorted[rank as usize - 1] as f64;
            let told = all.percentile(percent).unwrap() as f64;
            assert!(
                told >= exact * 0.99 - 1.0 && told <= exact * 1.11 + 1.0,
                "p{percent}: {told}, and exactly {exact}"
            );
        }
    }

    #[test]
    fn days_add_up_as_if_counted_together() {
        let (mut a, mut b, mut both) = (
            Histogram::default(),
            Histogram::default(),
            Histogram::default(),
        );
        for n in 0..500 {
            if n % 3 == 0 { &mut a } else { &mut b }.count(n * 17);
            both.count(n * 17);
        }
        a.add(&b);
        assert_eq!(a, both);
        assert_eq!(both.len(), 500);
    }

    #[test]
    fn nothing_counted_has_no_percentile() {
        assert_eq!(Histogram::default().percentile(50), None);
        assert!(Histogram::default().is_empty());
    }
}
