//! Brings the derivatives and the catalogue up to date with bucket B, key by key.

use scrubjay_derivatives::Recipe;
use scrubjay_gallery::aws::Catalogue;
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::upload::decode;
use scrubjay_pipeline::{Class, Error, aws};
use serde_json::Value;

use crate::message::{Answer, Batch, Failure, Task, task};
use crate::run::Follower;
use crate::stores::Stores;

/// Made once per cold start.
pub struct Deps {
    stores: Stores,
    catalogue: Catalogue,
    recipe: Recipe,
}

impl Deps {
    /// From `DESTINATION_BUCKET`, `DERIVATIVES_BUCKET`, `CATALOGUE_TABLE`, `WIDTHS`, `QUALITY` and `MAX_PIXELS`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let sdk = aws::sdk_config();
        let mut env = environment();
        let stores = Stores::new(
            &sdk,
            env.required("DESTINATION_BUCKET"),
            env.required("DERIVATIVES_BUCKET"),
        );
        let catalogue = Catalogue::new(&sdk, env.required("CATALOGUE_TABLE"));
        let widths = env.required("WIDTHS");
        let quality = env.or("QUALITY", 82);
        let max_pixels = env.or("MAX_PIXELS", 120_000_000);
        let recipe = Recipe::new(&widths, quality, max_pixels);
        if let Err(error) = &recipe {
            env.complain(format!("WIDTHS and QUALITY: {error}"));
        }
        let deps = recipe.ok().map(|recipe| Self {
            stores,
            catalogue,
            recipe,
        });
        env.finish(deps)
            .map(|deps| deps.expect("a bad recipe is a complaint"))
    }

    /// Opens the connections to S3 and DynamoDB.
    pub async fn open(&self) {
        tokio::join!(self.stores.open(), self.catalogue.open());
    }
}

/// Takes a batch of messages, and returns those that the queue must deliver again.
pub async fn handle(deps: &Deps, input: &Value) -> Result<Answer, Error> {
    let batch: Batch = decode(input)?;
    let mut answer = Answer::default();
    for record in batch.records {
        if let Err(error) = one(deps, &record.body).await {
            // A message that can never work is tried again too. After five attempts it is moved to the dead-letter queue, where
            // an operator sees it.
            if error.class() == Class::Bug {
                tracing::error!(
                    message = record.message_id,
                    error = error.name(),
                    "{}",
                    error.chain()
                );
            } else {
                tracing::warn!(
                    message = record.message_id,
                    error = error.name(),
                    "{}",
                    error.chain()
                );
            }
            answer.batch_item_failures.push(Failure {
                item_identifier: record.message_id,
            });
        }
    }
    Ok(answer)
}

async fn one(deps: &Deps, body: &str) -> Result<(), Error> {
    let Task::Look { key, uploaded_at } = task(body)?;
    let follower = Follower {
        stores: &deps.stores,
        catalogue: &deps.catalogue,
        recipe: &deps.recipe,
        uploaded_at,
    };
    let end = follower.follow(&key).await?;
    tracing::info!(key, end = ?end, "followed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_batch_decodes() {
        let input: Value =
            serde_json::from_str(include_str!("../../../events/derive.json")).unwrap();
        let batch: Batch = decode(&input).unwrap();
        assert_eq!(batch.records.len(), 1);
        assert!(task(&batch.records[0].body).is_ok());
    }
}
