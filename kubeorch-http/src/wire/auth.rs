//! Accounts and sign-in (contract 2.1, 2.2, 3.1).

use kubeorch_core::actor::Role;
use kubeorch_core::secret::Secret;
use kubeorch_core::users;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::extract::Input;

/// A new account.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Register {
    /// E-mail syntax.
    email: String,
    /// 6 to 1024 bytes.
    #[schema(value_type = String)]
    password: Secret,
    /// Non-empty.
    name: String,
    /// Needed unless it is the first account.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    invite_code: Option<Secret>,
}

impl Input for Register {}

impl From<Register> for users::Register {
    fn from(body: Register) -> Self {
        Self { email: body.email, password: body.password, name: body.name, invite_code: body.invite_code }
    }
}

/// A sign-in.
#[derive(Deserialize, utoipa::ToSchema)]
pub(crate) struct Login {
    /// E-mail syntax.
    pub(crate) email: String,
    /// 6 to 1024 bytes.
    #[schema(value_type = String)]
    pub(crate) password: Secret,
}

impl Input for Login {}

/// An account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    id: String,
    email: String,
    name: String,
    /// `admin` or `user`.
    role: &'static str,
    /// A Gravatar address.
    avatar_url: String,
    created_at: Timestamp,
    /// Empty for password accounts.
    auth_provider: String,
}

impl From<users::User> for User {
    fn from(user: users::User) -> Self {
        Self {
            id: user.id.to_string(),
            avatar_url: avatar(&user.email),
            email: user.email,
            name: user.name,
            role: match user.role {
                Role::Admin => "admin",
                Role::User => "user",
            },
            created_at: user.created_at.into(),
            auth_provider: user.auth_provider,
        }
    }
}

fn avatar(email: &str) -> String {
    let digest = Md5::digest(email.trim().to_lowercase().as_bytes());
    let number = u128::from_be_bytes(digest.into());
    format!("https://www.gravatar.com/avatar/{number:032x}?s=200&d=identicon")
}

/// A signed-in account.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Session {
    /// A JWT, good for 24 hours.
    token: String,
    user: User,
}

impl From<users::Session> for Session {
    fn from(session: users::Session) -> Self {
        Self { token: session.token, user: session.user.into() }
    }
}

/// How people may sign in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Methods {
    builtin: Builtin,
    /// Always empty: sign-in through providers isn't built.
    providers: Vec<Provider>,
}

/// Password login.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Builtin {
    enabled: bool,
    signup_enabled: bool,
}

/// A way to sign in elsewhere.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Provider {
    name: String,
    display_name: String,
    icon: String,
}

impl From<users::Methods> for Methods {
    fn from(methods: users::Methods) -> Self {
        let builtin = Builtin { enabled: methods.builtin_enabled, signup_enabled: methods.signup_enabled };
        Self { builtin, providers: Vec::new() }
    }
}

/// The caller's account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Profile {
    user: User,
}

impl From<users::User> for Profile {
    fn from(user: users::User) -> Self {
        Self { user: user.into() }
    }
}

/// A new name.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct Rename {
    /// Non-empty.
    pub(crate) name: String,
}

impl Input for Rename {
    const REFUSAL: &'static str = "Name is required";
}

#[cfg(test)]
mod tests {
    #[test]
    fn avatars_are_addressed_by_the_normal_form_of_the_address() {
        // The digest of Gravatar's own example, https://docs.gravatar.com/api/avatars/hash/ (MD5 form).
        let expected = "https://www.gravatar.com/avatar/0bc83cb571cd1c50ba6f3e8a78ef1346?s=200&d=identicon";
        for address in ["myemailaddress@example.com", " MyEmailAddress@example.com "] {
            assert_eq!(super::avatar(address), expected);
        }
    }
}
