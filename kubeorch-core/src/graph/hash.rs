//! Content addresses of graphs and nodes: SHA-256 over their canonical JSON ([`canonical`](super::canonical)).
//!
//! Two hashes of a graph, because moving a box makes no new deployable version: the *content* hash
//! leaves positions out, the *snapshot* hash has them. Neither sees runtime state, the order of nodes and
//! edges, the order of members or the way a number is written.

use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::str::FromStr;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::canonical::{self, write_array, write_f64, write_map, write_str};
use super::snapshot::is_content;
use super::{Edge, Graph, Node};

/// A SHA-256 digest, shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// Text that is not a [`Hash`](struct@Hash).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a content hash has 64 lower-case hex digits")]
pub struct ParseHashError;

impl Hash {
    /// The hash of any JSON value.
    pub fn of(value: &Value) -> Self {
        Self::stream(|out| canonical::write(out, value))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn stream(write: impl FnOnce(&mut Sink) -> fmt::Result) -> Self {
        let mut sink = Sink(Sha256::new());
        // The sink itself never fails.
        let _ = write(&mut sink);
        Self(sink.0.finalize().into())
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl Graph {
    /// The hash of everything that a deployment depends on: nodes without positions, edges.
    pub fn content_hash(&self) -> Hash {
        Hash::stream(|out| write_graph(out, self, false))
    }

    /// The hash of what a version keeps: as [`Self::content_hash`], with positions.
    pub fn snapshot_hash(&self) -> Hash {
        Hash::stream(|out| write_graph(out, self, true))
    }
}

impl Node {
    /// The hash of id, type and data without runtime state.
    pub fn content_hash(&self) -> Hash {
        Hash::stream(|out| write_node(out, self, false, is_content))
    }

    /// The hash of the node as it is: position and every member, state too.
    pub fn whole_hash(&self) -> Hash {
        Hash::stream(|out| write_node(out, self, true, |_| true))
    }
}

impl Edge {
    /// The hash of a list of edges, in its order.
    pub fn hash_of_all(edges: &[Self]) -> Hash {
        Hash::stream(|out| write_array(out, edges, write_edge))
    }
}

fn write_graph(out: &mut Sink, graph: &Graph, positions: bool) -> fmt::Result {
    let full = |node: &Node| Hash::stream(|out| write_node(out, node, positions, is_content));
    let mut nodes: Vec<_> = graph.nodes.iter().collect();
    nodes.sort_by(|a, b| by_id(&a.id, &b.id, || full(a).cmp(&full(b))));
    let whole = |edge: &Edge| Hash::stream(|out| write_edge(out, edge));
    let mut edges: Vec<_> = graph.edges.iter().collect();
    edges.sort_by(|a, b| by_id(&a.id, &b.id, || whole(a).cmp(&whole(b))));
    out.write_str("{\"edges\":")?;
    write_array(out, edges, write_edge)?;
    out.write_str(",\"nodes\":")?;
    write_array(out, nodes, |out, node| write_node(out, node, positions, is_content))?;
    out.write_char('}')
}

/// Ids that repeat, which only an invalid graph has, are ordered by their content.
fn by_id(left: &str, right: &str, content: impl FnOnce() -> Ordering) -> Ordering {
    left.cmp(right).then_with(content)
}

fn write_node(out: &mut Sink, node: &Node, position: bool, keep: fn(&str) -> bool) -> fmt::Result {
    out.write_str("{\"data\":")?;
    write_map(out, &node.data, keep)?;
    out.write_str(",\"id\":")?;
    write_str(out, &node.id)?;
    if position {
        out.write_str(",\"position\":{\"x\":")?;
        write_f64(out, node.position.x)?;
        out.write_str(",\"y\":")?;
        write_f64(out, node.position.y)?;
        out.write_char('}')?;
    }
    out.write_str(",\"type\":")?;
    write_str(out, &node.kind)?;
    out.write_char('}')
}

fn write_edge(out: &mut Sink, edge: &Edge) -> fmt::Result {
    out.write_char('{')?;
    if let Some(data) = &edge.data {
        out.write_str("\"data\":")?;
        write_map(out, data, |_| true)?;
        out.write_char(',')?;
    }
    out.write_str("\"id\":")?;
    write_str(out, &edge.id)?;
    for (name, value) in [
        ("source", Some(&edge.source)),
        ("sourceHandle", edge.source_handle.as_ref()),
        ("target", Some(&edge.target)),
        ("targetHandle", edge.target_handle.as_ref()),
        ("type", edge.kind.as_ref()),
    ] {
        if let Some(value) = value {
            write!(out, ",\"{name}\":")?;
            write_str(out, value)?;
        }
    }
    out.write_char('}')
}

/// Takes text straight into the digest.
struct Sink(Sha256);

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, ParseHashError> {
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(ParseHashError),
        };
        if text.len() != 64 {
            return Err(ParseHashError);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? * 16 + digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl serde::Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
