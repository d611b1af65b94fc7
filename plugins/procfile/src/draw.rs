//! Processes as nodes, edges and findings.

use kubeorch_plugin_sdk::{
    analyzer::{Analysis, AnalyzeRequest, EdgeDraft, Finding, NodeDraft, Origin},
    check,
};
use serde_json::{Value, json};

use crate::parse::{Parsed, Process, Strange, Why};

/// The port that `web` is told to listen on, in `PORT`, as the runners of Procfiles do.
const PORT: u16 = 8080;
/// How a runner starts a process: its command is a line of shell.
const SHELL: [&str; 2] = ["/bin/sh", "-c"];
/// Characters of a name that are kept, so that what is put after it still is a DNS label.
const MOST_NAME: usize = 50;

pub(crate) fn draw(path: &str, parsed: &Parsed, request: &AnalyzeRequest, dockerfile: bool) -> Analysis {
    let mut analysis = Analysis::default();
    let app = app_name(request, &mut analysis);
    let mut taken: Vec<String> = Vec::new();
    for process in &parsed.processes {
        let name = free_name(&object_name(app.as_deref(), &process.name), &taken);
        taken.push(name.clone());
        let origin = Origin::line(path, process.line);
        let draft = NodeDraft::new(&name, kind(&process.name), origin.clone()).data("name", name.as_str());
        let draft = draft.data("command", json!(SHELL)).data("args", json!([process.command]));
        analysis.nodes.push(workload(draft, &process.name).confidence(90));
        if process.name == "web" {
            let service = format!("{name}-service");
            let draft = NodeDraft::new(&service, "service", origin).data("name", name.as_str());
            let draft = draft.data("targetApp", name.as_str()).data("port", 80).data("targetPort", PORT);
            analysis.nodes.push(draft.confidence(90));
            analysis.edges.push(EdgeDraft::new(&service, &name));
        }
    }
    analysis.findings.extend(parsed.strange.iter().map(|strange| strange_line(path, strange)));
    analysis.findings.push(match parsed.processes.first() {
        Some(first) => no_image(path, first, dockerfile),
        None => Finding::error(
            "procfile.empty",
            "the Procfile has no process",
            "write one as a line `web: <command>`",
        )
        .at(Origin::file(path)),
    });
    analysis
}

/// A release phase runs once and ends; everything else runs on.
fn kind(process: &str) -> &'static str {
    if process == "release" { "job" } else { "deployment" }
}

fn workload(draft: NodeDraft, process: &str) -> NodeDraft {
    match process {
        "web" => {
            draft.data("replicas", 1).data("port", PORT).data("env", json!({ "PORT": PORT.to_string() }))
        }
        "release" => draft,
        _ => draft.data("replicas", 1),
    }
}

fn strange_line(path: &str, strange: &Strange) -> Finding {
    let finding = match &strange.why {
        Why::Syntax => Finding::warning(
            "procfile.line_invalid",
            "the line is not `name: command`",
            "names have letters, digits, '-' and '_'; put a '#' before a comment",
        ),
        Why::NoCommand(name) => Finding::warning(
            "procfile.command_missing",
            format!("the process {name} has no command"),
            "write the command after the colon, or remove the line",
        ),
        Why::Again(name, line) => Finding::warning(
            "procfile.process_repeated",
            format!("the process {name} is on line {line} already; this line is not drawn"),
            "give one of the two another name",
        ),
        Why::TooMany => Finding::warning(
            "procfile.too_many",
            "the Procfile has more than 64 processes; from this line on none is drawn",
            "split the application",
        ),
    };
    finding.at(Origin::line(path, strange.line))
}

fn no_image(path: &str, first: &Process, dockerfile: bool) -> Finding {
    let hint = if dockerfile {
        "build the Dockerfile beside it and fill the image into every workload"
    } else {
        "build the source, for example with buildpacks, and fill the image into every workload"
    };
    Finding::warning("procfile.image_missing", "a Procfile names no image to run", hint)
        .at(Origin::line(path, first.line))
}

/// What names begin with: the option `name`, else the folder of the Procfile; nothing at the root of the tree.
fn app_name(request: &AnalyzeRequest, analysis: &mut Analysis) -> Option<String> {
    match request.options.get("name") {
        None | Some(Value::Null) => {}
        Some(Value::String(name)) if check::dns_label(name).is_ok() && name.len() <= MOST_NAME => {
            return Some(name.clone());
        }
        Some(name) => analysis.findings.push(Finding::error(
            "procfile.name_invalid",
            format!("the name {name} can't begin the name of an object"),
            "use at most 50 lower-case letters, digits and hyphens",
        )),
    }
    let folder = label(request.place.root.rsplit('/').next().unwrap_or_default());
    (!folder.is_empty()).then_some(folder)
}

fn object_name(app: Option<&str>, process: &str) -> String {
    let process = label(process);
    match (app, process.is_empty()) {
        (Some(app), false) => label(&format!("{app}-{process}")),
        (Some(app), true) => app.to_owned(),
        // `_` is a process like any other.
        (None, true) => "process".to_owned(),
        (None, false) => process,
    }
}

/// As a DNS label: lower case, every run of anything else one hyphen.
fn label(text: &str) -> String {
    let mut label = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            label.push(letter.to_ascii_lowercase());
        } else if !label.is_empty() && !label.ends_with('-') {
            label.push('-');
        }
        if label.len() == MOST_NAME {
            break;
        }
    }
    label.truncate(label.trim_end_matches('-').len());
    // A service can't be named by a digit first.
    if label.starts_with(|letter: char| letter.is_ascii_digit()) { format!("app-{label}") } else { label }
}

/// The name, or with the first number that makes it free: `a_b` and `a-b` are two processes.
fn free_name(name: &str, taken: &[String]) -> String {
    if !taken.iter().any(|other| other == name) {
        return name.to_owned();
    }
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    numbered.into_iter().find(|name| !taken.contains(name)).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for (text, expected) in [
            ("Web_Server", "web-server"),
            ("--a--", "a"),
            ("9x", "app-9x"),
            ("_", ""),
            ("ä", ""),
            ("a.b c", "a-b-c"),
        ] {
            assert_eq!(label(text), expected, "{text}");
        }
        assert!(check::dns_service(&label(&"x_".repeat(99))).is_ok());
        assert_eq!(object_name(Some("shop"), "web"), "shop-web");
        assert_eq!(free_name("a", &["a".to_owned(), "a-2".to_owned()]), "a-3");
    }
}
