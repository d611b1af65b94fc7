//! An account as it is stored, and what goes in and out.

use serde::{Deserialize, Serialize};

use crate::actor::Role;
use crate::id::UserId;
use crate::secret::Secret;
use crate::store::{Index, Indexes, Record, Table, rule};
use crate::time::Time;

/// An account. The password's hash is a PHC string and stays inside the engine.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// As it was typed.
    pub email: String,
    /// For people.
    pub name: String,
    /// The first account is the admin.
    pub role: Role,
    /// Argon2id; `None` for accounts of a provider.
    pub(crate) password: Option<String>,
    /// Empty for password accounts.
    pub auth_provider: String,
    /// Tokens carry it; raising it revokes them all.
    pub(crate) token_version: u32,
    /// The name of the preferred cluster.
    pub(crate) default_cluster: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

/// Accounts by lower-cased address.
pub(crate) const BY_EMAIL: Index<User> = Index::unique("users_by_email");

impl Record for User {
    const TABLE: Table = Table("users");
    const INDEXES: &'static [Index<Self>] = &[BY_EMAIL];
    type Key = UserId;

    fn key(&self) -> UserId {
        self.id
    }

    fn indexes(&self, out: &mut Indexes<Self>) {
        out.add(BY_EMAIL, &normal(&self.email));
    }

    fn check(&self) -> Result<(), String> {
        let builtin = self.auth_provider.is_empty();
        rule(self.password.is_some() == builtin, "it needs a password or a provider, and not both")
    }
}

/// Addresses are the same when only their case differs.
pub(crate) fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A new account.
pub struct Register {
    /// E-mail syntax.
    pub email: String,
    /// 6 to 1024 bytes.
    pub password: Secret,
    /// Non-empty.
    pub name: String,
    /// Needed unless it is the first account.
    pub invite_code: Option<Secret>,
}

/// A signed-in account.
#[derive(Clone)]
pub struct Session {
    /// A JWT, good for 24 hours.
    pub token: String,
    /// The account.
    pub user: User,
}

/// How people may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Methods {
    /// With a password.
    pub builtin_enabled: bool,
    /// Whether they may make an account.
    pub signup_enabled: bool,
}

/// What an operator decides about accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Password login.
    pub builtin: bool,
    /// Sign-up with a password.
    pub signup: bool,
    /// E-mail domains that may sign up; empty for all.
    pub allowed_domains: Vec<String>,
    /// For how many days after its end a token may be refreshed (contract 1.16).
    pub refresh_days: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { builtin: true, signup: true, allowed_domains: Vec::new(), refresh_days: 7 }
    }
}
