//! `service`: one address for many pods.

mod exposure;
mod ports;
mod selector;

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, Parameter, Parameters, Phase, RenderRequest, Rendered,
    Status, StatusRequest, check,
    kubernetes::{Meta, annotations, at, integer_at, text_at, with_metadata},
};
use serde_json::json;

use crate::workload::parameters;
use exposure::Exposure;

/// See the module.
pub(crate) struct Service;

const KIND: &str = "Service";
/// The role of its links.
const ROLE: &str = "selects";
/// Whose pods it can select: those that stay up.
const PODS: &str = "trait:long-running";
const TYPES: [&str; 3] = ["ClusterIP", "NodePort", "LoadBalancer"];

impl NodeType for Service {
    fn name(&self) -> &'static str {
        "service"
    }

    fn descriptor(&self) -> Descriptor {
        let start = json!({ "name": "service-<n>", "serviceType": "ClusterIP", "targetApp": "", "port": 80 });
        Descriptor::new(self.name(), "Service")
            .description("Gives pods one stable address inside or outside the cluster.")
            .palette("core", "Network", &["networking", "load-balancing", "discovery"])
            .use_and_difficulty("high", "easy")
            .rank(20)
            .kind("v1", KIND, true)
            .link(ROLE, &[PODS], "Sends traffic to the workload's pods.")
            .start(start)
            .parameters(all_parameters())
    }

    fn facts(&self, node: &Node) -> Facts {
        let ports = ports::of_facts(node);
        Facts { port: ports.first().copied(), ports, ..Facts::of(node, "v1", KIND) }
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let mut notes = Vec::new();
        let mut meta = Meta::read(&reader, check::dns_service);
        let target = selector::Target::find(&reader, &request.links, &mut notes);
        if request.node.own_namespace().is_none()
            && let Some(namespace) = target.namespace()
        {
            if namespace != meta.namespace {
                notes.push(format!("namespace {namespace} from {}", target.title()));
            }
            namespace.clone_into(&mut meta.namespace);
        }
        target.check_namespace(&reader, &meta.namespace);
        let exposure = Exposure::read(&reader, target.is_headless_for(&meta.name));
        let ports = ports::read(&reader, exposure.kind, &target, &mut notes);
        let spec =
            exposure.spec().set_filled("selector", target.selector(&reader)).set_filled("ports", ports);
        let metadata = meta.metadata().set_filled("annotations", annotations(&reader));
        Rendered::default().object(with_metadata("v1", KIND, metadata).set("spec", spec)).notes(notes)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let Some(live) = request.live(KIND) else {
            return Status::new(Phase::Pending, "partial").message("not created yet");
        };
        let address = live.pointer("/status/loadBalancer/ingress/0");
        let external = address.and_then(|it| text_at(it, &["ip"]).or_else(|| text_at(it, &["hostname"])));
        let balanced = text_at(live, &["spec", "type"]) == Some("LoadBalancer");
        let cluster_ip = text_at(live, &["spec", "clusterIP"]);
        let status = match (balanced, external) {
            (true, None) => {
                Status::new(Phase::Progressing, "partial").message("waiting for an external address")
            }
            (true, Some(address)) => {
                Status::new(Phase::Ready, "healthy").message(format!("reachable at {address}"))
            }
            (false, _) => Status::new(Phase::Ready, "healthy").message("active"),
        };
        let node_port = at(live, &["spec", "ports"])
            .and_then(|ports| ports.get(0))
            .and_then(|port| integer_at(port, &["nodePort"]));
        status
            .member_if("clusterIP", cluster_ip)
            .member_if("externalIP", external)
            .member_if("nodePort", node_port)
    }
}

fn all_parameters() -> Parameters {
    let outside = [json!("NodePort"), json!("LoadBalancer")];
    let balanced = [json!("LoadBalancer")];
    let client = [json!("ClientIP")];
    let kind = Parameter::choice("serviceType", "Type", &TYPES).default("ClusterIP");
    let old_kind =
        Parameter::choice("type", "Type (older name)", &TYPES).about("Used when serviceType is absent.");
    let port = json!({ "type": "object", "required": ["port"], "properties": {
        "name": { "type": "string", "title": "Name" },
        "protocol": { "type": "string", "title": "Protocol", "enum": ports::PROTOCOLS, "default": "TCP" },
        "port": { "type": "integer", "title": "Port", "minimum": 1, "maximum": 65535 },
        "targetPort": { "type": ["integer", "string"], "title": "Target port" },
        "nodePort": { "type": "integer", "title": "Node port", "minimum": 30000, "maximum": 32767 } } });
    let affinity =
        Parameter::choice("sessionAffinity", "Session affinity", &["None", "ClientIP"]).default("None");
    let timeout =
        Parameter::integer("sessionAffinityTimeout", "Session timeout (s)").default(10800).range(1, 86400);
    let policy = Parameter::choice("externalTrafficPolicy", "External traffic", &["Cluster", "Local"])
        .default("Cluster");
    parameters::identity("my-service")
        .with(
            kind.about("Who can reach it: the cluster, every node's address, or an external load balancer."),
        )
        .with(old_kind)
        .with(
            Parameter::text("targetApp", "Target")
                .required()
                .about("Name of the workload it sends traffic to; filled by a link."),
        )
        .with(
            Parameter::integer("port", "Port")
                .required()
                .default(80)
                .range(1, 65535)
                .about("Port it listens on."),
        )
        .with(
            Parameter::integer("targetPort", "Target port")
                .range(1, 65535)
                .about("Port of the pods; the same as port when empty."),
        )
        .with(
            Parameter::list("ports", "Ports", port).about("Several ports, instead of port and target port."),
        )
        .with(Parameter::map("selector", "Selector").about("Labels of the pods, instead of the target."))
        .with(affinity.about("Whether a client stays with its pod."))
        .with(timeout.depends_on("sessionAffinity", &client).about("How long a client stays with its pod."))
        .with(
            Parameter::text("loadBalancerIP", "Load balancer IP")
                .depends_on("serviceType", &balanced)
                .about("Address to ask for."),
        )
        .with(
            Parameter::texts("loadBalancerSourceRanges", "Allowed sources")
                .depends_on("serviceType", &balanced)
                .about("CIDR blocks that may reach the load balancer."),
        )
        .with(
            policy
                .depends_on("serviceType", &outside)
                .about("Local keeps the client's address, but only nodes with a pod answer."),
        )
        .with(parameters::labels("Labels of the service."))
        .with(
            Parameter::map("annotations", "Annotations")
                .about("Annotations, for example for the cloud's load balancer."),
        )
}
