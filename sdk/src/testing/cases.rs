//! Cases as folders, and what is expected of them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use super::MemoryTree;
use crate::Failure;

/// The variable that makes [`compare`] write instead of compare.
const BLESS: &str = "KUBEORCH_BLESS";

/// The worlds and their functions, as the WIT names them.
const WORLDS: [(&str, &[&str]); 4] = [
    ("node-types", &["list-types", "facts", "validate", "render", "status"]),
    ("step", &["list-steps", "run"]),
    ("import-analyzer", &["describe", "detect", "analyze"]),
    ("fix-template", &["describe", "diagnose", "template", "apply"]),
];

/// One case: a call and what it should answer.
#[derive(Debug, Clone)]
pub struct Case {
    /// The name of its folder.
    pub name: String,
    /// The function as the WIT names it: `run`.
    pub call: String,
    /// What the function is called with; `null` for those that take nothing.
    pub request: Value,
    folder: PathBuf,
}

/// The cases of a folder, in the order of their names: every folder in it that has a `request.json`. Answers what can't
/// be read, all of it at once.
pub fn cases(folder: &Path) -> Result<Vec<Case>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (mut cases, mut mistakes) = (Vec::new(), Vec::new());
    for entry in entries {
        let folder = entry.map_err(|error| error.to_string())?.path();
        let file = folder.join("request.json");
        if !file.exists() {
            continue;
        }
        match read(&file) {
            Ok((call, request)) => {
                let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                cases.push(Case { name, call, request, folder });
            }
            Err(mistake) => mistakes.push(format!("{}: {mistake}", file.display())),
        }
    }
    cases.sort_by(|left, right| left.name.cmp(&right.name));
    if mistakes.is_empty() { Ok(cases) } else { Err(mistakes.join("\n")) }
}

/// One member: its name is the call, its value the request.
fn read(file: &Path) -> Result<(String, Value), String> {
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    let members: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let mut members = members.into_iter();
    let (Some((call, request)), None) = (members.next(), members.next()) else {
        return Err("it has to have one member, the call: {\"render\": {…}}".to_owned());
    };
    if WORLDS.iter().any(|(_, functions)| functions.contains(&call.as_str())) {
        Ok((call, request))
    } else {
        Err(format!("{call} is no function of any world"))
    }
}

fn functions(world: &str) -> &'static [&'static str] {
    WORLDS.iter().find(|(other, _)| *other == world).map_or(&[], |(_, functions)| functions)
}

impl Case {
    /// The function, when that world has it.
    pub fn function(&self, world: &str) -> Option<&str> {
        let call = self.call.as_str();
        functions(world).contains(&call).then_some(call)
    }

    /// The bytes that the function is called with.
    pub fn bytes(&self) -> Vec<u8> {
        self.request.to_string().into_bytes()
    }

    /// The source tree beside the request; an empty one where there is none.
    pub fn tree(&self) -> Result<MemoryTree, String> {
        let folder = self.folder.join("tree");
        if !folder.exists() {
            return Ok(MemoryTree::new());
        }
        MemoryTree::of_folder(&folder).map_err(|error| format!("{}: {error}", folder.display()))
    }

    /// Compares an answer with what is expected, or writes it when `KUBEORCH_BLESS` is set.
    pub fn check(&self, answer: &Result<Vec<u8>, Failure>) -> Result<(), String> {
        let answer = match answer {
            Ok(bytes) => serde_json::from_slice(bytes).map_err(|error| error.to_string())?,
            Err(Failure { code, message }) => json!({ "failure": { "code": code, "message": message } }),
        };
        compare(&answer, &self.folder.join("expected.json"))
    }
}

/// Compares an answer with a file, or rewrites the file when `KUBEORCH_BLESS` is set. Member order counts.
pub fn compare(answer: &Value, golden: &Path) -> Result<(), String> {
    let text = format!("{answer:#}\n");
    if env::var_os(BLESS).is_some() {
        return fs::write(golden, text).map_err(|error| error.to_string());
    }
    let expected = fs::read_to_string(golden).map_err(|error| format!("{error}; {BLESS}=1 writes it"))?;
    if expected == text {
        return Ok(());
    }
    let line = expected.lines().zip(text.lines()).position(|(left, right)| left != right).unwrap_or_default();
    let show = |text: &str| text.lines().nth(line).unwrap_or("<end>").trim().to_owned();
    Err(format!("line {}: expected `{}`, got `{}`", line + 1, show(&expected), show(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_with_a_folder_of_cases_is_told_at_once() {
        let folder = env::temp_dir().join(format!("kubeorch-cases-{}", std::process::id()));
        for (name, text) in
            [("a", "{"), ("b", "{}"), ("c", r#"{"nothing": {}}"#), ("d", r#"{"run": {"step": "x"}}"#)]
        {
            fs::create_dir_all(folder.join(name)).unwrap();
            fs::write(folder.join(name).join("request.json"), text).unwrap();
        }
        let mistakes = cases(&folder).unwrap_err();
        assert_eq!(mistakes.lines().count(), 3, "{mistakes}");
        for name in ["a", "b", "c"] {
            fs::remove_dir_all(folder.join(name)).unwrap();
        }
        let good = cases(&folder).unwrap();
        assert_eq!((good[0].name.as_str(), good[0].function("step")), ("d", Some("run")));
        assert_eq!(good[0].function("node-types"), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
