//! Faults in a running stack, to order: requests refused, delayed or unanswered, tasks failed, events duplicated,
//! delayed or lost, functions killed.
//!
//! ```no_run
//! # async fn example(stack: &scrubjay_local::Stack) -> Result<(), scrubjay_local::Error> {
//! use scrubjay_local::faults::{Action, Match, Rule};
//!
//! let faults = stack.faults();
//! // The next two writes to bucket B are told to slow down.
//! let slow_down = Rule::new(Match::request("PUT", "^/scrubjay-local-destination/"), Action::refuse(503, "SlowDown"));
//! faults.order(&slow_down.times(2)).await?;
//! // A third of all events come twice, each up to a second late: that changes their order, too.
//! let storm = Rule::new(Match::events("^Object "), Action::events(0.33, 0.0).delayed(0..=1000));
//! faults.order(&storm.seed(7)).await?;
//! # Ok(())
//! # }
//! ```

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Result;

/// How long an emulator may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(10);

/// The overlay's control interface of one stack.
#[derive(Debug, Clone)]
pub struct Faults {
    http: reqwest::Client,
    base: String,
}

/// What is to go wrong, when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Rule {
    kind: Kind,
    #[serde(rename = "match")]
    matched: Match,
    action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    probability: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Request,
    Task,
    Delivery,
    Events,
    Express,
}

/// What a rule is about. Each field is a regular expression that has to be found; one that is absent always is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Match {
    #[serde(skip)]
    about: About,
    /// Request: the header `x-amz-target`, for example `DynamoDB_20120810.UpdateItem`. Delivery: the target's ARN. Express: the machine's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Request: the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Request: the path, decoded; for S3 `/bucket/key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Request: the query string, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Task: its resource, for example `dynamodb:updateItem` or `lambda:invoke`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Task: the function that it invokes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Events: for example `Object Created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_type: Option<String>,
    /// Events: the detail, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum About {
    #[default]
    Request,
    Task,
    Delivery,
    Events,
    Express,
}

impl Match {
    fn about(about: About) -> Self {
        Self {
            about,
            ..Self::default()
        }
    }

    /// Requests of any client, by method and path; those of the functions among them.
    pub fn request(method: &str, path: &str) -> Self {
        Self {
            method: Some(method.to_owned()),
            path: Some(path.to_owned()),
            ..Self::about(About::Request)
        }
    }

    /// Requests of the JSON services, by `x-amz-target`.
    pub fn call(target: &str) -> Self {
        Self {
            target: Some(target.to_owned()),
            ..Self::about(About::Request)
        }
    }

    /// What Step Functions itself calls for a Task, by the Task's resource.
    pub fn task(resource: &str) -> Self {
        Self {
            resource: Some(resource.to_owned()),
            ..Self::about(About::Task)
        }
    }

    /// A Task's invocation of a function.
    pub fn function(name: &str) -> Self {
        Self {
            function: Some(name.to_owned()),
            ..Self::about(About::Task)
        }
    }

    /// The delivery of an event to a rule's target, by the target's ARN.
    pub fn delivery(target: &str) -> Self {
        Self {
            target: Some(target.to_owned()),
            ..Self::about(About::Delivery)
        }
    }

    /// Events on their way through `EventBridge`, by detail type.
    pub fn events(detail_type: &str) -> Self {
        Self {
            detail_type: Some(detail_type.to_owned()),
            ..Self::about(About::Events)
        }
    }

    /// Starts of an Express execution, by the machine's ARN. What this matches is started twice, the second time as late as the
    /// action says: AWS promises to start it at least once.
    pub fn express(target: &str) -> Self {
        Self {
            target: Some(target.to_owned()),
            ..Self::about(About::Express)
        }
    }
}

/// What happens to what a rule matches.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Action {
    /// From and to, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<(u64, u64)>,
    /// Request: answered with this status and `code`, in the caller's protocol, and not carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Request: `request` or `reply`. Events: the probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    lose: Option<Value>,
    /// Task: the name of the error it fails with.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Events: the probability of a second copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<f64>,
    /// Events: fields that are taken out of `detail.object`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    omit: Vec<String>,
    /// Delivery: whether `EventBridge` tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<bool>,
}

impl Action {
    /// A request is refused, for example with 503 `SlowDown` or 400 `ThrottlingException`.
    pub fn refuse(status: u16, code: &str) -> Self {
        Self {
            status: Some(status),
            code: Some(code.to_owned()),
            ..Self::default()
        }
    }

    /// A request is carried out, but its reply is lost.
    pub fn lose_reply() -> Self {
        Self {
            lose: Some(json!("reply")),
            ..Self::default()
        }
    }

    /// A request is lost before it is carried out.
    pub fn lose_request() -> Self {
        Self {
            lose: Some(json!("request")),
            ..Self::default()
        }
    }

    /// Nothing but a delay, in milliseconds.
    pub fn delay(milliseconds: RangeInclusive<u64>) -> Self {
        Self::default().delayed(milliseconds)
    }

    /// A Task fails with this error name.
    pub fn fail(error: &str) -> Self {
        Self {
            error: Some(error.to_owned()),
            ..Self::default()
        }
    }

    /// An event comes twice, or never, with these probabilities.
    pub fn events(duplicate: f64, lose: f64) -> Self {
        Self {
            duplicate: Some(duplicate),
            lose: Some(json!(lose)),
            ..Self::default()
        }
    }

    /// An event lacks these fields of its `detail.object`, for example `sequencer`.
    pub fn omit(fields: &[&str]) -> Self {
        Self {
            omit: fields.iter().map(|&field| field.to_owned()).collect(),
            ..Self::default()
        }
    }

    /// A delivery fails; `EventBridge` tries again, or not, as after a permission error.
    pub fn undelivered(retry: bool) -> Self {
        Self {
            retry: Some(retry),
            ..Self::default()
        }
    }

    /// The same, late by so many milliseconds.
    #[must_use]
    pub fn delayed(mut self, milliseconds: RangeInclusive<u64>) -> Self {
        self.delay_ms = Some((*milliseconds.start(), *milliseconds.end()));
        self
    }
}

impl Rule {
    /// Always, until cleared.
    pub fn new(matched: Match, action: Action) -> Self {
        let kind = match matched.about {
            About::Request => Kind::Request,
            About::Task => Kind::Task,
            About::Delivery => Kind::Delivery,
            About::Events => Kind::Events,
            About::Express => Kind::Express,
        };
        Self {
            kind,
            matched,
            action,
            times: None,
            probability: 1.0,
            seed: None,
        }
    }

    /// So many times and no more.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// With this probability, each time.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// With chances drawn from this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// A rule that was ordered, and how often it has struck.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ordered {
    /// Counted from 1, for this emulator.
    pub number: u64,
    /// How often it has applied.
    pub hits: u64,
    /// The rule, as it was understood.
    pub rule: Value,
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Activity {
    /// Running executions.
    pub executions: u64,
    /// Events that a target did not take, and that will be tried again.
    pub deliveries: u64,
    /// Events, and second starts of Express executions, that a rule here holds back.
    pub events: u64,
}

impl Activity {
    /// Nothing is under way.
    pub fn is_quiet(&self) -> bool {
        self.executions + self.deliveries + self.events == 0
    }
}

impl Faults {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            base: format!("{endpoint}/_scrubjay"),
        }
    }

    /// Puts a rule behind those already there; the first that applies strikes. Returns its number.
    ///
    /// # Errors
    /// [`Error::Control`](crate::Error::Control), also when the rule has a regular expression that does not compile.
    pub async fn order(&self, rule: &Rule) -> Result<u64> {
        let answer: Value = self.post("faults", rule).await?;
        Ok(answer["number"].as_u64().unwrap_or_default())
    }

    /// Takes every rule away.
    ///
    /// # Errors
    /// [`Error::Control`](crate::Error::Control).
    pub async fn clear(&self) -> Result<()> {
        let request = self.http.delete(format!("{}/faults", self.base));
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// The rules, and how often each has struck.
    ///
    /// # Errors
    /// [`Error::Control`](crate::Error::Control).
    pub async fn ordered(&self) -> Result<Vec<Ordered>> {
        #[derive(Deserialize)]
        struct Report {
            rules: Vec<Ordered>,
        }
        let report: Report = self.get("faults").await?;
        Ok(report.rules)
    }

    /// Sends SIGKILL to up to `count` processes of a function, those in the middle of an invocation first; with `busy`
    /// only those. Returns how many there were.
    ///
    /// # Errors
    /// [`Error::Control`](crate::Error::Control).
    pub async fn kill(&self, function: &str, busy: bool, count: u32) -> Result<u64> {
        let order = json!({ "function": function, "busy": busy, "count": count });
        let answer: Value = self.post("kill", &order).await?;
        Ok(answer["killed"].as_u64().unwrap_or_default())
    }

    /// Puts an event on the default bus, also one with a source that only AWS may use.
    ///
    /// # Errors
    /// [`Error::Control`](crate::Error::Control).
    pub async fn send_event(&self, source: &str, detail_type: &str, detail: &Value) -> Result<()> {
        let event = json!({ "source": source, "detailType": detail_type, "detail": detail });
        let _: Value = self.post("events", &event).await?;
        Ok(())
    }

    /// What is under way. An event that S3 has just sent may not have reached its rule yet.
    ///
    /// # Errors
    /// [`Error::Control`](crate::Error::Control).
    pub async fn activity(&self) -> Result<Activity> {
        self.get("activity").await
    }

    /// What tells this emulator from any other.
    pub(crate) async fn token(&self) -> Result<String> {
        #[derive(Deserialize)]
        struct Info {
            token: String,
        }
        let request = self
            .http
            .get(format!("{}/info", self.base))
            .timeout(PATIENCE);
        let info: Info = request.send().await?.error_for_status()?.json().await?;
        Ok(info.token)
    }

    async fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T> {
        let answer = self
            .http
            .get(format!("{}/{path}", self.base))
            .send()
            .await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn post<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T> {
        let answer = self
            .http
            .post(format!("{}/{path}", self.base))
            .json(body)
            .send()
            .await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}
