//! Who asks, and whether RBAC lets them.
//!
//! Requests without a token are the cluster's administrator's. [`User`]s given to the builder, and the
//! service accounts that `TokenRequest` made tokens for, may do what the roles and bindings in the cluster
//! say, and administrators may act as anyone (`kubectl --as`).

mod grants;
mod roles;
mod tokens;

use http::request::Parts;

use crate::api::status::Status;
use crate::core::Core;

pub(crate) use grants::{Attempt, grants};
pub(crate) use roles::seed;
pub(crate) use tokens::Tokens;

/// Members may do everything, whatever the roles say.
const MASTERS: &str = "system:masters";
const AUTHENTICATED: &str = "system:authenticated";

/// Somebody who uses the API, given to [`Builder::user`](crate::Builder::user).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
    pub(crate) token: Option<String>,
}

impl User {
    /// A user without rights beyond those of everybody, until a binding names it.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), groups: vec![AUTHENTICATED.to_owned()], token: None }
    }

    /// The bearer token it comes with.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Makes it a member of a group; members of `system:masters` may do everything.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        // The group of everybody comes last: the server adds it when it knows who asks.
        self.groups.insert(self.groups.len() - 1, group.into());
        self
    }

    /// The one that asks without a token.
    fn admin() -> Self {
        Self::new("kubernetes-admin").group(MASTERS)
    }

    /// A service account, by the name it has as a user when it is one.
    fn named(name: &str) -> Self {
        let user = Self::new(name);
        match name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':')) {
            Some((namespace, _)) => {
                user.group("system:serviceaccounts").group(format!("system:serviceaccounts:{namespace}"))
            }
            None => user,
        }
    }

    /// Whether roles need not be asked.
    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }
}

/// Who a request is from, impersonation included.
pub(crate) fn identify(core: &Core, parts: &Parts) -> Result<User, Status> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let user = match header("authorization").and_then(|value| value.strip_prefix("Bearer ")) {
        Some(token) => authenticate(core, token)?,
        None => User::admin(),
    };
    let Some(name) = header("impersonate-user") else { return Ok(user) };
    let mut wanted = User::named(name);
    for group in parts.headers.get_all("impersonate-group") {
        wanted = wanted.group(group.to_str().unwrap_or_default());
    }
    for (resource, name) in [("users", name)]
        .into_iter()
        .chain(wanted.groups.iter().rev().skip(1).map(|group| ("groups", group.as_str())))
    {
        let attempt = Attempt { verb: "impersonate", resource, name, ..Attempt::default() };
        attempt.check(core, &user)?;
    }
    Ok(wanted)
}

fn authenticate(core: &Core, token: &str) -> Result<User, Status> {
    if let Some(account) = core.tokens.account(token, core.now()) {
        return Ok(User::named(&account));
    }
    let users = &core.config.users;
    match users.iter().find(|user| user.token.as_deref() == Some(token)) {
        Some(user) => Ok(user.clone()),
        // Without users any token is as good as none: clients that insist on one work unconfigured.
        None if users.is_empty() => Ok(User::admin()),
        None => Err(Status::unauthorized()),
    }
}
