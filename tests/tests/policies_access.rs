//! What people, services and administrators may do by the policy files and the template: question by question, by IAM's documented evaluation.
//!
//! Real calls against an enforcing emulator are made elsewhere; here stand the questions that none answers: the key policy,
//! callers that are AWS services, and addresses.

use scrubjay_tests::iac::example::*;
use scrubjay_tests::iac::policy::{Decision, Request, allowed, decide, statements};
use serde_json::{Value, json};

#[test]
fn the_buckets_hold_even_against_an_administrator() {
    let everything = administrator();
    let admin = "arn:aws:iam::111122223333:role/admin";
    let rows = [
        (SOURCE, "s3:GetObject", "/k", false),
        (SOURCE, "s3:GetObjectVersion", "/k", false),
        (SOURCE, "s3:ListBucket", "", true),
        (SOURCE, "s3:PutBucketPolicy", "", true),
        (STAGING, "s3:GetObject", "/k", false),
        (STAGING, "s3:PutObject", "/k", false),
        (DESTINATION, "s3:PutObject", "/k", false),
        (DESTINATION, "s3:DeleteObject", "/k", false),
        (DESTINATION, "s3:GetObject", "/k", true),
        (DESTINATION, "s3:DeleteBucketPolicy", "", true),
    ];
    for (bucket, action, key, expected) in rows {
        let request = Request::new(Some(admin), action, &format!("{bucket}{key}"))
            .with("s3:if-none-match", "*");
        assert_eq!(
            allowed(&request, &[&everything], &[&bucket_policy(bucket)]),
            expected,
            "{action} on {bucket}"
        );
    }
}

#[test]
fn nothing_travels_in_clear_or_lies_under_another_key() {
    let policy = bucket_policy(DESTINATION);
    let put = || {
        Request::new(
            Some(&role("publish")),
            "s3:PutObject",
            &format!("{DESTINATION}/k"),
        )
        .with("s3:if-none-match", "*")
    };
    let encryption = "s3:x-amz-server-side-encryption";
    let key = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    let rows = [
        ("as the bucket does", put(), true),
        (
            "by name",
            put().with(encryption, "aws:kms").with(key, KEY),
            true,
        ),
        (
            "in clear",
            put().with("aws:SecureTransport", "false"),
            false,
        ),
        ("old TLS", put().with("s3:TlsVersion", "1.1"), false),
        ("SSE-S3", put().with(encryption, "AES256"), false),
        (
            "another key",
            put()
                .with(encryption, "aws:kms")
                .with(key, "arn:aws:kms:eu-central-1:111122223333:key/2"),
            false,
        ),
        (
            "the sender's key",
            put().with(
                "s3:x-amz-server-side-encryption-customer-algorithm",
                "AES256",
            ),
            false,
        ),
    ];
    for (name, request, expected) in rows {
        assert_eq!(
            decide(&policy, &request) != Decision::Deny,
            expected,
            "{name}"
        );
    }
}

/// A mark lets an original expire, so it is a way to delete it.
#[test]
fn only_the_machine_marks_an_original_and_only_as_refused() {
    let (policy, boundary) = (bucket_policy(SOURCE), file("boundary"));
    let everything = administrator();
    let tag = |who: &str, name: &str, value: &str| {
        let key = format!("s3:RequestObjectTag/{name}");
        Request::new(
            Some(who),
            "s3:PutObjectVersionTagging",
            &format!("{SOURCE}/k"),
        )
        .with(&key, value)
    };
    let admin = "arn:aws:iam::111122223333:role/admin";
    for name in ["scrub-machine", "intake-machine"] {
        let (ours, machine) = (role(name), &roles()[name]);
        let granted = |request: &Request| allowed(request, &[machine, &boundary], &[&policy]);
        assert!(
            granted(&tag(&ours, "scrubjay:status", "REJECTED")),
            "{name}"
        );
        assert!(
            !granted(&tag(&ours, "scrubjay:status", "CLEANED")),
            "{name}"
        );
        assert!(!granted(&tag(&ours, "project", "x")), "{name}");
    }
    let by_admin = |request: &Request| allowed(request, &[&everything], &[&policy]);
    assert!(!by_admin(&tag(admin, "scrubjay:status", "REJECTED")));
    assert!(by_admin(&tag(admin, "project", "x")));
    let other = tag(&role("validate"), "scrubjay:status", "REJECTED");
    assert!(!allowed(&other, &[&everything, &boundary], &[]));
}

#[test]
fn people_reach_their_bucket_and_nothing_else() {
    let (a, b) = (person("user-a"), person("user-b"));
    let reader = files(&["reader-objects", "reader-list-all"]);
    let actions = [
        ("s3:ListBucket", ""),
        ("s3:GetObject", "/k"),
        ("s3:GetObjectVersion", "/k"),
        ("s3:PutObject", "/k"),
        ("s3:DeleteObject", "/k"),
        ("s3:DeleteObjectVersion", "/k"),
        ("s3:PutObjectAcl", "/k"),
        ("s3:PutBucketPolicy", ""),
    ];
    let may = |who: &str, bucket: &str, action: &str| {
        matches!(
            (who, bucket, action),
            (
                "user-a",
                SOURCE,
                "s3:ListBucket" | "s3:GetObject" | "s3:PutObject" | "s3:DeleteObject"
            ) | (
                "user-b" | "website-reader",
                DESTINATION,
                "s3:ListBucket" | "s3:GetObject"
            )
        )
    };
    for (who, arn, granted) in [
        ("user-a", user("user-a"), &a),
        ("user-b", user("user-b"), &b),
        ("website-reader", role("website-reader"), &reader),
    ] {
        for bucket in [SOURCE, STAGING, DESTINATION] {
            for (action, key) in actions {
                let request = Request::new(Some(&arn), action, &format!("{bucket}{key}"))
                    .with("s3:if-none-match", "*");
                let outcome = allowed(&request, &[granted], &[&bucket_policy(bucket)]);
                assert_eq!(
                    outcome,
                    may(who, bucket, action),
                    "{who}: {action} on {bucket}"
                );
            }
        }
        for (action, resource) in [
            ("s3:ListAllMyBuckets", "*"),
            ("s3:GetObject", &format!("{REPORTS}/k")),
            ("dynamodb:GetItem", TABLE),
            (
                "ssm:GetParameter",
                "arn:aws:ssm:eu-central-1:111122223333:parameter/scrubjay/dev/key-arn",
            ),
            ("kms:Decrypt", KEY),
            ("iam:CreateAccessKey", &arn),
            ("iam:UpdateLoginProfile", &arn),
            ("iam:ChangePassword", &user("somebody")),
        ] {
            assert_ne!(
                decide(granted, &Request::new(Some(&arn), action, resource)),
                Decision::Allow,
                "{who}: {action}"
            );
        }
    }
}

#[test]
fn prefixes_narrow_what_user_b_lists_and_reads() {
    let mut values = placeholders();
    values.insert(
        "reader_object_arns",
        json!([format!("{DESTINATION}/shop/*")]).to_string(),
    );
    let granted: Vec<Value> = ["reader-objects", "reader-list-prefixes"]
        .iter()
        .flat_map(|n| statements(n, &values))
        .collect();
    let list = || Request::new(Some(&user("user-b")), "s3:ListBucket", DESTINATION);
    let get = |key: &str| {
        Request::new(
            Some(&user("user-b")),
            "s3:GetObject",
            &format!("{DESTINATION}/{key}"),
        )
    };
    let rows = [
        ("list shop/", list().with("s3:prefix", "shop/"), true),
        (
            "list shop/shoes/",
            list().with("s3:prefix", "shop/shoes/"),
            true,
        ),
        ("list all", list(), false),
        ("list the top", list().with("s3:prefix", ""), false),
        (
            "list shopkeepers/",
            list().with("s3:prefix", "shopkeepers/"),
            false,
        ),
        ("get shop/1.jpg", get("shop/1.jpg"), true),
        ("get staff/1.jpg", get("staff/1.jpg"), false),
    ];
    for (name, request, expected) in rows {
        assert_eq!(
            decide(&granted, &request) == Decision::Allow,
            expected,
            "{name}"
        );
    }
}

/// The policy that the first search result suggests, and ours: who is locked out by which.
#[test]
fn an_address_range_binds_people_and_only_people() {
    let naive = vec![json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [DESTINATION, format!("{DESTINATION}/*")],
        "Condition": { "NotIpAddress": { "aws:SourceIp": ["198.51.100.0/24"] } },
    })];
    let ours = file("bucket-address-range");
    let (office, home, lambda) = ("198.51.100.7", "203.0.113.9", "52.28.0.1");
    let object = format!("{DESTINATION}/k");
    let from = |who: &str, action: &str, resource: &str, address: &str| {
        Request::new(Some(who), action, resource)
            .with("aws:SourceIp", address)
            .with("aws:ViaAWSService", "false")
            .with("aws:PrincipalIsAWSService", "false")
    };
    let admin = "arn:aws:iam::111122223333:role/admin";
    // request, goes through with the naive policy, goes through with ours
    let rows = [
        (
            "user B in the office",
            from(&user("user-b"), "s3:GetObject", &object, office),
            true,
            true,
        ),
        (
            "user B at home",
            from(&user("user-b"), "s3:GetObject", &object, home),
            false,
            false,
        ),
        (
            "user B lists at home",
            from(&user("user-b"), "s3:ListBucket", DESTINATION, home),
            false,
            false,
        ),
        (
            "an administrator reads at home",
            from(admin, "s3:GetObject", &object, home),
            false,
            false,
        ),
        (
            "Publish, from wherever Lambda runs",
            from(&role("publish"), "s3:PutObject", &object, lambda),
            false,
            true,
        ),
        (
            "Publish through a VPC endpoint: no aws:SourceIp",
            Request::new(Some(&role("publish")), "s3:PutObject", &object)
                .with("aws:ViaAWSService", "false"),
            false,
            true,
        ),
        (
            "the machine looks what is there",
            from(&role("scrub-machine"), "s3:ListBucket", DESTINATION, lambda),
            false,
            true,
        ),
        (
            "a web server",
            from(&role("website-reader"), "s3:GetObject", &object, "18.0.0.1"),
            false,
            true,
        ),
        (
            "a service with a person's rights, such as Athena",
            from(admin, "s3:GetObject", &object, "18.0.0.1").with("aws:ViaAWSService", "true"),
            false,
            true,
        ),
        (
            "CloudFront for a named distribution",
            Request::of_service(
                "cloudfront.amazonaws.com",
                "arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE",
                "s3:GetObject",
                &object,
            )
            .with("aws:SourceIp", "130.176.0.1"),
            false,
            true,
        ),
        (
            "an AWS service by itself: no principal ARN",
            Request::new(None, "s3:PutObject", &object).with("aws:PrincipalIsAWSService", "true"),
            false,
            true,
        ),
        (
            "the deployer from a build server",
            from(&role("deployer"), "s3:ListBucket", DESTINATION, "20.1.2.3"),
            false,
            true,
        ),
        (
            "terraform refreshes, from anywhere",
            from(admin, "s3:ListBucket", DESTINATION, home),
            false,
            true,
        ),
        (
            "terraform repairs the policy, from anywhere",
            from(admin, "s3:PutBucketPolicy", DESTINATION, home),
            false,
            true,
        ),
    ];
    for (name, request, by_naive, by_ours) in rows {
        assert_eq!(
            decide(&naive, &request) != Decision::Deny,
            by_naive,
            "naive: {name}"
        );
        assert_eq!(
            decide(&ours, &request) != Decision::Deny,
            by_ours,
            "ours: {name}"
        );
    }
}

#[test]
fn the_key_serves_each_only_for_its_bucket() {
    let key = file("key");
    let everything = administrator();
    let admin = "arn:aws:iam::111122223333:role/admin".to_owned();
    let may = |who: &str, bucket: &str, action: &str| {
        matches!(
            (who, bucket, action),
            ("user-a", SOURCE, _)
                | ("validate" | "strip", SOURCE, "kms:Decrypt")
                | ("strip", STAGING, _)
                | ("publish" | "retract", STAGING, "kms:Decrypt")
                | ("publish" | "retract", DESTINATION, _)
                | (
                    "user-b" | "website-reader" | "additional-reader",
                    DESTINATION,
                    "kms:Decrypt"
                )
        )
    };
    let principals = [
        ("user-a", user("user-a")),
        ("user-b", user("user-b")),
        ("admin", admin.clone()),
        ("website-reader", role("website-reader")),
        ("additional-reader", role("additional-reader")),
        ("deployer", role("deployer")),
        ("validate", role("validate")),
        ("strip", role("strip")),
        ("publish", role("publish")),
        ("retract", role("retract")),
        ("record", role("record")),
        ("reconcile", role("reconcile")),
        ("scrub-machine", role("scrub-machine")),
    ];
    for (who, arn) in &principals {
        for bucket in [SOURCE, STAGING, DESTINATION] {
            for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
                // A bucket key's context is the bucket; without one it is the object.
                for context in [bucket.to_owned(), format!("{bucket}/k")] {
                    let request = Request::new(Some(arn), action, KEY)
                        .with("kms:EncryptionContext:aws:s3:arn", &context);
                    let via_s3 = request
                        .clone()
                        .with("kms:ViaService", "s3.eu-central-1.amazonaws.com");
                    assert_eq!(
                        allowed(&via_s3, &[&everything, &key], &[]),
                        may(who, bucket, action),
                        "{who}: {action} for {context}"
                    );
                    assert!(
                        !allowed(&request, &[&everything, &key], &[]),
                        "{who}: {action} past S3"
                    );
                }
            }
        }
        // IAM decides about the audit table, what was restored from it, and the catalogue; the key serves no other table.
        for (table, served) in [
            ("scrubjay-dev-audit", true),
            ("scrubjay-dev-audit-restored-20261125", true),
            ("scrubjay-dev-audit-2", false),
            ("scrubjay-dev-catalogue", true),
            ("scrubjay-prod-catalogue", false),
            ("scrubjay-prod-audit", false),
            ("payroll", false),
        ] {
            let request = Request::new(Some(arn), "kms:Decrypt", KEY)
                .with("kms:ViaService", "dynamodb.eu-central-1.amazonaws.com")
                .with("kms:EncryptionContext:aws:dynamodb:tableName", table);
            assert_eq!(
                allowed(&request, &[&everything, &key], &[]),
                served,
                "{who}: {table}"
            );
        }
    }
    for (action, expected) in [
        ("kms:PutKeyPolicy", true),
        ("kms:ScheduleKeyDeletion", true),
        ("kms:Decrypt", false),
        ("kms:ReEncryptFrom", false),
    ] {
        assert_eq!(
            allowed(
                &Request::new(Some(&admin), action, KEY),
                &[&everything, &key],
                &[]
            ),
            expected,
            "{action}"
        );
    }
}

/// S3 writes inventories in its own name, and says of which bucket:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html>.
#[test]
fn only_inventories_of_bucket_a_are_written_and_only_in_their_place() {
    const REPORTS: &str = "arn:aws:s3:::scrubjay-dev-1-reports";
    let (bucket, key) = (bucket_policy(REPORTS), key_policy());
    let asks = |source: &str, action: &str, resource: &str| {
        Request::of_service("s3.amazonaws.com", source, action, resource)
            .with("aws:SourceAccount", "111122223333")
            .with("s3:x-amz-acl", "bucket-owner-full-control")
    };
    let inventory = format!("{REPORTS}/inventory/a/photos/1.csv.gz");
    for (source, action, resource, expected) in [
        (SOURCE, "s3:PutObject", inventory.as_str(), true),
        (DESTINATION, "s3:PutObject", &inventory, false),
        (
            SOURCE,
            "s3:PutObject",
            &format!("{REPORTS}/weekly/1.html"),
            false,
        ),
        (SOURCE, "s3:GetObject", &inventory, false),
    ] {
        let request = asks(source, action, resource);
        assert_eq!(
            allowed(&request, &[&bucket], &[]),
            expected,
            "{source}: {action} on {resource}"
        );
    }
    for (source, action, expected) in [
        (SOURCE, "kms:GenerateDataKey", true),
        (SOURCE, "kms:Decrypt", false),
        (DESTINATION, "kms:GenerateDataKey", false),
    ] {
        let request = asks(source, action, KEY);
        assert_eq!(
            allowed(&request, &[&key], &[]),
            expected,
            "{source}: {action}"
        );
    }
}

/// `CloudFront` asks in its own name, and says for which distribution:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html>.
#[test]
fn only_named_distributions_show_bucket_b() {
    let (ours, others) = (
        "arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE",
        "arn:aws:cloudfront::111122223333:distribution/E2QWRUHEXAMPLE",
    );
    let (bucket, key) = (bucket_policy(DESTINATION), key_policy());
    let object = format!("{DESTINATION}/k");
    let asks = |service: &str, source: &str, action: &str, resource: &str, context: &str| {
        Request::of_service(service, source, action, resource)
            .with("kms:EncryptionContext:aws:s3:arn", context)
    };
    let cloudfront = "cloudfront.amazonaws.com";
    let rows = [
        (cloudfront, ours, "s3:GetObject", object.as_str(), true),
        (cloudfront, others, "s3:GetObject", &object, false),
        (cloudfront, ours, "s3:ListBucket", DESTINATION, false),
        (cloudfront, ours, "s3:PutObject", &object, false),
        (
            "cloudtrail.amazonaws.com",
            ours,
            "s3:GetObject",
            &object,
            false,
        ),
    ];
    for (service, source, action, resource, expected) in rows {
        let request = asks(service, source, action, resource, "");
        assert_eq!(
            allowed(&request, &[&bucket], &[]),
            expected,
            "{service} for {source}: {action}"
        );
    }
    let keys = [
        (ours, "kms:Decrypt", DESTINATION, true),
        (others, "kms:Decrypt", DESTINATION, false),
        (ours, "kms:Decrypt", SOURCE, false),
        (ours, "kms:GenerateDataKey", DESTINATION, false),
    ];
    for (source, action, context, expected) in keys {
        let request = asks(cloudfront, source, action, KEY, context);
        assert_eq!(
            allowed(&request, &[&key], &[]),
            expected,
            "{source}: {action} for {context}"
        );
    }
    for bucket in [SOURCE, STAGING] {
        let request = asks(cloudfront, ours, "s3:GetObject", &format!("{bucket}/k"), "");
        assert!(
            !allowed(&request, &[&bucket_policy(bucket)], &[]),
            "{bucket}"
        );
    }
}
