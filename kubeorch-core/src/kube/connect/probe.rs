//! A connection test that says which stage fails.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::{Either, select};
use serde::Serialize;
use tokio::net::{TcpStream, lookup_host};

use super::connector::{Connect, build};
use crate::kube::client::{Client, Failure, Options, Stage, whoami};
use crate::kube::{Endpoint, Error};

/// The whole test, at most (contract 8.1).
const LIMIT: Duration = Duration::from_secs(10);

/// One stage of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `credentials`, `resolve`, `connect`, `tls`, `version` or `identity`, in this order.
    pub name: &'static str,
    /// Whether it passed.
    pub ok: bool,
    /// What was learned, or why it failed; no address and no credential.
    pub text: String,
    /// How long it took.
    pub millis: u64,
}

/// The stages up to the first that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// In order; at least one.
    pub steps: Vec<Step>,
}

impl Probe {
    /// Whether every stage passed.
    pub fn ok(&self) -> bool {
        self.steps.len() == STAGES.len() && self.steps.iter().all(|step| step.ok)
    }
}

const STAGES: [&str; 6] = ["credentials", "resolve", "connect", "tls", "version", "identity"];

impl Connect {
    /// Tries a connection stage by stage: the credentials' form, the server's name, the connection, the
    /// encryption, the version, and who the server takes the caller for. At most 10 s in all.
    pub async fn probe(&self, endpoint: &Endpoint) -> Probe {
        let mut probe = Probe::default();
        let done = {
            let run = std::pin::pin!(self.stages(endpoint, &mut probe));
            matches!(select(run, self.clock.sleep(LIMIT)).await, Either::Left(_))
        };
        if !done {
            let text = format!("no answer within {LIMIT:?}");
            let name = STAGES.get(probe.steps.len()).copied().unwrap_or("identity");
            probe.steps.push(Step { name, ok: false, text, millis: millis(LIMIT) });
        }
        probe
    }

    /// Ends early, with `None`, at the first stage that fails.
    async fn stages(&self, endpoint: &Endpoint, probe: &mut Probe) -> Option<()> {
        // A test shows the first failure as it is.
        let options = Options { attempts: 1, ..self.options.clone() };
        let prepared = async {
            let config = self.config(endpoint).await?;
            let url = config.cluster_url.clone();
            Ok((url, build(config, &options, self.clock.clone())?))
        };
        let (url, client) = self
            .step(probe, prepared, |_: &(_, Client)| "the credentials have a usable form".to_owned())
            .await?;
        let encrypted = url.scheme_str() == Some("https");
        let port = url.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let addresses = self
            .step(probe, resolve(&host, port), |found: &Vec<SocketAddr>| {
                format!("the name has {} addresses", found.len())
            })
            .await?;
        self.step(probe, connect(&addresses), |()| "the port takes connections".to_owned()).await?;

        let started = self.clock.now();
        let version = client.version().await;
        let took = millis(self.clock.now().since(started));
        let refused = match &version {
            Err(Failure::Stage(Stage::Tls(why))) => Some(why.clone()),
            // The port takes connections, so what is not made is the encrypted one.
            Err(Failure::Stage(Stage::Connect(why))) if encrypted => {
                Some(format!("the handshake failed: {why}"))
            }
            _ => None,
        };
        if let Some(text) = refused {
            probe.steps.push(Step { name: "tls", ok: false, text, millis: took });
            return None;
        }
        let text = match (encrypted, endpoint.insecure) {
            (true, false) => "the certificate is trusted",
            (true, true) => "encrypted; the certificate is not checked",
            (false, _) => "not encrypted",
        };
        probe.steps.push(Step { name: "tls", ok: true, text: text.to_owned(), millis: took });
        let version = match version {
            // Some servers keep it from callers without a role; the next stage tells whether they are known.
            Err(failure) if failure.is(403) => Ok("the version is not shown to this caller".to_owned()),
            other => other.map_err(|failure| failure.about("the version")),
        };
        self.step(probe, async { version }, String::clone).await?;
        let identity = whoami(&client.transport);
        self.step(probe, identity, |name| {
            format!("signed in as {}", if name.is_empty() { "?" } else { name })
        })
        .await?;
        Some(())
    }

    async fn step<T>(
        &self,
        probe: &mut Probe,
        work: impl Future<Output = Result<T, Error>>,
        tell: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let name = STAGES[probe.steps.len()];
        let started = self.clock.now();
        let result = work.await;
        let millis = millis(self.clock.now().since(started));
        let (text, value) = match result {
            Ok(value) => (tell(&value), Some(value)),
            Err(error) => (error.to_string(), None),
        };
        probe.steps.push(Step { name, ok: value.is_some(), text, millis });
        value
    }
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let found = lookup_host((host, port)).await.map(Vec::from_iter).unwrap_or_default();
    if found.is_empty() { Err(Error::Unreachable(Stage::Resolve.to_string())) } else { Ok(found) }
}

async fn connect(addresses: &[SocketAddr]) -> Result<(), Error> {
    match TcpStream::connect(addresses).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::Unreachable(Stage::connecting(error.kind()).to_string())),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
