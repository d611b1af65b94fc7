//! What can go wrong with accounts. Texts are those of the contract, sections 1.2 and 2.1.

use crate::actor::Denied;
use crate::error::{Code, Describe, codes};
use crate::store;

/// A refused sign-in, registration or permission.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The body misses something or holds something unusable.
    #[error("Invalid request data")]
    Invalid {
        /// Which member and why.
        reason: &'static str,
    },
    /// Sign-up is off.
    #[error("Registration is disabled")]
    RegistrationDisabled,
    /// Password login is off.
    #[error("Password login is disabled")]
    LoginDisabled,
    /// The address's domain is not in the list.
    #[error("the e-mail domain isn't authorized to register")]
    DomainNotAllowed,
    /// The address is taken.
    #[error("User already exists")]
    Exists,
    /// No code, or a wrong one.
    #[error("Valid invite code required")]
    InviteRequired,
    /// Unknown address, wrong password, or an account without one: the same answer.
    #[error("Invalid email or password")]
    WrongCredentials,
    /// A bad, expired or revoked token.
    #[error("Invalid or expired token")]
    TokenInvalid,
    /// A token that is too old to refresh.
    #[error("Invalid token")]
    RefreshRefused,
    /// The account is gone.
    #[error("User not found")]
    NotFound,
    /// The profile's only changeable member.
    #[error("Name is required")]
    NameRequired,
    /// There is no account yet, so there are no settings.
    #[error("no account exists yet")]
    NoAccounts,
    /// The queue of password checks is full.
    #[error("too many sign-ins at once")]
    Busy,
    /// Nobody is signed in.
    #[error("Authorization token is required (header or query param)")]
    SignInRequired,
    /// A permission is missing.
    #[error("Admin access required")]
    Forbidden,
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The sealed signing secret does not open.
    #[error("the encryption key does not fit this store")]
    WrongKey,
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Anonymous => Self::SignInRequired,
            Denied::Hidden => Self::NotFound,
            Denied::Forbidden => Self::Forbidden,
        }
    }
}

impl Describe for Error {
    fn code(&self) -> &'static Code {
        match self {
            Self::Invalid { .. } | Self::NameRequired => codes::REQUEST_INVALID,
            Self::RegistrationDisabled | Self::LoginDisabled | Self::DomainNotAllowed => {
                codes::REGISTRATION_CLOSED
            }
            Self::Exists => codes::USER_EXISTS,
            Self::InviteRequired => codes::INVITE_REQUIRED,
            Self::WrongCredentials => codes::CREDENTIALS_WRONG,
            Self::TokenInvalid | Self::RefreshRefused => codes::TOKEN_INVALID,
            Self::NotFound | Self::NoAccounts => codes::USER_NOT_FOUND,
            Self::Busy => codes::AUTH_BUSY,
            Self::SignInRequired => codes::NOT_SIGNED_IN,
            Self::Forbidden => codes::PERMISSION_MISSING,
            Self::Store(error) => error.code(),
            Self::WrongKey => codes::STORE_DAMAGED,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid { reason } => Some((*reason).to_owned()),
            Self::WrongKey => {
                Some("Start the server with the encryption key that this store was made with.".into())
            }
            _ => None,
        }
    }
}
