//! The calls of the trait.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::failure::{Failure, Stage};
use super::mapping::{Mapping, Resource};
use super::options::Options;
use super::transport::{Call, JSON, Transport, encode};
use super::{head, info, list, watch};
use crate::kube::{
    Applied, ApplyOptions, Cluster, Counters, DeleteOptions, Deleted, Error, Head, Health, Known, Operation,
    Propagation, Scope, ServerInfo, WatchStream,
};
use crate::manifest::{Key, Kind, Object};
use crate::time::{Clock, SystemClock};

/// An API server behind a kube-rs client, be it a real one or a service inside this process.
///
/// Cheap to clone; clones share the connection and what was learned of the server.
#[derive(Clone)]
pub struct Client {
    pub(in crate::kube) transport: Transport,
    pub(super) mapping: Arc<Mapping>,
}

impl Client {
    /// With the default [`Options`] and the machine's clock. Needs a tokio runtime.
    pub fn new(client: ::kube::Client) -> Self {
        Self::with(client, Options::default(), Arc::new(SystemClock))
    }

    /// A client of a simulated cluster in this process, reached without a socket. The cluster lives as long as a
    /// handle or a client of it.
    #[cfg(feature = "simulator")]
    pub fn simulated(simulator: &kubeorch_simulator::Simulator) -> Self {
        Self::new(::kube::Client::new(simulator.service(), "default"))
    }

    /// With limits and a clock of the caller's choice; deadlines and pauses are waited for on that clock.
    pub fn with(client: ::kube::Client, options: Options, clock: Arc<dyn Clock>) -> Self {
        Self { transport: Transport::new(client, options, clock), mapping: Arc::default() }
    }

    /// The client below, for what the trait does not offer (logs, exec). Ordinary calls through it have the
    /// same deadline and wait for the same turn; watches, followed logs and upgraded connections run on.
    pub fn raw(&self) -> &::kube::Client {
        &self.transport.client
    }

    async fn resource(&self, kind: &Kind) -> Result<Option<Arc<Resource>>, Error> {
        self.mapping.find(&self.transport, kind).await.map_err(|failure| failure.about(&kind.kind))
    }

    /// The path of one object; an object without a namespace is looked for in the connection's own.
    fn path(&self, resource: &Resource, key: &Key) -> Result<String, Failure> {
        let namespace = key.namespace.as_deref().unwrap_or_else(|| self.raw().default_namespace());
        // A path segment of these would name another object.
        if ["", ".", ".."].contains(&key.name.as_str()) || ["", ".", ".."].contains(&namespace) {
            return Err(Stage::Address.into());
        }
        Ok(resource.path(Some(namespace), Some(&key.name)))
    }

    async fn read(&self, resource: &Resource, key: &Key) -> Result<Option<Object>, Failure> {
        match self.transport.call(&Call::get(self.path(resource, key)?)).await {
            Ok(answer) => list::object(&resource.kind, answer.json).map(Some),
            Err(failure) if failure.is(404) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// All objects of a scope; none where the kind is gone since it was learned.
    async fn items(
        &self,
        resource: &Resource,
        scope: &Scope,
        accept: &'static str,
    ) -> Result<Vec<Value>, Failure> {
        let path = resource.path(scope.namespace.as_deref(), None);
        match list::items(&self.transport, &path, &scope.labels, accept).await {
            Err(failure) if failure.is(404) => {
                self.mapping.forget(&scope.kind).await;
                Ok(Vec::new())
            }
            other => other,
        }
    }

    async fn before(
        &self,
        resource: &Resource,
        key: &Key,
        options: &ApplyOptions,
    ) -> Result<Before, Failure> {
        match &options.known {
            Some(Known::Absent) => return Ok(Before::Unknown),
            Some(Known::At(version)) => return Ok(Before::At(version.clone())),
            None => {}
        }
        match self.read(resource, key).await {
            Ok(before) => Ok(before.map_or(Before::Unknown, Before::Object)),
            // Who may write but not read still gets the change, told less exactly.
            Err(failure) if failure.is(403) => Ok(Before::Unknown),
            Err(failure) => Err(failure),
        }
    }

    async fn patch(
        &self,
        resource: &Resource,
        object: &Object,
        options: &ApplyOptions,
    ) -> Result<(StatusCode, Object), Failure> {
        let mut path = self.path(resource, &object.key())?;
        path.push_str("?fieldValidation=Strict&fieldManager=");
        path.push_str(&encode(&options.manager));
        path.push_str(if options.force { "&force=true" } else { "&force=false" });
        path.push_str(if options.dry_run { "&dryRun=All" } else { "" });
        let mut body = object.to_value();
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            // The server refuses an apply that brings them.
            metadata.remove("managedFields");
        }
        // Every JSON text is YAML; the JSON form of this content type is younger than the oldest servers in use.
        let call = Call::with(Method::PATCH, path, "application/apply-patch+yaml", &body);
        let answer = self.transport.call(&call).await?;
        Ok((answer.status, list::object(&resource.kind, answer.json)?))
    }
}

#[async_trait]
impl Cluster for Client {
    async fn info(&self) -> Result<ServerInfo, Error> {
        info::collect(&self.transport).await
    }

    async fn namespaced(&self, kind: &Kind) -> Result<Option<bool>, Error> {
        Ok(self.resource(kind).await?.map(|resource| resource.namespaced))
    }

    async fn get(&self, key: &Key) -> Result<Option<Object>, Error> {
        let Some(resource) = self.resource(&key.kind).await? else { return Ok(None) };
        self.read(&resource, key).await.map_err(|failure| failure.about(key))
    }

    async fn list(&self, scope: &Scope) -> Result<Vec<Object>, Error> {
        let Some(resource) = self.resource(&scope.kind).await? else { return Ok(Vec::new()) };
        let items = self.items(&resource, scope, JSON).await;
        items
            .and_then(|items| items.into_iter().map(|item| list::object(&scope.kind, item)).collect())
            .map_err(|failure| failure.about(&scope.kind.kind))
    }

    async fn heads(&self, scope: &Scope) -> Result<Vec<Head>, Error> {
        let Some(resource) = self.resource(&scope.kind).await? else { return Ok(Vec::new()) };
        let items = self.items(&resource, scope, list::METADATA).await;
        items
            .and_then(|items| items.iter().map(|item| head::read(&scope.kind, item)).collect())
            .map_err(|failure| failure.about(&scope.kind.kind))
    }

    async fn apply(&self, object: &Object, options: &ApplyOptions) -> Result<Applied, Error> {
        let (key, kind) = (object.key(), object.kind());
        let Some(resource) = self.resource(&kind).await? else {
            return Err(Error::UnknownKind(format!("{} {}", kind.api_version, kind.kind)));
        };
        let before = self.before(&resource, &key, options).await.map_err(|failure| failure.about(&key))?;
        match self.patch(&resource, object, options).await {
            Ok((status, object)) => {
                let operation = operation(status, &before, &object, options.dry_run);
                Ok(Applied { object, operation })
            }
            // Without a subject the path itself is gone, not a namespace that the object needs.
            Err(failure) if failure.is(404) && failure.subject().is_empty() => {
                self.mapping.forget(&kind).await;
                Err(Error::UnknownKind(format!("{} {}", kind.api_version, kind.kind)))
            }
            Err(failure) => Err(failure.about(&key)),
        }
    }

    async fn delete(&self, key: &Key, options: &DeleteOptions) -> Result<Deleted, Error> {
        let Some(resource) = self.resource(&key.kind).await? else { return Ok(Deleted::default()) };
        let path = self.path(&resource, key).map_err(|failure| failure.about(key))?;
        let call = Call::with(Method::DELETE, path, JSON, &deletion(options));
        match self.transport.call(&call).await {
            Ok(answer) => Ok(Deleted { found: true, pending: pending(&answer.json) }),
            Err(failure) if failure.is(404) => Ok(Deleted::default()),
            // What lives there now is a successor; the object that was meant is gone.
            Err(failure) if failure.is(409) && options.uid.is_some() => Ok(Deleted::default()),
            Err(failure) => Err(failure.about(key)),
        }
    }

    fn watch(&self, scope: &Scope) -> WatchStream {
        watch::follow(self.clone(), scope.clone())
    }

    fn health(&self) -> tokio::sync::watch::Receiver<Health> {
        self.transport.guard.health()
    }

    fn counters(&self) -> Counters {
        self.transport.guard.counters()
    }
}

/// The body of a delete.
fn deletion(options: &DeleteOptions) -> Value {
    let propagation = match options.propagation {
        Propagation::Background => "Background",
        Propagation::Foreground => "Foreground",
        Propagation::Orphan => "Orphan",
    };
    let mut body = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation });
    if let Some(uid) = &options.uid {
        body["preconditions"] = json!({ "uid": uid });
    }
    if options.dry_run {
        body["dryRun"] = json!(["All"]);
    }
    body
}

/// Whether something holds a deleted object. Some kinds answer with their last state when they are gone at once,
/// most with a `Status`.
fn pending(answer: &Value) -> bool {
    let metadata = &answer["metadata"];
    let finalizers = metadata["finalizers"].as_array().is_some_and(|names| !names.is_empty());
    let grace = metadata["deletionGracePeriodSeconds"].as_i64().is_some_and(|seconds| seconds > 0);
    metadata["deletionTimestamp"].is_string() && (finalizers || grace)
}

/// What is known of an object before an apply.
enum Before {
    /// Nothing: it was not there, or nobody may read it.
    Unknown,
    At(String),
    Object(Object),
}

fn operation(status: StatusCode, before: &Before, after: &Object, dry_run: bool) -> Operation {
    let version = |before: Option<&str>| before.is_some() && before == after.resource_version();
    let same = match before {
        _ if status == StatusCode::CREATED => return Operation::Created,
        Before::Unknown => false,
        // A dry run stores nothing, so the versions say nothing.
        Before::At(known) => !dry_run && version(Some(known)),
        Before::Object(before) if dry_run => substance(before) == substance(after),
        Before::Object(before) => version(before.resource_version()),
    };
    if same { Operation::Unchanged } else { Operation::Updated }
}

/// An object without what the server itself keeps count of.
fn substance(object: &Object) -> Value {
    let mut value = object.to_value();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for member in ["managedFields", "resourceVersion", "generation"] {
            metadata.remove(member);
        }
    }
    value
}
