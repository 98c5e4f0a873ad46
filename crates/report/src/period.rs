//! Days and weeks of a time zone. A day may have 23 or 25 hours.

use std::fmt;

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// A span of whole days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// What it is called: `2026-W48`, or `2026-11-01 to 2026-11-30`.
    pub name: String,
    /// Its first day.
    pub from: Date,
    /// Its last day, included.
    pub to: Date,
}

/// Why a text is no period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeriodError {
    /// Not of the form `2026-W48`, or the year has no such week.
    NotAWeek(String),
    /// It ends before it begins.
    Backwards(Date, Date),
}

impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAWeek(text) => write!(
                f,
                "{text:?} is no week: weeks are written as 2026-W48, and a year has 52 or 53"
            ),
            Self::Backwards(from, to) => write!(f, "{to} is before {from}"),
        }
    }
}

impl std::error::Error for PeriodError {}

impl Period {
    /// From the first to the last day.
    ///
    /// # Errors
    /// [`PeriodError::Backwards`].
    pub fn days_of(from: Date, to: Date) -> Result<Self, PeriodError> {
        if to < from {
            return Err(PeriodError::Backwards(from, to));
        }
        Ok(Self {
            name: format!("{from} to {to}"),
            from,
            to,
        })
    }

    /// The ISO 8601 week that a day is in, from Monday to Sunday.
    pub fn week_of(day: Date) -> Self {
        let week = day.iso_week_date();
        let back = i64::from(day.weekday().to_monday_zero_offset());
        let from = day.saturating_sub(back.days());
        Self {
            name: format!("{}-W{:02}", week.year(), week.week()),
            from,
            to: from.saturating_add(6.days()),
        }
    }

    /// The week before.
    #[must_use]
    pub fn week_before(&self) -> Self {
        Self::week_of(self.from.saturating_sub(7.days()))
    }

    /// Its days, oldest first.
    pub fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        std::iter::successors(Some(self.from), move |day| {
            day.tomorrow().ok().filter(|next| *next <= to)
        })
    }

    /// As many days, ending where this begins.
    #[must_use]
    pub fn before(&self) -> Self {
        let length = self.days().count() as i64;
        let from = self.from.saturating_sub(length.days());
        let to = self.from.saturating_sub(1.day());
        let week = Self::week_of(from);
        if week.from == from && week.to == to {
            return week;
        }
        Self {
            name: format!("{from} to {to}"),
            from,
            to,
        }
    }
}

impl std::str::FromStr for Period {
    type Err = PeriodError;

    /// A week: `2026-W48`.
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let wrong = || PeriodError::NotAWeek(text.to_owned());
        let (year, week) = text.split_once("-W").ok_or_else(wrong)?;
        if year.len() != 4 || week.len() != 2 {
            return Err(wrong());
        }
        let year: i16 = year.parse().map_err(|_| wrong())?;
        let week: i8 = week.parse().map_err(|_| wrong())?;
        let monday = ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| wrong())?;
        Ok(Self::week_of(monday.date()))
    }
}

/// The first moment of a day in a time zone, and the first of the next: 23, 24 or 25 hours apart.
pub fn bounds(day: Date, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let start = |day: Date| {
        day.to_zoned(zone.clone())
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    };
    let next = day.tomorrow().map_or(Timestamp::MAX, start);
    (start(day), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        let week: Period = "2026-W48".parse().unwrap();
        assert_eq!(
            (week.from, week.to),
            (date("2026-11-23"), date("2026-11-29"))
        );
        assert_eq!(week.days().count(), 7);
        // The last days of a year may be in the next year's first week, and the other way round.
        assert_eq!(Period::week_of(date("2027-01-01")).name, "2026-W53");
        assert_eq!(Period::week_of(date("2024-12-30")).name, "2025-W01");
        let before: Vec<String> = std::iter::successors(Some(week), |w| Some(w.week_before()))
            .take(3)
            .map(|w| w.name)
            .collect();
        assert_eq!(before, ["2026-W48", "2026-W47", "2026-W46"]);
    }

    #[test]
    fn what_is_no_week_is_refused_with_the_form() {
        for text in [
            "", "2026", "2026-48", "2025-W53", "2026-W00", "2026-W1", "26-W01",
        ] {
            let error = text.parse::<Period>().unwrap_err();
            assert!(error.to_string().contains("2026-W48"), "{text}: {error}");
        }
        assert!(Period::days_of(date("2026-02-02"), date("2026-02-01")).is_err());
    }

    #[test]
    fn a_day_of_a_clock_change_has_23_or_25_hours() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (day, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-24", 24)] {
            let (from, to) = bounds(date(day), &berlin);
            assert_eq!(to.as_second() - from.as_second(), hours * 3_600, "{day}");
        }
        let (from, _) = bounds(date("2026-11-24"), &berlin);
        assert_eq!(from.to_string(), "2026-11-23T23:00:00Z");
    }

    #[test]
    fn the_days_before_are_as_many() {
        let month = Period::days_of(date("2026-11-01"), date("2026-11-30")).unwrap();
        assert_eq!(
            (month.before().from, month.before().to),
            (date("2026-10-02"), date("2026-10-31"))
        );
        let week: Period = "2026-W48".parse().unwrap();
        assert_eq!(week.before().name, "2026-W47");
    }
}
