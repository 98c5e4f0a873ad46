//! A call as API Gateway hands it over, and the checks that come before anything is looked up.

use std::collections::BTreeMap;

use base64::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::problem::Problem;
use crate::user::User;

/// Bytes of a body, at most. The longest that is taken, a photo's texts, has a few thousand.
const BODY: usize = 64 * 1024;

/// The event of an HTTP API, payload format 2.0
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>), as far as it is
/// read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `GET /photos/{id}`.
    pub route_key: String,
    #[serde(default, deserialize_with = "or_null")]
    raw_query_string: String,
    #[serde(default, deserialize_with = "or_null")]
    headers: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "or_null")]
    path_parameters: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context,
}

/// Decodes a field for which null means the same as a missing field.
fn or_null<'de, D, T>(value: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(value).map(Option::unwrap_or_default)
}

#[derive(Debug, Deserialize)]
struct Context {
    #[serde(default)]
    authorizer: Option<Authorizer>,
}

#[derive(Debug, Deserialize)]
struct Authorizer {
    #[serde(default)]
    jwt: Option<Jwt>,
}

#[derive(Debug, Deserialize)]
struct Jwt {
    #[serde(default)]
    claims: BTreeMap<String, String>,
}

impl Event {
    /// Who calls, by the claims that the authorizer has verified. `None` on a route without an authorizer.
    pub fn user(&self) -> Option<User> {
        let jwt = self.request_context.authorizer.as_ref()?.jwt.as_ref()?;
        User::from_claims(&jwt.claims)
    }

    /// A parameter of the path.
    pub fn path(&self, name: &str) -> &str {
        self.path_parameters.get(name).map_or("", String::as_str)
    }

    /// The parameters of the query, none of which may be unknown.
    pub fn query(&self, known: &[&str]) -> Result<Parameters, Problem> {
        let mut parameters = Parameters::default();
        for (name, value) in form_urlencoded::parse(self.raw_query_string.as_bytes()) {
            if !known.contains(&&*name) {
                return Err(Problem::bad_request(format!(
                    "There is no parameter of this name. Those that there are: {}.",
                    if known.is_empty() {
                        "none".to_owned()
                    } else {
                        known.join(", ")
                    }
                )));
            }
            parameters.0.push((name.into_owned(), value.into_owned()));
        }
        Ok(parameters)
    }

    /// The body, a JSON object. An array is refused, because its items would otherwise be taken for the object's fields in
    /// their order.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let body = self.body.as_deref().unwrap_or_default();
        // Base64 is a third longer.
        let most = if self.is_base64_encoded {
            BODY * 4 / 3
        } else {
            BODY
        };
        if body.len() > most {
            return Err(Problem::too_large(format!(
                "The body has more than {BODY} bytes."
            )));
        }
        let content_type = self.headers.get("content-type").map_or("", String::as_str);
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Problem::unsupported_type());
        }
        let decoded;
        let bytes = if self.is_base64_encoded {
            decoded = BASE64_STANDARD
                .decode(body)
                .map_err(|_| Problem::bad_request("The body is not what it is said to be."))?;
            &decoded
        } else {
            body.as_bytes()
        };
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::bad_request("The body is no JSON object."));
        }
        serde_json::from_slice(bytes)
            .map_err(|error| Problem::bad_request(format!("The body is not right: {error}.")))
    }

    /// An event with these parts and nothing else.
    #[cfg(test)]
    pub fn of(route_key: &str, query: &str, body: Option<&str>) -> Self {
        Self {
            route_key: route_key.into(),
            raw_query_string: query.into(),
            headers: BTreeMap::from([("content-type".into(), "application/json".into())]),
            path_parameters: BTreeMap::new(),
            body: body.map(Into::into),
            is_base64_encoded: false,
            request_context: Context { authorizer: None },
        }
    }
}

/// Parameters of a query, in their order.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// One that may come once; empty counts as not there.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Problem> {
        let mut found = self.all(name);
        let first = found.next();
        if found.next().is_some() {
            return Err(Problem::bad_request(format!("{name} is given twice.")));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// One that may come several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_that_there_are() {
        let event = Event::of("GET /photos", "q=a+b&tag=x&tag=y&q=", None);
        let query = event.query(&["q", "tag"]).unwrap();
        assert_eq!(query.all("tag").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(query.one("q").unwrap_err().status, 400);
        assert_eq!(event.query(&["q"]).unwrap_err().status, 400);
    }

    #[test]
    fn a_body_is_json_of_sane_size() {
        #[derive(Debug, Deserialize)]
        struct Body {
            one: u8,
        }
        let body = |text: &str| Event::of("POST /photos", "", Some(text)).json::<Body>();
        assert_eq!(body(" {\"one\": 1}").unwrap().one, 1);
        for wrong in ["{", "[1]", "", "null", "1", "{\"one\": 1, \"one\": 1}"] {
            assert_eq!(body(wrong).unwrap_err().status, 400, "{wrong}");
        }
        assert_eq!(body(&" ".repeat(BODY + 1)).unwrap_err().status, 413);
        let mut event = Event::of("POST /photos", "", Some("{}"));
        event
            .headers
            .insert("content-type".into(), "text/plain".into());
        assert_eq!(event.json::<Body>().unwrap_err().status, 415);
    }
}
