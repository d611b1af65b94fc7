//! A sandbox for components of nothing but a catalog.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::RwLock;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Type, Types};
use crate::error::Finding;
use crate::plugin::manifest::SECTION;
use crate::plugin::{
    About, Candidate, Catalog, Error, Facts, Manifest, NodeInput, NodeType, NodeTypes, RenderRequest,
    Rendered, Status, StatusRequest, Usage, catalog,
};

/// The section that holds the catalog of a made-up component.
const CATALOG: &str = "kubeorch:fake";

/// A component that says this of itself and has no code: [`Sandbox`] takes it, a real one does not.
pub fn component(catalog: &Value, manifest: Option<&Value>) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for (name, json) in [(CATALOG, Some(catalog)), (SECTION, manifest)] {
        let Some(json) = json else { continue };
        let mut content = leb(name.len());
        content.extend_from_slice(name.as_bytes());
        content.extend_from_slice(json.to_string().as_bytes());
        bytes.push(0);
        bytes.extend(leb(content.len()));
        bytes.append(&mut content);
    }
    bytes
}

/// A length as WebAssembly writes it.
fn leb(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        // Masked to seven bits, so it fits.
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

/// Node types that were there before, and those of components that come and go. Types of components do the least, as
/// [`Type::new`] says.
pub struct Sandbox {
    base: Types,
    live: RwLock<BTreeMap<String, Arc<Live>>>,
}

struct Live {
    about: About,
    types: Types,
    calls: AtomicU64,
    quarantined: AtomicBool,
}

impl Sandbox {
    /// Over types that are always there.
    pub fn new(base: Types) -> Self {
        Self { base, live: RwLock::default() }
    }

    /// Says of a component whether it is in quarantine; calls are answered all the same.
    pub fn quarantine(&self, id: &str, quarantined: bool) {
        if let Some(live) = self.live.read().get(id) {
            live.quarantined.store(quarantined, Ordering::Relaxed);
        }
    }

    fn owner(&self, name: &str) -> Option<Arc<Live>> {
        self.live.read().values().find(|live| live.types.find(name).is_some()).cloned()
    }

    fn of(&self, name: &str) -> Result<Arc<Live>, Error> {
        let live = self.owner(name).ok_or_else(|| Error::UnknownType(name.to_owned()))?;
        live.calls.fetch_add(1, Ordering::Relaxed);
        Ok(live)
    }
}

fn load(name: &str, bytes: &[u8]) -> Result<Live, Error> {
    let invalid = |reason: String| Error::Invalid { plugin: name.to_owned(), reason };
    let found = wasmparser::Parser::new(0).parse_all(bytes).find_map(|payload| match payload {
        Ok(wasmparser::Payload::CustomSection(section)) if section.name() == CATALOG => Some(section.data()),
        _ => None,
    });
    let json = found.ok_or_else(|| invalid("it is no made-up component".into()))?;
    let mut catalog: Catalog = serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
    let problems = catalog::problems(&catalog, usize::MAX);
    if !problems.is_empty() {
        return Err(invalid(catalog::complaint(&problems)));
    }
    for node_type in &mut catalog.node_types {
        node_type.plugin.clone_from(&catalog.plugin.id);
    }
    let about = About {
        info: catalog.plugin,
        digest: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
        manifest: Manifest::of(bytes).ok().flatten(),
        node_types: catalog.node_types.iter().cloned().map(Arc::new).collect(),
        entries: catalog.entries,
    };
    let types = Types::new(catalog.node_types.into_iter().map(Type::new))?;
    Ok(Live { about, types, calls: AtomicU64::new(0), quarantined: AtomicBool::new(false) })
}

#[async_trait]
impl crate::plugin::Sandbox for Sandbox {
    async fn load(&self, name: &str, bytes: Arc<[u8]>) -> Result<Candidate, Error> {
        let live = load(name, &bytes)?;
        Ok(Candidate::new(live.about.clone(), live))
    }

    fn put(&self, candidate: Candidate) -> Result<(), Error> {
        let live: Live = candidate.into_handle()?;
        let id = live.about.info.id.clone();
        let mut all = self.live.write();
        let taken = |name: &str| {
            let other = all.values().filter(|other| other.about.info.id != id);
            self.base.find(name).is_some() || other.into_iter().any(|other| other.types.find(name).is_some())
        };
        if let Some(node_type) = live.about.node_types.iter().find(|node_type| taken(&node_type.name)) {
            let reason = format!("node type {} is brought by another plugin already", node_type.name);
            return Err(Error::Invalid { plugin: id, reason });
        }
        all.insert(id, Arc::new(live));
        Ok(())
    }

    fn remove(&self, id: &str) -> bool {
        self.live.write().remove(id).is_some()
    }

    fn plugins(&self) -> Vec<About> {
        self.live.read().values().map(|live| live.about.clone()).collect()
    }

    fn usage(&self) -> Vec<Usage> {
        let usage = |live: &Arc<Live>| Usage {
            id: live.about.info.id.clone(),
            version: live.about.info.version.clone(),
            calls: live.calls.load(Ordering::Relaxed),
            faults: 0,
            failing: 0,
            quarantined: live.quarantined.load(Ordering::Relaxed),
            hits: 0,
            time: Duration::ZERO,
        };
        self.live.read().values().map(usage).collect()
    }
}

#[async_trait]
impl NodeTypes for Sandbox {
    fn list(&self) -> Vec<Arc<NodeType>> {
        let live = self.live.read();
        let mut all = self.base.list();
        all.extend(live.values().flat_map(|live| live.types.list()));
        all.sort_by(|a, b| (&a.plugin, &a.name).cmp(&(&b.plugin, &b.name)));
        all
    }

    fn find(&self, name: &str) -> Option<Arc<NodeType>> {
        self.base.find(name).or_else(|| self.owner(name)?.types.find(name))
    }

    async fn facts(&self, node: &NodeInput) -> Result<Arc<Facts>, Error> {
        if self.base.find(&node.kind).is_some() {
            return self.base.facts(node).await;
        }
        self.of(&node.kind)?.types.facts(node).await
    }

    async fn validate(&self, request: &RenderRequest) -> Result<Vec<Finding>, Error> {
        if self.base.find(&request.node.kind).is_some() {
            return self.base.validate(request).await;
        }
        self.of(&request.node.kind)?.types.validate(request).await
    }

    async fn render(&self, request: &RenderRequest) -> Result<Arc<Rendered>, Error> {
        if self.base.find(&request.node.kind).is_some() {
            return self.base.render(request).await;
        }
        self.of(&request.node.kind)?.types.render(request).await
    }

    async fn status(&self, request: &StatusRequest) -> Result<Status, Error> {
        if self.base.find(&request.node.kind).is_some() {
            return self.base.status(request).await;
        }
        self.of(&request.node.kind)?.types.status(request).await
    }
}
