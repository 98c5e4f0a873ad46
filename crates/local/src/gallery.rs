//! What the gallery needs on this machine besides its template: addresses that a browser can open, a key, the pages, a user.

use std::collections::BTreeMap;
use std::path::Path;

use aws_config::SdkConfig;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::pages::{self, Addresses};
use crate::users::{self, Password};
use crate::{Error, Result, signing_key};

/// The gallery's template, relative to the root.
pub const GALLERY: &str = "gallery/template.yaml";

/// The first user's name.
const USER: &str = "you@example.com";

/// Ports at which the emulated `CloudFront` is reached; the overlay's `fronts.py` says how.
#[derive(Debug, Clone)]
pub(crate) struct Fronts {
    /// Address of the pages.
    pub pages: String,
    /// Address of the derivatives.
    pub photos: String,
}

impl Fronts {
    /// Opens both. Nothing is behind them yet.
    pub async fn open(endpoint: &str) -> Result<Self> {
        Ok(Self {
            pages: front(endpoint, &json!({"name": "pages"})).await?,
            photos: front(endpoint, &json!({"name": "photos"})).await?,
        })
    }

    /// The gallery's parameters that follow from them.
    pub fn parameters(&self) -> [(String, String); 2] {
        [
            ("PagesOrigin".into(), self.pages.clone()),
            ("PhotosOrigin".into(), self.photos.clone()),
        ]
    }
}

async fn front(endpoint: &str, order: &Value) -> Result<String> {
    let answer = reqwest::Client::new()
        .post(format!("{endpoint}/_scrubjay/fronts"))
        .json(order)
        .send()
        .await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    let port = answer
        .get("port")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    Ok(format!("http://127.0.0.1:{port}"))
}

/// Before the gallery is deployed: the key that signs addresses of photos.
pub(crate) async fn prepare(sdk: &SdkConfig, env: &str, key_arn: &str) -> Result<()> {
    signing_key::renew(&aws_sdk_ssm::Client::new(sdk), env, key_arn).await
}

/// After it: the pages, what lies behind the fronts, and a user. Changes those outputs that have another address here.
pub(crate) async fn finish(
    sdk: &SdkConfig,
    endpoint: &str,
    root: &Path,
    fronts: &Fronts,
    names: &mut BTreeMap<String, String>,
) -> Result<()> {
    let region = sdk.region().map(ToString::to_string).unwrap_or_default();
    let output = |name: &str| names.get(name).cloned().unwrap_or_default();
    let source = output("SourceBucket");
    // Not every browser resolves a host name per API; the emulator also answers to paths.
    let api = format!("{endpoint}/_aws/execute-api/{}/$default", output("ApiId"));
    let direct = format!("{endpoint}/_aws/execute-api/{}/v1", output("DirectApiId"));
    let replace = json!({
        (format!("https://*.execute-api.{region}.amazonaws.com")): endpoint,
        (format!("https://{source}.s3.{region}.amazonaws.com")): endpoint,
        (output("SignInUrl")): endpoint,
    });
    for (name, host) in [
        ("pages", output("PagesDistributionDomain")),
        ("photos", output("PhotosDistributionDomain")),
    ] {
        front(
            endpoint,
            &json!({"name": name, "host": host, "replace": replace}),
        )
        .await?;
    }
    let addresses = Addresses {
        api: api.clone(),
        issuer: output("Issuer"),
        sign_in: endpoint.to_owned(),
        client_id: output("UserPoolClientId"),
        uploads: endpoint.to_owned(),
        max_bytes: output("UploadMaxBytes").parse().unwrap_or(67_108_864),
    };
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(sdk)
            .force_path_style(true)
            .build(),
    );
    pages::deploy(&s3, &output("PagesBucket"), root, &addresses).await?;

    // Meets the pool's rules: a capital and a small letter, a digit, twelve characters.
    let password = format!("Jay-{}", &Uuid::new_v4().simple().to_string()[..12]);
    let cognito = aws_sdk_cognitoidentityprovider::Client::new(sdk);
    let groups = users::GROUPS.map(|(name, _)| name);
    let set = Password::Set(password.clone());
    users::add(&cognito, &output("UserPoolId"), USER, &groups, &set).await?;

    names.insert("ApiUrl".into(), api);
    names.insert("SignInUrl".into(), endpoint.to_owned());
    names.insert("PagesUrl".into(), fronts.pages.clone());
    names.insert("PhotosUrl".into(), fronts.photos.clone());
    names.insert("GalleryUser".into(), USER.to_owned());
    names.insert("GalleryPassword".into(), password);
    if names.contains_key("DirectApiId") {
        names.insert("DirectApiUrl".into(), direct);
    }
    Ok(())
}

/// The addresses of a gallery on AWS, from the outputs of its stack.
///
/// # Errors
/// [`Error::Missing`] when an output is not there.
pub fn addresses(outputs: &BTreeMap<String, String>, region: &str) -> Result<Addresses> {
    let output = |name: &'static str| {
        outputs.get(name).cloned().ok_or(Error::Missing {
            path: GALLERY.into(),
            why: "the gallery's stack lacks an output that the pages need: deploy it again",
        })
    };
    let source = output("SourceBucket")?;
    Ok(Addresses {
        api: output("ApiUrl")?,
        issuer: output("Issuer")?,
        sign_in: output("SignInUrl")?,
        client_id: output("UserPoolClientId")?,
        uploads: format!("https://{source}.s3.{region}.amazonaws.com"),
        max_bytes: output("UploadMaxBytes")?.parse().unwrap_or(67_108_864),
    })
}
