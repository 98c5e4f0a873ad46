//! The gallery's stack, IAM enforced, with its users; shared by every test of a binary.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, Response, redirect};
use scrubjay_local::users::{self, Password};
use scrubjay_local::{Functions, Options};
use serde_json::{Value, json};

use crate::{RUNTIME, World, iac};

/// Longer than any retry of `derive`.
const PATIENCE: Duration = Duration::from_mins(2);

static GALLERY: LazyLock<Gallery> = LazyLock::new(|| RUNTIME.block_on(Gallery::start()));

/// A stack with the gallery on it.
pub struct Gallery {
    world: World,
    /// Follows no redirects.
    http: Client,
}

/// Somebody who can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Their name in the user pool.
    pub email: &'static str,
    /// Their password.
    pub password: &'static str,
    groups: &'static [&'static str],
}

/// Uploads.
pub const UPLOADER: Person = Person {
    email: "ursula@example.com",
    password: "Upload-2026-Ursula",
    groups: &["uploaders"],
};
/// Uploads too, and owns nothing of the other's.
pub const OTHER: Person = Person {
    email: "otto@example.com",
    password: "Upload-2026-Otto",
    groups: &["uploaders"],
};
/// Only looks at photos.
pub const VIEWER: Person = Person {
    email: "vera@example.com",
    password: "Viewing-2026-Vera",
    groups: &["viewers"],
};
/// Operates, and uploads to try things.
pub const OPERATOR: Person = Person {
    email: "olga@example.com",
    password: "Operate-2026-Olga",
    groups: &["operators", "uploaders"],
};

/// Tests run one at a time, because a test orders faults, and a fault strikes whatever request comes first.
static ONE: Mutex<()> = Mutex::new(());

/// Runs a test on the gallery's stack, alone.
pub fn on_gallery<T>(test: impl AsyncFnOnce(&Gallery) -> T) -> T {
    let gallery = &*GALLERY;
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    RUNTIME.block_on(test(gallery))
}

impl Gallery {
    async fn start() -> Self {
        let mut options = Options::new(iac::root()).stack(format!("web-{}", std::process::id()));
        options.enforce_iam = true;
        options.gallery = true;
        options
            .gallery_parameters
            .push(("DirectApi".into(), "enabled".into()));
        if let Some(dir) = std::env::var_os("SCRUBJAY_FUNCTIONS") {
            options.functions = Functions::Prebuilt(dir.into());
        }
        let stack = scrubjay_local::up(options, &|progress| {
            if !matches!(progress, scrubjay_local::Progress::Cargo(_)) {
                eprintln!("{progress}");
            }
        });
        let world = World {
            stack: stack.await.unwrap_or_else(|error| panic!("{error}")),
        };
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .expect("a client");
        let gallery = Self { world, http };
        let cognito = gallery.cognito();
        for person in [UPLOADER, OTHER, VIEWER, OPERATOR] {
            let password = Password::Set(person.password.to_owned());
            let pool = gallery.output("userPoolId");
            users::add(&cognito, pool, person.email, person.groups, &password)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", person.email));
        }
        gallery
    }

    /// The stack below.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// An output of the templates, in lower camel case.
    pub fn output(&self, name: &str) -> &str {
        let found = self.world.names().others.get(name);
        found.unwrap_or_else(|| panic!("no output {name}"))
    }

    /// A client of the user pool.
    pub fn cognito(&self) -> aws_sdk_cognitoidentityprovider::Client {
        aws_sdk_cognitoidentityprovider::Client::new(&self.world.stack().sdk_config())
    }

    /// A client that follows no redirects.
    pub fn http(&self) -> &Client {
        &self.http
    }

    /// The tokens of a person, by code and PKCE as the pages get them.
    pub async fn tokens(&self, person: Person) -> Value {
        self.tokens_of(
            person,
            self.output("userPoolClientId"),
            self.output("pagesUrl"),
        )
        .await
    }

    /// The tokens of a person from any client of any pool.
    pub async fn tokens_of(&self, person: Person, client: &str, pages: &str) -> Value {
        let endpoint = self.output("signInUrl");
        let back = format!("{pages}/");
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let mut fields = vec![
            ("response_type", "code".to_owned()),
            ("client_id", client.to_owned()),
            ("redirect_uri", back.clone()),
            ("scope", "openid email".to_owned()),
            ("state", "s".to_owned()),
            ("code_challenge", challenge.to_owned()),
            ("code_challenge_method", "S256".to_owned()),
        ];
        let shown = self
            .http
            .get(format!("{endpoint}/oauth2/authorize?{}", encoded(&fields)))
            .send()
            .await
            .expect("the sign-in page");
        assert!(
            shown.status().is_success(),
            "{}",
            shown.text().await.unwrap()
        );
        fields.push(("username", person.email.to_owned()));
        fields.push(("password", person.password.to_owned()));
        let sent = self.form(&format!("{endpoint}/login"), &fields).await;
        let location = sent.headers().get("location").expect("a redirect");
        let location = location.to_str().unwrap().to_owned();
        let (_, code) = location.split_once("code=").expect("a code");
        let code = code.split('&').next().unwrap_or_default().to_owned();
        let exchange = [
            ("grant_type", "authorization_code".to_owned()),
            ("client_id", client.to_owned()),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier.to_owned()),
        ];
        let answer = self
            .form(&format!("{endpoint}/oauth2/token"), &exchange)
            .await;
        answer.json().await.expect("tokens")
    }

    /// The access token of a person.
    pub async fn token(&self, person: Person) -> String {
        let tokens = self.tokens(person).await;
        tokens["access_token"].as_str().expect("a token").to_owned()
    }

    async fn form(&self, address: &str, fields: &[(&str, String)]) -> Response {
        self.http
            .post(address)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded(fields))
            .send()
            .await
            .expect("an answer")
    }

    /// A call of the API; its status and JSON.
    pub async fn call(
        &self,
        token: &str,
        method: Method,
        route: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = self
            .http
            .request(method, format!("{}{route}", self.output("apiUrl")))
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a text");
        let json = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
        (status, json)
    }

    /// Announces a photo. Returns its id and the form to post.
    pub async fn announce(&self, token: &str, name: &str) -> (String, Value) {
        let body = json!({"name": name, "size": 1000, "type": "image/jpeg"});
        let (status, answer) = self.call(token, Method::POST, "/photos", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
        let id = answer["photo"]["id"].as_str().expect("an id").to_owned();
        (id, answer["upload"].clone())
    }

    /// Posts a form with a file, as a browser does; the status and S3's answer.
    pub async fn post(&self, form: &Value, file: &[u8]) -> (u16, String) {
        const BOUNDARY: &str = "----scrubjay-form-boundary";
        let mut body = Vec::new();
        for (name, value) in form["fields"].as_object().expect("fields") {
            let value = value.as_str().expect("a text");
            let part = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend(part.into_bytes());
        }
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(file);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
        let answer = self
            .http
            .post(form["url"].as_str().expect("an address"))
            .header(
                "content-type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(body)
            .send()
            .await
            .expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a text"),
        )
    }

    /// Uploads a file in a person's name and waits until the photo has one of these states. Returns the photo.
    pub async fn upload(&self, token: &str, name: &str, file: &[u8], states: &[&str]) -> Value {
        let (id, form) = self.announce(token, name).await;
        let (code, text) = self.post(&form, file).await;
        assert_eq!(code, 204, "{text}");
        self.until_state(token, &id, states).await
    }

    /// Waits until a photo has one of these states. Returns the photo.
    pub async fn until_state(&self, token: &str, id: &str, states: &[&str]) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let (_, photo) = self
                .call(token, Method::GET, &format!("/photos/{id}"), None)
                .await;
            if states.iter().any(|state| photo["state"] == *state) {
                return photo;
            }
            assert!(Instant::now() < end, "waited for {states:?}: {photo}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn encoded(fields: &[(&str, String)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    pairs.join("&")
}
