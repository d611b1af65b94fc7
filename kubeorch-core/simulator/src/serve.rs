//! Serving over TCP, and the kubeconfig to reach it.

use std::future::Future;
use std::io;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::simulator::Simulator;

impl Simulator {
    /// Serves HTTP/1 on `listener` until `shutdown` completes; open requests are then cut, because
    /// watches would never end by themselves.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let builder = auto::Builder::new(TokioExecutor::new());
        let mut connections = tokio::task::JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // The peer gave up before we came to it.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                    Err(error) => return Err(error),
                },
                Some(_) = connections.join_next() => continue,
                () = &mut shutdown => break,
            };
            stream.set_nodelay(true)?;
            let service = TowerToHyperService::new(self.service());
            let connection =
                builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
            connections.spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(error, "connection ended");
                }
            });
        }
        connections.shutdown().await;
        Ok(())
    }
}

/// A kubeconfig for a simulator served at `server`, as `http://127.0.0.1:8001`.
pub fn kubeconfig(server: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: simulator
  cluster:
    server: {server}
users:
- name: simulator
  user: {{}}
contexts:
- name: simulator
  context:
    cluster: simulator
    user: simulator
    namespace: default
current-context: simulator
"
    )
}
