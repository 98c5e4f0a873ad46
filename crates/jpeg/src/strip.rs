//! Takes everything out of a file that is not needed to draw it.

use std::io::{self, Write};
use std::ops::Range;

use crate::error::Error;
use crate::head::{Head, segment};
use crate::marker;
use crate::options::{Check, Options};
use crate::report::{Report, Turned};
use crate::survey::{Item, Stretch, Survey, survey};
use crate::turn;

/// A clean file: where its bytes lie in the source, and those that were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripped {
    /// The clean file from its first byte to its last.
    pub parts: Vec<Part>,
    /// What was found and what became of it.
    pub report: Report,
}

/// A part of a clean file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes of the source.
    Kept(Range<usize>),
    /// Bytes that were made.
    Made(Vec<u8>),
}

impl Part {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Kept(range) => range.len(),
            Self::Made(bytes) => bytes.len(),
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its bytes. `source` is the file that was stripped; of another one the bytes make no sense.
    pub fn bytes<'a>(&'a self, source: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Kept(range) => source.get(range.clone()).unwrap_or_default(),
            Self::Made(bytes) => bytes,
        }
    }
}

impl Stripped {
    /// Length of the clean file in bytes.
    pub fn len(&self) -> u64 {
        self.parts
            .iter()
            .map(|part| part.len() as u64)
            .fold(0, u64::saturating_add)
    }

    /// Whether the clean file has no bytes, which it never is.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(Part::is_empty)
    }

    /// The clean file, slice by slice, without a copy. `source` is the file that was stripped.
    pub fn slices<'a>(&'a self, source: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.parts.iter().map(|part| part.bytes(source))
    }

    /// The clean file in one piece. `source` is the file that was stripped.
    pub fn to_vec(&self, source: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len() as usize);
        for slice in self.slices(source) {
            out.extend_from_slice(slice);
        }
        out
    }

    /// Writes the clean file. `source` is the file that was stripped.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_to(&self, source: &[u8], mut writer: impl Write) -> io::Result<()> {
        for slice in self.slices(source) {
            writer.write_all(slice)?;
        }
        Ok(())
    }
}

/// Says what is in a file and what [`strip`] would make of it.
///
/// Takes the whole file in `data`. Everything is read and checked as `options` ask for; only
/// writing coefficients anew is left out (to turn the picture, for `deep`, or because of Huffman
/// tables with symbols that no code can need), so that `bytes_out` is the length before that.
///
/// # Errors
///
/// Those of [`strip`].
pub fn inspect(data: &[u8], options: &Options) -> Result<Report, Error> {
    Ok(plan(data, options, false)?.stripped.report)
}

/// Takes everything out of a file that is not needed to draw it: P1 and P2 of the design.
///
/// Takes the whole file in `data`. The clean file consists of ranges of `data` and a few made
/// bytes; nothing of the size of the picture is copied, unless the picture has to be turned.
/// It has the form that [`verify`](crate::verify) accepts, and stripping it again changes nothing.
///
/// # Errors
///
/// * [`Error::NotJpeg`]: no SOI at the first byte (T.81 B.2.1).
/// * [`Error::Corrupt`]: a segment, table, header or scan breaks the rules, or the picture is not
///   all there.
/// * [`Error::Unsupported`]: a hierarchical or unknown process, reserved markers.
/// * [`Error::TooLarge`]: more than `options.limits` allow.
///
/// # Examples
///
/// ```
/// use scrubjay_jpeg::{Error, Options, strip};
///
/// let error = strip(b"GIF89a", &Options::default()).unwrap_err();
/// assert!(matches!(error, Error::NotJpeg { .. }));
/// ```
pub fn strip(data: &[u8], options: &Options) -> Result<Stripped, Error> {
    let Plan {
        stripped,
        head,
        idle_symbols,
        turned,
    } = plan(data, options, true)?;
    let anew = stripped.report.is_baked() || idle_symbols || options.deep;
    let turned = match turned {
        Some(turned) => turned,
        None if anew => turn_clean(data, options, &stripped).map_err(|error| {
            // The offset is one in the clean file. What decoding finds in the source has its own.
            let decoded = plan(data, &decoding(options), false);
            decoded.err().unwrap_or(error)
        })?,
        None => return Ok(stripped),
    };
    Ok(assemble(&head, turned, stripped.report))
}

fn decoding(options: &Options) -> Options {
    Options {
        check: Check::Entropy,
        ..*options
    }
}

/// Writes the coefficients of a clean file anew, turned if they have to be.
fn turn_clean(data: &[u8], options: &Options, stripped: &Stripped) -> Result<turn::Turned, Error> {
    let report = &stripped.report;
    let orientation = if report.is_baked() {
        report.orientation
    } else {
        1
    };
    turn::turn(&stripped.to_vec(data), orientation, &options.limits)
}

/// The clean file whose coefficients were written anew.
fn assemble(head: &Head, turned: turn::Turned, mut report: Report) -> Stripped {
    let transposed = report.is_baked() && report.orientation >= 5;
    (report.output_width, report.output_height) = (turned.width, turned.height);
    if turned.reencoded {
        report.turned = Turned::Reencoded;
    }
    let parts = vec![
        Part::Made(head.write(transposed)),
        Part::Made(turned.tables_to_eoi),
    ];
    let mut stripped = Stripped { parts, report };
    stripped.report.bytes_out = stripped.len();
    stripped
}

/// What the clean file is, but for writing its coefficients anew.
struct Plan {
    stripped: Stripped,
    head: Head,
    /// Whether its Huffman tables have to be written anew.
    idle_symbols: bool,
    /// Those coefficients, if that was done on the way.
    turned: Option<turn::Turned>,
}

/// `turns`: as [`survey`] has it.
fn plan(data: &[u8], options: &Options, turns: bool) -> Result<Plan, Error> {
    let mut found = survey(data, options, turns)?;
    if found.idle_symbols && options.check == Check::Structure {
        // It will be decoded to be written anew; whether that can be done is to be known here.
        found = survey(data, &decoding(options), turns)?;
    }
    let head = Head::new(data, options, &mut found);
    let Survey {
        items,
        report,
        idle_symbols,
        turned,
        ..
    } = found;
    let mut parts = Parts::new(head.write(false));
    for item in items {
        parts.item(data, item);
    }
    parts.eoi(data);
    let mut stripped = Stripped {
        parts: parts.parts,
        report,
    };
    stripped.report.bytes_out = stripped.len();
    Ok(Plan {
        stripped,
        head,
        idle_symbols,
        turned,
    })
}

/// A scan with more bytes to put right than this is written anew: each of them makes three parts.
const PATCHES: usize = 1024;

/// A byte of entropy-coded data, with a zero behind it if it is 0xFF (T.81 F.1.2.3).
fn stuffed(byte: u8) -> Vec<u8> {
    if byte == 0xFF {
        vec![byte, 0]
    } else {
        vec![byte]
    }
}

impl Stretch {
    fn to_vec(&self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut patches = self.patches.iter().peekable();
        for range in &self.kept {
            let mut start = range.start;
            while let Some((at, byte)) = patches.next_if(|(at, _)| *at < range.end) {
                out.extend_from_slice(data.get(start..*at).unwrap_or_default());
                out.extend(stuffed(*byte));
                start = at.saturating_add(1);
            }
            out.extend_from_slice(data.get(start..range.end).unwrap_or_default());
        }
        out
    }
}

/// The parts of a clean file as they are put together: neighbours become one.
struct Parts {
    parts: Vec<Part>,
}

impl Parts {
    fn new(head: Vec<u8>) -> Self {
        let mut parts = Vec::with_capacity(8);
        parts.push(Part::Made(head));
        Self { parts }
    }

    fn item(&mut self, data: &[u8], item: Item) {
        match item {
            Item::Verbatim(range) => self.kept(range),
            Item::Made(bytes) => self.made(&bytes),
            Item::Interval(interval) => {
                let mut out = Vec::with_capacity(6);
                segment(&mut out, marker::DRI, &interval.to_be_bytes());
                self.made(&out);
            }
            Item::Data(stretch) => self.stretch(data, stretch),
            // Settled by the survey.
            Item::Tables { .. } => {}
        }
    }

    fn kept(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some(Part::Kept(last)) if last.end == range.start => last.end = range.end,
            _ => self.parts.push(Part::Kept(range)),
        }
    }

    fn made(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Made(last)) => last.extend_from_slice(bytes),
            _ if bytes.is_empty() => {}
            _ => self.parts.push(Part::Made(bytes.to_vec())),
        }
    }

    fn stretch(&mut self, data: &[u8], stretch: Stretch) {
        if stretch.patches.len() > PATCHES {
            return self.made(&stretch.to_vec(data));
        }
        let mut patches = stretch.patches.into_iter().peekable();
        for range in stretch.kept {
            let mut start = range.start;
            while let Some((at, byte)) = patches.next_if(|(at, _)| *at < range.end) {
                self.kept(start..at);
                self.made(&stuffed(byte));
                start = at.saturating_add(1);
            }
            self.kept(start..range.end);
        }
    }

    fn eoi(&mut self, data: &[u8]) {
        let end = match self.parts.last() {
            Some(Part::Kept(range)) => range.end,
            _ => data.len(),
        };
        let range = end..end.saturating_add(2);
        if data.get(range.clone()) == Some(&[0xFF, marker::EOI]) {
            self.kept(range);
        } else {
            self.made(&[0xFF, marker::EOI]);
        }
    }
}
