//! What a catalog must hold to before its node types are offered to anybody.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Alias, Catalog, Entry, KindInfo, LinkRule, NodeType};

pub(crate) mod worlds;

/// Characters of a plugin's id, a type's name, a trait, a role.
const NAME: usize = 128;

/// Kinds, link rules and traits that one type may declare, each.
const DECLARED: usize = 64;

/// Problems that a complaint lists.
const LISTED: usize = 10;

/// Everything that is wrong with a catalog. A peer of a link rule may be unknown: another plugin may bring it.
pub(crate) fn problems(catalog: &Catalog, most: usize) -> Vec<String> {
    let mut problems = Vec::new();
    check_name("plugin.id", &catalog.plugin.id, &mut problems);
    if catalog.node_types.len() > most {
        problems.push(format!("{} node types, at most {most} are allowed", catalog.node_types.len()));
        return problems;
    }
    let mut names = BTreeSet::new();
    let entries = check_entries(&catalog.entries, most, &mut problems);
    for node_type in &catalog.node_types {
        check_type(node_type, &mut problems);
        if let Some(entry) = node_type.entry.as_deref().filter(|entry| !entries.contains(entry)) {
            problems.push(format!("{}: there is no entry {}", quoted(&node_type.name), quoted(entry)));
        }
        if !names.insert(&node_type.name) {
            problems.push(format!("{} is there twice", quoted(&node_type.name)));
        }
    }
    problems
}

/// The ids of the entries. There is no use in more entries than node types.
fn check_entries<'c>(entries: &'c [Entry], most: usize, problems: &mut Vec<String>) -> BTreeSet<&'c str> {
    if entries.len() > most {
        problems.push(format!("{} entries, at most {most} are allowed", entries.len()));
    }
    let mut ids = BTreeSet::new();
    for entry in entries.iter().take(most) {
        check_name("an entry's id", &entry.id, problems);
        if !ids.insert(entry.id.as_str()) {
            problems.push(format!("entry {} is there twice", quoted(&entry.id)));
        }
        if entry.crd_kinds.len() > DECLARED {
            problems.push(format!("entry {} has more than {DECLARED} kinds", quoted(&entry.id)));
        }
    }
    ids
}

/// One sentence of all problems.
pub(crate) fn complaint(problems: &[String]) -> String {
    let shown = problems.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join("; ");
    match problems.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

fn check_type(node_type: &NodeType, problems: &mut Vec<String>) {
    let mut own = Vec::new();
    check_name("name", &node_type.name, &mut own);
    for name in &node_type.traits {
        check_name("a trait", name, &mut own);
    }
    if !(0..=1000).contains(&node_type.rank) {
        own.push(format!("rank {} is not between 0 and 1000", node_type.rank));
    }
    for (what, count) in [
        ("kinds", node_type.kinds.len()),
        ("links", node_type.links.len()),
        ("traits", node_type.traits.len()),
    ] {
        if count > DECLARED {
            own.push(format!("{count} {what}, at most {DECLARED} are allowed"));
        }
    }
    check_kinds(&node_type.kinds, &mut own);
    for rule in &node_type.links {
        check_rule(rule, &mut own);
    }
    check_parameters(&node_type.parameters, &mut own);
    if let Some(Alias { kind, member }) = &node_type.alias {
        check_name("an alias's type", kind, &mut own);
        check_name("an alias's member", member, &mut own);
        if *kind == node_type.name {
            own.push("a type is no alias of itself".into());
        }
    }
    problems.extend(own.into_iter().map(|problem| format!("{}: {problem}", quoted(&node_type.name))));
}

fn check_kinds(kinds: &[KindInfo], problems: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for KindInfo { kind, .. } in kinds {
        let parts: Vec<&str> = kind.api_version.split('/').collect();
        if kind.kind.is_empty() || parts.len() > 2 || parts.iter().any(|part| part.is_empty()) {
            problems.push(format!(
                "kind {} of {} is not a kind",
                quoted(&kind.kind),
                quoted(&kind.api_version)
            ));
        } else if !seen.insert((kind.group(), &kind.kind)) {
            problems.push(format!("kind {} is there twice", quoted(&kind.kind)));
        }
    }
}

fn check_rule(rule: &LinkRule, problems: &mut Vec<String>) {
    check_name("a link's role", &rule.role, problems);
    if rule.peers.is_empty() {
        problems.push(format!("link {} names no peer", quoted(&rule.role)));
    }
    if rule.peers.len() > DECLARED {
        problems.push(format!("link {} names more than {DECLARED} peers", quoted(&rule.role)));
    }
    for peer in &rule.peers {
        check_name("a link's peer", peer.strip_prefix("trait:").unwrap_or(peer), problems);
    }
}

pub(super) fn check_parameters(schema: &Value, problems: &mut Vec<String>) {
    let Value::Object(schema) = schema else {
        problems.push("parameters is not a JSON Schema object".into());
        return;
    };
    if schema.get("type").is_some_and(|kind| kind != "object") {
        problems.push("parameters must be a schema of type object".into());
    }
    match schema.get("properties") {
        None => {}
        Some(Value::Object(properties)) => {
            for (name, property) in properties {
                if !property.is_object() && !property.is_boolean() {
                    problems.push(format!("parameter {} is not a JSON Schema", quoted(name)));
                }
            }
        }
        Some(_) => problems.push("parameters.properties is not an object".into()),
    }
}

/// Names end up in URLs, logs and link rules: printable, without blanks, and no colon, which separates
/// `trait:` from a trait's name.
pub(super) fn check_name(what: &str, name: &str, problems: &mut Vec<String>) {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if name.is_empty() || name.len() > NAME || !name.chars().all(good) {
        problems
            .push(format!("{what} {} is not a name of letters, digits, '-', '_', '.' and '/'", quoted(name)));
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(NAME).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}
