//! The accept loop.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

use super::Limits;

/// The pause after a failed accept, for instance when no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound socket, not yet served.
pub struct Server {
    listener: TcpListener,
    limits: Limits,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut at the deadline.
    pub cut: usize,
}

impl Server {
    /// Binds; port 0 takes a free one.
    pub async fn bind(address: impl ToSocketAddrs, limits: Limits) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, limits })
    }

    /// Takes a socket that is bound already, for instance by the init system.
    pub fn from_listener(listener: TcpListener, limits: Limits) -> Self {
        Self { listener, limits }
    }

    /// The bound address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `drain` is cancelled, then lets open requests end, at most for [`Limits::drain`]. Give the same
    /// token to [`Options::drain`](crate::Options::drain), so that streams end too. Each request carries
    /// [`ConnectInfo<SocketAddr>`].
    pub async fn serve<S, B>(self, service: S, drain: CancellationToken) -> Drained
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: hyper::body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let slots = Arc::new(Semaphore::new(self.limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
        let graceful = GracefulShutdown::new();
        let mut tasks = JoinSet::new();
        while let Some((stream, peer, slot)) = self.next(&slots, &drain).await {
            tasks.spawn(connection(&self.limits, &graceful, stream, peer, slot, service.clone()));
            while tasks.try_join_next().is_some() {}
        }
        drop(self.listener);
        let ended = tokio::time::timeout(self.limits.drain, graceful.shutdown()).await;
        while tasks.try_join_next().is_some() {}
        let cut = if ended.is_ok() { 0 } else { tasks.len() };
        tasks.shutdown().await;
        Drained { cut }
    }

    /// The next connection with its place; `None` once the server drains.
    async fn next(
        &self,
        slots: &Arc<Semaphore>,
        drain: &CancellationToken,
    ) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let accepted = async {
            // The semaphore is never closed.
            let slot = slots.clone().acquire_owned().await.ok()?;
            loop {
                match self.listener.accept().await {
                    Ok((stream, peer)) => return Some((stream, peer, slot)),
                    Err(error) if is_peers_fault(&error) => {}
                    Err(error) => {
                        tracing::error!(%error, "cannot accept connections");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            biased;
            () = drain.cancelled() => None,
            accepted = accepted => accepted,
        }
    }
}

fn is_peers_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn connection<S, B>(
    limits: &Limits,
    graceful: &GracefulShutdown,
    stream: TcpStream,
    peer: SocketAddr,
    slot: OwnedSemaphorePermit,
    service: S,
) -> impl Future<Output = ()> + Send + 'static
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // Small answers must not wait for the peer's acknowledgement; without the option they are only slower.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_buf_size(limits.header_bytes.max(8 << 10))
        .max_headers(limits.headers)
        .keep_alive(true);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        service.clone().oneshot(request)
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = graceful.watch(connection);
    async move {
        if let Err(error) = connection.await {
            tracing::debug!(%peer, %error, "connection ended early");
        }
        drop(slot);
    }
}
