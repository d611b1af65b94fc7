//! Components from the network: `https://` addresses and OCI registries.
//!
//! A stranger's address must not become a way into the network that the server stands in: a name is resolved once, the
//! [address](address) is checked, and the connection goes to that very address. Everything has a bound: time, bytes,
//! redirects.
//!
//! Not here: credentials of registries (pulls are anonymous), and whether to trust what came.

mod address;
mod auth;
mod client;
mod https;
mod manifest;
mod oci;
mod reference;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use ipnet::IpNet;

use self::client::Client;
use super::{Download, DownloadError, Downloaded};
use crate::time::Clock;

/// How components are fetched.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Networks that are no public ones and may be used all the same, for instance that of a registry of one's own.
    pub allow: Vec<IpNet>,
    /// How long a whole fetch may take. Default 20 s, less than a request to the server may.
    pub deadline: Duration,
    /// Certificates in PEM of authorities that are trusted beside the system's.
    pub authorities: Option<String>,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self { allow: Vec::new(), deadline: Duration::from_secs(20), authorities: None }
    }
}

/// Fetches over the network. Cheap to clone.
#[derive(Clone)]
pub struct Fetch {
    client: Client,
    deadline: Duration,
    clock: Arc<dyn Clock>,
}

impl Fetch {
    /// Reads the system's certificates. [`DownloadError::Refused`] where [`FetchOptions::authorities`] is not PEM.
    pub fn new(options: FetchOptions, clock: Arc<dyn Clock>) -> Result<Self, DownloadError> {
        let client = Client::new(options.allow, options.authorities.as_deref())?;
        Ok(Self { client, deadline: options.deadline, clock })
    }
}

#[async_trait]
impl Download for Fetch {
    async fn component(&self, source: &str, limit: usize) -> Result<Downloaded, DownloadError> {
        let work = async {
            match source.strip_prefix("oci://") {
                Some(reference) => oci::pull(&self.client, reference, limit).await,
                None => https::download(&self.client, source, limit).await,
            }
        };
        match select(std::pin::pin!(work), self.clock.sleep(self.deadline)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => {
                Err(DownloadError::Failed(format!("the source took longer than {:?}", self.deadline)))
            }
        }
    }
}
