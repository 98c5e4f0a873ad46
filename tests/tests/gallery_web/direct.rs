//! The direct API: S3 and DynamoDB through API Gateway, without code, each call in the name of a role of its own.

use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::{Method, RequestBuilder, Response};
use scrubjay_tests::gallery::{Gallery, UPLOADER, on_gallery};
use scrubjay_tests::unique_sample;
use serde_json::{Value, json};

/// The value of the first API key
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_GetApiKey.html>).
async fn key(gallery: &Gallery) -> String {
    let endpoint = &gallery.world().names().endpoint;
    let address = format!(
        "{endpoint}/apikeys/{}?includeValue=true",
        gallery.output("directApiKey")
    );
    let request = gallery.http().get(&address);
    let request = signed(request, "apigateway", "GET", &address, &[]);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["value"].as_str().expect("a key").to_owned()
}

/// Signed with the account's own credentials (SigV4).
fn signed(
    mut request: RequestBuilder,
    service: &str,
    method: &str,
    address: &str,
    body: &[u8],
) -> RequestBuilder {
    let host = address.split('/').nth(2).expect("a host");
    let identity = Credentials::new("test", "test", None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let signable = SignableRequest::new(
        method,
        address,
        [("host", host)].into_iter(),
        SignableBody::Bytes(body),
    );
    let (instructions, _) = sign(signable.unwrap(), &parameters).unwrap().into_parts();
    for (name, value) in instructions.headers() {
        request = request.header(name, value);
    }
    request
}

struct Call<'a> {
    method: Method,
    path: &'a str,
    content_type: &'a str,
    body: Vec<u8>,
    signed: bool,
    key: Option<&'a str>,
}

async fn call(gallery: &Gallery, call: Call<'_>) -> Response {
    let address = format!("{}{}", gallery.output("directApiUrl"), call.path);
    let mut request = gallery
        .http()
        .request(call.method.clone(), &address)
        .header("content-type", call.content_type)
        .body(call.body.clone());
    if let Some(key) = call.key {
        request = request.header("x-api-key", key);
    }
    if call.signed {
        let method = call.method.as_str();
        request = signed(request, "execute-api", method, &address, &call.body);
    }
    request.send().await.unwrap()
}

fn get<'a>(path: &'a str, key: &'a str) -> Call<'a> {
    Call {
        method: Method::GET,
        path,
        content_type: "application/json",
        body: vec![],
        signed: true,
        key: Some(key),
    }
}

#[test]
fn a_machine_uploads_reads_asks_and_writes_texts_without_code() {
    on_gallery(async |gallery| {
        let key = key(gallery).await;
        let file = unique_sample("beach.jpg", "by a machine");
        let put = |signed, key| Call {
            method: Method::PUT,
            path: "/objects/shop/it's%20a%2Bb.jpg",
            content_type: "image/jpeg",
            body: file.clone(),
            signed,
            key,
        };
        assert_eq!(call(gallery, put(false, Some(&key))).await.status(), 403);
        assert_eq!(call(gallery, put(true, None)).await.status(), 403);
        let answer = call(gallery, put(true, Some(&key))).await;
        assert_eq!(answer.status(), 201);
        assert!(answer.headers().contains_key("etag"));

        // The clean photo, under the same key, byte for byte.
        let clean = scrubjay_tests::clean(&file);
        gallery
            .world()
            .until_published("shop/it's a+b.jpg", Some(&clean))
            .await;
        let answer = call(
            gallery,
            Call {
                content_type: "image/jpeg",
                ..get("/objects/shop/it's%20a%2Bb.jpg", &key)
            },
        )
        .await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.bytes().await.unwrap().as_ref(), clean.as_slice());
        let none = call(gallery, get("/objects/none.jpg", &key)).await;
        assert_eq!(none.status(), 404);

        // The photo is in bucket B a moment before its audit item says so.
        let end = Instant::now() + Duration::from_mins(2);
        let audit = loop {
            let audit: Value = call(gallery, get("/audit/shop/it's%20a%2Bb.jpg", &key))
                .await
                .json()
                .await
                .unwrap();
            if audit["uploads"][0]["status"] == "CLEANED" {
                break audit;
            }
            assert!(Instant::now() < end, "waited for CLEANED: {audit}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let upload = &audit["uploads"][0];
        assert_eq!(upload["error"], Value::Null, "{audit}");
        assert!(
            upload["removed"]
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["kind"] == "exif")
        );
        let nothing: Value = call(gallery, get("/status/FAILED/2001-01-01", &key))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(nothing, json!({"uploads": []}));
    });
}

#[test]
fn texts_are_checked_by_a_model_and_reach_only_photos_that_are_there() {
    on_gallery(async |gallery| {
        let key = key(gallery).await;
        let token = gallery.token(UPLOADER).await;
        let (id, _) = gallery.announce(&token, "texts.jpg").await;
        let put = async |id: &str, body: Value| {
            let path = format!("/texts/{id}");
            let body = body.to_string().into_bytes();
            let put = Call {
                method: Method::PUT,
                body,
                ..get(&path, &key)
            };
            call(gallery, put).await.status().as_u16()
        };
        let texts = json!({"title": "It's \"low\" <tide>", "alt": "Sand\\bank ☀", "tags": ["o'clock", "b\"c"]});
        assert_eq!(put(&id, texts.clone()).await, 204);
        let (_, photo) = gallery
            .call(&token, Method::GET, &format!("/photos/{id}"), None)
            .await;
        for part in ["title", "alt", "tags"] {
            assert_eq!(photo[part], texts[part]);
        }
        assert_eq!(put(&"0".repeat(32), texts.clone()).await, 404);
        for wrong in [
            json!({"title": "a", "tags": []}),
            json!({"title": "a", "alt": "b", "tags": [], "state": "PUBLISHED"}),
            json!({"title": "a", "alt": "b", "tags": [1]}),
            json!("title"),
        ] {
            assert_eq!(put(&id, wrong.clone()).await, 400, "{wrong}");
        }
    });
}

#[test]
fn more_than_ten_megabytes_are_too_much() {
    on_gallery(async |gallery| {
        let key = key(gallery).await;
        let put = Call {
            method: Method::PUT,
            content_type: "image/jpeg",
            body: vec![0xFF; 10 * 1024 * 1024 + 1],
            ..get("/objects/large.jpg", &key)
        };
        assert_eq!(call(gallery, put).await.status(), 413);
    });
}
