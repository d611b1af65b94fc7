//! `plan`: what `up` would change.

use std::fmt::Write as _;
use std::time::Duration;

use kubeorch_core::runs::{Action, Plan, PlannedOperation, Resolution, Summary};
use serde::Serialize;
use serde_json::Value;

use super::job::Job;
use crate::cli::args;
use crate::cli::exit;
use crate::cli::failure::Outcome;
use crate::cli::output::{Terminal, Tone, document, paint, tone};
use crate::cli::signals::Signals;

/// Characters of a value that a line shows; the whole one is in the documents.
const MAX_SHOWN: usize = 60;

/// The document of `plan`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    workflow: super::report::Workflow<'a>,
    namespace: &'a str,
    summary: Summary,
    #[serde(flatten)]
    plan: &'a Plan,
}

/// Plans and answers; changes nothing.
pub(crate) async fn plan(args: &args::Deploy, detailed: bool, terminal: &mut Terminal) -> Outcome {
    let mut signals = Signals::listen()?;
    let (job, plan) = signals
        .or(async {
            let job = Job::open(args, Duration::from_secs(1), terminal).await?;
            let plan = job.plan(terminal).await?;
            Ok((job, plan))
        })
        .await?;
    let answer = Answer {
        workflow: super::report::Workflow::of(&job),
        namespace: &job.file.namespace,
        summary: plan.summary(),
        plan: &plan,
    };
    let text = document(args.output, &answer).unwrap_or_else(|| text(&plan, &job.target.name));
    terminal.data(&text)?;
    Ok(if detailed && !plan.is_empty() { exit::CHANGES } else { exit::OK })
}

/// One line an object that changes, its fields under it, the sum at the end.
fn text(plan: &Plan, cluster: &str) -> String {
    let mut text = String::new();
    for operation in &plan.operations {
        if operation.action != Action::Unchanged || operation.note.is_some() {
            line(operation, &mut text);
        }
    }
    for note in &plan.notes {
        let _ = writeln!(text, "{}", paint(Tone::Dim, &format!("note: {note}")));
    }
    let _ = writeln!(text, "Plan for {cluster}: {}", plan.summary());
    text
}

fn line(operation: &PlannedOperation, text: &mut String) {
    let word = match operation.action {
        Action::Create => "create",
        Action::Update => "change",
        Action::Delete => "delete",
        Action::Adopt => "adopt",
        Action::Recreate => "replace",
        Action::Unchanged => "keep",
    };
    let pad = " ".repeat(8 - word.len());
    let node =
        operation.node.as_ref().map(|node| paint(Tone::Dim, &format!("  ({node})"))).unwrap_or_default();
    let _ = writeln!(text, "{}{pad}{}{node}", paint(tone(word), word), operation.key);
    if let Some(note) = &operation.note {
        let _ = writeln!(text, "          {note}");
    }
    for conflict in &operation.conflicts {
        let what = match conflict.resolution {
            Resolution::Shared => "stays with",
            Resolution::Taken => "is taken from",
            Resolution::Refused => "belongs to",
        };
        let _ = writeln!(text, "        ! {} {what} {}", conflict.field, conflict.manager);
    }
    for change in &operation.changes {
        let (old, new) = (change.old.as_ref().map(shown), change.new.as_ref().map(shown));
        let _ = match (old, new) {
            (Some(old), Some(new)) => writeln!(text, "          {}: {old} -> {new}", change.path),
            (None, Some(new)) => writeln!(text, "        + {}: {new}", change.path),
            (Some(old), None) => writeln!(text, "        - {}: {old}", change.path),
            (None, None) => writeln!(text, "          {}", change.path),
        };
    }
}

/// A value on one line, cut.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.escape_debug().to_string(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
