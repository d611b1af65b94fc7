//! Whole lists, page by page.

use serde_json::{Map, Value};

use super::failure::{Failure, Stage};
use super::transport::{Call, Transport, encode};
use crate::manifest::{Kind, Object};

/// How often a list starts over because its continuation had expired (410).
const RESTARTS: u32 = 3;

/// Asks for names and labels only (Kubernetes: "partial object metadata").
pub(super) const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// All items at `path`, as the server sent them.
pub(super) async fn items(
    transport: &Transport,
    path: &str,
    labels: &str,
    accept: &'static str,
) -> Result<Vec<Value>, Failure> {
    let mut restarts = 0;
    'restart: loop {
        let mut items: Vec<Value> = Vec::new();
        let mut token = String::new();
        loop {
            let call = Call { accept, ..Call::get(address(path, transport.options.page, labels, &token)) };
            let mut json = match transport.call(&call).await {
                Ok(answer) => answer.json,
                Err(failure) if failure.is(410) && restarts < RESTARTS => {
                    restarts += 1;
                    continue 'restart;
                }
                Err(failure) => return Err(failure),
            };
            match json.get_mut("items").map(Value::take) {
                Some(Value::Array(page)) => items.extend(page),
                Some(Value::Null) => {}
                _ => return Err(Stage::Format.into()),
            }
            if items.len() > transport.options.objects {
                return Err(Stage::TooMany(transport.options.objects).into());
            }
            let next = json.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default();
            if next.is_empty() {
                return Ok(items);
            }
            next.clone_into(&mut token);
        }
    }
}

fn address(path: &str, limit: u32, labels: &str, token: &str) -> String {
    let mut address = format!("{path}?limit={limit}");
    for (name, value) in [("labelSelector", labels), ("continue", token)] {
        if !value.is_empty() {
            address.extend(["&", name, "=", &encode(value)]);
        }
    }
    address
}

/// An object from an item of a list: items of built-in kinds come without their kind.
pub(super) fn object(kind: &Kind, item: Value) -> Result<Object, Failure> {
    let Value::Object(members) = item else { return Err(Stage::Format.into()) };
    let mut whole = Map::with_capacity(members.len() + 2);
    whole.insert("apiVersion".to_owned(), Value::from(kind.api_version.as_str()));
    whole.insert("kind".to_owned(), Value::from(kind.kind.as_str()));
    whole.extend(members);
    Object::new(Value::Object(whole)).map_err(|_| Stage::Format.into())
}
