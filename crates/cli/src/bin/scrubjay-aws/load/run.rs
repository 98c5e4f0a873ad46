//! Uploads, follows, and takes away.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use jiff::Timestamp;
use scrubjay::show;
use scrubjay_pipeline::audit::Status;
use scrubjay_pipeline::aws::s3_client;
use scrubjay_pipeline::upload::{entry, object};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinError, JoinSet};
use tokio::time::MissedTickBehavior;

use super::Args;
use super::figures::Figures;
use crate::audit::{BATCH, HEAD, Item, Table, read};
use crate::trial::with_comment;

/// Uploads under way at the same time, at most.
const UNDER_WAY: usize = 256;
/// Questions to the audit table, or acts of tidying, at the same time.
const AT_ONCE: usize = 32;
/// Between two rounds of questions.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a removal is waited for while no other one is recorded either.
const REMOVAL: Duration = Duration::from_mins(5);

/// A photo that bucket A took.
#[derive(Debug, Clone)]
struct Upload {
    key: String,
    entry: String,
    /// When bucket A's answer came.
    answered: Timestamp,
}

/// A photo that bucket A did not take, as far as is known.
#[derive(Debug)]
struct NotTaken {
    /// Its key, where no answer came that says so for certain.
    doubtful: Option<String>,
    error: anyhow::Error,
}

/// What became of the uploads.
#[derive(Debug, Default)]
struct Sent {
    taken: Vec<Upload>,
    /// Keys of photos that may have arrived all the same.
    doubtful: Vec<String>,
    first_error: Option<anyhow::Error>,
}

/// Where the removal of a photo stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Removal {
    /// Something may still write about it.
    Open,
    /// It is removed, and nothing was ever written about its upload: its execution has yet to begin, or its event was lost.
    Unheard,
    /// Nothing writes about it any more.
    Over,
}

/// Ctrl-C. One that comes while nobody waits for it is not lost.
struct Stop {
    signal: Signal,
    came: bool,
}

struct Load<'a> {
    s3: Client,
    source: &'a str,
    table: Table,
    spinner: ProgressBar,
}

/// Does what the command is asked for. Ctrl-C ends the uploads and the waiting, and what was uploaded is taken away all the same; a
/// further one ends that too.
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
    let milliseconds = u128::from(args.rate) * args.time.0.as_millis();
    let asked = u64::try_from(milliseconds.div_ceil(1_000)).unwrap_or(u64::MAX);
    let mut figures = Figures {
        folder: format!("{}{}/", args.prefix, uuid::Uuid::new_v4()),
        asked,
        ..Figures::default()
    };
    let mut stop = Stop::listen()?;
    let then = if args.keep {
        "Ctrl-C ends it early"
    } else {
        "Ctrl-C ends it early and takes away what was uploaded"
    };
    load.tell(&format!(
        "{} to {}, {} a second; docs/deploy.md says what they cost; {then}",
        show::count(asked, "photo"),
        load.source,
        args.rate
    ));

    let began = Timestamp::now();
    let sent = load.upload(args.rate, &mut figures, &mut stop).await;
    if !args.keep {
        load.discard(&sent.doubtful).await;
    }
    let sent = load.judge(sent, &mut figures)?;
    // After Ctrl-C the user does not want to wait for the ends of the uploads, so the table is asked only once.
    let patience = if stop.take() {
        Duration::ZERO
    } else {
        args.wait.0
    };
    let mut ended = BTreeMap::new();
    tokio::select! {
        () = load.follow(&sent, patience, &mut ended) => {}
        () = stop.wait() => {}
    }
    count(&sent, &ended, began, &mut figures);
    if args.keep {
        load.tell(&format!("left in place: {}", figures.folder));
    } else {
        stop.take();
        let mut gone = 0;
        tokio::select! {
            () = load.take_away(&sent, &mut gone) => {}
            () = stop.wait() => load.tell("stopped before everything was taken away"),
        }
        figures.left = sent.len() as u64 - gone;
    }
    load.spinner.finish_and_clear();
    Ok(figures)
}

impl Load<'_> {
    /// Uploads at the pace, however long each takes, unless too many are under way.
    async fn upload(&self, rate: u32, figures: &mut Figures, stop: &mut Stop) -> Sent {
        let began = Instant::now();
        let mut pace = tokio::time::interval(Duration::from_secs(1) / rate);
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut puts = JoinSet::new();
        let mut sent = Sent::default();
        let mut late = Duration::ZERO;
        'pace: for number in 0..figures.asked {
            let turn = tokio::select! {
                turn = pace.tick() => turn,
                () = stop.wait() => break,
            };
            while puts.len() >= UNDER_WAY {
                tokio::select! {
                    Some(done) = puts.join_next() => sent.note(done),
                    () = stop.wait() => break 'pace,
                }
            }
            late = late.max(turn.elapsed());
            let key = format!("{}{number:07}.jpg", figures.folder);
            puts.spawn(put(self.s3.clone(), self.source.to_owned(), key));
            while let Some(done) = puts.try_join_next() {
                sent.note(done);
            }
            self.spinner
                .set_message(format!("uploading, {number} of {}", figures.asked));
        }
        // Also after Ctrl-C: what is under way arrives, and has to be taken away.
        while let Some(done) = puts.join_next().await {
            sent.note(done);
        }
        figures.upload_seconds = began.elapsed().as_secs_f64();
        figures.late_milliseconds = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
        sent
    }

    /// The photos that were uploaded, or why there are none.
    fn judge(&self, sent: Sent, figures: &mut Figures) -> Result<Vec<Upload>> {
        figures.uploaded = sent.taken.len() as u64;
        let missing = figures.asked - figures.uploaded;
        if sent.taken.is_empty() {
            return Err(match sent.first_error {
                Some(error) => error.context("no photo could be uploaded"),
                None => anyhow!("stopped before the first photo was uploaded"),
            });
        }
        if let Some(error) = sent.first_error {
            self.tell(&format!(
                "some uploads failed, the first by this: {error:#}"
            ));
        }
        if !sent.doubtful.is_empty() {
            self.tell(&format!(
                "{} had no answer; if one arrived all the same, `scrubjay audit list --prefix {}` knows it",
                show::count(sent.doubtful.len() as u64, "upload"),
                figures.folder
            ));
        }
        if missing > 0 {
            figures.outcomes.insert("NOT_UPLOADED".to_owned(), missing);
        }
        Ok(sent.taken)
    }

    /// Gathers the audit items of the uploads that ended, by key. Asks at least once.
    async fn follow(
        &self,
        uploads: &[Upload],
        patience: Duration,
        ended: &mut BTreeMap<String, Item>,
    ) {
        let until = Instant::now() + patience;
        let mut told = false;
        loop {
            let waiting: Vec<&Upload> = uploads
                .iter()
                .filter(|upload| !ended.contains_key(&upload.key))
                .collect();
            let mut answers = stream::iter(waiting.chunks(BATCH))
                .map(|batch| self.items(batch))
                .buffer_unordered(AT_ONCE);
            while let Some(answer) = answers.next().await {
                match answer {
                    Ok(items) => ended.extend(
                        items
                            .into_iter()
                            .filter(|item| item.status != Status::Processing)
                            .map(|item| (item.key().to_owned(), item)),
                    ),
                    // What was not answered is asked for in the next round.
                    Err(error) if !told => {
                        told = true;
                        self.tell(&format!("{error:#}; asking again"));
                    }
                    Err(_) => {}
                }
                let told = format!("{} of {} ended", ended.len(), uploads.len());
                self.spinner.set_message(told);
            }
            if ended.len() == uploads.len() || Instant::now() >= until {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn items(&self, batch: &[&Upload]) -> Result<Vec<Item>> {
        let keys: Vec<(String, String)> = batch
            .iter()
            .map(|upload| (object(self.source, &upload.key), upload.entry.clone()))
            .collect();
        let rows = self.table.batch(&keys).await?;
        rows.into_iter().map(read).collect()
    }

    /// Deletes the photos from bucket A, waits until their removal from bucket B is recorded, and removes their rows. Counts those
    /// that are gone.
    async fn take_away(&self, uploads: &[Upload], gone: &mut u64) {
        let mut first_error = None;
        let mut waiting: Vec<&Upload> = Vec::with_capacity(uploads.len());
        let mut deletes = stream::iter(uploads)
            .map(async |upload| (upload, self.delete(&upload.key).await))
            .buffer_unordered(AT_ONCE);
        while let Some((upload, deleted)) = deletes.next().await {
            match deleted {
                Ok(()) => waiting.push(upload),
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
            let told = format!("deleting, {} of {}", waiting.len(), uploads.len());
            self.spinner.set_message(told);
        }
        let mut moved = Instant::now();
        while !waiting.is_empty() {
            let late = moved.elapsed() > REMOVAL;
            let (mut over, mut open) = (Vec::new(), Vec::new());
            let mut answers = stream::iter(waiting.chunks(BATCH / 2))
                .map(async |batch| (batch, self.removals(batch).await))
                .buffer_unordered(AT_ONCE);
            while let Some((batch, answer)) = answers.next().await {
                let removals = answer.unwrap_or_else(|error| {
                    first_error.get_or_insert(error);
                    vec![Removal::Open; batch.len()]
                });
                for (upload, removal) in batch.iter().copied().zip(removals) {
                    match removal {
                        Removal::Over => over.push(upload),
                        // It has taken too long; no removal is expected any more.
                        Removal::Unheard if late => over.push(upload),
                        Removal::Open | Removal::Unheard => open.push(upload),
                    }
                }
            }
            drop(answers);
            if !over.is_empty() {
                moved = Instant::now();
            }
            let mut forgotten = stream::iter(over)
                .map(async |upload| self.table.forget(&object(self.source, &upload.key)).await)
                .buffer_unordered(AT_ONCE);
            while let Some(done) = forgotten.next().await {
                match done {
                    Ok(()) => *gone += 1,
                    Err(error) => {
                        first_error.get_or_insert(error);
                    }
                }
                let told = format!("taking away, {gone} of {}", uploads.len());
                self.spinner.set_message(told);
            }
            if late && let Some(upload) = open.first() {
                first_error
                    .get_or_insert(anyhow!("the removal of {} was never recorded", upload.key));
                break;
            }
            waiting = open;
            if !waiting.is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
        }
        if let Some(error) = first_error
            && *gone < uploads.len() as u64
        {
            self.tell(&format!(
                "not everything was taken away, the first by this: {error:#}"
            ));
        }
    }

    /// Deletes what may have arrived although no answer came.
    async fn discard(&self, keys: &[String]) {
        let mut deletes = stream::iter(keys)
            .map(|key| self.delete(key))
            .buffer_unordered(AT_ONCE);
        while let Some(deleted) = deletes.next().await {
            if let Err(error) = deleted {
                self.tell(&format!("{error:#}"));
            }
        }
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let delete = self.s3.delete_object().bucket(self.source).key(key);
        let sent = delete.send().await;
        sent.with_context(|| format!("bucket A refuses to delete {key}"))?;
        Ok(())
    }

    /// Where the removal of each of a batch stands.
    async fn removals(&self, batch: &[&Upload]) -> Result<Vec<Removal>> {
        let keys: Vec<(String, String)> = batch
            .iter()
            .flat_map(|upload| {
                let object = object(self.source, &upload.key);
                [
                    (object.clone(), upload.entry.clone()),
                    (object, HEAD.to_owned()),
                ]
            })
            .collect();
        let mut removed = HashSet::new();
        let mut statuses = HashMap::new();
        for row in self.table.batch(&keys).await? {
            let text = |name: &str| row.get(name).and_then(|value| value.as_s().ok()).cloned();
            if text("entry").as_deref() == Some(HEAD) {
                if row.get("deleted").and_then(|value| value.as_bool().ok()) == Some(&true) {
                    removed.extend(text("object"));
                }
            } else {
                let item: Item = read(row)?;
                statuses.insert(item.object, item.status);
            }
        }
        let removal = |upload: &&Upload| {
            let object = object(self.source, &upload.key);
            Removal::of(removed.contains(&object), statuses.get(&object).copied())
        };
        Ok(batch.iter().map(removal).collect())
    }

    /// A line on standard error, clear of the spinner.
    fn tell(&self, text: &str) {
        self.spinner.suspend(|| eprintln!("{text}"));
    }
}

impl Removal {
    /// `removed`: the newest act of the key is its removal. `status`: that of its upload.
    fn of(removed: bool, status: Option<Status>) -> Self {
        match status {
            _ if !removed => Self::Open,
            None => Self::Unheard,
            // The removal is recorded after bucket B has followed.
            Some(Status::Cleaned | Status::Processing) => Self::Open,
            Some(_) => Self::Over,
        }
    }
}

impl Sent {
    fn note(&mut self, done: Result<Result<Upload, NotTaken>, JoinError>) {
        let error = match done {
            Ok(Ok(upload)) => return self.taken.push(upload),
            Ok(Err(NotTaken { doubtful, error })) => {
                self.doubtful.extend(doubtful);
                error
            }
            Err(error) => error.into(),
        };
        self.first_error.get_or_insert(error);
    }
}

impl Stop {
    fn listen() -> Result<Self> {
        let signal = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        Ok(Self {
            signal,
            came: false,
        })
    }

    /// Returns once Ctrl-C has come.
    async fn wait(&mut self) {
        if !self.came {
            self.signal.recv().await;
            self.came = true;
        }
    }

    /// Whether it has come. From here on, only a further one counts.
    fn take(&mut self) -> bool {
        std::mem::take(&mut self.came)
    }
}

fn count(
    uploads: &[Upload],
    ended: &BTreeMap<String, Item>,
    began: Timestamp,
    figures: &mut Figures,
) {
    for upload in uploads {
        let outcome = match ended.get(&upload.key) {
            None => "NOT_ENDED".to_owned(),
            Some(item) => {
                let end = item.finished_at.unwrap_or(item.updated_at);
                let took = end.as_millisecond() - upload.answered.as_millisecond();
                figures.times.push(u64::try_from(took).unwrap_or(0));
                let since = end.as_millisecond() - began.as_millisecond();
                figures.seconds = figures.seconds.max(since as f64 / 1e3);
                match &item.error {
                    Some(error) => format!("{} {}", item.status.as_str(), error.name),
                    None => item.status.as_str().to_owned(),
                }
            }
        };
        *figures.outcomes.entry(outcome).or_default() += 1;
    }
    figures.reckon();
}

async fn put(s3: Client, bucket: String, key: String) -> Result<Upload, NotTaken> {
    let photo = with_comment(&key);
    let put = s3
        .put_object()
        .bucket(bucket)
        .key(&key)
        .content_type("image/jpeg");
    let answer = match put.body(ByteStream::from(photo)).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let refused = matches!(&error, SdkError::ConstructionFailure(_))
                || error
                    .raw_response()
                    .is_some_and(|answer| answer.status().is_client_error());
            let doubtful = (!refused).then(|| key.clone());
            let error = anyhow::Error::new(error).context(format!("cannot upload {key}"));
            return Err(NotTaken { doubtful, error });
        }
    };
    let etag = answer.e_tag().unwrap_or_default().trim_matches('"');
    Ok(Upload {
        entry: entry(etag, answer.version_id()),
        key,
        answered: Timestamp::now(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_only_when_nothing_is_written_any_more() {
        for (removed, status, wanted) in [
            (false, Some(Status::Cleaned), Removal::Open),
            (false, None, Removal::Open),
            // Its execution may have yet to begin, and would write them again.
            (true, None, Removal::Unheard),
            (true, Some(Status::Processing), Removal::Open),
            (true, Some(Status::Cleaned), Removal::Open),
            (true, Some(Status::Retracted), Removal::Over),
            (true, Some(Status::Superseded), Removal::Over),
            (true, Some(Status::Failed), Removal::Over),
        ] {
            assert_eq!(Removal::of(removed, status), wanted, "{removed} {status:?}");
        }
    }
}
