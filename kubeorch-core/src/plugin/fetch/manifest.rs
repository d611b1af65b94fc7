//! What a registry says of an artifact (OCI image manifest and index, as far as a component needs them).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::reference::is_digest;
use crate::plugin::DownloadError;

/// The media type of the layer that is the component.
const WASM: &str = "application/wasm";

/// The annotation, of the layer or the manifest, that holds a minisign signature over the component.
pub(super) const SIGNATURE: &str = "io.kubeorch.minisig";

/// The media types that are understood, for `Accept`.
pub(super) const ACCEPTED: &str =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";

/// A manifest, or an index of manifests.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    pub(super) size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    platform: Option<Platform>,
}

#[derive(Debug, Clone, Deserialize)]
struct Platform {
    architecture: String,
}

impl Descriptor {
    /// The digest's 64 hex digits; another algorithm is none that is checked here.
    pub(super) fn sha256(&self) -> Result<&str, DownloadError> {
        let hex = self.digest.strip_prefix("sha256:").filter(|hex| is_digest(hex));
        hex.ok_or_else(|| failed("names a part by something else than its SHA-256"))
    }
}

impl Document {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, DownloadError> {
        serde_json::from_slice(bytes).map_err(|_| failed("gives a manifest that is not one"))
    }

    /// The manifest that an index leads to: the only one, or the one for WebAssembly.
    pub(super) fn next(&self) -> Option<&Descriptor> {
        let wasm = |it: &&Descriptor| it.platform.as_ref().is_some_and(|it| it.architecture == "wasm");
        match self.manifests.as_slice() {
            [only] => Some(only),
            many => many.iter().find(wasm),
        }
    }

    /// The layer that is the component.
    pub(super) fn component(&self) -> Result<&Descriptor, DownloadError> {
        let mut layers = self.layers.iter().filter(|layer| layer.media_type == WASM);
        match (layers.next(), layers.next()) {
            (Some(layer), None) => Ok(layer),
            (None, _) => Err(failed("holds no component there: no layer is application/wasm")),
            (Some(_), Some(_)) => Err(failed("holds several components there")),
        }
    }

    /// The signature, beside the layer or the whole.
    pub(super) fn signature(&self, layer: &Descriptor) -> Option<String> {
        layer.annotations.get(SIGNATURE).or_else(|| self.annotations.get(SIGNATURE)).cloned()
    }
}

fn failed(text: &str) -> DownloadError {
    DownloadError::Failed(format!("the registry {text}"))
}
