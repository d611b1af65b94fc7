//! What an embedder decides about the face. Every bound has a default that suits the known browser client.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::HeaderValue;
use ipnet::IpNet;
use tokio_util::sync::CancellationToken;

/// Bounds and behaviour of the API (contract 1.10 to 1.16).
#[derive(Debug, Clone)]
pub struct Options {
    /// Origins of browser clients; credentials are allowed for them. Default `http://localhost:3001`.
    pub cors_origins: Vec<HeaderValue>,
    /// Requests per client address; `None` switches the limit off. Default 10 per second, burst 20. A
    /// request whose peer address is unknown (a router that an embedder serves without `ConnectInfo`) isn't
    /// limited.
    pub rate: Option<Rate>,
    /// A stricter bound on `/auth/*`, beside the other one. Default 2 per second, burst 20.
    pub auth_rate: Option<Rate>,
    /// Proxies whose `X-Forwarded-For` is believed. Default none.
    pub trusted_proxies: Vec<IpNet>,
    /// The longest request body in bytes. Default 4 MiB.
    pub body_limit: usize,
    /// How long an ordinary request may take, streams excepted. Default 30 s, the browser client's own limit.
    pub request_timeout: Duration,
    /// How long `run` waits for the end before it answers `running`. Default 20 s.
    pub run_wait: Duration,
    /// The pause between heartbeats on a silent stream. Default 15 s.
    pub heartbeat: Duration,
    /// Cancelled when streams should end because the server stops; share it with
    /// [`Server`](crate::Server).
    pub drain: CancellationToken,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cors_origins: vec![HeaderValue::from_static("http://localhost:3001")],
            rate: Some(Rate { per_second: 10, burst: 20 }),
            auth_rate: Some(Rate { per_second: 2, burst: 20 }),
            trusted_proxies: Vec::new(),
            body_limit: 4 << 20,
            request_timeout: Duration::from_secs(30),
            run_wait: Duration::from_secs(20),
            heartbeat: Duration::from_secs(15),
            drain: CancellationToken::new(),
        }
    }
}

impl Options {
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many tokens come back per second; 0 counts as 1.
    pub per_second: u32,
    /// How many tokens fit; 0 counts as 1.
    pub burst: u32,
}
