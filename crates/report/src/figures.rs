//! The figures of one day, counted from audit items.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Histogram;

/// What is read of an audit item. Every field but the status may be missing: items of older versions do not have them all.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// `CLEANED`, `REJECTED` and so on.
    pub status: String,
    /// `<bucket>/<key>`.
    #[serde(default)]
    pub object: String,
    /// ARN of the execution that works on it, or did.
    #[serde(default)]
    pub execution: String,
    /// When it got its current status.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// When S3 saw the upload.
    #[serde(default)]
    pub uploaded_at: Option<Timestamp>,
    /// When its first execution began.
    #[serde(default)]
    pub received_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// The source file.
    #[serde(default)]
    pub source: Option<Size>,
    /// What was published.
    #[serde(default)]
    pub output: Option<Size>,
    /// What was found, and removed from what was published.
    #[serde(default)]
    pub removed: Vec<Removed>,
    /// Which sensitive parts the Exif segments had.
    #[serde(default)]
    pub exif: Option<Parts>,
    /// Why not.
    #[serde(default)]
    pub error: Option<Reason>,
}

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Size {
    /// Bytes.
    pub size: u64,
}

/// Metadata of one kind in one file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Removed {
    /// Such as `exif`.
    pub kind: String,
    /// How many segments.
    pub count: u64,
    /// Bytes in all.
    pub bytes: u64,
}

/// Presence of Exif's sensitive parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Parts {
    /// The place where it was taken.
    pub gps: bool,
    /// The camera maker's own block, which often has serial numbers.
    pub maker_note: bool,
    /// A small copy of the picture, often from before it was cropped.
    pub thumbnail: bool,
}

/// Why an upload was not published.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reason {
    /// The error's name.
    pub name: String,
    /// The state that raised it.
    #[serde(default)]
    pub state: String,
}

/// One kind of metadata in what was published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// Uploads that had it.
    pub uploads: u64,
    /// Segments.
    pub count: u64,
    /// Bytes.
    pub bytes: u64,
}

/// How many published photos had Exif's sensitive parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exif {
    /// Photos whose item records this; items of older versions do not.
    pub known: u64,
    /// With the place where they were taken.
    pub gps: u64,
    /// With a maker note.
    pub maker_note: u64,
    /// With a thumbnail.
    pub thumbnail: u64,
}

/// What runs of reconcile found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reconciled {
    /// Runs.
    pub runs: u64,
    /// Uploads and deletes that no event had announced.
    pub lost_events: u64,
    /// Failures recorded and executions started.
    pub recovered: u64,
}

/// The figures of one day, of one week or of any span: they add up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Day {
    /// Uploads that got their current status on this day, by status.
    pub statuses: BTreeMap<String, u64>,
    /// Refused uploads, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Failed uploads, by reason.
    pub failed: BTreeMap<String, u64>,
    /// Photos that were published, also those that were removed again on the same day.
    pub published: u64,
    /// Bytes of their source files.
    pub source_bytes: u64,
    /// Bytes of what was published.
    pub output_bytes: u64,
    /// Bytes of the metadata that was removed from them.
    pub removed_bytes: u64,
    /// Bytes of the files that were refused, as far as known.
    pub refused_bytes: u64,
    /// What was removed from what was published, by kind.
    pub kinds: BTreeMap<String, Kind>,
    /// Exif's sensitive parts in what was published.
    pub exif: Exif,
    /// From upload to publication, in milliseconds.
    pub waits: Histogram,
    /// What runs of reconcile found.
    pub reconcile: Reconciled,
}

impl Day {
    /// Counts an upload, in a span that begins at `from`. The upload got its current status at `from` or later.
    pub fn count(&mut self, row: &Row, from: Timestamp) {
        *self.statuses.entry(row.status.clone()).or_default() += 1;
        if let Some(error) = &row.error {
            match row.status.as_str() {
                "REJECTED" => *self.refused.entry(error.name.clone()).or_default() += 1,
                "FAILED" => *self.failed.entry(error.name.clone()).or_default() += 1,
                _ => {}
            }
        }
        if row.status == "REJECTED" {
            self.refused_bytes += row.source.map_or(0, |source| source.size);
        }
        // A refused file was never published, so its metadata does not count; a retracted one was.
        let (Some(output), true) = (row.output, matches!(&*row.status, "CLEANED" | "RETRACTED"))
        else {
            return;
        };
        // What was removed again was published in this span, or before: that span has counted it.
        if row.status == "RETRACTED" && row.finished_at.is_none_or(|ended| ended < from) {
            return;
        }
        self.published += 1;
        self.output_bytes += output.size;
        self.source_bytes += row.source.map_or(0, |source| source.size);
        for removed in &row.removed {
            self.removed_bytes += removed.bytes;
            let kind = self.kinds.entry(removed.kind.clone()).or_default();
            kind.uploads += 1;
            kind.count += removed.count;
            kind.bytes += removed.bytes;
        }
        if let Some(exif) = row.exif {
            self.exif.known += 1;
            self.exif.gps += u64::from(exif.gps);
            self.exif.maker_note += u64::from(exif.maker_note);
            self.exif.thumbnail += u64::from(exif.thumbnail);
        }
        if let (Some(from), Some(to)) = (row.uploaded_at.or(row.received_at), row.finished_at) {
            let waited = to.as_millisecond() - from.as_millisecond();
            self.waits.count(waited.max(0).cast_unsigned());
        }
    }

    /// Adds another's figures.
    pub fn add(&mut self, other: &Self) {
        for (mine, others) in [
            (&mut self.statuses, &other.statuses),
            (&mut self.refused, &other.refused),
            (&mut self.failed, &other.failed),
        ] {
            for (name, count) in others {
                *mine.entry(name.clone()).or_default() += count;
            }
        }
        self.published += other.published;
        self.source_bytes += other.source_bytes;
        self.output_bytes += other.output_bytes;
        self.removed_bytes += other.removed_bytes;
        self.refused_bytes += other.refused_bytes;
        for (name, kind) in &other.kinds {
            let mine = self.kinds.entry(name.clone()).or_default();
            mine.uploads += kind.uploads;
            mine.count += kind.count;
            mine.bytes += kind.bytes;
        }
        self.exif.known += other.exif.known;
        self.exif.gps += other.exif.gps;
        self.exif.maker_note += other.exif.maker_note;
        self.exif.thumbnail += other.exif.thumbnail;
        self.waits.add(&other.waits);
        self.reconcile.runs += other.reconcile.runs;
        self.reconcile.lost_events += other.reconcile.lost_events;
        self.reconcile.recovered += other.reconcile.recovered;
    }

    /// The sum of several.
    pub fn sum<'a>(days: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for day in days {
            sum.add(day);
        }
        sum
    }

    /// How many uploads have this status.
    pub fn of(&self, status: &str) -> u64 {
        self.statuses.get(status).copied().unwrap_or(0)
    }

    /// Every upload that was counted.
    pub fn uploads(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Refused uploads per thousand of those that were judged; `None` when none was.
    pub fn refused_per_mille(&self) -> Option<u64> {
        let refused = self.of("REJECTED");
        (refused * 1_000).checked_div(refused + self.published)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn start() -> Timestamp {
        "2026-11-24T00:00:00Z".parse().unwrap()
    }

    fn row(more: &serde_json::Value) -> Row {
        let mut item = json!({
            "status": "CLEANED", "object": "a/k", "updatedAt": "2026-11-24T10:00:01.500Z",
            "uploadedAt": "2026-11-24T10:00:00Z", "finishedAt": "2026-11-24T10:00:01.500Z",
            "source": {"size": 100, "width": 1}, "output": {"size": 60, "etag": "e", "sha256": "s"},
            "removed": [{"kind": "exif", "count": 1, "bytes": 40}], "exif": {"gps": true, "thumbnail": true},
        });
        for (name, value) in more.as_object().unwrap() {
            item[name] = value.clone();
        }
        serde_json::from_value(item).unwrap()
    }

    #[test]
    fn a_published_photo_counts_with_what_it_carried() {
        let mut day = Day::default();
        day.count(&row(&json!({})), start());
        assert_eq!((day.published, day.removed_bytes, day.exif.gps), (1, 40, 1));
        assert_eq!(
            (day.exif.known, day.exif.maker_note, day.exif.thumbnail),
            (1, 0, 1)
        );
        assert_eq!(day.waits.len(), 1);
    }

    #[test]
    fn a_refused_one_counts_by_its_reason_and_publishes_nothing() {
        let mut day = Day::default();
        let error = json!({"name": "CorruptJpeg", "message": "x", "state": "Strip"});
        day.count(
            &row(&json!({"status": "REJECTED", "output": null, "error": error})),
            start(),
        );
        assert_eq!(
            (day.published, day.exif.gps, day.refused_bytes),
            (0, 0, 100)
        );
        assert_eq!(day.refused["CorruptJpeg"], 1);
    }

    #[test]
    fn what_was_removed_on_a_later_day_was_published_on_its_own() {
        let mut day = Day::default();
        day.count(
            &row(&json!({"status": "RETRACTED", "updatedAt": "2026-11-26T09:00:00.000Z"})),
            "2026-11-26T00:00:00Z".parse().unwrap(),
        );
        day.count(&row(&json!({"status": "RETRACTED"})), start());
        assert_eq!((day.of("RETRACTED"), day.published), (2, 1));
    }

    #[test]
    fn an_old_item_counts_without_what_it_does_not_say() {
        let mut day = Day::default();
        day.count(
            &serde_json::from_value(json!({"status": "CLEANED", "output": {"size": 1}})).unwrap(),
            start(),
        );
        assert_eq!((day.published, day.exif.known, day.waits.len()), (1, 0, 0));
    }

    #[test]
    fn days_add_up_and_survive_being_stored() {
        let mut days = [Day::default(), Day::default()];
        days[0].count(&row(&json!({})), start());
        days[1].count(
            &row(&json!({"removed": [{"kind": "xmp", "count": 2, "bytes": 9}]})),
            start(),
        );
        let sum = Day::sum(&days);
        assert_eq!(
            (sum.published, sum.removed_bytes, sum.kinds.len()),
            (2, 49, 2)
        );
        let stored = serde_json::to_string(&sum).unwrap();
        assert_eq!(serde_json::from_str::<Day>(&stored).unwrap(), sum);
        // A day that an older version stored lacks the fields that were added later.
        assert_eq!(serde_json::from_str::<Day>("{}").unwrap(), Day::default());
    }
}
