//! Who acts, and the one function that decides what they may do.
//!
//! Every operation of the engine takes an [`Actor`]. Nothing is allowed that [`allow`] does not allow.

mod policy;

use crate::id::UserId;

pub use policy::{Access, Action, Denied, Subject, allow};

/// The role of an account. The first account is the admin (contract 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May also use the settings and the administration.
    Admin,
    /// Everybody else.
    User,
}

/// The one who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Nobody has signed in.
    Anonymous,
    /// A person with an account.
    User {
        /// The account.
        id: UserId,
        /// Read from the store at sign-in, never trusted from a token.
        role: Role,
    },
    /// The engine itself: background work, the command line on its own store.
    System,
}

impl Actor {
    /// The account, when a person acts.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::Anonymous | Self::System => None,
        }
    }
}
