//! Tries every request and checks what must never be allowed.

use aws_sdk_s3::primitives::ByteStream;
use scrubjay_tests::iac::environment::Environment;
use scrubjay_tests::iac::policy::{Decision, Request, decide};
use scrubjay_tests::{World, clean, on_enforcing_stack, unique_sample};

use super::attempt::{Act, Attempts, GALLERY_PLACES, PLACES, Place, expected};
use super::page;
use super::principal::{Principal, everybody, gallery};

/// Whether the emulator can answer; else the policies themselves are evaluated. The emulator's S3 and `DynamoDB` encrypt nothing
/// and ask no key. It does not show policies the tags that a request sets, nor the source of an event. It has no `ChangePassword`,
/// and nobody can act as `CloudFront`.
fn enforced(who: &Principal, place: Place, act: Act) -> bool {
    let asked_by_a_service = matches!(place, Place::KeyThroughS3(_) | Place::KeyThroughDynamoDb(_));
    let unknown = place == Place::Bus || matches!(act, Act::MarkVersion | Act::ChangeOwnPassword);
    // The emulator does not recognise an unsigned request as one to IAM.
    let astray = who.credentials.is_none() && act == Act::SeePasswordRules;
    who.service.is_none() && !asked_by_a_service && !unknown && !astray
}

/// One answer.
pub struct Cell {
    /// Who asked.
    pub who: &'static str,
    /// For what.
    pub place: Place,
    /// To do what.
    pub act: Act,
    /// Whether they may.
    pub allowed: bool,
    /// Whether it was tried.
    pub tried: bool,
}

#[test]
fn everybody_may_do_what_the_policies_say_and_no_more() {
    on_enforcing_stack(async |world| {
        let environment = Environment::of(world.names());
        let everybody = everybody(world.stack(), &environment).await;
        let cells = try_everything(world, &environment, &everybody, &PLACES).await;
        nobody_reaches_too_far(&cells);
        no_role_is_granted_both_ends(&environment, &everybody);
        let gallery = gallery(world.stack(), &environment).await;
        let of_gallery = try_everything(world, &environment, &gallery, &GALLERY_PLACES).await;
        the_gallery_shows_and_does_not_look_behind(&of_gallery);
        no_role_is_granted_both_ends(&environment, &gallery);
        page::compare(&cells, &of_gallery);
        a_photo_goes_through(world, &environment, &everybody).await;
    });
}

async fn try_everything(
    world: &World,
    environment: &Environment,
    everybody: &[Principal],
    places: &[(Place, &[Act])],
) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut wrong = Vec::new();
    for who in everybody {
        let attempts = Attempts::of(who, world.stack(), environment).await;
        for &(place, acts) in places {
            for &act in acts {
                let allowed = expected(environment, who, place, act);
                let tried = enforced(who, place, act);
                if tried && attempts.try_it(place, act).await != allowed {
                    let verdict = if allowed { "denied" } else { "allowed" };
                    wrong.push(format!(
                        "{}: {act:?} ({}) on {place:?} was {verdict}, against the policies",
                        who.name,
                        act.action()
                    ));
                }
                cells.push(Cell {
                    who: who.name,
                    place,
                    act,
                    allowed,
                    tried,
                });
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    cells
}

/// By its own policies alone, without those of buckets and boundary, which would stop it too.
fn no_role_is_granted_both_ends(environment: &Environment, everybody: &[Principal]) {
    for who in everybody.iter().filter(|who| who.boundary.is_some()) {
        let granted = |bucket: &str, actions: &[&str]| {
            let object = format!("{}/k", environment.bucket_arn(bucket));
            let request = |action| Request::new(who.arn.as_deref(), action, &object);
            actions
                .iter()
                .any(|action| decide(&who.granted, &request(action)) == Decision::Allow)
        };
        let reads = granted("source", &["s3:GetObject", "s3:GetObjectVersion"]);
        let changes = ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"];
        assert!(
            !(reads && granted("destination", &changes)),
            "{} is granted to read A and to write B",
            who.name
        );
    }
}

/// What must hold in the table, whatever the policies say.
fn nobody_reaches_too_far(cells: &[Cell]) {
    let (source, destination) = (Place::Bucket("source"), Place::Bucket("destination"));
    let may = |who: &str, covers: &dyn Fn(&Cell) -> bool| {
        cells
            .iter()
            .any(|cell| cell.who == who && cell.allowed && covers(cell))
    };
    for cell in cells {
        let Cell {
            who, place, act, ..
        } = *cell;
        let reads_source = may(who, &|c| c.place == source && c.act.reads());
        let writes_destination = may(who, &|c| c.place == destination && c.act.writes());
        assert!(
            !(reads_source && writes_destination),
            "{who} reads A and writes B"
        );
        let shows_b = (place == destination && !act.writes())
            || (place == Place::KeyThroughS3("destination") && act == Act::Decrypt);
        let within = match who {
            "user-a" => [source, Place::KeyThroughS3("source"), Place::Passwords].contains(&place),
            "user-b" => shows_b || place == Place::Passwords,
            "website-reader" | "additional-reader" => shows_b,
            "cloudfront" => shows_b && act != Act::List,
            "operator" => match place {
                Place::Table => !matches!(act, Act::PutItem | Act::UpdateItem | Act::DeleteItem),
                Place::RestoredTable | Place::KeyThroughDynamoDb("audit" | "restored") => true,
                Place::Bucket("source") => act == Act::List,
                _ => false,
            },
            "anonymous" => false,
            _ => true,
        };
        assert!(!cell.allowed || within, "{who} may {act:?} on {place:?}");
    }
    // The table is not empty: each principal may do what it is there for.
    assert!(may("user-a", &|c| c.place == source
        && c.act == Act::PutUnconditional));
    assert!(may("user-b", &|c| c.place == destination && c.act == Act::Get));
    assert!(may("validate", &|c| c.place == source && c.act.reads()));
    assert!(may("publish", &|c| c.place == destination && c.act.writes()));
    for who in ["additional-reader", "cloudfront"] {
        assert!(may(who, &|c| c.place == destination && c.act == Act::Get));
        assert!(may(who, &|c| c.place == Place::KeyThroughS3("destination")));
    }
    for who in ["user-a", "user-b"] {
        assert!(may(who, &|c| c.act == Act::ChangeOwnPassword));
    }
    assert!(may("operator", &|c| c.place == Place::RestoredTable));
    // The right to a restored table gives access to no other table.
    assert!(
        cells
            .iter()
            .all(|c| c.place != Place::OtherTable || !c.allowed)
    );
}

/// What must hold in the gallery's table, whatever the policies say.
fn the_gallery_shows_and_does_not_look_behind(cells: &[Cell]) {
    for cell in cells.iter().filter(|cell| cell.allowed) {
        let Cell {
            who, place, act, ..
        } = *cell;
        assert!(
            place != Place::Bucket("source") || !act.reads(),
            "{who} reads originals"
        );
        assert!(
            place != Place::Bucket("destination") || !act.writes(),
            "{who} writes what the website shows"
        );
        assert!(
            place != Place::Bucket("derivatives") || !act.writes() || who == "derive",
            "{who} writes derivatives"
        );
        let changes = [Act::PutItem, Act::UpdateItem, Act::DeleteItem];
        assert!(
            place != Place::Table || !changes.contains(&act),
            "{who} writes the audit table"
        );
    }
    let may = |who: &str, place: Place, act: Act| {
        let of = |c: &&Cell| c.who == who && c.place == place && c.act == act;
        cells.iter().find(of).is_some_and(|cell| cell.allowed)
    };
    assert!(may(
        "derive",
        Place::Bucket("derivatives"),
        Act::PutUnconditional
    ));
    assert!(may("derive", Place::Catalogue, Act::PutItem));
    assert!(may("api", Place::Bucket("source"), Act::PutUnconditional));
}

/// User A uploads, the pipeline works under all these policies, user B sees the clean photo.
async fn a_photo_goes_through(world: &World, environment: &Environment, everybody: &[Principal]) {
    let client = |name: &str| {
        let who = everybody.iter().find(|who| who.name == name).unwrap();
        let config = aws_sdk_s3::config::Builder::from(&who.config(world.stack()));
        aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
    };
    let (uploader, viewer) = (client("user-a"), client("user-b"));
    let (a, b) = (
        environment.bucket("source"),
        environment.bucket("destination"),
    );
    for sample in ["beach.jpg", "portrait.JPG"] {
        let key = format!("enforced/{sample}");
        let data = unique_sample(sample, &key);
        let put = uploader.put_object().bucket(&a).key(&key);
        let put = put.body(ByteStream::from(data.clone())).send().await;
        let put = put.expect("an upload of user A");
        let etag = put.e_tag().unwrap().trim_matches('"');
        world.ended(&key, etag, "CLEANED").await;
        let get = viewer.get_object().bucket(&b).key(&key).send().await;
        let body = get.expect("what user B sees").body.collect().await;
        assert_eq!(body.unwrap().to_vec(), clean(&data), "{key}");
    }
    let key = "enforced/beach.jpg";
    let delete = uploader.delete_object().bucket(&a).key(key).send().await;
    delete.expect("a delete of user A");
    world.until_published(key, None).await;
}
