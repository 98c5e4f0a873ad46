//! The weekly report on the deployed stack, with a moved clock: a week of made-up items across the night on which clocks go back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use jiff::Timestamp;
use scrubjay_pipeline::audit::{Status, stamp};
use scrubjay_tests::{World, on_stack};
use serde_json::{Value, json};

/// The bucket in the objects' names. No other test uses it, so no item of another test is changed. All days are in the past.
const BUCKET: &str = "made-up";

/// An item that got a status at a time; `old` makes it as versions did that knew neither shards nor Exif's parts.
fn item(n: usize, status: Status, at: &str, old: bool) -> HashMap<String, AttributeValue> {
    let at: Timestamp = at.parse().unwrap();
    let object = format!("{BUCKET}/{at}-{n}.jpg");
    let partition = if old {
        format!("{status}#{}", &at.to_string()[..10])
    } else {
        status.partition(at, &object)
    };
    let received = at - jiff::SignedDuration::from_millis(1_500);
    let mut item = json!({
        "object": object, "entry": "upload#e", "status": status, "statusDay": partition, "etag": "e",
        "execution": "arn:aws:states:x:1:execution:m:n", "attempts": 1, "updatedAt": stamp(at), "finishedAt": stamp(at),
        "receivedAt": stamp(received),
        "source": {"size": 100, "mediaType": "image/jpeg", "width": 1, "height": 1, "components": 1, "process": "baseline"},
        "removed": [{"kind": "exif", "count": 1, "bytes": 40}],
        "history": [{"at": stamp(at), "status": status, "execution": "n"}],
    });
    if status == Status::Cleaned {
        item["output"] = json!({"size": 60, "etag": "o", "sha256": "s"});
    } else {
        item["error"] = json!({"name": "CorruptJpeg", "message": "m", "state": "Strip"});
    }
    if !old {
        item["exif"] = json!({"gps": n.is_multiple_of(2), "makerNote": false, "thumbnail": true});
    }
    serde_dynamo::to_item(item).unwrap()
}

async fn write(world: &World, items: Vec<HashMap<String, AttributeValue>>) {
    for batch in items.chunks(25) {
        let requests = batch.iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build();
            WriteRequest::builder().put_request(put.unwrap()).build()
        });
        let write = world.stack().dynamodb().batch_write_item();
        let table = &world.names().audit_table;
        let write = write.request_items(table, requests.collect());
        let left = write.send().await.unwrap().unprocessed_items;
        assert!(left.is_none_or(|left| left.is_empty()));
    }
}

async fn report(world: &World, order: Value) -> Value {
    let function = format!("scrubjay-{}-report", world.names().stack);
    let done = world.stack().invoke(&function, &order).await;
    done.unwrap_or_else(|error| panic!("report: {error}"))
}

async fn stored(world: &World, key: &str) -> String {
    let bucket = format!("scrubjay-{}-reports", world.names().stack);
    let get = world.stack().s3().get_object().bucket(bucket).key(key);
    let body = get.send().await.unwrap().body.collect().await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[test]
fn a_week_with_a_clock_change_is_counted_by_its_own_days() {
    on_stack(async |world| {
        let name = "weekly/2025-W43";
        let mut items = Vec::new();
        // Europe/Berlin leaves summer time on Sunday, 2025-10-26 at 01:00 UTC. These lie on both sides of each edge of the day,
        // which has 25 hours: from Saturday 22:00 UTC to Sunday 23:00 UTC.
        for (n, at) in [
            "2025-10-25T21:59:59.999Z",
            "2025-10-25T22:00:00Z",
            "2025-10-26T00:30:00Z",
            "2025-10-26T01:30:00Z",
            "2025-10-26T22:59:59.999Z",
            "2025-10-26T23:00:00Z",
        ]
        .into_iter()
        .enumerate()
        {
            items.push(item(n, Status::Cleaned, at, n == 2));
        }
        items.push(item(0, Status::Rejected, "2025-10-21T08:00:00Z", false));
        write(world, items).await;

        // No report was made for weeks, so this one makes up for all missing days.
        let sunday = json!({"time": "2025-10-26T23:30:00Z"});
        let done = report(world, sunday.clone()).await;
        assert_eq!(done["closed"].as_array().unwrap().len(), 35, "{done}");
        assert_eq!(done["closed"][34], "2025-10-26");
        assert!(done["readUnits"].as_f64().unwrap() > 0.0);
        let json: Value =
            serde_json::from_str(&stored(world, &format!("{name}.json")).await).unwrap();
        let days = &json["days"];
        assert_eq!(days["2025-10-25"]["published"], 1);
        assert_eq!(days["2025-10-26"]["published"], 4);
        assert_eq!(json["total"]["published"], 5);
        assert_eq!(json["total"]["refused"], json!({"CorruptJpeg": 1}));
        // The old item does not tell Exif's parts.
        assert_eq!(json["total"]["exif"]["known"], 4);
        assert_eq!(
            (&json["soFar"], &json["missing"]),
            (&json!(false), &json!([]))
        );

        // The report is made again: its bytes are the same, and nothing is counted again.
        let page = stored(world, &format!("{name}.html")).await;
        let again = report(world, sunday.clone()).await;
        assert_eq!(again["closed"], json!([]));
        assert_eq!(again["weeks"][0]["changed"], json!(0), "{again}");
        assert_eq!(stored(world, &format!("{name}.html")).await, page);
        assert!(page.contains("CorruptJpeg"));

        // The week's data changes, as after a restored backup. The recount says which figures have changed.
        write(
            world,
            vec![item(7, Status::Cleaned, "2025-10-22T12:00:00Z", false)],
        )
        .await;
        let order = json!({"time": "2025-10-26T23:30:00Z", "week": "2025-W43", "recount": true});
        let recounted = report(world, order).await;
        assert_eq!(recounted["closed"].as_array().unwrap().len(), 7);
        let figures: Vec<&str> = recounted["weeks"][0]["figures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|figure| figure.as_str().unwrap())
            .collect();
        assert!(
            figures.contains(&"days.2025-10-22.published"),
            "{figures:?}"
        );

        // In the middle of the next week: so far, and the last day of this week, whose hour after midnight counts, is there.
        let tuesday = report(world, json!({"time": "2025-10-28T12:00:00Z"})).await;
        assert_eq!(tuesday["closed"], json!(["2025-10-27"]));
        let week = &tuesday["weeks"][0];
        assert_eq!(
            (&week["name"], &week["soFar"]),
            (&json!("2025-W44"), &json!(true))
        );
        let json: Value =
            serde_json::from_str(&stored(world, "weekly/2025-W44.json").await).unwrap();
        assert_eq!(json["days"]["2025-10-27"]["published"], 1);
    });
}

#[test]
fn what_is_no_week_is_refused_by_name() {
    on_stack(async |world| {
        let function = format!("scrubjay-{}-report", world.names().stack);
        let wrong = world
            .stack()
            .invoke(&function, &json!({"week": "48"}))
            .await;
        let error = wrong.unwrap_err().to_string();
        assert!(error.contains("BadEvent"), "{error}");
    });
}
