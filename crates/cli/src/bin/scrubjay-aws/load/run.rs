//! Uploads, follows, and takes away.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use jiff::Timestamp;
use scrubjay::show;
use scrubjay_pipeline::audit::Status;
use scrubjay_pipeline::aws::s3_client;
use scrubjay_pipeline::upload::{entry, object};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::Args;
use super::figures::{Figures, Spread};
use crate::audit::{Item, Table};
use crate::trial::with_comment;

/// Questions to the audit table, or acts of tidying, at the same time.
const AT_ONCE: usize = 32;
/// Between two rounds of questions.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a removal is waited for, of all photos together.
const REMOVAL: Duration = Duration::from_mins(5);

/// A photo that bucket A took.
#[derive(Debug, Clone)]
struct Upload {
    key: String,
    entry: String,
    /// When bucket A's answer came.
    answered: Timestamp,
}

struct Load<'a> {
    s3: Client,
    source: &'a str,
    table: Table,
    spinner: ProgressBar,
}

/// Does what the command is asked for. Ctrl-C ends the uploads and the waiting, and what was uploaded is taken away all the same.
///
/// # Errors
/// When the stack is not found, or not one photo could be uploaded.
pub async fn load(args: &Args) -> Result<Figures> {
    let target = args.target.find().await?;
    let user_a = args.target.as_user(&target, args.upload_profile.as_deref());
    let load = Load {
        s3: s3_client(&user_a.await?),
        source: target.output("SourceBucket")?,
        table: Table::new(target.sdk(), target.output("AuditTable")?, None),
        spinner: show::spinner(),
    };
    let asked = (f64::from(args.rate) * args.time.0.as_secs_f64()).ceil() as u64;
    eprintln!(
        "{} to {}, {} a second; Ctrl-C ends it and takes away what was uploaded",
        show::count(asked, "photo"),
        load.source,
        args.rate
    );
    let folder = format!("{}{}/", args.prefix, uuid::Uuid::new_v4());
    let began = Instant::now();
    let mut figures = Figures {
        asked,
        ..Figures::default()
    };
    let uploads = load.upload(args, &folder, &mut figures).await?;
    figures.upload_seconds = began.elapsed().as_secs_f64();
    let ended = load.follow(&uploads, args.wait.0).await;
    load.count(&uploads, &ended, &mut figures);
    if args.keep {
        eprintln!("left in place: {folder}");
    } else {
        figures.left = load.take_away(&uploads).await;
    }
    load.spinner.finish_and_clear();
    Ok(figures)
}

impl Load<'_> {
    /// Uploads at the pace, however long each takes.
    async fn upload(
        &self,
        args: &Args,
        folder: &str,
        figures: &mut Figures,
    ) -> Result<Vec<Upload>> {
        let mut pace = tokio::time::interval(Duration::from_secs(1) / args.rate);
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut puts = JoinSet::new();
        let (mut uploads, mut first_error) = (Vec::new(), None);
        let mut note = |done: Result<Upload>| match done {
            Ok(upload) => uploads.push(upload),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        };
        for number in 0..figures.asked {
            tokio::select! {
                _ = pace.tick() => {}
                _ = tokio::signal::ctrl_c() => break,
            }
            let key = format!("{folder}{number:07}.jpg");
            puts.spawn(put(self.s3.clone(), self.source.to_owned(), key));
            while let Some(done) = puts.try_join_next() {
                note(done?);
            }
            self.spinner
                .set_message(format!("uploading, {number} of {}", figures.asked));
        }
        while let Some(done) = puts.join_next().await {
            note(done?);
        }
        let uploaded = uploads.len() as u64;
        figures.uploaded = uploaded;
        if let Some(error) = first_error {
            if uploaded == 0 {
                return Err(error.context("no photo could be uploaded"));
            }
            eprintln!("some uploads failed, the first by this: {error:#}");
            figures
                .outcomes
                .insert("NOT_UPLOADED".to_owned(), figures.asked - uploaded);
        }
        if uploaded == 0 {
            bail!("stopped before the first photo was uploaded");
        }
        Ok(uploads)
    }

    /// The audit items of the uploads that ended, by key.
    async fn follow(&self, uploads: &[Upload], patience: Duration) -> BTreeMap<String, Item> {
        let until = Instant::now() + patience;
        let mut ended: BTreeMap<String, Item> = BTreeMap::new();
        loop {
            let waiting: Vec<&Upload> = uploads
                .iter()
                .filter(|upload| !ended.contains_key(&upload.key))
                .collect();
            if waiting.is_empty() || Instant::now() > until {
                return ended;
            }
            let mut answers = stream::iter(waiting)
                .map(async |upload| {
                    let object = object(self.source, &upload.key);
                    (upload, self.table.item(&object, &upload.entry).await)
                })
                .buffer_unordered(AT_ONCE);
            loop {
                let answer = tokio::select! {
                    answer = answers.next() => answer,
                    _ = tokio::signal::ctrl_c() => return ended,
                };
                match answer {
                    Some((upload, Ok(Some(item)))) if item.status != Status::Processing => {
                        ended.insert(upload.key.clone(), item);
                    }
                    // An answer that did not come is asked for in the next round.
                    Some(_) => {}
                    None => break,
                }
                let told = format!("{} of {} ended", ended.len(), uploads.len());
                self.spinner.set_message(told);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn count(&self, uploads: &[Upload], ended: &BTreeMap<String, Item>, figures: &mut Figures) {
        let first = uploads.iter().map(|upload| upload.answered).min();
        for upload in uploads {
            let outcome = match ended.get(&upload.key) {
                None => "NOT_ENDED".to_owned(),
                Some(item) => {
                    let end = item.finished_at.unwrap_or(item.updated_at);
                    let took = end.as_millisecond() - upload.answered.as_millisecond();
                    figures.times.push(u64::try_from(took).unwrap_or(0));
                    let since =
                        first.map_or(0, |first| end.as_millisecond() - first.as_millisecond());
                    figures.seconds = figures.seconds.max(since as f64 / 1e3);
                    match &item.error {
                        Some(error) => format!("{} {}", item.status.as_str(), error.name),
                        None => item.status.as_str().to_owned(),
                    }
                }
            };
            *figures.outcomes.entry(outcome).or_default() += 1;
        }
        figures.spread = Spread::of(&figures.times);
    }

    /// Deletes the photos from bucket A, waits until they are gone from bucket B, and removes their rows. Returns how many could not be
    /// taken away.
    async fn take_away(&self, uploads: &[Upload]) -> u64 {
        let until = Instant::now() + REMOVAL;
        let done = stream::iter(uploads)
            .map(|upload| self.take_one_away(upload, until))
            .buffer_unordered(AT_ONCE);
        let mut left = 0;
        let mut first_error = None;
        let mut done = std::pin::pin!(done.enumerate());
        while let Some((number, result)) = done.next().await {
            self.spinner
                .set_message(format!("taking away, {number} of {}", uploads.len()));
            if let Err(error) = result {
                left += 1;
                first_error.get_or_insert(error);
            }
        }
        if let Some(error) = first_error {
            eprintln!("not everything was taken away, the first by this: {error:#}");
        }
        left
    }

    async fn take_one_away(&self, upload: &Upload, until: Instant) -> Result<()> {
        let delete = self.s3.delete_object().bucket(self.source);
        delete
            .key(&upload.key)
            .send()
            .await
            .context("bucket A refuses to delete")?;
        let object = object(self.source, &upload.key);
        loop {
            // Once the removal is the key's newest act, and recorded, nothing writes about the key any more.
            let item = self.table.item(&object, &upload.entry).await?;
            let open = |item: Item| matches!(item.status, Status::Cleaned | Status::Processing);
            if self.table.removed(&object).await? && !item.is_some_and(open) {
                return self.table.forget(&object).await;
            }
            if Instant::now() > until {
                bail!("the removal of {} was never recorded", upload.key);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn put(s3: Client, bucket: String, key: String) -> Result<Upload> {
    let photo = with_comment(&key);
    let put = s3
        .put_object()
        .bucket(bucket)
        .key(&key)
        .content_type("image/jpeg");
    let answer = put
        .body(ByteStream::from(photo))
        .send()
        .await
        .with_context(|| format!("cannot upload {key}"))?;
    let etag = answer.e_tag().unwrap_or_default().trim_matches('"');
    Ok(Upload {
        entry: entry(etag, answer.version_id()),
        key,
        answered: Timestamp::now(),
    })
}
