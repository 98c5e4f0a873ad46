//! What a run of report works with.

use jiff::tz::TimeZone;
use scrubjay_pipeline::aws::{self, Postbox, Queue, ReportsBucket, Rollups};
use scrubjay_pipeline::config::{ConfigError, environment};
use scrubjay_report::Stack;
use scrubjay_report::cost::Workflow;

/// Made once per cold start.
pub struct Deps {
    pub rollups: Rollups,
    pub reports: ReportsBucket,
    pub dead_letters: Queue,
    /// Sends the mail about a finished week; `None` if no address is configured.
    pub mail: Option<Postbox>,
    pub zone: Zone,
    pub stack: Stack,
}

impl Deps {
    /// From `AUDIT_TABLE`, `REPORTS_BUCKET`, `DEAD_LETTERS`, `REPORT_TOPIC` (empty for none), `TIME_ZONE`, `STACK`, `WORKFLOW`,
    /// `RUNBOOK_URL` and `AWS_REGION`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = environment();
        let sdk = aws::sdk_config();
        let s3 = aws::s3_client(&sdk);
        let topic: String = env.or("REPORT_TOPIC", String::new());
        let zone: Zone = env.or("TIME_ZONE", Zone(TimeZone::UTC));
        let deps = Self {
            rollups: Rollups::new(&sdk, env.required("AUDIT_TABLE")),
            reports: ReportsBucket::new(s3, env.required("REPORTS_BUCKET")),
            dead_letters: Queue::new(&sdk, env.required("DEAD_LETTERS")),
            mail: (!topic.is_empty()).then(|| Postbox::new(&sdk, topic)),
            stack: Stack {
                env: env
                    .required("STACK")
                    .trim_start_matches("scrubjay-")
                    .to_owned(),
                region: env.or("AWS_REGION", String::new()),
                time_zone: zone.name().to_owned(),
                workflow: env.or("WORKFLOW", Workflow::Standard),
                runbook_url: env.or("RUNBOOK_URL", String::new()),
            },
            zone,
        };
        env.finish(deps)
    }

    /// Opens the connection to DynamoDB.
    pub async fn open(&self) {
        self.rollups.open().await;
    }
}

/// A time zone by its IANA name.
pub struct Zone(pub TimeZone);

impl Zone {
    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

impl std::str::FromStr for Zone {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        TimeZone::get(text).map(Self).map_err(|_| ())
    }
}
