//! The made-up types.
//!
//! `widget` runs pods and takes settings and keys from its neighbours; `gadget` holds settings; `locket`
//! holds run-time values and is retained; `doorbell` leads to anything that runs pods.

use serde_json::{Map, Value, json};

use super::Type;
use crate::error::Finding;
use crate::manifest::{Kind, Object};
use crate::plugin::{
    Facts, KindInfo, Link, LinkRule, NodeInput, NodeType, Observe, Out, Phase, RenderRequest, Rendered,
    Status, StatusRequest,
};

pub(super) fn all() -> Vec<Type> {
    vec![widget(), gadget(), locket(), doorbell()]
}

/// A Deployment of data `{name, namespace?, image, replicas?, port?, gadgetId?, envKeys?}`. A namespace other
/// than `default` is brought along where nobody else does.
fn widget() -> Type {
    let mut entry = entry("widget", 30, &[("apps/v1", "Deployment"), ("v1", "Namespace")]);
    entry.traits = vec!["workload".into()];
    entry.links = vec![rule("configures", &["gadget"]), rule("unlocks", &["locket"])];
    entry.env_keys = Some("envKeys".into());
    entry.start = object(json!({"name": "widget-<n>", "image": "widget:1", "replicas": 1, "port": 8080}));
    entry.parameters = json!({
        "type": "object",
        "required": ["name", "image"],
        "properties": {
            "name": {"type": "string"}, "namespace": {"type": "string", "default": "default"},
            "image": {"type": "string"}, "replicas": {"type": "integer", "default": 1, "minimum": 0},
            "port": {"type": "integer"}, "gadgetId": {"type": "string"}, "envKeys": {"type": "array"},
        },
    });
    Type::new(entry)
        .facts(|node| Ok(widget_facts(node)))
        .validate(|request| Ok(widget_findings(request)))
        .render(|request| Ok(widget_render(request)))
        .status(|request| Ok(widget_status(request)))
}

/// A `ConfigMap` of data `{name, namespace?, settings?}`.
fn gadget() -> Type {
    let mut entry = entry("gadget", 10, &[("v1", "ConfigMap")]);
    entry.start = object(json!({"name": "gadget-<n>", "settings": {}}));
    Type::new(entry).validate(|request| Ok(named(request))).render(|request| {
        let settings = request.node.data.get("settings").cloned().unwrap_or_else(|| json!({}));
        Ok(one(manifest(&request.node, "v1", "ConfigMap", json!({"data": settings}))))
    })
}

/// A Secret of data `{name, namespace?, keys: [{name, generate?}]}`, whose values come at run time.
fn locket() -> Type {
    let mut entry = entry("locket", 10, &[("v1", "Secret")]);
    entry.retain = true;
    entry.secret_keys = Some("keys".into());
    entry.start = object(json!({"name": "locket-<n>", "keys": []}));
    Type::new(entry).validate(|request| Ok(named(request))).render(|request| {
        let data: Map<String, Value> = keys(&request.node, "keys")
            .map(|(name, key)| {
                let mut leaf = json!({"from": "secret", "key": name, "encode": "base64"});
                if let Some(length) = key.get("generate") {
                    leaf["generate"] = length.clone();
                }
                (name.to_owned(), json!({ "$runtime": leaf }))
            })
            .collect();
        Ok(one(manifest(&request.node, "v1", "Secret", json!({"type": "Opaque", "data": data}))))
    })
}

/// A Service of data `{name, namespace?, port?}` for the workload that it is linked with.
fn doorbell() -> Type {
    let mut entry = entry("doorbell", 20, &[("v1", "Service")]);
    entry.links = vec![rule("selects", &["trait:workload"])];
    entry.start = object(json!({"name": "doorbell-<n>", "port": 80}));
    Type::new(entry)
        .validate(|request| {
            let mut findings = named(request);
            if linked(request, "selects").next().is_none() {
                findings.push(Finding::warning("doorbell.unlinked", "it leads to nothing").hint("Link it."));
            }
            Ok(findings)
        })
        .render(|request| {
            let port = request.node.data.get("port").cloned().unwrap_or_else(|| json!(80));
            let peer = linked(request, "selects").next().map(|link| &link.peer.facts);
            let target = peer.and_then(|facts| facts.other.get("port")).unwrap_or(&port);
            let selector = peer.map_or_else(|| json!({}), |facts| json!({"app": facts.name}));
            let spec =
                json!({"spec": {"selector": selector, "ports": [{"port": port, "targetPort": target}]}});
            let mut rendered = one(manifest(&request.node, "v1", "Service", spec));
            rendered.notes = peer.map(|facts| format!("leads to {}", facts.name)).into_iter().collect();
            Ok(rendered)
        })
}

fn widget_facts(node: &NodeInput) -> Facts {
    let mut other = object(json!({"kind": "Deployment", "apiVersion": "apps/v1"}));
    other.insert("labels".into(), json!({"app": text(node, "name")}));
    if let Some(port) = node.data.get("port") {
        other.insert("port".into(), port.clone());
    }
    Facts {
        name: text(node, "name").into(),
        namespace: namespace(node).into(),
        references: node
            .data
            .get("gadgetId")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .into_iter()
            .collect(),
        other,
    }
}

fn widget_findings(request: &RenderRequest) -> Vec<Finding> {
    let mut findings = named(request);
    if text(&request.node, "image").is_empty() {
        findings.push(Finding::error("widget.image_missing", "an image is required").at("image"));
    }
    findings
}

fn widget_render(request: &RenderRequest) -> Rendered {
    let node = &request.node;
    let name = text(node, "name");
    let from: Vec<Value> = linked(request, "configures")
        .map(|link| json!({"configMapRef": {"name": link.peer.facts.name}}))
        .chain(linked(request, "unlocks").map(|link| json!({"secretRef": {"name": link.peer.facts.name}})))
        .collect();
    let env: Vec<Value> = keys(node, "envKeys")
        .map(|(key, _)| json!({"name": key, "value": {"$runtime": {"from": "env", "key": key, "encode": "plain"}}}))
        .collect();
    let container = json!({"name": "main", "image": text(node, "image"), "env": env, "envFrom": from});
    let spec = json!({"spec": {
        "replicas": node.data.get("replicas").cloned().unwrap_or_else(|| json!(1)),
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
    }});
    let mut rendered = one(manifest(node, "apps/v1", "Deployment", spec));
    if namespace(node) != "default" {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace(node)}});
        rendered.objects.extend(Object::new(object).ok().map(|object| Out { object, if_absent: true }));
    }
    rendered.observe = vec![Observe {
        kind: Kind::new("v1", "Pod"),
        namespace: Some(namespace(node).into()),
        label_selector: format!("app={name}"),
    }];
    rendered
}

/// Failed once a pod waits for an image that it does not get, ready once all replicas are.
fn widget_status(request: &StatusRequest) -> Status {
    let stuck = request.observed.iter().find_map(|pod| {
        let reason = pod.pointer("/status/containerStatuses/0/state/waiting/reason")?.as_str()?;
        matches!(reason, "ImagePullBackOff" | "CrashLoopBackOff")
            .then(|| (format!("Pod/{}", pod.name()), reason))
    });
    let live = request.objects.iter().find(|object| object.kind().kind == "Deployment");
    let number =
        |pointer: &str| live.and_then(|live| live.pointer(pointer)).and_then(Value::as_u64).unwrap_or(0);
    let (replicas, ready) = (number("/spec/replicas"), number("/status/readyReplicas"));
    let (phase, state) = match (live, &stuck) {
        (None, _) => (Phase::Pending, "pending"),
        (_, Some(_)) => (Phase::Failed, "error"),
        _ if ready >= replicas => (Phase::Ready, "healthy"),
        _ => (Phase::Progressing, "partial"),
    };
    let message = format!("{ready}/{replicas} pods ready");
    Status {
        phase,
        reason: stuck.as_ref().map(|(_, reason)| (*reason).to_owned()),
        object: stuck.map(|(pod, _)| pod),
        status: object(json!({
            "state": state, "replicas": replicas, "readyReplicas": ready, "message": message,
        })),
    }
}

fn named(request: &RenderRequest) -> Vec<Finding> {
    let code = format!("{}.name_missing", request.node.kind);
    match text(&request.node, "name") {
        "" => vec![Finding::error(code, "a name is required").at("name")],
        _ => Vec::new(),
    }
}

fn entry(name: &str, rank: i32, kinds: &[(&str, &str)]) -> NodeType {
    NodeType {
        name: name.into(),
        title: name.into(),
        template_id: format!("core/{name}"),
        rank,
        kinds: kinds
            .iter()
            .map(|(version, kind)| KindInfo {
                kind: Kind::new(*version, *kind),
                namespaced: *kind != "Namespace",
            })
            .collect(),
        ..NodeType::default()
    }
}

fn rule(role: &str, peers: &[&str]) -> LinkRule {
    let peers = peers.iter().map(|&peer| peer.to_owned()).collect();
    LinkRule { role: role.into(), peers, description: String::new() }
}

fn manifest(node: &NodeInput, version: &str, kind: &str, body: Value) -> Option<Object> {
    let name = text(node, "name");
    let mut whole = object(json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace(node), "labels": {"app": name}},
    }));
    whole.extend(object(body));
    Object::new(Value::Object(whole)).ok()
}

/// Without a name there is no object; validation has said so.
fn one(object: Option<Object>) -> Rendered {
    let objects = object.map(|object| Out { object, if_absent: false }).into_iter().collect();
    Rendered { objects, ..Rendered::default() }
}

fn linked<'a>(request: &'a RenderRequest, role: &'a str) -> impl Iterator<Item = &'a Link> {
    request.links.iter().filter(move |link| link.role.as_deref() == Some(role))
}

/// The entries of an array of `{name}`.
fn keys<'a>(node: &'a NodeInput, field: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let entries = node.data.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    entries.iter().filter_map(|entry| Some((entry.get("name")?.as_str()?, entry)))
}

fn text<'a>(node: &'a NodeInput, field: &str) -> &'a str {
    node.data.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn namespace(node: &NodeInput) -> &str {
    match text(node, "namespace") {
        "" => "default",
        namespace => namespace,
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::fake::Types;
    use crate::plugin::{Direction, NodeTypes, Peer};

    fn node(kind: &str, data: Value) -> NodeInput {
        NodeInput { id: format!("{kind}-1"), kind: kind.into(), data: object(data) }
    }

    async fn link(types: &Types, role: &str, node: &NodeInput) -> Link {
        let facts = types.facts(node).await.unwrap();
        let peer = Peer {
            id: node.id.clone(),
            kind: node.kind.clone(),
            traits: types.find(&node.kind).unwrap().traits.clone(),
            facts: (*facts).clone(),
        };
        let direction = Direction::In;
        Link { role: Some(role.into()), declared_by: Some("self".into()), edge: None, direction, peer }
    }

    #[tokio::test]
    async fn toys_render_what_their_links_say() {
        let types = Types::toys();
        let widget = node("widget", json!({"name": "w", "image": "i", "port": 9, "namespace": "shop"}));
        let locket = node("locket", json!({"name": "l", "keys": [{"name": "K", "generate": 8}]}));
        let links = vec![link(&types, "unlocks", &locket).await];
        let rendered = types.render(&RenderRequest { node: widget.clone(), links }).await.unwrap();
        let kinds: Vec<_> = rendered.objects.iter().map(|o| (o.object.kind().kind, o.if_absent)).collect();
        assert_eq!(kinds, [("Deployment".into(), false), ("Namespace".into(), true)]);
        let from = "/spec/template/spec/containers/0/envFrom/0/secretRef/name";
        assert_eq!(rendered.objects[0].object.pointer(from), Some(&json!("l")));

        let links = vec![link(&types, "selects", &widget).await];
        let doorbell = RenderRequest { node: node("doorbell", json!({"name": "d"})), links };
        let rendered = types.render(&doorbell).await.unwrap();
        assert_eq!(rendered.objects[0].object.pointer("/spec/ports/0/targetPort"), Some(&json!(9)));
        assert_eq!(rendered.notes, ["leads to w"]);

        let rendered = types.render(&RenderRequest { node: locket, links: vec![] }).await.unwrap();
        let leaf = rendered.objects[0].object.pointer("/data/K/$runtime/generate");
        assert_eq!(leaf, Some(&json!(8)));
    }

    #[tokio::test]
    async fn findings_are_addressed_and_come_all_at_once() {
        let request = RenderRequest { node: node("widget", json!({})), links: vec![] };
        let findings = Types::toys().validate(&request).await.unwrap();
        let seen: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(seen, ["widget-1 name: a name is required", "widget-1 image: an image is required"]);
    }

    #[tokio::test]
    async fn a_widget_goes_through_all_phases() {
        let deployment = |ready: u64| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "w"},
                   "spec": {"replicas": 2}, "status": {"readyReplicas": ready}})
        };
        let waiting = json!([{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]);
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "w-1"},
                         "status": {"containerStatuses": waiting}});
        for (objects, observed, phase) in [
            (vec![], vec![], Phase::Pending),
            (vec![deployment(1)], vec![], Phase::Progressing),
            (vec![deployment(2)], vec![], Phase::Ready),
            (vec![deployment(1)], vec![pod], Phase::Failed),
        ] {
            let live = |values: Vec<Value>| values.into_iter().map(|v| Object::new(v).unwrap()).collect();
            let (objects, observed) = (live(objects), live(observed));
            let node = node("widget", json!({"name": "w"}));
            let request = StatusRequest { node, objects, observed, desired: vec![] };
            assert_eq!(Types::toys().status(&request).await.unwrap().phase, phase);
        }
    }
}
