//! The application segments of a clean file: density, orientation, notices of copyright, profile, colour transform.

use crate::analysis::{Analysis, Jfif};
use crate::exif;
use crate::format::marker;
use crate::format::segment;
use crate::icc;
use crate::kind::Kind;
use crate::options::{IccPolicy, Options, OrientationPolicy};
use crate::report::{Kept, Repair, Report, Turned};
use crate::rights::Rights;

/// What stands between SOI and the first table of a clean file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppSegments {
    jfif: Option<Jfif>,
    /// Written as an Exif segment.
    orientation: Option<u8>,
    /// Written into the Exif segment and a packet of XMP.
    rights: Rights,
    profile: Option<Vec<u8>>,
    /// Transform flag of the Adobe segment.
    adobe: Option<u8>,
}

impl AppSegments {
    /// Decides by `options` what is kept, and notes it in the report.
    pub(crate) fn new(data: &[u8], options: &Options, analysis: &mut Analysis) -> Self {
        let profile = profile(data, options.icc, analysis);
        let report = &mut analysis.report;
        report.turned = match options.orientation {
            _ if report.orientation == 1 => Turned::None,
            OrientationPolicy::Exact if analysis.bakes => Turned::Baked,
            OrientationPolicy::Tag | OrientationPolicy::Exact => Turned::Tagged,
            OrientationPolicy::Drop => Turned::Dropped,
            OrientationPolicy::Bake if analysis.turns_exactly => Turned::Baked,
            OrientationPolicy::Bake => Turned::Reencoded,
        };
        (report.output_width, report.output_height) =
            if report.is_baked() && report.orientation >= 5 {
                (report.height, report.width)
            } else {
                (report.width, report.height)
            };
        let segments = Self {
            jfif: analysis.jfif,
            orientation: (report.turned == Turned::Tagged).then_some(report.orientation),
            rights: std::mem::take(&mut analysis.rights),
            profile,
            adobe: analysis
                .adobe
                .map(|transform| known_transform(transform, report.components)),
        };
        segments.report(report);
        segments
    }

    fn report(&self, report: &mut Report) {
        let mut keep = |kind, length: Option<usize>| {
            report.kept.extend(length.map(|bytes| Kept {
                kind,
                bytes: bytes as u64,
            }));
        };
        keep(Kind::Jfif, self.jfif.map(|_| 18));
        let tag = self.orientation.map(|_| 36);
        keep(Kind::OrientationTag, tag);
        let notices = self.app1().map(|body| body.len().saturating_add(4));
        let notices = notices.sum::<usize>().saturating_sub(tag.unwrap_or(0));
        keep(Kind::Copyright, Some(notices).filter(|bytes| *bytes > 0));
        keep(
            Kind::Icc,
            self.profile
                .as_ref()
                .map(|profile| icc::segments_length(profile)),
        );
        keep(Kind::Adobe, self.adobe.map(|_| 16));
    }

    /// The bodies of the Exif segment and of the packet of XMP, where there is anything to write into them.
    fn app1(&self) -> impl Iterator<Item = Vec<u8>> {
        let Rights {
            artist, copyright, ..
        } = &self.rights;
        let exif = exif::canonical(self.orientation, artist.as_deref(), copyright.as_deref());
        [exif, self.rights.packet()].into_iter().flatten()
    }

    /// SOI and the segments. `transposed`: rows and columns were exchanged, so the two densities are too.
    pub(crate) fn write(&self, transposed: bool) -> Vec<u8> {
        let profile = self
            .profile
            .as_ref()
            .map_or(0, |profile| icc::segments_length(profile));
        let mut out = Vec::with_capacity(profile.saturating_add(80));
        out.extend_from_slice(&[0xFF, marker::SOI]);
        if let Some(jfif) = self.jfif {
            jfif.write(transposed, &mut out);
        }
        for body in self.app1() {
            segment::write(&mut out, marker::APP1, &body);
        }
        if let Some(profile) = &self.profile {
            icc::segments(profile, &mut out);
        }
        if let Some(transform) = self.adobe {
            // Version 100, no flags, transform.
            segment::write(
                &mut out,
                marker::APP14,
                &[b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, transform],
            );
        }
        out
    }
}

/// The transform that decoders assume when they do not know the flag: YCbCr or YCCK.
const fn known_transform(transform: u8, components: u8) -> u8 {
    match (transform, components) {
        (0..=2, _) => transform,
        (_, 3) => 1,
        (_, 4) => 2,
        _ => 0,
    }
}

fn profile(data: &[u8], policy: IccPolicy, analysis: &mut Analysis) -> Option<Vec<u8>> {
    let chunks = std::mem::take(&mut analysis.icc);
    if chunks.is_empty() {
        return None;
    }
    let (count, bytes) = chunks.size();
    let report = &mut analysis.report;
    let clean = chunks
        .assemble(data)
        .and_then(|(profile, applied)| icc::rewrite(&profile, report.components, applied));
    if clean.is_none() {
        report.repair(Repair::BrokenIcc);
    }
    let kept = clean.filter(|clean| match policy {
        IccPolicy::Keep => true,
        IccPolicy::SrgbOnly => icc::is_srgb(&clean.profile),
        IccPolicy::Drop => false,
    });
    if let Some(clean) = kept {
        if let Some((count, bytes)) = clean.dropped {
            report.remove_many(Kind::IccText, count, bytes);
        }
        return Some(clean.profile);
    }
    for info in report
        .segments
        .iter_mut()
        .filter(|info| info.kind == Kind::Icc)
    {
        info.kept = false;
    }
    report.remove_many(Kind::Icc, count, bytes);
    None
}

impl Jfif {
    fn write(self, transposed: bool, out: &mut Vec<u8>) {
        let (across, down) = if transposed {
            (self.down, self.across)
        } else {
            (self.across, self.down)
        };
        let ([a, b], [c, d]) = (across.to_be_bytes(), down.to_be_bytes());
        let body = [
            b'J', b'F', b'I', b'F', 0, 1, self.minor, self.units, a, b, c, d, 0, 0,
        ];
        segment::write(out, marker::APP0, &body);
    }
}
