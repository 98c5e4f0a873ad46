//! Faults, injected into a running stack.

use serde::Deserialize;

use crate::Result;

/// The overlay's control interface.
#[derive(Debug, Clone)]
pub struct Faults {
    http: reqwest::Client,
    base: String,
}

impl Faults {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            base: format!("{endpoint}/_scrubjay"),
        }
    }

    /// What tells this emulator from any other.
    pub(crate) async fn token(&self) -> Result<String> {
        #[derive(Deserialize)]
        struct Info {
            token: String,
        }
        let info: Info = self
            .http
            .get(format!("{}/info", self.base))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(info.token)
    }
}
