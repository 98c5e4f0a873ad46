//! What the application's roles and the deployer may do by the policy files and the template: question by question, by IAM's documented evaluation.
//!
//! Real calls against an enforcing emulator are made elsewhere; here stand the boundary and the deployer.

use std::collections::{BTreeMap, BTreeSet};

use scrubjay_tests::iac::environment::Environment;
use scrubjay_tests::iac::example::*;
use scrubjay_tests::iac::policy::{Decision, Request, allowed, decide, statements};
use scrubjay_tests::iac::{read, root};
use serde_json::{Value, json};

fn list(value: &Value) -> Vec<String> {
    let items = value
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![value.clone()]);
    items
        .iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_file_is_used_described_and_within_limits() {
    let readme = read("terraform/policies/README.md");
    let mut used = String::new();
    for folder in ["terraform/modules/foundation", "terraform/bootstrap"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            used += &std::fs::read_to_string(&path).unwrap_or_default();
        }
    }
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("terraform/policies")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".json.tftpl") else {
            continue;
        };
        count += 1;
        assert!(
            readme.contains(&format!("`{name}`")),
            "{name} is not in terraform/policies/README.md"
        );
        assert!(used.contains(name), "{name} is not used");
        // IAM counts no white space: inline role policies 10,240, managed policies 6,144; bucket policies 20 KB; keys 32 KB.
        let size = json!({ "Version": "2012-10-17", "Statement": file(name) })
            .to_string()
            .len();
        let limit = match name {
            "deployer" => 10_240,
            name if name.starts_with("bucket-") => 6_000, // of 20 KB, and four are joined
            name if name.starts_with("key") => 32_768,
            _ => 6_144,
        };
        assert!(size <= limit, "{name}: {size} characters, at most {limit}");
    }
    assert!(count >= 15, "{count}");
}

#[test]
fn the_boundaries_let_every_role_do_what_the_templates_grant() {
    let all = [
        (file("boundary"), roles()),
        (file("boundary-gallery"), gallery_roles()),
    ];
    for (boundary, roles) in all {
        lets_every_role_do_what_it_is_granted(&boundary, roles);
    }
}

fn lets_every_role_do_what_it_is_granted(boundary: &[Value], roles: BTreeMap<String, Vec<Value>>) {
    for (name, granted) in roles {
        for statement in &granted {
            // Of a key, only what comes through the services that the grant names.
            let services = statement["Condition"]["StringEquals"].get("kms:ViaService");
            let services = services.map_or(vec!["none".to_owned()], list);
            for action in list(&statement["Action"]) {
                assert!(!action.contains('*'), "{name}: {action}");
                for resource in list(&statement["Resource"]) {
                    for service in &services {
                        let request =
                            Request::new(Some(&role(&name)), &action, &resource.replace('*', "x"));
                        let request = request.with("kms:ViaService", service);
                        let request = request.with("events:source", "scrubjay");
                        assert_eq!(
                            decide(boundary, &request),
                            Decision::Allow,
                            "{name}: {action} on {resource}"
                        );
                    }
                }
            }
        }
    }
}

/// After a restore the template's parameter names another table. Its roles may use that one, and the boundary no third.
#[test]
fn a_restored_table_takes_the_audit_tables_place_and_no_other_does() {
    let boundary = file("boundary");
    let asked = |name: &str, action: &str, table: &str, granted: &[Value]| {
        let arn = format!("arn:aws:dynamodb:eu-central-1:111122223333:table/{table}");
        allowed(
            &Request::new(Some(&role(name)), action, &arn),
            &[granted, &boundary],
            &[],
        )
    };
    for (table, served) in [
        ("scrubjay-dev-audit", true),
        ("scrubjay-dev-audit-restored-20261125", true),
        ("scrubjay-dev-audit-restored-20261125/index/by-status", true),
        ("scrubjay-dev-audit-2", false),
        ("scrubjay-prod-audit-restored-1", false),
        ("payroll", false),
    ] {
        let everything = administrator();
        assert_eq!(
            asked("reconcile", "dynamodb:Query", table, &everything),
            served,
            "{table}"
        );
    }
    let gallery = file("boundary-gallery");
    for (table, served) in [
        ("scrubjay-dev-audit", true),
        ("scrubjay-dev-audit-restored-20261125/index/by-status", true),
        ("scrubjay-dev-audit-2", false),
    ] {
        let arn = format!("arn:aws:dynamodb:eu-central-1:111122223333:table/{table}");
        let request = Request::new(Some(&role("api")), "dynamodb:Query", &arn);
        let granted = administrator();
        assert_eq!(
            allowed(&request, &[&granted, &gallery], &[]),
            served,
            "{table}"
        );
    }
    // A role is granted one table by name: the one with which the stack was deployed.
    let restored = "scrubjay-dev-audit-restored-20261125";
    let after = Environment::example().with_table(restored).roles();
    for (name, action) in [
        ("record", "dynamodb:UpdateItem"),
        ("publish", "dynamodb:PutItem"),
        ("reconcile", "dynamodb:Query"),
        ("scrub-machine", "dynamodb:UpdateItem"),
    ] {
        assert!(asked(name, action, restored, &after[name]), "{name}");
        assert!(!asked(name, action, "scrubjay-dev-audit", &after[name]));
        assert!(!asked(name, action, restored, &roles()[name]));
    }
}

#[test]
fn an_operator_repairs_and_sees_no_photograph() {
    let policy = file("operator");
    let arn = user("operator");
    let regional =
        |service: &str, rest: &str| format!("arn:aws:{service}:eu-central-1:111122223333:{rest}");
    let execution = regional("states", "execution:scrubjay-dev-scrub:1");
    let rule = regional("events", "rule/scrubjay-dev-uploaded");
    let queue = regional("sqs", "scrubjay-dev-dead-letters");
    let reconcile = regional("lambda", "function:scrubjay-dev-reconcile");
    let strip = regional("lambda", "function:scrubjay-dev-strip");
    let rows = [
        ("states:RedriveExecution", execution, true),
        (
            "states:RedriveExecution",
            regional("states", "execution:payroll:1"),
            false,
        ),
        ("events:DisableRule", rule.clone(), true),
        ("events:EnableRule", rule.clone(), true),
        ("events:DeleteRule", rule, false),
        ("sqs:DeleteMessage", queue, true),
        ("lambda:InvokeFunction", reconcile, true),
        ("lambda:InvokeFunction", strip, false),
        ("dynamodb:Query", TABLE.to_owned(), true),
        ("dynamodb:UpdateItem", TABLE.to_owned(), false),
        ("dynamodb:DeleteItem", TABLE.to_owned(), false),
        ("s3:ListBucket", SOURCE.to_owned(), true),
        ("s3:GetObject", format!("{SOURCE}/k"), false),
        ("s3:GetObject", format!("{DESTINATION}/k"), false),
        ("iam:PassRole", role("strip"), false),
    ];
    for (action, resource, expected) in rows {
        let request = Request::new(Some(&arn), action, &resource);
        assert_eq!(
            decide(&policy, &request) == Decision::Allow,
            expected,
            "{action} on {resource}"
        );
    }
    // `smoke` and `load` take away the rows of their own photos, and of no others.
    let source = SOURCE.rsplit(':').next().unwrap();
    for (key, expected) in [
        ("smoke/1.jpg", true),
        ("load/1/2.jpg", true),
        ("holiday/1.jpg", false),
    ] {
        let request = Request::new(Some(&arn), "dynamodb:DeleteItem", TABLE)
            .with("dynamodb:LeadingKeys", &format!("{source}/{key}"));
        let allowed = decide(&policy, &request) == Decision::Allow;
        assert_eq!(allowed, expected, "{key}");
    }
}

/// Roles of Identity Center have its region in their path, and none where it is us-east-1:
/// <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>. The example has both.
#[test]
fn the_examples_patterns_admit_roles_of_identity_center_wherever_it_is() {
    for env in ["dev", "prod"] {
        let example = read(&format!("terraform/envs/{env}/terraform.tfvars.example"));
        let example: Value = hcl::from_str(&example).unwrap();
        let patterns = example["deployer_trusted_arns"].to_string();
        let mut values = placeholders();
        values.insert("deployer_trusted_arns", patterns);
        let trust = statements("trust-deployer", &values);
        for (arn, admitted) in [
            (
                "sso.amazonaws.com/eu-central-1/AWSReservedSSO_Developer_1234",
                true,
            ),
            ("sso.amazonaws.com/AWSReservedSSO_Developer_1234", true),
            (
                "sso.amazonaws.com/eu-central-1/AWSReservedSSO_ReadOnly_1234",
                false,
            ),
            ("sso.amazonaws.com/AWSReservedSSO_ReadOnly_1234", false),
        ] {
            let arn = format!("arn:aws:iam::111122223333:role/aws-reserved/{arn}");
            let mut request = Request::new(Some(&arn), "sts:AssumeRole", "");
            request.resource = "*".to_owned();
            let trust: Vec<Value> = trust
                .iter()
                .map(|statement| {
                    // A trust policy has no Resource: it is the role itself.
                    let mut statement = statement.clone();
                    statement["Resource"] = json!("*");
                    statement
                })
                .collect();
            let decision = decide(&trust, &request) == Decision::Allow;
            assert_eq!(decision, admitted, "{env}: {arn}");
        }
    }
}

#[test]
fn the_boundary_caps_a_role_that_was_given_everything() {
    let (boundary, everything) = (file("boundary"), administrator());
    let rows = [
        ("validate", "s3:PutObject", format!("{DESTINATION}/k")),
        ("publish", "s3:GetObject", format!("{SOURCE}/k")),
        (
            "publish",
            "s3:DeleteObjectVersion",
            format!("{DESTINATION}/k"),
        ),
        ("strip", "s3:PutObject", format!("{SOURCE}/k")),
        ("strip", "s3:DeleteObject", format!("{SOURCE}/k")),
        ("record", "dynamodb:DeleteItem", TABLE.to_owned()),
        ("record", "dynamodb:DeleteTable", TABLE.to_owned()),
        ("publish", "s3:PutBucketPolicy", DESTINATION.to_owned()),
        (
            "record",
            "ssm:PutParameter",
            "arn:aws:ssm:eu-central-1:111122223333:parameter/scrubjay/dev/key-arn".to_owned(),
        ),
        ("record", "iam:CreateUser", user("x")),
        ("record", "sts:AssumeRole", role("publish")),
        ("publish", "kms:PutKeyPolicy", KEY.to_owned()),
    ];
    for (name, action, resource) in rows {
        let request = Request::new(Some(&role(name)), action, &resource);
        assert!(
            !allowed(&request, &[&everything, &boundary], &[]),
            "{name}: {action} on {resource}"
        );
    }
}

/// P7: nobody who reads A writes B.
#[test]
fn only_two_roles_read_a_and_two_others_write_b() {
    let boundary = file("boundary");
    let (source, destination) = (bucket_policy(SOURCE), bucket_policy(DESTINATION));
    let (mut readers, mut writers) = (BTreeSet::new(), BTreeSet::new());
    for (name, granted) in roles() {
        let request = |action, resource: &str| Request::new(Some(&role(&name)), action, resource);
        if allowed(
            &request("s3:GetObject", &format!("{SOURCE}/k")),
            &[&granted, &boundary],
            &[&source],
        ) {
            readers.insert(name.clone());
        }
        let put = request("s3:PutObject", &format!("{DESTINATION}/k"));
        assert!(
            !allowed(&put, &[&granted, &boundary], &[&destination]),
            "{name}: an unconditional write"
        );
        if allowed(
            &put.with("s3:if-none-match", "*"),
            &[&granted, &boundary],
            &[&destination],
        ) {
            writers.insert(name);
        }
    }
    assert_eq!(readers, ["strip", "validate"].map(str::to_owned).into());
    assert_eq!(writers, ["publish", "retract"].map(str::to_owned).into());
}

/// P7 of the gallery: whatever a role of it was given, it cannot read or list bucket A, nor change bucket B, and only Derive changes
/// derivatives.
#[test]
fn the_gallery_never_reads_a() {
    let (boundary, everything) = (file("boundary-gallery"), administrator());
    let (source, derivatives) = (bucket_policy(SOURCE), bucket_policy(DERIVATIVES));
    let roles: BTreeSet<String> = gallery_roles().into_keys().collect();
    assert!(roles.contains("derive"), "{roles:?}");
    let photo = format!("{SOURCE}/u/k");
    for name in &roles {
        let ask = |action, resource: &str| Request::new(Some(&role(name)), action, resource);
        for (action, resource) in [
            ("s3:GetObject", photo.as_str()),
            ("s3:GetObjectVersion", &photo),
            ("s3:GetObjectTagging", &photo),
            ("s3:PutObject", &photo),
            ("s3:DeleteObject", &photo),
            ("s3:ListBucket", SOURCE),
        ] {
            let request = ask(action, resource);
            let allowed = allowed(&request, &[&everything, &boundary], &[&source]);
            // Only these may write: whoever signs or sends uploads, and the API deletes from bucket A in order to remove a photo
            // from the pages.
            let writes = [
                ("api", "s3:PutObject"),
                ("api", "s3:DeleteObject"),
                ("direct-put", "s3:PutObject"),
            ]
            .contains(&(name.as_str(), action));
            assert_eq!(allowed, writes, "{name}: {action}");
        }
        // The gallery cannot delete what users did not upload through it.
        let other = ask("s3:DeleteObject", &format!("{SOURCE}/k"));
        let deletes = allowed(&other, &[&everything, &boundary], &[&source]);
        assert!(!deletes, "{name}");
        let clean = ask("s3:PutObject", &format!("{DESTINATION}/k")).with("s3:if-none-match", "*");
        assert!(!allowed(&clean, &[&everything, &boundary], &[]), "{name}");
        let copy = ask("s3:PutObject", &format!("{DERIVATIVES}/320/k"));
        let writes = allowed(&copy, &[&everything, &boundary], &[&derivatives]);
        assert_eq!(writes, name == "derive", "{name}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn the_deployer_deploys_and_cannot_help_itself() {
    let policy = files(&["deployer", "deployer-gallery"]);
    let arn = role("deployer");
    let account = "arn:aws:iam::111122223333";
    let boundary = format!("{account}:policy/scrubjay-dev-boundary");
    let request = |action: &str, resource: &str| Request::new(Some(&arn), action, resource);
    let bounded = |action: &str, resource: &str| {
        request(action, resource).with("iam:PermissionsBoundary", &boundary)
    };
    let rows = [
        (
            "makes a bounded role",
            bounded("iam:CreateRole", &role("strip")),
            true,
        ),
        (
            "makes a role without the boundary",
            request("iam:CreateRole", &role("strip")),
            false,
        ),
        (
            "makes a role under another boundary",
            request("iam:CreateRole", &role("strip"))
                .with("iam:PermissionsBoundary", &format!("{account}:policy/mine")),
            false,
        ),
        (
            "makes a role of the gallery under its boundary",
            request("iam:CreateRole", &role("derive"))
                .with("iam:PermissionsBoundary", &format!("{boundary}-gallery")),
            true,
        ),
        (
            "makes a role of the gallery under the pipeline's boundary",
            bounded("iam:CreateRole", &role("derive")),
            false,
        ),
        (
            "makes a role of another name",
            bounded("iam:CreateRole", &role("backdoor")),
            false,
        ),
        (
            "widens its own role",
            bounded("iam:PutRolePolicy", &arn),
            false,
        ),
        (
            "widens website-reader",
            bounded("iam:PutRolePolicy", &role("website-reader")),
            false,
        ),
        (
            "takes the boundary off",
            bounded("iam:DeleteRolePermissionsBoundary", &role("strip")),
            false,
        ),
        (
            "changes the boundary",
            request("iam:CreatePolicyVersion", &boundary),
            false,
        ),
        (
            "passes a role to Lambda",
            request("iam:PassRole", &role("strip"))
                .with("iam:PassedToService", "lambda.amazonaws.com"),
            true,
        ),
        (
            "passes a role to a server",
            request("iam:PassRole", &role("strip"))
                .with("iam:PassedToService", "ec2.amazonaws.com"),
            false,
        ),
        (
            "passes the deployer",
            request("iam:PassRole", &arn).with("iam:PassedToService", "lambda.amazonaws.com"),
            false,
        ),
        (
            "becomes Publish",
            request("sts:AssumeRole", &role("publish")),
            false,
        ),
        (
            "makes a user",
            request("iam:CreateUser", &user("mine")),
            false,
        ),
        (
            "deploys its stack",
            request(
                "cloudformation:ExecuteChangeSet",
                "arn:aws:cloudformation:eu-central-1:111122223333:stack/scrubjay-dev/1",
            ),
            true,
        ),
        (
            "touches prod's stack",
            request(
                "cloudformation:DeleteStack",
                "arn:aws:cloudformation:eu-central-1:111122223333:stack/scrubjay-prod/1",
            ),
            false,
        ),
        (
            "updates a function",
            request(
                "lambda:UpdateFunctionCode",
                "arn:aws:lambda:eu-central-1:111122223333:function:scrubjay-dev-strip",
            ),
            true,
        ),
        (
            "updates another function",
            request(
                "lambda:UpdateFunctionCode",
                "arn:aws:lambda:eu-central-1:111122223333:function:payroll",
            ),
            false,
        ),
        (
            "reads the parameters",
            request(
                "ssm:GetParameters",
                "arn:aws:ssm:eu-central-1:111122223333:parameter/scrubjay/dev/key-arn",
            ),
            true,
        ),
        (
            "writes a parameter",
            request(
                "ssm:PutParameter",
                "arn:aws:ssm:eu-central-1:111122223333:parameter/scrubjay/dev/key-arn",
            ),
            false,
        ),
        (
            "reads an original",
            request("s3:GetObject", &format!("{SOURCE}/k")),
            false,
        ),
        (
            "writes a photograph",
            request("s3:PutObject", &format!("{DESTINATION}/k")).with("s3:if-none-match", "*"),
            false,
        ),
        (
            "rewrites a bucket policy",
            request("s3:PutBucketPolicy", SOURCE),
            false,
        ),
        (
            "deletes a bucket",
            request("s3:DeleteBucket", DESTINATION),
            false,
        ),
        (
            "reads an audit item",
            request("dynamodb:GetItem", TABLE),
            false,
        ),
        (
            "reads the catalogue",
            request("dynamodb:GetItem", CATALOGUE),
            false,
        ),
        (
            "deletes the table",
            request("dynamodb:DeleteTable", TABLE),
            false,
        ),
        (
            "schedules the key's end",
            request("kms:ScheduleKeyDeletion", KEY),
            false,
        ),
    ];
    for (name, request, expected) in rows {
        assert_eq!(
            decide(&policy, &request) == Decision::Allow,
            expected,
            "{name}"
        );
    }
}
