//! A photo as the API shows it.

use jiff::Timestamp;
use scrubjay_gallery::{Photo, State as Known};
use scrubjay_pipeline::audit::{Status, stamp};
use serde_json::{Value, json};

use crate::address::Addresses;
use crate::audit::Upload;
use crate::problem::Problem;
use crate::user::{Scope, User};
use crate::words::{self, State};

/// The state of a photo. The catalogue says whether it is published; otherwise its latest upload decides.
pub fn state(photo: &Photo, latest: Option<&Upload>, withhold: bool) -> State {
    if photo.state == Known::Published {
        return if withhold && photo.is_flagged() {
            State::Flagged
        } else {
            State::Published
        };
    }
    match latest.map(|upload| upload.status) {
        None if photo.state == Known::Awaited => State::Awaited,
        // If the upload is CLEANED, bucket B has the photo, and the catalogue will show it shortly.
        Some(Status::Processing | Status::Cleaned) if photo.state == Known::Awaited => {
            State::Processing
        }
        Some(Status::Processing) => State::Processing,
        Some(Status::Rejected) => State::Rejected,
        Some(Status::Failed) => State::Failed,
        Some(Status::Superseded) => State::Superseded,
        None | Some(Status::Cleaned | Status::Retracted) => State::Retracted,
    }
}

/// Whether a user may know of a photo at all.
pub fn visible(photo: &Photo, state: State, user: &User) -> bool {
    state == State::Published || owns(photo, user)
}

/// Whether a user may change and delete a photo, and see what became of it.
pub fn owns(photo: &Photo, user: &User) -> bool {
    user.may(Scope::Operate)
        || (user.may(Scope::Write) && photo.owner.as_deref() == Some(&*user.sub))
}

/// The photo in a list: what a grid needs.
pub fn summary(
    photo: &Photo,
    state: State,
    user: &User,
    addresses: &Addresses,
    now: Timestamp,
) -> Result<Value, Problem> {
    let published = photo.published.as_ref();
    let shown = state == State::Published || (state == State::Flagged && owns(photo, user));
    let derivatives: Vec<Value> = published
        .filter(|_| shown)
        .map_or(&[][..], |p| &p.derivatives)
        .iter()
        .map(|one| {
            let address = addresses.of(&one.key, now).map_err(Problem::unavailable)?;
            Ok::<_, Problem>(json!({
                "width": one.width,
                "height": one.height,
                "bytes": one.bytes,
                "url": address,
            }))
        })
        .collect::<Result<_, _>>()?;
    let labels = photo.current_analysis().map_or(&[][..], |a| &a.labels);
    let known = |pixels: u32| (pixels > 0).then_some(pixels);
    Ok(json!({
        "id": photo.id,
        "name": name(photo),
        "title": photo.texts.title,
        "alt": photo.texts.alt,
        "tags": photo.texts.tags,
        "labels": labels.iter().map(|label| json!({"name": label.name, "confidence": label.confidence})).collect::<Vec<_>>(),
        "state": state,
        "says": state.says(),
        "createdAt": stamp(photo.date),
        "updatedAt": stamp(photo.updated_at),
        "publishedAt": published.map(|p| stamp(p.at)),
        "width": published.and_then(|p| known(p.width)),
        "height": published.and_then(|p| known(p.height)),
        "bytes": published.map(|p| p.bytes),
        "thumbhash": published.and_then(|p| p.thumbhash.clone()),
        "colours": published.map_or(vec![], |p| p.colours.iter().map(|c| c.hex.clone()).collect()),
        "derivatives": derivatives,
        "mine": photo.owner.as_deref() == Some(&*user.sub),
        "mayEdit": owns(photo, user),
        "mayDelete": owns(photo, user),
    }))
}

/// The file's name for people: what its owner called it, or the end of its key.
pub fn name(photo: &Photo) -> &str {
    photo
        .name
        .as_deref()
        .unwrap_or_else(|| photo.key.rsplit('/').next().unwrap_or(&photo.key))
}

/// What became of it, for its owner and for operators: added to a summary.
pub fn story(answer: &mut Value, photo: &Photo, state: State, uploads: &[Upload]) {
    let latest = uploads.first();
    let removed = latest.and_then(|upload| {
        let exif = upload.exif;
        upload.removed.as_ref().map(|removed| {
            let told = removed.iter().map(|one| {
                let (groups, says) = words::removed(&one.kind, exif);
                json!({"kind": one.kind, "count": one.count, "bytes": one.bytes, "groups": groups, "says": says})
            });
            told.collect::<Vec<_>>()
        })
    });
    let error = latest
        .and_then(|upload| upload.error.as_ref())
        .filter(|_| matches!(state, State::Rejected | State::Failed))
        .map(|reason| {
            let (says, todo) = if state == State::Rejected {
                words::refusal(&reason.name)
            } else {
                (
                    "Nothing is lost.",
                    "The operators have been told and will put it through again.",
                )
            };
            json!({"name": reason.name, "says": says, "todo": todo})
        });
    let mut history: Vec<_> = uploads.iter().flat_map(|upload| &upload.history).collect();
    history.sort_by(|a, b| a.at.cmp(&b.at));
    let history: Vec<Value> = history
        .iter()
        .map(|event| {
            let status = event.status.as_str().to_lowercase();
            json!({"at": event.at, "status": status, "says": words::event(event.status)})
        })
        .collect();
    let orientation = latest.and_then(|upload| upload.orientation.as_deref());
    let more = json!({
        "key": photo.key,
        "removed": removed,
        "kept": latest.map_or(vec![], |upload| upload.kept.iter().map(|kind| json!({"kind": kind, "says": words::kept(kind)})).collect()),
        "orientation": orientation.map(|name| json!({"name": name, "says": words::orientation(name)})),
        "error": error,
        "history": history,
    });
    if let (Some(answer), Value::Object(more)) = (answer.as_object_mut(), more) {
        answer.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn user(sub: &str, group: &str) -> User {
        let claims = [("sub", sub), ("cognito:groups", group)];
        let claims: BTreeMap<_, _> = claims.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        User::from_claims(&claims).unwrap()
    }

    fn upload(status: Status) -> Upload {
        serde_json::from_value(json!({
            "object": "a/u/1/2.jpg", "status": status, "execution": "e", "updatedAt": "2026-11-25T10:00:00Z",
            "error": {"name": "CorruptJpeg", "message": "no EOI", "state": "Validate"},
        }))
        .unwrap()
    }

    #[test]
    fn the_latest_upload_says_how_a_photo_stands_until_it_is_published() {
        let now = Timestamp::UNIX_EPOCH;
        let awaited = Photo::new("u/1/2.jpg", Known::Awaited, now);
        let of =
            |photo: &Photo, status: Option<Status>| state(photo, status.map(upload).as_ref(), true);
        assert_eq!(of(&awaited, None), State::Awaited);
        assert_eq!(of(&awaited, Some(Status::Cleaned)), State::Processing);
        assert_eq!(of(&awaited, Some(Status::Rejected)), State::Rejected);
        let gone = Photo::new("u/1/2.jpg", Known::Unpublished, now);
        assert_eq!(of(&gone, Some(Status::Cleaned)), State::Retracted);
        let published = Photo::new("u/1/2.jpg", Known::Published, now);
        assert_eq!(of(&published, Some(Status::Failed)), State::Published);
    }

    #[test]
    fn what_is_not_published_is_its_owners() {
        let mut photo = Photo::new("u/1/2.jpg", Known::Awaited, Timestamp::UNIX_EPOCH);
        photo.owner = Some("1".into());
        assert!(visible(&photo, State::Awaited, &user("1", "uploaders")));
        assert!(!visible(&photo, State::Awaited, &user("2", "uploaders")));
        assert!(visible(&photo, State::Awaited, &user("2", "operators")));
        assert!(visible(&photo, State::Published, &user("2", "viewers")));
        // Who was taken out of the group of uploaders owns nothing any more.
        assert!(!owns(&photo, &user("1", "viewers")));
    }

    #[test]
    fn an_error_is_told_by_name_and_in_words_without_its_message() {
        let photo = Photo::new("u/1/2.jpg", Known::Awaited, Timestamp::UNIX_EPOCH);
        let mut answer = json!({});
        story(
            &mut answer,
            &photo,
            State::Rejected,
            &[upload(Status::Rejected)],
        );
        assert_eq!(answer["error"]["name"], "CorruptJpeg");
        assert!(!answer.to_string().contains("no EOI"));
    }
}
