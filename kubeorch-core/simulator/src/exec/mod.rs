//! `exec`: a few programs inside simulated containers, over the WebSocket protocol of the API.
//!
//! The containers run nothing, so neither do these: a small shell knows the commands of
//! [`shell`], which is enough to prove that arguments, standard input, both outputs, exit codes
//! and a terminal arrive. Anything else is not found, as in an image without it.

mod channels;
mod session;
mod shell;

pub(crate) use channels::Protocol;
pub(crate) use session::{Session, Streams};
pub(crate) use shell::Shell;
