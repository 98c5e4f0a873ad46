//! The gallery's pages, put where `CloudFront` serves them from.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::json;

use crate::{Error, Result};

/// Where the pages lie in the repository.
pub const PAGES: &str = "gallery/pages";
/// Where the page's own content security policy goes.
const POLICY: &str = "<!-- policy -->";
/// Files that describe the folder and are not served.
const NOT_SERVED: &str = "md";

/// What the pages must know of their stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Base address of the API.
    pub api: String,
    /// The user pool, as it stands in the tokens.
    pub issuer: String,
    /// Base address of the sign-in pages.
    pub sign_in: String,
    /// The user pool's client.
    pub client_id: String,
    /// Where uploads are posted to: bucket A's address.
    pub uploads: String,
    /// Bytes of an upload, at most.
    pub max_bytes: u64,
}

/// What was put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployed {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Files of an earlier time that were removed.
    pub removed: usize,
}

/// A file as it is served.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    key: String,
    content_type: &'static str,
    body: Vec<u8>,
}

/// Puts the pages in `root` into the bucket, with a `config.json` beside them, and removes what is there besides.
///
/// # Errors
/// [`Error::Missing`] when the pages are not there, [`Error::Io`] when one cannot be read, [`Error::Aws`].
pub async fn deploy(
    s3: &Client,
    bucket: &str,
    root: &Path,
    addresses: &Addresses,
) -> Result<Deployed> {
    let pages = read(&root.join(PAGES), addresses)?;
    let wanted: BTreeSet<&str> = pages.iter().map(|page| page.key.as_str()).collect();
    // The page that names all others comes last: whoever loads it while this runs finds what it names.
    let (index, others): (Vec<_>, Vec<_>) = pages.iter().partition(|page| page.key == "index.html");
    for page in others.into_iter().chain(index) {
        s3.put_object()
            .bucket(bucket)
            .key(&page.key)
            .content_type(page.content_type)
            // Names do not change with what is in them: browsers ask each time, and mostly hear that nothing has changed.
            .cache_control("no-cache")
            .body(ByteStream::from(page.body.clone()))
            .send()
            .await
            .map_err(Error::aws("PutObject"))?;
    }
    let mut removed = 0;
    let mut listing = s3.list_objects_v2().bucket(bucket).into_paginator().send();
    while let Some(page) = listing.next().await {
        let page = page.map_err(Error::aws("ListObjectsV2"))?;
        for key in page.contents().iter().filter_map(|object| object.key()) {
            if !wanted.contains(key) {
                s3.delete_object()
                    .bucket(bucket)
                    .key(key)
                    .send()
                    .await
                    .map_err(Error::aws("DeleteObject"))?;
                removed += 1;
            }
        }
    }
    Ok(Deployed {
        files: pages.len(),
        bytes: pages.iter().map(|page| page.body.len()).sum(),
        removed,
    })
}

/// The files of the folder as they are served, `config.json` among them.
fn read(folder: &Path, addresses: &Addresses) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for path in files(folder)? {
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        if extension == NOT_SERVED {
            continue;
        }
        let Some(content_type) = content_type(extension) else {
            return Err(Error::Missing {
                path,
                why: "nothing says what type a file of this name has; crates/local/src/pages.rs lists them",
            });
        };
        let mut body = fs::read(&path).map_err(Error::io("read", &path))?;
        let key = path.strip_prefix(folder).unwrap_or(&path);
        let key = key.to_string_lossy().replace('\\', "/");
        if key == "index.html" {
            let text = String::from_utf8_lossy(&body);
            body = text.replace(POLICY, &policy(addresses)).into_bytes();
        }
        pages.push(Page {
            key,
            content_type,
            body,
        });
    }
    if pages.is_empty() {
        return Err(Error::Missing {
            path: folder.to_owned(),
            why: "it has the gallery's pages; run this in the repository",
        });
    }
    pages.push(Page {
        key: "config.json".into(),
        content_type: "application/json",
        body: config(addresses),
    });
    Ok(pages)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).map_err(|_| Error::Missing {
        path: folder.to_owned(),
        why: "it has the gallery's pages; run this in the repository",
    })?;
    for entry in entries {
        let path = entry.map_err(Error::io("read", folder))?.path();
        if path.is_dir() {
            found.append(&mut files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn content_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        _ => return None,
    })
}

/// What the page itself adds to the distribution's content security policy: the exact addresses that it may speak to.
fn policy(addresses: &Addresses) -> String {
    let mut origins: Vec<&str> = [&addresses.api, &addresses.uploads, &addresses.sign_in]
        .into_iter()
        .map(|address| origin(address))
        .collect();
    origins.sort_unstable();
    origins.dedup();
    format!(
        r#"<meta http-equiv="Content-Security-Policy" content="connect-src 'self' {}">"#,
        origins.join(" ")
    )
}

/// Scheme, host and port of an address.
fn origin(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address
        .get(host..)
        .and_then(|rest| rest.find('/'))
        .map_or(address.len(), |at| host + at);
    address.get(..end).unwrap_or(address)
}

fn config(addresses: &Addresses) -> Vec<u8> {
    let text = json!({
        "api": addresses.api,
        "issuer": addresses.issuer,
        "signIn": addresses.sign_in,
        "clientId": addresses.client_id,
        "maxBytes": addresses.max_bytes,
    });
    text.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Addresses {
        Addresses {
            api: "https://x.execute-api.eu-central-1.amazonaws.com".into(),
            issuer: "https://cognito-idp.eu-central-1.amazonaws.com/pool".into(),
            sign_in: "https://d.auth.eu-central-1.amazoncognito.com".into(),
            client_id: "client".into(),
            uploads: "https://a.s3.eu-central-1.amazonaws.com/".into(),
            max_bytes: 1000,
        }
    }

    #[test]
    fn the_page_names_the_exact_addresses_that_it_speaks_to() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../gallery/pages");
        let pages = read(&folder, &addresses()).unwrap();
        let index = pages.iter().find(|page| page.key == "index.html").unwrap();
        let text = std::str::from_utf8(&index.body).unwrap();
        assert!(
            text.contains("connect-src 'self' https://a.s3.eu-central-1.amazonaws.com https://d.auth.eu-central-1.amazoncognito.com https://x.execute-api.eu-central-1.amazonaws.com"),
            "{text}"
        );
        assert!(pages.iter().any(|page| page.key == "config.json"));
        assert!(pages.iter().all(|page| !page.key.contains("README")));
    }

    #[test]
    fn an_origin_is_without_its_path() {
        assert_eq!(origin("http://127.0.0.1:8/a/b"), "http://127.0.0.1:8");
        assert_eq!(origin("https://a.example"), "https://a.example");
    }
}
