//! The stripper's options on the command line.

use scrubjay_jpeg::{
    Arithmetic, Check, Copyright, IccPolicy, Limits, Options, OrientationPolicy, ReencodeQuality,
};

/// How files are checked and stripped.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "How a file is checked and cleaned")]
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
    /// Refuse files of more bytes (K, M and G are powers of 1024)
    #[arg(long, default_value_t = Limits::default().max_bytes, value_name = "SIZE", value_parser = bytes)]
    max_bytes: u64,
    /// Refuse pictures of more pixels (K, M and G are powers of 1000)
    #[arg(long, default_value_t = Limits::default().max_pixels, value_name = "PIXELS", value_parser = pixels)]
    max_pixels: u64,
    /// Refuse files of more marker segments
    #[arg(long, default_value_t = Limits::default().max_segments)]
    max_segments: u32,
    /// Refuse files of more scans
    #[arg(long, default_value_t = Limits::default().max_scans)]
    max_scans: u32,
    /// Refuse files that ask for more work: blocks of 8 x 8 samples, times the scans that code them (K, M and G are powers of 1000)
    #[arg(long, default_value_t = Limits::default().max_work, value_name = "BLOCKS", value_parser = blocks)]
    max_work: u64,
    /// Refuse files that need more bytes of memory beside the file and the clean file (K, M and G are powers of 1024)
    #[arg(long, default_value_t = Limits::default().max_memory, value_name = "SIZE", value_parser = bytes)]
    max_memory: u64,
    /// What becomes of arithmetic-coded files, which no browser draws
    #[arg(long, default_value_t = Arithmetic::Accept, value_name = "accept|refuse")]
    arithmetic: Arithmetic,
    #[command(flatten)]
    copyright: CopyrightArg,
}

/// What becomes of notices of copyright.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct CopyrightArg {
    /// What becomes of notices of copyright: `keep` keeps Artist and Copyright of Exif, and creator, copyright notice, credit line, usage terms and web statement of IPTC and XMP, each as one line of text
    #[arg(long = "copyright", default_value_t = Copyright::Drop, value_name = "drop|keep")]
    policy: Copyright,
}

impl CopyrightArg {
    /// As the library takes it.
    pub fn policy(self) -> Copyright {
        self.policy
    }
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
            copyright: self.copyright.policy,
        }
    }
}

/// A number of bytes: `67108864`, `64M`, `64MiB`.
///
/// # Errors
/// When it is none.
pub fn bytes(text: &str) -> Result<u64, String> {
    let number = text.strip_suffix(['B', 'b']).unwrap_or(text);
    let number = number.strip_suffix(['i', 'I']).unwrap_or(number);
    scaled(number, 1024).ok_or_else(|| "no size such as 500K, 64M or 67108864".into())
}

/// A number of pixels: `120000000`, `120M`.
fn pixels(text: &str) -> Result<u64, String> {
    scaled(text, 1000).ok_or_else(|| "no number of pixels such as 120M or 120000000".into())
}

/// A number of blocks times scans: `50000000`, `50M`.
fn blocks(text: &str) -> Result<u64, String> {
    scaled(text, 1000).ok_or_else(|| "no number of blocks such as 50M or 50000000".into())
}

fn scaled(text: &str, thousand: u64) -> Option<u64> {
    let power = match text.chars().last()?.to_ascii_uppercase() {
        'K' => 1,
        'M' => 2,
        'G' => 3,
        _ => 0,
    };
    let number = if power == 0 {
        text
    } else {
        &text[..text.len() - 1]
    };
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| digits)?;
    number.checked_mul(thousand.pow(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("0", 0),
            ("67108864", 64 << 20),
            ("64M", 64 << 20),
            ("64m", 64 << 20),
            ("64MiB", 64 << 20),
            ("64MB", 64 << 20),
            ("500K", 500 << 10),
            ("2G", 2 << 30),
        ] {
            assert_eq!(bytes(text), Ok(wanted), "{text}");
        }
        assert_eq!(pixels("120M"), Ok(120_000_000));
        assert_eq!(blocks("50M"), Ok(50_000_000));
        for text in ["", "M", "1.5M", "-1", "+1", "1T", "99999999999G", "1 M"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
