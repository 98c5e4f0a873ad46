//! Terraform, its stand-in `crates/local/foundation.yaml` and `template.yaml` agree on names, keys, indexes and parameters.

use std::collections::BTreeSet;

use scrubjay_tests::iac::cloudformation::Template;
use scrubjay_tests::iac::example::TEMPLATE_VALUES;
use scrubjay_tests::iac::terraform::{attribute, block, blocks, folder, local};
use serde_json::{Value, json};

fn stand_in() -> Template {
    Template::read("crates/local/foundation.yaml", TEMPLATE_VALUES)
}

fn template() -> Template {
    Template::read("template.yaml", TEMPLATE_VALUES)
}

fn gallery() -> Template {
    Template::read("gallery/template.yaml", TEMPLATE_VALUES)
}

/// The parameters that Terraform publishes, by path in environment dev.
fn published() -> BTreeSet<String> {
    let foundation = folder("terraform/modules/foundation");
    let resource = block(&foundation, "resource", &["aws_ssm_parameter", "this"]);
    assert_eq!(
        attribute(resource.body(), "name"),
        "/scrubjay/${var.env}/${each.key}"
    );
    assert_eq!(attribute(resource.body(), "for_each"), "local.parameters");
    let parameters = local(&foundation, "parameters");
    // Its value is a command's, its name is Terraform's.
    let key = block(
        &foundation,
        "resource",
        &["aws_ssm_parameter", "photos_public_key"],
    );
    let key = attribute(key.body(), "name");
    let key = key.as_str().unwrap().replace("${var.env}", "dev");
    let names = parameters.as_object().unwrap().keys();
    names
        .map(|name| format!("/scrubjay/dev/{name}"))
        .chain([key])
        .collect()
}

#[test]
fn the_stand_in_publishes_what_terraform_does() {
    let parameters = stand_in().resources("AWS::SSM::Parameter");
    let names: BTreeSet<String> = parameters
        .values()
        .map(|p| p["Name"].as_str().unwrap().to_owned())
        .collect();
    // The stand-in has no people and no deployer.
    let only_terraform = [
        "/scrubjay/dev/permissions-boundary-arn",
        "/scrubjay/dev/gallery-boundary-arn",
    ];
    let only_terraform = only_terraform.map(str::to_owned).into();
    assert_eq!(names, &published() - &only_terraform);
}

#[test]
fn the_templates_read_only_what_is_published() {
    for template in [template(), gallery()] {
        reads_only_what_is_published(&template);
    }
}

fn reads_only_what_is_published(template: &Template) {
    let mut read = BTreeSet::new();
    for (name, parameter) in template.section("Parameters") {
        if parameter["Type"]
            .as_str()
            .unwrap()
            .starts_with("AWS::SSM::Parameter")
        {
            let path = parameter["Default"]
                .as_str()
                .unwrap_or_else(|| panic!("{name} has no default"));
            read.insert(path.to_owned());
        }
    }
    assert!(read.len() >= 4, "{read:?}");
    assert_eq!(&read - &published(), BTreeSet::new());
}

#[test]
fn both_make_the_same_tables() {
    for (module, logical) in [
        ("audit_table", "AuditTable"),
        ("catalogue_table", "CatalogueTable"),
    ] {
        same_table(module, logical);
    }
}

fn same_table(module: &str, logical: &str) {
    let module = folder(&format!("terraform/modules/{module}"));
    let table = block(&module, "resource", &["aws_dynamodb_table", "this"]).body();
    let stand_in = &stand_in().resources("AWS::DynamoDB::Table")[logical];

    assert_eq!(attribute(table, "billing_mode"), stand_in["BillingMode"]);

    let key = json!([
        { "AttributeName": attribute(table, "hash_key"), "KeyType": "HASH" },
        { "AttributeName": attribute(table, "range_key"), "KeyType": "RANGE" },
    ]);
    assert_eq!(key, stand_in["KeySchema"]);

    let attributes: Vec<Value> = blocks(table, "attribute")
        .iter()
        .map(|b| json!({ "AttributeName": attribute(b.body(), "name"), "AttributeType": attribute(b.body(), "type") }))
        .collect();
    assert_eq!(
        sorted(&json!(attributes)),
        sorted(&stand_in["AttributeDefinitions"])
    );

    let indexes: Vec<Value> = blocks(table, "global_secondary_index")
        .iter()
        .map(|index| {
            let keys = blocks(index.body(), "key_schema").into_iter().map(|key| {
                let (name, kind) = (
                    attribute(key.body(), "attribute_name"),
                    attribute(key.body(), "key_type"),
                );
                json!({ "AttributeName": name, "KeyType": kind })
            });
            json!({
                "IndexName": attribute(index.body(), "name"),
                "KeySchema": keys.collect::<Vec<_>>(),
                "Projection": { "ProjectionType": attribute(index.body(), "projection_type") },
            })
        })
        .collect();
    let stand_ins = &stand_in["GlobalSecondaryIndexes"];
    let stand_ins = if stand_ins.is_null() {
        json!([])
    } else {
        stand_ins.clone()
    };
    assert_eq!(sorted(&json!(indexes)), sorted(&stand_ins));

    let inner = |name: &str| block(table, name, &[]).body();
    let ttl = &stand_in["TimeToLiveSpecification"];
    assert_eq!(
        attribute(inner("ttl"), "attribute_name"),
        ttl["AttributeName"]
    );
    assert_eq!(attribute(inner("ttl"), "enabled"), ttl["Enabled"]);
    let recovery = &stand_in["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
    assert_eq!(
        attribute(inner("point_in_time_recovery"), "enabled"),
        *recovery
    );
    assert_eq!(
        attribute(inner("server_side_encryption"), "enabled"),
        stand_in["SSESpecification"]["SSEEnabled"]
    );
}

#[test]
fn both_use_the_same_names() {
    let foundation = folder("terraform/modules/foundation");
    assert_eq!(local(&foundation, "prefix"), "scrubjay-${var.env}");

    let tables = stand_in().resources("AWS::DynamoDB::Table");
    for (name, logical, last) in [
        ("audit_table", "AuditTable", "audit"),
        ("catalogue_table", "CatalogueTable", "catalogue"),
    ] {
        let terraform = &local(&foundation, "names")[name];
        assert_eq!(*terraform, format!("${{local.prefix}}-{last}"));
        assert_eq!(tables[logical]["TableName"], format!("scrubjay-dev-{last}"));
    }

    let aliases = stand_in().resources("AWS::KMS::Alias");
    assert_eq!(
        attribute(block(&foundation, "module", &["key"]).body(), "alias"),
        "local.prefix"
    );
    assert_eq!(
        aliases.values().next().unwrap()["AliasName"],
        "alias/scrubjay-dev"
    );
}

#[test]
fn both_set_up_the_buckets_alike() {
    let foundation = folder("terraform/modules/foundation");
    let bucket_module = folder("terraform/modules/bucket");
    let by_default = attribute(
        block(&bucket_module, "variable", &["versioned"]).body(),
        "default",
    );
    let buckets = stand_in().resources("AWS::S3::Bucket");
    let pairs = [
        ("SourceBucket", "source_bucket"),
        ("StagingBucket", "staging_bucket"),
        ("DestinationBucket", "destination_bucket"),
        ("DerivativesBucket", "derivatives_bucket"),
        ("ReportsBucket", "reports_bucket"),
        ("ArtifactBucket", "artifact_bucket"),
    ];
    assert_eq!(
        buckets.len(),
        pairs.len(),
        "a bucket that this test does not know"
    );
    for (logical, module) in pairs {
        let stand_in = &buckets[logical];
        let body = block(&foundation, "module", &[module]).body();
        let set = |name: &str| {
            body.attributes()
                .any(|a| a.key() == name)
                .then(|| attribute(body, name))
        };

        let versioned = set("versioned").unwrap_or_else(|| by_default.clone());
        assert_eq!(
            versioned == json!(true),
            stand_in["VersioningConfiguration"]["Status"] == "Enabled",
            "{module}"
        );

        let rules = &stand_in["LifecycleConfiguration"]["Rules"];
        assert_eq!(
            set("expire_days").and_then(|days| days.as_f64()),
            rules[0]["ExpirationInDays"].as_f64(),
            "{module}"
        );

        let default = &stand_in["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"];
        assert_eq!(set("key_arn"), Some(json!("module.key.arn")), "{module}");
        assert_eq!(default["SSEAlgorithm"], "aws:kms", "{module}");
        assert_eq!(
            stand_in["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced",
            "{module}"
        );
    }

    for bucket in ["source", "destination"] {
        let names = ["aws_s3_bucket_notification", bucket];
        let notification = block(&foundation, "resource", &names).body();
        assert_eq!(attribute(notification, "eventbridge"), json!(true));
    }
    let events = |bucket: &Value| {
        bucket["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"]
            .clone()
    };
    for (name, bucket) in &buckets {
        let announces = ["SourceBucket", "DestinationBucket"].contains(&name.as_str());
        let wanted = if announces { json!(true) } else { Value::Null };
        assert_eq!(events(bucket), wanted, "{name}");
    }
}

#[test]
fn every_role_of_the_templates_is_expected_and_bounded() {
    expected_and_bounded(&template(), "application_roles");
    expected_and_bounded(&gallery(), "gallery_roles");
}

fn expected_and_bounded(template: &Template, list: &str) {
    let expected = local(&folder("terraform/modules/foundation"), list);
    let expected: BTreeSet<&str> = expected
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role.as_str().unwrap())
        .collect();
    for (logical, role) in template.resources("AWS::IAM::Role") {
        let name = role["RoleName"]
            .as_str()
            .unwrap_or_else(|| panic!("{logical}: no name of its own"));
        let verb = name
            .strip_prefix("scrubjay-dev-")
            .unwrap_or_else(|| panic!("{logical}: {name}"));
        assert!(
            expected.contains(verb),
            "{logical}: terraform/modules/foundation/names.tf does not know {verb}"
        );
        assert_eq!(
            role["PermissionsBoundary"], "arn:aws:iam::111122223333:policy/scrubjay-dev-boundary",
            "{logical}"
        );
    }
    // SAM must not make a role behind our back: it would have a random name and no boundary.
    for (logical, resource) in template.section("Resources") {
        let kind = resource["Type"].as_str().unwrap();
        if kind == "AWS::Serverless::Function" || kind == "AWS::Serverless::StateMachine" {
            assert!(
                resource["Properties"].get("Role").is_some(),
                "{logical} has no role of its own"
            );
        }
    }
}

/// The deployer's policy reaches what begins with `scrubjay-<env>`; a made-up name is out of its reach.
#[test]
fn the_templates_name_everything_within_the_deployers_reach() {
    for template in [template(), gallery()] {
        within_the_deployers_reach(&template);
    }
}

fn within_the_deployers_reach(template: &Template) {
    for (logical, resource) in template.section("Resources") {
        let kind = resource["Type"].as_str().unwrap();
        let (property, prefix) = match kind {
            "AWS::Serverless::Function" => ("FunctionName", "scrubjay-dev-"),
            "AWS::Serverless::StateMachine" | "AWS::Events::Rule" | "AWS::Scheduler::Schedule" => {
                ("Name", "scrubjay-dev-")
            }
            "AWS::IAM::Role" => ("RoleName", "scrubjay-dev-"),
            "AWS::SQS::Queue" => ("QueueName", "scrubjay-dev-"),
            "AWS::SNS::Topic" => ("TopicName", "scrubjay-dev-"),
            "AWS::CloudWatch::Alarm" => ("AlarmName", "scrubjay-dev-"),
            "AWS::CloudWatch::Dashboard" => ("DashboardName", "scrubjay-dev"),
            "AWS::Logs::LogGroup" => ("LogGroupName", "/aws/"),
            // What AWS names by an id of its own: the policy deployer-gallery reaches it by kind, or by its tags.
            kind if [
                "AWS::ApiGateway::",
                "AWS::ApiGatewayV2::",
                "AWS::CloudFront::",
                "AWS::Cognito::UserPoolClient",
            ]
            .iter()
            .any(|of| kind.starts_with(of)) =>
            {
                continue;
            }
            // Without a name of its own, so that CloudFormation's begins with the stack's: scrubjay-<env>-gallery.
            "AWS::S3::Bucket" | "AWS::S3::BucketPolicy" => continue,
            // Parts of the above, reached through them.
            "AWS::Lambda::Permission"
            | "AWS::Lambda::EventSourceMapping"
            | "AWS::SQS::QueuePolicy"
            | "AWS::SNS::TopicPolicy"
            | "AWS::SNS::Subscription" => {
                continue;
            }
            other => panic!("{logical}: terraform/policies/deployer.json.tftpl knows no {other}"),
        };
        let resources = template.resources(kind);
        let name = resources[logical][property].as_str();
        let name = name.unwrap_or_else(|| panic!("{logical} has no {property}"));
        assert!(
            name.starts_with(prefix) && name.contains("scrubjay-dev"),
            "{logical}: {name}"
        );
    }
}

fn sorted(list: &Value) -> Vec<String> {
    let mut items: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    items.sort();
    items
}
