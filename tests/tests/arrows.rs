//! Checks the dependencies between the parts: which crate may need which, and which module may use which. `docs/architecture.md`
//! draws the same picture and says why.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use scrubjay_tests::arrows::{Module, arrows, circle, modules, packages};
use scrubjay_tests::iac::root;

/// Crates that have only rules: no network, no files, no clock of their own. An optional dependency is allowed behind a feature.
const PURE: [(&str, &[&str]); 4] = [
    (
        "crates/gallery",
        &[
            "base64",
            "jiff",
            "serde",
            "sha2",
            "thiserror",
            // Only its macros and timers, no network.
            "tokio",
            "unicode-normalization",
            "unicode-segmentation",
        ],
    ),
    (
        "crates/jpeg",
        &[
            "fearless_simd",
            // Reads the notices of copyright in a packet of XMP.
            "roxmltree",
            "serde",
            "thiserror",
        ],
    ),
    ("crates/report", &["csv", "jiff", "serde", "serde_json"]),
    (
        "crates/pipeline",
        &[
            // Decodes the keys of listings.
            "percent-encoding",
            "jiff",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "tracing",
        ],
    ),
];

/// What a package, by its folder, may need of this workspace. A star stands for the rest of a name.
const CRATES: [(&str, &[&str]); 12] = [
    ("crates/jpeg", &[]),
    // Generates test files for crates/jpeg, and reads none.
    ("crates/jpeg/dev", &[]),
    ("crates/derivatives", &["crates/jpeg"]),
    ("crates/gallery", &["crates/jpeg"]),
    ("crates/report", &["crates/pipeline"]),
    ("crates/pipeline", &["crates/jpeg"]),
    ("crates/local", &[]),
    (
        "crates/cli",
        &[
            "crates/derivatives",
            "crates/gallery",
            "crates/jpeg",
            "crates/local",
            "crates/pipeline",
            "crates/report",
        ],
    ),
    (
        "functions/*",
        &[
            "crates/derivatives",
            "crates/gallery",
            "crates/jpeg",
            "crates/pipeline",
            "crates/report",
        ],
    ),
    ("tests/idle", &[]),
    ("xtask", &[]),
    (
        "tests",
        &[
            "crates/derivatives",
            "crates/gallery",
            "crates/jpeg",
            "crates/local",
            "crates/pipeline",
            "crates/report",
        ],
    ),
];

/// Which modules of `crates/pipeline` each may use. `aws` (the adapters) and `lambda` (the Lambda runtime) stand outside: they
/// use the domain, and nothing of the domain uses them.
const PIPELINE: [(&str, &[&str]); 9] = [
    ("error", &[]),
    ("config", &[]),
    ("upload", &["error"]),
    ("fence", &["upload"]),
    ("audit", &["upload"]),
    ("metrics", &["audit"]),
    ("reconcile", &["audit", "fence", "upload"]),
    ("lambda", &["error"]),
    (
        "aws",
        &[
            "audit",
            "config",
            "error",
            "fence",
            "metrics",
            "reconcile",
            "upload",
        ],
    ),
];

/// Which modules of `crates/jpeg` each may use. A row may only use modules of the rows before it, so there is no cycle.
const JPEG: [(&str, &[&str]); 16] = [
    ("names", &[]),
    ("error", &[]),
    ("options", &[]),
    ("format", &["error", "names"]),
    ("kind", &["format"]),
    ("exif", &["kind"]),
    ("rights", &["exif", "kind"]),
    ("icc", &["format", "kind"]),
    ("report", &["exif", "format", "kind", "names"]),
    ("parts", &["report"]),
    ("entropy", &["error", "format", "options", "parts"]),
    ("recode", &["entropy", "error", "format", "options"]),
    (
        "analysis",
        &[
            "entropy", "error", "exif", "format", "icc", "kind", "options", "parts", "recode",
            "report", "rights",
        ],
    ),
    (
        "app_segments",
        &[
            "analysis", "exif", "format", "icc", "kind", "options", "report", "rights",
        ],
    ),
    (
        "strip",
        &[
            "analysis",
            "app_segments",
            "error",
            "format",
            "options",
            "parts",
            "recode",
            "report",
        ],
    ),
    // The names of policies, and nothing that reads a file.
    ("verify", &["options"]),
];

/// What each function may take from `scrubjay_pipeline::aws`. This is the code's counterpart of the function's role in
/// `template.yaml`.
const ADAPTERS: [(&str, &[&str]); 9] = [
    ("api", &[]),
    ("derive", &[]),
    ("validate", &["Source"]),
    ("strip", &["FenceReader", "Source", "StagingWriter"]),
    ("publish", &["Publisher"]),
    ("retract", &["Audit", "Publisher"]),
    ("record", &["FailureCheck", "Recorded", "Recorder"]),
    (
        "reconcile",
        &[
            "AuditQueries",
            "Bucket",
            "ExecutionStarter",
            "FailureCheck",
            "Recorder",
        ],
    ),
    ("report", &["Postbox", "Queue", "ReportsBucket", "Rollups"]),
];

fn allowed<'a>(rows: &'a [(&str, &[&str])], name: &str) -> Option<BTreeSet<&'a str>> {
    rows.iter()
        .find(|(row, _)| match row.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => *row == name,
        })
        .map(|(_, targets)| targets.iter().copied().collect())
}

#[test]
fn crates_need_only_what_the_picture_shows() {
    let packages = packages();
    assert!(packages.len() >= 10, "{packages:?}");
    for package in packages {
        let name = &package.folder;
        let allowed = allowed(&CRATES, name).unwrap_or_else(|| {
            panic!("{name} is new: give it a row here and in the picture of docs/architecture.md")
        });
        for need in &package.needs {
            assert!(
                allowed.contains(need.as_str()),
                "{name} must not need {need}"
            );
        }
    }
}

#[test]
fn pure_crates_need_no_network() {
    for package in packages() {
        if let Some((_, allowed)) = PURE.iter().find(|(folder, _)| *folder == package.folder) {
            for need in &package.always {
                assert!(
                    allowed.contains(&need.as_str()),
                    "{} must not need {need}, unless it is optional",
                    package.folder
                );
            }
        }
    }
}

#[test]
fn the_domain_does_not_know_its_adapters() {
    let modules = modules("crates/pipeline/src");
    for (from, targets) in arrows(&modules) {
        let allowed = allowed(&PIPELINE, &from).unwrap_or_else(|| {
            panic!("module {from} is new: give it a row here and in docs/architecture.md")
        });
        for target in &targets {
            assert!(
                allowed.contains(target.as_str()),
                "crates/pipeline: {from} must not use {target}"
            );
        }
    }
    let foreign = |name: &str| {
        name.starts_with("aws_")
            || ["serde_dynamo", "lambda_runtime", "tokio", "http_body"].contains(&name)
    };
    for module in &modules {
        if ["aws", "lambda"].contains(&module.top()) {
            continue;
        }
        for names in &module.names {
            // The one place where our error meets the Lambda runtime's: the orphan rule keeps it there.
            let diagnostic =
                module.top() == "error" && names.join("::") == "lambda_runtime::Diagnostic";
            assert!(
                !foreign(&names[0]) || diagnostic,
                "crates/pipeline: {} must not name {}",
                module.path.join("::"),
                names.join("::")
            );
        }
    }
}

#[test]
fn a_function_holds_no_more_than_its_role_allows() {
    // These only configure the clients and give no right to do anything.
    let common = ["self", "sdk_config", "s3_client"];
    for (function, allowed) in ADAPTERS {
        for module in modules(&format!("functions/{function}/src")) {
            for names in &module.names {
                let path: Vec<&str> = names.iter().map(String::as_str).collect();
                let (["scrubjay_pipeline", "aws", adapter, ..] | ["aws", adapter, ..]) = path[..]
                else {
                    continue;
                };
                assert!(
                    common.contains(&adapter) || allowed.contains(&adapter),
                    "functions/{function} must not use {adapter}"
                );
            }
        }
    }
}

#[test]
fn no_modules_use_each_other_in_a_circle() {
    for src in [
        "crates/pipeline/src",
        "crates/local/src",
        "functions/reconcile/src",
    ] {
        assert_eq!(circle(&arrows(&modules(src))), None, "{src}");
    }
}

#[test]
fn verify_shares_no_code_with_strip() {
    let found: BTreeMap<_, _> = arrows(&modules("crates/jpeg/src"));
    for target in &found["verify"] {
        assert!(
            target == "options",
            "crates/jpeg: verify must not use {target}, or one mistake could be made and overlooked by the same code"
        );
    }
}

#[test]
fn cleaning_files_needs_no_aws_client() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--package", "scrubjay", "--no-default-features"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let (needs, said) = (
        String::from_utf8_lossy(&tree.stdout),
        String::from_utf8_lossy(&tree.stderr),
    );
    assert!(needs.contains("scrubjay-jpeg "), "{said}");
    let clients: Vec<&str> = needs
        .lines()
        .filter(|line| {
            ["aws-", "tokio ", "hyper "]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .collect();
    assert!(clients.is_empty(), "{clients:?}");
}

#[test]
fn the_core_is_built_in_layers() {
    let of_tests = |module: &Module| module.path.last().is_some_and(|name| name == "tests");
    let mut modules = modules("crates/jpeg/src");
    modules.retain(|module| !of_tests(module));
    let arrows = arrows(&modules);
    for (from, targets) in &arrows {
        let allowed = allowed(&JPEG, from).unwrap_or_else(|| {
            panic!("module {from} is new: give it a row here and in docs/architecture.md")
        });
        for target in targets {
            assert!(
                allowed.contains(target.as_str()),
                "crates/jpeg: {from} must not use {target}"
            );
        }
    }
    assert_eq!(circle(&arrows), None);
}
