//! Pod specs, in pods and templates.

use serde_json::Value;

use super::{meta, quantity};
use crate::api::status::Cause;
use crate::value::{list, map, text};

/// `claims` are volumes that come from elsewhere: the claim templates of a stateful set.
pub(super) fn spec(spec: &Value, path: &str, claims: &[&str], causes: &mut Vec<Cause>) {
    let containers = list(spec, "/containers");
    if containers.is_empty() {
        causes.push(Cause::required(format!("{path}.containers"), ""));
    }
    let mut volumes = volumes(spec, path, causes);
    volumes.extend(claims);
    let mut names = Vec::new();
    for part in ["initContainers", "containers"] {
        for (at, container) in list(spec, &format!("/{part}")).iter().enumerate() {
            let path = format!("{path}.{part}[{at}]");
            let name = text(container, "/name");
            if names.contains(&name) && !name.is_empty() {
                causes.push(Cause::duplicate(format!("{path}.name"), &container["name"]));
            }
            names.push(name);
            self::container(container, &path, &volumes, causes);
        }
    }
    let policy = text(spec, "/restartPolicy");
    if !matches!(policy, "Always" | "OnFailure" | "Never") {
        let field = format!("{path}.restartPolicy");
        causes.push(Cause::unsupported(field, &spec["restartPolicy"], &["Always", "OnFailure", "Never"]));
    }
}

fn volumes<'a>(spec: &'a Value, path: &str, causes: &mut Vec<Cause>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (at, volume) in list(spec, "/volumes").iter().enumerate() {
        let name = text(volume, "/name");
        let field = format!("{path}.volumes[{at}].name");
        if name.is_empty() {
            causes.push(Cause::required(field, ""));
        } else if !meta::is_label(name) {
            causes.push(Cause::invalid(field, &volume["name"], "must be a lowercase RFC 1123 label"));
        } else if names.contains(&name) {
            causes.push(Cause::duplicate(field, &volume["name"]));
        }
        names.push(name);
    }
    names
}

fn container(container: &Value, path: &str, volumes: &[&str], causes: &mut Vec<Cause>) {
    let name = text(container, "/name");
    if name.is_empty() {
        causes.push(Cause::required(format!("{path}.name"), ""));
    } else if !meta::is_label(name) {
        let note = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
        causes.push(Cause::invalid(format!("{path}.name"), &container["name"], note));
    }
    let image = text(container, "/image");
    if image.is_empty() {
        causes.push(Cause::required(format!("{path}.image"), ""));
    } else if image.trim() != image {
        let note = "must not have leading or trailing whitespace";
        causes.push(Cause::invalid(format!("{path}.image"), &container["image"], note));
    }
    for (at, port) in list(container, "/ports").iter().enumerate() {
        port_number(port.get("containerPort"), &format!("{path}.ports[{at}].containerPort"), causes);
    }
    for (at, env) in list(container, "/env").iter().enumerate() {
        let path = format!("{path}.env[{at}]");
        if text(env, "/name").is_empty() {
            causes.push(Cause::required(format!("{path}.name"), ""));
        }
        if env.get("value").is_some_and(|value| !value.is_string()) {
            causes.push(Cause::invalid(format!("{path}.value"), &env["value"], "must be a string"));
        }
        if !text(env, "/value").is_empty() && env.get("valueFrom").is_some() {
            let note = "may not be specified when `value` is not empty";
            causes.push(Cause::invalid(format!("{path}.valueFrom"), &Value::from(""), note));
        }
    }
    for (at, mount) in list(container, "/volumeMounts").iter().enumerate() {
        let path = format!("{path}.volumeMounts[{at}]");
        if !volumes.contains(&text(mount, "/name")) {
            let mut cause = Cause::invalid(format!("{path}.name"), &mount["name"], "");
            cause.reason = "FieldValueNotFound";
            cause.message = format!("Not found: {}", mount["name"]);
            causes.push(cause);
        }
        if text(mount, "/mountPath").is_empty() {
            causes.push(Cause::required(format!("{path}.mountPath"), ""));
        }
    }
    for part in ["limits", "requests"] {
        for (name, amount) in map(container, &format!("/resources/{part}")).into_iter().flatten() {
            let field = format!("{path}.resources.{part}[{name}]");
            quantity::check(amount, &field, causes);
            if part == "requests"
                && let Some(limit) =
                    container.pointer(&format!("/resources/limits/{}", name.replace('/', "~1")))
                && let (Some(want), Some(most)) = (amount_of(amount), amount_of(limit))
                && want > most
            {
                let note = format!("must be less than or equal to {name} limit of {}", plain(limit));
                causes.push(Cause::invalid(format!("{path}.resources.requests"), amount, &note));
            }
        }
    }
}

fn amount_of(value: &Value) -> Option<f64> {
    quantity::parse(&plain(value))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A port is 1 to 65535.
pub(super) fn port_number(port: Option<&Value>, field: &str, causes: &mut Vec<Cause>) {
    match port {
        None | Some(Value::Null) => causes.push(Cause::required(field, "")),
        Some(port) if port.as_i64().is_some_and(|number| (1..=65535).contains(&number)) => {}
        Some(port) => {
            causes.push(Cause::invalid(field, port, "must be between 1 and 65535, inclusive"));
        }
    }
}
