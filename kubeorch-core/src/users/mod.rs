//! Accounts: register, sign in, refresh, profile; and who a token stands for.
//!
//! Boundary: passwords and tokens end here; the rest of the engine sees an [`Actor`](crate::actor::Actor).
//! May use: `settings` (the records), `projects`.

mod error;
mod model;
mod password;
mod records;
mod service;
mod tokens;

pub use error::Error;
pub use model::{Methods, Options, Register, Session, User};
pub(crate) use records::records;
pub use service::Service;
