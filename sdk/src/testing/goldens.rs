//! Node types with a pair of files for each case, which suits plugins that have hundreds of them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::compare;
use crate::{Failure, NodeTypes, dispatch::node_types as dispatch};

/// A question of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `list-types`; the request is ignored.
    ListTypes,
    /// `facts`.
    Facts,
    /// `validate`.
    Validate,
    /// `render`.
    Render,
    /// `status`.
    Status,
}

/// Asks the plugin natively, bytes to bytes.
pub fn call<P: NodeTypes>(call: Call, request: &[u8]) -> Result<Vec<u8>, Failure> {
    match call {
        Call::ListTypes => dispatch::list_types::<P>(),
        Call::Facts => dispatch::facts::<P>(request),
        Call::Validate => dispatch::validate::<P>(request),
        Call::Render => dispatch::render::<P>(request),
        Call::Status => dispatch::status::<P>(request),
    }
}

/// As [`call`], from and to JSON values.
pub fn ask<P: NodeTypes>(question: Call, request: &Value) -> Result<Value, Failure> {
    let answer = call::<P>(question, request.to_string().as_bytes())?;
    serde_json::from_slice(&answer).map_err(|error| Failure::new("response.invalid", error.to_string()))
}

/// Asks for every `NAME.input.json` of a folder and compares with `NAME.golden.json`. A failure is written as
/// `{"failure":{"code","message"}}`. Returns how many cases there were, or every difference at once.
pub fn goldens<P: NodeTypes>(question: Call, folder: &Path) -> Result<usize, String> {
    let inputs = inputs(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut differences = Vec::new();
    for input in &inputs {
        if let Err(difference) = case::<P>(question, input) {
            differences.push(format!("{}: {difference}", input.display()));
        }
    }
    if differences.is_empty() { Ok(inputs.len()) } else { Err(differences.join("\n")) }
}

fn inputs(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths: io::Result<Vec<_>> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths?;
    paths.retain(|path| path.to_string_lossy().ends_with(".input.json"));
    paths.sort();
    Ok(paths)
}

fn case<P: NodeTypes>(question: Call, input: &Path) -> Result<(), String> {
    let request = fs::read(input).map_err(|error| error.to_string())?;
    let answer = match call::<P>(question, &request) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string())?,
        Err(Failure { code, message }) => {
            serde_json::json!({ "failure": { "code": code, "message": message } })
        }
    };
    compare(&answer, &PathBuf::from(input.to_string_lossy().replace(".input.json", ".golden.json")))
}
