//! Takes everything out of a file that is not needed to draw it.

use crate::analysis::{Analysis, Item, Purpose, analyse, analyse_head};
use crate::app_segments::AppSegments;
use crate::error::Error;
use crate::format::{marker, segment};
use crate::options::Options;
use crate::parts::{Part, PartList, Stripped};
use crate::recode::{self, Orientation, Recoded};
use crate::report::{Head, Report, Turned};

/// Says what is in a file and what [`strip`] would make of it.
///
/// Takes the whole file in `data`. Everything is read and checked as for [`strip`], but coefficients are not written
/// anew. `strip` does that to turn the picture, for `deep`, or for Huffman tables with symbols that no code can need;
/// in these cases `bytes_out` is the length before it.
///
/// # Errors
///
/// Those of [`strip`], except two that only occur while coefficients are written: they take too much memory, or no
/// frame that can be written can hold them.
///
/// # Examples
///
/// ```
/// use scrubjay_jpeg::{Options, inspect};
///
/// # fn example(photo: &[u8]) -> Result<(), scrubjay_jpeg::Error> {
/// let report = inspect(photo, &Options::default())?;
/// for removed in &report.removed {
///     println!("{}: {} times, {} bytes", removed.kind, removed.count, removed.bytes);
/// }
/// # Ok(())
/// # }
/// ```
pub fn inspect(data: &[u8], options: &Options) -> Result<Report, Error> {
    let mut analysis = analyse(data, options, Purpose::Inspect)?;
    let segments = AppSegments::new(data, options, &mut analysis);
    Ok(as_it_stands(data, &segments, analysis).report)
}

/// Reports on a file from its beginning, without decoding anything: whether it is a JPEG of an accepted process and
/// within the limits, and which metadata stand in front of the picture.
///
/// Takes `head`, the first bytes of a file of `size` bytes: all of them, or as many as were read. [`strip`] refuses
/// every file that is refused here, with the same error. It may also refuse a file that passes here.
///
/// # Errors
///
/// Those of [`strip`] that the head alone decides. A head that ends before the first scan is no error: [`Head::complete`].
///
/// # Examples
///
/// ```
/// use scrubjay_jpeg::{Error, Options, inspect_head};
///
/// let error = inspect_head(b"\x89PNG\r\n", 70_000, &Options::default()).unwrap_err();
/// assert!(matches!(error, Error::NotJpeg { .. }));
/// let head = inspect_head(b"\xFF\xD8\xFF\xE0", 70_000, &Options::default()).unwrap();
/// assert!(!head.complete);
/// ```
pub fn inspect_head(head: &[u8], size: u64, options: &Options) -> Result<Head, Error> {
    analyse_head(head, size, options)
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
/// * [`Error::Unsupported`]: a hierarchical or unknown process, reserved markers, arithmetic coding where
///   `options.arithmetic` refuses it.
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
    let mut analysis = analyse(data, options, Purpose::Strip)?;
    let segments = AppSegments::new(data, options, &mut analysis);
    if !analysis.recodes {
        return Ok(as_it_stands(data, &segments, analysis));
    }
    let orientation = if analysis.report.is_baked() {
        analysis.report.orientation
    } else {
        1
    };
    let source = recode::Source {
        data,
        frame: &analysis.frame,
        scans: &analysis.scans,
        quantization: &analysis.quantization,
        progression: &analysis.progression,
    };
    let recoded = recode::recode(
        &source,
        Orientation::of(orientation),
        options.reencode_quality,
        &mut analysis.work,
        options.limits.max_memory,
    )?;
    Ok(written_anew(&segments, recoded, analysis))
}

/// The clean file of which no coefficient is written anew.
fn as_it_stands(data: &[u8], segments: &AppSegments, analysis: Analysis) -> Stripped {
    let mut parts = PartList::new();
    parts.make(&segments.write(false));
    for item in analysis.items {
        match item {
            Item::Verbatim(range) => parts.keep(data, range),
            Item::Made(bytes) => parts.make(&bytes),
            Item::Interval(interval) => {
                let mut out = Vec::with_capacity(6);
                segment::write(&mut out, marker::DRI, &interval.to_be_bytes());
                parts.make(&out);
            }
            Item::Data(list) => parts.append(list),
            // Settled by the analysis.
            Item::Tables { .. } => {}
        }
    }
    let end = match parts.last() {
        Some(Part::Kept(range)) => range.end,
        _ => data.len(),
    };
    let eoi = end..end.saturating_add(2);
    if data.get(eoi.clone()) == Some(&[0xFF, marker::EOI]) {
        parts.keep(data, eoi);
    } else {
        parts.make(&[0xFF, marker::EOI]);
    }
    finish(parts.into_parts(), analysis.report)
}

/// The clean file whose coefficients were written anew.
fn written_anew(segments: &AppSegments, recoded: Recoded, analysis: Analysis) -> Stripped {
    let mut report = analysis.report;
    for (end, unchecked) in recoded.ends.iter().zip(&analysis.unchecked) {
        if let Some(bytes) = unchecked {
            report.scan_end(bytes.saturating_sub(end.parts.len()), end.padded);
        }
    }
    let transposed = report.is_baked() && report.orientation >= 5;
    (report.output_width, report.output_height) = (recoded.width, recoded.height);
    if recoded.reencoded {
        report.turned = Turned::Reencoded;
    }
    let mut parts = vec![Part::Made(segments.write(transposed))];
    parts.extend(recoded.tables_to_eoi.into_iter().map(Part::Made));
    finish(parts, report)
}

fn finish(parts: Vec<Part>, report: Report) -> Stripped {
    let mut stripped = Stripped { parts, report };
    stripped.report.bytes_out = stripped.len();
    stripped
}
