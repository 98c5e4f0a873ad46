//! Everybody who asks, made in the emulator from the files that Terraform deploys and from the deployed template.

use aws_config::SdkConfig;
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use scrubjay_local::Stack;
use scrubjay_tests::iac::environment::{Environment, GALLERY_ROLES};
use scrubjay_tests::iac::policy::statements;
use serde_json::{Value, json};

/// The roles that `template.yaml` makes, all of which may be taken on here: the emulator's root stands for their services.
const APPLICATION: &[&str] = &[
    "validate",
    "strip",
    "publish",
    "retract",
    "record",
    "reconcile",
    "report",
    "scheduler",
    "scrub-machine",
    "intake-machine",
    "retract-machine",
    "backfill-machine",
    "events",
];

/// Somebody, and what their own policies say.
pub struct Principal {
    /// Without the environment's prefix.
    pub name: &'static str,
    /// ARN of the user or role; nobody's for an unsigned request.
    pub arn: Option<String>,
    /// What it is granted.
    pub granted: Vec<Value>,
    /// The permissions boundary, where it has one.
    pub boundary: Option<Vec<Value>>,
    /// For the SDK; without them requests are not signed.
    pub credentials: Option<SharedCredentialsProvider>,
    /// An AWS service that asks in its own name for a resource of this ARN: no credentials are to be had for it here.
    pub service: Option<(&'static str, String)>,
    /// Folder of the keys that it tries.
    pub folder: &'static str,
}

impl Principal {
    /// The stack's endpoint and region, with this principal's credentials.
    pub fn config(&self, stack: &Stack) -> SdkConfig {
        let mut config = stack.sdk_config().into_builder();
        config.set_credentials_provider(self.credentials.clone());
        config.build()
    }
}

/// Puts every policy in its place and makes everybody, in the order of the table's columns.
pub async fn everybody(stack: &Stack, environment: &Environment) -> Vec<Principal> {
    let maker = Maker {
        environment,
        iam: aws_sdk_iam::Client::new(&stack.sdk_config()),
        sts: aws_sdk_sts::Client::new(&stack.sdk_config()),
    };
    guard_resources(stack, environment).await;
    let reader = environment.files(&["reader-objects", "reader-list-all"]);
    let mut everybody = vec![
        maker.user("user-a", environment.person("user-a")).await,
        maker.user("user-b", environment.person("user-b")).await,
        maker.reader("website-reader", reader.clone()).await,
        maker.reader("additional-reader", reader).await,
        Principal {
            name: "cloudfront",
            arn: None,
            granted: Vec::new(),
            boundary: None,
            credentials: None,
            service: Some(("cloudfront.amazonaws.com", environment.distribution())),
            folder: "",
        },
        maker.user("operator", environment.file("operator")).await,
    ];
    maker.boundary("boundary").await;
    let mut granted = environment.roles();
    for name in APPLICATION {
        let granted = granted.remove(*name).unwrap_or_else(|| panic!("no {name}"));
        everybody.push(maker.application_role(name, granted).await);
    }
    assert!(granted.is_empty(), "left out of the table: {granted:?}");
    everybody.push(Principal {
        name: "anonymous",
        arn: None,
        granted: Vec::new(),
        boundary: None,
        credentials: None,
        service: None,
        folder: "",
    });
    everybody
}

/// The roles of `gallery/template.yaml`, made of its policies under their boundary: the gallery itself is not deployed. They try keys of
/// the folder in which the pages' users upload.
pub async fn gallery(stack: &Stack, environment: &Environment) -> Vec<Principal> {
    let maker = Maker {
        environment,
        iam: aws_sdk_iam::Client::new(&stack.sdk_config()),
        sts: aws_sdk_sts::Client::new(&stack.sdk_config()),
    };
    maker.boundary("boundary-gallery").await;
    let mut granted = environment.gallery_roles();
    let mut roles = Vec::new();
    for name in GALLERY_ROLES {
        let granted = granted.remove(name).unwrap_or_else(|| panic!("no {name}"));
        let made = maker.reader(name, granted).await;
        let role = maker.under(made, "boundary-gallery").await;
        roles.push(Principal {
            folder: "u/",
            ..role
        });
    }
    assert!(granted.is_empty(), "left out of the table: {granted:?}");
    roles
}

/// The policies of four buckets and of the key. The one on TLS stays away: the emulator speaks plain HTTP.
async fn guard_resources(stack: &Stack, environment: &Environment) {
    for bucket in ["source", "staging", "destination", "derivatives"] {
        let policy = environment.bucket_policy(bucket, Some("bucket-secure-transport"));
        let put = stack
            .s3()
            .put_bucket_policy()
            .bucket(environment.bucket(bucket));
        put.policy(document(&policy))
            .send()
            .await
            .expect("a bucket's policy");
    }
    let kms = aws_sdk_kms::Client::new(&stack.sdk_config());
    let put = kms.put_key_policy().key_id(&environment.key);
    put.policy(document(&environment.key_policy()))
        .send()
        .await
        .expect("the key's policy");
    // Two more tables: one that was restored from the audit table, and one that has nothing to do with us.
    let dynamodb = aws_sdk_dynamodb::Client::new(&stack.sdk_config());
    for name in [&environment.restored_table(), OTHER_TABLE] {
        let restore = dynamodb
            .restore_table_to_point_in_time()
            .source_table_name(&environment.table)
            .use_latest_restorable_time(true);
        let restored = restore.target_table_name(name).send().await;
        restored.expect("a restored table");
    }
    // Without one there are no rules for passwords to see.
    let iam = aws_sdk_iam::Client::new(&stack.sdk_config());
    let update = iam
        .update_account_password_policy()
        .minimum_password_length(14);
    update.send().await.expect("rules for passwords");
}

/// A table of somebody else's.
pub const OTHER_TABLE: &str = "payroll";

struct Maker<'a> {
    environment: &'a Environment,
    iam: aws_sdk_iam::Client,
    sts: aws_sdk_sts::Client,
}

impl Maker<'_> {
    async fn user(&self, name: &'static str, granted: Vec<Value>) -> Principal {
        let user = self.full(name);
        let made = self.iam.create_user().user_name(&user).send().await;
        made.expect("a user");
        let put = self.iam.put_user_policy().user_name(&user);
        put.policy_name(name)
            .policy_document(document(&granted))
            .send()
            .await
            .expect("a user's policy");
        let made = self.iam.create_access_key().user_name(&user).send().await;
        let key = made.expect("an access key").access_key.expect("a key");
        Principal {
            name,
            arn: Some(self.environment.user(name)),
            granted,
            boundary: None,
            credentials: Some(provider(key.access_key_id, key.secret_access_key, None)),
            service: None,
            folder: "",
        }
    }

    async fn reader(&self, name: &'static str, granted: Vec<Value>) -> Principal {
        let trust = statements("trust-website-reader", &self.environment.placeholders());
        let create = self.iam.create_role().role_name(self.full(name));
        create
            .assume_role_policy_document(document(&trust))
            .send()
            .await
            .expect("a role");
        let put = self.iam.put_role_policy().role_name(self.full(name));
        put.policy_name(name)
            .policy_document(document(&granted))
            .send()
            .await
            .expect("a role's policy");
        self.session(name, granted).await
    }

    /// The policy that a template's parameter `PermissionsBoundaryArn` names.
    async fn boundary(&self, name: &str) {
        let create = self.iam.create_policy().policy_name(self.full(name));
        create
            .policy_document(document(&self.environment.file(name)))
            .send()
            .await
            .expect("the boundary");
    }

    /// Puts a role under a boundary.
    async fn under(&self, role: Principal, boundary: &str) -> Principal {
        let put = self.iam.put_role_permissions_boundary();
        put.role_name(self.full(role.name))
            .permissions_boundary(self.environment.policy(boundary))
            .send()
            .await
            .expect("a role under the boundary");
        Principal {
            boundary: Some(self.environment.file(boundary)),
            ..role
        }
    }

    /// A role that the template has made, put under the boundary: the emulator drops that part of the template.
    async fn application_role(&self, name: &'static str, granted: Vec<Value>) -> Principal {
        // The emulator's root stands for the service that a role trusts; a condition of that trust is nothing it could meet.
        let trust = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
        });
        let update = self.iam.update_assume_role_policy();
        let role = self.environment.role(name);
        let role = role.rsplit('/').next().unwrap_or_default();
        let update = update.role_name(role).policy_document(trust.to_string());
        update.send().await.expect("a trust policy");
        let role = self.session(name, granted).await;
        self.under(role, "boundary").await
    }

    async fn session(&self, name: &'static str, granted: Vec<Value>) -> Principal {
        let arn = self.environment.role(name);
        let assume = self.sts.assume_role().role_arn(&arn);
        let assumed = assume.role_session_name("permissions").send().await;
        let session = assumed.expect("a session").credentials.expect("a key");
        let (key, secret) = (session.access_key_id, session.secret_access_key);
        Principal {
            name,
            arn: Some(arn),
            granted,
            boundary: None,
            credentials: Some(provider(key, secret, Some(session.session_token))),
            service: None,
            folder: "",
        }
    }

    fn full(&self, name: &str) -> String {
        format!("scrubjay-{}-{name}", self.environment.env)
    }
}

fn provider(key: String, secret: String, token: Option<String>) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(key, secret, token, None, "test"))
}

fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}
