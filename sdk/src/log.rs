//! Lines for the plugin's log.
//!
//! The host keeps the last lines for the report of a fault and passes them to its own log; what is too much for one call
//! (64 lines, 16 KiB) it counts and drops. Natively there is no host, and a line goes nowhere.

use std::fmt;

/// For whoever looks into the plugin.
pub fn debug(line: impl fmt::Display) {
    host::write(host::Level::Debug, line);
}

/// For whoever wants to know what the plugin did.
pub fn info(line: impl fmt::Display) {
    host::write(host::Level::Info, line);
}

/// For whoever runs the host: something was odd and went on.
pub fn warn(line: impl fmt::Display) {
    host::write(host::Level::Warn, line);
}

/// For whoever runs the host: something went wrong.
pub fn error(line: impl fmt::Display) {
    host::write(host::Level::Error, line);
}

/// From here on the message of a panic is a line of the log; without it the host knows of a trap and nothing else.
pub(crate) fn panics() {
    host::panics();
}

#[cfg(target_family = "wasm")]
mod host {
    use std::{fmt, panic};

    pub(super) use crate::bindings::log::Level;

    pub(super) fn write(level: Level, line: impl fmt::Display) {
        crate::bindings::log::write(level, &line.to_string());
    }

    pub(super) fn panics() {
        panic::set_hook(Box::new(|panic| write(Level::Error, panic)));
    }
}

#[cfg(not(target_family = "wasm"))]
mod host {
    use std::fmt;

    pub(super) enum Level {
        Debug,
        Info,
        Warn,
        Error,
    }

    pub(super) fn write(_: Level, _: impl fmt::Display) {}

    /// Whoever runs the tests has a hook already.
    pub(super) fn panics() {}
}
