//! Golden cases: a request, and the answer that was looked at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kubeorch_core::plugin::source::{Directory, SourceTree};
use kubeorch_core::plugin::{Measured, Plugin, Refusal};
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::file;

/// The most cases that one project has; a slip of the path must not walk a disk.
const MOST: usize = 10_000;

/// A folder of `cases`.
pub(super) struct Case {
    pub(super) name: String,
    folder: PathBuf,
    function: String,
    request: Vec<u8>,
}

/// What became of a case.
pub(super) enum Verdict {
    /// As expected.
    Passed,
    /// The answer was written to `expected.json`.
    Blessed,
    /// Another answer than expected: both, as text.
    Differs { expected: String, answer: String },
    /// No answer, or two.
    Failed(String),
}

/// All cases of a project, by name.
pub(super) fn read(project: &Path) -> Result<Vec<Case>, Failure> {
    let folder = project.join("cases");
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("{} cannot be read: {error}", folder.display()))
            .hint("A case is a folder `cases/NAME` with a `request.json`.")
    };
    let mut folders = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)?.take(MOST) {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    folders.into_iter().map(Case::read).collect()
}

impl Case {
    fn read(folder: PathBuf) -> Result<Self, Failure> {
        let path = folder.join("request.json");
        let text = file::read(&file::Source::File(path.clone()))?;
        let wrong = |what: String| {
            let hint = "Write an object with one member that names a function: {\"render\": {\"node\": {…}}}";
            Failure::usage(format!("{}: {what}", path.display())).hint(hint)
        };
        let value: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let members = value.as_object().filter(|members| members.len() == 1);
        let Some((function, request)) = members.and_then(|members| members.iter().next()) else {
            return Err(wrong("it must have exactly one member".into()));
        };
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, function: function.clone(), request: request.to_string().into_bytes(), folder })
    }

    /// Asks twice and compares, or writes what was answered.
    pub(super) async fn run(&self, plugin: &Plugin, bless: bool) -> Result<(Measured, Verdict), Failure> {
        let tree = self.tree()?;
        let ask = async || {
            let call = plugin.probe(&self.function, self.request.clone(), tree.clone());
            call.await.map_err(kubeorch_core::Error::from)
        };
        let (first, second) = (ask().await?, ask().await?);
        let verdict = match text(&first) {
            Err(reason) => Verdict::Failed(reason),
            Ok(answer) if text(&second).as_ref() != Ok(&answer) => {
                Verdict::Failed("two calls gave two answers".into())
            }
            Ok(answer) => self.compare(answer, bless)?,
        };
        Ok((first, verdict))
    }

    /// What an import analyzer reads: the folder `tree` of the case.
    fn tree(&self) -> Result<Option<Arc<dyn SourceTree>>, Failure> {
        let path = self.folder.join("tree");
        if !path.is_dir() {
            return Ok(None);
        }
        let unreadable = |error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
        Ok(Some(Arc::new(Directory::open(&path).map_err(unreadable)?)))
    }

    fn compare(&self, answer: String, bless: bool) -> Result<Verdict, Failure> {
        let path = self.folder.join("expected.json");
        let expected = match fs::read_to_string(&path) {
            // However it is indented; the order of members counts.
            Ok(text) => serde_json::from_str::<Value>(&text).map_or(text, |value| pretty(&value)),
            Err(_) => String::new(),
        };
        if expected == answer {
            return Ok(Verdict::Passed);
        }
        if !bless {
            return Ok(Verdict::Differs { expected, answer });
        }
        fs::write(&path, answer)
            .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))?;
        Ok(Verdict::Blessed)
    }
}

/// The answer as a golden has it. A refusal is an answer too: `{"failure": {"code", "message"}}`.
fn text(call: &Measured) -> Result<String, String> {
    match &call.answer {
        Ok(bytes) => match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => Ok(pretty(&value)),
            Err(error) => Err(format!("the answer is not JSON: {error}")),
        },
        Err(Refusal::Refused { code, message }) => {
            Ok(pretty(&json!({ "failure": { "code": code, "message": message } })))
        }
        Err(Refusal::Failed(error)) => Err(error.to_string()),
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
