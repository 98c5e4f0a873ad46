//! Profiles of the AWS configuration: whether the one that is named is there.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

/// That the profile that is to be used is there; without one, `AWS_PROFILE` names it. Of a name that is in no file, the SDK says
/// only that it has no region or no credentials.
///
/// # Errors
/// With the names that there are.
pub fn check(named: Option<&str>) -> Result<()> {
    let variable = env::var("AWS_PROFILE").ok();
    let Some(name) = named
        .or(variable.as_deref())
        .filter(|name| !name.is_empty())
    else {
        return Ok(());
    };
    let files = [
        file("AWS_CONFIG_FILE", "config"),
        file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    ];
    let texts = files.iter().flatten().map(fs::read_to_string);
    let known: BTreeSet<String> = texts.flatten().flat_map(|text| profiles(&text)).collect();
    if known.contains(name) {
        return Ok(());
    }
    let files: Vec<String> = files
        .iter()
        .flatten()
        .map(|f| f.display().to_string())
        .collect();
    let known: Vec<String> = known.into_iter().collect();
    bail!(
        "no profile {name} in {}: {}",
        files.join(" or "),
        match known.as_slice() {
            [] => "there is none; `aws configure sso` makes one".to_owned(),
            known => format!("there are {}", known.join(", ")),
        }
    )
}

/// <https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html>
fn file(variable: &str, name: &str) -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    let home = || Some(PathBuf::from(set("HOME")?).join(".aws").join(name));
    set(variable).map(PathBuf::from).or_else(home)
}

/// The names of sections that are profiles: `[profile x]` and `[default]` in one file, `[x]` in the other
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>).
fn profiles(text: &str) -> Vec<String> {
    let sections = text.lines().filter_map(|line| {
        let (section, _) = line.trim().strip_prefix('[')?.split_once(']')?;
        let mut words = section.split_whitespace();
        match (words.next()?, words.next()) {
            ("profile", Some(name)) | (name, None) => {
                Some(name.trim_matches(['"', '\'']).to_owned())
            }
            // `[sso-session x]`, `[services x]`.
            _ => None,
        }
    });
    sections.collect()
}

#[cfg(test)]
mod tests {
    use super::profiles;

    #[test]
    fn sections_of_both_files_are_read() {
        let text = "[default]\nregion = x\n[profile a]\n# [profile no]\n[ profile \"b\" ] # why\n[sso-session c]\n[d]\n";
        assert_eq!(profiles(text), ["default", "a", "b", "d"]);
    }
}
