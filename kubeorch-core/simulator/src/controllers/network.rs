//! Addresses of services and ingresses.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::pods::MANAGER;
use super::{Task, Work};
use crate::api::status::{Cause, Status};
use crate::core::{Core, Writer};
use crate::resources::Resource;
use crate::value::{list, name, namespace, put, remove, text};

/// Addresses given out. Cluster addresses are 10.96.0.0/16, node ports 30000 to 32767, as usual.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    cluster: u32,
    node_port: u32,
    external: u32,
    pod: u32,
    pending: BTreeSet<Work>,
}

impl Addresses {
    /// The next address of the pod network, 10.244.0.0/16.
    pub(crate) fn pod(&mut self) -> String {
        self.pod += 1;
        format!("10.244.{}.{}", (self.pod / 254) % 256, self.pod % 254 + 1)
    }
}

impl PartialOrd for Work {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Work {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |work: &Self| (work.task as u8, work.namespace.clone(), work.name.clone());
        key(self).cmp(&key(other))
    }
}

impl Core {
    /// Gives a service what the server allocates when it is written.
    pub(crate) fn allocate(
        &mut self,
        resource: &Resource,
        new: &mut Value,
        writer: &Writer,
    ) -> Result<(), Status> {
        if resource.id() != "services" {
            return Ok(());
        }
        let kind = text(new, "/spec/type").to_owned();
        if kind == "ExternalName" {
            remove(new, &["spec", "clusterIP"]);
            remove(new, &["spec", "clusterIPs"]);
            return Ok(());
        }
        let address = text(new, "/spec/clusterIP").to_owned();
        if address.is_empty() {
            let address = self.free_address(writer.dry_run);
            put(new, &["spec", "clusterIP"], address);
        } else if address != "None" && self.taken(new, &address) {
            let field = "spec.clusterIPs";
            let note = format!("failed to allocate IP {address}: provided IP is already allocated");
            let cause = Cause::invalid(field, &json!([address]), &note);
            return Err(Status::invalid(resource, name(new), &[cause]));
        }
        let address = new["spec"]["clusterIP"].clone();
        put(new, &["spec", "clusterIPs"], json!([address]));
        if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
            self.node_ports(new);
        }
        Ok(())
    }

    fn taken(&self, service: &Value, address: &str) -> bool {
        self.objects.list("services", None).any(|other| {
            text(other, "/spec/clusterIP") == address
                && (name(other), namespace(other)) != (name(service), namespace(service))
        })
    }

    fn free_address(&mut self, dry_run: bool) -> String {
        let mut next = self.addresses.cluster;
        loop {
            next = next % 65_000 + 1;
            let address = format!("10.96.{}.{}", next / 256, next % 256);
            let used = self.objects.list("services", None).any(|one| text(one, "/spec/clusterIP") == address);
            if !used {
                if !dry_run {
                    self.addresses.cluster = next;
                }
                return address;
            }
        }
    }

    fn node_ports(&mut self, new: &mut Value) {
        let used: BTreeSet<_> = self
            .objects
            .list("services", None)
            .flat_map(|service| list(service, "/spec/ports"))
            .filter_map(|port| port.get("nodePort")?.as_u64())
            .collect();
        let Some(Value::Array(ports)) = new.pointer_mut("/spec/ports") else { return };
        for port in ports.iter_mut().filter(|port| port.get("nodePort").is_none()) {
            // 2768 ports; when all are in use the last one is given twice, which nothing here routes.
            for _ in 0..2768 {
                self.addresses.node_port = (self.addresses.node_port + 1) % 2768;
                if !used.contains(&u64::from(30_000 + self.addresses.node_port)) {
                    break;
                }
            }
            put(port, &["nodePort"], 30_000 + self.addresses.node_port);
        }
    }

    /// The first look starts the wait for an address, the second ends it.
    fn waited(&mut self, task: Task, space: &str, own: &str) -> bool {
        let work = Work::new(task, space, own);
        if self.addresses.pending.insert(work.clone()) {
            let due = crate::clock::after(self.now(), self.config.timing.address);
            self.queue.at(due, work);
            return false;
        }
        self.addresses.pending.remove(&work);
        true
    }

    fn external_address(&mut self) -> String {
        self.addresses.external += 1;
        // TEST-NET-2 of RFC 5737: never a real host.
        format!("198.51.100.{}", self.addresses.external % 254 + 1)
    }
}

/// Load balancers get an address, other services lose theirs.
pub(super) fn service(core: &mut Core, space: &str, own: &str) {
    let Some(service) = core.get("services", space, own) else { return };
    let has = !list(&service, "/status/loadBalancer/ingress").is_empty();
    let wants = text(&service, "/spec/type") == "LoadBalancer";
    if wants == has || (wants && !core.waited(Task::Service, space, own)) {
        return;
    }
    let status = if wants {
        json!({ "ingress": [{ "ip": core.external_address(), "ipMode": "VIP" }] })
    } else {
        json!({})
    };
    core.modify("services", space, own, &Writer::status(MANAGER), |service| {
        put(service, &["status", "loadBalancer"], status);
    });
    if wants {
        core.event(&service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer", "service-controller");
    }
}

/// Every ingress gets an address.
pub(super) fn ingress(core: &mut Core, space: &str, own: &str) {
    let Some(ingress) = core.get("ingresses.networking.k8s.io", space, own) else { return };
    if !list(&ingress, "/status/loadBalancer/ingress").is_empty() || !core.waited(Task::Ingress, space, own) {
        return;
    }
    let address = core.external_address();
    core.modify(
        "ingresses.networking.k8s.io",
        space,
        own,
        &Writer::status("ingress-controller"),
        |ingress| {
            put(ingress, &["status", "loadBalancer"], json!({ "ingress": [{ "ip": address }] }));
        },
    );
}
