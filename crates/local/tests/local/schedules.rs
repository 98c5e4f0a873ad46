//! EventBridge Scheduler: a schedule of a template fires by the clock of its own time zone.

use serde_json::Value;

use crate::harness::{named, options, receive, start};

/// `at(...)` is a time long past in UTC or long to come, but for the zone that the template names. A zone that was ignored would
/// keep one of the two from ever firing, or have it fire with the wrong input.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_read_in_its_time_zone() {
    let mut options = options("t-schedules");
    // A minute ago in Kolkata, which is hours to come by UTC.
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_seconds(19_800).unwrap());
    let ago = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(1);
    let at = ago.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    options.parameters.push(("FiresAt".into(), at));
    let stack = start(options).await;
    let queue = named(&stack, "scheduledQueue");
    let messages = receive(&stack, &queue).await;
    let body: Value = serde_json::from_str(messages[0].body().unwrap()).unwrap();
    let time: jiff::Timestamp = body["time"].as_str().unwrap().parse().unwrap();
    let now = jiff::Timestamp::now();
    assert!((now - time).get_seconds().abs() < 300, "{body}");
    stack.down().await.unwrap();
}
