//! An environment `dev` in an account 111122223333, as the policy tests see it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::environment::Environment;

/// Parameters and pseudo parameters of the templates, for an environment dev.
pub const TEMPLATE_VALUES: &[(&str, &str)] = &[
    ("AWS::Partition", "aws"),
    ("AWS::Region", "eu-central-1"),
    ("AWS::AccountId", "111122223333"),
    ("AWS::NoValue", ""),
    ("Env", "dev"),
    ("SourceBucket", "scrubjay-dev-1-source"),
    ("StagingBucket", "scrubjay-dev-1-staging"),
    ("DestinationBucket", "scrubjay-dev-1-destination"),
    ("DerivativesBucket", "scrubjay-dev-1-derivatives"),
    ("ReportsBucket", "scrubjay-dev-1-reports"),
    ("AuditTable", "scrubjay-dev-audit"),
    ("CatalogueTable", "scrubjay-dev-catalogue"),
    ("KeyArn", "arn:aws:kms:eu-central-1:111122223333:key/1"),
    ("RunbookUrl", "https://wiki.example.com/runbook"),
    (
        "PermissionsBoundaryArn",
        "arn:aws:iam::111122223333:policy/scrubjay-dev-boundary",
    ),
];

/// Bucket A.
pub const SOURCE: &str = "arn:aws:s3:::scrubjay-dev-1-source";
/// The staging bucket.
pub const STAGING: &str = "arn:aws:s3:::scrubjay-dev-1-staging";
/// Bucket B.
pub const DESTINATION: &str = "arn:aws:s3:::scrubjay-dev-1-destination";
/// The derivatives bucket.
pub const DERIVATIVES: &str = "arn:aws:s3:::scrubjay-dev-1-derivatives";
/// The catalogue table.
pub const CATALOGUE: &str =
    "arn:aws:dynamodb:eu-central-1:111122223333:table/scrubjay-dev-catalogue";
/// The reports bucket.
pub const REPORTS: &str = "arn:aws:s3:::scrubjay-dev-1-reports";
/// The audit table.
pub const TABLE: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/scrubjay-dev-audit";
/// The key.
pub const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1";

/// Values of the policies' placeholders, for the same environment.
pub fn placeholders() -> BTreeMap<&'static str, String> {
    Environment::example().placeholders()
}

/// The statements of one file of `terraform/policies/`.
pub fn file(name: &str) -> Vec<Value> {
    Environment::example().file(name)
}

/// The statements of several files, joined.
pub fn files(names: &[&str]) -> Vec<Value> {
    Environment::example().files(names)
}

/// What a person (`user-a`, `user-b`) is granted.
pub fn person(name: &str) -> Vec<Value> {
    Environment::example().person(name)
}

/// The key's policy, with a `CloudFront` distribution among those whom it serves.
pub fn key_policy() -> Vec<Value> {
    Environment::example().key_policy()
}

/// The policy of a bucket, by its ARN.
///
/// # Panics
///
/// When it is none of A, staging and B.
pub fn bucket_policy(bucket: &str) -> Vec<Value> {
    let role = bucket.rsplit('-').next().unwrap();
    Environment::example().bucket_policy(role, None)
}

/// The ARN of a role, by its name without prefix.
pub fn role(name: &str) -> String {
    Environment::example().role(name)
}

/// The ARN of a user, by its name without prefix.
pub fn user(name: &str) -> String {
    Environment::example().user(name)
}

/// The statements of each role of the template, by role name without its prefix.
pub fn roles() -> BTreeMap<String, Vec<Value>> {
    Environment::example().roles()
}

/// The same of the gallery's template.
pub fn gallery_roles() -> BTreeMap<String, Vec<Value>> {
    Environment::example().gallery_roles()
}

/// Somebody whose own policy allows everything.
pub fn administrator() -> Vec<Value> {
    vec![json!({ "Effect": "Allow", "Action": "*", "Resource": "*" })]
}
