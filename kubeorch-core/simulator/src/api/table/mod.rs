//! Tables as `kubectl get` prints them.

mod age;
mod columns;
mod scaling;
mod workloads;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::render::{Include, metadata};
use crate::resources::Resource;

/// A column: name, priority (1 is only for `-o wide`), and what stands in it.
type Column = (&'static str, u8, fn(&Value, Timestamp) -> Value);

/// The table of some objects. Column definitions come only when `heads` (a watch sends them once).
pub(super) fn table(
    resource: &Resource,
    items: &[&Value],
    include: Include,
    meta: Value,
    now: Timestamp,
    heads: bool,
) -> Value {
    let custom = columns::custom(resource);
    let columns = columns::of(&resource.id());
    let mut definitions: Vec<_> = columns
        .iter()
        .map(|(name, priority, _)| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({ "name": name, "type": "string", "format": format, "description": "", "priority": priority })
        })
        .collect();
    let at = definitions.len().saturating_sub(usize::from(!custom.is_empty()));
    for (offset, column) in custom.iter().enumerate() {
        definitions.insert(at + offset, column.definition());
    }
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            let mut cells: Vec<_> = columns.iter().map(|(_, _, cell)| cell(item, now)).collect();
            for (offset, column) in custom.iter().enumerate() {
                cells.insert(at + offset, column.cell(item, now));
            }
            let mut row = json!({ "cells": cells });
            match include {
                Include::None => {}
                Include::Metadata => row["object"] = metadata(item),
                Include::Object => row["object"] = (*item).clone(),
            }
            row
        })
        .collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": if heads { json!(definitions) } else { Value::Null },
        "rows": rows,
    })
}
