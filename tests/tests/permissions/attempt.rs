//! What is tried, what the policies say about it, and the call itself.

use std::fmt::Debug;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::Blob;
use scrubjay_local::Stack;
use scrubjay_tests::iac::environment::Environment;
use scrubjay_tests::iac::policy::{Request, allowed};

use super::principal::{OTHER_TABLE, Principal};

/// What a request acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A bucket: `source`, `staging` or `destination`.
    Bucket(&'static str),
    /// The audit table.
    Table,
    /// The gallery's catalogue.
    Catalogue,
    /// A table that was restored from the audit table.
    RestoredTable,
    /// A table of somebody else's.
    OtherTable,
    /// The account's default event bus.
    Bus,
    /// A parameter of the foundation.
    Parameter,
    /// The key, asked directly.
    Key,
    /// The key, as S3 asks it for an object of this bucket.
    KeyThroughS3(&'static str),
    /// The key, as `DynamoDB` asks it for an item of a table: `audit`, `restored` or `other`.
    KeyThroughDynamoDb(&'static str),
    /// The account's passwords.
    Passwords,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    List,
    Get,
    GetVersion,
    PutIfNoneMatch,
    PutIfMatch,
    PutUnconditional,
    Delete,
    DeleteVersion,
    MarkVersion,
    GetTags,
    GetItem,
    Query,
    QueryIndex,
    PutItem,
    UpdateItem,
    DeleteItem,
    Announce,
    AnnounceAnything,
    GetParameter,
    Decrypt,
    GenerateDataKey,
    ChangeOwnPassword,
    SeePasswordRules,
}

const ORIGINALS: [Act; 10] = [
    Act::List,
    Act::Get,
    Act::GetVersion,
    Act::PutIfNoneMatch,
    Act::PutIfMatch,
    Act::PutUnconditional,
    Act::Delete,
    Act::DeleteVersion,
    Act::MarkVersion,
    Act::GetTags,
];
const OBJECTS: [Act; 8] = [
    Act::List,
    Act::Get,
    Act::GetVersion,
    Act::PutIfNoneMatch,
    Act::PutIfMatch,
    Act::PutUnconditional,
    Act::Delete,
    Act::DeleteVersion,
];
const ITEMS: [Act; 6] = [
    Act::GetItem,
    Act::Query,
    Act::QueryIndex,
    Act::PutItem,
    Act::UpdateItem,
    Act::DeleteItem,
];
const KEYS: [Act; 2] = [Act::Decrypt, Act::GenerateDataKey];

/// Every place with what is tried there, in the order of the page.
pub const PLACES: [(Place, &[Act]); 17] = [
    (Place::Bucket("source"), &ORIGINALS),
    (Place::Bucket("staging"), &OBJECTS),
    (Place::Bucket("destination"), &OBJECTS),
    (Place::Bucket("reports"), &OBJECTS),
    (Place::Table, &ITEMS),
    (Place::RestoredTable, &[Act::GetItem]),
    (Place::OtherTable, &[Act::GetItem]),
    (Place::Bus, &[Act::Announce, Act::AnnounceAnything]),
    (Place::Parameter, &[Act::GetParameter]),
    (Place::Key, &KEYS),
    (Place::KeyThroughS3("source"), &KEYS),
    (Place::KeyThroughS3("staging"), &KEYS),
    (Place::KeyThroughS3("destination"), &KEYS),
    (Place::KeyThroughDynamoDb("audit"), &[Act::Decrypt]),
    (Place::KeyThroughDynamoDb("restored"), &[Act::Decrypt]),
    (Place::KeyThroughDynamoDb("other"), &[Act::Decrypt]),
    (
        Place::Passwords,
        &[Act::ChangeOwnPassword, Act::SeePasswordRules],
    ),
];

/// What the gallery's roles are tried at.
pub const GALLERY_PLACES: [(Place, &[Act]); 5] = [
    (Place::Bucket("source"), &OBJECTS),
    (Place::Bucket("destination"), &OBJECTS),
    (Place::Bucket("derivatives"), &OBJECTS),
    (Place::Table, &ITEMS),
    (
        Place::Catalogue,
        &[
            Act::GetItem,
            Act::Query,
            Act::PutItem,
            Act::UpdateItem,
            Act::DeleteItem,
        ],
    ),
];

impl Act {
    /// IAM's name for it.
    pub fn action(self) -> &'static str {
        match self {
            Self::List => "s3:ListBucket",
            Self::Get => "s3:GetObject",
            Self::GetVersion => "s3:GetObjectVersion",
            Self::PutIfNoneMatch | Self::PutIfMatch | Self::PutUnconditional => "s3:PutObject",
            Self::Delete => "s3:DeleteObject",
            Self::DeleteVersion => "s3:DeleteObjectVersion",
            Self::MarkVersion => "s3:PutObjectVersionTagging",
            Self::GetTags => "s3:GetObjectTagging",
            Self::GetItem => "dynamodb:GetItem",
            Self::Query | Self::QueryIndex => "dynamodb:Query",
            Self::PutItem => "dynamodb:PutItem",
            Self::UpdateItem => "dynamodb:UpdateItem",
            Self::DeleteItem => "dynamodb:DeleteItem",
            Self::Announce | Self::AnnounceAnything => "events:PutEvents",
            Self::GetParameter => "ssm:GetParameter",
            Self::Decrypt => "kms:Decrypt",
            Self::GenerateDataKey => "kms:GenerateDataKey",
            Self::ChangeOwnPassword => "iam:ChangePassword",
            Self::SeePasswordRules => "iam:GetAccountPasswordPolicy",
        }
    }

    /// Whether it shows bytes of an object.
    pub fn reads(self) -> bool {
        matches!(self, Self::Get | Self::GetVersion)
    }

    /// Whether it changes what a bucket shows.
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::PutIfNoneMatch
                | Self::PutIfMatch
                | Self::PutUnconditional
                | Self::Delete
                | Self::DeleteVersion
        )
    }
}

/// What the policies say: the principal's own, its boundary, the bucket's, the key's.
pub fn expected(environment: &Environment, who: &Principal, place: Place, act: Act) -> bool {
    let object = |bucket: &str| format!("{}/{}k", environment.bucket_arn(bucket), who.folder);
    let resource = match place {
        Place::Bucket(bucket) if act == Act::List => environment.bucket_arn(bucket),
        Place::Bucket(bucket) => object(bucket),
        Place::Table if act == Act::QueryIndex => {
            format!("{}/index/by-status", environment.table_arn())
        }
        Place::Table => environment.table_arn(),
        Place::Catalogue => environment.named_table_arn(&environment.catalogue()),
        Place::RestoredTable => environment.named_table_arn(&environment.restored_table()),
        Place::OtherTable => environment.named_table_arn(OTHER_TABLE),
        Place::Bus => format!(
            "arn:aws:events:{}:{}:event-bus/default",
            environment.region, environment.account
        ),
        Place::Parameter => environment.parameter("source-bucket").1,
        Place::Key | Place::KeyThroughS3(_) | Place::KeyThroughDynamoDb(_) => {
            environment.key.clone()
        }
        // A password is its user's: for anything that is no user there is none.
        Place::Passwords if act == Act::ChangeOwnPassword => who.arn.clone().unwrap_or_default(),
        Place::Passwords => "*".to_owned(),
    };
    let mut request = match &who.service {
        Some((service, source)) => Request::of_service(service, source, act.action(), &resource),
        None => Request::new(who.arn.as_deref(), act.action(), &resource),
    };
    match (place, act) {
        (_, Act::PutIfNoneMatch) => request = request.with("s3:if-none-match", "*"),
        (_, Act::PutIfMatch) => request = request.with("s3:if-match", "an ETag"),
        (_, Act::MarkVersion) => {
            request = request.with("s3:RequestObjectTag/scrubjay:status", "REJECTED");
        }
        (_, Act::Announce) => {
            request = request
                .with("events:source", "scrubjay")
                .with("events:detail-type", "Upload Settled");
        }
        (_, Act::AnnounceAnything) => request = request.with("events:source", "another"),
        (Place::KeyThroughS3(bucket), _) => {
            let service = format!("s3.{}.amazonaws.com", environment.region);
            let context = environment.bucket_arn(bucket);
            request = request
                .with("kms:ViaService", &service)
                .with("kms:EncryptionContext:aws:s3:arn", &context);
        }
        (Place::KeyThroughDynamoDb(table), _) => {
            let service = format!("dynamodb.{}.amazonaws.com", environment.region);
            let restored = environment.restored_table();
            let name = match table {
                "audit" => &environment.table,
                "restored" => &restored,
                _ => OTHER_TABLE,
            };
            request = request
                .with("kms:ViaService", &service)
                .with("kms:EncryptionContext:aws:dynamodb:tableName", name);
        }
        _ => {}
    }
    let bucket = match place {
        Place::Bucket(bucket) => environment.bucket_policy(bucket, None),
        _ => Vec::new(),
    };
    let key = environment.key_policy();
    let asks_the_key = matches!(
        place,
        Place::Key | Place::KeyThroughS3(_) | Place::KeyThroughDynamoDb(_)
    );
    if who.service.is_some() {
        // A service has no policy of its own: the bucket's or the key's must allow it.
        let granting = if asks_the_key { &key } else { &bucket };
        return allowed(&request, &[granting], &[]);
    }
    let mut needed = vec![who.granted.as_slice()];
    needed.extend(who.boundary.as_deref());
    if asks_the_key {
        needed.push(&key);
    }
    allowed(&request, &needed, &[&bucket])
}

/// The clients of one principal, and those of the root, who prepares what is tried.
pub struct Attempts<'a> {
    environment: &'a Environment,
    name: &'static str,
    folder: &'static str,
    root: aws_sdk_s3::Client,
    s3: aws_sdk_s3::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    ssm: aws_sdk_ssm::Client,
    kms: aws_sdk_kms::Client,
    iam: aws_sdk_iam::Client,
    /// A data key, encrypted.
    encrypted: Blob,
}

impl<'a> Attempts<'a> {
    pub async fn of(who: &Principal, stack: &Stack, environment: &'a Environment) -> Self {
        let root = aws_sdk_kms::Client::new(&stack.sdk_config());
        let generate = root.generate_data_key().key_id(&environment.key);
        let generated = generate.number_of_bytes(32).send().await;
        let encrypted = generated.expect("a data key").ciphertext_blob;
        let config = who.config(stack);
        macro_rules! client {
            ($sdk:ident $(, $more:ident($value:expr))*) => {{
                let config = $sdk::config::Builder::from(&config).allow_no_auth();
                $(let config = config.$more($value);)*
                $sdk::Client::from_conf(config.build())
            }};
        }
        Self {
            environment,
            name: who.name,
            folder: who.folder,
            root: stack.s3(),
            s3: client!(aws_sdk_s3, force_path_style(true)),
            dynamodb: client!(aws_sdk_dynamodb),
            ssm: client!(aws_sdk_ssm),
            kms: client!(aws_sdk_kms),
            iam: client!(aws_sdk_iam),
            encrypted: encrypted.expect("an encrypted key"),
        }
    }

    /// Tries it. Whatever is neither done nor denied fails the test.
    pub async fn try_it(&self, place: Place, act: Act) -> bool {
        match place {
            Place::Bucket(bucket) => self.object(&self.environment.bucket(bucket), act).await,
            Place::Table => self.item(&self.environment.table, act).await,
            Place::Catalogue => self.catalogue(act).await,
            Place::RestoredTable => self.item(&self.environment.restored_table(), act).await,
            Place::OtherTable => self.item(OTHER_TABLE, act).await,
            Place::Parameter => {
                let path = self.environment.parameter("source-bucket").0;
                done(self.ssm.get_parameter().name(path).send().await)
            }
            Place::Key => self.key(act).await,
            Place::Passwords => done(self.iam.get_account_password_policy().send().await),
            Place::Bus | Place::KeyThroughS3(_) | Place::KeyThroughDynamoDb(_) => {
                unreachable!("not tried")
            }
        }
    }

    async fn object(&self, bucket: &str, act: Act) -> bool {
        // No photo by its name: the pipeline leaves it alone.
        let key = format!("{}permissions/{}/{act:?}", self.folder, self.name);
        let bytes = || ByteStream::from_static(b"of the root");
        let put = || self.s3.put_object().bucket(bucket).key(&key).body(bytes());
        if act == Act::PutIfNoneMatch {
            return done(put().if_none_match("*").send().await);
        }
        let prepare = self.root.put_object().bucket(bucket).key(&key);
        let prepared = prepare.body(bytes()).send().await.expect("an object");
        let version = prepared.version_id().unwrap_or("null");
        let get = self.s3.get_object().bucket(bucket).key(&key);
        let delete = self.s3.delete_object().bucket(bucket).key(&key);
        match act {
            Act::List => {
                let list = self.s3.list_objects_v2().bucket(bucket);
                done(list.prefix("permissions/").send().await)
            }
            Act::Get => done(get.send().await),
            Act::GetVersion => done(get.version_id(version).send().await),
            Act::PutIfMatch => {
                let etag = prepared.e_tag().expect("an ETag");
                done(put().if_match(etag).send().await)
            }
            Act::PutUnconditional => done(put().send().await),
            Act::Delete => done(delete.send().await),
            Act::GetTags => {
                let tags = self.s3.get_object_tagging().bucket(bucket).key(&key);
                done(tags.send().await)
            }
            Act::DeleteVersion => done(delete.version_id(version).send().await),
            other => unreachable!("{other:?} of an object"),
        }
    }

    async fn item(&self, table: &str, act: Act) -> bool {
        let client = &self.dynamodb;
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let object = || text(&format!("permissions/{}", self.name));
        match act {
            Act::GetItem => {
                let get = client.get_item().table_name(table).key("object", object());
                done(get.key("entry", text("head")).send().await)
            }
            Act::Query => {
                let query = client.query().table_name(table);
                let query = query.key_condition_expression("#o = :o");
                let query = query.expression_attribute_names("#o", "object");
                let query = query.expression_attribute_values(":o", object());
                done(query.send().await)
            }
            Act::QueryIndex => {
                let query = client.query().table_name(table).index_name("by-status");
                let query = query.key_condition_expression("statusDay = :s");
                let query = query.expression_attribute_values(":s", text("FAILED#2026-11-20"));
                done(query.send().await)
            }
            Act::PutItem => {
                let put = client.put_item().table_name(table).item("object", object());
                done(put.item("entry", text("head")).send().await)
            }
            Act::UpdateItem => {
                let update = client.update_item().table_name(table);
                let update = update.key("object", object()).key("entry", text("head"));
                done(update.return_values(ReturnValue::None).send().await)
            }
            Act::DeleteItem => {
                let delete = client.delete_item().table_name(table);
                let delete = delete.key("object", object()).key("entry", text("head"));
                done(delete.send().await)
            }
            other => unreachable!("{other:?} of an item"),
        }
    }

    async fn catalogue(&self, act: Act) -> bool {
        let (client, table) = (&self.dynamodb, &self.environment.catalogue());
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let partition = || text(&format!("photo#permissions-{}", self.name));
        match act {
            Act::GetItem => {
                let get = client.get_item().table_name(table);
                let get = get.key("partition", partition());
                done(get.key("entry", text("photo")).send().await)
            }
            Act::Query => {
                let query = client.query().table_name(table);
                let query = query.key_condition_expression("#p = :p");
                let query = query.expression_attribute_names("#p", "partition");
                let query = query.expression_attribute_values(":p", partition());
                done(query.send().await)
            }
            Act::PutItem => {
                let put = client.put_item().table_name(table);
                let put = put.item("partition", partition());
                done(put.item("entry", text("photo")).send().await)
            }
            Act::UpdateItem => {
                let update = client.update_item().table_name(table);
                let update = update.key("partition", partition());
                done(update.key("entry", text("photo")).send().await)
            }
            Act::DeleteItem => {
                let delete = client.delete_item().table_name(table);
                let delete = delete.key("partition", partition());
                done(delete.key("entry", text("photo")).send().await)
            }
            other => unreachable!("{other:?} of an item"),
        }
    }

    async fn key(&self, act: Act) -> bool {
        let key = &self.environment.key;
        match act {
            Act::Decrypt => {
                let decrypt = self.kms.decrypt().key_id(key);
                done(decrypt.ciphertext_blob(self.encrypted.clone()).send().await)
            }
            Act::GenerateDataKey => {
                let generate = self.kms.generate_data_key().key_id(key);
                done(generate.number_of_bytes(32).send().await)
            }
            other => unreachable!("{other:?} of a key"),
        }
    }
}

/// True when it was done, false when it was denied.
fn done<T, E, R>(result: Result<T, SdkError<E, R>>) -> bool
where
    E: ProvideErrorMetadata + Debug,
    R: Debug,
{
    const DENIED: [&str; 4] = [
        "AccessDenied",
        "AccessDeniedException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
    ];
    let Err(error) = result else { return true };
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    assert!(
        code.is_some_and(|code| DENIED.contains(&code)),
        "neither done nor denied: {error:?}"
    );
    false
}
