//! Notices of an IPTC record (IPTC-NAA Information Interchange Model 4.2) in Photoshop's APP13.

use super::{text, xmp::Notices};

const BYLINE: u8 = 80;
const CREDIT: u8 = 110;
const COPYRIGHT_NOTICE: u8 = 116;

/// By-line, credit and copyright notice of the first record in the body of an APP13 segment.
pub(super) fn read(body: &[u8]) -> Notices {
    let mut notices = Notices::default();
    for (dataset, value) in resource(body).into_iter().flat_map(datasets) {
        let notice = match dataset {
            BYLINE => &mut notices.creator,
            CREDIT => &mut notices.credit,
            COPYRIGHT_NOTICE => &mut notices.rights,
            _ => continue,
        };
        if notice.is_none() {
            *notice = text::clean(&text::decode(value));
        }
    }
    notices
}

/// The data of the image resource 0x0404 (Adobe Photoshop File Formats Specification, "Image resource blocks").
fn resource(body: &[u8]) -> Option<&[u8]> {
    let mut rest = body.strip_prefix(b"Photoshop 3.0\0")?;
    loop {
        rest = rest.strip_prefix(b"8BIM")?;
        let (id, after) = rest.split_first_chunk::<2>()?;
        // A Pascal string, padded to even length with its length byte.
        let (name, _) = after.split_first()?;
        let after = after.get((usize::from(*name) | 1).saturating_add(1)..)?;
        let (length, data) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if *id == [4, 4] {
            return data.get(..length);
        }
        rest = data.get(length.checked_next_multiple_of(2)?..)?;
    }
}

/// The datasets of record 2, the application record, in their order: number and value.
fn datasets(record: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = record;
    std::iter::from_fn(move || {
        loop {
            let [0x1C, record, dataset, high, low] = *rest.first_chunk()? else {
                return None;
            };
            // The highest bit is for values of 32 kB and more, which no notice has.
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length & 0x8000 != 0 {
                return None;
            }
            let end = length.saturating_add(5);
            let value = rest.get(5..end)?;
            rest = rest.get(end..)?;
            if record == 2 {
                return Some((dataset, value));
            }
        }
    })
}
