//! Objects without their content.

use std::collections::BTreeSet;

use serde_json::Value;

use super::failure::{Failure, Stage};
use crate::kube::Head;
use crate::manifest::{Key, Kind};

/// From an item of a list, be it partial or whole: a server that does not know the partial form sends all.
pub(super) fn read(kind: &Kind, item: &Value) -> Result<Head, Failure> {
    let metadata = &item["metadata"];
    let text = |member: &str| metadata[member].as_str().unwrap_or_default().to_owned();
    let name = text("name");
    if name.is_empty() {
        return Err(Stage::Format.into());
    }
    let key = Key {
        kind: kind.clone(),
        namespace: metadata["namespace"]
            .as_str()
            .filter(|namespace| !namespace.is_empty())
            .map(str::to_owned),
        name,
    };
    let labels = metadata["labels"].as_object().into_iter().flatten();
    let labels = labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let entries = |member: &str| metadata[member].as_array().into_iter().flatten();
    let managers: BTreeSet<_> =
        entries("managedFields").filter_map(|entry| entry["manager"].as_str()).collect();
    Ok(Head {
        key,
        uid: text("uid"),
        resource_version: text("resourceVersion"),
        labels: labels.collect(),
        managers: managers.into_iter().map(str::to_owned).collect(),
        controlled: entries("ownerReferences").any(|owner| owner["controller"] == true),
        deleting: metadata["deletionTimestamp"].is_string(),
    })
}
