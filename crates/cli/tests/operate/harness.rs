//! What goes wrong on the shared stack.

use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{World, unique_sample};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

/// An injected fault hits the next matching call of any test, so only one test at a time may upload or inject faults.
static ALONE: Mutex<()> = Mutex::const_new(());

pub async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// The next `times` tasks of a function fail at once with an error that no Retry and no Catch knows.
pub async fn defect(world: &World, function: &str, times: u32) {
    let rule = Rule::new(Match::function(function), Action::fail("Runtime.Defect")).times(times);
    world.stack().faults().order(&rule).await.expect("an order");
}

/// Uploads that fail in Publish. Returns what was uploaded, and their audit items. To be called [`alone`].
pub async fn failed(world: &World, keys: &[&str]) -> Vec<(Vec<u8>, Value)> {
    defect(world, "-publish$", keys.len() as u32).await;
    let mut uploads = Vec::new();
    for key in keys {
        let data = unique_sample("beach.jpg", key);
        uploads.push((world.put(key, &data).await, data));
    }
    let mut failed = Vec::new();
    for (key, (etag, data)) in keys.iter().zip(uploads) {
        let item = world.ended(key, &etag, "FAILED").await;
        assert_eq!(item["error"]["name"], "Runtime.Defect");
        assert_eq!(item["error"]["state"], "Publish");
        failed.push((data, item));
    }
    failed
}
