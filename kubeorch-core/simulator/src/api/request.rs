//! What a request asks for, taken apart.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use serde_json::Value;

use super::status::Status;
use crate::access::Attempt;
use crate::core::Writer;
use crate::faults::About;
use crate::resources::Resource;
use crate::store::{FieldSelector, LabelSelector};

/// The verbs of the API, as authorisation and fault rules name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Read one object.
    Get,
    /// Read many.
    List,
    /// Follow changes.
    Watch,
    /// Make an object.
    Create,
    /// Replace an object.
    Update,
    /// Change an object, server-side apply included.
    Patch,
    /// Delete one object.
    Delete,
    /// Delete many.
    DeleteCollection,
}

/// A request for a resource.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) verb: Verb,
    pub(crate) resource: Arc<Resource>,
    /// `None` for all namespaces and for cluster scope.
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: String,
    pub(crate) query: Query,
    pub(crate) content_type: String,
    pub(crate) accept: String,
    pub(crate) agent: String,
    pub(crate) body: Bytes,
}

/// Decoded query parameters, in order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(raw: &str) -> Self {
        Self(form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Every value of a parameter that may come more than once.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), "1" | "true" | "True" | "TRUE")
    }

    /// A whole number, or 400.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Status> {
        match self.get(name) {
            "" => Ok(None),
            raw => raw.parse().map(Some).map_err(|_| {
                Status::bad_request(format!("strconv.ParseInt: parsing \"{raw}\": invalid syntax"))
            }),
        }
    }
}

impl Verb {
    /// As RBAC rules and reviews write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
        }
    }

    /// The verb with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        use Verb::{Create, Delete, DeleteCollection, Get, List, Patch, Update, Watch};
        [Get, List, Watch, Create, Update, Patch, Delete, DeleteCollection]
            .into_iter()
            .find(|verb| verb.name() == name)
    }

    /// The verb of a method on a collection or one object.
    pub(crate) fn of(method: &Method, named: bool, watch: bool) -> Option<Self> {
        Some(match (method.as_str(), named) {
            ("GET" | "HEAD", true) => Self::Get,
            ("GET" | "HEAD", false) if watch => Self::Watch,
            ("GET" | "HEAD", false) => Self::List,
            ("POST", _) => Self::Create,
            ("PUT", true) => Self::Update,
            ("PATCH", true) => Self::Patch,
            ("DELETE", true) => Self::Delete,
            ("DELETE", false) => Self::DeleteCollection,
            _ => return None,
        })
    }
}

impl Call {
    /// What RBAC is asked about it.
    pub(crate) fn attempt(&self) -> Attempt<'_> {
        // A namespace itself is asked for inside itself, so that a role there can let it be read.
        let namespace = if self.resource.id() == "namespaces" { self.own() } else { self.space() };
        Attempt {
            verb: self.verb.name(),
            group: &self.resource.group,
            resource: &self.resource.plural,
            subresource: &self.subresource,
            name: self.own(),
            namespace,
            path: "",
        }
    }

    /// What fault rules are asked about it.
    pub(crate) fn about<'a>(&'a self, id: &'a str) -> About<'a> {
        About {
            verb: Some(self.verb),
            resource: id,
            namespace: self.space(),
            object: self.own(),
            agent: &self.agent,
        }
    }

    pub(crate) fn space(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    pub(crate) fn own(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// `dryRun=All`; any other value is refused.
    pub(crate) fn dry_run(&self) -> Result<bool, Status> {
        match self.query.get("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => Err(Status::bad_request(format!(
                "invalid dryRun: Unsupported value: \"{other}\": supported values: \"All\""
            ))),
        }
    }

    /// Who owns the fields written: `fieldManager`, else the first word of the user agent.
    pub(crate) fn writer(&self) -> Result<Writer, Status> {
        let manager = match self.query.get("fieldManager") {
            "" => self.agent.split('/').next().unwrap_or_default(),
            named => named,
        };
        if manager.len() > 128 {
            return Err(Status::bad_request(
                "metadata.fieldManager: Too long: may not be more than 128 bytes",
            ));
        }
        let manager = if manager.is_empty() { "unknown" } else { manager };
        Ok(Writer {
            manager: manager.to_owned(),
            subresource: self.subresource.clone(),
            dry_run: self.dry_run()?,
            internal: false,
        })
    }

    pub(crate) fn labels(&self) -> Result<LabelSelector, Status> {
        LabelSelector::parse(self.query.get("labelSelector"))
    }

    pub(crate) fn fields(&self) -> Result<FieldSelector, Status> {
        FieldSelector::parse(self.query.get("fieldSelector"), &self.resource.id())
    }

    /// The body as JSON; YAML where the content type says so.
    pub(crate) fn json(&self) -> Result<Value, Status> {
        if self.content_type.contains("protobuf")
            && let Some(object) = super::protobuf::decode(&self.body)
        {
            return Ok(object);
        }
        if self.content_type.contains("protobuf") || self.content_type.contains("cbor") {
            return Err(Status::unsupported_media_type("application/json, application/yaml"));
        }
        if let Ok(value) = serde_json::from_slice(&self.body) {
            return Ok(value);
        }
        if self.content_type.contains("yaml") {
            return serde_saphyr::from_slice(&self.body)
                .map_err(|error| Status::bad_request(format!("error decoding YAML: {error}")));
        }
        let error = serde_json::from_slice::<Value>(&self.body).err();
        Err(Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): {}",
            self.resource.kind,
            error.map(|error| error.to_string()).unwrap_or_default()
        )))
    }
}

/// A header as text, `""` when missing.
pub(crate) fn header(parts: &Parts, name: &str) -> String {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
