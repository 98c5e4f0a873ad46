//! `scrubjay load`: many photos at a pace.

use scrubjay_tests::on_stack;
use serde_json::json;

use super::command::{command, scrubjay};
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
            answer.out.contains("CLEANED 2, FAILED Runtime.Defect 1"),
            "{answer:?}"
        );
        assert!(!answer.out.contains("left"), "{answer:?}");
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
