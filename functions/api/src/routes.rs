//! The routes: which call needs which scope, and who answers it. One test compares this table with `gallery/openapi.yaml`;
//! another compares that file with `gallery/template.yaml`.

use jiff::Timestamp;
use serde_json::Value;

use crate::deps::Deps;
use crate::problem::Problem;
use crate::request::Event;
use crate::user::Scope;
use crate::{operations, photos};

/// The OpenAPI document.
pub const OPENAPI: &str = include_str!("../../../gallery/openapi.yaml");

/// Each route, as API Gateway names it, with what it asks for.
pub const ROUTES: &[(&str, Scope)] = &[
    ("GET /openapi.yaml", Scope::Open),
    ("GET /ping", Scope::Read),
    ("GET /photos", Scope::Read),
    ("POST /photos", Scope::Write),
    ("GET /photos/{id}", Scope::Read),
    ("PATCH /photos/{id}", Scope::Write),
    ("DELETE /photos/{id}", Scope::Write),
    ("POST /photos/{id}/release", Scope::Operate),
    ("GET /failures", Scope::Operate),
    ("POST /failures/{execution}/redrive", Scope::Operate),
    ("GET /throughput", Scope::Operate),
];

/// What is answered.
pub enum Answer {
    /// JSON.
    Json(u16, Value),
    /// The OpenAPI document.
    Document,
}

/// Answers a call.
pub async fn answer(deps: &Deps, event: &Event, now: Timestamp) -> Result<Answer, Problem> {
    let route = ROUTES.iter().find(|(route, _)| *route == event.route_key);
    let Some((route, scope)) = route else {
        return Err(Problem::bug(format!("no such route: {}", event.route_key)));
    };
    if *scope == Scope::Open {
        return Ok(Answer::Document);
    }
    let user = event
        .user()
        .ok_or_else(|| Problem::bug("the authorizer has verified no token"))?;
    user.must(*scope)?;
    let user = &user;
    let (status, body) = match *route {
        "GET /ping" => operations::ping(deps, event, now).await,
        "GET /photos" => photos::search(deps, user, event, now).await,
        "POST /photos" => photos::announce(deps, user, event, now).await,
        "GET /photos/{id}" => photos::show(deps, user, event, now).await,
        "PATCH /photos/{id}" => photos::change(deps, user, event, now).await,
        "DELETE /photos/{id}" => photos::delete(deps, user, event).await,
        "POST /photos/{id}/release" => photos::release(deps, user, event, now).await,
        "GET /failures" => operations::failures(deps, event, now).await,
        "POST /failures/{execution}/redrive" => operations::redrive(deps, event).await,
        "GET /throughput" => operations::throughput(deps, event, now).await,
        other => Err(Problem::bug(format!("nobody answers {other}"))),
    }?;
    Ok(Answer::Json(status, body))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use saphyr::{LoadableYamlNode, Yaml};

    use super::*;

    #[test]
    fn routes_and_scopes_are_those_of_the_document() {
        let document = &Yaml::load_from_str(OPENAPI).unwrap()[0];
        let mut documented = BTreeMap::new();
        for (path, item) in document["paths"].as_mapping().unwrap() {
            for (method, operation) in item.as_mapping().unwrap() {
                let method = method.as_str().unwrap().to_uppercase();
                if !["GET", "POST", "PATCH", "DELETE", "PUT"].contains(&&*method) {
                    continue;
                }
                let scope = operation["x-scrubjay-scope"].as_str().unwrap();
                documented.insert(
                    format!("{method} {}", path.as_str().unwrap()),
                    scope.to_owned(),
                );
            }
        }
        let ours = ROUTES
            .iter()
            .map(|(route, scope)| ((*route).to_owned(), scope.name().to_owned()));
        assert_eq!(documented, ours.collect());
    }
}
