//! What a load test came to.

use std::collections::BTreeMap;
use std::fmt;

use scrubjay::show;
use serde::Serialize;

/// From so many milliseconds on, an upload that began after its turn is told to people.
const LATE: u64 = 1_000;

/// What happened to the photos of a load test.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// How the keys of its photos begin.
    pub folder: String,
    /// Photos that were to be uploaded.
    pub asked: u64,
    /// Photos that were uploaded.
    pub uploaded: u64,
    /// From the first upload to the answer to the last, in seconds.
    pub upload_seconds: f64,
    /// Of the photos that were uploaded.
    pub uploads_per_second: f64,
    /// How long after its turn an upload began, at most: the pace was kept where that is little.
    pub late_milliseconds: u64,
    /// From the first upload to the last end, in seconds.
    pub seconds: f64,
    /// Of the photos that ended.
    pub ends_per_second: f64,
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

impl Figures {
    /// What follows from the rest.
    pub fn reckon(&mut self) {
        self.spread = Spread::of(&self.times);
        self.uploads_per_second = rate(self.uploaded, self.upload_seconds);
        self.ends_per_second = rate(self.times.len() as u64, self.seconds);
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
            self.uploads_per_second
        )?;
        if self.late_milliseconds >= LATE {
            writeln!(
                f,
                "pace      not kept: an upload began {:.1} s after its turn",
                self.late_milliseconds as f64 / 1e3
            )?;
        }
        let ended = self.times.len() as u64;
        writeln!(
            f,
            "ended     {} in {:.1} s, {:.1} a second",
            show::count(ended, "photo"),
            self.seconds,
            self.ends_per_second
        )?;
        if let Some(spread) = self.spread {
            writeln!(
                f,
                "took      p50 {} ms, p95 {} ms, p99 {} ms, longest {} ms",
                spread.p50, spread.p95, spread.p99, spread.max
            )?;
        }
        for (number, (outcome, photos)) in self.outcomes.iter().enumerate() {
            let title = if number == 0 {
                "outcomes  "
            } else {
                "\n          "
            };
            write!(f, "{title}{photos} {}", show::printable(outcome))?;
        }
        if self.left > 0 {
            write!(
                f,
                "\nleft      {} in bucket A, or with rows in the audit table:\n          {}",
                show::count(self.left, "photo"),
                show::printable(&self.folder)
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

    #[test]
    fn people_read_figures_in_eighty_columns() {
        let mut figures = Figures {
            folder: format!("load/{}/", uuid::Uuid::nil()),
            asked: 12,
            uploaded: 10,
            upload_seconds: 2.0,
            late_milliseconds: 3_210,
            seconds: 4.0,
            times: vec![30, 10, 20, 40],
            left: 1,
            ..Figures::default()
        };
        for (outcome, photos) in [
            ("CLEANED", 3),
            ("FAILED Lambda.TooManyRequestsException", 1),
            ("NOT_ENDED", 6),
            ("NOT_UPLOADED", 2),
        ] {
            figures.outcomes.insert(outcome.to_owned(), photos);
        }
        figures.reckon();
        assert_eq!(
            figures.to_string(),
            "\
uploaded  10 photos in 2.0 s, 5.0 a second
pace      not kept: an upload began 3.2 s after its turn
ended     4 photos in 4.0 s, 1.0 a second
took      p50 20 ms, p95 40 ms, p99 40 ms, longest 40 ms
outcomes  3 CLEANED
          1 FAILED Lambda.TooManyRequestsException
          6 NOT_ENDED
          2 NOT_UPLOADED
left      1 photo in bucket A, or with rows in the audit table:
          load/00000000-0000-0000-0000-000000000000/"
        );
        assert!(figures.to_string().lines().all(|line| line.len() <= 80));
    }
}
