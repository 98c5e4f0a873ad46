//! The API: who may what, what is refused and how, and the way of a photo from its announcement to its end.

use std::collections::BTreeSet;

use aws_sdk_cognitoidentityprovider::types::{
    OAuthFlowType, TimeUnitsType, TokenValidityUnitsType,
};
use reqwest::Method;
use scrubjay_tests::gallery::{Gallery, OPERATOR, OTHER, UPLOADER, VIEWER, on_gallery};
use scrubjay_tests::{sample, unique_sample};
use serde_json::{Value, json};

const END: &[&str] = &["published", "rejected", "failed"];

fn is_problem(answer: &Value, status: u16) {
    let problem = answer["type"].as_str().unwrap_or_default();
    assert!(problem.starts_with("urn:scrubjay:problem:"), "{answer}");
    assert_eq!(answer["status"], status, "{answer}");
    for part in ["title", "detail"] {
        assert!(
            !answer[part].as_str().unwrap_or_default().is_empty(),
            "{answer}"
        );
    }
}

#[test]
fn a_photo_comes_through_and_its_answer_says_what_became_of_it() {
    on_gallery(async |gallery| {
        let token = gallery.token(UPLOADER).await;
        let file = unique_sample("beach.jpg", "the api's own");
        let photo = gallery.upload(&token, "api-beach.jpg", &file, END).await;
        assert_eq!(photo["state"], "published", "{photo}");
        assert_eq!(photo["name"], "api-beach.jpg");
        assert!(photo["key"].as_str().unwrap().starts_with("u/"));
        let kinds: BTreeSet<_> = photo["removed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["kind"].as_str().unwrap())
            .collect();
        assert!(
            kinds.contains("exif") && kinds.contains("comment"),
            "{kinds:?}"
        );
        assert!(photo["width"].as_u64().unwrap() > 0 && photo["thumbhash"].is_string());
        let statuses: Vec<_> = photo["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["status"].as_str().unwrap())
            .collect();
        assert_eq!(statuses, ["processing", "cleaned"]);
        // These addresses lead to pictures without any of this metadata.
        let derivative = photo["derivatives"][0]["url"].as_str().unwrap();
        let download = photo["download"].as_str().unwrap();
        for address in [derivative, download] {
            let answer = gallery.http().get(address).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{address}");
            let bytes = answer.bytes().await.unwrap();
            assert!(bytes.starts_with(&[0xFF, 0xD8]) && !bytes.windows(4).any(|w| w == b"Exif"));
        }
    });
}

#[test]
fn a_refused_photo_says_why_in_words_and_by_name() {
    on_gallery(async |gallery| {
        let token = gallery.token(UPLOADER).await;
        let whole = unique_sample("beach.jpg", "cut off");
        let photo = gallery
            .upload(&token, "cut-off.jpg", &whole[..whole.len() / 2], END)
            .await;
        assert_eq!(photo["state"], "rejected", "{photo}");
        assert_eq!(photo["error"]["name"], "CorruptJpeg");
        assert!(photo["error"]["says"].as_str().unwrap().contains("damaged"));
        assert!(photo["error"]["todo"].as_str().unwrap().contains("again"));
        // Nobody else can see the photo.
        let id = photo["id"].as_str().unwrap();
        for person in [OTHER, VIEWER] {
            let token = gallery.token(person).await;
            let (status, answer) = gallery
                .call(&token, Method::GET, &format!("/photos/{id}"), None)
                .await;
            assert_eq!(status, 404);
            is_problem(&answer, 404);
        }
        let operator = gallery.token(OPERATOR).await;
        let (status, _) = gallery
            .call(&operator, Method::GET, &format!("/photos/{id}"), None)
            .await;
        assert_eq!(status, 200);
    });
}

#[test]
fn s3_holds_an_upload_to_its_form() {
    on_gallery(async |gallery| {
        let token = gallery.token(UPLOADER).await;
        let (id, form) = gallery.announce(&token, "form.jpg").await;
        let changed = |name: &str, value: &str| {
            let mut form = form.clone();
            form["fields"][name] = json!(value);
            form
        };
        let key = form["fields"]["key"].as_str().unwrap();
        let policy = form["fields"]["policy"].as_str().unwrap();
        for (what, form) in [
            ("another key", changed("key", "u/somebody-else/x.jpg")),
            ("another type", changed("Content-Type", "text/html")),
            (
                "an altered policy",
                changed("policy", &policy.replace('e', "f")),
            ),
            (
                "another signature",
                changed("x-amz-signature", &"0".repeat(64)),
            ),
            ("another date", changed("x-amz-date", "20200101T000000Z")),
            ("a field besides", changed("x-amz-meta-a", "1")),
        ] {
            let (status, text) = gallery.post(&form, b"\xFF\xD8\xFF").await;
            assert!(status == 403 || status == 400, "{what}: {status} {text}");
        }
        let (status, text) = gallery.post(&form, b"").await;
        assert_eq!(status, 400, "{text}");
        let large = vec![0xFF; 67_108_865];
        let (status, text) = gallery.post(&form, &large).await;
        assert!(
            status == 400 && text.contains("EntityTooLarge"),
            "{status} {text}"
        );
        // None of these uploads has arrived.
        let names = gallery.world().names();
        let s3 = gallery.world().stack().s3();
        let head = s3
            .head_object()
            .bucket(&names.source_bucket)
            .key(key)
            .send()
            .await;
        assert!(head.is_err());
        let (_, photo) = gallery
            .call(&token, Method::GET, &format!("/photos/{id}"), None)
            .await;
        assert_eq!(photo["state"], "awaited");
    });
}

#[test]
fn the_same_client_token_is_the_same_photo() {
    on_gallery(async |gallery| {
        let token = gallery.token(UPLOADER).await;
        let body = |name: &str| json!({"name": name, "size": 10, "type": "image/jpeg", "clientToken": "idempotent-0001"});
        let (first, one) = gallery
            .call(&token, Method::POST, "/photos", Some(body("a.jpg")))
            .await;
        let (second, two) = gallery
            .call(&token, Method::POST, "/photos", Some(body("a.jpg")))
            .await;
        assert_eq!((first, second), (201, 200));
        assert_eq!(one["photo"]["id"], two["photo"]["id"]);
        let (status, problem) = gallery
            .call(&token, Method::POST, "/photos", Some(body("b.jpg")))
            .await;
        assert_eq!(status, 409);
        is_problem(&problem, 409);
        // Another user's token of the same text is another photo.
        let other = gallery.token(OTHER).await;
        let (status, three) = gallery
            .call(&other, Method::POST, "/photos", Some(body("a.jpg")))
            .await;
        assert_eq!(status, 201);
        assert_ne!(one["photo"]["id"], three["photo"]["id"]);
    });
}

#[test]
fn bad_input_is_a_problem_and_changes_nothing() {
    on_gallery(async |gallery| {
        let token = gallery.token(UPLOADER).await;
        let good = json!({"name": "refused-input.jpg", "size": 10, "type": "image/jpeg"});
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body
        };
        let rows = [
            (400, with("owner", json!("me"))),
            (400, with("size", json!(0))),
            (400, with("size", json!("many"))),
            (413, with("size", json!(67_108_865_u64))),
            (400, with("type", json!("image/png"))),
            (400, with("name", json!(".."))),
            (400, with("name", json!(""))),
            (400, with("name", json!("a\u{0}.jpg"))),
            (400, with("name", json!("x".repeat(256)))),
            (400, with("title", json!("x".repeat(201)))),
            (400, with("tags", json!(["x".repeat(300)]))),
            (400, with("clientToken", json!("../../x"))),
            (400, json!([])),
        ];
        for (wanted, body) in rows {
            let (status, answer) = gallery
                .call(&token, Method::POST, "/photos", Some(body.clone()))
                .await;
            assert_eq!(status, wanted, "{body}: {answer}");
            is_problem(&answer, wanted);
        }
        // None of these calls has announced a photo.
        let awaited = "/photos?state=awaited&mine=true&limit=100";
        let mut route = awaited.to_owned();
        loop {
            let (status, answer) = gallery.call(&token, Method::GET, &route, None).await;
            assert_eq!(status, 200, "{answer}");
            for photo in answer["photos"].as_array().unwrap() {
                assert!(photo["name"] != "refused-input.jpg", "{photo}");
            }
            match answer["cursor"].as_str() {
                Some(cursor) => route = format!("{awaited}&cursor={cursor}"),
                None => break,
            }
        }
        let raw = async |text: Vec<u8>, content_type: &str| {
            let answer = gallery
                .http()
                .post(format!("{}/photos", gallery.output("apiUrl")))
                .bearer_auth(&token)
                .header("content-type", content_type)
                .body(text)
                .send()
                .await
                .unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        for (wanted, text, content_type) in [
            (400, b"{\"name\": ".to_vec(), "application/json"),
            (400, b"\xFF\xFE".to_vec(), "application/json"),
            (415, good.to_string().into_bytes(), "text/plain"),
            (413, vec![b' '; 70_000], "application/json"),
        ] {
            let (status, answer) = raw(text, content_type).await;
            assert_eq!(status, wanted, "{answer}");
            is_problem(&serde_json::from_str(&answer).unwrap(), wanted);
        }
        // Ten megabytes: either API Gateway or the function must refuse it as too large.
        let (status, answer) = raw(vec![b' '; 10_000_000], "application/json").await;
        assert_eq!(status, 413, "{answer}");
        for route in [
            "/photos?colour=red",
            "/photos?limit=0",
            "/photos?limit=1&limit=2",
            "/photos?from=yesterday",
            "/photos?from=2026-02-01&to=2026-01-01",
            "/photos?cursor=AAAA",
            "/photos?state=lost",
        ] {
            let (status, answer) = gallery.call(&token, Method::GET, route, None).await;
            assert_eq!(status, 400, "{route}: {answer}");
            is_problem(&answer, 400);
        }
        // Names are shown as they are, without the folders in front.
        let (status, answer) = gallery
            .call(
                &token,
                Method::POST,
                "/photos",
                Some(with("name", json!("../../été ☀ <b>.jpg"))),
            )
            .await;
        assert_eq!(
            (status, &answer["photo"]["name"]),
            (201, &json!("été ☀ <b>.jpg"))
        );
    });
}

#[test]
fn a_photo_of_another_user_is_left_alone() {
    on_gallery(async |gallery| {
        let owner = gallery.token(UPLOADER).await;
        let other = gallery.token(OTHER).await;
        let file = unique_sample("colour-profile.jpg", "whose");
        let photo = gallery.upload(&owner, "whose.jpg", &file, END).await;
        let route = format!("/photos/{}", photo["id"].as_str().unwrap());
        let patch = Some(json!({"title": "mine now"}));
        for (method, body) in [(Method::PATCH, patch.clone()), (Method::DELETE, None)] {
            let (status, answer) = gallery.call(&other, method, &route, body).await;
            assert_eq!(status, 403, "{answer}");
            is_problem(&answer, 403);
        }
        let (_, seen) = gallery.call(&other, Method::GET, &route, None).await;
        assert_eq!((seen["title"].is_null(), seen.get("removed")), (true, None));
        let (status, changed) = gallery.call(&owner, Method::PATCH, &route, patch).await;
        assert_eq!((status, &changed["title"]), (200, &json!("mine now")));
    });
}

#[test]
fn pages_of_a_search_follow_each_other_without_a_gap() {
    on_gallery(async |gallery| {
        let token = gallery.token(UPLOADER).await;
        for n in 0..3 {
            gallery.announce(&token, &format!("paging-{n}.jpg")).await;
        }
        let mut names = Vec::new();
        let mut cursor = String::new();
        // Only published photos are found by words; awaited ones are listed by their state. Other tests announce photos, too.
        for _ in 0..100 {
            let route = format!("/photos?state=awaited&mine=true&limit=1{cursor}");
            let (status, page) = gallery.call(&token, Method::GET, &route, None).await;
            assert_eq!(status, 200, "{page}");
            for photo in page["photos"].as_array().unwrap() {
                names.push(photo["name"].as_str().unwrap().to_owned());
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        names.retain(|name| name.starts_with("paging-"));
        assert_eq!(names, ["paging-2.jpg", "paging-1.jpg", "paging-0.jpg"]);
        // Another user finds none of them: they are not published.
        let other = gallery.token(OTHER).await;
        for route in ["/photos?q=paging", "/photos?q=paging&state=awaited"] {
            let (_, page) = gallery.call(&other, Method::GET, route, None).await;
            assert_eq!(page["photos"], json!([]));
        }
    });
}

#[test]
fn only_an_access_token_of_this_pool_that_is_still_good_is_taken() {
    on_gallery(async |gallery| {
        let ask = async |token: &str| gallery.call(token, Method::GET, "/ping", None).await.0;
        let tokens = gallery.tokens(VIEWER).await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(ask(access).await, 200);
        assert_eq!(ask("").await, 401);
        assert_eq!(ask("a.b.c").await, 401);
        let (rest, _) = access.rsplit_once('.').unwrap();
        assert_eq!(ask(&format!("{rest}.{}", "A".repeat(342))).await, 401);
        // An ID token has no scopes.
        assert_eq!(ask(tokens["id_token"].as_str().unwrap()).await, 403);
        assert_eq!(ask(&another_pool(gallery).await).await, 401);
        assert_eq!(ask(&expired(gallery).await).await, 401);
        // The OpenAPI document can be read without a token.
        let document = format!("{}/openapi.yaml", gallery.output("apiUrl"));
        let answer = gallery.http().get(document).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.text().await.unwrap().starts_with("openapi: 3.1"));
    });
}

/// A good token of a pool that is not ours.
async fn another_pool(gallery: &Gallery) -> String {
    let cognito = gallery.cognito();
    let pool = cognito
        .create_user_pool()
        .pool_name("another")
        .send()
        .await
        .unwrap();
    let pool = pool.user_pool().unwrap().id().unwrap().to_owned();
    let client = cognito
        .create_user_pool_client()
        .user_pool_id(&pool)
        .client_name("pages")
        .allowed_o_auth_flows_user_pool_client(true)
        .allowed_o_auth_flows(OAuthFlowType::Code)
        .set_allowed_o_auth_scopes(Some(vec!["openid".into(), "email".into()]))
        .callback_urls("https://elsewhere.example/")
        .supported_identity_providers("COGNITO")
        .send()
        .await
        .unwrap();
    let client = client
        .user_pool_client()
        .unwrap()
        .client_id()
        .unwrap()
        .to_owned();
    let password = scrubjay_local::users::Password::Set(VIEWER.password.into());
    scrubjay_local::users::add(&cognito, &pool, VIEWER.email, &[], &password)
        .await
        .unwrap();
    let tokens = gallery
        .tokens_of(VIEWER, &client, "https://elsewhere.example")
        .await;
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// A token of ours that was good for a moment.
async fn expired(gallery: &Gallery) -> String {
    let cognito = gallery.cognito();
    let life = async |count: i32, unit: TimeUnitsType| {
        let pages = format!("{}/", gallery.output("pagesUrl"));
        cognito
            .update_user_pool_client()
            .user_pool_id(gallery.output("userPoolId"))
            .client_id(gallery.output("userPoolClientId"))
            .allowed_o_auth_flows_user_pool_client(true)
            .allowed_o_auth_flows(OAuthFlowType::Code)
            .set_allowed_o_auth_scopes(Some(vec!["openid".into(), "email".into()]))
            .callback_urls(&pages)
            .logout_urls(&pages)
            .supported_identity_providers("COGNITO")
            .explicit_auth_flows(aws_sdk_cognitoidentityprovider::types::ExplicitAuthFlowsType::AllowRefreshTokenAuth)
            .access_token_validity(count)
            .id_token_validity(60)
            .refresh_token_validity(12)
            .token_validity_units(
                TokenValidityUnitsType::builder()
                    .access_token(unit)
                    .id_token(TimeUnitsType::Minutes)
                    .refresh_token(TimeUnitsType::Hours)
                    .build(),
            )
            .send()
            .await
            .unwrap();
    };
    // AWS allows five minutes at least; the emulator is less strict, which spares the wait.
    life(1, TimeUnitsType::Seconds).await;
    let token = gallery.token(VIEWER).await;
    life(60, TimeUnitsType::Minutes).await;
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    token
}

#[test]
fn only_the_pages_may_call_from_a_browser() {
    on_gallery(async |gallery| {
        let preflight = async |origin: &str| {
            let answer = gallery
                .http()
                .request(
                    Method::OPTIONS,
                    format!("{}/photos", gallery.output("apiUrl")),
                )
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header(
                    "access-control-request-headers",
                    "authorization,content-type",
                )
                .send()
                .await
                .unwrap();
            let allowed = answer.headers().get("access-control-allow-origin");
            allowed.map(|value| value.to_str().unwrap().to_owned())
        };
        let pages = gallery.output("pagesUrl");
        assert_eq!(preflight(pages).await.as_deref(), Some(pages));
        assert_eq!(preflight("https://evil.example").await, None);
    });
}

#[test]
fn what_is_deleted_is_gone_everywhere() {
    on_gallery(async |gallery| {
        let token = gallery.token(UPLOADER).await;
        let file = [sample("beach.jpg"), vec![0; 3]].concat();
        let photo = gallery.upload(&token, "deleted-soon.jpg", &file, END).await;
        assert_eq!(photo["state"], "published", "{photo}");
        let id = photo["id"].as_str().unwrap();
        let (status, _) = gallery
            .call(&token, Method::DELETE, &format!("/photos/{id}"), None)
            .await;
        assert_eq!(status, 202);
        gallery.until_state(&token, id, &["retracted"]).await;
        let (_, page) = gallery
            .call(&token, Method::GET, "/photos?q=deleted", None)
            .await;
        assert_eq!(page["photos"], json!([]));
    });
}
