//! Volumes of a pod: those its data names and those its neighbours bring.

use kubeorch_plugin_sdk::{
    DeclaredBy, Facts, Link, Peer, Reader, check,
    kubernetes::{Tree, label_text},
};
use serde_json::Value;

use super::{OwnVolume, host_path::HostPath};

/// The role of a link by which a neighbour is mounted.
pub(crate) const ROLE: &str = "mounts";

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    ConfigMap,
    Secret,
    Claim,
    /// A file or directory of the cluster node.
    Host,
}

impl Source {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::ConfigMap, "configMap", "ConfigMap"),
        (Self::Secret, "secret", "Secret"),
        (Self::Claim, "persistentVolumeClaim", "PersistentVolumeClaim"),
        // No kind of object: a neighbour never is one.
        (Self::Host, "hostPath", "-"),
    ];

    fn of_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name, _)| name.eq_ignore_ascii_case(text)).map(|(source, ..)| source)
    }

    fn of_kind(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(.., name)| *name == kind).map(|(source, ..)| source)
    }

    fn default_path(self, name: &str) -> String {
        match self {
            Self::ConfigMap => "/etc/config".to_owned(),
            Self::Secret => "/etc/secrets".to_owned(),
            Self::Claim => format!("/data/{name}"),
            Self::Host => format!("/host/{name}"),
        }
    }

    /// Whether it can be read but not written, whatever the mount says.
    fn read_only(self) -> bool {
        matches!(self, Self::ConfigMap | Self::Secret)
    }
}

#[derive(Debug)]
struct Mount {
    source: Source,
    name: String,
    host: Option<HostPath>,
    path: String,
    read_only: Option<bool>,
    node: Option<String>,
    volume: String,
    /// A raw device instead of a file system.
    block: bool,
    /// Only one node of the cluster may mount it.
    single_node: bool,
    field: String,
}

impl Mount {
    fn is_same_volume(&self, other: &Self) -> bool {
        (self.source, &self.name, &self.host) == (other.source, &other.name, &other.host)
    }

    /// The entry of the pod's `volumes`. The name first, as people write it.
    fn volume(&self) -> Value {
        let volume = Tree::new().set("name", self.volume.as_str());
        let named = |member: &str| Tree::new().set(member, self.name.as_str());
        let volume = match (self.source, &self.host) {
            (Source::ConfigMap, _) => volume.set("configMap", named("name")),
            (Source::Secret, _) => volume.set("secret", named("secretName")),
            (Source::Claim, _) => volume.set("persistentVolumeClaim", named("claimName")),
            (Source::Host, host) => volume.set_some("hostPath", host.as_ref().map(HostPath::tree)),
        };
        volume.into()
    }
}

/// All mounts of a container.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    listed: Vec<Mount>,
    env_from: Vec<(Source, String)>,
    own: Vec<(String, String)>,
}

impl Mounts {
    /// What the workload itself brings along.
    pub(crate) fn of(own: &[OwnVolume]) -> Self {
        let own = own.iter().map(|volume| (volume.name.clone(), volume.path.clone())).collect();
        Self { own, ..Self::default() }
    }

    /// Reads `volumeMounts` and the links of role [`ROLE`].
    pub(crate) fn read(
        &mut self,
        reader: &Reader<'_>,
        host_paths: bool,
        links: &[Link],
        namespace: &str,
        notes: &mut Vec<String>,
    ) {
        for item in reader.items("volumeMounts") {
            self.add_listed(&item, host_paths, links, notes);
        }
        for link in links.iter().filter(|link| link.is(ROLE, DeclaredBy::Peer)) {
            self.add_linked(link, reader, namespace, notes);
        }
        self.name_volumes();
        self.check_paths(reader);
    }

    fn add_listed(&mut self, item: &Reader<'_>, host_paths: bool, links: &[Link], notes: &mut Vec<String>) {
        let node = item.text("nodeId");
        let peer = node.and_then(|id| links.iter().find(|link| link.peer.id == id)).map(|link| &link.peer);
        let by_peer = peer.and_then(|peer| Source::of_kind(&peer.facts.kind));
        let Some(source) = by_peer.or_else(|| listed_type(item, host_paths)) else { return };
        let host = if source == Source::Host { HostPath::read(item) } else { None };
        let Some(name) = mounted_name(item, peer, notes) else { return };
        if source == Source::Host && host.is_none() {
            return;
        }
        if item.text("injectAs") == Some("env") && source.read_only() {
            self.inject(source, name);
            return;
        }
        let path = item.checked("mountPath", check::absolute_path).map(str::to_owned);
        let facts = peer.map(|peer| &peer.facts);
        let path = path.or_else(|| facts?.mount_path.clone()).unwrap_or_else(|| source.default_path(&name));
        self.listed.push(Mount {
            source,
            path,
            host,
            read_only: if source.read_only() { Some(true) } else { item.flag("readOnly") },
            node: node.map(str::to_owned),
            volume: String::new(),
            block: facts.is_some_and(is_block),
            single_node: facts.is_some_and(is_single_node),
            field: item.field("mountPath"),
            name,
        });
    }

    fn add_linked(&mut self, link: &Link, reader: &Reader<'_>, namespace: &str, notes: &mut Vec<String>) {
        let (peer, facts) = (&link.peer, &link.peer.facts);
        let Some(source) = Source::of_kind(&facts.kind) else { return };
        if !facts.namespace.is_empty() && facts.namespace != namespace {
            let message = format!(
                "{} {} is in namespace {}, but pods of namespace {namespace} can't mount it",
                peer.kind, facts.name, facts.namespace
            );
            reader.findings().error(
                "mount_namespace",
                "namespace",
                message,
                "put both into the same namespace",
            );
        }
        let option = link.option("injectAs").or(facts.inject_as.as_deref());
        if option == Some("env") && source.read_only() {
            if self.inject(source, facts.name.clone()) {
                notes.push(format!("environment from {} {}", peer.kind, facts.name));
            }
            return;
        }
        let same = |mount: &Mount| {
            mount.node.as_deref() == Some(&peer.id) || (mount.source == source && mount.name == facts.name)
        };
        if self.listed.iter().any(same) {
            return;
        }
        let path = facts.mount_path.clone().unwrap_or_else(|| source.default_path(&facts.name));
        notes.push(format!("mounted {} {} at {path}", peer.kind, facts.name));
        self.listed.push(Mount {
            source,
            name: facts.name.clone(),
            host: None,
            path,
            read_only: source.read_only().then_some(true),
            node: Some(peer.id.clone()),
            volume: String::new(),
            block: is_block(facts),
            single_node: is_single_node(facts),
            field: "volumeMounts".to_owned(),
        });
    }

    /// Whether it is new: an edge and a reference may bring the same neighbour.
    fn inject(&mut self, source: Source, name: String) -> bool {
        let new = !self.env_from.contains(&(source, name.clone()));
        if new {
            self.env_from.push((source, name));
        }
        new
    }

    /// One volume per mounted object: `<name>-volume`, made a DNS label and told apart by a number where two objects
    /// of different kinds have the same name.
    fn name_volumes(&mut self) {
        for at in 0..self.listed.len() {
            let (done, rest) = self.listed.split_at_mut(at);
            let Some(mount) = rest.first_mut() else { return };
            if let Some(same) = done.iter().find(|it| it.is_same_volume(mount)) {
                mount.volume.clone_from(&same.volume);
                continue;
            }
            let stem = mount.name.replace('.', "-");
            let stem = label_text(&stem[..stem.len().min(53)]);
            let taken = |name: &String| {
                done.iter().any(|it| it.volume == *name) || self.own.iter().any(|(volume, _)| volume == name)
            };
            let numbered = (2..).map(|number| format!("{stem}-volume-{number}"));
            let mut names = std::iter::once(format!("{stem}-volume")).chain(numbered);
            mount.volume = names.find(|name| !taken(name)).unwrap_or_default();
        }
    }

    fn check_paths(&self, reader: &Reader<'_>) {
        let own = self.own.iter().map(|(_, path)| path.as_str());
        let mut seen: Vec<&str> = own.collect();
        for mount in &self.listed {
            let path = if mount.path.len() > 1 { mount.path.trim_end_matches('/') } else { &mount.path };
            if mount.path.contains(':') {
                let message = format!("the mount path {path} contains ':'");
                reader.findings().error("mount_path_invalid", mount.field.clone(), message, "leave it out");
            }
            if seen.contains(&path) {
                let message = format!("{} would be mounted at {path}, where something else is", mount.name);
                let hint = "give each mount its own mountPath";
                reader.findings().error("mount_path_taken", mount.field.clone(), message, hint);
            } else {
                seen.push(path);
            }
        }
    }

    /// Several replicas on several cluster nodes cannot share a claim that only one may mount.
    pub(crate) fn warn_about_sharing(&self, reader: &Reader<'_>, count: i64) {
        for mount in self.listed.iter().filter(|mount| count > 1 && mount.single_node) {
            let message =
                format!("{count} replicas share the claim {}, which one cluster node may mount", mount.name);
            let hint = "use the access mode ReadWriteMany, or one replica";
            reader.findings().warning("claim_shared", "replicas", message, hint);
        }
    }

    /// Whether the container sees any secret.
    pub(crate) fn hold_secret(&self) -> bool {
        let sources =
            self.listed.iter().map(|it| it.source).chain(self.env_from.iter().map(|(source, _)| *source));
        sources.into_iter().any(|source| source == Source::Secret)
    }

    /// The pod's `volumes`, each once.
    pub(crate) fn volumes(&self) -> Vec<Value> {
        let first = |at: usize| !self.listed[..at].iter().any(|it| it.volume == self.listed[at].volume);
        let mounts = self.listed.iter().enumerate().filter(|(at, _)| first(*at));
        mounts.map(|(_, it)| it.volume()).collect()
    }

    /// The container's `volumeMounts`.
    pub(crate) fn mounts(&self) -> Vec<Value> {
        let own = self
            .own
            .iter()
            .map(|(name, path)| Tree::new().set("name", name.as_str()).set("mountPath", path.as_str()));
        let files = self.listed.iter().filter(|mount| !mount.block).map(|mount| {
            let entry = Tree::new().set("name", mount.volume.as_str()).set("mountPath", mount.path.as_str());
            entry.set_some("readOnly", mount.read_only)
        });
        own.chain(files).map(Value::from).collect()
    }

    /// The container's `volumeDevices`.
    pub(crate) fn devices(&self) -> Vec<Value> {
        let devices = self.listed.iter().filter(|mount| mount.block);
        let entry = |it: &Mount| {
            Tree::new().set("name", it.volume.as_str()).set("devicePath", it.path.as_str()).into()
        };
        devices.map(entry).collect()
    }

    /// The container's `envFrom`.
    pub(crate) fn env_from(&self) -> Vec<Value> {
        let entry = |(source, name): &(Source, String)| {
            let key = if *source == Source::Secret { "secretRef" } else { "configMapRef" };
            Tree::new().set(key, Tree::new().set("name", name.as_str())).into()
        };
        self.env_from.iter().map(entry).collect()
    }
}

/// What a mount names: the neighbour it points at by its current name, else the copied one.
fn mounted_name(item: &Reader<'_>, peer: Option<&Peer>, notes: &mut Vec<String>) -> Option<String> {
    if let Some(peer) = peer {
        if let Some(stale) = item.text("name").filter(|name| *name != peer.facts.name) {
            notes.push(format!("mount {stale}: {} is now named {}", peer.kind, peer.facts.name));
        }
        return Some(peer.facts.name.clone());
    }
    item.required_text("name", "give the name of what is mounted")?;
    item.checked("name", check::dns_subdomain).map(str::to_owned)
}

fn listed_type(item: &Reader<'_>, host_paths: bool) -> Option<Source> {
    let hint = if host_paths {
        "use configMap, secret, persistentVolumeClaim or hostPath"
    } else {
        "use configMap, secret or persistentVolumeClaim"
    };
    let text = item.required_text("type", hint)?;
    let source = Source::of_type(text).filter(|source| host_paths || *source != Source::Host);
    if source.is_none() {
        item.error("type", "invalid", format_args!("type {text:?} is not known"), hint);
    }
    source
}

fn is_block(facts: &Facts) -> bool {
    facts.more.get("volumeMode").and_then(Value::as_str) == Some("Block")
}

fn is_single_node(facts: &Facts) -> bool {
    let modes = facts.more.get("accessModes").and_then(Value::as_array);
    modes.is_some_and(|modes| {
        !modes.is_empty()
            && modes.iter().all(|mode| mode.as_str().is_some_and(|it| it.starts_with("ReadWriteOnce")))
    })
}
