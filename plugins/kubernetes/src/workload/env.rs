//! Environment variables: literal ones and those given at run time.

use kubeorch_plugin_sdk::{Reader, Runtime, check, kubernetes::Tree};
use serde_json::Value;

/// `env` and `envKeys` as the container's `env`. A name in both is asked for at run time and falls back to the literal.
pub(crate) fn read(reader: &Reader<'_>) -> Vec<Value> {
    let mut literals = reader.map("env");
    literals.retain(|(name, _)| !name.starts_with("_new_") && valid(reader, name, &format!("env.{name}")));
    let mut asked: Vec<&str> = Vec::new();
    for item in reader.items("envKeys") {
        let Some(name) = item.text("name").filter(|name| !name.starts_with("_new_")) else { continue };
        if !asked.contains(&name) && valid(&item, name, "name") {
            asked.push(name);
        }
    }
    let mut entries = Vec::with_capacity(literals.len() + asked.len());
    for (name, value) in literals {
        let value = if asked.contains(&name) {
            asked.retain(|other| *other != name);
            Runtime::env(name).default_value(Some(value)).into()
        } else {
            Value::from(value)
        };
        entries.push(Tree::new().set("name", name).set("value", value).into());
    }
    entries.extend(
        asked.into_iter().map(|name| Tree::new().set("name", name).set("value", Runtime::env(name)).into()),
    );
    entries
}

fn valid(reader: &Reader<'_>, name: &str, key: &str) -> bool {
    let Err(why) = check::env_name(name) else { return true };
    reader.findings().error(
        "env_name_invalid",
        reader.field(key),
        format!("{name:?} {}", why.problem),
        why.hint,
    );
    false
}
