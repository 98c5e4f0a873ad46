//! Who calls, and what they may do: scopes by group of the user pool.

use std::collections::BTreeMap;

use crate::problem::Problem;

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: the route has no authorizer.
    Open,
    /// See what is published: every group.
    Read,
    /// Upload, and change what is one's own.
    Write,
    /// See failures and replay them.
    Operate,
}

impl Scope {
    /// The name in the OpenAPI document (`x-scrubjay-scope`).
    #[cfg(test)]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::Operate => "operate",
        }
    }

    /// The groups that have it.
    const fn groups(self) -> &'static [&'static str] {
        match self {
            Self::Open => &[],
            Self::Read => &["viewers", "uploaders", "operators"],
            Self::Write => &["uploaders", "operators"],
            Self::Operate => &["operators"],
        }
    }
}

/// A signed-in user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The token's subject: what photos are owned by.
    pub sub: String,
    groups: Vec<String>,
}

impl User {
    /// From the claims of an access token. API Gateway hands a list over as text: `[operators uploaders]`.
    pub fn from_claims(claims: &BTreeMap<String, String>) -> Option<Self> {
        let sub = claims.get("sub").filter(|sub| !sub.is_empty())?.clone();
        let groups = claims.get("cognito:groups").map_or("", String::as_str);
        let groups = groups
            .trim_matches(['[', ']'])
            .split([' ', ','])
            .map(|group| group.trim_matches('"'))
            .filter(|group| !group.is_empty())
            .map(ToOwned::to_owned)
            .collect();
        Some(Self { sub, groups })
    }

    /// Whether the user has a scope.
    pub fn may(&self, scope: Scope) -> bool {
        scope == Scope::Open
            || scope
                .groups()
                .iter()
                .any(|group| self.groups.iter().any(|own| own == group))
    }

    /// Refuses a user who has not this scope.
    pub fn must(&self, scope: Scope) -> Result<(), Problem> {
        if self.may(scope) {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "This is for {}. Your account belongs to none of these groups.",
            scope.groups().join(" and ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(groups: &str) -> User {
        let claims = [("sub", "s"), ("cognito:groups", groups)];
        User::from_claims(&claims.map(|(k, v)| (k.to_owned(), v.to_owned())).into()).unwrap()
    }

    #[test]
    fn groups_are_read_as_they_are_handed_over() {
        for text in [
            "[operators viewers]",
            "operators,viewers",
            r#"["operators","viewers"]"#,
        ] {
            assert_eq!(user(text).groups, ["operators", "viewers"], "{text}");
        }
        assert!(user("").groups.is_empty());
        assert_eq!(User::from_claims(&BTreeMap::new()), None);
    }

    #[test]
    fn a_scope_is_that_of_its_groups() {
        let may = |groups, scope| user(groups).may(scope);
        assert!(may("viewers", Scope::Read) && !may("viewers", Scope::Write));
        assert!(may("uploaders", Scope::Write) && !may("uploaders", Scope::Operate));
        assert!(may("operators", Scope::Operate) && may("operators", Scope::Write));
        assert!(!may("", Scope::Read) && !may("viewersx", Scope::Read));
        assert_eq!(
            user("viewers").must(Scope::Operate).unwrap_err().status,
            403
        );
    }
}
