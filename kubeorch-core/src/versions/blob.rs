//! The parts that contents are made of, each stored once under the SHA-256 of its canonical JSON.
//!
//! Keys are never stored: [`Record::key`] computes them, so what is written lies under its true hash, and the
//! store's verifier, which asks every record for its key, recomputes every hash. The texts of the three kinds
//! begin differently (`{`, `[{`, `[<digit>`), so no part can pass for one of another kind.

use base64::prelude::{BASE64_STANDARD_NO_PAD as BASE64, Engine as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::graph::{Edge, Hash, Node};
use crate::store::key::Builder;
use crate::store::{Key, Record, Table};

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct NodeBlob(pub(crate) Node);

/// Edges that follow each other; smaller than nodes, so a row for each would be mostly key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct EdgeBlob(pub(crate) Vec<Edge>);

/// The hashes of parts that follow each other, as `[level, base64 of 32 bytes each]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(u8, String)", into = "(u8, String)")]
pub(crate) struct Branch {
    /// 0 above nodes and edges, else one more than that of its children.
    pub(crate) level: u8,
    /// In order.
    pub(crate) children: Vec<Hash>,
}

impl From<Branch> for (u8, String) {
    fn from(branch: Branch) -> Self {
        let bytes: Vec<u8> = branch.children.iter().flat_map(|hash| *hash.as_bytes()).collect();
        (branch.level, BASE64.encode(bytes))
    }
}

impl TryFrom<(u8, String)> for Branch {
    type Error = &'static str;

    fn try_from((level, text): (u8, String)) -> Result<Self, Self::Error> {
        let bytes = BASE64.decode(text).map_err(|_| "the hashes of a branch are not base64")?;
        let (hashes, []) = bytes.as_chunks::<32>() else {
            return Err("a hash of a branch is cut short");
        };
        Ok(Self { level, children: hashes.iter().copied().map(Hash::from).collect() })
    }
}

impl Record for NodeBlob {
    const TABLE: Table = Table("content_nodes");
    type Key = Hash;

    fn key(&self) -> Hash {
        self.0.whole_hash()
    }
}

impl Record for EdgeBlob {
    const TABLE: Table = Table("content_edges");
    type Key = Hash;

    fn key(&self) -> Hash {
        Edge::hash_of_all(&self.0)
    }
}

impl Record for Branch {
    const TABLE: Table = Table("content_branches");
    type Key = Hash;

    fn key(&self) -> Hash {
        let (level, text) = self.clone().into();
        Hash::of(&json!([level, text]))
    }
}

impl Key for Hash {
    fn encode(&self, out: &mut Builder) {
        out.push_fixed(self.as_bytes());
    }
}
