//! What a photo hides is named by kind and never repeated: not in a log line, not in an audit item, not in an execution's history.

use std::path::{Path, PathBuf};

use scrubjay_tests::{World, is_express, on_stack, sample, unique_sample};
use serde_json::{Value, json};

use super::monitoring::call;

/// A canary that the test puts into a comment, an Exif description, user metadata, and a file that is no photo.
const OWN: &str = "canary-4711-of-this-test";

#[test]
fn nothing_that_a_photo_hides_is_repeated() {
    on_stack(async |world| {
        let mut files = vec![
            (
                "own comment.jpg".to_owned(),
                unique_sample("beach.jpg", OWN),
            ),
            ("own text.jpg".to_owned(), OWN.repeat(9).into_bytes()),
            ("own cut off.jpg".to_owned(), cut_off()),
        ];
        let mut canaries = vec![OWN.to_owned(), "canary-of-the-user-metadata".to_owned()];
        adversarial(&mut files, &mut canaries);

        let mut uploads = Vec::new();
        for (name, data) in &files {
            let key = format!("canaries/{name}");
            uploads.push((key.clone(), world.put(&key, data).await));
        }
        let mut said = String::new();
        for (key, etag) in &uploads {
            let what = format!("{key} to end");
            let item = world.until(&what, async || match world.item(key, etag).await {
                Some(item) if item["status"] != "PROCESSING" => Ok(item),
                other => Err(format!("{other:?}")),
            });
            said += &item.await.to_string();
            said += &history(world, &world.item(key, etag).await.unwrap()).await;
        }
        // Makes reconcile log a line that is about no upload.
        world.reconcile("canaries/none").await;
        let lines = logs(world, &uploads).await;
        each_says_what_it_is_about(world, &lines);
        said.extend(lines.into_iter().map(|(_, line)| line));
        for canary in &canaries {
            assert!(!said.contains(canary.as_str()), "{canary} is repeated");
        }
        println!(
            "{} files, {} canaries, {} characters searched",
            files.len(),
            canaries.len(),
            said.len()
        );
    });
}

/// A good photo with a canary, whose end is missing: refused, with a message.
fn cut_off() -> Vec<u8> {
    let mut data = unique_sample("portrait.JPG", OWN);
    data.truncate(sample("portrait.JPG").len() / 2);
    data
}

/// The shared files that hide a canary each, where they are at hand.
fn adversarial(files: &mut Vec<(String, Vec<u8>)>, canaries: &mut Vec<String>) {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("SCRUBJAY_SHARED").map_or_else(beside, PathBuf::from);
    let folder = shared.join("corpus/adversarial");
    let Ok(cases) = std::fs::read(folder.join("cases.json")) else {
        println!("the shared files are skipped: there are none (SCRUBJAY_SHARED)");
        return;
    };
    let cases: Value = serde_json::from_slice(&cases).expect("cases");
    for (name, case) in cases.as_object().expect("cases by name") {
        let data = std::fs::read(folder.join(name)).expect("a case's file");
        files.push((name.clone(), data));
        canaries.extend(case["canary"].as_str().map(ToOwned::to_owned));
    }
}

/// All that Step Functions keeps of an execution; of an Express one it keeps nothing.
async fn history(world: &World, item: &Value) -> String {
    if is_express(item["execution"].as_str().unwrap()) {
        return String::new();
    }
    let history = world
        .stack()
        .sfn()
        .get_execution_history()
        .max_results(1000);
    let answer = history
        .execution_arn(item["execution"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    format!("{:?}", answer.events())
}

/// The line of each step about an upload names the execution, the object, its `ETag`, the attempt and the request.
fn each_says_what_it_is_about(world: &World, lines: &[(String, String)]) {
    for step in ["validate", "strip", "publish", "record", "retract"] {
        let group = format!("/aws/lambda/scrubjay-{}-{step}", world.names().stack);
        let own = lines.iter().filter(|(name, _)| *name == group);
        let about = own.filter(|(_, line)| line.contains("canaries/"));
        let mut count = 0;
        for (_, line) in about {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            let text = |field: &str| line[field].as_str().unwrap_or_default();
            assert_eq!(text("step"), step, "{line}");
            assert_eq!(text("bucket"), world.names().source_bucket, "{line}");
            assert!(text("key").starts_with("canaries/"), "{line}");
            assert!(text("execution").starts_with("arn:"), "{line}");
            assert!(text("attempt").parse::<u32>().is_ok(), "{line}");
            for field in ["etag", "request"] {
                assert!(!text(field).is_empty(), "{field} in {line}");
            }
            count += 1;
        }
        assert!(count > 0, "{step} says nothing of any upload");
    }
    // A line that a handler writes during its work has all of this in its span.
    let mut on_the_way = 0;
    for (group, line) in lines {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        if line.get("level").is_none() || line.get("step").is_some() {
            continue;
        }
        let span = line["span"].as_object();
        let span = span.unwrap_or_else(|| panic!("{group}: {line}"));
        for field in ["request", "execution", "bucket", "key", "etag", "attempt"] {
            assert!(span.contains_key(field), "{field} in {line}");
        }
        assert!(!span["request"].as_str().unwrap().is_empty(), "{line}");
        on_the_way += 1;
    }
    assert!(on_the_way > 0, "reconcile says nothing on its way");
}

/// Every log line of the stack with its group, once those of these uploads are there.
async fn logs(world: &World, uploads: &[(String, String)]) -> Vec<(String, String)> {
    let groups = call(world, "logs", "Logs_20140328.DescribeLogGroups", &json!({})).await;
    let stack = format!("scrubjay-{}-", world.names().stack);
    let names: Vec<String> = groups["logGroups"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|group| group["logGroupName"].as_str())
        .filter(|name| name.contains(&stack))
        .map(ToOwned::to_owned)
        .collect();
    assert!(names.len() >= 6, "{names:?}");
    world
        .until("the last line", async || {
            let mut lines = Vec::new();
            for name in &names {
                let mut input = json!({"logGroupName": name});
                loop {
                    let page = call(world, "logs", "Logs_20140328.FilterLogEvents", &input).await;
                    for event in page["events"].as_array().unwrap() {
                        let message = event["message"].as_str().unwrap();
                        lines.push((name.clone(), format!("{}\n", message.trim_end())));
                    }
                    match page["nextToken"].as_str() {
                        Some(token) => input["nextToken"] = token.into(),
                        None => break,
                    }
                }
            }
            let spoken_of = |key: &str| lines.iter().any(|(_, line)| line.contains(key));
            match uploads.iter().find(|(key, _)| !spoken_of(key)) {
                Some((key, _)) => Err(format!("no line about {key}")),
                None => Ok(lines),
            }
        })
        .await
}
