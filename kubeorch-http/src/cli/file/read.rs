//! Bytes from a path or stdin, bounded.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;

/// A workflow or secrets file is at most this large: the largest body that the server takes is smaller.
pub(crate) const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Where a text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `-`
    Stdin,
    /// A path.
    File(PathBuf),
}

impl Source {
    /// `-` means stdin, everything else is a path.
    pub(crate) fn new(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path.to_owned()) }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdin => f.write_str("stdin"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Reads all of it as text.
pub(crate) fn read(source: &Source) -> Result<String, Failure> {
    let bytes = match source {
        Source::Stdin => bounded(io::stdin().lock()),
        Source::File(path) => fs::File::open(path).and_then(bounded),
    };
    let bytes = bytes.map_err(|error| Failure::usage(format!("{source} cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        let limit = MAX_BYTES / (1024 * 1024);
        return Err(Failure::usage(format!("{source} is larger than {limit} MiB")));
    }
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{source} is not UTF-8 text")))?;
    // Editors on Windows put a byte order mark in front.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
