//! `template.yaml` with its local files replaced by where they lie in S3, as `aws cloudformation package` does it.
//!
//! Only the values of `CodeUri` and `DefinitionUri` change; every other byte of the template is deployed as it
//! stands in the repository.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A local file that the template names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Artifact {
    /// `CodeUri: functions/<name>`, or the same one folder up: a package of the workspace, and its binary.
    Function(String),
    /// `DefinitionUri: statemachine/<name>.asl.json`, relative to the template.
    Definition(PathBuf),
}

/// The template and the artifacts it names.
#[derive(Debug)]
pub(crate) struct Template {
    text: String,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    /// Byte range of the value.
    start: usize,
    end: usize,
    artifact: Artifact,
}

impl Template {
    /// Finds the local files in a template.
    pub(crate) fn parse(text: String) -> Result<Self> {
        let mut places = Vec::new();
        let mut start = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            if let Some(place) = local_file(line, start, index + 1)? {
                places.push(place);
            }
            start += line.len();
        }
        Ok(Self { text, places })
    }

    /// The local files, each once, in the order in which the template names them.
    pub(crate) fn artifacts(&self) -> Vec<Artifact> {
        let mut artifacts = Vec::new();
        for place in &self.places {
            if !artifacts.contains(&place.artifact) {
                artifacts.push(place.artifact.clone());
            }
        }
        artifacts
    }

    /// The functions among them.
    pub(crate) fn functions(&self) -> Vec<String> {
        self.artifacts()
            .into_iter()
            .filter_map(|artifact| match artifact {
                Artifact::Function(name) => Some(name),
                Artifact::Definition(_) => None,
            })
            .collect()
    }

    /// The template with `uri(artifact)` in place of each local file.
    pub(crate) fn packaged(&self, uri: impl Fn(&Artifact) -> String) -> String {
        let mut packaged = String::with_capacity(self.text.len() + 80 * self.places.len());
        let mut done = 0;
        for place in &self.places {
            packaged.push_str(&self.text[done..place.start]);
            packaged.push_str(&uri(&place.artifact));
            done = place.end;
        }
        packaged.push_str(&self.text[done..]);
        packaged
    }
}

/// The local file that a line of the template names, if it is one with a `CodeUri` or `DefinitionUri`.
fn local_file(line: &str, offset: usize, number: usize) -> Result<Option<Place>> {
    let trimmed = line.trim_start();
    let Some((field, rest)) = trimmed.split_once(':') else {
        return Ok(None);
    };
    if !matches!(field, "CodeUri" | "DefinitionUri") {
        return Ok(None);
    }
    let wrong = |why: String| Error::Template { line: number, why };
    // A comment after the value starts with a space and a hash.
    let value = rest.split(" #").next().unwrap_or_default().trim();
    let plain = value.trim_matches(['"', '\'']);
    if plain.is_empty() || plain.contains(['!', '{', '|', '>']) {
        return Err(wrong(format!("{field} must be a path on the same line")));
    }
    let artifact = if field == "CodeUri" {
        let path = plain.trim_start_matches("./").trim_end_matches('/');
        let path = path.strip_prefix("../").unwrap_or(path);
        match path.strip_prefix("functions/") {
            Some(name) if !name.contains('/') => Artifact::Function(name.to_owned()),
            _ => {
                return Err(wrong(format!(
                    "CodeUri {plain} is no folder functions/<name>"
                )));
            }
        }
    } else {
        Artifact::Definition(Path::new(plain).to_owned())
    };
    let start = offset
        + (line.len() - trimmed.len())
        + field.len()
        + 1
        + (rest.len() - rest.trim_start().len());
    Ok(Some(Place {
        start,
        end: start + value.len(),
        artifact,
    }))
}

#[cfg(test)]
mod tests {
    use super::{Artifact, Path, Template};
    use crate::Error;

    const TEMPLATE: &str = "\
Resources:
  # CodeUri: functions/commented
  ValidateFunction:
    Properties:
      CodeUri: functions/validate   # a comment
      Handler: bootstrap
  StripFunction:
    Properties:
      CodeUri: \"./functions/strip/\"
  Scrub:
    Properties:
      DefinitionUri: statemachine/scrub.asl.json
";

    #[test]
    fn only_the_local_files_change() {
        let template = Template::parse(TEMPLATE.to_owned()).unwrap();
        assert_eq!(
            template.artifacts(),
            [
                Artifact::Function("validate".to_owned()),
                Artifact::Function("strip".to_owned()),
                Artifact::Definition(Path::new("statemachine/scrub.asl.json").to_owned()),
            ]
        );
        assert_eq!(template.functions(), ["validate", "strip"]);
        let packaged = template.packaged(|artifact| match artifact {
            Artifact::Function(name) => format!("s3://b/{name}.zip"),
            Artifact::Definition(_) => "s3://b/scrub".to_owned(),
        });
        let expected = TEMPLATE
            .replace("functions/validate ", "s3://b/validate.zip ")
            .replace("\"./functions/strip/\"", "s3://b/strip.zip")
            .replace("statemachine/scrub.asl.json", "s3://b/scrub");
        assert_eq!(packaged, expected);
    }

    #[test]
    fn a_file_that_cannot_be_packaged_is_named_with_its_line() {
        let up = Template::parse("CodeUri: ../functions/derive\n".to_owned()).unwrap();
        assert_eq!(up.functions(), ["derive"]);
        for (line, value) in [
            (2, "!Sub x"),
            (2, ""),
            (2, "target/bootstrap"),
            (2, "functions/a/b"),
        ] {
            let error = Template::parse(format!("Properties:\n  CodeUri: {value}\n")).unwrap_err();
            assert!(
                matches!(error, Error::Template { line: l, .. } if l == line),
                "{value}: {error}"
            );
        }
    }
}
