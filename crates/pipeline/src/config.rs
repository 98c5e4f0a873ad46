//! Configuration from the environment, read once per cold start; all that is missing or wrong is reported at once.

use std::str::FromStr;

use scrubjay_jpeg::{
    Arithmetic, Check, Copyright, IccPolicy, Limits, Options, OrientationPolicy, ReencodeQuality,
};

/// What is wrong with the environment: one sentence per variable.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("bad configuration: {}", .0.join("; "))]
pub struct ConfigError(Vec<String>);

/// Reads variables and gathers complaints.
pub struct Lookup<F> {
    variable: F,
    complaints: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Lookup<F> {
    /// Reads variables from any source, so that tests need not change the process's environment.
    pub fn new(variable: F) -> Self {
        Self {
            variable,
            complaints: Vec::new(),
        }
    }

    /// A variable that must be there and not be empty.
    pub fn required(&mut self, name: &str) -> String {
        let value = (self.variable)(name).unwrap_or_default();
        if value.is_empty() {
            self.complain(format!("{name} is not set"));
        }
        value
    }

    /// Adds a complaint, unless the same one was added before: two adapters may read the same variable.
    pub fn complain(&mut self, complaint: String) {
        if !self.complaints.contains(&complaint) {
            self.complaints.push(complaint);
        }
    }

    /// A variable with a default; empty counts as not set.
    pub fn or<T: FromStr>(&mut self, name: &str, default: T) -> T {
        match (self.variable)(name).filter(|v| !v.is_empty()) {
            None => default,
            Some(text) => text.parse().unwrap_or_else(|_| {
                self.complain(format!("{name} has a value that cannot be used: {text:?}"));
                default
            }),
        }
    }

    /// How files are checked and stripped: `MAX_BYTES`, `MAX_PIXELS`, `MAX_SEGMENTS`, `MAX_SCANS`, `MAX_WORK`, `MAX_MEMORY`,
    /// `CHECK`, `ORIENTATION`, `REENCODE_QUALITY`, `ICC`, `ARITHMETIC` and `COPYRIGHT`. `deep` is always off, because only the
    /// command-line tool has this option.
    pub fn jpeg_options(&mut self) -> Options {
        let d = Limits::default();
        Options {
            limits: Limits {
                max_bytes: self.or("MAX_BYTES", d.max_bytes),
                max_pixels: self.or("MAX_PIXELS", d.max_pixels),
                max_segments: self.or("MAX_SEGMENTS", d.max_segments),
                max_scans: self.or("MAX_SCANS", d.max_scans),
                max_work: self.or("MAX_WORK", d.max_work),
                max_memory: self.or("MAX_MEMORY", d.max_memory),
            },
            check: self.or("CHECK", Check::Entropy),
            orientation: self.or("ORIENTATION", OrientationPolicy::Bake),
            reencode_quality: self.or("REENCODE_QUALITY", ReencodeQuality::Source),
            icc: self.or("ICC", IccPolicy::Keep),
            deep: false,
            arithmetic: self.or("ARITHMETIC", Arithmetic::Accept),
            copyright: self.copyright(),
        }
    }

    /// What becomes of notices of copyright: `COPYRIGHT`.
    pub fn copyright(&mut self) -> Copyright {
        self.or("COPYRIGHT", Copyright::Drop)
    }

    /// The configuration, if nothing was wrong.
    ///
    /// # Errors
    /// [`ConfigError`] with every complaint.
    pub fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.complaints.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(self.complaints))
        }
    }
}

/// The process's environment.
pub fn environment() -> Lookup<impl Fn(&str) -> Option<String>> {
    Lookup::new(|name| std::env::var(name).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_complaint_is_reported_at_once() {
        let mut lookup = Lookup::new(|name| match name {
            "MAX_BYTES" => Some("many".into()),
            "CHECK" => Some("structure".into()),
            _ => None,
        });
        lookup.required("AUDIT_TABLE");
        let options = lookup.jpeg_options();
        assert_eq!(options.check, Check::Structure);
        let message = lookup.finish(()).unwrap_err().to_string();
        assert!(message.contains("AUDIT_TABLE is not set"), "{message}");
        assert!(message.contains("MAX_BYTES"), "{message}");
    }

    #[test]
    fn defaults_need_no_variable() {
        let mut lookup = Lookup::new(|_| None);
        assert_eq!(
            lookup.jpeg_options().limits.max_bytes,
            Limits::default().max_bytes
        );
        assert!(lookup.finish(()).is_ok());
    }
}
