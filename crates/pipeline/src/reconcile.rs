//! Finds uploads and deletes whose event never arrived, by comparing bucket A, bucket B and the audit table. Pure code; the
//! Lambda `reconcile` carries it out.
//!
//! EventBridge delivers S3's events at least once, and Step Functions' status changes on a best-effort basis. Events are still
//! lost when a rule is disabled, an event bus policy refuses them, or a queue overflows. Order does not depend on this module:
//! an upload that it starts has no sequencer, so a source check orders it ([`crate::fence`]), whatever else is under way. A
//! false alarm costs one execution.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::audit::Status;
use crate::fence::FenceState;
use crate::upload::hex;

/// An object as a bucket lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its ETag, without quotes.
    pub etag: String,
    /// When it was written, to the second.
    pub modified: Timestamp,
}

/// A part of a bucket's listing, in the order of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Listed>,
    /// Whether the bucket has more objects after the last one.
    pub more: bool,
}

/// One key, in both buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// What bucket A holds.
    pub source: Option<Listed>,
    /// What bucket B holds.
    pub destination: Option<Listed>,
}

/// Pairs two listings that begin after the same key. Also returns the last key that both listings reach, after which the next
/// pages begin, or `None` if both are at their end.
pub fn pair(source: Page, destination: Page) -> (Vec<Pair>, Option<String>) {
    let reach = |page: &Page| {
        page.objects
            .last()
            .filter(|_| page.more)
            .map(|o| o.key.clone())
    };
    let horizon = match (reach(&source), reach(&destination)) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let near = |o: &Listed| horizon.as_ref().is_none_or(|h| o.key <= *h);
    let mut a = source.objects.into_iter().filter(near).peekable();
    let mut b = destination.objects.into_iter().filter(near).peekable();
    let mut pairs = Vec::new();
    loop {
        let order = match (a.peek(), b.peek()) {
            (Some(a), Some(b)) => a.key.cmp(&b.key),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        let source = if order.is_le() { a.next() } else { None };
        let destination = if order.is_ge() { b.next() } else { None };
        let key = source.as_ref().or(destination.as_ref());
        pairs.push(Pair {
            key: key.map(|o| o.key.clone()).unwrap_or_default(),
            source,
            destination,
        });
    }
    (pairs, horizon)
}

/// A value for `StartAfter` with which a listing begins at `key`. S3 lists the keys after a given one, but cannot begin at a
/// given one (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>). So this text sorts before `key`, and
/// after nearly all keys that sort before `key`.
pub fn just_before(key: &str) -> String {
    let mut text = key.to_owned();
    let Some(last) = text.pop() else {
        return text;
    };
    // If the key's last character is the first of all characters (U+0000), the key without it is already the predecessor.
    let before = (0..u32::from(last)).rev().find_map(char::from_u32);
    if let Some(before) = before {
        text.push(before);
        text.push('~');
    }
    // A key has at most 1,024 bytes, and so must the value of `StartAfter`.
    while text.len() > 1_024 {
        text.pop();
    }
    text
}

/// A key as S3 Inventory and listings with `encoding-type=url` write it: the encoding of HTML forms, in which a space is
/// written `+` and a plus `%2B` (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html>). None when it
/// is not UTF-8.
pub fn decoded(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// The fence of an object, and when it last changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredFence {
    /// `<bucket>/<key>`.
    pub object: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The fence.
    #[serde(flatten)]
    pub fence: FenceState,
}

/// The result of comparing one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// Bucket B is what bucket A says, or the key changed too recently to tell.
    Settled,
    /// Bucket B does not show the object of bucket A. An audit item may explain why.
    Unexplained(Listed),
    /// Bucket A holds nothing, and bucket B shows what was published from there.
    Orphan,
}

/// Compares one key. What changed at `before` or later counts as settled: its event may still be on the way.
pub fn compare(pair: &Pair, stored: Option<&StoredFence>, before: Timestamp) -> Comparison {
    let Some(source) = &pair.source else {
        // Without a fence, the object was not published from this bucket A, so scrubjay must not remove it.
        return match stored {
            Some(s) if s.updated_at < before && pair.destination.is_some() => Comparison::Orphan,
            _ => Comparison::Settled,
        };
    };
    if source.modified >= before {
        return Comparison::Settled;
    }
    // A fence older than the object is that of an earlier upload of the same bytes.
    let admitted =
        stored.filter(|s| s.fence.shows(&source.etag) && s.updated_at >= source.modified);
    let shown = pair.destination.as_ref().map(|d| &d.etag);
    match admitted {
        Some(s)
            if s.updated_at >= before || shown.is_some() && shown == s.fence.output.as_ref() =>
        {
            Comparison::Settled
        }
        _ => Comparison::Unexplained(source.clone()),
    }
}

/// What the audit table says of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownUpload {
    /// Sort key.
    pub entry: String,
    /// Its status.
    pub status: Status,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Its version.
    #[serde(default)]
    pub version_id: Option<String>,
    /// The execution that works on it, or did.
    #[serde(default)]
    pub execution: String,
}

/// What a rejected upload does to an older clean photo of its key: parameter `OnRejected`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRejected {
    /// The photo is removed from bucket B.
    Withdraw,
    /// The photo stays.
    Keep,
}

impl std::str::FromStr for OnRejected {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "withdraw" => Ok(Self::Withdraw),
            "keep" => Ok(Self::Keep),
            _ => Err(()),
        }
    }
}

/// How long PROCESSING explains that bucket B does not show an upload. An execution times out after an hour, and a redrive
/// gives it another hour.
const PROCESSING_EXPLAINS: SignedDuration = SignedDuration::from_hours(2);

/// What else decides whether an audit item explains a difference.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// Bucket B holds something under the key.
    pub shown: bool,
    /// When the key's fence last changed.
    pub fenced_at: Option<Timestamp>,
    /// The policy for rejected uploads.
    pub on_rejected: OnRejected,
    /// Now.
    pub now: Timestamp,
}

/// Why bucket B does not show an object of bucket A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation<'a> {
    /// An execution works on it, an operator is to replay it, or it was rejected: there is nothing to start.
    Known,
    /// An item says PROCESSING for too long: it must be resolved.
    Stuck(&'a KnownUpload),
    /// Nothing explains it: its event was lost.
    Lost,
}

/// Whether the uploads that are known with an object's ETag explain why bucket B does not show it. The newest item decides; one
/// that is older than the object is about an earlier upload of the same bytes, and SUPERSEDED says nothing about what bucket B
/// must show.
///
/// FAILED explains the difference only if it was recorded after the fence's last act. Otherwise that act was newer than the
/// upload, and has been undone since. REJECTED explains an empty bucket B. Under [`OnRejected::Withdraw`] it never explains a
/// photo in bucket B, and under [`OnRejected::Keep`] only one that was published before.
pub fn explain<'a>(
    object: &Listed,
    known: &'a [KnownUpload],
    situation: &Situation,
) -> Explanation<'a> {
    let newest = known
        .iter()
        .filter(|k| k.updated_at >= object.modified && k.status != Status::Superseded)
        .max_by_key(|k| k.updated_at);
    let Some(newest) = newest else {
        return Explanation::Lost;
    };
    let after_fence = situation
        .fenced_at
        .is_none_or(|fenced| newest.updated_at >= fenced);
    let explains = match newest.status {
        Status::Processing => {
            if situation.now.duration_since(newest.updated_at) >= PROCESSING_EXPLAINS {
                return Explanation::Stuck(newest);
            }
            true
        }
        Status::Failed => after_fence,
        Status::Rejected => {
            !situation.shown || situation.on_rejected == OnRejected::Keep && after_fence
        }
        Status::Cleaned | Status::Superseded | Status::Retracted => false,
    };
    if explains {
        Explanation::Known
    } else {
        Explanation::Lost
    }
}

/// An item that says PROCESSING. Most fields have defaults, so that an item without a field that every claim writes does not
/// prevent the other items from being read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StuckItem {
    /// `<bucket>/<key>`.
    pub object: String,
    /// Sort key.
    pub entry: String,
    /// Its ETag.
    #[serde(default)]
    pub etag: String,
    /// Its version.
    #[serde(default)]
    pub version_id: Option<String>,
    /// The execution that works on it, according to the item.
    #[serde(default)]
    pub execution: String,
    /// When it was last touched, as the table has it.
    #[serde(default)]
    pub updated_at: String,
}

impl StuckItem {
    /// Made from an object's known upload, whose item says PROCESSING.
    pub fn of(object: &str, etag: &str, known: &KnownUpload) -> Self {
        Self {
            object: object.to_owned(),
            entry: known.entry.clone(),
            etag: etag.to_owned(),
            version_id: known.version_id.clone(),
            execution: known.execution.clone(),
            updated_at: known.updated_at.to_string(),
        }
    }

    /// Bucket and key. Bucket names have no slash.
    pub fn bucket_and_key(&self) -> (&str, &str) {
        self.object.split_once('/').unwrap_or_default()
    }
}

/// An *Object Created* event for an upload whose own event was lost. It has no sequencer. It has no time either, so that the
/// time that the upload has waited does not count as the pipeline's duration.
pub fn created(bucket: &str, key: &str, etag: &str, version_id: Option<&str>) -> Value {
    let mut object = json!({"key": key, "etag": etag});
    if let Some(version) = version_id {
        object["version-id"] = version.into();
    }
    event("Object Created", bucket, &object)
}

/// An *Object Deleted* event for a delete whose own event was lost.
pub fn deleted(bucket: &str, key: &str) -> Value {
    event("Object Deleted", bucket, &json!({"key": key}))
}

fn event(detail_type: &str, bucket: &str, object: &Value) -> Value {
    json!({
        "source": "scrubjay",
        "detail-type": detail_type,
        "detail": {"bucket": {"name": bucket}, "object": object, "reason": "Reconcile"},
    })
}

/// What a backfill has counted so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackfillCounts {
    /// Keys that were compared.
    pub compared: u64,
    /// Photos of bucket A that bucket B does not show, although no audit item explains why.
    pub unseen: u64,
    /// Photos of bucket B that bucket A no longer has.
    pub orphans: u64,
    /// Those orphans that were left alone, since a lifecycle rule of bucket A may have removed the original.
    pub kept: u64,
    /// Keys that the listing or the inventory named, but that neither bucket holds any more.
    pub gone: u64,
    /// Executions that were started.
    pub started: u64,
}

/// The hour of a time, as a part of an execution's name. It keeps the runs of reconcile in one hour from starting the same
/// execution twice, and allows a run of a later hour to start it again: the first execution may have failed or changed nothing,
/// and Step Functions refuses a used name for 90 days.
pub fn hour(now: Timestamp) -> String {
    now.as_second().div_euclid(3_600).to_string()
}

/// A name for an execution that is to be started once for what `about` describes. Step Functions refuses a name that was used
/// before.
pub fn execution_name(about: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in about {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    format!("reconcile-{}", hex(&digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn listed(key: &str, etag: &str, second: i64) -> Listed {
        Listed {
            key: key.into(),
            etag: etag.into(),
            modified: at(second),
        }
    }

    fn page(keys: &[&str], more: bool) -> Page {
        Page {
            objects: keys.iter().map(|key| listed(key, "e", 0)).collect(),
            more,
        }
    }

    fn paired(a: Page, b: Page) -> (Vec<String>, Option<String>) {
        let (pairs, horizon) = pair(a, b);
        let side = |o: &Option<Listed>, letter| o.as_ref().map_or("", |_| letter);
        let text = pairs.iter().map(|p| {
            format!(
                "{}:{}{}",
                p.key,
                side(&p.source, "a"),
                side(&p.destination, "b")
            )
        });
        (text.collect(), horizon)
    }

    #[test]
    fn listings_are_paired_as_far_as_both_reach() {
        let rows = [
            (
                page(&["1", "2"], false),
                page(&["2", "3"], false),
                "1:a 2:ab 3:b",
                None,
            ),
            (
                page(&["1", "2"], true),
                page(&["1", "2", "3"], false),
                "1:ab 2:ab",
                Some("2"),
            ),
            (
                page(&["1", "4"], true),
                page(&["2", "3"], true),
                "1:a 2:b 3:b",
                Some("3"),
            ),
            (
                page(&["4"], false),
                page(&["2", "3"], true),
                "2:b 3:b",
                Some("3"),
            ),
            (page(&[], false), page(&[], false), "", None),
        ];
        for (a, b, wanted, reach) in rows {
            let (pairs, horizon) = paired(a, b);
            assert_eq!(
                (pairs.join(" ").as_str(), horizon.as_deref()),
                (wanted, reach)
            );
        }
    }

    #[test]
    fn every_key_is_paired_once_however_the_listings_are_cut() {
        let a: Vec<&str> = vec!["a", "b", "d", "é", "é/x", "\u{fffd}", "😀"];
        let b: Vec<&str> = vec!["b", "c", "d", "z", "é/x", "😀", "😀😀"];
        let cut = |keys: &[&str], after: &str, most: usize| {
            let behind: Vec<&str> = keys.iter().copied().filter(|k| *k > after).collect();
            page(&behind[..most.min(behind.len())], behind.len() > most)
        };
        for (most_a, most_b) in [(1, 1), (1, 3), (2, 5), (7, 1), (9, 9)] {
            let (mut seen, mut after) = (Vec::new(), String::new());
            loop {
                let (pairs, next) = pair(cut(&a, &after, most_a), cut(&b, &after, most_b));
                seen.extend(pairs.into_iter().map(|p| p.key));
                let Some(next) = next else { break };
                after = next;
            }
            let mut wanted: Vec<&str> = a.iter().chain(&b).copied().collect();
            wanted.sort_unstable();
            wanted.dedup();
            assert_eq!(seen, wanted, "{most_a} {most_b}");
        }
    }

    fn standing(etag: &str, output: Option<&str>, deleted: bool, second: i64) -> StoredFence {
        StoredFence {
            object: "a/k".into(),
            updated_at: at(second),
            fence: FenceState {
                rev: 1,
                deleted,
                upload: Some(format!("upload#{etag}#v")),
                output: output.map(Into::into),
                ..FenceState::default()
            },
        }
    }

    #[test]
    fn comparing_a_key_finds_lost_events() {
        let now = 100;
        let a = |etag, second| Some(listed("k", etag, second));
        let unexplained = |second| Comparison::Unexplained(listed("k", "e", second));
        let shown = || Some(standing("e", Some("o"), false, 20));
        let rows = [
            (
                "shown",
                a("e", 10),
                a("o", 20),
                shown(),
                Comparison::Settled,
            ),
            ("just written", a("e", 100), None, None, Comparison::Settled),
            ("never seen", a("e", 10), None, None, unexplained(10)),
            (
                "overwritten, unseen",
                a("e", 10),
                a("o", 9),
                Some(standing("f", Some("o"), false, 9)),
                unexplained(10),
            ),
            (
                "the same bytes again, unseen",
                a("e", 30),
                a("o", 20),
                shown(),
                unexplained(30),
            ),
            (
                "undeleted, unseen",
                a("e", 10),
                None,
                Some(standing("e", None, true, 20)),
                unexplained(10),
            ),
            ("taken out of B", a("e", 10), None, shown(), unexplained(10)),
            (
                "changed in B",
                a("e", 10),
                a("x", 20),
                shown(),
                unexplained(10),
            ),
            (
                "being put",
                a("e", 10),
                None,
                Some(standing("e", None, false, 100)),
                Comparison::Settled,
            ),
            (
                "put given up",
                a("e", 10),
                None,
                Some(standing("e", None, false, 20)),
                unexplained(10),
            ),
            (
                "deleted, unseen",
                None,
                a("o", 20),
                shown(),
                Comparison::Orphan,
            ),
            (
                "being deleted",
                None,
                a("o", 20),
                Some(standing("e", None, true, 100)),
                Comparison::Settled,
            ),
            (
                "deleted, still in B",
                None,
                a("o", 20),
                Some(standing("e", None, true, 20)),
                Comparison::Orphan,
            ),
            (
                "not from this bucket A",
                None,
                a("o", 20),
                None,
                Comparison::Settled,
            ),
        ];
        for (name, source, destination, standing, wanted) in rows {
            let pair = Pair {
                key: "k".into(),
                source,
                destination,
            };
            assert_eq!(compare(&pair, standing.as_ref(), at(now)), wanted, "{name}");
        }
    }

    const HOUR: i64 = 3_600;

    /// Explains an object that was written at 10 s, by items of these statuses and times.
    fn explained(
        known: &[(Status, i64)],
        shown: bool,
        fenced_at: Option<i64>,
        on_rejected: OnRejected,
    ) -> String {
        let known: Vec<KnownUpload> = known
            .iter()
            .map(|&(status, second)| KnownUpload {
                entry: "upload#e".into(),
                status,
                updated_at: at(second),
                version_id: None,
                execution: "x".into(),
            })
            .collect();
        let situation = Situation {
            shown,
            fenced_at: fenced_at.map(at),
            on_rejected,
            now: at(10 + HOUR),
        };
        match explain(&listed("k", "e", 10), &known, &situation) {
            Explanation::Known => "known",
            Explanation::Stuck(_) => "stuck",
            Explanation::Lost => "lost",
        }
        .to_owned()
    }

    #[test]
    fn the_newest_item_that_is_about_the_object_explains() {
        let simple = |known: &[_]| explained(known, false, None, OnRejected::Withdraw);
        for status in Status::ALL {
            let explains = matches!(
                status,
                Status::Processing | Status::Failed | Status::Rejected
            );
            let wanted = if explains { "known" } else { "lost" };
            assert_eq!(simple(&[(status, 10)]), wanted, "{status}");
            assert_eq!(simple(&[(status, 9)]), "lost", "{status}");
        }
        let rejected_then_shown = [(Status::Rejected, 11), (Status::Cleaned, 12)];
        assert_eq!(simple(&rejected_then_shown), "lost");
        let rejected_then_superseded = [(Status::Rejected, 11), (Status::Superseded, 12)];
        assert_eq!(simple(&rejected_then_superseded), "known");
        assert_eq!(simple(&[]), "lost");
    }

    #[test]
    fn an_item_does_not_explain_a_photo_that_was_published_later() {
        use OnRejected::{Keep, Withdraw};
        let rows = [
            // Status, B shows a photo, the fence's last act, policy, wanted.
            (Status::Rejected, false, Some(30), Withdraw, "known"),
            (Status::Rejected, true, Some(10), Withdraw, "lost"),
            (Status::Rejected, true, Some(30), Withdraw, "lost"),
            (Status::Rejected, true, Some(10), Keep, "known"),
            (Status::Rejected, true, Some(30), Keep, "lost"),
            (Status::Failed, false, Some(30), Withdraw, "lost"),
            (Status::Failed, true, Some(10), Withdraw, "known"),
            (Status::Failed, true, Some(30), Withdraw, "lost"),
            (Status::Processing, true, Some(30), Withdraw, "known"),
        ];
        for (status, shown, fenced_at, policy, wanted) in rows {
            let found = explained(&[(status, 20)], shown, fenced_at, policy);
            assert_eq!(found, wanted, "{status} {shown} {fenced_at:?} {policy:?}");
        }
    }

    #[test]
    fn processing_explains_for_two_hours() {
        let object = listed("k", "e", 10);
        let known = [KnownUpload {
            entry: "upload#e".into(),
            status: Status::Processing,
            updated_at: at(20),
            version_id: Some("v".into()),
            execution: "x".into(),
        }];
        let after = |hours: i64| Situation {
            shown: false,
            fenced_at: None,
            on_rejected: OnRejected::Withdraw,
            now: at(20 + hours * HOUR),
        };
        assert_eq!(explain(&object, &known, &after(1)), Explanation::Known);
        assert_eq!(
            explain(&object, &known, &after(2)),
            Explanation::Stuck(&known[0])
        );
    }

    #[test]
    fn a_listing_begins_at_a_key() {
        for key in ["a", "p/1.jpg", "é", "x\u{0}", "\u{e000}", "a/", "😀"] {
            let before = just_before(key);
            assert!(before.as_str() < key, "{before:?} {key:?}");
            // What is nearly the key, and before it, stays out.
            let (head, last) = key.split_at(key.len() - key.chars().last().unwrap().len_utf8());
            if last > "1" {
                assert!(format!("{head}0.jpg") < before, "{before:?} {key:?}");
            }
        }
        assert_eq!(just_before(""), "");
        assert!(just_before(&"k".repeat(1_024)).len() <= 1_024);
        assert!(just_before(&"k".repeat(1_024)) < "k".repeat(1_024));
    }

    #[test]
    fn keys_come_back_as_they_are() {
        assert_eq!(
            decoded("a+b%2Bc%20%C3%A9%01/%25.jpg").as_deref(),
            Some("a b+c é\u{1}/%.jpg")
        );
        assert_eq!(decoded("%FF"), None);
    }

    #[test]
    fn the_hour_is_part_of_a_name() {
        assert_eq!(hour(at(2 * HOUR)), hour(at(3 * HOUR - 1)));
        assert_ne!(hour(at(2 * HOUR)), hour(at(3 * HOUR)));
    }

    #[test]
    fn a_name_fits_and_tells_its_parts_apart() {
        let name = execution_name(&["a", "bc"]);
        assert!(name.len() <= 80 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        assert_eq!(name, execution_name(&["a", "bc"]));
        assert_ne!(name, execution_name(&["ab", "c"]));
    }

    #[test]
    fn what_is_started_reads_as_an_event() {
        let event = created("b", "k/é", "e", Some("v"));
        let upload = crate::upload::Upload::from_event(&event, "x").unwrap();
        assert_eq!(
            (upload.entry().as_str(), upload.object().as_str()),
            ("upload#e#v", "b/k/é")
        );
        assert!(upload.sequencer.is_none() && upload.event_time.is_none());
        assert_eq!(deleted("b", "k")["detail"]["object"], json!({"key": "k"}));
    }
}
