//! The gallery on the deployed stack: derivatives and catalogue follow bucket B, analysis comes into the catalogue, and photos are
//! found. One stack for all tests of this binary.

use std::fmt::Write;

use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use scrubjay_gallery::aws::{Catalogue, NewPhoto};
use scrubjay_gallery::{Patch, Photo, PhotoId, Query, State, Texts};
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_tests::{World, clean, on_gallery_stack, sample, unique_sample};
use serde_json::json;
use sha2::{Digest, Sha256};

/// The gallery's side of the stack.
struct Gallery<'a> {
    world: &'a World,
    catalogue: Catalogue,
}

fn on_gallery(test: impl AsyncFnOnce(&Gallery<'_>)) {
    on_gallery_stack(async |world| {
        let table = &world.names().others["catalogueTable"];
        let gallery = Gallery {
            world,
            catalogue: Catalogue::new(&world.stack().sdk_config(), table),
        };
        test(&gallery).await;
    });
}

impl Gallery<'_> {
    fn other(&self, name: &str) -> &str {
        &self.world.names().others[name]
    }

    /// Writes bucket B, past the pipeline. Returns the bare ETag.
    async fn show(&self, key: &str, bytes: &[u8]) -> String {
        let bucket = &self.world.names().destination_bucket;
        let put = self.world.stack().s3().put_object().bucket(bucket).key(key);
        let put = put.body(ByteStream::from(bytes.to_vec())).send().await;
        put.expect("a write")
            .e_tag()
            .unwrap()
            .trim_matches('"')
            .to_owned()
    }

    async fn take_back(&self, key: &str) {
        let bucket = &self.world.names().destination_bucket;
        let delete = self.world.stack().s3().delete_object().bucket(bucket);
        delete.key(key).send().await.expect("a delete");
    }

    async fn photo(&self, key: &str) -> Option<Photo> {
        self.catalogue
            .get(PhotoId::of(key))
            .await
            .expect("an answer")
    }

    /// A derivative: its bytes and the ETag that it was made of.
    async fn derivative(&self, key: &str, width: u32) -> Option<(Vec<u8>, String)> {
        let bucket = self.other("derivativesBucket");
        let get = self.world.stack().s3().get_object().bucket(bucket);
        let object = match get.key(format!("{width}/{key}")).send().await {
            Ok(object) => object,
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|r| r.status().as_u16() == 404) =>
            {
                return None;
            }
            Err(error) => panic!("{error:?}"),
        };
        let metadata = object.metadata().cloned().unwrap_or_default();
        assert_eq!(metadata.len(), 1, "{metadata:?}");
        let etag = metadata["source-etag"].clone();
        Some((object.body.collect().await.unwrap().to_vec(), etag))
    }

    /// Waits until catalogue and derivatives show the photo with this ETag.
    async fn shown(&self, key: &str, etag: &str) -> Photo {
        self.world
            .until(&format!("{key} to be shown"), async || {
                let photo = self.photo(key).await;
                let shown = photo.as_ref().and_then(|photo| photo.published.as_ref());
                if shown.is_none_or(|p| p.etag != etag || p.not_derived.is_some()) {
                    return Err(format!("{shown:?}"));
                }
                for width in [320, 1600] {
                    let source = self.derivative(key, width).await.map(|d| d.1);
                    if source.as_deref() != Some(etag) {
                        return Err(format!("{width}: made of {source:?}"));
                    }
                }
                Ok(photo.unwrap())
            })
            .await
    }

    /// Waits until nothing is shown under a key.
    async fn gone(&self, key: &str) -> Photo {
        self.world
            .until(&format!("{key} to be gone"), async || {
                let photo = self.photo(key).await;
                let left = [320, 1600].map(async |width| self.derivative(key, width).await);
                for left in left {
                    if left.await.is_some() {
                        return Err("a derivative is left".into());
                    }
                }
                match photo {
                    Some(photo) if photo.state == State::Unpublished => Ok(photo),
                    other => Err(format!("{other:?}")),
                }
            })
            .await
    }

    async fn find(&self, query: &Query) -> Vec<String> {
        let page = self.catalogue.search(query, None, 100).await.unwrap();
        assert!(page.cursor.is_none());
        page.photos.into_iter().map(|photo| photo.key).collect()
    }
}

/// A clean photo that no other test has. Samples are the same once they are clean, so a picture is made whose width and pixels
/// depend on the seed.
fn picture(seed: u16) -> Vec<u8> {
    let (width, height) = (640 + seed % 64, 480);
    let samples: Vec<u8> = (0..usize::from(width) * height)
        .flat_map(|index| {
            let (x, y) = (index % usize::from(width), index / usize::from(width));
            [
                (x / 3) as u8,
                (y / 2) as u8,
                (seed as usize + x * y / 997) as u8,
            ]
        })
        .collect();
    let mut jpeg = Vec::new();
    jpeg_encoder::Encoder::new(&mut jpeg, 90)
        .encode(&samples, width, height as u16, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    clean(&jpeg)
}

#[test]
fn an_upload_comes_all_the_way() {
    on_gallery(async |gallery| {
        let key = "way/beach house.jpg";
        let new = NewPhoto {
            key: key.into(),
            owner: Some("subject-1".into()),
            name: Some("IMG_4711.JPG".into()),
            texts: Texts {
                title: Some("Été by the sea".into()),
                alt: None,
                tags: vec!["Holiday".into()],
            },
        };
        let announced = gallery
            .catalogue
            .announce(new, Timestamp::now())
            .await
            .unwrap();
        assert_eq!(announced.state, State::Awaited);
        let mine = Query::default().owner("subject-1").unwrap();
        assert_eq!(gallery.find(&mine).await, [key]);
        assert!(gallery.find(&Query::new("sea").unwrap()).await.is_empty());

        let data = unique_sample("beach.jpg", key);
        let uploaded = gallery.world.put(key, &data).await;
        gallery.world.ended(key, &uploaded, "CLEANED").await;
        let published = gallery.world.published(key).await.unwrap();
        let etag = gallery.show(key, &published.bytes).await;
        let photo = gallery.shown(key, &etag).await;
        assert_eq!(photo.date, announced.date);
        let shown = photo.published.as_ref().unwrap();
        assert!(shown.width > 0 && shown.height > 0);
        assert_eq!(shown.bytes, published.bytes.len() as u64);
        assert!(shown.thumbhash.is_some() && !shown.colours.is_empty());
        for (copy, width) in shown.derivatives.iter().zip([320_u32, 1600]) {
            assert_eq!(copy.width, width.min(shown.width));
            let (jpeg, _) = gallery.derivative(key, width).await.unwrap();
            assert_eq!(jpeg.len() as u64, copy.bytes);
            scrubjay_jpeg::verify(&jpeg).unwrap();
        }
        for query in [
            Query::new("ete SEA").unwrap(),
            Query::default().tag("holiday").unwrap(),
            Query::default().name("img_4711").unwrap(),
            Query::new("sea").unwrap().owner("subject-1").unwrap(),
        ] {
            assert_eq!(gallery.find(&query).await, [key], "{query}");
        }

        let patch: Patch = serde_json::from_value(json!({"title": "Dune"})).unwrap();
        gallery
            .catalogue
            .patch(photo.id, &patch, Timestamp::now())
            .await
            .unwrap();
        assert!(gallery.find(&Query::new("sea").unwrap()).await.is_empty());
        assert_eq!(gallery.find(&Query::new("dune").unwrap()).await, [key]);
    });
}

/// This stack has `Photos` `public`. On that of `gallery_web`, where they are `signed-in`, an address without a signature gets nothing.
#[test]
fn anybody_may_fetch_a_public_derivative() {
    on_gallery(async |gallery| {
        let key = "public/photo.jpg";
        let etag = gallery.show(key, &picture(77)).await;
        gallery.shown(key, &etag).await;
        let (jpeg, _) = gallery.derivative(key, 320).await.unwrap();
        let address = format!("{}/320/{key}", gallery.other("photosUrl"));
        let answer = reqwest::Client::new().get(address).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        let cache = answer.headers()["cache-control"].to_str().unwrap();
        assert!(cache.starts_with("public"), "{cache}");
        assert_eq!(answer.bytes().await.unwrap(), jpeg);
    });
}

#[test]
fn an_overwritten_photo_is_shown_anew_and_a_deleted_one_is_gone_from_every_term() {
    on_gallery(async |gallery| {
        let key = "overwritten/quokka.jpg";
        let first = gallery.show(key, &picture(1)).await;
        let old = gallery.shown(key, &first).await;
        let second = gallery.show(key, &picture(2)).await;
        let new = gallery.shown(key, &second).await;
        assert_eq!(old.date, new.date);
        assert_eq!(gallery.find(&Query::new("quokka").unwrap()).await, [key]);

        gallery.take_back(key).await;
        let gone = gallery.gone(key).await;
        assert!(gone.published.is_none() && gone.analysis.is_none());
        let left: Vec<String> = gone.terms.iter().map(ToString::to_string).collect();
        assert_eq!(left, ["state:unpublished"]);
        assert!(
            gallery
                .find(&Query::new("quokka").unwrap())
                .await
                .is_empty()
        );
        // The index has no entry of it any more.
        for term in new.terms.iter().filter(|term| !gone.terms.contains(term)) {
            let month = new.position().month();
            let get = gallery.world.stack().dynamodb().get_item();
            let get = get.table_name(gallery.other("catalogueTable"));
            let text = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
            let get = get.key("partition", text(format!("term#{term}#{month}")));
            let get = get.key("entry", text(new.position().entry()));
            assert!(get.send().await.unwrap().item.is_none(), "{term}");
        }

        let third = gallery.show(key, &picture(1)).await;
        gallery.shown(key, &third).await;
    });
}

#[test]
fn events_that_come_twice_late_and_in_any_order() {
    on_gallery(async |gallery| {
        let faults = gallery.world.stack().faults();
        let mut matched = Match::events("^Object ");
        matched.detail = Some("shuffled/".to_owned());
        let rule = Rule::new(matched, Action::events(0.5, 0.0).delayed(0..=1_500)).seed(7);
        faults.order(&rule).await.unwrap();
        let mut wanted = Vec::new();
        for round in 0..4_u16 {
            wanted.clear();
            for photo in 0..4_u16 {
                let key = format!("shuffled/{photo}.jpg");
                if (round + photo) % 4 == 3 {
                    gallery.take_back(&key).await;
                    wanted.push((key, None));
                } else {
                    let etag = gallery.show(&key, &picture(100 + 10 * photo + round)).await;
                    wanted.push((key, Some(etag)));
                }
            }
        }
        for (key, etag) in wanted {
            match etag {
                Some(etag) => drop(gallery.shown(&key, &etag).await),
                None => drop(gallery.gone(&key).await),
            }
        }
    });
}

#[test]
fn derive_dies_in_the_middle_of_its_work() {
    on_gallery(async |gallery| {
        let key = "dies/photo.jpg";
        let function = format!("scrubjay-{}-derive", gallery.world.names().stack);
        // The second derivative hangs: one is written, the other and the catalogue are not.
        let path = format!("^/{}/1600/dies/", gallery.other("derivativesBucket"));
        let hang = Rule::new(Match::request("PUT", &path), Action::delay(5_000..=5_000)).times(1);
        let faults = gallery.world.stack().faults();
        let number = faults.order(&hang).await.unwrap();
        let etag = gallery.show(key, &picture(300)).await;
        gallery.world.struck(number).await;
        gallery
            .world
            .until("derive to be busy", async || {
                match faults.kill(&function, true, 10).await.unwrap() {
                    0 => Err("idle".into()),
                    _ => Ok(()),
                }
            })
            .await;
        gallery.shown(key, &etag).await;
    });
}

#[test]
fn what_is_not_clean_is_not_derived_and_told() {
    on_gallery(async |gallery| {
        let longest = format!("{}.jpg", "k".repeat(1_024 - 4 - 4));
        for (key, data, reason) in [
            ("by hand/dirty.jpg", sample("beach.jpg"), "NotClean"),
            ("by hand/text.jpg", b"no picture".to_vec(), "NotClean"),
            (longest.as_str(), picture(400), "KeyTooLong"),
        ] {
            let etag = gallery.show(key, &data).await;
            let photo = gallery
                .world
                .until(reason, async || {
                    let photo = gallery.photo(key).await;
                    let published = photo.as_ref().and_then(|photo| photo.published.as_ref());
                    match published.and_then(|published| published.not_derived.as_ref()) {
                        Some(_) => Ok(photo.unwrap()),
                        None => Err(format!("{photo:?}")),
                    }
                })
                .await;
            let published = photo.published.unwrap();
            assert_eq!(published.etag, etag);
            assert_eq!(published.not_derived.unwrap().name, reason);
            assert!(published.derivatives.is_empty());
            assert!(gallery.derivative("by hand/dirty.jpg", 320).await.is_none());
        }
    });
}

#[test]
fn what_is_seen_on_a_photo_is_found_and_flagged() {
    on_gallery(async |gallery| {
        let (key, photo) = ("seen/photo.jpg", picture(500));
        let digest = Sha256::digest(&photo);
        let sha256 = digest.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let facts = json!({ sha256: {
            "labels": [{"Name": "Wombat", "Confidence": 98.5}, {"Name": "Blur", "Confidence": 12.0}],
            "moderation": [{"Name": "Violence", "Confidence": 91.0}],
            "text": [{"DetectedText": "MIND THE GAP", "Confidence": 99.0}],
            // Throttled at first.
            "error": ["ThrottlingException", "Rate exceeded", 1],
        }});
        let url = format!("{}/_scrubjay/rekognition", gallery.world.names().endpoint);
        let learnt = reqwest::Client::new().post(url).json(&facts).send().await;
        learnt.unwrap().error_for_status().unwrap();

        let etag = gallery.show(key, &photo).await;
        gallery.shown(key, &etag).await;
        let label = Query::default().label("wombat").unwrap();
        gallery
            .world
            .until("the label to be found", async || {
                match gallery.find(&label).await {
                    found if found == [key] => Ok(()),
                    found => Err(format!("{found:?}, {:?}", gallery.photo(key).await)),
                }
            })
            .await;
        let found = gallery.photo(key).await.unwrap();
        let analysis = found.current_analysis().unwrap();
        assert_eq!(analysis.labels.len(), 1, "{analysis:?}");
        assert_eq!(analysis.text[0].text, "MIND THE GAP");
        assert_eq!(
            analysis.models,
            [
                "labels local-table",
                "moderation local-table",
                "text local-table"
            ]
        );
        assert!(found.is_flagged());
        assert_eq!(gallery.find(&Query::new("gap").unwrap()).await, [key]);
        let served = label.clone().hide_flagged(true);
        assert!(gallery.find(&served).await.is_empty());
        let now = Timestamp::now();
        let released = gallery
            .catalogue
            .release(found.id, "operator", now)
            .await
            .unwrap();
        assert!(!released.is_flagged());
        assert_eq!(gallery.find(&served).await, [key]);

        // The analysis does not apply to another picture under the same key.
        let other = gallery.show(key, &picture(501)).await;
        gallery.shown(key, &other).await;
        assert!(gallery.find(&label).await.is_empty());
    });
}

/// A message that fails five times is kept unchanged in the dead-letter queue.
#[test]
fn a_message_that_cannot_be_handled_is_kept() {
    on_gallery(async |gallery| {
        let sqs = aws_sdk_sqs::Client::new(&gallery.world.stack().sdk_config());
        let body = r#"{"unknown": true}"#;
        let send = sqs
            .send_message()
            .queue_url(gallery.other("deriveQueueUrl"));
        send.message_body(body).send().await.unwrap();
        let dead = gallery.other("deriveDeadLettersUrl");
        gallery
            .world
            .until("the message to be given up", async || {
                let receive = sqs.receive_message().queue_url(dead).visibility_timeout(1);
                let answer = receive.send().await.unwrap();
                let bodies: Vec<_> = answer.messages().iter().filter_map(|m| m.body()).collect();
                if bodies.contains(&body) {
                    Ok(())
                } else {
                    Err(format!("{bodies:?}"))
                }
            })
            .await;
    });
}
