//! Addresses of derivatives: plain where photos are public, signed where they are not
//! (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html>).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::prelude::*;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;

/// A signed address is good until the end of an hour, and for an hour at least. A process remembers the addresses of an hour, so
/// that the same photo keeps its address for that long, and browsers find it in their cache.
const HOUR: i64 = 3600;
/// Addresses that a process remembers, some 300 bytes each.
const REMEMBERED: usize = 20_000;

/// What a path must not contain as it is (RFC 3986, section 3.3), slashes between segments aside.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'+')
    .add(b'&')
    .add(b'\'')
    .add(b'*');

/// Makes addresses.
pub struct Addresses {
    origin: String,
    signer: Option<Signer>,
}

struct Signer {
    key_pair_id: String,
    key: EcdsaKeyPair,
    random: SystemRandom,
    /// When the remembered addresses expire, and the addresses themselves by resource.
    remembered: Mutex<(i64, HashMap<String, String>)>,
}

impl Addresses {
    /// Below `origin`, such as `https://d111111abcdef8.cloudfront.net`; anybody may fetch.
    pub fn public(origin: &str) -> Self {
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
            signer: None,
        }
    }

    /// The same with a signature by this private key (PKCS #8, PEM, P-256), which `CloudFront` knows as `key_pair_id`.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn signed(origin: &str, key_pair_id: &str, pem: &str) -> Result<Self, String> {
        let random = SystemRandom::new();
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes());
        let der =
            der.map_err(|error| format!("the key that signs addresses is no PEM: {error}"))?;
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            der.secret_pkcs8_der(),
            &random,
        );
        let key =
            key.map_err(|error| format!("the key that signs addresses cannot be read: {error}"))?;
        Ok(Self {
            signer: Some(Signer {
                key_pair_id: key_pair_id.to_owned(),
                key,
                random,
                remembered: Mutex::default(),
            }),
            ..Self::public(origin)
        })
    }

    /// Where the object under `key` in the derivatives bucket is fetched.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn of(&self, key: &str, now: Timestamp) -> Result<String, String> {
        let resource = format!("{}/{}", self.origin, utf8_percent_encode(key, PATH));
        match &self.signer {
            None => Ok(resource),
            Some(signer) => signer.sign(resource, now),
        }
    }
}

impl Signer {
    fn sign(&self, resource: String, now: Timestamp) -> Result<String, String> {
        let expires = (now.as_second() / HOUR + 2) * HOUR;
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if remembered.0 != expires || remembered.1.len() >= REMEMBERED {
            *remembered = (expires, HashMap::new());
        }
        if let Some(address) = remembered.1.get(&resource) {
            return Ok(address.clone());
        }
        let policy = format!(
            r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}"#
        );
        let signature = self
            .key
            .sign(&self.random, policy.as_bytes())
            .map_err(|_| "the system has no random numbers")?;
        let signature = BASE64_STANDARD
            .encode(signature)
            .replace('+', "-")
            .replace('=', "_")
            .replace('/', "~");
        let address = format!(
            "{resource}?Expires={expires}&Signature={signature}&Key-Pair-Id={}&Hash-Algorithm=SHA256",
            self.key_pair_id
        );
        remembered.1.insert(resource, address.clone());
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_ASN1, KeyPair, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_public_address_is_the_key_as_a_path() {
        let addresses = Addresses::public("https://d.example/");
        assert_eq!(
            addresses
                .of("320/u/ü b?#%2F.jpg", Timestamp::UNIX_EPOCH)
                .unwrap(),
            "https://d.example/320/u/%C3%BC%20b%3F%23%252F.jpg"
        );
    }

    #[test]
    fn a_signed_address_stays_the_same_for_an_hour_and_verifies() {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random).unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            BASE64_STANDARD.encode(der.as_ref())
        );
        let addresses = Addresses::signed("https://d.example", "K1", &pem).unwrap();
        let at = |seconds| {
            addresses
                .of("320/a.jpg", Timestamp::from_second(seconds).unwrap())
                .unwrap()
        };
        let address = at(7200);
        assert_eq!(address, at(7200 + 3599));
        assert_ne!(address, at(7200 + 3600));
        let part = |name: &str| {
            let (_, rest) = address.split_once(name).unwrap();
            rest.split('&').next().unwrap().to_owned()
        };
        assert_eq!(part("Expires="), "14400");
        let signature = part("Signature=")
            .replace('-', "+")
            .replace('_', "=")
            .replace('~', "/");
        let signature = BASE64_STANDARD.decode(signature).unwrap();
        let policy = r#"{"Statement":[{"Resource":"https://d.example/320/a.jpg","Condition":{"DateLessThan":{"AWS:EpochTime":14400}}}]}"#;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key())
            .verify(policy.as_bytes(), &signature)
            .unwrap();
        assert!(Addresses::signed("https://d.example", "K1", "no key").is_err());
    }
}
