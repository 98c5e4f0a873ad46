//! One photo all the way through.

use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::on_stack;

use super::command::scrubjay;
use super::harness::alone;

#[test]
fn a_stack_that_is_well() {
    on_stack(async |world| {
        let _alone = alone().await;
        let answer = scrubjay(world, &["smoke", "--json"]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        let report = answer.json();
        assert_eq!(report["ok"], true);
        let kinds: Vec<_> = report["removed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["kind"].clone())
            .collect();
        assert!(
            kinds.contains(&"comment".into()) && kinds.contains(&"exif".into()),
            "{report}"
        );
        let key = report["key"].as_str().unwrap();
        assert_eq!(world.published(key).await, None);
        assert_eq!(world.items(key).await, Vec::<serde_json::Value>::new());
    });
}

#[test]
fn a_photo_that_never_arrives_is_taken_away_again() {
    on_stack(async |world| {
        let _alone = alone().await;
        let lost = Rule::new(Match::events("^Object Created"), Action::events(0.0, 1.0)).times(1);
        world.stack().faults().order(&lost).await.unwrap();
        let answer = scrubjay(world, &["smoke", "--timeout", "2"]);
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert!(
            answer.err.contains("nothing has become of the photo"),
            "{answer:?}"
        );
        assert!(answer.err.contains("user A deletes it"), "{answer:?}");
    });
}
