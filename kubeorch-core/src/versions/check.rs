//! What must hold of contents beyond their records: every version's graph is there and has the version's hash.
//!
//! Boundary: that each part lies under its own hash is seen by the schema of its type, because keys are computed; here
//! parts are followed from the versions.

use std::collections::HashSet;

use super::Error;
use super::blob::{Branch, EdgeBlob, NodeBlob};
use super::epoch::Epoch;
use super::load::Loader;
use super::model::Version;
use crate::store::verify::Faults;
use crate::store::{self, Query, Reader, Record};

/// Loads the graph of every version and recomputes its hash.
pub(crate) fn contents(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), store::Error> {
    let mut loader = Loader::new(reader);
    let mut seen = HashSet::new();
    reader.each(&Query::<Version>::all(), |version| {
        if seen.insert(version.content) {
            let fault = match loader.graph(version.content) {
                Err(Error::Store(error @ store::Error::Damaged { .. })) => Some(error.to_string()),
                Err(Error::Store(other)) => return Err(other),
                Err(other) => Some(other.to_string()),
                Ok(graph) if graph.snapshot_hash() != version.content => {
                    Some(format!("content {} has another hash", version.content))
                }
                Ok(graph) if graph.nodes.len() != version.node_count => {
                    Some(format!("content {} has another count of nodes", version.content))
                }
                Ok(_) => None,
            };
            if let Some(what) = fault {
                let (seq, workflow) = (version.seq, version.workflow);
                faults.add(Version::TABLE.0, format!("version {seq} of workflow {workflow}: {what}"));
            }
        }
        Ok(!faults.full())
    })
}

/// Whoever wrote a part also changed the epoch: without it a collection would not notice the next one.
pub(crate) fn epoch(reader: &Reader<'_>, faults: &mut Faults) -> Result<(), store::Error> {
    let parts = any::<Branch>(reader)? || any::<NodeBlob>(reader)? || any::<EdgeBlob>(reader)?;
    if parts && !reader.contains::<Epoch>(&Epoch::KEY)? {
        faults.add(Epoch::TABLE.0, "it is missing, and there are parts of contents");
    }
    Ok(())
}

fn any<T: Record>(reader: &Reader<'_>) -> Result<bool, store::Error> {
    Ok(reader.count(&Query::<T>::all())? > 0)
}
