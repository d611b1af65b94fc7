//! Which path a kind is served at, learned from the server's discovery, one group and version at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Deserialize;
use tokio::sync::Mutex;

use super::failure::{Failure, Stage};
use super::transport::{Call, Transport, encode};
use crate::manifest::Kind;
use crate::time::Time;

/// How a kind is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) kind: Kind,
    pub(super) plural: String,
    pub(super) namespaced: bool,
}

impl Resource {
    /// The path of one object, or of all when there is no name. A namespace is left out where none applies.
    pub(super) fn path(&self, namespace: Option<&str>, name: Option<&str>) -> String {
        let mut path = root(&self.kind.api_version);
        if let Some(namespace) = namespace.filter(|_| self.namespaced) {
            path.push_str("/namespaces/");
            path.push_str(&encode(namespace));
        }
        path.push('/');
        path.push_str(&encode(&self.plural));
        if let Some(name) = name {
            path.push('/');
            path.push_str(&encode(name));
        }
        path
    }
}

/// `/api/v1` or `/apis/apps/v1`.
fn root(api_version: &str) -> String {
    match api_version.split_once('/') {
        Some((group, version)) => format!("/apis/{}/{}", encode(group), encode(version)),
        None => format!("/api/{}", encode(api_version)),
    }
}

/// What was learned; shared by all clones of a client.
pub(super) struct Mapping {
    /// Whether the server streams lists, as far as is known.
    pub(super) streaming: AtomicBool,
    /// Held while asking, so that many callers ask once. At most [`GROUPS`] entries.
    groups: Mutex<HashMap<String, Group>>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self { streaming: AtomicBool::new(true), groups: Mutex::default() }
    }
}

/// More group versions than any cluster serves; a caller who asks for made-up ones only empties the cache.
const GROUPS: usize = 1000;

struct Group {
    learned: Time,
    kinds: HashMap<String, Arc<Resource>>,
}

impl Mapping {
    /// The kind's resource; `None` when the server does not serve it, even after asking again.
    pub(super) async fn find(
        &self,
        transport: &Transport,
        kind: &Kind,
    ) -> Result<Option<Arc<Resource>>, Failure> {
        let asked = transport.clock.now();
        let mut groups = self.groups.lock().await;
        if let Some(group) = groups.get(&kind.api_version) {
            let fresh = asked.since(group.learned) < transport.options.discovery;
            match group.kinds.get(&kind.kind) {
                Some(resource) if fresh => return Ok(Some(resource.clone())),
                // Somebody asked while this call waited for the lock.
                None if group.learned > asked => return Ok(None),
                _ => {}
            }
        }
        let kinds = fetch(transport, &kind.api_version).await?;
        let found = kinds.get(&kind.kind).cloned();
        if groups.len() >= GROUPS {
            groups.clear();
        }
        groups.insert(kind.api_version.clone(), Group { learned: transport.clock.now(), kinds });
        Ok(found)
    }

    /// Forgets a kind whose path answered 404: its definition was removed or replaced.
    pub(super) async fn forget(&self, kind: &Kind) {
        if let Some(group) = self.groups.lock().await.get_mut(&kind.api_version) {
            group.kinds.remove(&kind.kind);
        }
    }
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    resources: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
}

async fn fetch(transport: &Transport, api_version: &str) -> Result<HashMap<String, Arc<Resource>>, Failure> {
    let answer = match transport.call(&Call::get(root(api_version))).await {
        Ok(answer) => answer,
        Err(failure) if failure.is(404) => return Ok(HashMap::new()),
        Err(failure) => return Err(failure),
    };
    let list = List::deserialize(answer.json).map_err(|_| Failure::from(Stage::Format))?;
    // `pods/log` and its like are parts of a resource, not resources.
    let whole = list.resources.into_iter().filter(|entry| !entry.name.contains('/'));
    Ok(whole
        .map(|entry| {
            let resource = Resource {
                kind: Kind::new(api_version, entry.kind.clone()),
                plural: entry.name,
                namespaced: entry.namespaced,
            };
            (entry.kind, Arc::new(resource))
        })
        .collect())
}
