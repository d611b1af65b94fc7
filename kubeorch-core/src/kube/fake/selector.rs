//! Label selectors as kubectl writes them.

use crate::manifest::Object;

/// Whether the object's labels match; a requirement that cannot be read matches nothing.
pub(super) fn matches(selector: &str, object: &Object) -> bool {
    requirements(selector).iter().all(|requirement| matches_one(requirement.trim(), object))
}

/// Splits at the commas outside parentheses.
fn requirements(selector: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_u32, 0, Vec::new());
    for (at, letter) in selector.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(&selector[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&selector[start..]);
    found.retain(|part| !part.trim().is_empty());
    found
}

fn matches_one(requirement: &str, object: &Object) -> bool {
    let label = |name: &str| object.label(name.trim());
    if let Some((name, values)) = set(requirement, " notin ") {
        return label(name).is_none_or(|value| !values.contains(&value));
    }
    if let Some((name, values)) = set(requirement, " in ") {
        return label(name).is_some_and(|value| values.contains(&value));
    }
    if let Some((name, value)) = requirement.split_once("!=") {
        return label(name) != Some(value.trim());
    }
    if let Some((name, value)) = requirement.split_once("==").or_else(|| requirement.split_once('=')) {
        return label(name) == Some(value.trim());
    }
    match requirement.strip_prefix('!') {
        Some(name) => label(name).is_none(),
        None => label(requirement).is_some(),
    }
}

fn set<'a>(requirement: &'a str, operator: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let (name, values) = requirement.split_once(operator)?;
    let values = values.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some((name, values.split(',').map(str::trim).collect()))
}
