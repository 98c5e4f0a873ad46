//! The stripper's options on the command line.

use scrubjay_jpeg::{
    Arithmetic, Check, IccPolicy, Limits, Options, OrientationPolicy, ReencodeQuality,
};

/// How files are checked and stripped.
#[derive(Debug, Clone, clap::Args)]
pub struct StripArgs {
    /// How thoroughly a picture is checked: `entropy` decodes every code and so knows where the picture ends, `structure` only walks the segments
    #[arg(long, default_value_t = Check::Entropy, value_name = "entropy|structure")]
    check: Check,
    /// What becomes of Exif Orientation: `bake` turns the picture, without loss wherever its edges allow it, `exact` turns it only then and else keeps the tag, `tag` keeps nothing but the tag, `drop` forgets it
    #[arg(long, default_value_t = OrientationPolicy::Bake, value_name = "bake|exact|tag|drop")]
    orientation: OrientationPolicy,
    /// How `bake` encodes what it cannot turn without loss: `source` with the source's quantisation, `high` with half of its steps, closer to the source and in more bytes
    #[arg(long, default_value_t = ReencodeQuality::Source, value_name = "source|high")]
    reencode_quality: ReencodeQuality,
    /// What becomes of a colour profile
    #[arg(long, alias = "icc", default_value_t = IccPolicy::Keep, value_name = "keep|srgb-only|drop")]
    icc_policy: IccPolicy,
    /// Decode every coefficient and write it again, so that nothing of the source's coding remains
    #[arg(long)]
    deep: bool,
    /// Refuse files of more bytes
    #[arg(long, default_value_t = Limits::default().max_bytes)]
    max_bytes: u64,
    /// Refuse pictures of more pixels
    #[arg(long, default_value_t = Limits::default().max_pixels)]
    max_pixels: u64,
    /// Refuse files of more marker segments
    #[arg(long, default_value_t = Limits::default().max_segments)]
    max_segments: u32,
    /// Refuse files of more scans
    #[arg(long, default_value_t = Limits::default().max_scans)]
    max_scans: u32,
    /// Refuse files that ask for more work: blocks of 8 x 8 samples, times the scans that code them
    #[arg(long, default_value_t = Limits::default().max_work)]
    max_work: u64,
    /// Refuse files that need more bytes of memory beside the file and the clean file
    #[arg(long, default_value_t = Limits::default().max_memory)]
    max_memory: u64,
    /// What becomes of arithmetic-coded files, which no browser draws
    #[arg(long, default_value_t = Arithmetic::Accept, value_name = "accept|refuse")]
    arithmetic: Arithmetic,
}

impl StripArgs {
    /// As the library takes them.
    pub fn options(&self) -> Options {
        Options {
            limits: Limits {
                max_bytes: self.max_bytes,
                max_pixels: self.max_pixels,
                max_segments: self.max_segments,
                max_scans: self.max_scans,
                max_work: self.max_work,
                max_memory: self.max_memory,
            },
            check: self.check,
            orientation: self.orientation,
            reencode_quality: self.reencode_quality,
            icc: self.icc_policy,
            deep: self.deep,
            arithmetic: self.arithmetic,
        }
    }
}
