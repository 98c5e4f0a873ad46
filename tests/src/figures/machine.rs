//! What the computation needs of a state machine: its happy path, and what it does when Lambda is throttled.

use serde_json::Value;

use crate::iac::{read, root};

/// The retrier of `Lambda.TooManyRequestsException`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retrier {
    /// Seconds before the first attempt, at most.
    pub interval: f64,
    /// What the interval is multiplied by at each attempt.
    pub rate: f64,
    /// Seconds before any attempt, at most.
    pub ceiling: f64,
    /// Attempts after the first call.
    pub attempts: u32,
}

impl Retrier {
    /// How long it waits in the mean before it gives up, in seconds: with full jitter, half of each interval.
    pub fn mean_window(&self) -> f64 {
        (0..self.attempts).map(|n| self.longest(n) / 2.0).sum()
    }

    /// The longest pause before attempt `n`, from 0.
    pub fn longest(&self, n: u32) -> f64 {
        let grown = self.interval * self.rate.powi(n.min(64).cast_signed());
        grown.min(self.ceiling)
    }
}

/// The retrier that throttled calls had before they got one of their own: that of Lambda's errors in general.
pub const BEFORE: Retrier = Retrier {
    interval: 1.0,
    rate: 2.0,
    ceiling: 30.0,
    attempts: 6,
};

/// A throttled call is not retried: its upload is handed over at once.
pub const NONE: Retrier = Retrier {
    interval: 1.0,
    rate: 1.0,
    ceiling: 1.0,
    attempts: 0,
};

/// A machine's way through an accepted photo.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Names of the states that an accepted photo enters, in order.
    pub path: Vec<String>,
    /// Which of them call a function, by the template's logical name.
    pub functions: Vec<Option<String>>,
    /// What is done when Lambda is throttled.
    pub retrier: Retrier,
    /// Seconds after which an execution is ended.
    pub timeout: f64,
}

impl Machine {
    /// `statemachine/<name>.asl.json`, or `None` if there is no such machine.
    ///
    /// # Panics
    ///
    /// When the machine cannot be read as the reckoning needs it.
    pub fn read(name: &str) -> Option<Self> {
        let path = format!("statemachine/{name}.asl.json");
        if !root().join(&path).is_file() {
            return None;
        }
        let machine: Value = serde_json::from_str(&read(&path)).expect("JSON");
        let (mut names, mut functions, mut retrier) = (Vec::new(), Vec::new(), None);
        let mut next = machine["StartAt"].as_str();
        while let Some(name) = next {
            let state = &machine["States"][name];
            assert!(names.len() < 50, "{name}: no end to the happy path");
            names.push(name.to_owned());
            let function = state["Arguments"]["FunctionName"].as_str();
            functions.push(function.map(|f| f.trim_matches(['$', '{', '}']).to_owned()));
            if function.is_some() {
                retrier = retrier.or_else(|| throttling(state));
            }
            // An accepted photo takes the default of every Choice.
            next = state["Next"].as_str().or_else(|| state["Default"].as_str());
        }
        Some(Self {
            path: names,
            functions,
            retrier: retrier.unwrap_or(NONE),
            timeout: machine["TimeoutSeconds"].as_f64().expect("a time-out"),
        })
    }
}

fn throttling(state: &Value) -> Option<Retrier> {
    let rules = state["Retry"].as_array()?;
    let rule = rules.iter().find(|rule| {
        let errors = rule["ErrorEquals"].as_array().expect("errors");
        errors
            .iter()
            .any(|e| e == "Lambda.TooManyRequestsException")
    })?;
    let number = |field: &str| rule[field].as_f64().expect("a number");
    Some(Retrier {
        interval: number("IntervalSeconds"),
        rate: number("BackoffRate"),
        ceiling: number("MaxDelaySeconds"),
        attempts: rule["MaxAttempts"]
            .as_u64()
            .and_then(|n| n.try_into().ok())?,
    })
}
