//! An environment's names, and with them its policies: those of Terraform's files and those of the template's roles.

use std::collections::BTreeMap;

use scrubjay_local::Outputs;
use serde_json::{Value, json};

use super::cloudformation::Template;
use super::policy::statements;
use super::terraform::{folder, local};

/// The roles of `template.yaml`, by name without prefix.
const APPLICATION_ROLES: &[&str] = &[
    "validate",
    "strip",
    "publish",
    "record",
    "retract",
    "reconcile",
    "report",
    "scheduler",
    "scrub-machine",
    "intake-machine",
    "retract-machine",
    "backfill-machine",
    "events",
];

/// The roles of `gallery/template.yaml`, by name without prefix.
pub const GALLERY_ROLES: [&str; 8] = [
    "derive",
    "analyse-machine",
    "gallery-events",
    "api",
    "direct-put",
    "direct-get",
    "direct-audit",
    "direct-texts",
];

/// Where an environment is and what its parts are called.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The account's number.
    pub account: String,
    /// The region.
    pub region: String,
    /// Part of every name.
    pub env: String,
    /// What the names of the buckets begin with.
    bucket_prefix: String,
    /// The audit table's name.
    pub table: String,
    /// The ARN of the key.
    pub key: String,
}

impl Environment {
    /// An environment `dev` in an account 111122223333.
    pub fn example() -> Self {
        Self {
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
            env: "dev".to_owned(),
            bucket_prefix: "scrubjay-dev-1".to_owned(),
            table: "scrubjay-dev-audit".to_owned(),
            key: "arn:aws:kms:eu-central-1:111122223333:key/1".to_owned(),
        }
    }

    /// The same with another audit table, as after a restore.
    #[must_use]
    pub fn with_table(mut self, name: &str) -> Self {
        name.clone_into(&mut self.table);
        self
    }

    /// A running stack.
    ///
    /// # Panics
    ///
    /// When its buckets are not called as policies and tests call them.
    pub fn of(stack: &Outputs) -> Self {
        let account = stack.key_arn.split(':').nth(4).expect("an account");
        let environment = Self {
            account: account.to_owned(),
            region: stack.region.clone(),
            env: stack.stack.clone(),
            bucket_prefix: format!("scrubjay-{}", stack.stack),
            table: stack.audit_table.clone(),
            key: stack.key_arn.clone(),
        };
        for (role, name) in [
            ("source", &stack.source_bucket),
            ("staging", &stack.staging_bucket),
            ("destination", &stack.destination_bucket),
            ("artifact", &stack.artifact_bucket),
        ] {
            assert_eq!(&environment.bucket(role), name);
        }
        environment
    }

    /// The name of a bucket: `source`, `staging`, `destination`, `derivatives`, `reports`, `artifact`, `access-logs`.
    pub fn bucket(&self, role: &str) -> String {
        format!("{}-{role}", self.bucket_prefix)
    }

    /// The ARN of a bucket.
    pub fn bucket_arn(&self, role: &str) -> String {
        format!("arn:aws:s3:::{}", self.bucket(role))
    }

    /// The ARN of the audit table.
    pub fn table_arn(&self) -> String {
        self.named_table_arn(&self.table)
    }

    /// The ARN of a table.
    pub fn named_table_arn(&self, table: &str) -> String {
        let Self {
            account, region, ..
        } = self;
        format!("arn:aws:dynamodb:{region}:{account}:table/{table}")
    }

    /// The catalogue table's name.
    pub fn catalogue(&self) -> String {
        format!("scrubjay-{}-catalogue", self.env)
    }

    /// The name of a table that was restored from the audit table, as docs/restore.md tells to name it.
    pub fn restored_table(&self) -> String {
        format!("{}-restored-1", self.table)
    }

    /// The ARN of a CloudFront distribution that shows bucket B.
    pub fn distribution(&self) -> String {
        format!(
            "arn:aws:cloudfront::{}:distribution/EDFDVBD6EXAMPLE",
            self.account
        )
    }

    /// The path of a parameter, and its ARN.
    pub fn parameter(&self, name: &str) -> (String, String) {
        let Self {
            account,
            region,
            env,
            ..
        } = self;
        let path = format!("/scrubjay/{env}/{name}");
        let arn = format!("arn:aws:ssm:{region}:{account}:parameter{path}");
        (path, arn)
    }

    /// The ARN of a role, by its name without prefix.
    pub fn role(&self, name: &str) -> String {
        self.iam("role", name)
    }

    /// The ARN of a user, by its name without prefix.
    pub fn user(&self, name: &str) -> String {
        self.iam("user", name)
    }

    /// The ARN of the permissions boundary.
    pub fn boundary(&self) -> String {
        self.policy("boundary")
    }

    /// The ARN of a policy, by its name without prefix.
    pub fn policy(&self, name: &str) -> String {
        self.iam("policy", name)
    }

    fn iam(&self, kind: &str, name: &str) -> String {
        let Self { account, env, .. } = self;
        format!("arn:aws:iam::{account}:{kind}/scrubjay-{env}-{name}")
    }

    /// Values of the policies' placeholders.
    pub fn placeholders(&self) -> BTreeMap<&'static str, String> {
        let roles: Vec<String> = APPLICATION_ROLES
            .iter()
            .map(|name| self.role(name))
            .collect();
        let gallery = GALLERY_ROLES.map(|name| self.role(name));
        let all: Vec<&String> = roles.iter().chain(&gallery).collect();
        let servers = ["website-reader", "deployer"].map(|name| self.role(name));
        let exempt: Vec<&String> = all.iter().copied().chain(&servers).collect();
        let readers = [
            self.user("user-b"),
            self.role("website-reader"),
            self.role("additional-reader"),
            self.role("derive"),
            self.role("analyse-machine"),
            self.role("api"),
            self.role("direct-get"),
        ];
        let everything = format!("{}/*", self.bucket_arn("destination"));
        let developer = format!("arn:aws:iam::{}:role/developer", self.account);
        BTreeMap::from([
            ("partition", "aws".to_owned()),
            ("region", self.region.clone()),
            ("account_id", self.account.clone()),
            ("env", self.env.clone()),
            ("source_bucket", self.bucket("source")),
            ("staging_bucket", self.bucket("staging")),
            ("destination_bucket", self.bucket("destination")),
            ("derivatives_bucket", self.bucket("derivatives")),
            ("reports_bucket", self.bucket("reports")),
            ("artifact_bucket", self.bucket("artifact")),
            ("access_logs_bucket", self.bucket("access-logs")),
            ("bucket", self.bucket("destination")),
            ("user", format!("scrubjay-{}-user-a", self.env)),
            ("destination_reader_arns", json!(readers).to_string()),
            (
                "reader_distribution_arns",
                json!([self.distribution()]).to_string(),
            ),
            ("audit_table", self.table.clone()),
            ("catalogue_table", self.catalogue()),
            ("key_arn", self.key.clone()),
            ("gallery_role_arns", json!(gallery).to_string()),
            ("application_role_arns", json!(roles).to_string()),
            ("address_range_exempt_arns", json!(exempt).to_string()),
            ("allowed_cidrs", json!(["198.51.100.0/24"]).to_string()),
            ("reader_object_arns", json!([everything]).to_string()),
            ("reader_prefixes", json!(["shop/*"]).to_string()),
            ("deployer_trusted_arns", json!([developer]).to_string()),
        ])
    }

    /// The statements of one file of `terraform/policies/`.
    pub fn file(&self, name: &str) -> Vec<Value> {
        statements(name, &self.placeholders())
    }

    /// The statements of several files, joined.
    pub fn files(&self, names: &[&str]) -> Vec<Value> {
        names.iter().flat_map(|name| self.file(name)).collect()
    }

    /// What a person (`user-a`, `user-b`) is granted.
    ///
    /// # Panics
    ///
    /// When it is neither.
    pub fn person(&self, name: &str) -> Vec<Value> {
        let mut granted = match name {
            "user-a" => self.file("user-source"),
            "user-b" => self.files(&["reader-objects", "reader-list-all"]),
            other => panic!("no person {other}"),
        };
        let mut values = self.placeholders();
        values.insert("user", format!("scrubjay-{}-{name}", self.env));
        granted.extend(statements("user-password", &values));
        granted
    }

    /// The key's policy, which also serves one distribution of `CloudFront` and inventories of bucket A.
    pub fn key_policy(&self) -> Vec<Value> {
        self.files(&["key", "key-cloudfront", "key-inventory"])
    }

    /// The policy of a bucket (`source`, `staging`, `destination`, `derivatives`, `reports`), of the files that Terraform joins for it; `left_out` is
    /// one that is not wanted.
    ///
    /// # Panics
    ///
    /// When Terraform joins other files.
    pub fn bucket_policy(&self, role: &str, left_out: Option<&str>) -> Vec<Value> {
        let own = format!("bucket-{role}");
        let joined = local(
            &folder("terraform/modules/foundation"),
            "bucket_policy_files",
        );
        let joined = joined[format!("{role}_bucket")].to_string();
        let mut values = self.placeholders();
        values.insert("bucket", self.bucket(role));
        let mut names = vec!["bucket-secure-transport", "bucket-own-key"];
        // The reports bucket has only the common files and the one for inventories.
        names.push(if role == "reports" {
            "bucket-inventory"
        } else {
            &own
        });
        if role == "destination" {
            names.push("bucket-cloudfront");
        }
        for name in &names {
            assert!(joined.contains(name), "{name} is not in {joined}");
        }
        let wanted = names.iter().filter(|name| Some(**name) != left_out);
        wanted.flat_map(|name| statements(name, &values)).collect()
    }

    /// The statements of each role of the pipeline's template, by role name without its prefix.
    ///
    /// # Panics
    ///
    /// When a role has a policy that cannot be read here.
    pub fn roles(&self) -> BTreeMap<String, Vec<Value>> {
        let roles = self.roles_of("template.yaml");
        assert!(roles.len() >= 8, "{roles:?}");
        roles
    }

    /// The same of the gallery's template.
    ///
    /// # Panics
    ///
    /// When a role has a policy that cannot be read here.
    pub fn gallery_roles(&self) -> BTreeMap<String, Vec<Value>> {
        self.roles_of("gallery/template.yaml")
    }

    fn roles_of(&self, template: &str) -> BTreeMap<String, Vec<Value>> {
        let names = ["source", "staging", "destination", "derivatives", "reports"];
        let names = names.map(|role| self.bucket(role));
        let catalogue = self.catalogue();
        let boundary = self.boundary();
        let values = [
            ("AWS::Partition", "aws"),
            ("AWS::Region", &self.region),
            ("AWS::AccountId", &self.account),
            ("AWS::NoValue", ""),
            ("Env", &self.env),
            ("SourceBucket", &names[0]),
            ("StagingBucket", &names[1]),
            ("DestinationBucket", &names[2]),
            ("DerivativesBucket", &names[3]),
            ("ReportsBucket", &names[4]),
            ("AuditTable", &self.table),
            ("CatalogueTable", &catalogue),
            ("KeyArn", &self.key),
            ("PermissionsBoundaryArn", &boundary),
        ];
        let prefix = format!("scrubjay-{}-", self.env);
        let roles = Template::read(template, &values).resources("AWS::IAM::Role");
        let roles = roles.into_values().map(|role| {
            let name = role["RoleName"].as_str().unwrap();
            let name = name.trim_start_matches(&prefix).to_owned();
            assert!(
                role.get("ManagedPolicyArns").is_none(),
                "{name}: managed policies cannot be checked"
            );
            let policies = role["Policies"].as_array().unwrap().iter();
            let granted = policies.flat_map(|policy| {
                let statements = policy["PolicyDocument"]["Statement"].as_array();
                statements.unwrap().clone()
            });
            (name, granted.collect())
        });
        roles.collect()
    }
}
