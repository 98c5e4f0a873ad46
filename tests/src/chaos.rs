//! The chaos test: a random history of uploads, overwrites and deletes while faults are injected, and what must be true at rest.
//!
//! One seed decides every random choice. The timing of the machine it runs on adds differences that the seed does not decide.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use fastrand::Rng;
use scrubjay_local::faults::{Action, Match, Rule};
use serde_json::Value;

use crate::{World, clean, unique_sample};

/// Small samples of different kinds, one of which needs its Exif orientation applied.
const SAMPLES: [&str; 4] = [
    "grey.jpe",
    "colour-profile.jpg",
    "holiday/progressive.jpeg",
    "holiday/odd size, upside down.jpg",
];

/// The functions that are killed.
const FUNCTIONS: [&str; 5] = ["validate", "strip", "publish", "retract", "record"];

/// The size of a chaos test.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The seed of all random choices.
    pub seed: u64,
    /// Uploads in all.
    pub uploads: usize,
    /// Keys they go to.
    pub keys: usize,
    /// Share of the events that are lost, from 0 to 1. Reconcile has to find what they would have said.
    pub lose: f64,
}

/// What was done, and how it ended.
#[derive(Debug, Default)]
pub struct Verdict {
    uploads: usize,
    deletes: usize,
    faults: BTreeMap<&'static str, u64>,
    kills: u64,
    found: u64,
    failed: usize,
    ends: BTreeMap<String, usize>,
    /// One sentence for each thing that does not hold.
    pub wrong: Vec<String>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = |of: &mut dyn Iterator<Item = String>| of.collect::<Vec<_>>().join(", ");
        write!(
            f,
            "{}: {} uploads and {} deletes; {}, functions killed {}; reconcile found {}; {} executions failed and were replayed; at rest: {}",
            if self.wrong.is_empty() {
                "holds"
            } else {
                "DOES NOT HOLD"
            },
            self.uploads,
            self.deletes,
            counts(&mut self.faults.iter().map(|(what, n)| format!("{what} {n}"))),
            self.kills,
            self.found,
            self.failed,
            counts(&mut self.ends.iter().map(|(status, n)| format!("{n} {status}"))),
        )
    }
}

/// What one key went through.
#[derive(Default)]
struct History {
    key: String,
    /// Audit entry of each upload.
    uploads: Vec<String>,
    deletes: usize,
    /// What bucket A holds at the end.
    holds: Option<Vec<u8>>,
}

/// Carries out the plan on a stack that has nothing else to do. `replay` repeats the failed executions below a prefix, as an
/// operator does after the repair, and returns their number.
pub async fn run(
    world: &World,
    plan: Plan,
    replay: impl AsyncFnOnce(&World, &str) -> usize,
) -> Verdict {
    let mut rng = Rng::with_seed(plan.seed);
    let prefix = format!("chaos/{:x}", plan.seed);
    let mut verdict = Verdict::default();
    let rules = faults(world, &prefix, plan.lose, &mut rng);
    for (_, rule) in &rules {
        world.stack().faults().order(rule).await.expect("a fault");
    }
    let mut histories = live(world, plan, &prefix, &mut rng, &mut verdict).await;
    for (ordered, (what, _)) in world
        .stack()
        .faults()
        .ordered()
        .await
        .expect("the faults")
        .iter()
        .zip(&rules)
    {
        *verdict.faults.entry(what).or_default() += ordered.hits;
    }
    world
        .stack()
        .faults()
        .clear()
        .await
        .expect("an end of the faults");

    if plan.lose > 0.0 {
        verdict.found = reconcile(world, &prefix).await;
    }
    verdict.failed = replay(world, &prefix).await;
    settled(world).await;
    if plan.lose > 0.0 {
        // A redriven execution may publish a photo although its delete was lost, or be overtaken by an upload whose event arrived.
        verdict.found += reconcile(world, &prefix).await;
    }
    let more = reconcile(world, &prefix).await;
    if more != 0 {
        verdict.wrong.push(format!("reconcile finds {more} more"));
    }
    for history in &mut histories {
        judge(world, history, plan.lose > 0.0, &mut verdict).await;
    }
    verdict
}

/// The rules strike only the functions and the machine: while faults are injected, the test itself does nothing that a rule
/// matches.
fn faults(world: &World, prefix: &str, lose: f64, rng: &mut Rng) -> Vec<(&'static str, Rule)> {
    let names = world.names();
    let at = |bucket: &str| format!("^/{bucket}/");
    let (source, staging, destination) = (
        at(&names.source_bucket),
        at(&names.staging_bucket),
        at(&names.destination_bucket),
    );
    let mut rules = vec![
        // These requests are refused until the faults are cleared, so their executions fail.
        (
            "bucket B shut",
            Match::request("PUT", &format!("{destination}{prefix}/[0-3]\\.")),
            Action::refuse(503, "SlowDown"),
            1.0,
        ),
    ];
    rules.extend(events(lose));
    for path in [&source, &staging, &destination] {
        rules.push((
            "S3 503",
            Match::request("^(GET|HEAD)$", path),
            Action::refuse(503, "SlowDown"),
            0.05,
        ));
        rules.push((
            "S3 slow",
            Match::request("^(GET|HEAD)$", path),
            Action::delay(100..=1_500),
            0.05,
        ));
    }
    for path in [&staging, &destination] {
        rules.push((
            "S3 503",
            Match::request("^(PUT|DELETE)$", path),
            Action::refuse(503, "SlowDown"),
            0.05,
        ));
        rules.push((
            "S3 slow",
            Match::request("^(PUT|DELETE)$", path),
            Action::delay(100..=1_500),
            0.1,
        ));
        rules.push((
            "replies lost",
            Match::request("^(PUT|DELETE)$", path),
            Action::lose_reply(),
            0.05,
        ));
    }
    rules.extend([
        (
            "DynamoDB throttled",
            Match::call("^DynamoDB"),
            Action::refuse(400, "ThrottlingException"),
            0.05,
        ),
        (
            "DynamoDB slow",
            Match::call("^DynamoDB"),
            Action::delay(100..=800),
            0.05,
        ),
        (
            "replies lost",
            Match::call("(Put|Update)Item$"),
            Action::lose_reply(),
            0.05,
        ),
        (
            "claims throttled",
            Match::task("dynamodb:updateItem"),
            Action::fail("DynamoDB.ProvisionedThroughputExceededException"),
            0.1,
        ),
        (
            "Lambda errors",
            Match::task("lambda:invoke"),
            Action::fail("Lambda.ServiceException"),
            0.05,
        ),
    ]);
    rules
        .into_iter()
        .map(|(what, matched, action, p)| {
            (
                what,
                Rule::new(matched, action).probability(p).seed(rng.u64(..)),
            )
        })
        .collect()
}

fn events(lose: f64) -> [(&'static str, Match, Action, f64); 2] {
    [
        (
            "events doubled, late, out of order",
            Match::events("^Object "),
            Action::events(0.3, lose).delayed(0..=3_000),
            1.0,
        ),
        (
            "ends doubled",
            Match::events("Execution Status Change"),
            Action::events(0.3, lose),
            1.0,
        ),
    ]
}

/// Uploads and deletes, each key in its own order, while functions are killed; ends when nothing is under way.
async fn live(
    world: &World,
    plan: Plan,
    prefix: &str,
    rng: &mut Rng,
    verdict: &mut Verdict,
) -> Vec<History> {
    let mut kill = rng.fork();
    let keys = (0..plan.keys).map(|n| {
        let share = plan.uploads / plan.keys + usize::from(n < plan.uploads % plan.keys);
        live_one(world, format!("{prefix}/{n}.jpg"), share, rng.fork())
    });
    let mut kills = 0;
    let killing = async {
        loop {
            tokio::time::sleep(Duration::from_millis(kill.u64(200..1_500))).await;
            let function = kill.choice(FUNCTIONS).expect("one of five");
            let name = format!("scrubjay-{}-{function}", world.names().stack);
            kills += world
                .stack()
                .faults()
                .kill(&name, true, 1)
                .await
                .expect("a kill");
        }
    };
    let living = async {
        let histories = futures::future::join_all(keys).await;
        settled(world).await;
        histories
    };
    let histories = tokio::select! {
        histories = living => histories,
        () = killing => unreachable!("it does not end"),
    };
    verdict.kills = kills;
    verdict.uploads = histories.iter().map(|h| h.uploads.len()).sum();
    verdict.deletes = histories.iter().map(|h| h.deletes).sum();
    histories
}

/// The history of one key: new photos, the same photo again, earlier photos again, files that are no photo, deletes and undeletes.
async fn live_one(world: &World, key: String, uploads: usize, mut rng: Rng) -> History {
    let mut history = History {
        key,
        ..History::default()
    };
    let mut photos: Vec<Vec<u8>> = Vec::new();
    while history.uploads.len() < uploads {
        // The next change comes either before the machine can follow, or after it is done.
        let pause = if rng.u8(0..100) < 40 {
            rng.u64(0..300)
        } else {
            rng.u64(3_000..15_000)
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let chance = rng.u8(0..100);
        if chance < 20 && history.holds.is_some() {
            delete(world, &mut history, chance < 5).await;
            continue;
        }
        let data = match chance {
            20..30 => format!("no photo {}", rng.u64(..)).into_bytes(),
            30..50 if !photos.is_empty() => rng.choice(&photos).expect("there is one").clone(),
            _ => unique_sample(
                rng.choice(SAMPLES).expect("there are some"),
                &rng.u64(..).to_string(),
            ),
        };
        let put = world
            .stack()
            .s3()
            .put_object()
            .bucket(&world.names().source_bucket)
            .key(&history.key);
        let answer = put
            .body(ByteStream::from(data.clone()))
            .send()
            .await
            .expect("an upload");
        let etag = answer
            .e_tag()
            .expect("an ETag")
            .trim_matches('"')
            .to_owned();
        let version = answer.version_id().expect("a versioned bucket");
        history.uploads.push(format!("upload#{etag}#{version}"));
        photos.push(data.clone());
        history.holds = Some(data);
    }
    history
}

/// Deletes the object. If `undone`, it then deletes the delete marker too, for which S3 sends one more *Object Deleted* and no
/// *Object Created*.
async fn delete(world: &World, history: &mut History, undone: bool) {
    let bucket = &world.names().source_bucket;
    let delete = || {
        world
            .stack()
            .s3()
            .delete_object()
            .bucket(bucket)
            .key(&history.key)
    };
    let marker = delete().send().await.expect("a delete");
    if undone {
        let marker = marker.version_id().expect("a delete marker").to_owned();
        delete()
            .version_id(marker)
            .send()
            .await
            .expect("an undelete");
    } else {
        history.holds = None;
    }
    history.deletes += 1;
}

/// Waits until nothing has been under way for longer than an event takes to its rule.
async fn settled(world: &World) {
    let mut quiet = 0;
    while quiet < 4 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let activity = world
            .stack()
            .faults()
            .activity()
            .await
            .expect("the activity");
        quiet = if activity.is_quiet() { quiet + 1 } else { 0 };
    }
}

/// Runs reconcile until what it started has ended. Returns how much it found.
async fn reconcile(world: &World, prefix: &str) -> u64 {
    let report = world.reconcile(prefix).await;
    println!("reconcile: {report}");
    settled(world).await;
    let count = |found| report[found].as_u64().unwrap_or_default();
    ["longProcessing", "unseen", "orphans"]
        .map(count)
        .iter()
        .sum()
}

/// Checks what must hold for a key when nothing is under way.
async fn judge(world: &World, history: &History, lossy: bool, verdict: &mut Verdict) {
    let key = &history.key;
    let wanted = history
        .holds
        .as_ref()
        .filter(|data| data.starts_with(&[0xFF, 0xD8]))
        .map(|data| clean(data));
    let shown = world.published(key).await.map(|published| published.bytes);
    if shown != wanted {
        verdict.wrong.push(format!(
            "{key}: bucket B holds {:?} bytes where {:?} are wanted",
            shown.map(|b| b.len()),
            wanted.map(|b| b.len()),
        ));
    }
    let items: BTreeMap<String, Value> = world
        .items(key)
        .await
        .into_iter()
        .map(|item| (item["entry"].as_str().unwrap_or_default().to_owned(), item))
        .collect();
    for entry in &history.uploads {
        let status = items
            .get(entry)
            .and_then(|item| item["status"].as_str())
            .unwrap_or("NOTHING");
        *verdict.ends.entry(status.to_owned()).or_default() += 1;
        // An upload whose event was lost and that was then overwritten leaves no item.
        let never_announced = lossy && status == "NOTHING";
        if !never_announced && !["CLEANED", "REJECTED", "SUPERSEDED", "RETRACTED"].contains(&status)
        {
            verdict
                .wrong
                .push(format!("{key}: {entry} stands at {status}"));
        }
    }
}
