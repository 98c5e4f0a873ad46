//! `scrubjay photos sweep`: compares the catalogue with bucket B, and has derive look at what differs.

use std::collections::HashMap;
use std::fmt;
use std::process::ExitCode;

use anyhow::{Context, Result};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::operation::list_objects_v2::{ListObjectsV2Error, ListObjectsV2Output};
use aws_sdk_s3::types::Object;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_smithy_async::future::pagination_stream::PaginationStream;
use futures::future::try_join_all;
use jiff::Timestamp;
use scrubjay::show;
use scrubjay_gallery::aws::Catalogue;
use scrubjay_gallery::{Index, Photo, PhotoId, Query, State};
use serde::Serialize;
use serde_json::{Value, json};

use crate::audit::{Item, Table, read};
use crate::target::{Target, TargetArgs};

/// Compare the catalogue with bucket B, and have derive look at what differs
///
/// It finds photos without an item or with that of another picture, items and derivatives of photos that bucket B has no more, and what
/// was derived by another recipe (with --recipe). It rebuilds a catalogue that was lost: dates from the audit table, owners from the
/// keys, the rest from bucket B. What it finds it only names to derive, which
/// looks for itself: to run it twice, or while photos come, does no harm.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only keys that begin so
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// Also photos whose derivatives were made by another recipe than this, such as '320,1600 q82 v1'
    #[arg(long, value_name = "TEXT")]
    recipe: Option<String>,
    /// Every photo, whatever the catalogue says
    #[arg(long)]
    all: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// Photos in bucket B.
    photos: usize,
    /// Without an item, or with that of another picture.
    missing: usize,
    /// Made by another recipe, or all of them where that was asked for.
    again: usize,
    /// Items that say PUBLISHED, of photos that bucket B has no more.
    gone: usize,
    /// Derivatives of photos that bucket B has no more.
    orphans: usize,
    /// Keys that derive was told to look at.
    sent: usize,
}

pub async fn run(args: &Args) -> Result<ExitCode> {
    let pipeline = args.target.find().await?;
    let gallery = super::gallery_of(&pipeline).await?;
    let sweep = Sweep::new(args, &pipeline, &gallery)?;
    let mut report = Report::default();
    sweep.bucket(&mut report).await?;
    sweep.catalogue(&mut report).await?;
    sweep.derivatives(&mut report).await?;
    show::report(&report, args.json)?;
    Ok(ExitCode::SUCCESS)
}

struct Sweep<'a> {
    args: &'a Args,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    bucket: String,
    derivatives: String,
    queue: String,
    catalogue: Catalogue,
    audit: Table,
    source: String,
}

/// A key that derive is told to look at.
struct Differs {
    key: String,
    /// The catalogue has no item of it, so the time of its first upload is looked up in the audit table.
    unknown: bool,
}

impl Differs {
    fn known(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            unknown: false,
        }
    }
}

impl<'a> Sweep<'a> {
    fn new(args: &'a Args, pipeline: &Target, gallery: &Target) -> Result<Self> {
        Ok(Self {
            args,
            s3: scrubjay_pipeline::aws::s3_client(gallery.sdk()),
            sqs: aws_sdk_sqs::Client::new(gallery.sdk()),
            bucket: gallery.output("DestinationBucket")?.to_owned(),
            derivatives: gallery.output("DerivativesBucket")?.to_owned(),
            queue: gallery.output("DeriveQueueUrl")?.to_owned(),
            catalogue: Catalogue::new(gallery.sdk(), gallery.output("CatalogueTable")?),
            audit: Table::new(pipeline.sdk(), pipeline.output("AuditTable")?, None),
            source: pipeline.output("SourceBucket")?.to_owned(),
        })
    }

    /// Every photo of bucket B: has the catalogue it?
    async fn bucket(&self, report: &mut Report) -> Result<()> {
        let spinner = show::spinner();
        let list = self.s3.list_objects_v2().bucket(&self.bucket);
        let mut pages = list.prefix(&self.args.prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.context("cannot list bucket B")?;
            for objects in page.contents().chunks(100) {
                let keys = self.compare(objects, report).await?;
                self.send(&keys, report).await?;
            }
            spinner.set_message(format!("{} photos compared", report.photos));
        }
        spinner.finish_and_clear();
        Ok(())
    }

    async fn compare(&self, objects: &[Object], report: &mut Report) -> Result<Vec<Differs>> {
        let ids: Vec<PhotoId> = objects
            .iter()
            .filter_map(|object| object.key().map(PhotoId::of))
            .collect();
        let photos = self.catalogue.photos(&ids).await?;
        let photos: HashMap<PhotoId, Photo> = photos.into_iter().map(|p| (p.id, p)).collect();
        let mut keys = Vec::new();
        for object in objects {
            let (Some(key), Some(etag)) = (object.key(), object.e_tag()) else {
                continue;
            };
            report.photos += 1;
            let photo = photos.get(&PhotoId::of(key));
            let published = photo.and_then(|photo| photo.published.as_ref());
            let shown = published.filter(|p| p.etag == etag.trim_matches('"'));
            let indexed = photo.is_some_and(|photo| photo.terms == photo.wanted_terms());
            match shown {
                Some(p) if indexed => {
                    let recipe = self.args.recipe.as_ref();
                    if self.args.all || recipe.is_some_and(|recipe| *recipe != p.recipe) {
                        report.again += 1;
                        keys.push(Differs::known(key));
                    }
                }
                _ => {
                    report.missing += 1;
                    keys.push(Differs {
                        key: key.to_owned(),
                        unknown: photo.is_none(),
                    });
                }
            }
        }
        Ok(keys)
    }

    /// Every item that says PUBLISHED: has bucket B the photo?
    async fn catalogue(&self, report: &mut Report) -> Result<()> {
        let query = Query::default().state(State::Published)?;
        let spinner = show::spinner();
        let (mut cursor, mut seen) = (None, 0);
        loop {
            let page = self.catalogue.search(&query, cursor.as_ref(), 100).await?;
            seen += page.photos.len();
            let mut keys = Vec::new();
            for photo in page.photos {
                if photo.key.starts_with(&self.args.prefix) && self.is_gone(&photo.key).await? {
                    report.gone += 1;
                    keys.push(Differs::known(photo.key));
                }
            }
            self.send(&keys, report).await?;
            spinner.set_message(format!("{seen} items compared"));
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        spinner.finish_and_clear();
        Ok(())
    }

    /// Every derivative: has bucket B its photo? Both listings are in the order of the keys, and are read side by side.
    async fn derivatives(&self, report: &mut Report) -> Result<()> {
        let spinner = show::spinner();
        let mut seen = 0;
        for width in self.widths().await? {
            let prefix = &self.args.prefix;
            let mut derived = Keys::new(&self.s3, &self.derivatives, &format!("{width}{prefix}"));
            let mut photos = Keys::new(&self.s3, &self.bucket, prefix);
            let mut photo = photos.next().await?;
            let mut orphans = Vec::new();
            while let Some(key) = derived.next().await? {
                seen += 1;
                let key = key.strip_prefix(&width).unwrap_or_default();
                while photo.as_deref().is_some_and(|photo| photo < key) {
                    photo = photos.next().await?;
                }
                if photo.as_deref() != Some(key) {
                    orphans.push(Differs::known(key));
                }
                spinner.set_message(format!("{seen} derivatives compared"));
            }
            report.orphans += orphans.len();
            self.send(&orphans, report).await?;
        }
        spinner.finish_and_clear();
        Ok(())
    }

    /// The folders of the derivatives bucket: `320/`.
    async fn widths(&self) -> Result<Vec<String>> {
        let list = self.s3.list_objects_v2().bucket(&self.derivatives);
        let listed = list.delimiter("/").send().await;
        let listed = listed.context("cannot list the derivatives bucket")?;
        let folders = listed.common_prefixes().iter();
        Ok(folders
            .filter_map(|folder| folder.prefix().map(ToOwned::to_owned))
            .collect())
    }

    async fn is_gone(&self, key: &str) -> Result<bool> {
        let head = self.s3.head_object().bucket(&self.bucket).key(key);
        match head.send().await {
            Ok(_) => Ok(false),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(HeadObjectError::is_not_found) =>
            {
                Ok(true)
            }
            Err(error) => Err(error).context("cannot look at bucket B"),
        }
    }

    /// When the photo was first uploaded, as far back as the audit table goes.
    async fn first_upload(&self, key: &str) -> Result<Option<Timestamp>> {
        let object = scrubjay_pipeline::upload::object(&self.source, key);
        let rows = self.audit.object(&object).await?;
        let uploads = rows.into_iter().filter(|row| row.contains_key("etag"));
        let uploads: Vec<Item> = uploads.map(read).collect::<Result<_>>()?;
        Ok(uploads.iter().filter_map(|item| item.uploaded_at).min())
    }

    async fn message(&self, differs: &Differs) -> Result<Value> {
        let key = &differs.key;
        let first = if differs.unknown {
            self.first_upload(key).await?
        } else {
            None
        };
        Ok(first.map_or_else(
            || json!({ "key": key }),
            |first| json!({ "key": key, "uploadedAt": first }),
        ))
    }

    /// Names keys to derive.
    async fn send(&self, keys: &[Differs], report: &mut Report) -> Result<()> {
        if self.args.dry_run {
            return Ok(());
        }
        for batch in keys.chunks(10) {
            let messages = try_join_all(batch.iter().map(|key| self.message(key))).await?;
            let mut send = self.sqs.send_message_batch().queue_url(&self.queue);
            for (index, message) in messages.iter().enumerate() {
                let entry = SendMessageBatchRequestEntry::builder().id(index.to_string());
                let entry = entry.message_body(message.to_string());
                send = send.entries(entry.build()?);
            }
            let answer = send.send().await.context("cannot send to derive")?;
            if let Some(failed) = answer.failed().first() {
                anyhow::bail!("derive's queue did not take a message: {}", failed.code());
            }
            report.sent += batch.len();
        }
        Ok(())
    }
}

/// The keys of a bucket that begin so, in their order.
struct Keys {
    pages: PaginationStream<Result<ListObjectsV2Output, SdkError<ListObjectsV2Error>>>,
    page: std::vec::IntoIter<Object>,
}

impl Keys {
    fn new(s3: &aws_sdk_s3::Client, bucket: &str, prefix: &str) -> Self {
        let list = s3.list_objects_v2().bucket(bucket).prefix(prefix);
        Self {
            pages: list.into_paginator().send(),
            page: Vec::new().into_iter(),
        }
    }

    async fn next(&mut self) -> Result<Option<String>> {
        loop {
            if let Some(object) = self.page.next() {
                return Ok(object.key);
            }
            match self.pages.next().await {
                Some(page) => {
                    let page = page.context("cannot list a bucket")?;
                    self.page = page.contents.unwrap_or_default().into_iter();
                }
                None => return Ok(None),
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            photos,
            missing,
            again,
            gone,
            orphans,
            sent,
        } = self;
        write!(
            f,
            "{photos} photos in bucket B: {missing} missing in the catalogue, {again} to be made again; {gone} in the \
             catalogue are gone from bucket B, and so are the photos of {orphans} derivatives; derive was told to look at {sent} keys"
        )
    }
}
