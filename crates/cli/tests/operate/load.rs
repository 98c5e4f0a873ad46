//! `scrubjay load`: many photos at a pace.

use std::process::{Command, Stdio};

use scrubjay_tests::on_stack;
use serde_json::{Value, json};

use super::command::{Answer, against, command, scrubjay};
use super::harness::{alone, defect};

#[test]
fn photos_go_through_and_are_taken_away_again() {
    on_stack(async |world| {
        let _alone = alone().await;
        let answer = scrubjay(world, &["load", "--rate", "5", "--for", "2s", "--json"]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        let report = answer.json();
        assert_eq!(report["outcomes"], json!({"CLEANED": 10}), "{report}");
        assert_eq!(
            (&report["uploaded"], &report["left"]),
            (&json!(10), &json!(0)),
            "{report}"
        );
        assert!(report["uploadsPerSecond"].as_f64() > Some(0.0), "{report}");
        assert!(report["endsPerSecond"].as_f64() > Some(0.0), "{report}");
        // Every row, the fence's too: no index has that one.
        let folder = report["folder"].as_str().unwrap();
        for number in 0..10 {
            let rows = world.items(&format!("{folder}{number:07}.jpg")).await;
            assert_eq!(rows, Vec::<Value>::new());
        }
        assert!(report["p50"].as_u64() <= report["p99"].as_u64(), "{report}");
        let names = world.names();
        for bucket in [&names.source_bucket, &names.destination_bucket] {
            let list = world.stack().s3().list_objects_v2();
            let listed = list.bucket(bucket).prefix("load/").send().await.unwrap();
            assert!(listed.contents().is_empty(), "{bucket}: {listed:?}");
        }
        let rows = scrubjay(world, &["audit", "list", "--prefix", "load/", "--json"]);
        assert_eq!(rows.json()["items"], json!([]), "{rows:?}");
    });
}

#[test]
fn a_photo_that_fails_is_told_by_its_error() {
    on_stack(async |world| {
        let _alone = alone().await;
        defect(world, "-publish$", 1).await;
        let answer = scrubjay(world, &["load", "--rate", "3", "--for", "1s"]);
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert!(
            answer.out.contains("2 CLEANED\n") && answer.out.contains("1 FAILED Runtime.Defect\n"),
            "{answer:?}"
        );
        assert!(!answer.out.contains("left"), "{answer:?}");
    });
}

#[test]
fn one_that_is_stopped_takes_away_what_it_uploaded() {
    on_stack(async |world| {
        let _alone = alone().await;
        let load = against(
            world,
            &[
                "load",
                "--rate",
                "5",
                "--for",
                "1h",
                "--json",
                "--prefix",
                "load/stopped/",
            ],
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
        let listed = async |bucket: &str| {
            let list = world.stack().s3().list_objects_v2();
            let listed = list.bucket(bucket).prefix("load/stopped/").send().await;
            listed.expect("a list").contents().len()
        };
        let names = world.names();
        world
            .until("the first photos in bucket B", async || {
                match listed(&names.destination_bucket).await {
                    0 | 1 => Err("there are fewer than two".to_owned()),
                    _ => Ok(()),
                }
            })
            .await;
        // Once, as a person presses it.
        let mut kill = Command::new("kill");
        let sent = kill.args(["-s", "INT", &load.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        let answer = Answer::from(load.wait_with_output().expect("its end"));
        assert_eq!(answer.code, Some(1), "{answer:?}");
        let report = answer.json();
        assert_eq!(report["left"], json!(0), "{answer:?}");
        assert!(
            report["outcomes"]["NOT_UPLOADED"].as_u64() > Some(0),
            "{report}"
        );
        for bucket in [&names.source_bucket, &names.destination_bucket] {
            assert_eq!(listed(bucket).await, 0, "{bucket}: {report}");
        }
        let folder = report["folder"].as_str().unwrap();
        for number in 0..report["uploaded"].as_u64().unwrap() {
            let rows = world.items(&format!("{folder}{number:07}.jpg")).await;
            assert_eq!(rows, Vec::<Value>::new());
        }
    });
}

#[test]
fn production_wants_its_name_twice() {
    for more in [&[][..], &["--production", "dev"]] {
        let mut command = command();
        command.args(["load", "--env", "prod"]).args(more);
        let answer = command.output().expect("an answer");
        let told = String::from_utf8_lossy(&answer.stderr);
        assert_eq!(answer.status.code(), Some(2), "{told}");
        assert!(told.contains("--production prod"), "{told}");
    }
}
