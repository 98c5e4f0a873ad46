//! Photos: announced, searched, shown, changed, deleted, released.

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use scrubjay_gallery::aws::NewPhoto;
use scrubjay_gallery::{Cursor, Patch, Photo, PhotoId, Query, State as Known, Texts, owned_key};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::answer::{self, owns};
use crate::audit::{Upload, unavailable};
use crate::deps::Deps;
use crate::form;
use crate::problem::Problem;
use crate::request::Event;
use crate::user::{Scope, User};
use crate::words::State;

/// Photos of a page, unless the call says otherwise.
const PAGE: usize = 30;
/// Photos whose uploads are looked up at one time.
const AT_ONCE: usize = 8;
/// How long the address of a download is good.
const DOWNLOAD: std::time::Duration = std::time::Duration::from_mins(5);
/// Characters of a file's name, at most.
const NAME: usize = 255;

/// A photo that is announced.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Announcement {
    /// The file's name. It is shown and searched, and is no part of the key.
    name: String,
    /// Bytes.
    size: u64,
    /// `image/jpeg`.
    #[serde(rename = "type")]
    media_type: String,
    /// The same token again means the same photo: a call whose answer was lost can be repeated.
    client_token: Option<String>,
    title: Option<String>,
    alt: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

/// `POST /photos`
pub async fn announce(
    deps: &Deps,
    user: &User,
    event: &Event,
    now: Timestamp,
) -> Result<(u16, Value), Problem> {
    let said: Announcement = event.json()?;
    let name = check(deps, &said)?;
    let key = match &said.client_token {
        Some(token) => key(&user.sub, token)?,
        None => key(&user.sub, &random())?,
    };
    let texts = Texts {
        title: said.title.clone(),
        alt: said.alt.clone(),
        tags: said.tags.clone(),
    }
    .checked()?;
    let known = deps.catalogue.get(PhotoId::of(&key)).await?;
    let repeated = known.is_some();
    let photo = if let Some(photo) = known {
        photo
    } else {
        let new = NewPhoto {
            key: key.clone(),
            owner: Some(user.sub.clone()),
            name: Some(name.clone()),
            texts,
        };
        deps.catalogue.announce(new, now).await?
    };
    if photo.name.as_deref() != Some(&*name) {
        return Err(Problem::conflict(
            "This client token belongs to another photo. Take a new token for each photo.",
        ));
    }
    let credentials = deps.credentials().await?;
    let allowed = form::Allowed {
        bucket: &deps.source_bucket,
        url: &deps.source_url,
        region: &deps.region,
        key: &key,
        most: deps.max_bytes,
    };
    let form = form::sign(&allowed, &credentials, now);
    let latest = if repeated {
        deps.audit.uploads(&key).await?
    } else {
        vec![]
    };
    let state = answer::state(&photo, latest.first(), deps.withhold);
    let answer = json!({
        "photo": answer::summary(&photo, state, user, &deps.addresses, now)?,
        "upload": form,
    });
    Ok((if repeated { 200 } else { 201 }, answer))
}

fn check(deps: &Deps, said: &Announcement) -> Result<String, Problem> {
    if said.media_type != form::TYPE {
        return Err(Problem::bad_request(format!(
            "Only {} is taken.",
            form::TYPE
        )));
    }
    if said.size == 0 {
        return Err(Problem::bad_request("The file is empty."));
    }
    if said.size > deps.max_bytes {
        return Err(Problem::too_large(format!(
            "The file has {} bytes; the limit is {}.",
            said.size, deps.max_bytes
        )));
    }
    // Some browsers put the file's path in front of the name. The path is private, so it is dropped.
    let name = said
        .name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .trim();
    let length = name.chars().count();
    if length == 0
        || length > NAME
        || name.chars().any(char::is_control)
        || name == "."
        || name == ".."
    {
        return Err(Problem::bad_request(format!(
            "The file's name must have 1 to {NAME} characters and no control characters."
        )));
    }
    Ok(name.to_owned())
}

/// A key of the server's choice below the user's prefix. The same token of the same user gives the same key.
fn key(sub: &str, token: &str) -> Result<String, Problem> {
    let fits = (8..=64).contains(&token.len())
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !fits {
        return Err(Problem::bad_request(
            "A client token has 8 to 64 letters, digits, hyphens and underscores.",
        ));
    }
    let digest = Sha256::digest(format!("{sub}\n{token}"));
    let (first, _) = digest.split_at(16);
    let hex = form::hex(first);
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    let id = [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-");
    Ok(owned_key(sub, &id))
}

fn random() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// `GET /photos`
pub async fn search(
    deps: &Deps,
    user: &User,
    event: &Event,
    now: Timestamp,
) -> Result<(u16, Value), Problem> {
    let asked = event.query(&[
        "q", "label", "tag", "from", "to", "state", "mine", "limit", "cursor",
    ])?;
    let words = asked.one("q")?.unwrap_or_default();
    // If every word has only one letter, the user is still typing, and nothing is searched. The other parameters are checked
    // all the same.
    let begins = !words.trim().is_empty()
        && words
            .split_whitespace()
            .all(|word| word.chars().count() < 2);
    let query = Query::new(if begins { "" } else { words })?;
    let mut query = query.between(
        asked
            .one("from")?
            .map(|text| day(text, "from", false))
            .transpose()?,
        asked
            .one("to")?
            .map(|text| day(text, "to", true))
            .transpose()?,
    )?;
    for label in asked.all("label") {
        query = query.label(label)?;
    }
    for tag in asked.all("tag") {
        query = query.tag(tag)?;
    }
    let mine = match asked.one("mine")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::bad_request("mine is true or false.")),
    };
    let state = asked.one("state")?.map(str::parse::<Known>).transpose();
    let state =
        state.map_err(|_| Problem::bad_request("state is awaited, published or unpublished."))?;
    // Only its owner and operators may see what is not published.
    let all = user.may(Scope::Operate);
    let published = matches!(state, None | Some(Known::Published));
    if mine || !(published || all) {
        query = query.owner(&user.sub)?;
    }
    if let Some(state) = state.or((!mine).then_some(Known::Published)) {
        query = query.state(state)?;
    }
    let query = query.hide_flagged(deps.withhold && !all && !mine);
    let limit = match asked.one("limit")? {
        None => PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=scrubjay_gallery::PAGE_LIMIT).contains(limit))
            .ok_or_else(|| {
                Problem::bad_request(format!("limit is 1 to {}.", scrubjay_gallery::PAGE_LIMIT))
            })?,
    };
    let cursor = asked.one("cursor")?.map(str::parse::<Cursor>).transpose()?;
    if begins {
        return Ok((200, json!({"photos": [], "next": null})));
    }
    let page = deps
        .catalogue
        .search(&query, cursor.as_ref(), limit)
        .await?;
    let photos: Vec<Value> = stream::iter(page.photos)
        .map(async |photo| {
            let latest = latest(deps, &photo).await?;
            let state = answer::state(&photo, latest.as_ref(), deps.withhold);
            answer::visible(&photo, state, user)
                .then(|| answer::summary(&photo, state, user, &deps.addresses, now))
                .transpose()
        })
        .buffered(AT_ONCE)
        .try_filter_map(async |photo| Ok(photo))
        .try_collect()
        .await?;
    let next = page.cursor.map(|cursor| cursor.to_string());
    Ok((200, json!({"photos": photos, "next": next})))
}

/// The latest upload of a photo that is not published. For a published photo the audit table is not read.
async fn latest(deps: &Deps, photo: &Photo) -> Result<Option<Upload>, Problem> {
    if photo.state == Known::Published {
        return Ok(None);
    }
    Ok(deps.audit.uploads(&photo.key).await?.into_iter().next())
}

/// A day or a time. A day begins at midnight UTC and, as an end, ends a moment before the next.
fn day(text: &str, name: &str, end: bool) -> Result<Timestamp, Problem> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let wrong = || {
        Problem::bad_request(format!(
            "{name} is a day such as 2026-11-25, or a time such as 2026-11-25T08:00:00Z."
        ))
    };
    let day: Date = text.parse().map_err(|_| wrong())?;
    let midnight = day
        .to_zoned(TimeZone::UTC)
        .map_err(|_| wrong())?
        .timestamp();
    let last = SignedDuration::from_hours(24) - SignedDuration::from_millis(1);
    Ok(if end {
        midnight.saturating_add(last).unwrap_or(midnight)
    } else {
        midnight
    })
}

/// The photo of the path, if this user may know of it, and what became of it.
async fn find(
    deps: &Deps,
    user: &User,
    event: &Event,
) -> Result<(Photo, State, Vec<Upload>), Problem> {
    let id: PhotoId = event.path("id").parse().map_err(|_| Problem::not_found())?;
    let photo = deps
        .catalogue
        .get(id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let uploads = deps.audit.uploads(&photo.key).await?;
    let state = answer::state(&photo, uploads.first(), deps.withhold);
    if !answer::visible(&photo, state, user) {
        return Err(Problem::not_found());
    }
    Ok((photo, state, uploads))
}

/// As [`find`], but only if this user may change the photo.
async fn find_own(
    deps: &Deps,
    user: &User,
    event: &Event,
) -> Result<(Photo, State, Vec<Upload>), Problem> {
    let found = find(deps, user, event).await?;
    if !owns(&found.0, user) {
        return Err(Problem::forbidden("The photo belongs to somebody else."));
    }
    Ok(found)
}

/// `GET /photos/{id}`
pub async fn show(
    deps: &Deps,
    user: &User,
    event: &Event,
    now: Timestamp,
) -> Result<(u16, Value), Problem> {
    event.query(&[])?;
    let (photo, state, uploads) = find(deps, user, event).await?;
    whole(deps, user, &photo, state, &uploads, now).await
}

async fn whole(
    deps: &Deps,
    user: &User,
    photo: &Photo,
    state: State,
    uploads: &[Upload],
    now: Timestamp,
) -> Result<(u16, Value), Problem> {
    let mut answer = answer::summary(photo, state, user, &deps.addresses, now)?;
    let download = match &photo.published {
        Some(_) if state == State::Published || owns(photo, user) => Some(
            deps.download(&photo.key, answer::name(photo), DOWNLOAD)
                .await?,
        ),
        _ => None,
    };
    answer["download"] = json!(download);
    if owns(photo, user) {
        answer::story(&mut answer, photo, state, uploads);
    }
    Ok((200, answer))
}

/// `PATCH /photos/{id}`
pub async fn change(
    deps: &Deps,
    user: &User,
    event: &Event,
    now: Timestamp,
) -> Result<(u16, Value), Problem> {
    let patch: Patch = event.json()?;
    let (photo, _, uploads) = find_own(deps, user, event).await?;
    let photo = deps.catalogue.patch(photo.id, &patch, now).await?;
    let state = answer::state(&photo, uploads.first(), deps.withhold);
    whole(deps, user, &photo, state, &uploads, now).await
}

/// `DELETE /photos/{id}`: deletes the photo in bucket A; the pipeline then removes it everywhere else.
pub async fn delete(deps: &Deps, user: &User, event: &Event) -> Result<(u16, Value), Problem> {
    let (photo, ..) = find_own(deps, user, event).await?;
    deps.s3
        .delete_object()
        .bucket(&deps.source_bucket)
        .key(&photo.key)
        .send()
        .await
        .map_err(unavailable)?;
    Ok((
        202,
        json!({"id": photo.id, "says": "The photo is being deleted."}),
    ))
}

/// `POST /photos/{id}/release`
pub async fn release(
    deps: &Deps,
    user: &User,
    event: &Event,
    now: Timestamp,
) -> Result<(u16, Value), Problem> {
    let (photo, _, uploads) = find(deps, user, event).await?;
    if !photo.is_flagged() {
        return Err(Problem::conflict(
            "The photo is not flagged, or was released before.",
        ));
    }
    let photo = deps.catalogue.release(photo.id, &user.sub, now).await?;
    let state = answer::state(&photo, uploads.first(), deps.withhold);
    whole(deps, user, &photo, state, &uploads, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_token_of_the_same_user_is_the_same_key() {
        let one = key("user-1", "token-0001").unwrap();
        assert_eq!(one, key("user-1", "token-0001").unwrap());
        assert_ne!(one, key("user-2", "token-0001").unwrap());
        assert_ne!(one, key("user-1", "token-0002").unwrap());
        assert!(
            one.starts_with("u/user-1/") && one.strip_suffix(".jpg").is_some(),
            "{one}"
        );
        for token in ["short", "../../etc/passwd", "with space", &"x".repeat(65)] {
            assert_eq!(key("u", token).unwrap_err().status, 400, "{token}");
        }
    }

    #[test]
    fn a_day_ends_before_the_next() {
        let at = |text, end| day(text, "from", end).unwrap().to_string();
        assert_eq!(at("2026-11-25", false), "2026-11-25T00:00:00Z");
        assert_eq!(at("2026-11-25", true), "2026-11-25T23:59:59.999Z");
        assert_eq!(
            at("2026-11-25T08:00:00+01:00", false),
            "2026-11-25T07:00:00Z"
        );
        for wrong in ["yesterday", "2026-13-01", "25.11.2026"] {
            assert_eq!(
                day(wrong, "from", false).unwrap_err().status,
                400,
                "{wrong}"
            );
        }
    }
}
