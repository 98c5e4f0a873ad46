//! The policies of `terraform/policies/`: rendered as Terraform renders them, and evaluated as IAM would.
//!
//! [`decide`] follows [the evaluation logic of the IAM User Guide][logic] for requests within one account: an explicit
//! Deny anywhere wins; else every document that must allow has to. It knows the operators that our policies use and
//! panics on any other, so that nothing is passed over in silence. It stands in where no emulator enforces (KMS, Step
//! Functions' own role) and where a question needs a caller that no test has, such as an AWS service.
//!
//! [logic]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use super::read;

/// What a set of statements says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement denies it.
    Deny,
    /// A statement allows it and none denies it.
    Allow,
    /// No statement says anything.
    Silent,
}

/// A request as IAM sees it. Context keys in lower case.
#[derive(Debug, Clone)]
pub struct Request {
    /// `service:Action`.
    pub action: String,
    /// The ARN of what it acts on.
    pub resource: String,
    /// Context keys (lower case) that the request carries.
    pub context: BTreeMap<String, String>,
    /// The AWS service that asks in its own name (`cloudfront.amazonaws.com`), if one does.
    pub service: Option<String>,
}

impl Request {
    /// A request over TLS by a principal (ARN of the user or role; `None` for an anonymous request or an AWS service).
    pub fn new(principal: Option<&str>, action: &str, resource: &str) -> Self {
        let mut context = BTreeMap::from([
            ("aws:securetransport".to_owned(), "true".to_owned()),
            ("s3:tlsversion".to_owned(), "1.3".to_owned()),
        ]);
        context.extend(principal.map(|arn| ("aws:principalarn".to_owned(), arn.to_owned())));
        Self {
            action: action.to_owned(),
            resource: resource.to_owned(),
            context,
            service: None,
        }
    }

    /// A request that an AWS service makes in its own name, for a resource of ours (`aws:SourceArn`).
    pub fn of_service(service: &str, source: &str, action: &str, resource: &str) -> Self {
        let mut request = Self::new(None, action, resource)
            .with("aws:SourceArn", source)
            .with("aws:PrincipalIsAWSService", "true");
        request.service = Some(service.to_owned());
        request
    }

    /// With one more context key.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.context.insert(key.to_lowercase(), value.to_owned());
        self
    }
}

/// Renders `terraform/policies/<name>.json.tftpl`, plain `${name}` placeholders, and returns its statements.
///
/// # Panics
///
/// When the file or a value is missing, or the result is no policy.
pub fn statements(name: &str, values: &BTreeMap<&str, String>) -> Vec<Value> {
    let mut text = read(&format!("terraform/policies/{name}.json.tftpl"));
    assert!(
        !text.contains("%{"),
        "{name}: placeholders only, no directives"
    );
    for (key, value) in values {
        text = text.replace(&format!("${{{key}}}"), value);
    }
    if let Some((_, rest)) = text.split_once("${") {
        panic!(
            "{name}: no value for ${{{}",
            &rest[..rest.find('}').map_or(rest.len(), |end| end + 1)]
        );
    }
    let document: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    document["Statement"]
        .as_array()
        .unwrap_or_else(|| panic!("{name}: no Statement list"))
        .clone()
}

/// What the statements say about a request. A statement whose principal is an AWS service applies to nobody else, and one whose
/// principal is the account does not apply to a service.
///
/// # Panics
///
/// When a statement uses an element or an operator that is not known here.
pub fn decide(statements: &[Value], request: &Request) -> Decision {
    let mut decision = Decision::Silent;
    for statement in statements
        .iter()
        .filter(|statement| applies(statement, request))
    {
        match statement["Effect"].as_str() {
            Some("Deny") => return Decision::Deny,
            Some("Allow") => decision = Decision::Allow,
            other => panic!("effect {other:?}"),
        }
    }
    decision
}

/// Whether the request is allowed: no document denies it, and each of `needed` allows it.
pub fn allowed(request: &Request, needed: &[&[Value]], others: &[&[Value]]) -> bool {
    needed
        .iter()
        .all(|document| decide(document, request) == Decision::Allow)
        && others
            .iter()
            .all(|document| decide(document, request) != Decision::Deny)
}

fn applies(statement: &Value, request: &Request) -> bool {
    for element in ["NotAction", "NotResource", "NotPrincipal"] {
        assert!(statement.get(element).is_none(), "{element} is not in use");
    }
    let addressed = match &statement["Principal"] {
        Value::Object(kinds) => match (kinds.get("Service"), &request.service) {
            (Some(names), Some(service)) => strings(names).contains(service),
            (None, None) => true,
            _ => false,
        },
        // `*`, or no such element: a policy of whoever asks.
        _ => true,
    };
    addressed
        && strings(&statement["Action"])
            .iter()
            .any(|pattern| like(&pattern.to_lowercase(), &request.action.to_lowercase()))
        && strings(&statement["Resource"])
            .iter()
            .any(|pattern| like(pattern, &request.resource))
        && statement["Condition"]
            .as_object()
            .into_iter()
            .flatten()
            .all(|(operator, keys)| {
                let mut keys = keys.as_object().expect("keys").iter();
                keys.all(|(key, wanted)| {
                    holds(
                        operator,
                        request.context.get(&key.to_lowercase()),
                        &strings(wanted),
                    )
                })
            })
}

/// One condition. A key that the request does not carry fails a positive operator and satisfies a negated one.
fn holds(operator: &str, actual: Option<&String>, wanted: &[String]) -> bool {
    // Of a set of values, none of which the request carries here, all match.
    if let Some(operator) = operator.strip_prefix("ForAllValues:") {
        return actual.is_none() || holds(operator, actual, wanted);
    }
    if operator == "Null" {
        return actual.is_none() == (wanted == ["true"]);
    }
    let (operator, if_exists) = operator
        .strip_suffix("IfExists")
        .map_or((operator, false), |base| (base, true));
    let negated = operator.contains("Not");
    let Some(actual) = actual else {
        return if_exists || negated;
    };
    let matches = |wanted: &String| match operator {
        "StringEquals" | "StringNotEquals" => wanted == actual,
        "Bool" => wanted.eq_ignore_ascii_case(actual),
        "StringLike" | "ArnEquals" | "ArnLike" | "ArnNotEquals" | "ArnNotLike" => {
            like(wanted, actual)
        }
        "NumericLessThan" => {
            actual.parse::<f64>().expect("a number") < wanted.parse::<f64>().expect("a number")
        }
        "NotIpAddress" => in_range(wanted, actual),
        other => panic!("operator {other} is not known here"),
    };
    wanted.iter().any(matches) != negated
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().expect("a string").to_owned())
            .collect(),
        other => panic!("neither a string nor a list: {other}"),
    }
}

/// `*` for any characters, `?` for one.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    // Reachable positions of the text after each character of the pattern.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for symbol in pattern {
        let mut next = vec![false; text.len() + 1];
        for position in 0..=text.len() {
            next[position] = if symbol == '*' {
                reached[position] || (position > 0 && next[position - 1])
            } else {
                position > 0
                    && reached[position - 1]
                    && (symbol == '?' || symbol == text[position - 1])
            };
        }
        reached = next;
    }
    reached[text.len()]
}

fn in_range(range: &str, address: &str) -> bool {
    let (network, length) = range.split_once('/').expect("CIDR notation");
    let bits = |address: &str| match address.parse().expect("an address") {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let ((network, width), (address, other)) = (bits(network), bits(address));
    let host: u32 = width - length.parse::<u32>().expect("a prefix length");
    width == other && (host == 128 || network >> host == address >> host)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wildcards() {
        let rows = [
            ("arn:aws:s3:::a/*", "arn:aws:s3:::a/x/y.jpg", true),
            ("arn:aws:s3:::a/*", "arn:aws:s3:::a", false),
            ("s3:Get*", "s3:PutObject", false),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*b*d", "abcd", true),
        ];
        for (pattern, text, matches) in rows {
            assert_eq!(like(pattern, text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn address_ranges() {
        let rows = [
            ("198.51.100.0/24", "198.51.100.7", true),
            ("198.51.100.0/24", "198.51.101.7", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("198.51.100.0/24", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8::1", true),
            ("::/0", "2001:db8::1", true),
        ];
        for (range, address, matches) in rows {
            assert_eq!(in_range(range, address), matches, "{range} {address}");
        }
    }

    /// The table of the IAM User Guide on keys that a request does not carry.
    #[test]
    fn absent_keys() {
        let wanted = ["x".to_owned()];
        let rows = [
            ("StringEquals", false),
            ("StringNotEquals", true),
            ("StringEqualsIfExists", true),
            ("BoolIfExists", true),
        ];
        for (operator, expected) in rows {
            assert_eq!(holds(operator, None, &wanted), expected, "{operator}");
        }
        assert!(holds("Null", None, &["true".to_owned()]));
        assert!(!holds("Null", None, &["false".to_owned()]));
    }

    #[test]
    fn a_deny_wins_wherever_it_stands() {
        let allow = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" });
        let deny = json!({ "Effect": "Deny", "Action": "s3:putobject", "Resource": "*" });
        let put = Request::new(None, "s3:PutObject", "arn:aws:s3:::b/k");
        assert_eq!(decide(&[allow.clone(), deny.clone()], &put), Decision::Deny);
        assert_eq!(decide(&[deny, allow.clone()], &put), Decision::Deny);
        assert_eq!(decide(std::slice::from_ref(&allow), &put), Decision::Allow);
        assert_eq!(
            decide(&[allow], &Request::new(None, "sqs:SendMessage", "x")),
            Decision::Silent
        );
    }
}
