//! The configuration of `serve`: flags, then `KUBEORCH_*`, then a TOML file, then defaults.
//!
//! [`keys`] is the one list of what can be set; reading, checking, `--print-config` and the tests go through it.

mod key_file;
mod keys;
mod layers;
mod settings;
mod size;
#[cfg(test)]
mod tests;

pub(crate) use key_file::{NAME as KEY_FILE, encryption_key};
pub(crate) use layers::{Layers, environment};
pub(crate) use settings::{EncryptionKey, Settings, address, default_data_dir};
