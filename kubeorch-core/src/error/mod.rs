//! What can go wrong, as values: stable codes with a page each, findings about a user's data, and the
//! one [`Error`] that every operation's own error widens into.
//!
//! An operation returns the typed error of its domain (`workflows::Error`). A face (HTTP, CLI) needs only
//! what is here: the kind picks the status, the code is for programs, the message and hint are for
//! people, [`Error::log`] is for the log alone.

mod code;
pub mod codes;
mod finding;
mod report;

pub use code::{Code, Kind};
pub use finding::{Finding, Severity};
pub use report::{Describe, Error};
