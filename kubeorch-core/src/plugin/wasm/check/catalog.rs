//! What users read of a node type before they use it.

use semver::Version;

use super::{Report, schema};
use crate::plugin::wasm::Plugin;
use crate::plugin::{NodeType, World};

pub(super) fn check(plugin: &Plugin, report: &mut Report) {
    let info = plugin.info();
    version("plugin", &info.version, report);
    text("plugin", "name", &info.name, report);
    text("plugin", "description", &info.description, report);
    // The catalogue of an analyzer is itself, and a fix may be made for findings of others.
    let empty = match plugin.world() {
        World::NodeTypes if plugin.node_types().is_empty() => Some(("list-types", "it has no node type")),
        World::Step if plugin.steps().is_empty() => Some(("list-steps", "it has no step")),
        _ => None,
    };
    if let Some((function, message)) = empty {
        report.error("catalog.empty", function, message, "list at least one");
    }
    for node_type in plugin.node_types() {
        one(node_type, report);
    }
}

fn one(node_type: &NodeType, report: &mut Report) {
    let name = &node_type.name;
    for (member, value) in [
        ("title", &node_type.title),
        ("description", &node_type.description),
        ("category", &node_type.category),
        ("icon", &node_type.icon),
    ] {
        text(name, member, value, report);
    }
    version(name, &node_type.version, report);
    words(
        name,
        "usageFrequency",
        &node_type.usage_frequency,
        &["very-high", "high", "medium", "low"],
        report,
    );
    words(name, "difficulty", &node_type.difficulty, &["easy", "medium", "hard"], report);
    if node_type.kinds.is_empty() {
        let fix = "name every kind that render may answer; others are refused";
        report.error("catalog.kinds", name, "it declares no kind of object", fix);
    }
    for problem in schema::problems(&node_type.parameters) {
        let subject = format!("{name} {}", problem.path);
        if problem.error {
            report.error("schema.invalid", subject, problem.message, problem.fix);
        } else {
            report.warning("schema.unclear", subject, problem.message, problem.fix);
        }
    }
}

fn text(of: &str, member: &str, value: &str, report: &mut Report) {
    if value.trim().is_empty() {
        report.warning("catalog.text", format!("{of} {member}"), "is empty", "people see it in the palette");
    }
}

fn version(of: &str, value: &str, report: &mut Report) {
    if let Err(error) = Version::parse(value) {
        let message = format!("{value:?} is not a semantic version: {error}");
        report.error("catalog.version", format!("{of} version"), message, "three numbers, like 1.0.0");
    }
}

fn words(of: &str, member: &str, value: &str, known: &[&str], report: &mut Report) {
    if !known.contains(&value) {
        let fix = format!("one of {}", known.join(", "));
        report.warning("catalog.word", format!("{of} {member}"), format!("{value:?} is unknown"), fix);
    }
}
