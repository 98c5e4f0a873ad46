//! What a run of reconcile works with.

use scrubjay_pipeline::aws::{self, AuditQueries, Bucket, ExecutionStarter, Recorder};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_pipeline::metrics::Metrics;
use scrubjay_pipeline::reconcile::OnRejected;
use scrubjay_pipeline::upload::Suffixes;

/// Made once per cold start.
pub struct Deps {
    pub recorder: Recorder,
    pub audit: AuditQueries,
    pub executions: ExecutionStarter,
    pub metrics: Metrics,
    pub source: Bucket,
    pub destination: Bucket,
    /// ARN of the machine scrub.
    pub scrub: String,
    /// ARN of the machine that takes uploads: scrub, or intake where `Workflow` is express.
    pub intake: String,
    /// ARN of the machine retract.
    pub retract: String,
    /// Only keys that begin with this prefix are treated.
    pub key_prefix: String,
    /// Only keys with these endings are treated.
    pub suffixes: Suffixes,
    /// What an expiry by a lifecycle rule of bucket A does to bucket B.
    pub on_expiry: OnExpiry,
    /// What a rejected upload does to an older clean photo.
    pub on_rejected: OnRejected,
    /// How long audit items are kept; 0 keeps them for ever.
    pub retention_days: u32,
    /// What changed within this many minutes is left alone.
    pub minutes: u32,
}

impl Deps {
    /// From what [`Recorder`] needs, `SOURCE_BUCKET`, `DESTINATION_BUCKET`, `SCRUB_MACHINE`, `INTAKE_MACHINE`,
    /// `RETRACT_MACHINE`, `RECONCILE_MINUTES`, `KEY_PREFIX`, `SUFFIXES`, `ON_LIFECYCLE_EXPIRY` and `ON_REJECTED`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let sdk = aws::sdk_config();
        let s3 = aws::s3_client(&sdk);
        let deps = Self {
            recorder: Recorder::new(&sdk, &mut env),
            audit: AuditQueries::new(&sdk, env.required("AUDIT_TABLE")),
            executions: ExecutionStarter::new(&sdk),
            metrics: Metrics::new(env.required("STACK")),
            source: Bucket::new(s3.clone(), env.required("SOURCE_BUCKET")),
            destination: Bucket::new(s3, env.required("DESTINATION_BUCKET")),
            scrub: env.required("SCRUB_MACHINE"),
            intake: env.required("INTAKE_MACHINE"),
            retract: env.required("RETRACT_MACHINE"),
            key_prefix: env.or("KEY_PREFIX", String::new()),
            suffixes: env.or("SUFFIXES", Suffixes::Jpeg),
            on_expiry: env.or("ON_LIFECYCLE_EXPIRY", OnExpiry::Keep),
            on_rejected: env.or("ON_REJECTED", OnRejected::Withdraw),
            retention_days: env.or("RETENTION_DAYS", 0),
            minutes: env.or("RECONCILE_MINUTES", 15),
        };
        env.finish(deps)
    }

    /// Opens the connection to DynamoDB.
    pub async fn open(&self) {
        self.recorder.open().await;
    }
}

/// What an expiry in bucket A does to bucket B.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnExpiry {
    Keep,
    Retract,
}

impl std::str::FromStr for OnExpiry {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "keep" => Ok(Self::Keep),
            "retract" => Ok(Self::Retract),
            _ => Err(()),
        }
    }
}
