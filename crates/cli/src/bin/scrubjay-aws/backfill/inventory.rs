//! An S3 Inventory of bucket A (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html>).

use std::str::FromStr;

use anyhow::{Context, Result, bail};
use scrubjay::show;
use serde::{Deserialize, Serialize};

use crate::target::Target;

/// Where a manifest lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    bucket: String,
    key: String,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let place = text
            .strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'));
        match place {
            Some((bucket, key)) if !bucket.is_empty() && key.ends_with("manifest.json") => {
                Ok(Self {
                    bucket: bucket.to_owned(),
                    key: key.to_owned(),
                })
            }
            _ => Err("give the manifest of an inventory: s3://BUCKET/…/manifest.json".to_owned()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    source_bucket: String,
    file_format: String,
    file_schema: String,
    files: Vec<serde_json::Value>,
}

/// Reads the manifest, and refuses one that the machine could not use.
///
/// # Errors
/// When it cannot be read, is of another bucket or format, or lists versions.
pub async fn check(target: &Target, place: &Place) -> Result<()> {
    let reports = target.output("ReportsBucket")?;
    let shown = format!("s3://{}/{}", place.bucket, show::printable(&place.key));
    if place.bucket != reports || !place.key.starts_with("inventory/") {
        bail!("{shown}: the machine may read inventories in s3://{reports}/inventory/ only");
    }
    let client = aws_sdk_s3::Client::new(target.sdk());
    let get = client.get_object().bucket(&place.bucket).key(&place.key);
    let answer = get
        .send()
        .await
        .with_context(|| format!("cannot read {shown}"))?;
    let bytes = answer
        .body
        .collect()
        .await
        .with_context(|| format!("cannot read {shown}"))?
        .into_bytes();
    let source = target.output("SourceBucket")?;
    usable(&bytes, source).with_context(|| format!("{shown}; nothing was started"))
}

fn usable(manifest: &[u8], source: &str) -> Result<()> {
    let manifest: Manifest =
        serde_json::from_slice(manifest).context("this is no manifest of an S3 Inventory")?;
    if manifest.source_bucket != source {
        bail!(
            "the inventory is of the bucket {}, and bucket A is {source}",
            show::printable(&manifest.source_bucket)
        );
    }
    if manifest.file_format != "CSV" {
        bail!(
            "the inventory is in {}; Step Functions reads inventories in CSV",
            show::printable(&manifest.file_format)
        );
    }
    let columns: Vec<&str> = manifest.file_schema.split(',').map(str::trim).collect();
    for column in ["Bucket", "Key"] {
        if !columns.contains(&column) {
            bail!("the inventory has no column {column}");
        }
    }
    if columns.contains(&"IsLatest") {
        bail!("the inventory lists old versions too; one of current versions only is needed");
    }
    if manifest.files.is_empty() {
        bail!("the inventory has no files");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_manifest_has_to_fit() {
        let with = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut manifest = json!({
                "sourceBucket": "a", "destinationBucket": "arn:aws:s3:::r", "version": "2016-11-30",
                "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size",
                "files": [{"key": "1.csv.gz", "size": 1, "MD5checksum": "0"}],
            });
            change(&mut manifest);
            let checked = usable(manifest.to_string().as_bytes(), "a");
            checked.map_err(|error| error.to_string())
        };
        let refused = |field: &str, value: serde_json::Value| {
            with(&|manifest| manifest[field] = value.clone()).unwrap_err()
        };
        assert_eq!(with(&|_| {}), Ok(()));
        assert!(refused("sourceBucket", json!("b")).contains("of the bucket b"));
        assert!(refused("fileFormat", json!("Parquet")).contains("in Parquet"));
        assert!(refused("fileSchema", json!("Bucket, Size")).contains("no column Key"));
        let versions = json!("Bucket, Key, VersionId, IsLatest, IsDeleteMarker");
        assert!(refused("fileSchema", versions).contains("old versions"));
        assert!(refused("files", json!([])).contains("no files"));
        assert!(usable(b"hello", "a").is_err());
    }

    #[test]
    fn a_place_names_a_manifest() {
        let place: Place = "s3://r/inventory/x/manifest.json".parse().unwrap();
        assert_eq!(
            (&*place.bucket, &*place.key),
            ("r", "inventory/x/manifest.json")
        );
        for wrong in [
            "r/manifest.json",
            "s3://r",
            "s3://r/x.csv",
            "s3:///manifest.json",
        ] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
