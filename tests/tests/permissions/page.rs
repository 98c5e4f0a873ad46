//! The page `docs/permissions.md`, made of the answers.

use std::collections::BTreeSet;
use std::fmt::Write;

use scrubjay_tests::iac::{read, root};

use super::attempt::{Act, GALLERY_PLACES, PLACES, Place};
use super::matrix::Cell;

const PAGE: &str = "docs/permissions.md";

const HEAD: &str = "\
# Who may do what

Made by the test `tests/tests/permissions.rs`; do not edit it by hand: `UPDATE_DOCS=1 cargo test -p scrubjay-tests --test
permissions` writes it anew, and without `UPDATE_DOCS` the test fails when it differs.

The test starts the emulated AWS with IAM enforced, deploys `template.yaml`, and puts the policies of `terraform/policies/`
in their places: those of the users and of the website's servers, of the buckets and of the key, and the boundary on every role of
the application. Then every principal tries every action with its own credentials. Each answer must be the one that the policies
give by IAM's documented evaluation (`tests/src/iac/policy.rs`); so the two hold each other.

* **✓** allowed, **–** denied.
* **†** not tried: the emulator does not enforce it ([how that was found](emulator.md#permissions)). The answer is that of the
  policies alone. It concerns: the key, which S3 and DynamoDB ask in the name of whoever reads or writes (*key, through S3*, *key,
  through DynamoDB*), and the emulated ones do not (*key* itself is asked directly); policies that ask which tags a request sets,
  or of which source an event is; changing one's password; and CloudFront, which asks in its own name (`checks/run cloudfront` tries bucket B's policy).
* `report` may query the table and update items for its own items and those of reconcile alone, and put reports below `weekly/`
  alone: the first by the condition `dynamodb:LeadingKeys`, which the emulator does not show to policies.
* The columns of machines and of `events` are their roles', tried with a session of the role. Within an execution the emulator
  does not ask.
* *anonymous* is a request without a signature; *cloudfront* a distribution of `reader_distribution_arns`; *additional-reader* a
  role of `additional_reader_arns` with the policy `scrubjay-<env>-reader`; *operator* has the policy `scrubjay-<env>-operator`.
* `bucket-secure-transport` is left out of the tries, since the emulator speaks plain HTTP; `tests/tests/policies_access.rs`
  asks it. So do `tests/tests/policies_*.rs` what no table shows: address ranges, prefixes, an administrator, the deployer.

";

const GALLERY: &str = "\
# The gallery's roles

The roles of `gallery/template.yaml` under their own boundary, tried in the same way. They try keys below `u/`, the folder in which
the pages' users upload; the API may put and delete there alone.

";

/// Compares the page with what is in the repository, or writes it.
pub fn compare(cells: &[Cell], gallery: &[Cell]) {
    let mut page = HEAD.to_owned();
    tables(&mut page, cells, &PLACES);
    page.push_str(GALLERY);
    tables(&mut page, gallery, &GALLERY_PLACES);
    page.truncate(page.trim_end().len());
    page.push('\n');
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(PAGE), page).expect("the page");
        return;
    }
    assert_eq!(
        read(PAGE),
        page,
        "{PAGE} is out of date; UPDATE_DOCS=1 writes it anew"
    );
}

fn tables(page: &mut String, cells: &[Cell], places: &[(Place, &[Act])]) {
    let mut seen = BTreeSet::new();
    let names: Vec<&str> = cells
        .iter()
        .map(|cell| cell.who)
        .filter(|who| seen.insert(*who))
        .collect();
    let rule = "| --- ".repeat(names.len() + 1);
    for &(place, acts) in places {
        let (title, head) = (title(place), names.join(" | "));
        write!(page, "## {title}\n| | {head} |\n{rule}|\n").unwrap();
        for &act in acts {
            write!(page, "| {} |", label(act)).unwrap();
            for who in &names {
                let of = |c: &&Cell| c.who == *who && c.place == place && c.act == act;
                let cell = cells.iter().find(of).expect("a cell");
                let answer = if cell.allowed { "✓" } else { "–" };
                let mark = if cell.tried { "" } else { "†" };
                write!(page, " {answer}{mark} |").unwrap();
            }
            page.push('\n');
        }
        page.push('\n');
    }
}

fn title(place: Place) -> String {
    let bucket = |role| match role {
        "source" => "bucket A",
        "destination" => "bucket B",
        "reports" => "reports",
        "derivatives" => "derivatives",
        _ => "staging",
    };
    match place {
        Place::Bucket(role) => bucket(role).to_owned(),
        Place::Table => "audit table".to_owned(),
        Place::Catalogue => "catalogue".to_owned(),
        Place::RestoredTable => "a table restored from the audit table".to_owned(),
        Place::OtherTable => "a table of somebody else's".to_owned(),
        Place::Bus => "event bus".to_owned(),
        Place::Parameter => "parameters".to_owned(),
        Place::Key => "key".to_owned(),
        Place::KeyThroughS3(role) => format!("key, through S3, for {}", bucket(role)),
        Place::KeyThroughDynamoDb(table) => format!(
            "key, through DynamoDB, for {}",
            match table {
                "audit" => "the audit table",
                "restored" => "a table restored from it",
                _ => "a table of somebody else's",
            }
        ),
        Place::Passwords => "passwords".to_owned(),
    }
}

fn label(act: Act) -> &'static str {
    match act {
        Act::List => "list",
        Act::Get | Act::GetParameter => "get",
        Act::GetVersion => "get a version",
        Act::PutIfNoneMatch => "put, `If-None-Match`",
        Act::PutIfMatch => "put, `If-Match`",
        Act::PutUnconditional => "put, unconditional",
        Act::Delete => "delete",
        Act::DeleteVersion => "delete a version",
        Act::MarkVersion => "mark a version as refused",
        Act::GetTags => "read the tags",
        Act::Announce => "send *Upload Settled*",
        Act::AnnounceAnything => "send an event of another source",
        Act::GetItem => "get item",
        Act::Query => "query",
        Act::QueryIndex => "query index `by-status`",
        Act::PutItem => "put item",
        Act::UpdateItem => "update item",
        Act::DeleteItem => "delete item, as `audit erase` does",
        Act::Decrypt => "decrypt",
        Act::GenerateDataKey => "generate a data key",
        Act::ChangeOwnPassword => "change one's own",
        Act::SeePasswordRules => "see the account's rules",
    }
}
