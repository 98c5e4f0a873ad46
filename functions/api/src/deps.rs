//! What the function holds between calls.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_s3::presigning::PresigningConfig;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scrubjay_gallery::aws::Catalogue;
use scrubjay_pipeline::aws::{s3_client, sdk_config};
use scrubjay_pipeline::config::{ConfigError, environment};

use crate::address::Addresses;
use crate::audit::{Audit, unavailable};
use crate::problem::Problem;

/// Made once per cold start.
pub struct Deps {
    pub catalogue: Catalogue,
    pub audit: Audit,
    pub s3: aws_sdk_s3::Client,
    pub sfn: aws_sdk_sfn::Client,
    pub addresses: Addresses,
    /// Bucket A. The function signs forms for uploads to it and deletes from it, but never reads it.
    pub source_bucket: String,
    /// Its address, to post to.
    pub source_url: String,
    destination_bucket: String,
    pub region: String,
    /// ARN of the machine scrub.
    pub scrub: String,
    /// Bytes of a file, at most.
    pub max_bytes: u64,
    /// Flagged photos are not shown until an operator has released them.
    pub withhold: bool,
    credentials: aws_credential_types::provider::SharedCredentialsProvider,
}

impl Deps {
    /// From `CATALOGUE_TABLE`, `AUDIT_TABLE`, `SOURCE_BUCKET`, `DESTINATION_BUCKET`, `SCRUB_MACHINE`, `PHOTOS_ORIGIN`,
    /// `MAX_BYTES`, `ON_FLAGGED`, `AWS_REGION`; where photos are not public also `PHOTOS_KEY_PAIR_ID` and
    /// `PHOTOS_KEY_PARAMETER`, the SSM parameter with the private key.
    ///
    /// # Errors
    /// [`ConfigError`], or a sentence when the key cannot be read.
    pub async fn from_env() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut env = environment();
        let sdk = sdk_config();
        let s3 = s3_client(&sdk);
        let region = env.required("AWS_REGION");
        let source_bucket = env.required("SOURCE_BUCKET");
        let source_url = match sdk.endpoint_url() {
            // An emulator's host name has no bucket subdomains.
            Some(endpoint) => format!("{endpoint}/{source_bucket}"),
            None => format!("https://{source_bucket}.s3.{region}.amazonaws.com/"),
        };
        let origin = env.required("PHOTOS_ORIGIN");
        let key_pair = env.or("PHOTOS_KEY_PAIR_ID", String::new());
        let parameter = env.or("PHOTOS_KEY_PARAMETER", String::new());
        let mut deps = Self {
            catalogue: Catalogue::new(&sdk, env.required("CATALOGUE_TABLE")),
            audit: Audit::new(
                aws_sdk_dynamodb::Client::new(&sdk),
                env.required("AUDIT_TABLE"),
                source_bucket.clone(),
            ),
            s3,
            sfn: aws_sdk_sfn::Client::new(&sdk),
            addresses: Addresses::public(&origin),
            source_url,
            source_bucket,
            destination_bucket: env.required("DESTINATION_BUCKET"),
            region,
            scrub: env.required("SCRUB_MACHINE"),
            max_bytes: env.or("MAX_BYTES", 67_108_864),
            withhold: env.or("ON_FLAGGED", "show".to_owned()) == "withhold",
            credentials: sdk
                .credentials_provider()
                .ok_or("no credentials in the environment")?,
        };
        let configured: Result<(), ConfigError> = env.finish(());
        configured?;
        if !key_pair.is_empty() {
            let answer = aws_sdk_ssm::Client::new(&sdk)
                .get_parameter()
                .name(&parameter)
                .with_decryption(true)
                .send()
                .await
                .map_err(|e| {
                    format!(
                        "the key that signs addresses cannot be read: {:?}",
                        e.as_service_error()
                    )
                })?;
            let pem = answer.parameter.and_then(|p| p.value).unwrap_or_default();
            deps.addresses = Addresses::signed(&origin, &key_pair, &pem)?;
        }
        Ok(deps)
    }

    /// Opens the connection to the catalogue.
    pub async fn open(&self) {
        self.catalogue.open().await;
    }

    /// The function's own credentials, with which forms are signed.
    pub async fn credentials(&self) -> Result<Credentials, Problem> {
        let found = self.credentials.provide_credentials().await;
        found.map_err(|error| Problem::unavailable(error.to_string()))
    }

    /// An address from which the clean photo is downloaded under the name that its owner gave it.
    pub async fn download(
        &self,
        key: &str,
        name: &str,
        good_for: Duration,
    ) -> Result<String, Problem> {
        let presigning = PresigningConfig::expires_in(good_for);
        let presigning = presigning.map_err(|error| Problem::bug(error.to_string()))?;
        // RFC 6266 with RFC 5987: any name, and no way out of the header.
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let request = self
            .s3
            .get_object()
            .bucket(&self.destination_bucket)
            .key(key)
            .response_content_disposition(format!("attachment; filename*=UTF-8''{name}"))
            .presigned(presigning)
            .await
            .map_err(unavailable)?;
        Ok(request.uri().to_owned())
    }
}
