//! Where a search goes on.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::{Error, PhotoId, Position, Query};

/// Bytes of a cursor: version, place (8 and 16), check.
const VERSION: u8 = 1;
const PLACE: usize = 24;
const CHECK: usize = 8;

/// The place at which a page ended, for one query. It travels as opaque text.
///
/// The check binds the cursor to its query and detects a cursor that was damaged or made up. It is no secret: somebody
/// who forges a valid one only names another place in their own search, which they could also reach by paging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    bytes: [u8; 1 + PLACE + CHECK],
}

impl Cursor {
    /// The next page of `query` begins at `from`, itself included.
    pub fn new(query: &Query, from: Position) -> Self {
        let mut bytes = [VERSION; 1 + PLACE + CHECK];
        let (head, check) = bytes.split_at_mut(1 + PLACE);
        let (time, id) = head[1..].split_at_mut(8);
        time.copy_from_slice(&from.milliseconds().to_be_bytes());
        id.copy_from_slice(&from.id().bits().to_be_bytes());
        check.copy_from_slice(&digest(query, head));
        Self { bytes }
    }

    /// The place, if the cursor was made for this query.
    ///
    /// # Errors
    /// [`Error::BadCursor`].
    pub fn place(&self, query: &Query) -> Result<Position, Error> {
        let (head, check) = self.bytes.split_at(1 + PLACE);
        if head[0] != VERSION || check != digest(query, head) {
            return Err(Error::BadCursor);
        }
        let (time, id) = head[1..].split_at(8);
        let time = time.try_into().map(i64::from_be_bytes);
        let id = id.try_into().map(u128::from_be_bytes);
        match (time, id) {
            (Ok(time), Ok(id)) => Position::from_parts(time, PhotoId::from_bits(id)),
            _ => None,
        }
        .ok_or(Error::BadCursor)
    }
}

fn digest(query: &Query, head: &[u8]) -> [u8; CHECK] {
    let mut digest = Sha256::new();
    digest.update(query.to_string());
    digest.update([0]);
    digest.update(head);
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest.finalize()[..CHECK]);
    check
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.bytes))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| Error::BadCursor)?;
        let bytes = bytes.try_into().map_err(|_| Error::BadCursor)?;
        Ok(Self { bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_of_one_query_and_cannot_be_changed() {
        let query = Query::new("beach").unwrap();
        let place = Position::new("2026-11-24T10:00:00Z".parse().unwrap(), PhotoId::of("a"));
        let cursor = Cursor::new(&query, place);
        let text = cursor.to_string();
        assert_eq!(
            text.parse::<Cursor>().unwrap().place(&query).unwrap(),
            place
        );
        let other = Query::new("sea").unwrap();
        assert!(matches!(cursor.place(&other), Err(Error::BadCursor)));
        for index in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let place = changed.parse::<Cursor>().and_then(|c| c.place(&query));
            assert!(matches!(place, Err(Error::BadCursor)), "{changed}");
        }
        for text in ["", "x", "%%%", "AAAA"] {
            assert!(matches!(text.parse::<Cursor>(), Err(Error::BadCursor)));
        }
    }
}
