//! `scrubjay audit`: each question, a page of one item at a time.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use scrubjay_tests::{World, on_stack, unique_sample};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::command::{Answer, against, scrubjay};
use super::harness::{alone, failed};

/// Uploads to ask about. Their prefix is no other test's.
#[derive(Debug)]
pub struct Uploads {
    /// Under two keys.
    pub twin: String,
    pub other_twin: String,
    pub refused: String,
    pub failed: String,
    /// Replaced by [`Uploads::newer`].
    pub older: String,
    pub newer: String,
}

static UPLOADS: LazyLock<OnceCell<Uploads>> = LazyLock::new(OnceCell::new);

pub async fn uploads(world: &World) -> &'static Uploads {
    UPLOADS.get_or_init(async || upload(world).await).await
}

async fn upload(world: &World) -> Uploads {
    let _alone = alone().await;
    let twin_data = unique_sample("beach.jpg", "twins");
    let twin = world.put("audit/twin 1.jpg", &twin_data).await;
    let other_twin = world.put("audit/twin, \"2\".jpg", &twin_data).await;
    let refused = world.put("audit/refused.jpg", b"no picture").await;
    let older = world
        .put("audit/changed.jpg", &unique_sample("beach.jpg", "older"))
        .await;
    world.ended("audit/changed.jpg", &older, "CLEANED").await;
    let newer = world
        .put("audit/changed.jpg", &unique_sample("beach.jpg", "newer"))
        .await;
    for (key, etag, status) in [
        ("audit/twin 1.jpg", &twin, "CLEANED"),
        ("audit/twin, \"2\".jpg", &other_twin, "CLEANED"),
        ("audit/refused.jpg", &refused, "REJECTED"),
        ("audit/changed.jpg", &newer, "CLEANED"),
    ] {
        world.ended(key, etag, status).await;
    }
    let (_, item) = failed(world, &["audit/failed.jpg"]).await.remove(0);
    Uploads {
        twin,
        other_twin,
        refused,
        failed: item["etag"].as_str().unwrap().to_owned(),
        older,
        newer,
    }
}

fn audit(world: &World, args: &[&str]) -> Answer {
    let answer = scrubjay(world, &[&["audit"], args, &["--page-size=1"]].concat());
    assert_eq!(answer.code, Some(0), "{args:?}: {answer:?}");
    answer
}

fn keys(items: &Value) -> Vec<&str> {
    let keys = items.as_array().unwrap().iter().map(|item| {
        let (_, key) = item["object"].as_str().unwrap().split_once('/').unwrap();
        key
    });
    keys.collect()
}

#[test]
fn show_has_the_whole_history_newest_first() {
    on_stack(async |world| {
        let uploads = uploads(world).await;
        let report = audit(world, &["show", "audit/changed.jpg", "--json"]).json();
        let etags: Vec<&Value> = report["uploads"]
            .as_array()
            .unwrap()
            .iter()
            .map(|u| &u["etag"])
            .collect();
        assert_eq!(etags, [&uploads.newer, &uploads.older]);
        let history: Vec<&str> = report["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["status"].as_str().unwrap())
            .collect();
        assert_eq!(history, ["CLEANED", "PROCESSING", "CLEANED", "PROCESSING"]);
        assert_eq!(report["head"]["upload"], report["uploads"][0]["entry"]);
        // Everything that the table has.
        let items = world.items("audit/changed.jpg").await;
        for upload in report["uploads"].as_array().unwrap() {
            let mut item = items
                .iter()
                .find(|item| item["entry"] == upload["entry"])
                .unwrap()
                .clone();
            let fields = item.as_object_mut().unwrap();
            fields.remove("statusDay");
            // An empty list says no more than none.
            fields.retain(|_, value| *value != json!([]));
            for time in ["uploadedAt", "receivedAt", "updatedAt", "finishedAt"] {
                assert_eq!(instant(&item[time]), instant(&upload[time]), "{time}");
                item[time] = upload[time].clone();
            }
            assert_eq!(&item, upload);
        }
        let text = audit(world, &["show", "audit/changed.jpg"]).out;
        assert!(
            text.contains("removed") && text.contains("comment"),
            "{text}"
        );
        let unknown = scrubjay(world, &["audit", "show", "audit/unknown.jpg"]);
        assert_eq!(unknown.code, Some(1), "{unknown:?}");
    });
}

fn instant(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn list_filters_by_status_time_and_prefix() {
    on_stack(async |world| {
        uploads(world).await;
        let list = |args: &[&str]| {
            let answer = audit(
                world,
                &[&["list", "--json", "--prefix", "audit/"], args].concat(),
            );
            answer.json()
        };
        let all = list(&[]);
        assert_eq!(all["items"].as_array().unwrap().len(), 6, "{all}");
        let times: Vec<jiff::Timestamp> = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| instant(&item["updatedAt"]))
            .collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
        assert_eq!(
            keys(&list(&["--status", "failed"])["items"]),
            ["audit/failed.jpg"]
        );
        let two: BTreeSet<String> =
            keys(&list(&["--status", "FAILED", "--status", "REJECTED"])["items"])
                .into_iter()
                .map(ToOwned::to_owned)
                .collect();
        assert_eq!(
            two.into_iter().collect::<Vec<_>>(),
            ["audit/failed.jpg", "audit/refused.jpg"]
        );
        let twins = audit(world, &["list", "--json", "--prefix", "audit/twin"]).json();
        assert_eq!(keys(&twins["items"]).len(), 2);
        // From one item's time to another's, both included.
        let (from, to) = (times[3].to_string(), times[1].to_string());
        let between = list(&["--since", &from, "--until", &to]);
        assert_eq!(
            between["items"].as_array().unwrap()[..],
            all["items"].as_array().unwrap()[1..=3]
        );
        let cut = list(&["--limit", "2"]);
        assert_eq!(
            (cut["items"].as_array().unwrap().len(), &cut["more"]),
            (2, &json!(true))
        );
        assert_eq!(
            list(&["--until", "2020-01-01", "--since", "2019-12-30"])["items"],
            json!([])
        );
        // By what was found, and by whom it came from.
        assert_eq!(
            keys(&list(&["--kind", "exif.gps"])["items"]).len(),
            4,
            "what was refused or failed has none"
        );
        assert_eq!(list(&["--kind", "exif.makerNote"])["items"], json!([]));
        let requester = all["items"][0]["requester"].as_str().unwrap();
        assert_eq!(list(&["--uploaded-by", requester])["items"], all["items"]);
        assert_eq!(list(&["--uploaded-by", "nobody"])["items"], json!([]));
        let sizes: Vec<u64> = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["size"].as_u64().unwrap())
            .collect();
        assert!(sizes.contains(&("no picture".len() as u64)), "{sizes:?}");
        let text = audit(world, &["list", "--prefix", "audit/"]).out;
        assert!(
            text.contains("6 uploads") && text.contains("Defect in Publish"),
            "{text}"
        );
    });
}

#[test]
fn duplicates_are_found_by_key_by_content_and_by_time() {
    on_stack(async |world| {
        let uploads = uploads(world).await;
        assert_ne!(uploads.twin, uploads.other_twin);
        let twin = world.item("audit/twin 1.jpg", &uploads.twin).await.unwrap();
        let digest = twin["sourceSha256"].as_str().unwrap();
        for args in [
            &["duplicates", "audit/twin 1.jpg", "--json"][..],
            &["duplicates", "--sha256", digest, "--json"],
            &["duplicates", "--since", "1h", "--json"],
        ] {
            let report = audit(world, args).json();
            let group = report["duplicates"]
                .as_array()
                .unwrap()
                .iter()
                .find(|group| group["sourceSha256"] == digest)
                .unwrap_or_else(|| panic!("{args:?}: {report}"));
            assert_eq!(
                keys(&group["uploads"]),
                ["audit/twin 1.jpg", "audit/twin, \"2\".jpg"]
            );
        }
        let single = audit(world, &["duplicates", "audit/changed.jpg", "--json"]).json();
        assert_eq!(single["duplicates"], json!([]));
    });
}

#[test]
fn stats_count_what_the_items_say() {
    on_stack(async |world| {
        let uploads = uploads(world).await;
        let report = audit(
            world,
            &["stats", "--json", "--prefix", "audit/", "--since", "1d"],
        )
        .json();
        assert_eq!(report["uploads"], 6);
        assert_eq!(
            report["statuses"],
            json!({"CLEANED": 4, "REJECTED": 1, "FAILED": 1})
        );
        let days: u64 = report["days"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|day| day.as_object().unwrap().values())
            .map(|count| count.as_u64().unwrap())
            .sum();
        assert_eq!(days, 6);
        assert_eq!(report["errors"], json!({"Runtime.Defect": 1, "NotJpeg": 1}));
        let mut sums = [0; 3];
        for (key, etag) in [
            ("audit/twin 1.jpg", &uploads.twin),
            ("audit/twin, \"2\".jpg", &uploads.other_twin),
            ("audit/changed.jpg", &uploads.older),
            ("audit/changed.jpg", &uploads.newer),
        ] {
            let item = world.item(key, etag).await.unwrap();
            let removed = item["removed"].as_array().unwrap();
            sums[0] += item["source"]["size"].as_u64().unwrap();
            sums[1] += item["output"]["size"].as_u64().unwrap();
            sums[2] += removed
                .iter()
                .map(|r| r["bytes"].as_u64().unwrap())
                .sum::<u64>();
        }
        let told = ["sourceBytes", "outputBytes", "removedBytes"]
            .map(|name| report[name].as_u64().unwrap());
        assert_eq!(told, sums);
        assert_eq!(report["kinds"]["comment"]["uploads"], 4);
        assert_eq!(report["exif"], json!({"exif.gps": 4}));
        // By the day of the last change, which is the same day here, there is nothing more and nothing less.
        let changed = audit(
            world,
            &[
                "stats", "--json", "--prefix", "audit/", "--since", "1d", "--by", "change",
            ],
        );
        assert_eq!(changed.json()["statuses"], report["statuses"]);
        let slowest = report["slowest"].as_array().unwrap();
        assert_eq!(slowest.len(), 6);
        assert!(slowest.is_sorted_by_key(|slow| std::cmp::Reverse(slow["milliseconds"].as_i64())));
        let text = audit(world, &["stats", "--prefix", "audit/"]).out;
        assert!(
            text.contains("6 uploads") && text.contains("NotJpeg"),
            "{text}"
        );
    });
}

#[test]
fn an_export_has_every_upload_once() {
    on_stack(async |world| {
        let uploads = uploads(world).await;
        let lines = audit(
            world,
            &["export", "--format", "jsonl", "--prefix", "audit/"],
        )
        .out;
        let items: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let listed = audit(world, &["list", "--json", "--prefix", "audit/"]).json();
        assert_eq!(Value::from(items), listed["items"]);

        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let told = audit(
            world,
            &[
                "export", "-o", path, "--prefix", "audit/", "--status", "REJECTED",
            ],
        );
        assert_eq!((told.out.as_str(), told.err.trim()), ("", "1 uploads"));
        let mut csv = csv::Reader::from_path(path).unwrap();
        let rows: Vec<std::collections::HashMap<String, String>> =
            csv.deserialize().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (&rows[0]["etag"], rows[0]["error"].as_str()),
            (&uploads.refused, "NotJpeg")
        );
        assert_eq!(rows[0]["status"], "REJECTED");
        assert!(!uploads.failed.is_empty());

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut unheard = against(world, &["audit", "export", "--prefix", "audit/"]);
        let run = unheard.stdout(writer).output().unwrap();
        assert!(run.status.success(), "{}", run.status);
        assert!(!String::from_utf8_lossy(&run.stderr).contains("scrubjay:"));
    });
}
