//! The workflow file: a graph with a name, in YAML 1.2 or JSON.
//!
//! ```yaml
//! name: shop                 # required
//! description: The web shop
//! namespace: shop            # of every node that names none; `default` without it
//! nodes:
//!   - {id: web, type: deployment, data: {name: web, image: "nginx:1.27"}}
//!   - {id: web-svc, type: service, data: {name: web, port: 80}}
//! edges:
//!   - {source: web-svc, target: web}     # id, sourceHandle, targetHandle, type and data are optional
//!   - web-svc -> web                     # the same
//! ```
//!
//! Nodes and edges are the API's own (contract 3.2), so the answer of `GET /v1/api/workflows/:id` is a workflow
//! file too: the members that it has besides are accepted and not used. Any other unknown member is an error that
//! names it, except members that begin with `x-`, which files may use for YAML anchors.
//!
//! Boundary: this reads the form of a file, all mistakes at once. What a graph means is checked by the engine.

mod members;
mod parse;
mod read;
mod shape;
#[cfg(test)]
mod tests;

pub(crate) use parse::parse;
pub(crate) use read::{MAX_BYTES, Source, read};
pub(crate) use shape::{File, check};
