//! The ports of a service.

use kubeorch_plugin_sdk::{Node, Reader, check, kubernetes::Tree, read_integer};
use serde_json::Value;

use super::selector::Target;

/// What a port may speak.
pub(super) const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

struct Entry {
    name: Option<String>,
    protocol: &'static str,
    port: i64,
    target: Value,
    node_port: Option<i64>,
}

/// The port numbers, for neighbours.
pub(super) fn of_facts(node: &Node) -> Vec<i64> {
    let number = |map| read_integer(map, "port", 1..=65535);
    let listed = node.data.get("ports").and_then(Value::as_array).filter(|ports| !ports.is_empty());
    match listed {
        Some(ports) => ports.iter().filter_map(Value::as_object).filter_map(number).collect(),
        None => number(&node.data).into_iter().collect(),
    }
}

/// `ports`, else `port` and `targetPort`.
pub(super) fn read(
    reader: &Reader<'_>,
    kind: &str,
    target: &Target<'_>,
    notes: &mut Vec<String>,
) -> Vec<Value> {
    let items = reader.items("ports");
    let ports = if items.is_empty() {
        flat(reader, target, notes).into_iter().collect()
    } else {
        let count = items.len();
        let ports: Vec<Entry> = items.iter().filter_map(|item| listed(item, kind, count)).collect();
        check_unique(reader, &ports);
        ports
    };
    ports.into_iter().map(|entry| entry.render().into()).collect()
}

fn flat(reader: &Reader<'_>, target: &Target<'_>, notes: &mut Vec<String>) -> Option<Entry> {
    let own = target_port(reader);
    if reader.get("port").is_none() {
        reader.error(
            "port",
            "missing",
            "port is missing",
            "give the port the service listens on, for example 80",
        );
    }
    let port = reader.integer("port", 1..=65535)?;
    if let (None, Some(theirs)) = (&own, target.port()) {
        notes.push(format!("linked to {}: targetPort {theirs}", target.title()));
    }
    let number = own.as_ref().and_then(Value::as_i64);
    if let Some(number) =
        number.filter(|number| !target.ports().is_empty() && !target.ports().contains(number))
    {
        let message = format_args!("{} doesn't listen on targetPort {number}", target.title());
        let hint = format!("use {}", target.ports().first().copied().unwrap_or_default());
        reader.warning("targetPort", "unknown", message, hint);
    }
    let target = own.or_else(|| target.port().map(Value::from)).unwrap_or_else(|| port.into());
    Some(Entry { name: Some("http".to_owned()), protocol: "TCP", port, target, node_port: None })
}

fn listed(item: &Reader<'_>, kind: &str, count: usize) -> Option<Entry> {
    let node_port = item.integer("nodePort", 30000..=32767);
    if node_port.is_some() && kind == "ClusterIP" {
        item.warning(
            "nodePort",
            "ignored",
            "nodePort has no effect on a ClusterIP",
            "remove it, or change the type",
        );
    }
    let own = target_port(item);
    let protocol = item.choice("protocol", &PROTOCOLS).unwrap_or("TCP");
    let name = item.checked("name", check::port_name).map(str::to_owned);
    if item.get("port").is_none() {
        item.error("port", "missing", "port is missing", "give the port the service listens on");
    }
    let port = item.integer("port", 1..=65535)?;
    // One port needs no name and keeps the one that a single port always had; several must be told apart.
    let default =
        || if count == 1 { "http".to_owned() } else { format!("{}-{port}", protocol.to_ascii_lowercase()) };
    let node_port = node_port.filter(|_| kind != "ClusterIP");
    let name = Some(name.unwrap_or_else(default));
    Some(Entry { name, protocol, port, target: own.unwrap_or_else(|| port.into()), node_port })
}

/// A number, or the name of a port of the pods.
fn target_port(reader: &Reader<'_>) -> Option<Value> {
    match reader.get("targetPort")? {
        Value::String(_) => reader.checked("targetPort", check::port_name).map(Value::from),
        _ => reader.integer("targetPort", 1..=65535).map(Value::from),
    }
}

fn check_unique(reader: &Reader<'_>, ports: &[Entry]) {
    for (at, port) in ports.iter().enumerate() {
        let before = &ports[..at];
        let report = |message: String, hint: &str| {
            reader.findings().error("port_duplicate", reader.field("ports"), message, hint);
        };
        if before.iter().any(|other| other.port == port.port && other.protocol == port.protocol) {
            report(format!("there are two ports {} {}", port.port, port.protocol), "remove one");
        }
        if before.iter().any(|other| other.name == port.name) {
            let name = port.name.as_deref().unwrap_or_default();
            report(format!("there are two ports named {name}"), "give each its own name");
        }
        let same_node_port =
            |other: &Entry| other.node_port == port.node_port && other.protocol == port.protocol;
        if port.node_port.is_some() && before.iter().any(same_node_port) {
            report(
                format!("there are two node ports {}", port.node_port.unwrap_or_default()),
                "give each its own",
            );
        }
    }
}

impl Entry {
    fn render(self) -> Tree {
        Tree::new()
            .set_some("name", self.name)
            .set("protocol", self.protocol)
            .set("port", self.port)
            .set("targetPort", self.target)
            .set_some("nodePort", self.node_port)
    }
}
