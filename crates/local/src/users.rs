//! Users of the gallery's user pool.

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::operation::admin_create_user::AdminCreateUserError;
use aws_sdk_cognitoidentityprovider::types::{AttributeType, MessageActionType};

use crate::{Error, Result};

/// The groups that there are, and what each may.
pub const GROUPS: [(&str, &str); 3] = [
    ("viewers", "see published photos"),
    (
        "uploaders",
        "upload photos, and change and delete their own",
    ),
    (
        "operators",
        "see failures and replay them, change and delete every photo",
    ),
];

/// How a new user gets a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    /// Cognito makes a temporary one and sends it by e-mail.
    Invite,
    /// This one, and nothing is sent.
    Set(String),
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// The user is new.
    New,
    /// The user was there; groups were added.
    Known,
}

/// Adds a user to a pool and to groups. One who is there already only gets the groups, and a password that is set.
///
/// # Errors
/// [`Error::Aws`] with what Cognito says.
pub async fn add(
    client: &Client,
    pool: &str,
    email: &str,
    groups: &[&str],
    password: &Password,
) -> Result<Added> {
    let attribute =
        |name: &str, value: &str| AttributeType::builder().name(name).value(value).build();
    let attributes = [
        attribute("email", email),
        attribute("email_verified", "true"),
    ];
    let mut request = client
        .admin_create_user()
        .user_pool_id(pool)
        .username(email);
    for attribute in attributes {
        request = request.user_attributes(attribute.map_err(|error| Error::Aws {
            call: "AdminCreateUser",
            message: error.to_string(),
        })?);
    }
    if matches!(password, Password::Set(_)) {
        request = request.message_action(MessageActionType::Suppress);
    }
    let added = match request.send().await {
        Ok(_) => Added::New,
        Err(error)
            if error
                .as_service_error()
                .is_some_and(AdminCreateUserError::is_username_exists_exception) =>
        {
            Added::Known
        }
        Err(error) => return Err(Error::aws("AdminCreateUser")(error)),
    };
    if let Password::Set(password) = password {
        client
            .admin_set_user_password()
            .user_pool_id(pool)
            .username(email)
            .password(password)
            .permanent(true)
            .send()
            .await
            .map_err(Error::aws("AdminSetUserPassword"))?;
    }
    for group in groups {
        client
            .admin_add_user_to_group()
            .user_pool_id(pool)
            .username(email)
            .group_name(*group)
            .send()
            .await
            .map_err(Error::aws("AdminAddUserToGroup"))?;
    }
    Ok(added)
}
