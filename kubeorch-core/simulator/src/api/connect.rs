//! `exec`, `attach` and `portforward`: requests that become connections of their own.

use std::sync::Arc;

use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::request::header;
use super::status::Status;
use super::{Answer, Call};
use crate::core::Core;
use crate::exec::{Protocol, Session, Shell, Streams};
use crate::simulator::Shared;
use crate::value::{list, name, namespace, text, uid};

/// Answers a request for a connection.
pub(super) fn connect(shared: &Arc<Shared>, call: &Call, parts: &Parts) -> Result<Answer, Status> {
    if call.subresource != "exec" {
        return Err(absent(shared, call));
    }
    let session = session(shared, call)?;
    let upgrade = header(parts, "upgrade");
    if upgrade.to_lowercase().starts_with("spdy") {
        return Err(Status::bad_request("the simulator speaks exec over WebSocket only, not over SPDY"));
    }
    let key = header(parts, "sec-websocket-key");
    let connection = parts.extensions.get::<OnUpgrade>().cloned();
    let (Some(connection), false, true) =
        (connection, key.is_empty(), upgrade.eq_ignore_ascii_case("websocket"))
    else {
        return Err(Status::bad_request("Upgrade request required"));
    };
    let offered = header(parts, "sec-websocket-protocol");
    let protocol = Protocol::choose(&offered).ok_or_else(|| {
        Status::bad_request(format!(
            "unable to negotiate protocol: client supports [{offered}], server supports [v5.channel.k8s.io v4.channel.k8s.io]"
        ))
    })?;
    let session = Session { protocol, ..session };
    tokio::spawn(async move {
        match connection.await {
            Ok(socket) => session.run(TokioIo::new(socket)).await,
            Err(error) => tracing::debug!(%error, "exec was not upgraded"),
        }
    });
    Ok(Answer::Switch { accept: derive_accept_key(key.as_bytes()), protocol: protocol.name() })
}

/// The answer about connections there can't be, to a pod that exists.
fn absent(shared: &Shared, call: &Call) -> Status {
    if shared.core.lock().get("pods", call.space(), call.own()).is_none() {
        return Status::not_found(&call.resource, call.own());
    }
    let what = if call.subresource == "attach" { "attach to" } else { "forward ports of" };
    Status::not_implemented(format!("the simulator cannot {what} containers: nothing runs in them"))
}

/// What the request wants to run, after every check that does not depend on the connection.
fn session(shared: &Arc<Shared>, call: &Call) -> Result<Session, Status> {
    let core = shared.core.lock();
    let pod = core
        .get("pods", call.space(), call.own())
        .ok_or_else(|| Status::not_found(&call.resource, call.own()))?;
    let container = container(call, &pod)?;
    let phase = text(&pod, "/status/phase");
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Status::bad_request(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    if text(&pod, "/spec/nodeName").is_empty() {
        return Err(Status::bad_request(format!("pod {} does not have a host assigned", name(&pod))));
    }
    if core.pods.running.get(uid(&pod)).is_none_or(|runtime| !runtime.runs(&container)) {
        return Err(Status::internal(format!(
            "unable to upgrade connection: container not found (\"{container}\")"
        )));
    }
    let command: Vec<_> = call.query.all("command").map(str::to_owned).collect();
    if command.is_empty() {
        return Err(Status::bad_request("you must specify at least one command for the container"));
    }
    let streams = Streams {
        stdin: call.query.flag("stdin"),
        stdout: call.query.flag("stdout"),
        stderr: call.query.flag("stderr"),
        tty: call.query.flag("tty"),
    };
    Ok(Session {
        shared: Arc::clone(shared),
        protocol: Protocol::V5,
        streams,
        command,
        shell: shell(&core, &pod, &container),
        pod: (namespace(&pod).to_owned(), name(&pod).to_owned(), uid(&pod).to_owned()),
        container,
    })
}

/// The container a request names, or the only one.
pub(super) fn container(call: &Call, pod: &Value) -> Result<String, Status> {
    let all = || list(pod, "/spec/containers").iter().chain(list(pod, "/spec/initContainers"));
    let names: Vec<_> = list(pod, "/spec/containers").iter().map(|one| text(one, "/name")).collect();
    match (call.query.get("container"), names.as_slice()) {
        ("", [only]) => Ok((*only).to_owned()),
        ("", many) => Err(Status::bad_request(format!(
            "a container name must be specified for pod {}, choose one of: [{}]",
            name(pod),
            many.join(" ")
        ))),
        (named, _) if all().any(|one| text(one, "/name") == named) => Ok(named.to_owned()),
        (named, _) => {
            Err(Status::bad_request(format!("container {named} is not valid for pod {}", name(pod))))
        }
    }
}

fn shell(core: &Core, pod: &Value, container: &str) -> Shell {
    let pairs = |one: &Value| (text(one, "/name").to_owned(), text(one, "/value").to_owned());
    let mut environment = vec![
        ("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ("HOSTNAME".to_owned(), name(pod).to_owned()),
    ];
    let spec = list(pod, "/spec/containers").iter().find(|one| text(one, "/name") == container);
    let own = spec.map(|spec| list(spec, "/env")).unwrap_or_default();
    environment.extend(own.iter().filter(|one| one.get("valueFrom").is_none()).map(pairs));
    Shell { hostname: name(pod).to_owned(), environment, now: core.now(), code: 0 }
}
