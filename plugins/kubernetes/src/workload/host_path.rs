//! Files and directories of the cluster node, for pods that look after it.

use kubeorch_plugin_sdk::{Reader, check, kubernetes::Tree};

/// Where a volume comes from on the cluster node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPath {
    path: String,
    kind: &'static str,
}

impl HostPath {
    pub(super) const KINDS: [&'static str; 7] =
        ["Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket", "CharDevice", "BlockDevice"];

    pub(super) fn read(item: &Reader<'_>) -> Option<Self> {
        let kind = item.choice("hostPathType", &Self::KINDS).unwrap_or("Directory");
        item.required_text("hostPath", "give the path on the cluster node, for example /var/log")?;
        let path = item.checked("hostPath", check::absolute_path)?.to_owned();
        Some(Self { path, kind })
    }

    /// The volume's `hostPath`.
    pub(super) fn tree(&self) -> Tree {
        Tree::new().set("path", self.path.as_str()).set("type", self.kind)
    }
}
