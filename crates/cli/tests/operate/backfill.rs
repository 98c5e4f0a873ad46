//! `scrubjay backfill`: photos that no event announced.

use scrubjay_tests::{on_stack, unique_sample};
use serde_json::json;

use super::command::scrubjay;

#[test]
fn what_was_there_before_is_treated_once() {
    on_stack(async |world| {
        // Their events are lost, as if they had been there before the stack was.
        let keys: Vec<String> = (0..7).map(|n| format!("backfill/{n} + 1.jpg")).collect();
        let mut etags = Vec::new();
        for key in &keys {
            let lost = world
                .lose_event("Object Created", &format!("backfill/{n} ", n = &key[9..10]))
                .await;
            etags.push(world.put(key, &unique_sample("grey.jpe", key)).await);
            world.struck(lost).await;
        }
        world.put("backfill/notes.txt", b"no photo").await;
        let backfill = |more: &[&str]| {
            let how = [
                "backfill",
                "--prefix",
                "backfill/",
                "--older-than",
                "0",
                "--keys",
                "3",
                "--json",
            ];
            let answer = scrubjay(world, &[&how, more].concat());
            assert_eq!(answer.code, Some(0), "{answer:?}");
            answer.json()
        };
        let would = backfill(&["--dry-run"]);
        assert_eq!(
            (&would["unseen"], &would["started"]),
            (&json!(keys.len()), &json!(0)),
            "{would}"
        );
        for key in &keys {
            assert!(world.items(key).await.is_empty(), "{key}");
        }
        let did = backfill(&["--rate", "50"]);
        assert_eq!(
            (&did["unseen"], &did["started"]),
            (&json!(keys.len()), &json!(keys.len())),
            "{did}"
        );
        for (key, etag) in keys.iter().zip(&etags) {
            world.ended(key, etag, "CLEANED").await;
        }
        let again = backfill(&[]);
        assert_eq!(
            (&again["compared"], &again["unseen"], &again["started"]),
            (&json!(keys.len()), &json!(0), &json!(0)),
            "{again}"
        );
        let none = scrubjay(world, &["backfill", "--rate", "0"]);
        assert_eq!(none.code, Some(2), "{none:?}");
    });
}
