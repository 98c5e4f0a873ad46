//! Presigned forms: what a browser posts to S3 so that the file goes straight into bucket A
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>).
//!
//! S3 itself enforces the form's policy: one key, one media type, a maximum size, five minutes.

use std::collections::BTreeMap;
use std::fmt::Write;

use aws_credential_types::Credentials;
use base64::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use sha2::Sha256;

/// How long a form is good.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// The only type that is taken.
pub const TYPE: &str = "image/jpeg";

/// What a browser posts, and to which address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Form {
    /// The bucket's address.
    pub url: String,
    /// Fields to send before the file, which comes last under the name `file`.
    pub fields: BTreeMap<&'static str, String>,
    /// When S3 stops accepting the form.
    pub expires_at: Timestamp,
}

/// What a form allows.
#[derive(Debug)]
pub struct Allowed<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// Its address, to post to.
    pub url: &'a str,
    /// Its region.
    pub region: &'a str,
    /// The one key.
    pub key: &'a str,
    /// Bytes, at most.
    pub most: u64,
}

/// Signs a form.
pub fn sign(allowed: &Allowed<'_>, credentials: &Credentials, now: Timestamp) -> Form {
    let expires_at = now.saturating_add(GOOD_FOR).unwrap_or(now);
    let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = now.strftime("%Y%m%d").to_string();
    let scope = format!("{day}/{}/s3/aws4_request", allowed.region);
    let mut fields = BTreeMap::from([
        ("key", allowed.key.to_owned()),
        ("Content-Type", TYPE.to_owned()),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
        (
            "x-amz-credential",
            format!("{}/{scope}", credentials.access_key_id()),
        ),
        ("x-amz-date", time),
    ]);
    if let Some(token) = credentials.session_token() {
        fields.insert("x-amz-security-token", token.to_owned());
    }
    let mut conditions: Vec<_> = fields
        .iter()
        .map(|(name, value)| json!({ *name: value }))
        .collect();
    conditions.push(json!({"bucket": allowed.bucket}));
    conditions.push(json!(["content-length-range", 1, allowed.most]));
    let policy = json!({
        "expiration": format!("{expires_at:.3}"),
        "conditions": conditions,
    });
    let policy = BASE64_STANDARD.encode(policy.to_string());
    let signature = signature(
        credentials.secret_access_key(),
        &day,
        allowed.region,
        &policy,
    );
    fields.insert("policy", policy);
    fields.insert("x-amz-signature", signature);
    Form {
        url: allowed.url.to_owned(),
        fields,
        expires_at,
    }
}

/// Signature Version 4 of a policy
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html>): lower-case hexadecimal.
fn signature(secret: &str, day: &str, region: &str, policy: &str) -> String {
    let mut key = hash(format!("AWS4{secret}").as_bytes(), day);
    for part in [region, "s3", "aws4_request"] {
        key = hash(&key, part);
    }
    hex(&hash(&key, policy))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn hash(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html>.
    #[test]
    fn the_signature_is_that_of_the_documentation() {
        let policy = concat!(
            "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJz",
            "aWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJw",
            "dWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6",
            "b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2Uv",
            "Il0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRp",
            "b24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRl",
            "bnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXot",
            "YWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9"
        );
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert_eq!(
            signature(secret, "20151229", "us-east-1", policy),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }

    #[test]
    fn every_field_is_a_condition() {
        let credentials = Credentials::new("AKIA", "secret", Some("token".into()), None, "test");
        let now: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        let allowed = Allowed {
            bucket: "a",
            url: "https://a.s3.eu-central-1.amazonaws.com/",
            region: "eu-central-1",
            key: "u/1/2.jpg",
            most: 1000,
        };
        let form = sign(&allowed, &credentials, now);
        let policy = BASE64_STANDARD.decode(&form.fields["policy"]).unwrap();
        let policy: serde_json::Value = serde_json::from_slice(&policy).unwrap();
        assert_eq!(policy["expiration"], "2026-11-25T10:05:00.000Z");
        let conditions = policy["conditions"].as_array().unwrap();
        for (name, value) in &form.fields {
            let condition = json!({ *name: value });
            assert!(
                ["policy", "x-amz-signature"].contains(name) || conditions.contains(&condition),
                "{name}"
            );
        }
        assert!(conditions.contains(&json!(["content-length-range", 1, 1000])));
        assert!(conditions.contains(&json!({"bucket": "a"})));
    }
}
