//! What plugins are asked.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::bonds::{Bonds, Tie};
use super::read::{Fresh, Read, Reading};
use crate::error::Finding;
use crate::graph;
use crate::plugin::{Direction, Error, Facts, Link, NodeInput, NodeTypes, Peer, RenderRequest, Rendered};

/// How many calls are under way at once for one graph; the host bounds the rest.
const PARALLEL: usize = 16;

/// The nodes with what they tell their neighbours. Facts that stay the same stay where they are, so that neighbours
/// can tell by the place alone.
pub(super) async fn facts(
    types: &dyn NodeTypes,
    fresh: Vec<Reading<Result<Arc<Read>, Fresh>>>,
    last: &[Arc<Read>],
) -> Result<Vec<Reading<Arc<Read>>>, Error> {
    let asked = fresh.iter().filter_map(|reading| reading.node.as_ref().err());
    let calls = asked.filter(|node| node.info.is_some()).map(|node| types.facts(&node.input));
    // Collected first: a stream over a borrowing closure makes the future one that cannot be proven `Send`.
    let calls = stream::iter(calls.collect::<Vec<_>>());
    let mut answers = calls.buffered(PARALLEL).try_collect::<Vec<_>>().await?.into_iter();
    let reading = |Reading { node, old }: Reading<Result<Arc<Read>, Fresh>>| {
        let node = node.unwrap_or_else(|fresh| {
            let facts = fresh.info.as_ref().and_then(|_| answers.next()).unwrap_or_default();
            let before = old.and_then(|old| last.get(old)).map(|old| &old.facts);
            let facts = before.filter(|old| identical(old, &facts)).cloned().unwrap_or(facts);
            Arc::new(fresh.with(facts))
        });
        Reading { node, old }
    };
    Ok(fresh.into_iter().map(reading).collect())
}

fn identical(one: &Facts, other: &Facts) -> bool {
    one.name == other.name
        && one.namespace == other.namespace
        && one.references == other.references
        && super::read::members(one.other.iter(), other.other.iter())
}

/// Remarks and renderings, in the order of the requests.
pub(super) async fn answers(
    types: &dyn NodeTypes,
    requests: &[RenderRequest],
) -> Result<Vec<(Vec<Finding>, Arc<Rendered>)>, Error> {
    let calls = requests.iter().map(|request| async move {
        let findings = types.validate(request).await?;
        // What is wrong already would only be reported a second time by the rendering.
        let rendered = if findings.iter().any(Finding::is_error) {
            Arc::default()
        } else {
            types.render(request).await?
        };
        Ok::<_, Error>((findings, rendered))
    });
    // Collected first, see `facts`.
    stream::iter(calls.collect::<Vec<_>>()).buffered(PARALLEL).try_collect().await
}

/// What a node's rendering depends on: the node, and what its neighbours tell.
pub(super) fn request(at: usize, reads: &[Reading<Arc<Read>>], bonds: &Bonds) -> RenderRequest {
    let links = bonds.ties[at].iter().map(|tie| link(tie, &reads[tie.peer].node, bonds)).collect();
    RenderRequest { node: NodeInput::clone(&reads[at].node.input), links }
}

fn link(tie: &Tie, peer: &Read, bonds: &Bonds) -> Link {
    let declared_by = if tie.declared_here { "self" } else { "peer" };
    Link {
        role: tie.role.as_deref().map(str::to_owned),
        declared_by: tie.role.as_ref().map(|_| declared_by.to_owned()),
        edge: tie.edge.map(|edge| bonds.edges[edge].clone()),
        direction: match tie.direction {
            graph::Direction::Out => Direction::Out,
            graph::Direction::In => Direction::In,
            graph::Direction::Reference => Direction::Reference,
        },
        peer: Peer {
            id: peer.input.id.clone(),
            kind: peer.input.kind.clone(),
            traits: peer.info.as_ref().map(|info| info.traits.clone()).unwrap_or_default(),
            facts: Facts::clone(&peer.facts),
        },
    }
}
