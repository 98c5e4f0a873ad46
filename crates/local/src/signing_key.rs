//! The key that signs addresses of photos: P-256, of which `CloudFront` knows the public half
//! (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html>).

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;
use base64::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use crate::{Error, Result};

/// What stands before the point of a P-256 key in its `SubjectPublicKeyInfo` (RFC 5480, section 2): id-ecPublicKey, prime256v1, a bit
/// string of 65 bytes and one that counts the unused bits.
const BEFORE_POINT: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
    0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Last part of the name of the parameter with the private half.
pub const PRIVATE: &str = "photos-signing-key";
/// Last part of the name of the parameter with the public half.
pub const PUBLIC: &str = "photos-public-key";

/// Makes a new key pair and writes both halves into the environment's parameters: the private one encrypted.
///
/// # Errors
/// [`Error::Aws`].
pub async fn renew(client: &Client, env: &str, key_id: &str) -> Result<()> {
    let (private, public) = make()?;
    let put = |name: &str| {
        client
            .put_parameter()
            .name(format!("/scrubjay/{env}/{name}"))
            .overwrite(true)
    };
    put(PRIVATE)
        .r#type(ParameterType::SecureString)
        .key_id(key_id)
        .value(private)
        .send()
        .await
        .map_err(Error::aws("PutParameter"))?;
    put(PUBLIC)
        .r#type(ParameterType::String)
        .value(public)
        .send()
        .await
        .map_err(Error::aws("PutParameter"))?;
    Ok(())
}

/// A new key pair, as PEM: private (PKCS #8) and public.
fn make() -> Result<(String, String)> {
    let not_made = |error: &dyn std::fmt::Display| Error::Aws {
        call: "to make a key",
        message: error.to_string(),
    };
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let private = EcdsaKeyPair::generate_pkcs8(algorithm, &random);
    let private = private.map_err(|error| not_made(&error))?;
    let key = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref(), &random);
    let key = key.map_err(|error| not_made(&error))?;
    let public = [&BEFORE_POINT, key.public_key().as_ref()].concat();
    Ok((
        pem("PRIVATE KEY", private.as_ref()),
        pem("PUBLIC KEY", &public),
    ))
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
