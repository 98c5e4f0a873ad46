//! An environment `dev` in an account 111122223333, as the policy tests see it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cloudformation::Template;
use super::policy::statements;
use super::terraform::{folder, local};

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
    ("AuditTable", "scrubjay-dev-audit"),
    ("KeyArn", "arn:aws:kms:eu-central-1:111122223333:key/1"),
    (
        "PermissionsBoundaryArn",
        "arn:aws:iam::111122223333:policy/scrubjay-dev-boundary",
    ),
];

/// Values of the policies' placeholders, for the same environment.
pub fn placeholders() -> BTreeMap<&'static str, String> {
    let roles = [
        "validate",
        "strip",
        "publish",
        "record",
        "retract",
        "reconcile",
        "scrub-machine",
        "retract-machine",
        "events",
    ];
    let roles: Vec<String> = roles
        .iter()
        .map(|role| format!("arn:aws:iam::111122223333:role/scrubjay-dev-{role}"))
        .collect();
    let servers = ["website-reader", "deployer"]
        .map(|role| format!("arn:aws:iam::111122223333:role/scrubjay-dev-{role}"));
    let exempt: Vec<&String> = roles.iter().chain(&servers).collect();
    BTreeMap::from([
        ("partition", "aws".to_owned()),
        ("region", "eu-central-1".to_owned()),
        ("account_id", "111122223333".to_owned()),
        ("env", "dev".to_owned()),
        ("source_bucket", "scrubjay-dev-1-source".to_owned()),
        ("staging_bucket", "scrubjay-dev-1-staging".to_owned()),
        (
            "destination_bucket",
            "scrubjay-dev-1-destination".to_owned(),
        ),
        ("reports_bucket", "scrubjay-dev-1-reports".to_owned()),
        ("artifact_bucket", "scrubjay-dev-1-artifact".to_owned()),
        (
            "access_logs_bucket",
            "scrubjay-dev-1-access-logs".to_owned(),
        ),
        ("bucket", "scrubjay-dev-1-destination".to_owned()),
        ("audit_table", "scrubjay-dev-audit".to_owned()),
        (
            "key_arn",
            "arn:aws:kms:eu-central-1:111122223333:key/1".to_owned(),
        ),
        ("application_role_arns", json!(roles).to_string()),
        ("address_range_exempt_arns", json!(exempt).to_string()),
        ("allowed_cidrs", json!(["198.51.100.0/24"]).to_string()),
        (
            "reader_object_arns",
            json!(["arn:aws:s3:::scrubjay-dev-1-destination/*"]).to_string(),
        ),
        ("reader_prefixes", json!(["shop/*"]).to_string()),
        (
            "deployer_trusted_arns",
            json!(["arn:aws:iam::111122223333:role/developer"]).to_string(),
        ),
    ])
}

/// Bucket A.
pub const SOURCE: &str = "arn:aws:s3:::scrubjay-dev-1-source";
/// The staging bucket.
pub const STAGING: &str = "arn:aws:s3:::scrubjay-dev-1-staging";
/// Bucket B.
pub const DESTINATION: &str = "arn:aws:s3:::scrubjay-dev-1-destination";
/// The reports bucket.
pub const REPORTS: &str = "arn:aws:s3:::scrubjay-dev-1-reports";
/// The audit table.
pub const TABLE: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/scrubjay-dev-audit";
/// The key.
pub const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1";

/// The statements of one file of `terraform/policies/`.
pub fn file(name: &str) -> Vec<Value> {
    statements(name, &placeholders())
}

/// The statements of several files, joined.
pub fn files(names: &[&str]) -> Vec<Value> {
    names.iter().flat_map(|name| file(name)).collect()
}

/// The policy of a bucket, of the files that Terraform joins for it.
///
/// # Panics
///
/// When Terraform joins other files, or it is none of the three buckets.
pub fn bucket_policy(bucket: &str) -> Vec<Value> {
    let names: &[&str] = match bucket {
        SOURCE => &["bucket-secure-transport", "bucket-own-key", "bucket-source"],
        STAGING => &[
            "bucket-secure-transport",
            "bucket-own-key",
            "bucket-staging",
        ],
        DESTINATION => &[
            "bucket-secure-transport",
            "bucket-own-key",
            "bucket-destination",
        ],
        other => panic!("{other}"),
    };
    let placeholder = bucket.rsplit('-').next().unwrap();
    let joined = local(
        &folder("terraform/modules/foundation"),
        "bucket_policy_files",
    );
    let joined = joined[format!("{placeholder}_bucket")].to_string();
    let mut values = placeholders();
    values.insert(
        "bucket",
        bucket.trim_start_matches("arn:aws:s3:::").to_owned(),
    );
    let read = |name: &&str| {
        assert!(joined.contains(*name), "{name} is not in {joined}");
        statements(name, &values)
    };
    names.iter().flat_map(read).collect()
}

/// The ARN of a role, by its name without prefix.
pub fn role(name: &str) -> String {
    format!("arn:aws:iam::111122223333:role/scrubjay-dev-{name}")
}

/// The ARN of a user, by its name without prefix.
pub fn user(name: &str) -> String {
    format!("arn:aws:iam::111122223333:user/scrubjay-dev-{name}")
}

/// The statements of each role of the template, by role name without its prefix.
///
/// # Panics
///
/// When a role has a policy that cannot be read here.
pub fn roles() -> BTreeMap<String, Vec<Value>> {
    let roles = Template::read("template.yaml", TEMPLATE_VALUES).resources("AWS::IAM::Role");
    let roles = roles.into_values().map(|role| {
        let name = role["RoleName"]
            .as_str()
            .unwrap()
            .trim_start_matches("scrubjay-dev-")
            .to_owned();
        assert!(
            role.get("ManagedPolicyArns").is_none(),
            "{name}: managed policies cannot be checked"
        );
        let policies = role["Policies"].as_array().unwrap().iter();
        let granted = policies.flat_map(|policy| {
            policy["PolicyDocument"]["Statement"]
                .as_array()
                .unwrap()
                .clone()
        });
        (name, granted.collect())
    });
    let roles: BTreeMap<_, _> = roles.collect();
    assert!(roles.len() >= 8, "{roles:?}");
    roles
}

/// Somebody whose own policy allows everything.
pub fn administrator() -> Vec<Value> {
    vec![json!({ "Effect": "Allow", "Action": "*", "Resource": "*" })]
}
