//! From bytes to a manifest, with everything that is wrong on the way.

use std::collections::BTreeSet;

use semver::Version;
use serde_json::{Map, Value};
use wasmparser::{Encoding, Parser, Payload};

use super::Manifest;
use crate::error::Finding;

/// The custom section that holds the manifest.
pub const SECTION: &str = "kubeorch:plugin";

/// The most bytes of the section: a hundred times a usual one.
pub const MAX_BYTES: usize = 64 << 10;

/// What a plugin may ask for.
pub const CAPABILITIES: [&str; 4] = ["log", "tree", "effect:http", "effect:kubernetes"];

/// The worlds that this host runs, and the version of each.
pub const WORLDS: [(&str, &str); 4] = [
    ("kubeorch:node-types", "0.1.0"),
    ("kubeorch:step", "0.1.0"),
    ("kubeorch:import-analyzer", "0.1.0"),
    ("kubeorch:fix-template", "0.1.0"),
];

/// The form that this release reads.
const FORM: u64 = 1;

/// Characters of an id: it is a path segment, a metric label and a key of the store.
const ID: usize = 64;

/// Characters of a text for people.
const TEXT: usize = 1024;

/// Authors that are listed.
const AUTHORS: usize = 32;

impl Manifest {
    /// The manifest of a component; `None` when it has no such section. Refuses what is not a component.
    ///
    /// Reads the outline of the bytes and nothing of their code, so the time is bounded by their length.
    pub fn of(component: &[u8]) -> Result<Option<Self>, Vec<Finding>> {
        match section(component).map_err(|finding| vec![finding])? {
            Some(json) => Self::parse(json).map(Some),
            None => Ok(None),
        }
    }

    /// Reads the content of the section. Members that it does not know are ignored.
    pub fn parse(json: &[u8]) -> Result<Self, Vec<Finding>> {
        if json.len() > MAX_BYTES {
            let message = format!("it has {} bytes, at most {MAX_BYTES} are read", json.len());
            return Err(vec![Finding::error("manifest.too_large", message)]);
        }
        let object: Map<String, Value> = serde_json::from_slice(json).map_err(|error| {
            vec![Finding::error("manifest.malformed", format!("it is not a JSON object: {error}"))]
        })?;
        let form = object.get("manifest").and_then(Value::as_u64);
        if form != Some(FORM) {
            let found = form.map_or("none".to_owned(), |form| form.to_string());
            let finding = wrong("manifest", format!("this host reads form {FORM} and finds {found}"));
            return Err(vec![finding.hint("Upgrade KubeOrch, or build the plugin with its own tools.")]);
        }
        let findings = problems(&object);
        if !findings.is_empty() {
            return Err(findings);
        }
        serde_json::from_value(Value::Object(object)).map_err(|error| vec![wrong("", error.to_string())])
    }
}

/// The section at the component's own level; sections of what is nested in it are not its own.
fn section(component: &[u8]) -> Result<Option<&[u8]>, Finding> {
    let mut sections = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| malformed(&error))?;
        match payload {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding != Encoding::Component {
                    let finding =
                        Finding::error("component.core_module", "it is a core module, no component");
                    return Err(finding.hint("Build it with `kubeorch plugin build`."));
                }
                depth += 1;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 1 && section.name() == SECTION => {
                sections.push(section.data());
            }
            _ => {}
        }
    }
    match sections.as_slice() {
        [] => Ok(None),
        [section] => Ok(Some(section)),
        _ => Err(Finding::error("manifest.twice", format!("{SECTION} is there twice"))),
    }
}

/// The parser's first line: the others print bytes.
fn malformed(error: &wasmparser::BinaryReaderError) -> Finding {
    let what = error.message().lines().next().unwrap_or_default().trim_end_matches(" - expected=[");
    let message = format!("it is not a WebAssembly component: {what} (byte {})", error.offset());
    Finding::error("component.malformed", message)
}

fn problems(object: &Map<String, Value>) -> Vec<Finding> {
    let mut out = Vec::new();
    let id = text(object, "id", true, &mut out);
    if id.is_some_and(|id| !is_id(id)) {
        let message = format!("must be 1 to {ID} lower-case letters, digits and dashes, a letter first");
        out.push(wrong("id", message));
    }
    text(object, "name", true, &mut out);
    version("version", text(object, "version", true, &mut out), &mut out);
    text(object, "description", true, &mut out);
    text(object, "license", false, &mut out);
    if let Some(homepage) = text(object, "homepage", false, &mut out)
        && !homepage.starts_with("https://")
    {
        out.push(wrong("homepage", "must begin with https://"));
    }
    let authors = texts(object, "authors", &mut out);
    if authors.len() > AUTHORS {
        out.push(wrong("authors", format!("{} are there, at most {AUTHORS} are taken", authors.len())));
    }
    worlds(object.get("worlds"), &mut out);
    let mut seen = BTreeSet::new();
    for capability in texts(object, "capabilities", &mut out) {
        if !CAPABILITIES.contains(&capability) {
            let known = CAPABILITIES.join(", ");
            out.push(wrong("capabilities", format!("{capability:?} is none of {known}")));
        } else if !seen.insert(capability) {
            out.push(wrong("capabilities", format!("{capability:?} is there twice")));
        }
    }
    host(object.get("host"), &mut out);
    out
}

fn worlds(value: Option<&Value>, out: &mut Vec<Finding>) {
    let Some(Value::Object(worlds)) =
        value.filter(|value| value.as_object().is_some_and(|it| !it.is_empty()))
    else {
        out.push(wrong("worlds", "must name at least one world and its version"));
        return;
    };
    for (name, value) in worlds {
        let field = format!("worlds.{name}");
        let Some((_, ours)) = WORLDS.iter().find(|(world, _)| world == name) else {
            let finding = wrong(&field, "this host runs no such world");
            out.push(finding.hint("Upgrade KubeOrch, or leave the world out."));
            continue;
        };
        let theirs = version(&field, value.as_str().or(Some("")), out);
        if theirs.is_some_and(|theirs| !runs(ours, &theirs)) {
            out.push(wrong(
                &field,
                format!("this host runs {ours}, not {}", value.as_str().unwrap_or_default()),
            ));
        }
    }
}

/// Semantic versioning: before 1.0 a minor version is a contract of its own.
fn runs(ours: &str, theirs: &Version) -> bool {
    Version::parse(ours).is_ok_and(|ours| {
        let same_contract = ours.major == theirs.major && (ours.major > 0 || ours.minor == theirs.minor);
        same_contract && *theirs <= ours
    })
}

fn host(value: Option<&Value>, out: &mut Vec<Finding>) {
    let min = match value {
        None => return,
        Some(Value::Object(host)) => text(host, "min", false, out).filter(|min| !min.is_empty()),
        Some(_) => {
            out.push(wrong("host", "must be an object"));
            return;
        }
    };
    let Some(min) = version("host.min", min, out) else { return };
    let ours = env!("CARGO_PKG_VERSION");
    if Version::parse(ours).is_ok_and(|ours| ours < min) {
        let finding = wrong("host.min", format!("it needs KubeOrch {min}, and this is {ours}"));
        out.push(finding.hint("Upgrade KubeOrch, or install an older version of the plugin."));
    }
}

fn version(field: &str, text: Option<&str>, out: &mut Vec<Finding>) -> Option<Version> {
    match Version::parse(text?) {
        Ok(version) => Some(version),
        Err(error) => {
            out.push(wrong(field, format!("is not a semantic version: {error}")));
            None
        }
    }
}

fn text<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    needed: bool,
    out: &mut Vec<Finding>,
) -> Option<&'a str> {
    match object.get(name) {
        None if needed => out.push(wrong(name, "is missing")),
        None => {}
        Some(Value::String(text)) if text.len() > TEXT => {
            out.push(wrong(name, format!("is longer than {TEXT} bytes")));
        }
        Some(Value::String(text)) if text.chars().any(char::is_control) => {
            out.push(wrong(name, "holds control characters"));
        }
        Some(Value::String(text)) => return Some(text),
        Some(_) => out.push(wrong(name, "must be a text")),
    }
    None
}

fn texts<'a>(object: &'a Map<String, Value>, name: &str, out: &mut Vec<Finding>) -> Vec<&'a str> {
    let items = match object.get(name) {
        None => return Vec::new(),
        Some(Value::Array(items)) => items.as_slice(),
        Some(_) => &[Value::Null],
    };
    let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    if texts.len() != items.len() || texts.iter().any(|text| text.chars().any(char::is_control)) {
        out.push(wrong(name, "must be a list of texts without control characters"));
    }
    texts
}

/// Whether a text may be the id of an installed plugin.
pub(crate) fn is_id(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.len() <= ID && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(inner)
}

fn wrong(field: &str, message: impl Into<String>) -> Finding {
    Finding::error("manifest.invalid", message).at(field)
}
