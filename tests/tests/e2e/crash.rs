//! A function is killed in the middle of its work: the machine retries it, and the work is done once.

use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{World, clean, on_stack, unique_sample};

/// The request of `function` for its upload hangs, so that it is found busy and killed.
async fn dies(world: &World, function: &str, request: Match, key: &str) {
    let data = unique_sample("portrait.JPG", key);
    let name = format!("scrubjay-{}-{function}", world.names().stack);
    world
        .stack()
        .faults()
        .order(&Rule::new(request, Action::delay(5_000..=5_000)).times(1))
        .await
        .unwrap();
    let etag = world.put(key, &data).await;
    world
        .until(&format!("{function} to be busy"), async || {
            match world.stack().faults().kill(&name, true, 1).await.unwrap() {
                0 => Err("idle".into()),
                _ => Ok(()),
            }
        })
        .await;
    world.ended(key, &etag, "CLEANED").await;
    world.until_published(key, Some(&clean(&data))).await;
}

#[test]
fn validate_dies_reading_bucket_a() {
    on_stack(async |world| {
        dies(
            world,
            "validate",
            Match::request("GET", "crash/validate"),
            "crash/validate.jpg",
        )
        .await;
    });
}

#[test]
fn publish_dies_writing_bucket_b() {
    on_stack(async |world| {
        let path = format!("^/{}/crash/publish", world.names().destination_bucket);
        dies(
            world,
            "publish",
            Match::request("PUT", &path),
            "crash/publish.jpg",
        )
        .await;
    });
}
