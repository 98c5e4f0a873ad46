//! What Terraform owns on AWS, created from `foundation.yaml`.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;

use crate::Result;
use crate::deploy::{Body, create};

const TEMPLATE: &str = include_str!("../foundation.yaml");

/// Creates buckets, key, table and parameters. Returns the stack's outputs.
pub(crate) async fn deploy(client: &Client, env: &str) -> Result<BTreeMap<String, String>> {
    let parameters = [("Env".to_owned(), env.to_owned())];
    create(
        client,
        &format!("scrubjay-foundation-{env}"),
        Body::Inline(TEMPLATE.to_owned()),
        &parameters,
    )
    .await
}
