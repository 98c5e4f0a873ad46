//! Names and places: which photo, and where it stands in the order of a search.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;

/// A photo's name in addresses and in the table: 128 bits of the SHA-256 of its key in bucket B, as 32 hexadecimal digits. A key
/// may have 1,024 bytes and any character; this has neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhotoId(u128);

impl PhotoId {
    /// The id of the photo under `key` in bucket B.
    pub fn of(key: &str) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        let (first, _) = digest.split_at(16);
        Self(
            first
                .iter()
                .fold(0, |id, byte| (id << 8) | u128::from(*byte)),
        )
    }

    /// From its bits.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub const fn bits(self) -> u128 {
        self.0
    }
}

impl fmt::Display for PhotoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for PhotoId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = text.len() == 32
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let bits = plain.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        bits.map(Self).ok_or_else(|| {
            Error::BadQuery("a photo's id has 32 lower-case hexadecimal digits".into())
        })
    }
}

impl TryFrom<String> for PhotoId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<PhotoId> for String {
    fn from(id: PhotoId) -> Self {
        id.to_string()
    }
}

/// A photo's place in every search: by its date to the millisecond, then by its id. Searches go from the greatest down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Milliseconds since 1970.
    milliseconds: i64,
    id: PhotoId,
}

impl Position {
    /// Of a photo with this date.
    pub fn new(date: Timestamp, id: PhotoId) -> Self {
        Self {
            milliseconds: date.as_millisecond(),
            id,
        }
    }

    /// The first place of any photo of that millisecond or later.
    pub fn first_at(date: Timestamp) -> Self {
        Self::new(date, PhotoId(0))
    }

    /// The last place of any photo of that millisecond or earlier.
    pub fn last_at(date: Timestamp) -> Self {
        Self::new(date, PhotoId(u128::MAX))
    }

    /// From milliseconds since 1970, if the calendar has them.
    pub fn from_parts(milliseconds: i64, id: PhotoId) -> Option<Self> {
        Timestamp::from_millisecond(milliseconds)
            .ok()
            .map(|date| Self::new(date, id))
    }

    /// The place just before this one in order, which is the next of a search.
    #[must_use]
    pub fn before(self) -> Self {
        match self.id.0.checked_sub(1) {
            Some(bits) => Self {
                id: PhotoId(bits),
                ..self
            },
            None => Self {
                milliseconds: self.milliseconds.saturating_sub(1),
                id: PhotoId(u128::MAX),
            },
        }
    }

    /// The photo.
    pub const fn id(self) -> PhotoId {
        self.id
    }

    /// Milliseconds since 1970.
    pub const fn milliseconds(self) -> i64 {
        self.milliseconds
    }

    fn date(self) -> Timestamp {
        Timestamp::from_millisecond(self.milliseconds).unwrap_or(Timestamp::MIN)
    }

    /// The month that it lies in, UTC.
    pub fn month(self) -> Month {
        Month::of(self.date())
    }

    /// The sort key of its term items: `<date>#<id>`, the date with three digits of milliseconds always. String order is the order of places.
    pub fn entry(self) -> String {
        format!("{:.3}#{}", self.date(), self.id)
    }

    /// Reads a sort key back.
    pub fn from_entry(entry: &str) -> Option<Self> {
        let (date, id) = entry.split_once('#')?;
        Some(Self::new(date.parse().ok()?, id.parse().ok()?))
    }
}

/// A month, UTC: what the entries of a term are spread over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month of a time.
    pub fn of(date: Timestamp) -> Self {
        let date = date.to_zoned(TimeZone::UTC);
        Self {
            year: date.year(),
            month: date.month(),
        }
    }
}

/// `202611`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::BadQuery("a month is yyyymm".into());
        let (year, month) = text.split_at_checked(4).ok_or_else(bad)?;
        let (year, month) = (
            year.parse().map_err(|_| bad())?,
            month.parse().map_err(|_| bad())?,
        );
        if (1..=12).contains(&month) {
            Ok(Self { year, month })
        } else {
            Err(bad())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_that_of_the_key_and_reads_back() {
        let id = PhotoId::of("holiday/beach.jpg");
        assert_eq!(id.to_string().parse::<PhotoId>().unwrap(), id);
        assert_ne!(id, PhotoId::of("holiday/beach.jpG"));
        // echo -n abc | sha256sum
        assert_eq!(
            PhotoId::of("abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223"
        );
        for text in [
            "",
            "BA7816BF8F01CFEA414140DE5DAE2223",
            "+a7816bf8f01cfea414140de5dae2223",
        ] {
            assert!(text.parse::<PhotoId>().is_err(), "{text}");
        }
    }

    #[test]
    fn string_order_is_the_order_of_places() {
        let early: Timestamp = "2026-01-31T23:59:59.999Z".parse().unwrap();
        let late: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
        let places = [
            Position::new(early, PhotoId(7)),
            Position::new(early, PhotoId(u128::MAX)),
            Position::new(late, PhotoId(0)),
            Position::new(late, PhotoId(1)),
        ];
        for pair in places.windows(2) {
            assert!(pair[0] < pair[1]);
            assert!(pair[0].entry() < pair[1].entry());
        }
        assert_eq!(places[2].before(), places[1]);
        assert_eq!(places[3].before(), places[2]);
        assert_eq!(places[1].month().to_string(), "202601");
        assert_eq!(Position::from_entry(&places[0].entry()), Some(places[0]));
        assert_eq!("202602".parse::<Month>().unwrap(), places[2].month());
    }
}
