//! Carries a run of [`scrubjay_gallery::follow`] out on S3 and DynamoDB.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use scrubjay_derivatives::{Made, Recipe, make};
use scrubjay_gallery::aws::Catalogue;
use scrubjay_gallery::follow::{End, Known, Op, Reply, Run};
use scrubjay_gallery::{Colour, Derivative, PhotoId, Published, Reason};
use scrubjay_pipeline::Error;

use crate::stores::{Held, Stores, name};

/// Bytes of a key in S3, at most
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
const LONGEST_KEY: usize = 1_024;
/// A run that has not ended after this many steps fails, and is tried again later.
const STEPS: usize = 200;

/// What a run works with.
pub struct Follower<'a> {
    pub stores: &'a Stores,
    pub catalogue: &'a Catalogue,
    pub recipe: &'a Recipe,
    /// When the photo was first uploaded, as far as that is known.
    pub uploaded_at: Option<Timestamp>,
}

/// What was made in this round and not yet written.
#[derive(Default)]
struct Round {
    held: Option<Held>,
    jpegs: BTreeMap<u32, Vec<u8>>,
    published: Option<Published>,
}

impl Follower<'_> {
    /// Brings the derivatives and the catalogue up to date with what bucket B holds under a key.
    pub async fn follow(&self, key: &str) -> Result<End, Error> {
        let mut run = Run::new(self.recipe.widths());
        let mut round = Round::default();
        for _ in 0..STEPS {
            match run.next() {
                Err(end) => return Ok(end),
                Ok(op) => {
                    let reply = self.carry_out(key, op, &mut round).await?;
                    run.reply(reply);
                }
            }
        }
        Err(Error::StorageUnavailable {
            doing: "follow bucket B",
            source: "the photo changes all the time".into(),
        })
    }

    async fn carry_out(&self, key: &str, op: Op, round: &mut Round) -> Result<Reply, Error> {
        let now = Timestamp::now();
        match op {
            Op::Look => {
                *round = Round {
                    held: self.stores.look(key).await?,
                    ..Round::default()
                };
                let etag = round.held.as_ref().map(|held| held.etag.clone());
                return Ok(Reply::Holds(etag));
            }
            Op::Recall => return Ok(Reply::Known(self.recall(key).await?)),
            Op::Check { width } => {
                if name(width, key).len() > LONGEST_KEY {
                    return Ok(Reply::Holds(None));
                }
                return Ok(Reply::Holds(self.stores.source_of(key, width).await?));
            }
            Op::Make { etag } => return self.make(key, &etag, round).await,
            Op::Put { etag, width } => {
                let jpeg = round.jpegs.remove(&width).unwrap_or_default();
                self.stores.put(key, width, &etag, jpeg).await?;
            }
            Op::Remove { width } => {
                if name(width, key).len() <= LONGEST_KEY {
                    self.stores.remove(key, width).await?;
                }
            }
            Op::Record { .. } => {
                if let Some(published) = &round.published {
                    let first = self.uploaded_at.unwrap_or(published.at);
                    let shown = self.catalogue.publish(key, published, first, now).await;
                    shown.map_err(catalogue)?;
                }
            }
            Op::Forget => self
                .catalogue
                .unpublish(key, now)
                .await
                .map_err(catalogue)?,
            Op::Reindex => {
                let indexed = self.catalogue.reindex(PhotoId::of(key), now).await;
                indexed.map_err(catalogue)?;
            }
        }
        Ok(Reply::Done)
    }

    async fn recall(&self, key: &str) -> Result<Known, Error> {
        let photo = self.catalogue.get(PhotoId::of(key)).await;
        let Some(photo) = photo.map_err(catalogue)? else {
            return Ok(Known {
                indexed: true,
                ..Known::default()
            });
        };
        let indexed = photo.terms == photo.wanted_terms();
        let Some(published) = photo.published else {
            return Ok(Known {
                indexed,
                ..Known::default()
            });
        };
        let suffix = format!("/{key}");
        Ok(Known {
            etag: Some(published.etag),
            same_recipe: published.recipe == self.recipe.to_string(),
            widths: published
                .derivatives
                .iter()
                .filter_map(|d| d.key.strip_suffix(&suffix)?.parse().ok())
                .collect(),
            not_derived: published.not_derived.is_some(),
            indexed,
        })
    }

    async fn make(&self, key: &str, etag: &str, round: &mut Round) -> Result<Reply, Error> {
        let Some(held) = round.held.clone() else {
            return Ok(Reply::Moved);
        };
        let Some(photo) = self.stores.read(key, etag).await? else {
            return Ok(Reply::Moved);
        };
        let made = self.derive(key, &photo);
        let (published, reply) = match made {
            Ok(made) => {
                let published = self.published(key, &held, &made);
                for copy in made.copies {
                    round.jpegs.insert(copy.wanted, copy.jpeg);
                }
                (published, Reply::Done)
            }
            Err(reason) => {
                tracing::warn!(
                    key,
                    etag,
                    error = reason.name,
                    "no derivatives: {}",
                    reason.message
                );
                let (width, height) = size(&photo);
                let published = Published {
                    width,
                    height,
                    not_derived: Some(reason),
                    ..self.shown(&held)
                };
                (published, Reply::NotDerivable)
            }
        };
        round.published = Some(published);
        Ok(reply)
    }

    fn derive(&self, key: &str, photo: &[u8]) -> Result<Made, Reason> {
        let reason = |name: &str, message: String| Reason {
            name: name.into(),
            message,
        };
        let longest = self
            .recipe
            .widths()
            .map(|width| name(width, key).len())
            .max();
        if longest.is_some_and(|length| length > LONGEST_KEY) {
            return Err(reason(
                "KeyTooLong",
                format!("the name of a derivative would have more than {LONGEST_KEY} bytes"),
            ));
        }
        // The photo is verified, because somebody may have put it there by hand. Notices of copyright are allowed, whether or
        // not the pipeline keeps them, because no derivative contains them.
        scrubjay_jpeg::verify_with(photo, scrubjay_jpeg::Copyright::Keep)
            .map_err(|e| reason("NotClean", e.to_string()))?;
        make(photo, self.recipe).map_err(|e| reason(e.name(), e.to_string()))
    }

    fn shown(&self, held: &Held) -> Published {
        Published {
            etag: held.etag.clone(),
            bytes: held.bytes,
            at: held.at,
            width: 0,
            height: 0,
            thumbhash: None,
            colours: Vec::new(),
            derivatives: Vec::new(),
            recipe: self.recipe.to_string(),
            not_derived: None,
        }
    }

    fn published(&self, key: &str, held: &Held, made: &Made) -> Published {
        Published {
            width: made.width,
            height: made.height,
            thumbhash: Some(BASE64_STANDARD.encode(&made.thumbhash)),
            colours: made
                .colours
                .iter()
                .map(|share| {
                    let [red, green, blue] = share.rgb;
                    Colour {
                        hex: format!("#{red:02x}{green:02x}{blue:02x}"),
                        percent: share.percent,
                    }
                })
                .collect(),
            derivatives: made
                .copies
                .iter()
                .map(|copy| Derivative {
                    key: name(copy.wanted, key),
                    width: copy.width,
                    height: copy.height,
                    bytes: copy.jpeg.len() as u64,
                })
                .collect(),
            ..self.shown(held)
        }
    }
}

/// Width and height that a photo declares; zeros when it is no JPEG.
fn size(photo: &[u8]) -> (u32, u32) {
    let options = scrubjay_jpeg::Options {
        check: scrubjay_jpeg::Check::Structure,
        ..scrubjay_jpeg::Options::default()
    };
    scrubjay_jpeg::strip(photo, &options).map_or((0, 0), |s| (s.report.width, s.report.height))
}

/// An error of the catalogue is reported as a transient error of the Lambda, because the next attempt may work.
fn catalogue(error: scrubjay_gallery::Error) -> Error {
    Error::AuditUnavailable {
        doing: "keep the catalogue",
        source: error.into(),
    }
}
