//! What Terraform owns on AWS, created from `foundation.yaml`.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;

use crate::Result;
use crate::deploy::{Body, create};

const TEMPLATE: &str = include_str!("../foundation.yaml");

/// Creates buckets, key, tables, user pool and parameters; pages at `pages_origin` may upload. Returns the stack's outputs.
pub(crate) async fn deploy(
    client: &Client,
    env: &str,
    pages_origin: &str,
) -> Result<BTreeMap<String, String>> {
    let parameters = [
        ("Env".to_owned(), env.to_owned()),
        ("PagesOrigin".to_owned(), pages_origin.to_owned()),
    ];
    create(
        client,
        &format!("scrubjay-foundation-{env}"),
        Body::Inline(TEMPLATE.to_owned()),
        &parameters,
    )
    .await
}
