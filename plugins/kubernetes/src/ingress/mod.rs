//! `ingress`: HTTP from outside to services, by host and path.

mod paths;
mod tls;

use kubeorch_plugin_sdk::{
    Descriptor, Facts, Findings, Node, NodeType, Parameter, Parameters, Phase, RenderRequest, Rendered,
    Status, StatusRequest, check,
    kubernetes::{Meta, Tree, annotations, at, text_at, with_metadata},
};
use serde_json::{Value, json};

use crate::workload::parameters;

/// See the module.
pub(crate) struct Ingress;

const API_VERSION: &str = "networking.k8s.io/v1";
const KIND: &str = "Ingress";
/// The role of its links.
const ROLE: &str = "routes";

impl NodeType for Ingress {
    fn name(&self) -> &'static str {
        "ingress"
    }

    fn descriptor(&self) -> Descriptor {
        let start = json!({ "name": "ingress-<n>", "host": "", "ingressClassName": "nginx", "paths": [{ "id": "path-1", "path": "/", "pathType": "Prefix" }] });
        Descriptor::new(self.name(), "Ingress")
            .description("Routes HTTP from outside to services, by host and path.")
            .palette("networking", "Globe", &["networking", "http", "routing", "tls"])
            .use_and_difficulty("high", "medium")
            .rank(40)
            .kind(API_VERSION, KIND, true)
            .link(ROLE, &["service"], "Routes to the service; the handle of the edge is the id of the path.")
            .start(start)
            .parameters(all_parameters())
    }

    fn facts(&self, node: &Node) -> Facts {
        Facts::of(node, API_VERSION, KIND)
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        let reader = request.node.read(findings);
        let mut notes = Vec::new();
        let meta = Meta::read(&reader, check::dns_subdomain);
        let host = reader.checked("host", check::host);
        let paths = paths::read(&reader, &request.links, &meta.namespace, &mut notes);
        let rule = Tree::new().set_some("host", host).set("http", Tree::new().set("paths", paths));
        let class = reader.checked("ingressClassName", check::dns_subdomain).unwrap_or("nginx");
        let spec = Tree::new()
            .set("ingressClassName", class)
            .set_filled("tls", tls::read(&reader, host))
            .set("rules", vec![Value::from(rule)]);
        let metadata = meta.metadata().set_filled("annotations", annotations(&reader));
        Rendered::default().object(with_metadata(API_VERSION, KIND, metadata).set("spec", spec)).notes(notes)
    }

    fn status(&self, request: &StatusRequest) -> Status {
        let Some(live) = request.live(KIND) else {
            return Status::new(Phase::Pending, "pending").message("not created yet");
        };
        let address = live.pointer("/status/loadBalancer/ingress/0");
        let ip = address.and_then(|it| text_at(it, &["ip"]));
        let hostname = address.and_then(|it| text_at(it, &["hostname"]));
        // Without a controller in the cluster it never gets an address; waiting for one would hold a run for ever.
        let status = match ip.or(hostname) {
            Some(address) => Status::new(Phase::Ready, "healthy").message(format!("reachable at {address}")),
            None => Status::new(Phase::Ready, "pending")
                .message("accepted; no controller has given it an address yet"),
        };
        let rules = at(live, &["spec", "rules"]).and_then(Value::as_array).map_or(0, Vec::len);
        status
            .member_if("loadBalancerIP", ip)
            .member_if("loadBalancerHostname", hostname)
            .member("rulesCount", rules)
    }
}

fn all_parameters() -> Parameters {
    let on = [json!(true)];
    let types = paths::TYPES;
    let path = json!({ "type": "object", "properties": {
        "id": { "type": "string" },
        "path": { "type": "string", "title": "Path", "default": "/" },
        "pathType": { "type": "string", "title": "Path type", "enum": types, "default": "Prefix" },
        "serviceName": { "type": "string", "title": "Service" },
        "servicePort": { "type": ["integer", "string"], "title": "Service port" } } });
    let classes = json!({ "nginx": "NGINX", "traefik": "Traefik", "alb": "AWS ALB", "gce": "Google Cloud" });
    let class = Parameter::text("ingressClassName", "Ingress class")
        .default("nginx")
        .set("examples", json!(["nginx", "traefik", "alb", "gce"]));
    parameters::identity("my-ingress")
        .with(class.labels(classes).about("Which controller serves it; any class of the cluster."))
        .with(Parameter::text("host", "Host").about("Host name; empty for every host."))
        .with(
            Parameter::text("path", "Path")
                .required()
                .default("/")
                .about("Path, when there is no list of paths."),
        )
        .with(
            Parameter::choice("pathType", "Path type", &types)
                .default("Prefix")
                .about("How the path is compared."),
        )
        .with(
            Parameter::text("serviceName", "Service")
                .required()
                .about("Service behind the path; filled by a link."),
        )
        .with(
            Parameter::integer("servicePort", "Service port")
                .required()
                .default(80)
                .range(1, 65535)
                .about("Port of the service; filled by a link."),
        )
        .with(Parameter::list("paths", "Paths", path).about("Several paths, instead of the one above."))
        .with(Parameter::flag("tlsEnabled", "TLS").default(false).about("Whether it serves HTTPS."))
        .with(
            Parameter::text("tlsSecretName", "TLS secret")
                .depends_on("tlsEnabled", &on)
                .about("Secret of type kubernetes.io/tls."),
        )
        .with(
            Parameter::texts("tlsHosts", "TLS hosts")
                .depends_on("tlsEnabled", &on)
                .about("Hosts of the certificate; the host when empty."),
        )
        .with(
            Parameter::map("annotations", "Annotations")
                .about("Annotations, for example for the controller."),
        )
        .with(parameters::labels("Labels of the ingress."))
}
