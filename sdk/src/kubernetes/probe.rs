//! Probes of a container.

use serde_json::Value;

use super::Tree;
use crate::{Reader, check};

/// What holds where a probe says nothing.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// Path of the HTTP request.
    pub path: &'static str,
    /// Seconds before the first try.
    pub initial_delay: i64,
    /// Seconds between tries.
    pub period: i64,
}

/// The probe in the member `key`: `{path, port?, initialDelaySeconds, periodSeconds, …}` over HTTP on the container's
/// port, or `{exec:{command}}`, `{tcpSocket:{port}}`, `{httpGet:{path,port,scheme}}` as in Kubernetes.
pub fn probe(reader: &Reader<'_>, key: &str, port: Option<i64>, defaults: Defaults) -> Option<Tree> {
    let inner = reader.object(key)?;
    let action = action(&inner, key, port, defaults);
    let seconds = |name: &str, least: i64| inner.integer(name, least..=i64::from(i32::MAX));
    let success = seconds("successThreshold", 1);
    if key == "livenessProbe" && success.is_some_and(|times| times != 1) {
        inner.error("successThreshold", "range", "a liveness probe succeeds after one success", "use 1");
    }
    // All members are read before a missing one ends it, so that all findings come at once.
    let timing = [
        ("initialDelaySeconds", Some(seconds("initialDelaySeconds", 0).unwrap_or(defaults.initial_delay))),
        ("periodSeconds", Some(seconds("periodSeconds", 1).unwrap_or(defaults.period))),
        ("timeoutSeconds", seconds("timeoutSeconds", 1)),
        ("successThreshold", success),
        ("failureThreshold", seconds("failureThreshold", 1)),
    ];
    Some(timing.into_iter().fold(action?, |probe, (key, value)| probe.set_some(key, value)))
}

fn action(inner: &Reader<'_>, key: &str, container: Option<i64>, defaults: Defaults) -> Option<Tree> {
    if let Some(exec) = inner.object("exec") {
        let command = exec.texts("command");
        if command.is_empty() {
            exec.error(
                "command",
                "missing",
                format_args!("the command of {key} is missing"),
                "give the command to run",
            );
            return None;
        }
        return Some(Tree::new().set("exec", Tree::new().set("command", command)));
    }
    if let Some(socket) = inner.object("tcpSocket") {
        let port = port(&socket).or(container.map(Value::from)).or_else(|| missing(&socket, key))?;
        return Some(Tree::new().set("tcpSocket", Tree::new().set("port", port)));
    }
    let (http, path) = match inner.object("httpGet") {
        // Kubernetes' own form has Kubernetes' own default.
        Some(http) => (http, "/"),
        None => (inner.clone(), defaults.path),
    };
    let path = http.checked("path", check::absolute_path).unwrap_or(path);
    let scheme = http.choice("scheme", &["HTTP", "HTTPS"]);
    let port = port(&http).or(container.map(Value::from)).or_else(|| missing(&http, key))?;
    let get = Tree::new().set("path", path).set("port", port).set_some("scheme", scheme);
    Some(Tree::new().set("httpGet", get))
}

/// A number, or the name of a port of the container.
fn port(reader: &Reader<'_>) -> Option<Value> {
    match reader.get("port")? {
        Value::String(_) => reader.checked("port", check::port_name).map(Value::from),
        _ => reader.integer("port", 1..=65535).map(Value::from),
    }
}

fn missing(reader: &Reader<'_>, key: &str) -> Option<Value> {
    reader.error(
        "port",
        "missing",
        format_args!("{key} has no port to ask"),
        "give the node a port, or use exec",
    );
    None
}
