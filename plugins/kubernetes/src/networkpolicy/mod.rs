//! `networkpolicy`: who may talk to pods, and to whom they may talk.

mod parameters;
mod peer;
mod rules;
mod selector;
mod subject;

use kubeorch_plugin_sdk::{
    DeclaredBy, Descriptor, Facts, Findings, Link, Node, NodeType, Peer, Phase, RenderRequest, Rendered,
    Status, StatusRequest, check,
    kubernetes::{Meta, Tree, at, is_deleting, with_metadata},
};
use serde_json::{Value, json};

use rules::{EGRESS, INGRESS, Side};
use subject::Subject;

/// See the module.
pub(crate) struct NetworkPolicy;

const API_VERSION: &str = "networking.k8s.io/v1";
const KIND: &str = "NetworkPolicy";
/// The role of its links.
const ROLE: &str = "restricts";
/// Whose pods can be restricted or let through: those that stay up.
const PODS: &str = "trait:long-running";

impl NodeType for NetworkPolicy {
    fn name(&self) -> &'static str {
        "networkpolicy"
    }

    fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.name(), "Network Policy")
            .description("Says who may talk to pods, and to whom they may talk.")
            .palette("networking", "Shield", &["networking", "security", "firewall", "isolation"])
            .use_and_difficulty("medium", "hard")
            .rank(40)
            .kind(API_VERSION, KIND, true)
            .link(ROLE, &[PODS], "Restricts the workload's pods; from a rule, lets them through.")
            .start(json!({ "podSelector": {}, "policyTypes": ["Ingress"] }))
            .parameters(parameters::all())
    }

    fn facts(&self, node: &Node) -> Facts {
        let mut facts = Facts::of(node, API_VERSION, KIND);
        for id in rules::references(node) {
            if !facts.references.contains(&id) {
                facts.references.push(id);
            }
        }
        facts
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let mut notes = Vec::new();
        let mut meta = Meta::read(&reader, check::dns_subdomain);
        let subject = Subject::find(&reader, &request.links, &mut notes);
        subject.place(&reader, request.node.own_namespace(), &mut meta.namespace, &mut notes);
        let pods = Value::from(subject.selector(&reader));
        let types = rules::types(&reader);
        let mut read = |side: &Side| {
            let rules = rules::read(&reader, side, &request.links, &meta.namespace, &mut notes);
            if types.contains(&side.policy_type) && rules.is_empty() {
                notes.push(format!("no {} traffic is let through", side.adjective));
            }
            rules
        };
        let (ingress, egress) = (read(&INGRESS), read(&EGRESS));
        let spec = Tree::new()
            .set("podSelector", pods.clone())
            .set("policyTypes", types)
            .set_filled("ingress", ingress)
            .set_filled("egress", egress);
        let rendered = Rendered::default()
            .object(with_metadata(API_VERSION, KIND, meta.metadata()).set("spec", spec))
            .notes(notes);
        match selector::text(&pods) {
            // All pods of a namespace are too many to watch for a number.
            text if text.is_empty() => rendered,
            text => rendered.observe_pods(&meta.namespace, text),
        }
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let Some(live) = request.live(KIND) else {
            return Status::new(Phase::Pending, "pending").message("not created yet");
        };
        let status = Status::new(Phase::Ready, "active");
        let selector = at(live, &["spec", "podSelector"]).map(selector::text).unwrap_or_default();
        if selector.is_empty() {
            return status.message("restricts every pod of the namespace");
        }
        let pods = request.observed.iter().filter(|pod| !is_deleting(pod)).count();
        let message = if pods == 1 { "restricts 1 pod".to_owned() } else { format!("restricts {pods} pods") };
        status.message(message).member("affectedPods", pods)
    }
}

/// The links that this type declared.
fn own(links: &[Link]) -> impl Iterator<Item = &Link> {
    links.iter().filter(|link| link.is(ROLE, DeclaredBy::Node))
}

/// The workload of that node id.
fn workload<'a>(links: &'a [Link], id: &str) -> Option<&'a Peer> {
    own(links).map(|link| &link.peer).find(|peer| peer.id == id)
}
