//! The catalogue of operators: their custom resources as node types.
//!
//! Everything about an operator is a file in `entries`: the form, the object as a template, and how its state is told.
//! This code reads forms, fills templates and reads states, and knows no operator.

mod check;
mod descriptor;
mod model;
mod read;
mod render;
mod source;
mod status;
mod template;

#[cfg(test)]
mod tests;

use kubeorch_plugin_sdk::{
    Catalog, Facts, Failure, Finding, Node, NodeTypes, Plugin, RenderRequest, Rendered, Status,
    StatusRequest, export_node_types,
};

/// This plugin.
#[derive(Debug)]
pub struct CrdCatalog;

impl NodeTypes for CrdCatalog {
    fn catalog() -> Catalog {
        let plugin = Plugin {
            id: "crd-catalog".to_owned(),
            name: "Operators".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Custom resources of well-known operators as node types.".to_owned(),
        };
        // The build script read the same bytes; a test reads them again.
        let entries = source::all().unwrap_or_default();
        Catalog {
            plugin,
            node_types: entries
                .iter()
                .flat_map(|entry| {
                    entry.node_types.iter().map(move |node_type| descriptor::node_type(entry, node_type))
                })
                .collect(),
            entries: entries.iter().map(descriptor::entry).collect(),
        }
    }

    fn facts(node: &Node) -> Result<Facts, Failure> {
        Ok(render::facts(&source::find(&node.kind)?.1, node))
    }

    /// As for plugins that are lists of node types: validating is rendering for the report.
    fn validate(request: &RenderRequest) -> Result<Vec<Finding>, Failure> {
        Ok(Self::render(request)?.findings)
    }

    fn render(request: &RenderRequest) -> Result<Rendered, Failure> {
        let (entry, node_type) = source::find(&request.node.kind)?;
        Ok(render::render(&entry, &node_type, request))
    }

    fn status(request: &StatusRequest) -> Result<Status, Failure> {
        Ok(status::status(&source::find(&request.node.kind)?.1, request))
    }
}

export_node_types!(CrdCatalog);
