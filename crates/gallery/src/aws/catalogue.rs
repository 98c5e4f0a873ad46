//! Photos in the table: read, and changed together with their places in the index.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, Delete, Put, PutRequest, ReturnConsumedCapacity,
    TransactWriteItem, WriteRequest,
};
use jiff::{SignedDuration, Timestamp};

use super::keys::{self, ENTRY, Item, PARTITION};
use crate::{
    Cursor, Error, Month, Page, Patch, Photo, PhotoId, Published, Query, Released, State, Term,
    Texts, owner_of,
};

/// Items of a transaction (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>), less
/// the photo itself.
const CHANGES: usize = 99;
/// Items of a batch (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>).
const BATCH: usize = 25;
/// How often a change is tried again after another change came first.
const ATTEMPTS: u32 = 10;
/// How long the item of a photo is kept that was announced and never uploaded, or that left bucket B.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How many months of terms a process remembers as written, so as not to write them again.
const REMEMBERED_MONTHS: usize = 20_000;

/// The catalogue.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pub(super) client: Client,
    pub(super) table: String,
    written_months: Arc<Mutex<HashSet<(Term, Month)>>>,
    units: Option<Arc<Mutex<f64>>>,
}

/// A photo that somebody announces.
#[derive(Debug, Clone, Default)]
pub struct NewPhoto {
    /// The key that it will have in both buckets.
    pub key: String,
    /// Who uploads it.
    pub owner: Option<String>,
    /// The file's name on their side.
    pub name: Option<String>,
    /// What they wrote about it.
    pub texts: Texts,
}

impl Catalogue {
    /// Over the SDK's configuration.
    pub fn new(sdk: &SdkConfig, table: impl Into<String>) -> Self {
        Self {
            client: Client::new(sdk),
            table: table.into(),
            written_months: Arc::default(),
            units: None,
        }
    }

    /// The same, and adds up the read units that searches consume: [`Catalogue::take_units`].
    #[must_use]
    pub fn counting_units(mut self) -> Self {
        self.units = Some(Arc::default());
        self
    }

    /// The read units since the last call; 0 unless they are counted.
    pub fn take_units(&self) -> f64 {
        let Some(units) = &self.units else { return 0.0 };
        std::mem::take(&mut *units.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn count_units(&self) -> ReturnConsumedCapacity {
        match self.units {
            Some(_) => ReturnConsumedCapacity::Total,
            None => ReturnConsumedCapacity::None,
        }
    }

    pub(super) fn count(&self, capacity: Option<&ConsumedCapacity>) {
        if let Some(units) = &self.units {
            *units.lock().unwrap_or_else(PoisonError::into_inner) +=
                capacity.and_then(|c| c.capacity_units).unwrap_or_default();
        }
    }

    /// Opens the connection ahead of time, so that the first query does not wait for it.
    pub async fn open(&self) {
        let answered = self.get(PhotoId::from_bits(0)).await.is_ok();
        tracing::debug!(table = self.table, answered, "connection opened");
    }

    /// A photo, strongly consistent.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn get(&self, id: PhotoId) -> Result<Option<Photo>, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::photo(id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable("read a photo"))?;
        answer.item.map(from_item).transpose()
    }

    /// Answers a query: [`crate::search()`].
    ///
    /// # Errors
    /// As [`crate::search()`].
    pub async fn search(
        &self,
        query: &Query,
        cursor: Option<&Cursor>,
        size: usize,
    ) -> Result<Page, Error> {
        crate::search(self, query, cursor, size).await
    }

    /// Announces a photo. One of this key that is there already is left as it is and returned.
    ///
    /// # Errors
    /// [`Error::BadText`], [`Error::Conflict`], [`Error::Unavailable`].
    pub async fn announce(&self, new: NewPhoto, now: Timestamp) -> Result<Photo, Error> {
        let texts = new.texts.clone().checked()?;
        let announced = self
            .change(PhotoId::of(&new.key), now, |old| {
                if old.is_some() {
                    return Ok(None);
                }
                let mut photo = Photo::new(&new.key, State::Awaited, now);
                photo.owner.clone_from(&new.owner);
                photo.name.clone_from(&new.name);
                photo.texts = texts.clone();
                photo.expires_at = expiry(now);
                Ok(Some(photo))
            })
            .await?;
        announced.ok_or(Error::NotFound)
    }

    /// Changes what people wrote about a photo.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::BadText`], [`Error::Conflict`], [`Error::Unavailable`].
    pub async fn patch(&self, id: PhotoId, patch: &Patch, now: Timestamp) -> Result<Photo, Error> {
        self.edit(id, now, |photo| {
            photo.texts = patch.apply(&photo.texts)?;
            Ok(())
        })
        .await
    }

    /// Lets a flagged picture be shown: the one that bucket B holds now.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not published, [`Error::Conflict`], [`Error::Unavailable`].
    pub async fn release(&self, id: PhotoId, by: &str, now: Timestamp) -> Result<Photo, Error> {
        self.edit(id, now, |photo| {
            let published = photo.published.as_ref().ok_or(Error::NotFound)?;
            photo.released = Some(Released {
                etag: published.etag.clone(),
                at: now,
                by: by.to_owned(),
            });
            Ok(())
        })
        .await
    }

    /// Says what bucket B holds under a key. A photo without an item gets one by this, with the date `first` and the owner that its key
    /// names.
    ///
    /// # Errors
    /// [`Error::Conflict`], [`Error::Unavailable`].
    pub async fn publish(
        &self,
        key: &str,
        published: &Published,
        first: Timestamp,
        now: Timestamp,
    ) -> Result<Photo, Error> {
        let shown = self
            .change(PhotoId::of(key), now, |old| {
                let mut photo = old.unwrap_or_else(|| Photo {
                    owner: owner_of(key).map(ToOwned::to_owned),
                    ..Photo::new(key, State::Published, first)
                });
                photo.state = State::Published;
                photo.published = Some(published.clone());
                photo.expires_at = None;
                // The analysis of another picture no longer applies.
                if photo.current_analysis().is_none() {
                    photo.analysis = None;
                }
                Ok(Some(photo))
            })
            .await?;
        shown.ok_or(Error::NotFound)
    }

    /// Says that bucket B holds nothing under a key. What was computed from the picture is forgotten; what people wrote stays for
    /// 30 days, in case it comes back.
    ///
    /// # Errors
    /// [`Error::Conflict`], [`Error::Unavailable`].
    pub async fn unpublish(&self, key: &str, now: Timestamp) -> Result<(), Error> {
        self.change(PhotoId::of(key), now, |old| {
            Ok(old
                .filter(|photo| photo.state == State::Published)
                .map(|mut photo| {
                    photo.state = State::Unpublished;
                    photo.published = None;
                    photo.analysis = None;
                    photo.released = None;
                    photo.expires_at = expiry(now);
                    photo
                }))
        })
        .await?;
        Ok(())
    }

    /// Brings the places of a photo in the index to what its item says.
    ///
    /// # Errors
    /// [`Error::Conflict`], [`Error::Unavailable`].
    pub async fn reindex(&self, id: PhotoId, now: Timestamp) -> Result<(), Error> {
        self.change(id, now, Ok).await?;
        Ok(())
    }

    async fn edit(
        &self,
        id: PhotoId,
        now: Timestamp,
        change: impl Fn(&mut Photo) -> Result<(), Error>,
    ) -> Result<Photo, Error> {
        let changed = self
            .change(id, now, |old| {
                let mut photo = old.ok_or(Error::NotFound)?;
                change(&mut photo)?;
                Ok(Some(photo))
            })
            .await?;
        changed.ok_or(Error::NotFound)
    }

    /// Reads a photo, changes it by `change` and writes it. If somebody else changed it in between, tries again. `None`
    /// from `change` leaves the photo unchanged. Returns the photo in its final state.
    async fn change(
        &self,
        id: PhotoId,
        now: Timestamp,
        change: impl Fn(Option<Photo>) -> Result<Option<Photo>, Error>,
    ) -> Result<Option<Photo>, Error> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                // A random wait, so that writers that met once do not meet again in the next round.
                let spread = fastrand::u64(..20 << attempt.min(6));
                tokio::time::sleep(Duration::from_millis(spread)).await;
            }
            let old = self.get(id).await?;
            let Some(mut photo) = change(old.clone())? else {
                return Ok(old);
            };
            photo.updated_at = now;
            if self.save(old.as_ref(), &mut photo).await? {
                return Ok(Some(photo));
            }
        }
        Err(Error::Conflict)
    }

    /// Writes a photo and its places if nobody has changed it since `old` was read. Returns whether it was written.
    ///
    /// If more places change than fit into one transaction, the photo is written in several. After each, item and
    /// places agree, and [`Photo::terms`] lists the places that are written so far.
    async fn save(&self, old: Option<&Photo>, photo: &mut Photo) -> Result<bool, Error> {
        let wanted = photo.wanted_terms();
        let nothing = BTreeSet::new();
        let stood = old.map_or(&nothing, |old| &old.terms);
        self.write_months(wanted.difference(stood), photo.position().month())
            .await?;
        photo.terms.clone_from(stood);
        loop {
            let lost = photo
                .terms
                .difference(&wanted)
                .map(|term| (term.clone(), false));
            let gained = wanted
                .difference(&photo.terms)
                .map(|term| (term.clone(), true));
            let changes: Vec<_> = lost.chain(gained).take(CHANGES).collect();
            let expected = photo.rev;
            photo.rev += 1;
            for (term, gained) in &changes {
                if *gained {
                    photo.terms.insert(term.clone());
                } else {
                    photo.terms.remove(term);
                }
            }
            if !self.transact(photo, expected, &changes).await? {
                return Ok(false);
            }
            if photo.terms == wanted {
                return Ok(true);
            }
        }
    }

    async fn transact(
        &self,
        photo: &Photo,
        expected: u64,
        changes: &[(Term, bool)],
    ) -> Result<bool, Error> {
        const DOING: &str = "write a photo";
        let position = photo.position();
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(to_item(photo)?));
        let put = if expected == 0 {
            put.condition_expression("attribute_not_exists(#entry)")
                .expression_attribute_names("#entry", ENTRY)
        } else {
            put.condition_expression("rev = :expected")
                .expression_attribute_values(":expected", AttributeValue::N(expected.to_string()))
        };
        let built = |e: aws_sdk_dynamodb::error::BuildError| Error::Unavailable {
            doing: DOING,
            source: e.into(),
        };
        let put = put.build().map_err(built)?;
        let mut items = vec![TransactWriteItem::builder().put(put).build()];
        for (term, gained) in changes {
            let key = keys::place(term, position);
            let item = TransactWriteItem::builder();
            items.push(if *gained {
                let put = Put::builder().table_name(&self.table).set_item(Some(key));
                item.put(put.build().map_err(built)?).build()
            } else {
                let delete = Delete::builder().table_name(&self.table).set_key(Some(key));
                item.delete(delete.build().map_err(built)?).build()
            });
        }
        let answer = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) if lost(&error) => Ok(false),
            Err(error) => Err(unavailable(DOING)(error)),
        }
    }

    /// Writes photos and their places in batches, without transactions, to fill a table that nobody else reads or
    /// writes meanwhile. Items with the same keys are replaced.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn fill(&self, photos: Vec<Photo>) -> Result<(), Error> {
        let mut items = Vec::new();
        for mut photo in photos {
            let position = photo.position();
            photo.terms = photo.wanted_terms();
            photo.rev = photo.rev.max(1);
            self.write_months(photo.terms.iter(), position.month())
                .await?;
            items.extend(photo.terms.iter().map(|term| keys::place(term, position)));
            items.push(to_item(&photo)?);
        }
        self.write_items(items).await
    }

    /// Writes the months of terms that this process has not written before.
    async fn write_months(
        &self,
        terms: impl Iterator<Item = &Term>,
        month: Month,
    ) -> Result<(), Error> {
        let new: Vec<(Term, Month)> = {
            let written = self.written_months.lock();
            let written = written.unwrap_or_else(PoisonError::into_inner);
            terms
                .map(|term| (term.clone(), month))
                .filter(|pair| !written.contains(pair))
                .collect()
        };
        let items = new.iter().map(|(term, month)| keys::month(term, *month));
        self.write_items(items.collect()).await?;
        let mut written = self
            .written_months
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if written.len() > REMEMBERED_MONTHS {
            written.clear();
        }
        written.extend(new);
        Ok(())
    }

    async fn write_items(&self, items: Vec<Item>) -> Result<(), Error> {
        const DOING: &str = "write items";
        for batch in items.chunks(BATCH) {
            let mut requests = Vec::with_capacity(batch.len());
            for item in batch {
                let put = PutRequest::builder().set_item(Some(item.clone())).build();
                let put = put.map_err(|e| Error::Unavailable {
                    doing: DOING,
                    source: e.into(),
                })?;
                requests.push(WriteRequest::builder().put_request(put).build());
            }
            let mut round = 0;
            while !requests.is_empty() {
                if round == ATTEMPTS {
                    return Err(Error::Unavailable {
                        doing: DOING,
                        source: "the table takes a part only".into(),
                    });
                }
                if round > 0 {
                    tokio::time::sleep(Duration::from_millis(25 << round.min(6))).await;
                }
                round += 1;
                let answer = self
                    .client
                    .batch_write_item()
                    .request_items(&self.table, requests)
                    .send()
                    .await
                    .map_err(unavailable(DOING))?;
                requests = answer
                    .unprocessed_items
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, left)| left)
                    .collect();
            }
        }
        Ok(())
    }
}

/// When an item of a photo that is not published may be forgotten.
fn expiry(now: Timestamp) -> Option<i64> {
    now.saturating_add(REMEMBERED)
        .map(Timestamp::as_second)
        .ok()
}

/// Whether a transaction was refused because somebody else changed, or is changing, the photo
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#API_TransactWriteItems_Errors>).
fn lost(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return false;
    };
    cancelled.cancellation_reasons().iter().any(|reason| {
        matches!(
            reason.code(),
            Some("ConditionalCheckFailed" | "TransactionConflict")
        )
    })
}

fn to_item(photo: &Photo) -> Result<Item, Error> {
    let mut item: Item = serde_dynamo::to_item(photo).map_err(|e| Error::Unavailable {
        doing: "write a photo",
        source: e.into(),
    })?;
    item.extend(keys::photo(photo.id));
    Ok(item)
}

pub(super) fn from_item(mut item: Item) -> Result<Photo, Error> {
    item.remove(PARTITION);
    item.remove(ENTRY);
    serde_dynamo::from_item(item).map_err(|e| Error::Unavailable {
        doing: "read a photo",
        source: e.into(),
    })
}

pub(super) fn unavailable<E>(doing: &'static str) -> impl FnOnce(SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    move |error| Error::Unavailable {
        doing,
        source: match error.code() {
            Some(code) => code.to_owned().into(),
            None => DisplayErrorContext(error).to_string().into(),
        },
    }
}
