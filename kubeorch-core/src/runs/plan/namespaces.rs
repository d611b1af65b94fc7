//! Namespaces that a plan needs and the cluster lacks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::planner::Planner;
use crate::error::Finding;
use crate::kube::{self, Scope};
use crate::manifest::{Key, Kind, Object};
use crate::runs::prepare::{Prepared, PreparedNode};
use crate::runs::{Error, MANAGER};

/// So many namespaces are looked for by a list of names instead of reads.
const MANY: usize = 8;

/// What is missing.
#[derive(Default)]
pub(super) struct Namespaces {
    /// Nothing can be in them.
    pub(super) missing: BTreeSet<String>,
    /// To be made before anything else.
    pub(super) make: Vec<Object>,
    /// The same, but a node renders them and its operation says so: others in them need not depend on that node.
    pub(super) rendered: Vec<Object>,
    pub(super) findings: Vec<Finding>,
}

impl Planner<'_> {
    pub(super) async fn namespaces(&self, prepared: &Prepared) -> Result<Namespaces, Error> {
        let mut wanted: BTreeMap<&str, &PreparedNode> = BTreeMap::new();
        let mut rendered = BTreeMap::new();
        for node in &prepared.nodes {
            for object in node.objects.iter() {
                if let Some(namespace) = object.namespace() {
                    wanted.entry(namespace).or_insert(node);
                }
                if object.kind().group().is_empty() && object.kind().kind == "Namespace" {
                    rendered.insert(object.name(), object);
                }
            }
        }
        let mut out = Namespaces::default();
        for name in self.absent(wanted.keys().copied().collect()).await? {
            let node = wanted.get(name);
            out.missing.insert(name.to_owned());
            if let Some(object) = rendered.get(name) {
                out.rendered.push(Object::clone(object));
                continue;
            }
            if !self.options.create_namespaces {
                let text = format!("namespace {name} does not exist");
                let finding = Finding::error("cluster.namespace_missing", text)
                    .at("namespace")
                    .hint("Create it, or let the run create namespaces.");
                let on = node.map_or("", |node| node.input.id.as_str());
                out.findings.push(finding.on_node(on));
                continue;
            }
            let value = json!({ "apiVersion": "v1", "kind": "Namespace",
                "metadata": { "name": name, "labels": { "managed-by": MANAGER } } });
            out.make.extend(Object::new(value).ok());
        }
        Ok(out)
    }

    /// Which of these are not there. A role bound to one namespace often may not read namespaces: then the apply will tell.
    async fn absent<'n>(&self, names: Vec<&'n str>) -> Result<Vec<&'n str>, Error> {
        let kind = Kind::new("v1", "Namespace");
        if names.len() > MANY {
            let scope = Scope { kind: kind.clone(), namespace: None, labels: String::new() };
            match self.cluster.heads(&scope).await {
                Ok(heads) => {
                    let there: BTreeSet<_> = heads.iter().map(|head| head.key.name.as_str()).collect();
                    return Ok(names.into_iter().filter(|name| !there.contains(name)).collect());
                }
                Err(kube::Error::Denied(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut absent = Vec::new();
        for name in names {
            let key = Key { kind: kind.clone(), namespace: None, name: name.to_owned() };
            match self.cluster.get(&key).await {
                Ok(Some(_)) | Err(kube::Error::Denied(_)) => {}
                Ok(None) => absent.push(name),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(absent)
    }
}
