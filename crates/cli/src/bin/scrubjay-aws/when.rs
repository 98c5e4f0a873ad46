//! Points in time as people give them.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp};

/// `2h`, `7d` (so long ago), `2026-11-20` (its first moment, UTC) or `2026-11-20T22:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When(Timestamp);

impl When {
    /// The time.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    fn read(text: &str, now: Timestamp) -> Result<Self, String> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self(at));
        }
        if let Ok(day) = text.parse::<Date>() {
            let start = day.to_zoned(TimeZone::UTC).map_err(|e| e.to_string())?;
            return Ok(Self(start.timestamp()));
        }
        let ago = text.parse::<Span>().ok();
        let ago = ago.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        let at = ago.and_then(|ago| now.checked_sub(ago.abs()).ok());
        at.map(Self).ok_or_else(|| {
            "neither a duration such as 2h or 7d, nor a day such as 2026-11-20, nor a time such as 2026-11-20T22:00:00Z".into()
        })
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text, Timestamp::now())
    }
}

/// The days, UTC, that lie between two times, newest first: one time in each.
pub fn days(since: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let (first, last) = (day(since), day(until));
    std::iter::successors(Some(last), |day| day.yesterday().ok())
        .take_while(move |day| *day >= first)
        .filter_map(|day| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_give_them() {
        let now: Timestamp = "2026-11-20T22:00:00Z".parse().unwrap();
        let rows = [
            ("2h", "2026-11-20T20:00:00Z"),
            ("90m", "2026-11-20T20:30:00Z"),
            ("7d", "2026-11-13T22:00:00Z"),
            ("2w", "2026-11-06T22:00:00Z"),
            ("1d 2h", "2026-11-19T20:00:00Z"),
            ("2026-11-19", "2026-11-19T00:00:00Z"),
            ("2026-11-19T10:00:00+01:00", "2026-11-19T09:00:00Z"),
        ];
        for (text, wanted) in rows {
            let read = When::read(text, now).map(|when| when.0.to_string());
            assert_eq!(read.as_deref(), Ok(wanted), "{text}");
        }
        for text in ["", "yesterday", "2", "2026-13-01", "1y"] {
            assert!(When::read(text, now).is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_whole_and_newest_first() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let text = |since, until| -> Vec<String> {
            days(at(since), at(until))
                .map(|day| day.to_string()[..10].to_owned())
                .collect()
        };
        assert_eq!(
            text("2026-02-27T23:59:59.999Z", "2026-03-01T00:00:00Z"),
            ["2026-03-01", "2026-02-28", "2026-02-27"]
        );
        assert_eq!(
            text("2026-03-01T05:00:00Z", "2026-03-01T06:00:00Z"),
            ["2026-03-01"]
        );
        assert!(text("2026-03-02T00:00:00Z", "2026-03-01T23:00:00Z").is_empty());
    }
}
