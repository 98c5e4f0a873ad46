//! What the template's parameters change, on a stack of its own.

use scrubjay_tests::{clean, on_other_stack, unique_sample};
use serde_json::Value;

#[test]
fn a_refused_upload_leaves_the_older_result_when_told_to_keep_it() {
    on_other_stack(async |world| {
        let key = "photos/kept.jpg";
        let data = unique_sample("beach.jpg", key);
        let good = world.put(key, &data).await;
        world.ended(key, &good, "CLEANED").await;
        let bad = world.put(key, b"no JPEG").await;
        let item = world.ended(key, &bad, "REJECTED").await;
        assert_eq!(item["error"]["name"], "NotJpeg");
        world.until_published(key, Some(&clean(&data))).await;
        assert_eq!(world.item(key, &good).await.unwrap()["status"], "CLEANED");
        // What is kept is no lost event, either.
        assert_eq!(world.reconcile(key).await["unseen"], 0);
    });
}

#[test]
fn only_keys_with_the_prefix_are_treated() {
    on_other_stack(async |world| {
        let others = [
            "beach.jpg",
            "photo/beach.jpg",
            "x/photos/beach.jpg",
            "photos.jpg",
        ];
        for key in others {
            world.put(key, &unique_sample("beach.jpg", key)).await;
        }
        // In any case of the ending, and whatever stands between.
        for key in ["photos/a.JPG", "photos/a b/ü.jpEg", "photos/.jpe"] {
            let data = unique_sample("beach.jpg", key);
            let etag = world.put(key, &data).await;
            world.ended(key, &etag, "CLEANED").await;
            world.until_published(key, Some(&clean(&data))).await;
            world.delete(key).await;
            world.until_published(key, None).await;
        }
        let report = world.reconcile("photo").await;
        assert_eq!(report["unseen"], 0, "{report}");
        assert_eq!(world.reconcile("x/").await["compared"], 0);
        for key in others {
            assert_eq!(world.items(key).await, Vec::<Value>::new(), "{key}");
            assert_eq!(world.published(key).await, None);
        }
    });
}
