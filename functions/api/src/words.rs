//! Names for machines, and beside each the words for people.

use scrubjay_pipeline::audit::Status;
use serde::Serialize;

/// How a photo stands, as the API tells it: what the catalogue and the audit table say, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Announced; the file has not come.
    Awaited,
    /// The pipeline works on it, or its sizes for the web are being made.
    Processing,
    /// Everybody who may see photos can see it.
    Published,
    /// Published, but withheld until an operator has looked at it.
    Flagged,
    /// Refused for good.
    Rejected,
    /// Something broke; an operator can replay it.
    Failed,
    /// A newer upload of the key came first.
    Superseded,
    /// Taken back.
    Retracted,
}

impl State {
    /// For people.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Awaited => "Waiting for the file",
            Self::Processing => "Being cleaned",
            Self::Published => "Published",
            Self::Flagged => "Waiting for an operator to look at it",
            Self::Rejected => "Refused",
            Self::Failed => "Something went wrong on our side",
            Self::Superseded => "Replaced by a newer upload",
            Self::Retracted => "Deleted",
        }
    }
}

/// A line of a photo's history, for people.
pub const fn event(status: Status) -> &'static str {
    match status {
        Status::Processing => "Cleaning began",
        Status::Cleaned => "Proved clean and published",
        Status::Rejected => "Refused",
        Status::Superseded => "Replaced by a newer upload",
        Status::Failed => "Something went wrong",
        Status::Retracted => "Taken back",
    }
}

/// Why a photo was refused and what its owner can do. For an error that only operators can deal with, it says whom to ask.
pub fn refusal(error: &str) -> (&'static str, &'static str) {
    match error {
        "NotJpeg" => (
            "The file is not a JPEG.",
            "Export the photo as a JPEG and upload that.",
        ),
        "CorruptJpeg" => (
            "The file is damaged or not all there.",
            "Open the original and export it again, then upload that.",
        ),
        "UnsupportedJpeg" => (
            "This is a rare kind of JPEG that is not supported.",
            "Export it again with ordinary JPEG settings.",
        ),
        "TooLarge" => (
            "The photo is over a limit of size.",
            "Export it smaller and upload that.",
        ),
        _ => (
            "The photo could not be taken.",
            "Ask whoever runs this gallery.",
        ),
    }
}

/// What became of Exif Orientation, for people.
pub fn orientation(name: &str) -> &'static str {
    match name {
        "none" => "As it was",
        "baked" => "Turned upright without loss",
        "reencoded" => "Turned upright; its edge was coded again",
        "tagged" => "Marked with the way up",
        "dropped" => "Left as stored",
        _ => "Known to the operators",
    }
}

/// What was kept, for people.
pub fn kept(name: &str) -> &'static str {
    match name {
        "icc" => "Colour profile",
        "adobe" | "adobe-transform" => "Colour transform",
        "density" | "jfif" => "Pixel density",
        "orientation-tag" => "Which way is up",
        _ => "Needed to show the picture",
    }
}

/// Which parts an Exif segment had, if that was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExifParts {
    /// Where the photo was taken.
    pub gps: bool,
    /// The maker's own notes.
    pub maker_note: bool,
    /// A small copy of the picture.
    pub thumbnail: bool,
}

/// What was removed: the groups that a page has icons for, and words. Groups: `place`, `camera`, `time`, `thumbnail`, `edits`,
/// `picture`, `film`, `comment`, `origin`, `other`.
pub fn removed(kind: &str, exif: Option<ExifParts>) -> (Vec<&'static str>, &'static str) {
    let (groups, says): (&[&'static str], _) = match kind {
        "exif" => return self::exif(exif),
        "xmp" | "extended-xmp" => (&["edits"], "Edits, captions and people (XMP)"),
        "iptc" => (&["edits"], "Captions and credits (IPTC)"),
        "photoshop" | "ducky" => (&["edits"], "Traces of Photoshop"),
        "comment" => (&["comment"], "A comment"),
        "jfif-thumbnail" | "jfif-extension" => (&["thumbnail"], "A small copy of the picture"),
        "mpf" => (&["picture"], "A list of further pictures"),
        "gain-map" => (&["picture"], "Brightness data for HDR screens"),
        "trailer-jpeg" => (&["picture"], "A second picture behind the first"),
        "trailer-gain-map" => (&["picture"], "An HDR picture behind the first"),
        "trailer-mp4" => (&["film"], "A film behind the picture"),
        "trailer-zip" => (&["other"], "An archive behind the picture"),
        "trailer-samsung" => (&["camera"], "The phone's own data behind the picture"),
        "trailer-unknown" => (&["other"], "Unknown data behind the picture"),
        "c2pa" => (&["origin"], "A signed record of origin and edits"),
        "jumbf" => (&["other"], "Boxes of further data"),
        "flashpix" => (&["camera"], "The camera's own data (FlashPix)"),
        "icc-text" => (&["other"], "Texts inside the colour profile"),
        "garbage" => (&["other"], "Bytes that belong to nothing"),
        "reserved" => (&["other"], "Data of a reserved kind"),
        "fill" | "stray-marker" | "unused-table" | "ignored-field" | "scan-tail"
        | "padding-bits" | "jfif-tail" | "adobe-tail" | "jfif" | "adobe" | "icc"
        | "orientation-tag" | "boundary" | "line-count" | "restart-interval" => {
            (&["other"], "Bytes that no viewer needs")
        }
        kind if kind.starts_with("app") => (&["other"], "Data of an unknown program"),
        _ => (&["other"], "Further data"),
    };
    (groups.to_vec(), says)
}

fn exif(parts: Option<ExifParts>) -> (Vec<&'static str>, &'static str) {
    let mut groups = vec!["camera", "time"];
    let Some(parts) = parts else {
        return (groups, "Camera, time and whatever else Exif had");
    };
    if parts.gps {
        groups.insert(0, "place");
    }
    if parts.thumbnail {
        groups.push("thumbnail");
    }
    let says = match (parts.gps, parts.thumbnail) {
        (true, true) => "Place, camera, time and a small copy of the picture (Exif)",
        (true, false) => "Place, camera and time (Exif)",
        (false, true) => "Camera, time and a small copy of the picture (Exif)",
        (false, false) => "Camera and time (Exif)",
    };
    (groups, says)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: &[&str] = &[
        "place",
        "camera",
        "time",
        "thumbnail",
        "edits",
        "picture",
        "film",
        "comment",
        "origin",
        "other",
    ];

    #[test]
    fn groups_are_those_that_the_document_lists() {
        for kind in [
            "exif",
            "xmp",
            "comment",
            "trailer-mp4",
            "app7",
            "something-new",
        ] {
            let (groups, says) = removed(kind, None);
            assert!(!groups.is_empty() && !says.is_empty());
            assert!(groups.iter().all(|group| GROUPS.contains(group)), "{kind}");
        }
    }

    #[test]
    fn a_place_is_said_only_when_there_was_one() {
        let with = |gps| {
            removed(
                "exif",
                Some(ExifParts {
                    gps,
                    ..ExifParts::default()
                }),
            )
            .0
        };
        assert!(with(true).contains(&"place"));
        assert!(!with(false).contains(&"place"));
    }
}
