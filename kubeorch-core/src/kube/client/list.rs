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

pub(super) use super::transport::JSON as WHOLE;

/// A part of a list.
pub(super) struct Page {
    pub(super) items: Vec<Value>,
    /// The token of the next page; empty after the last.
    pub(super) next: String,
    /// What was listed is as of this version.
    pub(super) version: String,
}

/// One page, as the server sent it; `token` is empty for the first.
pub(super) async fn page(
    transport: &Transport,
    path: &str,
    labels: &str,
    token: &str,
    accept: &'static str,
) -> Result<Page, Failure> {
    let call = Call { accept, ..Call::get(address(path, transport.options.page, labels, token)) };
    let mut json = transport.call(&call).await?.json;
    let items = match json.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        Some(Value::Null) => Vec::new(),
        _ => return Err(Stage::Format.into()),
    };
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Page { items, next: text("/metadata/continue"), version: text("/metadata/resourceVersion") })
}

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
            let page = match page(transport, path, labels, &token, accept).await {
                Ok(page) => page,
                Err(failure) if failure.is(410) && restarts < RESTARTS => {
                    restarts += 1;
                    continue 'restart;
                }
                Err(failure) => return Err(failure),
            };
            items.extend(page.items);
            if items.len() > transport.options.objects {
                return Err(Stage::TooMany(transport.options.objects).into());
            }
            if page.next.is_empty() {
                return Ok(items);
            }
            token = page.next;
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

/// An object from an item of a list, as one of the kind that was asked for: items of built-in kinds come without.
pub(super) fn object(kind: &Kind, item: Value) -> Result<Object, Failure> {
    let Value::Object(members) = item else { return Err(Stage::Format.into()) };
    let mut whole = Map::with_capacity(members.len() + 2);
    whole.insert("apiVersion".to_owned(), Value::from(kind.api_version.as_str()));
    whole.insert("kind".to_owned(), Value::from(kind.kind.as_str()));
    whole.extend(members.into_iter().filter(|(name, _)| name != "apiVersion" && name != "kind"));
    Object::new(Value::Object(whole)).map_err(|_| Stage::Format.into())
}
