//! `scrubjay photos`: what the catalogue says, and what sweep mends.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use scrubjay_tests::{World, on_gallery_stack, unique_sample};
use serde_json::{Value, json};

use super::command::{Answer, scrubjay};

const KEY: &str = "u/command/mountainlake.jpg";

fn photos(world: &World, args: &[&str]) -> Answer {
    scrubjay(world, &[&["photos"], args].concat())
}

/// Waits until the catalogue shows the photo with its copies.
async fn shown(world: &World) -> Value {
    world
        .until("the photo in the catalogue", async || {
            let answer = photos(world, &["show", KEY, "--json"]);
            if answer.code != Some(0) {
                return Err(answer.err);
            }
            let photo = answer.json();
            let copies = photo["published"]["derivatives"].as_array();
            if copies.is_some_and(|copies| !copies.is_empty()) {
                Ok(photo)
            } else {
                Err(photo.to_string())
            }
        })
        .await
}

/// Waits until derive's queue has no message, neither a waiting one nor one that is worked on.
async fn no_messages(world: &World) {
    let sqs = aws_sdk_sqs::Client::new(&world.stack().sdk_config());
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    world
        .until("derive's queue to be empty", async || {
            let ask = sqs
                .get_queue_attributes()
                .queue_url(&world.names().others["deriveQueueUrl"])
                .set_attribute_names(Some(names.to_vec()));
            let counts = ask.send().await.expect("an answer").attributes;
            let counts = counts.expect("attributes");
            if names.iter().all(|name| counts[name] == "0") {
                Ok(())
            } else {
                Err(format!("{counts:?}"))
            }
        })
        .await;
}

fn keys(found: &Value) -> Vec<&str> {
    let photos = found["photos"].as_array().expect("photos");
    photos
        .iter()
        .map(|photo| photo["key"].as_str().expect("a key"))
        .collect()
}

#[test]
fn a_photo_is_found_shown_and_brought_back() {
    on_gallery_stack(async |world| {
        let unknown = photos(world, &["show", KEY]);
        assert_eq!(unknown.code, Some(1), "{unknown:?}");
        assert!(unknown.err.contains("nothing is known"), "{unknown:?}");

        world.put(KEY, &unique_sample("portrait.JPG", KEY)).await;
        let photo = shown(world).await;
        assert_eq!(photo["state"], "PUBLISHED");
        assert_eq!(
            (&photo["published"]["width"], &photo["published"]["height"]),
            (&json!(608), &json!(800))
        );
        let for_people = photos(world, &["show", KEY]);
        assert!(for_people.out.contains("PUBLISHED"), "{for_people:?}");

        let find = |word: &str| photos(world, &["search", word, "--json"]).json();
        assert_eq!(keys(&find("mountainlake")), [KEY]);
        assert_eq!(keys(&find("mountainlake nowhere")), [""; 0]);
        let table = photos(world, &["search", "mountainlake"]);
        assert!(table.out.contains(KEY), "{table:?}");
        let altered = photos(world, &["search", "mountainlake", "--cursor", "abcd"]);
        assert_ne!(altered.code, Some(0), "{altered:?}");
        assert!(altered.err.contains("cursor"), "{altered:?}");

        let release = photos(world, &["release", KEY, "--by", "alice"]);
        assert_eq!(release.code, Some(0), "{release:?}");
        let by_whom = photos(world, &["show", KEY]);
        assert!(by_whom.out.contains("alice"), "{by_whom:?}");
        let unknown = photos(world, &["release", "u/command/never.jpg"]);
        assert_eq!(unknown.code, Some(1), "{unknown:?}");
        assert!(!unknown.err.is_empty(), "{unknown:?}");

        // The catalogue loses the photo; sweep finds that, and derive brings it back. A message that is delivered again would make
        // derive do so before sweep looks.
        no_messages(world).await;
        let lost = world.stack().dynamodb().delete_item();
        let lost = lost
            .table_name(&world.names().others["catalogueTable"])
            .key(
                "partition",
                AttributeValue::S(format!("photo#{}", photo["id"].as_str().unwrap())),
            )
            .key("entry", AttributeValue::S("photo".into()));
        lost.send().await.expect("a delete");
        let sweep = |args: &[&str]| {
            let args = [&["sweep", "--prefix", "u/command/", "--json"], args].concat();
            photos(world, &args).json()
        };
        assert_eq!(photos(world, &["show", KEY]).code, Some(1));
        let would = sweep(&["--dry-run"]);
        assert_eq!(
            would,
            json!({"photos": 1, "missing": 1, "again": 0, "gone": 0, "orphans": 0, "sent": 0})
        );
        let did = sweep(&[]);
        assert_eq!(did["sent"], 1, "{did}");
        let rebuilt = shown(world).await;
        assert_eq!(keys(&find("mountainlake")), [KEY]);
        assert_eq!(sweep(&["--dry-run"])["missing"], 0);
        // Bucket B knows neither of these.
        let uploads = scrubjay(world, &["audit", "show", KEY, "--json"]).json();
        assert_eq!(
            rebuilt["date"], uploads["uploads"][0]["uploadedAt"],
            "{uploads}"
        );
        assert_eq!(rebuilt["owner"], "command", "{rebuilt}");

        // A derivative whose photo is gone, and of which nothing else knows.
        let derivatives = &world.names().others["derivativesBucket"];
        let s3 = world.stack().s3();
        let put = s3.put_object().bucket(derivatives);
        let put = put.key("320/u/command/gone.jpg");
        put.send().await.expect("a put");
        assert_eq!(sweep(&[])["orphans"], 1);
        world
            .until("the orphan to go", async || {
                let head = s3.head_object().bucket(derivatives);
                match head.key("320/u/command/gone.jpg").send().await {
                    Ok(_) => Err("it is there".to_owned()),
                    Err(_) => Ok(()),
                }
            })
            .await;
    });
}
