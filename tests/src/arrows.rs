//! Which code uses which: read from the crates' manifests and from the paths in their source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use serde_json::Value;

use crate::iac::root;

/// A path as the source has it, such as `["crate", "fence", "Run"]`.
pub type Names = Vec<String>;

/// A package of this workspace.
#[derive(Debug)]
pub struct Package {
    /// Its folder, relative to the repository's root.
    pub folder: String,
    /// Folders of the packages of this workspace that it needs, dev-dependencies left out.
    pub needs: BTreeSet<String>,
    /// Packages from elsewhere that it needs whatever its features, dev-dependencies left out.
    pub always: BTreeSet<String>,
}

/// Every package of the workspace, from `cargo metadata`.
pub fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let top = PathBuf::from(metadata["workspace_root"].as_str().expect("a root"));
    let folder = |path: &str| {
        let path = Path::new(path);
        path.strip_prefix(&top)
            .unwrap_or(path)
            .to_str()
            .expect("UTF-8")
            .to_owned()
    };
    let all = metadata["packages"].as_array().expect("packages");
    all.iter()
        .map(|package| {
            let manifest = package["manifest_path"].as_str().expect("a manifest");
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let normal = dependencies.iter().filter(|d| d["kind"].is_null());
            let (mut needs, mut always) = (BTreeSet::new(), BTreeSet::new());
            for dependency in normal {
                if let Some(path) = dependency["path"].as_str() {
                    needs.insert(folder(path));
                } else if dependency["optional"] == false {
                    always.insert(dependency["name"].as_str().expect("a name").to_owned());
                }
            }
            let at = Path::new(manifest).parent().expect("a folder");
            Package {
                folder: folder(at.to_str().expect("UTF-8")),
                needs,
                always,
            }
        })
        .collect()
}

/// A source file of a crate: its module path (empty for the root) and every path that its code names.
#[derive(Debug)]
pub struct Module {
    /// Such as `["aws", "dynamodb"]`.
    pub path: Names,
    /// Comments and documentation left out; groups of a `use` are spelt out.
    pub names: Vec<Names>,
}

impl Module {
    /// The module of the crate's root that this file belongs to; `lib` for the root itself.
    pub fn top(&self) -> &str {
        self.path.first().map_or("lib", String::as_str)
    }
}

/// Every module below a `src` folder, relative to the repository's root. `src/bin` is left out.
///
/// # Panics
/// When a file cannot be read or is no Rust.
pub fn modules(src: &str) -> Vec<Module> {
    let mut found = Vec::new();
    collect(&root().join(src), &mut Vec::new(), &mut found);
    assert!(found.len() > 1, "no modules in {src}");
    found
}

fn collect(folder: &Path, path: &mut Names, found: &mut Vec<Module>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let file = entry.expect("an entry").path();
        let name = file.file_stem().and_then(|n| n.to_str()).expect("UTF-8");
        if file.is_dir() {
            if !(path.is_empty() && name == "bin") {
                path.push(name.to_owned());
                collect(&file, path, found);
                path.pop();
            }
        } else if file.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&file).expect("a source file");
            let tokens: TokenStream = text.parse().expect("Rust");
            let mut module = path.clone();
            if !(path.is_empty() && ["lib", "main"].contains(&name)) {
                module.push(name.to_owned());
            }
            let mut names = Vec::new();
            scan(tokens, &mut names);
            found.push(Module {
                path: module,
                names,
            });
        }
    }
}

/// Every path in `tokens`, in groups too.
fn scan(tokens: TokenStream, found: &mut Vec<Names>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(_) => at = path(&tokens, at, &Vec::new(), found),
            TokenTree::Group(group) => {
                scan(group.stream(), found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// The path that begins at `at`, behind `before`. Returns where the tokens go on.
fn path(tokens: &[TokenTree], mut at: usize, before: &Names, found: &mut Vec<Names>) -> usize {
    let mut names = before.clone();
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) => names.push(name.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for item in inner.split(|token| is(token, ',')) {
                    path(item, 0, &names, found);
                }
                return at + 1;
            }
            Some(TokenTree::Punct(star)) if star.as_char() == '*' => names.push("*".into()),
            _ => break,
        }
        at += 1;
        let colons = tokens.get(at..at + 2);
        if !colons.is_some_and(|two| two.iter().all(|token| is(token, ':'))) {
            break;
        }
        at += 2;
    }
    if names.len() > 1 {
        found.push(names);
    }
    at
}

fn is(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// Which of a crate's top modules use which others. A name that the root exports again counts as its module's.
pub fn arrows(modules: &[Module]) -> BTreeMap<String, BTreeSet<String>> {
    let tops: BTreeSet<&str> = modules.iter().map(Module::top).collect();
    let exported: BTreeMap<&str, &str> = modules
        .iter()
        .filter(|module| module.path.is_empty())
        .flat_map(|root| &root.names)
        .filter_map(|names| {
            let (first, last) = (names.first()?, names.last()?);
            tops.contains(first.as_str())
                .then_some((last.as_str(), first.as_str()))
        })
        .collect();
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for module in modules.iter().filter(|module| !module.path.is_empty()) {
        let from = arrows.entry(module.top().to_owned()).or_default();
        for names in &module.names {
            let Some(first) = from_root(module, names) else {
                continue;
            };
            let target = exported.get(first).copied().unwrap_or(first);
            if tops.contains(target) && target != module.top() {
                from.insert(target.to_owned());
            }
        }
    }
    arrows
}

/// The first name below the crate's root that a path means, if it means the crate at all.
fn from_root<'a>(module: &Module, names: &'a Names) -> Option<&'a str> {
    let supers = names.iter().take_while(|name| *name == "super").count();
    let below = match names.first()?.as_str() {
        "crate" => 1,
        // An inline module's `super` is the file's own module; nothing of that name is a module of the root.
        "super" if supers >= module.path.len() => supers,
        _ => return None,
    };
    names.get(below).map(String::as_str)
}

/// A circle among the arrows, if there is one.
pub fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit<'a>(
        at: &'a str,
        arrows: &'a BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|name| *name == at) {
            let circle = way[start..].iter().chain([&at]);
            return Some(circle.map(|name| (*name).to_owned()).collect());
        }
        if done.contains(at) {
            return None;
        }
        way.push(at);
        for next in arrows.get(at).into_iter().flatten() {
            if let Some(circle) = visit(next, arrows, way, done) {
                return Some(circle);
            }
        }
        way.pop();
        done.insert(at);
        None
    }
    let mut done = BTreeSet::new();
    arrows
        .keys()
        .find_map(|name| visit(name, arrows, &mut Vec::new(), &mut done))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        scan(text.parse().unwrap(), &mut found);
        found.iter().map(|names| names.join("::")).collect()
    }

    #[test]
    fn every_path_is_found_and_no_comment() {
        let text = "
            /// crate::documented::Name
            use crate::{Error, fence::{self, Run as R}, *}; // crate::remarked
            fn f(x: &aws_sdk_s3::Client) -> Vec<super::Y> { m!(\"{}\", crate::deep::value()); g::<h::I>() }
        ";
        assert_eq!(
            named(text),
            [
                "crate::Error",
                "crate::fence::self",
                "crate::fence::Run",
                "crate::*",
                "aws_sdk_s3::Client",
                "super::Y",
                "crate::deep::value",
                "h::I",
            ]
        );
    }

    fn module(path: &[&str], names: &[&str]) -> Module {
        Module {
            path: path.iter().map(|&p| p.to_owned()).collect(),
            names: names
                .iter()
                .map(|name| name.split("::").map(str::to_owned).collect())
                .collect(),
        }
    }

    #[test]
    fn arrows_go_through_exports_and_circles_are_found() {
        let mut modules = vec![
            module(&[], &["error::Error"]),
            module(&["error"], &[]),
            module(&["a"], &["crate::Error", "super::super::nothing"]),
            module(&["b", "inner"], &["super::own", "super::super::a::X"]),
        ];
        let found = arrows(&modules);
        assert_eq!(found["a"], BTreeSet::from(["error".to_owned()]));
        assert_eq!(found["b"], BTreeSet::from(["a".to_owned()]));
        assert_eq!(circle(&found), None);
        modules.push(module(&["error"], &["crate::b::X"]));
        assert_eq!(circle(&arrows(&modules)).unwrap().len(), 4);
    }
}
