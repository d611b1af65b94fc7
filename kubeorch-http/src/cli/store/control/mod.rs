//! How the commands about a data directory reach a server that has its store open: a socket in the data directory.
//!
//! Whoever may open the socket may read the store's file as well, so it needs no other permission: it has mode 0600 and
//! lies in a directory that is its owner's alone. A request is one line of JSON, answered by lines: progress, then a
//! result or an error. Closing the connection cancels. There is one piece of work at a time; others are told to wait.

mod client;
mod server;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(in crate::cli) use client::ask;
pub(super) use client::ask_for_text;
pub(crate) use server::Control;

use crate::cli::failure::Failure;
use crate::cli::plugin::manage::Change;

/// The socket in the data directory.
const NAME: &str = "control.sock";
/// What can be asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase")]
pub(crate) enum Request {
    /// Make a backup, in paths as the server sees them.
    Backup {
        destination: PathBuf,
        base: Option<PathBuf>,
        /// Bytes a second; 0 is no limit.
        rate: u64,
    },
    /// Check the store.
    Verify,
    /// Remove what retention no longer keeps.
    Retain,
    /// Send the store as text.
    Export,
    /// Look at the installed plugins, or change them.
    Plugin {
        /// What to do.
        change: Change,
    },
}

/// A line of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    /// Bytes so far.
    Progress(u64),
    /// A piece of a text.
    Text(String),
    /// The end.
    Result(Value),
    /// The other end.
    Error { code: u8, message: String, hint: String },
}

impl From<u64> for Line {
    fn from(bytes: u64) -> Self {
        Self::Progress(bytes)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Failure> for Line {
    fn from(Failure { code, message, hint, .. }: Failure) -> Self {
        Self::Error { code, message, hint }
    }
}
