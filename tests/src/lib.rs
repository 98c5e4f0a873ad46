//! Harness of the end-to-end tests: one stack with the real template, machines and functions, shared by every test of a
//! binary. Tests keep apart by the keys that they use, and wait for conditions, never for time.

pub mod arrows;
pub mod chaos;
pub mod figures;
pub mod gallery;
pub mod iac;
pub mod intake;

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use aws_sdk_sfn::types::ExecutionStatus;
use scrubjay_jpeg::Options;
use scrubjay_local::faults::{Action, Match, Rule};
use scrubjay_local::{Functions, Outputs, Stack};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Longer than any retry policy of the machines.
const PATIENCE: Duration = Duration::from_mins(4);

/// The runtime that the stack's processes are watched from: it must outlive each test.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
/// The shared stack. With `SCRUBJAY_WORKFLOW=express` the same tests run on the Express way.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let parameters = [
        (
            "Workflow",
            if on_express() { "express" } else { "standard" },
        ),
        ("TimeZone", "Europe/Berlin"),
    ];
    RUNTIME.block_on(World::start("e2e", &parameters, false, &[]))
});
/// A stack with other parameters: refused uploads leave the older result, only one prefix is processed, more endings of keys are
/// processed, and notices of copyright and uploaders' network addresses are kept.
static OTHER: LazyLock<World> = LazyLock::new(|| {
    let parameters = [
        ("OnRejected", "keep"),
        ("KeyPrefix", "photos/"),
        ("Suffixes", "jpeg-and-jfif"),
        ("Copyright", "keep"),
        ("SourceAddress", "record"),
    ];
    RUNTIME.block_on(World::start("other", &parameters, false, &[]))
});
/// A stack on the Express way, with more endings of keys.
static EXPRESS: LazyLock<World> = LazyLock::new(|| {
    RUNTIME.block_on(World::start(
        "express",
        &[("Workflow", "express"), ("Suffixes", "jpeg-and-jfif")],
        false,
        &[],
    ))
});
/// A stack that enforces IAM. The harness itself is the account's root, which may do everything.
static ENFORCING: LazyLock<World> =
    LazyLock::new(|| RUNTIME.block_on(World::start("iam", &[], true, &[])));

/// A stack with the gallery, with every analysis enabled; messages are soon tried again.
static GALLERY: LazyLock<World> = LazyLock::new(|| {
    let parameters = [
        ("Labels", "enabled"),
        ("Moderation", "enabled"),
        ("Text", "enabled"),
        ("DeriveSeconds", "8"),
        ("RetrySeconds", "8"),
        ("Photos", "public"),
    ];
    RUNTIME.block_on(World::start("gallery", &[], false, &parameters))
});

/// The shared stack. Its processes end with the test binary's.
pub struct World {
    stack: Stack,
}

/// Whether the tests of the shared stack take the Express way.
pub fn on_express() -> bool {
    std::env::var("SCRUBJAY_WORKFLOW").is_ok_and(|workflow| workflow == "express")
}

/// Whether an ARN is that of an Express execution, which cannot be described, listed, stopped or redriven
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>).
pub fn is_express(execution: &str) -> bool {
    execution.contains(":express:")
}

/// An object of bucket B.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// `Content-Type`.
    pub content_type: String,
    /// How many entries of user metadata it has.
    pub metadata: usize,
    /// Base64 of its SHA-256, as S3 keeps it.
    pub checksum: Option<String>,
}

/// Runs a test on the shared stack.
pub fn on_stack<T>(test: impl AsyncFnOnce(&World) -> T) -> T {
    let world = &*WORLD;
    RUNTIME.block_on(test(world))
}

/// Runs a test on the stack with `OnRejected` `keep`, `KeyPrefix` `photos/`, `Suffixes` `jpeg-and-jfif`, `Copyright` `keep` and
/// `SourceAddress` `record`.
pub fn on_other_stack<T>(test: impl AsyncFnOnce(&World) -> T) -> T {
    let world = &*OTHER;
    RUNTIME.block_on(test(world))
}

/// Runs a test on the stack with `Workflow` `express` and `Suffixes` `jpeg-and-jfif`.
pub fn on_express_stack<T>(test: impl AsyncFnOnce(&World) -> T) -> T {
    let world = &*EXPRESS;
    RUNTIME.block_on(test(world))
}

/// Runs a test on the stack that enforces IAM.
pub fn on_enforcing_stack<T>(test: impl AsyncFnOnce(&World) -> T) -> T {
    let world = &*ENFORCING;
    RUNTIME.block_on(test(world))
}

/// Runs a test on the stack that has the gallery too.
pub fn on_gallery_stack<T>(test: impl AsyncFnOnce(&World) -> T) -> T {
    let world = &*GALLERY;
    RUNTIME.block_on(test(world))
}

/// A sample photograph of the project's own, by its name below `tests/samples`.
pub fn sample(name: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("samples")
            .join(name),
    )
    .expect("a sample")
}

/// A sample with a comment of its own, so that its `ETag` is nobody else's.
pub fn unique_sample(name: &str, text: &str) -> Vec<u8> {
    let data = sample(name);
    let length = u16::try_from(text.len() + 2)
        .expect("a short text")
        .to_be_bytes();
    let comment = [&[0xFF, 0xFE], length.as_slice(), text.as_bytes()].concat();
    [&data[..2], comment.as_slice(), &data[2..]].concat()
}

/// The bytes that the pipeline must make of a file.
pub fn clean(data: &[u8]) -> Vec<u8> {
    scrubjay_jpeg::strip(data, &Options::default())
        .expect("a good file")
        .to_vec(data)
}

impl World {
    async fn start(
        name: &str,
        parameters: &[(&str, &str)],
        enforce_iam: bool,
        gallery: &[(&str, &str)],
    ) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the repository");
        let mut options =
            scrubjay_local::Options::new(root).stack(format!("{name}-{}", std::process::id()));
        options.enforce_iam = enforce_iam;
        options.gallery = !gallery.is_empty();
        for (parameter, value) in gallery {
            options
                .gallery_parameters
                .push(((*parameter).to_owned(), (*value).to_owned()));
        }
        for (parameter, value) in parameters {
            options
                .parameters
                .push(((*parameter).to_owned(), (*value).to_owned()));
        }
        if let Some(dir) = std::env::var_os("SCRUBJAY_FUNCTIONS") {
            options.functions = Functions::Prebuilt(dir.into());
        }
        let stack = scrubjay_local::up(options, &|progress| {
            if !matches!(progress, scrubjay_local::Progress::Cargo(_)) {
                eprintln!("{progress}");
            }
        });
        Self {
            stack: stack.await.unwrap_or_else(|error| panic!("{error}")),
        }
    }

    /// The stack itself.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Where everything is.
    pub fn names(&self) -> &Outputs {
        self.stack.outputs()
    }

    /// Uploads to bucket A as a user would, with user metadata that must not survive. Returns the bare `ETag`.
    pub async fn put(&self, key: &str, bytes: &[u8]) -> String {
        let put = self
            .stack
            .s3()
            .put_object()
            .bucket(&self.names().source_bucket)
            .key(key);
        let answer = put
            .content_type("application/octet-stream")
            .metadata("owner", "canary-of-the-user-metadata")
            .body(ByteStream::from(bytes.to_vec()))
            .send()
            .await
            .expect("an upload");
        answer
            .e_tag()
            .expect("an ETag")
            .trim_matches('"')
            .to_owned()
    }

    /// Deletes from bucket A; on a versioned bucket that puts a delete marker.
    pub async fn delete(&self, key: &str) {
        let delete = self
            .stack
            .s3()
            .delete_object()
            .bucket(&self.names().source_bucket)
            .key(key);
        delete.send().await.expect("a delete");
    }

    /// Takes the delete marker of a key away again.
    pub async fn undelete(&self, key: &str) {
        let (s3, bucket) = (self.stack.s3(), &self.names().source_bucket);
        let list = s3.list_object_versions().bucket(bucket).prefix(key);
        let listed = list.send().await.expect("a list of versions");
        let marker = listed
            .delete_markers()
            .iter()
            .find(|m| m.key() == Some(key) && m.is_latest() == Some(true))
            .and_then(|m| m.version_id())
            .expect("a delete marker");
        let delete = s3.delete_object().bucket(bucket).key(key);
        delete.version_id(marker).send().await.expect("an undelete");
    }

    /// Deletes the newest version of a key for good, so that the one before is current again.
    pub async fn reveal(&self, key: &str) {
        let (s3, bucket) = (self.stack.s3(), &self.names().source_bucket);
        let list = s3.list_object_versions().bucket(bucket).prefix(key);
        let listed = list.send().await.expect("a list of versions");
        let newest = listed
            .versions()
            .iter()
            .find(|v| v.key() == Some(key) && v.is_latest() == Some(true))
            .and_then(|v| v.version_id())
            .expect("a version");
        let delete = s3.delete_object().bucket(bucket).key(key);
        delete.version_id(newest).send().await.expect("a delete");
    }

    /// The tags of a version in bucket A.
    pub async fn tags(&self, key: &str, version: &str) -> Vec<(String, String)> {
        let s3 = self.stack.s3();
        let get = s3.get_object_tagging().bucket(&self.names().source_bucket);
        let answer = get.key(key).version_id(version).send().await;
        let tags = answer.expect("tags").tag_set;
        tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
    }

    /// What bucket B holds under a key.
    pub async fn published(&self, key: &str) -> Option<Published> {
        let get = self
            .stack
            .s3()
            .get_object()
            .bucket(&self.names().destination_bucket)
            .key(key);
        let object = match get.checksum_mode(ChecksumMode::Enabled).send().await {
            Ok(object) => object,
            Err(error)
                if error.as_service_error().is_some_and(
                    aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key,
                ) =>
            {
                return None;
            }
            Err(error) => panic!("bucket B: {error:?}"),
        };
        Some(Published {
            content_type: object.content_type().unwrap_or_default().to_owned(),
            metadata: object.metadata().map_or(0, std::collections::HashMap::len),
            checksum: object.checksum_sha256().map(ToOwned::to_owned),
            bytes: object.body.collect().await.expect("a body").to_vec(),
        })
    }

    /// Runs reconcile now, over the keys that begin with `prefix`. Returns its report.
    pub async fn reconcile(&self, prefix: &str) -> Value {
        self.reconcile_with(json!({"olderThanMinutes": 0, "prefix": prefix}))
            .await
    }

    /// Runs reconcile with an order of one's own.
    pub async fn reconcile_with(&self, order: Value) -> Value {
        let function = format!("scrubjay-{}-reconcile", self.names().stack);
        let report = self.stack.invoke(&function, &order).await;
        report.unwrap_or_else(|error| panic!("reconcile: {error}"))
    }

    /// Loses the next event whose detail matches `text`. Returns the rule's number.
    pub async fn lose_event(&self, detail_type: &str, text: &str) -> u64 {
        let mut matched = Match::events(detail_type);
        matched.detail = Some(text.to_owned());
        let rule = Rule::new(matched, Action::events(0.0, 1.0)).times(1);
        self.stack.faults().order(&rule).await.expect("an order")
    }

    /// Waits until a fault has struck.
    pub async fn struck(&self, number: u64) {
        self.until(&format!("fault {number} to strike"), async || {
            let ordered = self.stack.faults().ordered().await.expect("a report");
            match ordered.iter().find(|rule| rule.number == number) {
                Some(rule) if rule.hits > 0 => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }

    /// Every audit item of a key, `head` included, oldest first.
    pub async fn items(&self, key: &str) -> Vec<Value> {
        let query = self
            .stack
            .dynamodb()
            .query()
            .table_name(&self.names().audit_table)
            .consistent_read(true);
        let answer = query
            .key_condition_expression("#object = :object")
            .expression_attribute_names("#object", "object")
            .expression_attribute_values(":object", AttributeValue::S(self.object(key)))
            .send()
            .await
            .expect("a query");
        let mut items: Vec<Value> =
            serde_dynamo::from_items(answer.items.unwrap_or_default()).expect("items");
        items.sort_by_key(|item| item["receivedAt"].as_str().unwrap_or_default().to_owned());
        items
    }

    /// The audit item of the upload with this `ETag`, if there is one.
    pub async fn item(&self, key: &str, etag: &str) -> Option<Value> {
        let items = self.items(key).await;
        items.into_iter().rfind(|item| item["etag"] == etag)
    }

    /// Waits until the upload with this `ETag` stands at `status`, and returns its item.
    pub async fn ended(&self, key: &str, etag: &str, status: &str) -> Value {
        self.until(&format!("{key} to be {status}"), async || {
            let item = self.item(key, etag).await;
            match item {
                Some(item) if item["status"] == status => Ok(item),
                other => Err(format!("{other:?}")),
            }
        })
        .await
    }

    /// Asks until there is an answer. If none comes, it fails and says what was last seen.
    ///
    /// # Panics
    /// When patience ends.
    pub async fn until<T>(&self, what: &str, ask: impl AsyncFn() -> Result<T, String>) -> T {
        let started = Instant::now();
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(seen) if started.elapsed() > PATIENCE => {
                    panic!("waited in vain for {what}; last seen: {seen}")
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Waits until bucket B holds these bytes under a key, or nothing.
    pub async fn until_published(&self, key: &str, wanted: Option<&[u8]>) {
        self.until(&format!("bucket B to settle under {key}"), async || {
            let published = self.published(key).await;
            let bytes = published.as_ref().map(|p| p.bytes.as_slice());
            if bytes == wanted {
                Ok(())
            } else {
                Err(format!("{:?} bytes", bytes.map(<[u8]>::len)))
            }
        })
        .await;
    }

    /// An *Object Created* event as EventBridge delivers it, for an upload whose event S3 does not send.
    pub fn created(&self, key: &str, etag: &str, sequencer: Option<&str>) -> Value {
        let mut object = json!({"key": key, "etag": etag, "size": 1});
        if let Some(sequencer) = sequencer {
            object["sequencer"] = sequencer.into();
        }
        json!({
            "source": "aws.s3", "detail-type": "Object Created", "time": "2026-11-20T22:00:00Z",
            "detail": {"bucket": {"name": self.names().source_bucket}, "object": object, "reason": "PutObject"},
        })
    }

    /// Starts the machine scrub and waits for its end. Returns the execution's ARN and status.
    pub async fn execute(&self, input: &Value) -> (String, ExecutionStatus) {
        let sfn = self.stack.sfn();
        let start = sfn
            .start_execution()
            .state_machine_arn(&self.names().state_machine_arn);
        let arn = start
            .input(input.to_string())
            .send()
            .await
            .expect("a start")
            .execution_arn;
        let status = self.execution_ended(&arn).await;
        (arn, status)
    }

    /// Waits for an execution's end. An Express execution cannot be described. Its ARN comes from an audit item of an ended
    /// upload, so it has succeeded: a failed one would have handed its upload over to a Standard execution.
    pub async fn execution_ended(&self, arn: &str) -> ExecutionStatus {
        if is_express(arn) {
            return ExecutionStatus::Succeeded;
        }
        self.until(&format!("{arn} to end"), async || {
            let described = self
                .stack
                .sfn()
                .describe_execution()
                .execution_arn(arn)
                .send()
                .await
                .expect("a description");
            match described.status {
                ExecutionStatus::Running => Err("RUNNING".into()),
                status => Ok(status),
            }
        })
        .await
    }

    /// The names of the states that an execution entered, in order.
    pub async fn states(&self, arn: &str) -> Vec<String> {
        let history = self
            .stack
            .sfn()
            .get_execution_history()
            .execution_arn(arn)
            .max_results(1000)
            .send()
            .await;
        let events = history.expect("a history").events;
        events
            .iter()
            .filter_map(|e| e.state_entered_event_details())
            .map(|d| d.name().to_owned())
            .collect()
    }

    /// The audit table's partition key of a key.
    pub fn object(&self, key: &str) -> String {
        scrubjay_pipeline::upload::object(&self.names().source_bucket, key)
    }
}
