//! The coded picture of a clean file, from the first table to EOI.

use fearless_simd::{Level, Simd, dispatch};

use super::{Cursor, NotClean, Reason};

pub(super) struct Picture<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    frame: Option<Frame<'a>>,
    /// Offset of the segment that defined a table and that no scan has used: four of DQT, eight
    /// of DHT, eight of DAC.
    pending: [Option<usize>; 20],
    defined: [bool; 20],
    /// Whether the AC table of a destination has symbols that only progressive scans know.
    runs: [bool; 4],
    interval: u16,
    /// Offset of a DRI that no scan has used.
    new_interval: Option<usize>,
    scans: u32,
    /// One bit per component that a scan has begun.
    begun: u8,
    lines_wanted: bool,
}

#[derive(Clone, Copy)]
struct Frame<'a> {
    code: u8,
    /// Identifier, sampling factors and quantisation table of each component.
    components: &'a [[u8; 3]],
}

const DHT_SLOTS: usize = 4;
const DAC_SLOTS: usize = 12;

impl<'c, 'a> Picture<'c, 'a> {
    pub(super) fn new(cursor: &'c mut Cursor<'a>) -> Self {
        Self {
            cursor,
            frame: None,
            pending: [None; 20],
            defined: [false; 20],
            runs: [false; 4],
            interval: 0,
            new_interval: None,
            scans: 0,
            begun: 0,
            lines_wanted: false,
        }
    }

    /// The number of components.
    pub(super) fn run(mut self) -> Result<usize, NotClean> {
        loop {
            let code = self.cursor.code()?;
            let place = self.cursor.because(Reason::Segment);
            if self.lines_wanted && self.scans == 1 && code != 0xDC {
                return Err(self.cursor.because(Reason::Lines));
            }
            match code {
                0xC4 | 0xCC | 0xDB => self.tables(code)?,
                0xDD => self.interval()?,
                0xDA => self.scan()?,
                0xDC => self.lines()?,
                0xC0..=0xC3 | 0xC9 | 0xCA => self.frame(code)?,
                0xD9 => break,
                _ => return Err(place),
            }
        }
        if self.scans == 0 {
            return Err(self.cursor.because(Reason::Segment));
        }
        if let Some(offset) = self.pending.iter().flatten().min() {
            return Err(NotClean {
                offset: *offset,
                reason: Reason::UnusedTable,
            });
        }
        if let Some(offset) = self.new_interval {
            return Err(NotClean {
                offset,
                reason: Reason::Interval,
            });
        }
        self.cursor.take(2);
        Ok(self.frame.map_or(0, |frame| frame.components.len()))
    }

    fn tables(&mut self, code: u8) -> Result<(), NotClean> {
        let (offset, mut body) = self.cursor.segment()?;
        let not = |reason| NotClean { offset, reason };
        if body.is_empty() {
            return Err(not(Reason::Table));
        }
        while let Some(first) = body.first() {
            let (class, destination) = (usize::from(first >> 4), usize::from(first & 15));
            if class > 1 || destination > 3 {
                return Err(not(Reason::Table));
            }
            let (slot, length) = match code {
                0xDB => (destination, if class == 0 { 65 } else { 129 }),
                0xC4 => {
                    let counts = body.get(1..17).ok_or(not(Reason::Length))?;
                    let values: usize = counts.iter().map(|n| usize::from(*n)).sum();
                    let symbols = body.get(17..values.saturating_add(17));
                    let symbols = symbols.ok_or(not(Reason::Length))?;
                    let (sizes, runs) = extremes(symbols);
                    if !distinct(symbols) || (class == 0 && sizes > 16) {
                        return Err(not(Reason::Table));
                    }
                    if let Some(place) = self.runs.get_mut(destination).filter(|_| class == 1) {
                        *place = runs;
                    }
                    (
                        DHT_SLOTS.saturating_add((class << 2) | destination),
                        values.saturating_add(17),
                    )
                }
                _ => (DAC_SLOTS.saturating_add((class << 2) | destination), 2),
            };
            body = body.get(length..).ok_or(not(Reason::Length))?;
            let place = self.pending.get_mut(slot).ok_or(not(Reason::Table))?;
            if place.replace(offset).is_some() {
                return Err(not(Reason::UnusedTable));
            }
            if let Some(defined) = self.defined.get_mut(slot) {
                *defined = true;
            }
        }
        Ok(())
    }

    fn interval(&mut self) -> Result<(), NotClean> {
        let (offset, body) = self.cursor.segment()?;
        let not = |reason| NotClean { offset, reason };
        let &[high, low] = body.as_array().ok_or(not(Reason::Length))?;
        let interval = u16::from_be_bytes([high, low]);
        if interval == self.interval || self.new_interval.replace(offset).is_some() {
            return Err(not(Reason::Interval));
        }
        self.interval = interval;
        Ok(())
    }

    fn lines(&mut self) -> Result<(), NotClean> {
        let (offset, body) = self.cursor.segment()?;
        let &[high, low] = body.as_array().ok_or(NotClean {
            offset,
            reason: Reason::Length,
        })?;
        if !self.lines_wanted || self.scans != 1 || (high, low) == (0, 0) {
            return Err(NotClean {
                offset,
                reason: Reason::Lines,
            });
        }
        self.lines_wanted = false;
        Ok(())
    }

    fn frame(&mut self, code: u8) -> Result<(), NotClean> {
        let (offset, body) = self.cursor.segment()?;
        let not = |reason| NotClean { offset, reason };
        let (head, components) = body.split_first_chunk::<6>().ok_or(not(Reason::Length))?;
        let (components, rest) = components.as_chunks::<3>();
        let &[bits, line_high, line_low, width_high, width_low, count] = head;
        if !rest.is_empty() || components.len() != usize::from(count) {
            return Err(not(Reason::Length));
        }
        // A lossless frame has no quantisation tables.
        let last_table = if code == 0xC3 { 0 } else { 3 };
        let in_range = components.iter().all(|[_, sampling, table]| {
            (1..=4).contains(&(sampling >> 4))
                && (1..=4).contains(&(sampling & 15))
                && *table <= last_table
        });
        let sound = self.frame.is_none()
            && (1..=4).contains(&count)
            && (2..=16).contains(&bits)
            && (width_high, width_low) != (0, 0);
        if !sound || !in_range {
            return Err(not(Reason::Frame));
        }
        self.lines_wanted = (line_high, line_low) == (0, 0);
        self.frame = Some(Frame { code, components });
        Ok(())
    }

    fn scan(&mut self) -> Result<(), NotClean> {
        let (offset, body) = self.cursor.segment()?;
        let not = NotClean {
            offset,
            reason: Reason::Scan,
        };
        let frame = self.frame.ok_or(not)?;
        let (&count, rest) = body.split_first().ok_or(not)?;
        let (selectors, &[first, last, bits]) = rest.split_last_chunk().ok_or(not)?;
        let (selectors, odd) = selectors.as_chunks::<2>();
        if !odd.is_empty() || selectors.len() != usize::from(count) || !(1..=4).contains(&count) {
            return Err(not);
        }
        let (differences, coefficients) = uses(frame.code, first, last, bits).ok_or(not)?;
        let tables = if frame.code & 8 == 0 {
            DHT_SLOTS
        } else {
            DAC_SLOTS
        };
        let mut named = 0_u8;
        for (place, [id, destinations]) in selectors.iter().enumerate() {
            let (dc, ac) = (destinations >> 4, destinations & 15);
            // As libjpeg has it: the first with this identifier, but none before its place in the scan.
            let index = frame
                .components
                .iter()
                .skip(place)
                .position(|component| component.first() == Some(id))
                .ok_or(not)?
                .saturating_add(place);
            let bit = 1_u8.checked_shl(index as u32).unwrap_or(0);
            if named & bit != 0 {
                return Err(not);
            }
            named |= bit;
            let quantization = frame
                .components
                .get(index)
                .map_or(0, |component| component[2]);
            if dc > 3 || ac > 3 || (!differences && dc != 0) || (!coefficients && ac != 0) {
                return Err(not);
            }
            if differences {
                self.use_table(tables.saturating_add(usize::from(dc)), not)?;
            }
            if coefficients {
                let runs = self.runs.get(usize::from(ac)) == Some(&true);
                if runs && matches!(frame.code, 0xC0 | 0xC1) {
                    return Err(not);
                }
                self.use_table(tables.saturating_add(usize::from(ac | 4)), not)?;
            }
            // The table in force at a component's first scan is the one that decoders take.
            if frame.code & 3 != 3 && self.begun & bit == 0 {
                self.use_table(usize::from(quantization), not)?;
            }
            self.begun |= bit;
        }
        self.new_interval = None;
        self.scans = self.scans.saturating_add(1);
        self.entropy_coded()
    }

    fn use_table(&mut self, slot: usize, not: NotClean) -> Result<(), NotClean> {
        if let Some(pending) = self.pending.get_mut(slot) {
            *pending = None;
        }
        // Arithmetic conditioning need not be defined.
        if slot < DAC_SLOTS && self.defined.get(slot) != Some(&true) {
            return Err(not);
        }
        Ok(())
    }

    /// Stuffed zeros and restart markers in sequence, up to the next other marker.
    fn entropy_coded(&mut self) -> Result<(), NotClean> {
        let mut restart = 0xD0;
        let data = self.cursor.data;
        let mut at = self.cursor.at;
        loop {
            at = next_marker(data, at);
            match data.get(at..) {
                Some([0xFF, code @ 0xD0..=0xD7, ..]) if self.interval != 0 => {
                    if *code != restart {
                        break;
                    }
                    restart = if restart == 0xD7 {
                        0xD0
                    } else {
                        restart.saturating_add(1)
                    };
                    at = at.saturating_add(2);
                }
                Some([0xFF, 0xD0..=0xD7 | 0xFF, ..]) => break,
                _ => {
                    self.cursor.at = at;
                    return Ok(());
                }
            }
        }
        Err(NotClean {
            offset: at,
            reason: Reason::EntropyCoded,
        })
    }
}

/// Whether no symbol of a Huffman table is listed twice.
fn distinct(symbols: &[u8]) -> bool {
    // No branch per symbol: this is most of what a small file costs.
    let mut seen = [[0_u8; 16]; 16];
    for symbol in symbols {
        let row = seen.get_mut(usize::from(symbol >> 4));
        if let Some(seen) = row.and_then(|row| row.get_mut(usize::from(symbol & 15))) {
            *seen = 1;
        }
    }
    let mut columns = [0_u8; 16];
    for row in &seen {
        for (column, seen) in columns.iter_mut().zip(row) {
            *column = column.saturating_add(*seen);
        }
    }
    columns.map(usize::from).iter().sum::<usize>() == symbols.len()
}

/// The largest symbol of a Huffman table, and whether it has runs without a size, 0x10 to 0xE0:
/// only a progressive scan knows such (T.81 table F.1).
fn extremes(symbols: &[u8]) -> (u8, bool) {
    let largest = symbols.iter().fold(0, |most, symbol| most.max(*symbol));
    let runs = symbols.iter().fold(0, |runs, symbol| {
        // With its halves exchanged, a run without a size is the run.
        runs | u8::from((1..15).contains(&symbol.rotate_left(4)))
    });
    (largest, runs != 0)
}

/// Whether a scan of these parameters uses DC and AC tables in a frame of SOF marker `code`;
/// `None` if the parameters are not those that the process asks for (T.81 table B.3).
fn uses(code: u8, first: u8, last: u8, bits: u8) -> Option<(bool, bool)> {
    let (high, low) = (bits >> 4, bits & 15);
    match code {
        0xC0 | 0xC1 | 0xC9 => (first == 0 && last == 63 && bits == 0).then_some((true, true)),
        0xC2 | 0xCA => {
            let dc = first == 0 && last == 0;
            let ac = first >= 1 && first <= last && last <= 63;
            let step = high == 0 || high.checked_sub(1) == Some(low);
            ((dc || ac) && step && low <= 13).then_some((dc && high == 0, ac))
        }
        _ => ((1..=7).contains(&first) && last == 0 && high == 0).then_some((true, false)),
    }
}

/// Offset of the first 0xFF at or after `at` that no zero follows; the end if there is none.
fn next_marker(data: &[u8], at: usize) -> usize {
    let mut at = dispatch!(Level::new(), simd => skip_strides(simd, data, at));
    while let Some(byte) = data.get(at) {
        if *byte == 0xFF && data.get(at.saturating_add(1)) != Some(&0) {
            return at;
        }
        at = at.saturating_add(1);
    }
    data.len()
}

/// Skips clean strides: those in which a zero follows every 0xFF. The test has one byte of result per
/// byte and no branch, so that compilers turn it into vector code.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "takes on the processor features of its caller"
)]
fn skip_strides<S: Simd>(simd: S, data: &[u8], start: usize) -> usize {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut at = start;
            while let Some(hits) = hits_in::<512>(data, at)
                && hits == 0
            {
                at = at.saturating_add(512);
                // Reading is fastest from where cache lines begin, so the second stride takes some
                // bytes of the first again.
                if at == start.saturating_add(512) {
                    at = at.saturating_sub(data.as_ptr().addr().wrapping_add(at) & 63);
                }
            }
            while let Some(0) = hits_in::<16>(data, at) {
                at = at.saturating_add(16);
            }
            at
        },
    )
}

/// Nothing but zero bits if the stride at `at` is clean; `None` at the end of the file.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "takes on the processor features of its caller"
)]
fn hits_in<const STRIDE: usize>(data: &[u8], at: usize) -> Option<u8> {
    let bytes: &[u8; STRIDE] = data.get(at..)?.first_chunk()?;
    let followers: &[u8; STRIDE] = data.get(at.saturating_add(1)..)?.first_chunk()?;
    let pairs = bytes.iter().zip(followers);
    Some(pairs.fold(0, |hits, (byte, follower)| {
        hits | if *byte == 0xFF { *follower } else { 0 }
    }))
}

#[cfg(test)]
mod tests {
    use super::next_marker;

    #[test]
    fn a_marker_is_found_wherever_it_stands_and_the_cache_lines_begin() {
        for start in 0..70 {
            for at in (start..start + 1200)
                .step_by(7)
                .chain(start + 500..start + 590)
            {
                let mut data = vec![0x37; 1400];
                data[at] = 0xFF;
                assert_eq!(next_marker(&data, start), at, "from {start}");
                data[at + 1] = 0;
                assert_eq!(next_marker(&data, start), 1400, "from {start} at {at}");
            }
        }
    }
}
