//! Names of errors as people give them.

use std::str::FromStr;

use scrubjay_pipeline::Error;

/// Those of AWS begin so: `States.Timeout`, `Lambda.TooManyRequestsException`, `Runtime.OutOfMemory`, `Sandbox.Timedout`.
const OF_AWS: [&str; 4] = ["States.", "Lambda.", "Runtime.", "Sandbox."];

/// The name of an error: one of the pipeline's, of AWS's, or of a type of Rust that a panic reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorName(String);

impl ErrorName {
    /// As it stands in an audit item.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ErrorName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ours = || Error::NAMES.iter().map(|(name, _)| *name);
        let of_aws = OF_AWS.iter().any(|start| text.starts_with(start));
        if ours().any(|name| name == text) || of_aws || text.contains("::") {
            return Ok(Self(text.to_owned()));
        }
        let mut near: Vec<(f64, &str)> = ours()
            .map(|name| {
                let alike = strsim::jaro_winkler(&name.to_lowercase(), &text.to_lowercase());
                (alike, name)
            })
            .filter(|(alike, _)| *alike > 0.7)
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        let near: Vec<&str> = near.into_iter().take(3).map(|(_, name)| name).collect();
        let advice = if near.is_empty() {
            let all: Vec<&str> = ours().collect();
            format!("there are {}", all.join(", "))
        } else {
            format!("near it are {}", near.join(", "))
        };
        Err(format!(
            "no error of the pipeline has this name; {advice}; those of AWS begin with {}",
            OF_AWS.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_misspelt_is_told_its_nearest() {
        let read = |text: &str| text.parse::<ErrorName>();
        for known in [
            "StorageUnavailable",
            "States.Timeout",
            "alloc::string::String",
        ] {
            assert_eq!(read(known).unwrap().as_str(), known);
        }
        assert!(
            read("storageUnavailble")
                .unwrap_err()
                .contains("near it are StorageUnavailable")
        );
        assert!(read("Corrupt").unwrap_err().contains("CorruptJpeg"));
        assert!(read("zzz").unwrap_err().contains("there are NotJpeg, "));
    }
}
