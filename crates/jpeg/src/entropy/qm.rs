//! The binary arithmetic decoder: T.81 annex D.

use super::bits::{Ending, Tail};

/// Qe, next index after an LPS, after an MPS, and whether the sense of the MPS changes: table D.3.
const STATES: [(u16, u8, u8, bool); 113] = [
    (0x5A1D, 1, 1, true),
    (0x2586, 14, 2, false),
    (0x1114, 16, 3, false),
    (0x080B, 18, 4, false),
    (0x03D8, 20, 5, false),
    (0x01DA, 23, 6, false),
    (0x00E5, 25, 7, false),
    (0x006F, 28, 8, false),
    (0x0036, 30, 9, false),
    (0x001A, 33, 10, false),
    (0x000D, 35, 11, false),
    (0x0006, 9, 12, false),
    (0x0003, 10, 13, false),
    (0x0001, 12, 13, false),
    (0x5A7F, 15, 15, true),
    (0x3F25, 36, 16, false),
    (0x2CF2, 38, 17, false),
    (0x207C, 39, 18, false),
    (0x17B9, 40, 19, false),
    (0x1182, 42, 20, false),
    (0x0CEF, 43, 21, false),
    (0x09A1, 45, 22, false),
    (0x072F, 46, 23, false),
    (0x055C, 48, 24, false),
    (0x0406, 49, 25, false),
    (0x0303, 51, 26, false),
    (0x0240, 52, 27, false),
    (0x01B1, 54, 28, false),
    (0x0144, 56, 29, false),
    (0x00F5, 57, 30, false),
    (0x00B7, 59, 31, false),
    (0x008A, 60, 32, false),
    (0x0068, 62, 33, false),
    (0x004E, 63, 34, false),
    (0x003B, 32, 35, false),
    (0x002C, 33, 9, false),
    (0x5AE1, 37, 37, true),
    (0x484C, 64, 38, false),
    (0x3A0D, 65, 39, false),
    (0x2EF1, 67, 40, false),
    (0x261F, 68, 41, false),
    (0x1F33, 69, 42, false),
    (0x19A8, 70, 43, false),
    (0x1518, 72, 44, false),
    (0x1177, 73, 45, false),
    (0x0E74, 74, 46, false),
    (0x0BFB, 75, 47, false),
    (0x09F8, 77, 48, false),
    (0x0861, 78, 49, false),
    (0x0706, 79, 50, false),
    (0x05CD, 48, 51, false),
    (0x04DE, 50, 52, false),
    (0x040F, 50, 53, false),
    (0x0363, 51, 54, false),
    (0x02D4, 52, 55, false),
    (0x025C, 53, 56, false),
    (0x01F8, 54, 57, false),
    (0x01A4, 55, 58, false),
    (0x0160, 56, 59, false),
    (0x0125, 57, 60, false),
    (0x00F6, 58, 61, false),
    (0x00CB, 59, 62, false),
    (0x00AB, 61, 63, false),
    (0x008F, 61, 32, false),
    (0x5B12, 65, 65, true),
    (0x4D04, 80, 66, false),
    (0x412C, 81, 67, false),
    (0x37D8, 82, 68, false),
    (0x2FE8, 83, 69, false),
    (0x293C, 84, 70, false),
    (0x2379, 86, 71, false),
    (0x1EDF, 87, 72, false),
    (0x1AA9, 87, 73, false),
    (0x174E, 72, 74, false),
    (0x1424, 72, 75, false),
    (0x119C, 74, 76, false),
    (0x0F6B, 74, 77, false),
    (0x0D51, 75, 78, false),
    (0x0BB6, 77, 79, false),
    (0x0A40, 77, 48, false),
    (0x5832, 80, 81, true),
    (0x4D1C, 88, 82, false),
    (0x438E, 89, 83, false),
    (0x3BDD, 90, 84, false),
    (0x34EE, 91, 85, false),
    (0x2EAE, 92, 86, false),
    (0x299A, 93, 87, false),
    (0x2516, 86, 71, false),
    (0x5570, 88, 89, true),
    (0x4CA9, 95, 90, false),
    (0x44D9, 96, 91, false),
    (0x3E22, 97, 92, false),
    (0x3824, 99, 93, false),
    (0x32B4, 99, 94, false),
    (0x2E17, 93, 86, false),
    (0x56A8, 95, 96, true),
    (0x4F46, 101, 97, false),
    (0x47E5, 102, 98, false),
    (0x41CF, 103, 99, false),
    (0x3C3D, 104, 100, false),
    (0x375E, 99, 93, false),
    (0x5231, 105, 102, false),
    (0x4C0F, 106, 103, false),
    (0x4639, 107, 104, false),
    (0x415E, 103, 99, false),
    (0x5627, 105, 106, true),
    (0x50E7, 108, 107, false),
    (0x4B85, 109, 103, false),
    (0x5597, 110, 109, false),
    (0x504F, 111, 107, false),
    (0x5A10, 110, 111, true),
    (0x5522, 112, 109, false),
    (0x59EB, 112, 111, true),
];

/// A statistics bin: index into `STATES` << 1 | the more probable symbol.
pub(super) type Bin = u8;

/// A scan counts as cut off if the decoder has supplied more than this many zero bytes behind the end and can still
/// decide either way. In 1,600 pictures of tiles, whose codes are periodic, `cjpeg -arithmetic` left out at most 127.
const MOST_IMPLIED: u32 = 512;

/// Most zero bytes that are cut off at the end of a segment.
const MOST_LEFT_OUT: u32 = 256;

/// The decoder of one entropy-coded segment.
pub(super) struct Decoder<'a> {
    data: &'a [u8],
    start: usize,
    pos: usize,
    /// The code's distance from the interval's base: `Cx` << 16 | `Clow` of D.2.
    code: u32,
    /// The interval, 0x8000 to 0x10000 after renormalisation.
    interval: u32,
    /// Shifts until the next byte is needed.
    count: u32,
    stopped: bool,
    /// Zero bytes supplied behind the end.
    implied: u32,
    filled: bool,
    /// Decisions whose cost has not been subtracted from the file's work yet.
    pub(super) decisions: u32,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(data: &'a [u8], start: usize) -> Self {
        let mut decoder = Self {
            data,
            start,
            pos: start,
            code: 0,
            interval: 0x1_0000,
            count: 0,
            stopped: false,
            implied: 0,
            filled: false,
            decisions: 0,
        };
        decoder.byte_in();
        decoder.code <<= 8;
        decoder.byte_in();
        decoder.code <<= 8;
        decoder
    }

    /// Figure D.18. Never reads past the marker that ends the segment; from there on it supplies zero bytes (D.2.6).
    fn byte_in(&mut self) {
        let mut next = self.pos + 1;
        let byte = match self.data.get(self.pos) {
            _ if self.stopped => None,
            Some(0xFF) => {
                while self.data.get(next) == Some(&0xFF) {
                    next += 1;
                }
                self.filled |= next > self.pos + 1 && self.data.get(next) == Some(&0);
                let stuffed = self.data.get(next) == Some(&0);
                next += 1;
                stuffed.then_some(0xFF)
            }
            byte => byte.copied(),
        };
        if let Some(byte) = byte {
            self.pos = next;
            self.code += u32::from(byte) << 8;
        } else {
            self.stopped = true;
            self.implied = self.implied.saturating_add(1);
        }
    }

    /// Decodes one decision: figures D.14 to D.17.
    #[inline]
    pub(super) fn decode(&mut self, bin: &mut Bin) -> bool {
        let (estimate, lps_next, next, switch) = STATES[usize::from(*bin >> 1) % STATES.len()];
        let (estimate, mps) = (u32::from(estimate), *bin & 1);
        self.decisions = self.decisions.wrapping_add(1);
        self.interval -= estimate;
        let upper = self.code >> 16 >= self.interval;
        if !upper && self.interval >= 0x8000 {
            return mps != 0;
        }
        // Each sub-interval belongs to the more probable symbol when it is the larger one.
        let likely = upper == (self.interval < estimate);
        if upper {
            self.code -= self.interval << 16;
            self.interval = estimate;
        }
        let symbol = if likely {
            *bin = next << 1 | mps;
            mps
        } else {
            *bin = lps_next << 1 | (mps ^ u8::from(switch));
            mps ^ 1
        };
        self.renormalise();
        symbol != 0
    }

    /// Decodes a decision with the fixed probability of 0.5, whose statistics do not adapt (F.1.4.4.2).
    #[inline]
    pub(super) fn decode_even(&mut self) -> bool {
        let mut bin = 0;
        self.decode(&mut bin)
    }

    fn renormalise(&mut self) {
        while self.interval < 0x8000 {
            if self.count == 0 {
                self.byte_in();
                self.count = 8;
            }
            let shift = (self.interval.leading_zeros() - 16).min(self.count);
            self.interval <<= shift;
            self.code <<= shift;
            self.count -= shift;
        }
    }

    /// Whether the data end before the picture is complete.
    ///
    /// An encoder leaves out the zeros at the end of its code (D.1.8), so the end of the bytes proves nothing: bytes
    /// continued with zeros always code some picture. In a complete scan the code mostly reaches the base of the
    /// interval where these zeros begin, and stays there: every later decision is for the lower sub-interval. But a
    /// picture that repeats itself can have a periodic code, whose distance from the base stays nonzero for many bytes.
    /// So a scan counts as cut off only when very many bytes are missing.
    pub(super) fn starved(&self) -> bool {
        self.implied > MOST_IMPLIED && self.code != 0
    }

    /// About where the decoder is, for errors.
    pub(super) fn position(&self) -> usize {
        self.pos
    }

    /// How the segment ends: with the bytes that an encoder writes for the decisions so far.
    ///
    /// Any number within the last interval codes these decisions. T.81 D.1.8 takes the one with the most zeros at its
    /// end (figure D.15), and leaves out zero bytes at the end. libjpeg does so too, and its files are not changed. The
    /// low bits of another number could hide a message, since no decoder uses them.
    pub(super) fn tail(&self) -> Tail {
        let (mut end, mut implied) = (self.pos, self.implied);
        // Fewer zeros are cut off than `starved` allows; otherwise the clean file would count as cut off.
        while implied < MOST_LEFT_OUT
            && coded_byte(self.data, self.start, end) == Some((0, end - 1))
        {
            end -= 1;
            implied += 1;
        }
        let mut tail = Tail {
            end,
            kept: end,
            made: None,
            filled: self.filled,
        };
        if implied > WINDOW_IMPLIED {
            // No other number in the interval ends with so many zeros.
            return tail;
        }
        // All numbers from here on are in units of the last bit that was read.
        let window = Window::before(self.data, self.start, end);
        let (count, given) = (self.count.min(8), window.value());
        let low = (given << (8 * implied)) as i128 - i128::from(self.code >> (16 - count));
        let top = low + (i128::from(self.interval) << count) - 1;
        let mut chosen = top >> (16 + count) << (16 + count);
        if chosen < low {
            chosen += 1 << (15 + count);
        }
        let mut length = window.length + implied;
        let Some(mut chosen) = u128::try_from(chosen)
            .ok()
            .filter(|all| all >> (8 * length) == 0)
        else {
            // A carry out of the window: twelve bytes of only ones or only zeros. The end is left unchanged.
            return tail;
        };
        while length > 0 && chosen.trailing_zeros() >= 8 {
            chosen >>= 8;
            length -= 1;
        }
        let byte = |value: u128, of: u32, at: u32| (value >> (8 * (of - 1 - at))) as u8;
        let same = (0..length.min(window.length))
            .take_while(|&at| byte(chosen, length, at) == byte(given, window.length, at))
            .count() as u32;
        tail.kept = window.offset(same).unwrap_or(end);
        tail.end = window.offset(length).unwrap_or(end);
        if same < length {
            let mut made = Ending::default();
            (same..length).for_each(|at| made.push(byte(chosen, length, at)));
            tail.made = Some(made);
        }
        tail
    }
}

/// The coded byte that ends before `end`, without its stuffed zero, and its offset; none before `start`.
fn coded_byte(data: &[u8], start: usize, end: usize) -> Option<(u8, usize)> {
    let byte = |at: usize| data.get(at).copied().unwrap_or(0);
    let last = end.checked_sub(1).filter(|&last| last >= start)?;
    if last > start && byte(last) == 0 && byte(last - 1) == 0xFF {
        return Some((0xFF, last - 1));
    }
    Some((byte(last), last))
}

/// With more implied zero bytes than this, they have more bits than the interval is wide.
const WINDOW_IMPLIED: u32 = 3;

/// Bytes of a window.
const WINDOW: usize = 12;

/// The last coded bytes of a segment, without stuffed zeros.
struct Window {
    /// From the last to the first, and the offset of each in the file.
    bytes: [(u8, usize); WINDOW],
    length: u32,
}

impl Window {
    /// The last coded bytes of `data` between `start` and `end`.
    fn before(data: &[u8], start: usize, mut end: usize) -> Self {
        let mut window = Self {
            bytes: [(0, 0); WINDOW],
            length: 0,
        };
        for place in &mut window.bytes {
            let Some(byte) = coded_byte(data, start, end) else {
                break;
            };
            *place = byte;
            end = byte.1;
            window.length += 1;
        }
        window
    }

    fn value(&self) -> u128 {
        let bytes = self.bytes.iter().take(self.length as usize).rev();
        bytes.fold(0, |value, (byte, _)| value << 8 | u128::from(*byte))
    }

    /// Offset of the byte at `index`; none behind the last.
    fn offset(&self, index: u32) -> Option<usize> {
        let from_end = self.length.checked_sub(index + 1)?;
        Some(self.bytes.get(from_end as usize)?.1)
    }
}
