//! A stack: brought up, found again, brought down.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, RequestChecksumCalculation, SharedCredentialsProvider};
use aws_sdk_s3::primitives::ByteStream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::deploy::{Body, create, declared};
use crate::emulator::{Emulator, Group, REGION, Settings, log_path};
use crate::faults::Faults;
use crate::functions::{Functions, package};
use crate::gallery::{self, Fronts, GALLERY};
use crate::home::{self, Home, check_name, lock_file};
use crate::progress::{Progress, Report};
use crate::template::{Artifact, Template};
use crate::{Error, Result, foundation, python};

/// What the template's parameters that look something up start with.
const SSM_PARAMETER: &str = "AWS::SSM::Parameter::Value<";

/// What to bring up.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The repository's root: where `Cargo.toml`, `template.yaml` and `statemachine/` lie.
    pub root: PathBuf,
    /// The stack's name, which is its environment's too: up to 24 lower-case letters, digits and hyphens.
    pub stack: String,
    /// The template, relative to the root.
    pub template: PathBuf,
    /// A port of 127.0.0.1; 0, the default, for any that is free.
    pub port: u16,
    /// The gallery is deployed too, from [`crate::GALLERY`].
    pub gallery: bool,
    /// Parameters of the gallery's template, by name; as `parameters` for the other.
    pub gallery_parameters: Vec<(String, String)>,
    /// IAM policies are enforced. The stack's own clients are the account's root, and may do everything.
    pub enforce_iam: bool,
    /// Where the functions' binaries come from.
    pub functions: Functions,
    /// Parameters of the template, by name. `Env`, `Architecture` and the paths of SSM parameters have values of
    /// their own here, which these override.
    pub parameters: Vec<(String, String)>,
    /// Added to the emulator's environment, and so to that of each function, which starts out empty.
    pub env: Vec<(String, String)>,
}

impl Options {
    /// A stack named `local` of the repository at `root`, with the functions built in release.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            stack: "local".to_owned(),
            template: "template.yaml".into(),
            port: 0,
            gallery: false,
            gallery_parameters: Vec::new(),
            enforce_iam: false,
            functions: Functions::default(),
            parameters: Vec::new(),
            env: Vec::new(),
        }
    }

    /// The same with another name.
    #[must_use]
    pub fn stack(mut self, name: impl Into<String>) -> Self {
        self.stack = name.into();
        self
    }
}

/// Where everything is. Serialises in lower camel case, the template's own outputs among the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Outputs {
    /// The stack's name.
    pub stack: String,
    /// The endpoint of every service, `http://127.0.0.1:<port>`.
    pub endpoint: String,
    /// The region.
    pub region: String,
    /// Bucket A.
    pub source_bucket: String,
    /// Clean files between Strip and Publish.
    pub staging_bucket: String,
    /// Bucket B.
    pub destination_bucket: String,
    /// Code and state machines.
    pub artifact_bucket: String,
    /// The audit table.
    pub audit_table: String,
    /// The key of buckets and table.
    pub key_arn: String,
    /// The state machine; empty when the template has no output `StateMachineArn`.
    #[serde(default)]
    pub state_machine_arn: String,
    /// The template's other outputs, in lower camel case.
    #[serde(flatten)]
    pub others: BTreeMap<String, String>,
}

/// What of a stack is written down, so that another process finds it.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// The emulator's process id.
    pid: u32,
    /// What its control interface answers; tells it from another process on the same port.
    token: String,
    outputs: Outputs,
}

/// A running stack. Dropping it stops it, unless it was found with [`attach`] or let go with [`Stack::detach`].
#[derive(Debug)]
pub struct Stack {
    outputs: Outputs,
    dir: PathBuf,
    held: Held,
}

#[derive(Debug)]
enum Held {
    /// Started by this process, which holds the lock of its name.
    Own {
        emulator: Option<Box<Emulator>>,
        _lock: File,
    },
    /// Found running.
    Found(Group),
}

/// Brings a stack up: emulator, foundation, functions, template.
///
/// The first time on a machine this installs the emulator and builds the functions; after that it takes seconds.
///
/// # Errors
/// Every [`Error`] says what is wrong; nothing is left running.
pub async fn up(options: Options, report: &(dyn Fn(Progress) + Send + Sync)) -> Result<Stack> {
    check_name(&options.stack)?;
    let applications = applications(&options)?;
    let home = Home::of(&options.root);
    let dir = home.stack(&options.stack);
    let lock = claim(&options, &dir).await?;

    // The two slow things go side by side: cargo, and everything up to the foundation.
    let mut names: Vec<String> = Vec::new();
    for name in applications.iter().flat_map(|a| a.template.functions()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let emulator_and_foundation = async {
        let python = python::ensure(&home, report).await?;
        report(Progress::Starting);
        let token = Uuid::new_v4().to_string();
        let emulator = Emulator::start(Settings {
            python: &python,
            dir: &dir,
            port: options.port,
            enforce_iam: options.enforce_iam,
            token: &token,
            env: &options.env,
        })
        .await?;
        let endpoint = format!("http://127.0.0.1:{}", emulator.port);
        report(Progress::Started(endpoint.clone()));
        report(Progress::Foundation);
        let sdk = sdk_config(&endpoint);
        let client = aws_sdk_cloudformation::Client::new(&sdk);
        let fronts = if options.gallery {
            Some(Fronts::open(&endpoint).await?)
        } else {
            None
        };
        let origin = fronts.as_ref().map_or("", |fronts| &fronts.pages);
        let names = foundation::deploy(&client, &options.stack, origin).await?;
        if options.gallery {
            let key = names.get("KeyArn").map_or("", String::as_str);
            gallery::prepare(&sdk, &options.stack, key).await?;
        }
        Ok::<_, Error>((emulator, token, endpoint, names, fronts))
    };
    let ((emulator, token, endpoint, mut names, fronts), binaries) = tokio::try_join!(
        emulator_and_foundation,
        options
            .functions
            .provide(&options.root, &home, &names, report)
    )?;

    let bucket = names.get("ArtifactBucket").cloned().unwrap_or_default();
    let deployment = Deployment {
        options: &options,
        endpoint: &endpoint,
        bucket: &bucket,
        binaries: &binaries,
    };
    let addresses = fronts
        .iter()
        .flat_map(Fronts::parameters)
        .collect::<Vec<_>>();
    for application in &applications {
        names.extend(deployment.run(application, &addresses, report).await?);
    }
    if let Some(fronts) = &fronts {
        let sdk = sdk_config(&endpoint);
        gallery::finish(&sdk, &endpoint, &options.root, fronts, &mut names).await?;
    }
    let outputs = outputs(&options.stack, endpoint, names);

    let record = Record {
        pid: emulator.group().id(),
        token,
        outputs: outputs.clone(),
    };
    let path = record_path(&dir);
    let json = serde_json::to_vec_pretty(&record).map_err(|source| Error::State {
        path: path.clone(),
        source,
    })?;
    fs::write(&path, json).map_err(Error::io("write", &path))?;
    report(Progress::Ready);
    Ok(Stack {
        outputs,
        dir,
        held: Held::Own {
            emulator: Some(Box::new(emulator)),
            _lock: lock,
        },
    })
}

/// Finds a stack that is running; `None` when there is none of this name.
///
/// # Errors
/// [`Error::BadName`] and [`Error::State`].
pub async fn attach(root: &Path, stack: &str) -> Result<Option<Stack>> {
    check_name(stack)?;
    attach_at(Home::of(root).stack(stack)).await
}

/// Finds a stack that was left running by [`Stack::detach`], whatever folder it was started from: that of the repository at `root`
/// before others.
///
/// # Errors
/// [`Error::BadName`] and [`Error::State`].
pub async fn find(root: Option<&Path>, stack: &str) -> Result<Option<Stack>> {
    check_name(stack)?;
    if let Some(root) = root
        && let Some(found) = attach(root, stack).await?
    {
        return Ok(Some(found));
    }
    match home::noted(stack) {
        Some(dir) => attach_at(dir).await,
        None => Ok(None),
    }
}

async fn attach_at(dir: PathBuf) -> Result<Option<Stack>> {
    let path = record_path(&dir);
    let Ok(json) = fs::read(&path) else {
        return Ok(None);
    };
    let record: Record =
        serde_json::from_slice(&json).map_err(|source| Error::State { path, source })?;
    let Some(group) = Group::new(record.pid) else {
        return Ok(None);
    };
    let answers = match Faults::new(&record.outputs.endpoint).token().await {
        Ok(token) => token == record.token,
        // Too busy, or stuck: still ours to stop.
        Err(Error::Control(error)) => error.is_timeout() && group.exists(),
        Err(_) => false,
    };
    if !answers {
        return Ok(None);
    }
    Ok(Some(Stack {
        outputs: record.outputs,
        dir,
        held: Held::Found(group),
    }))
}

impl Stack {
    /// Where everything is.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The emulator's log. What the functions log lies in its `CloudWatch` Logs.
    pub fn log(&self) -> PathBuf {
        log_path(&self.dir)
    }

    /// Region, endpoint and credentials for any client of the SDK.
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config(&self.outputs.endpoint)
    }

    /// An S3 client.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        s3(&self.outputs.endpoint)
    }

    /// A `DynamoDB` client.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk_config())
    }

    /// A Step Functions client.
    pub fn sfn(&self) -> aws_sdk_sfn::Client {
        aws_sdk_sfn::Client::new(&self.sdk_config())
    }

    /// What injects faults into this stack.
    pub fn faults(&self) -> Faults {
        Faults::new(&self.outputs.endpoint)
    }

    /// Invokes a function by its name, and waits for its answer.
    ///
    /// # Errors
    /// [`Error::Control`] when it cannot be invoked, [`Error::Aws`] with what it reports when it fails.
    pub async fn invoke(
        &self,
        function: &str,
        input: &serde_json::Value,
    ) -> Result<serde_json::Value> {
        let path = format!(
            "{}/2015-03-31/functions/{function}/invocations",
            self.outputs.endpoint
        );
        let answer = reqwest::Client::new().post(path).json(input).send().await?;
        let answer = answer.error_for_status()?;
        let failed = answer.headers().contains_key("x-amz-function-error");
        let output: serde_json::Value = answer.json().await?;
        if failed {
            return Err(Error::Aws {
                call: "Invoke",
                message: output.to_string(),
            });
        }
        Ok(output)
    }

    /// Uploads a photo to bucket A, as a user would. Returns its `ETag`, with the quotes.
    ///
    /// # Errors
    /// [`Error::Aws`] when S3 refuses it.
    pub async fn put(&self, key: &str, body: Vec<u8>) -> Result<String> {
        let answer = self
            .s3()
            .put_object()
            .bucket(&self.outputs.source_bucket)
            .key(key)
            .content_type("image/jpeg")
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(Error::aws("PutObject"))?;
        Ok(answer.e_tag().unwrap_or_default().to_owned())
    }

    /// Stops the stack, whoever started it, and removes its files except the log.
    ///
    /// # Errors
    /// [`Error::Io`] when its files cannot be removed.
    pub async fn down(mut self) -> Result<()> {
        let port = port_of(&self.outputs.endpoint);
        match &mut self.held {
            Held::Own { emulator, .. } => {
                if let Some(emulator) = emulator.take() {
                    emulator.stop().await;
                }
            }
            Held::Found(group) => group.stop(port).await,
        }
        home::forget(&self.outputs.stack, &self.dir);
        clear(&self.dir)
    }

    /// Lets the stack run on after this process, and returns where everything is.
    ///
    /// # Errors
    /// [`Error::Io`] when the emulator has ended meanwhile.
    pub async fn detach(mut self) -> Result<Outputs> {
        if let Held::Own { emulator, .. } = &mut self.held
            && let Some(emulator) = emulator.take()
        {
            emulator.detach().await?;
        }
        home::note(&self.outputs.stack, &self.dir);
        self.held = Held::Found(Group::NONE);
        Ok(self.outputs.clone())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Held::Own { emulator, .. } = &mut self.held
            && emulator.take().is_some()
        {
            let _ = clear(&self.dir);
        }
    }
}

/// Claims the stack's name for this process, and clears away what an earlier one of that name has left.
async fn claim(options: &Options, dir: &Path) -> Result<File> {
    let already_up = || Error::AlreadyUp {
        name: options.stack.clone(),
    };
    let lock = lock_file(&dir.with_extension("lock"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(already_up()),
        Err(TryLockError::Error(source)) => return Err(Error::io("lock", dir)(source)),
    }
    // A detached stack holds no lock, but answers.
    if attach(&options.root, &options.stack).await?.is_some() {
        return Err(already_up());
    }
    clear(dir)?;
    fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
    Ok(lock)
}

/// Removes a stack's files; its log is kept, for whoever wants to know what happened.
fn clear(dir: &Path) -> Result<()> {
    for path in [record_path(dir), dir.join("port")] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &path)(error));
            }
            _ => {}
        }
    }
    let tmp = dir.join("tmp");
    match fs::remove_dir_all(&tmp) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", &tmp)(error))
        }
        _ => Ok(()),
    }
}

/// A template that becomes a stack of `CloudFormation`.
struct Application<'a> {
    template: Template,
    /// The folder that its state machines are relative to.
    folder: PathBuf,
    /// The stack's name.
    stack: String,
    parameters: &'a [(String, String)],
}

/// The pipeline, and the gallery if it is wanted.
fn applications(options: &Options) -> Result<Vec<Application<'_>>> {
    let read = |path: &Path, stack: String, parameters| {
        let path = options.root.join(path);
        let text = fs::read_to_string(&path).map_err(|_| Error::Missing {
            path: path.clone(),
            why: "it is what gets deployed; run this in the repository",
        })?;
        Ok::<_, Error>(Application {
            template: Template::parse(text)?,
            folder: path.parent().unwrap_or(&options.root).to_owned(),
            stack,
            parameters,
        })
    };
    let name = format!("scrubjay-{}", options.stack);
    let gallery = format!("{name}-gallery");
    let mut all = vec![read(&options.template, name, &options.parameters)?];
    if options.gallery {
        all.push(read(
            Path::new(GALLERY),
            gallery,
            &options.gallery_parameters,
        )?);
    }
    Ok(all)
}

/// Templates on their way into the emulator.
struct Deployment<'a> {
    options: &'a Options,
    endpoint: &'a str,
    /// The artefact bucket.
    bucket: &'a str,
    /// The directory with one binary per function.
    binaries: &'a Path,
}

impl Deployment<'_> {
    /// Uploads the artifacts and deploys the template. Returns its outputs.
    async fn run(
        &self,
        application: &Application<'_>,
        addresses: &[(String, String)],
        report: Report<'_>,
    ) -> Result<BTreeMap<String, String>> {
        let template = &application.template;
        report(Progress::Packaging);
        let mut uploaded: Vec<(Artifact, String)> = Vec::new();
        for artifact in template.artifacts() {
            let key = match &artifact {
                Artifact::Function(name) => {
                    self.upload(name, "zip", package(&self.binary(name)?)?)
                        .await?
                }
                Artifact::Definition(path) => {
                    let file = application.folder.join(path);
                    let text = fs::read(&file).map_err(|_| Error::Missing {
                        path: file.clone(),
                        why: "a template names it as a state machine",
                    })?;
                    let name = path
                        .file_name()
                        .unwrap_or_default()
                        .to_string_lossy()
                        .into_owned();
                    self.upload(&name, "json", text).await?
                }
            };
            uploaded.push((artifact, format!("s3://{}/{key}", self.bucket)));
        }
        let packaged = template.packaged(|artifact| {
            uploaded
                .iter()
                .find_map(|(known, uri)| (known == artifact).then(|| uri.clone()))
                .expect("every artifact was uploaded")
        });
        let key = self
            .upload(&application.stack, "yaml", packaged.into_bytes())
            .await?;
        let url = format!("{}/{}/{key}", self.endpoint, self.bucket);

        report(Progress::Deploying);
        let client = aws_sdk_cloudformation::Client::new(&sdk_config(self.endpoint));
        let parameters = self
            .parameters(&client, &url, addresses, application.parameters)
            .await?;
        create(&client, &application.stack, Body::Url(url), &parameters).await
    }

    fn binary(&self, name: &str) -> Result<PathBuf> {
        let path = self.binaries.join(name);
        if path.is_file() {
            Ok(path)
        } else {
            Err(Error::Missing {
                path,
                why: "template.yaml names it as a function",
            })
        }
    }

    /// Returns the key.
    async fn upload(&self, name: &str, extension: &str, body: Vec<u8>) -> Result<String> {
        let key = format!("{name}.{extension}");
        // Digests of tens of megabytes take seconds in a build without optimisation, and the way is this machine.
        let config = aws_sdk_s3::config::Builder::from(&sdk_config(self.endpoint))
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .build();
        aws_sdk_s3::Client::from_conf(config)
            .put_object()
            .bucket(self.bucket)
            .key(&key)
            .body(ByteStream::from(body))
            .customize()
            .disable_payload_signing()
            .send()
            .await
            .map_err(Error::aws("PutObject"))?;
        Ok(key)
    }

    /// The environment, the host's architecture, this environment's SSM parameters, and what the caller wants.
    async fn parameters(
        &self,
        client: &aws_sdk_cloudformation::Client,
        url: &str,
        addresses: &[(String, String)],
        wanted: &[(String, String)],
    ) -> Result<Vec<(String, String)>> {
        let mut parameters = BTreeMap::new();
        for parameter in declared(client, url).await? {
            let value = match parameter.name.as_str() {
                "Env" => Some(self.options.stack.clone()),
                "Architecture" => Some(architecture().to_owned()),
                // The template wants an answer to who hears of alarms: here nobody.
                "AlarmEmail" => Some("none".to_owned()),
                _ if parameter.kind.starts_with(SSM_PARAMETER) => {
                    of_this_environment(&parameter.default, &self.options.stack)
                }
                // Addresses of this machine go to the template that asks for them.
                name => addresses
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, address)| address.clone()),
            };
            if let Some(value) = value {
                parameters.insert(parameter.name, value);
            }
        }
        parameters.extend(wanted.iter().cloned());
        Ok(parameters.into_iter().collect())
    }
}

/// `/scrubjay/dev/audit-table` becomes `/scrubjay/local/audit-table`.
fn of_this_environment(path: &str, env: &str) -> Option<String> {
    let (_, name) = path.strip_prefix("/scrubjay/")?.split_once('/')?;
    Some(format!("/scrubjay/{env}/{name}"))
}

/// The host's architecture, as Lambda calls it.
fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    }
}

fn outputs(stack: &str, endpoint: String, mut named: BTreeMap<String, String>) -> Outputs {
    let mut take = |name: &str| named.remove(name).unwrap_or_default();
    Outputs {
        stack: stack.to_owned(),
        endpoint,
        region: REGION.to_owned(),
        source_bucket: take("SourceBucket"),
        staging_bucket: take("StagingBucket"),
        destination_bucket: take("DestinationBucket"),
        artifact_bucket: take("ArtifactBucket"),
        audit_table: take("AuditTable"),
        key_arn: take("KeyArn"),
        state_machine_arn: take("StateMachineArn"),
        others: {
            // These are the stack's own, whatever the template says.
            take("Endpoint");
            take("Region");
            named
                .into_iter()
                .map(|(name, value)| (lower_camel(&name), value))
                .collect()
        },
    }
}

fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// The port of `http://127.0.0.1:<port>`; 0, which nothing listens on, for anything else.
fn port_of(endpoint: &str) -> u16 {
    endpoint
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .unwrap_or_default()
}

fn record_path(dir: &Path) -> PathBuf {
    dir.join("stack.json")
}

fn s3(endpoint: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(&sdk_config(endpoint))
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

fn sdk_config(endpoint: &str) -> SdkConfig {
    // `test` is the emulated account's root, whether or not IAM is enforced.
    let root = Credentials::new("test", "test", None, None, "scrubjay-local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(root))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, lower_camel, of_this_environment, outputs};

    #[test]
    fn outputs_serialise_in_lower_camel_case_and_come_back() {
        let named = [
            "SourceBucket",
            "StateMachineArn",
            "RetractStateMachineArn",
            "Region",
        ]
        .map(|name| (name.to_owned(), format!("the {name}")));
        let outputs = outputs(
            "local",
            "http://127.0.0.1:1".to_owned(),
            BTreeMap::from(named),
        );
        let json = serde_json::to_value(&outputs).unwrap();
        assert_eq!(json["sourceBucket"], "the SourceBucket");
        assert_eq!(json["stateMachineArn"], "the StateMachineArn");
        assert_eq!(json["retractStateMachineArn"], "the RetractStateMachineArn");
        assert_eq!(json["region"], "us-east-1");
        assert_eq!(
            serde_json::from_value::<super::Outputs>(json).unwrap(),
            outputs
        );
    }

    #[test]
    fn parameters_are_looked_up_in_the_stacks_environment() {
        assert_eq!(
            of_this_environment("/scrubjay/dev/audit-table", "t1").as_deref(),
            Some("/scrubjay/t1/audit-table")
        );
        assert_eq!(
            of_this_environment("/elsewhere/dev/audit-table", "t1"),
            None
        );
        assert_eq!(lower_camel("KeyArn"), "keyArn");
    }
}
