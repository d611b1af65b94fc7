//! Clients from credentials that somebody handed in.

use std::sync::Arc;

use ::kube::Config;
use ::kube::config::{AuthInfo, Cluster as Server, Context, KubeConfigOptions, NamedContext};
use async_trait::async_trait;
use secrecy::SecretString;

use super::check::{Chosen, as_data, choose, problems};
use crate::kube::client::{Client, Options};
use crate::kube::{Cluster, Connector, Credentials, Endpoint, Error};
use crate::time::{Clock, SystemClock};

/// Makes [`Client`]s from [`Endpoint`]s. Cheap to clone.
#[derive(Clone)]
pub struct Connect {
    pub(super) options: Options,
    pub(super) clock: Arc<dyn Clock>,
}

impl Default for Connect {
    fn default() -> Self {
        Self::new(Options::default(), Arc::new(SystemClock))
    }
}

impl Connect {
    /// Every client gets these limits and this clock.
    pub fn new(options: Options, clock: Arc<dyn Clock>) -> Self {
        Self { options, clock }
    }

    /// Checks the credentials and prepares a client, without a call to the server. Needs a tokio runtime.
    pub async fn client(&self, endpoint: &Endpoint) -> Result<Client, Error> {
        let config = self.config(endpoint).await?;
        build(config, &self.options, self.clock.clone())
    }

    /// The connection's settings, or all that is wrong with the credentials.
    pub(super) async fn config(&self, endpoint: &Endpoint) -> Result<Config, Error> {
        let mut chosen = gather(endpoint)?;
        let found = problems(&chosen, endpoint.insecure);
        if !found.is_empty() {
            return Err(Error::Credentials(found.join("; ")));
        }
        chosen.cluster.insecure_skip_tls_verify = Some(endpoint.insecure);
        let mut config =
            Config::from_custom_kubeconfig(chosen.into_kubeconfig(), &KubeConfigOptions::default())
                .await
                // Everything that it can refuse was checked above, with a better text.
                .map_err(|_| Error::Credentials("the kubeconfig cannot be used".to_owned()))?;
        if config.root_cert.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::Credentials("certificate-authority-data: holds no certificate".to_owned()));
        }
        // kube-rs takes one from this process' environment; a tenant's cluster must not depend on that.
        config.proxy_url = None;
        if config.cluster_url.host().is_some_and(is_tunnel) {
            // Without it ngrok answers the first request with a page of its own (contract 8.1).
            let name = http::HeaderName::from_static("ngrok-skip-browser-warning");
            config.headers.push((name, http::HeaderValue::from_static("true")));
        }
        Ok(config)
    }
}

#[async_trait]
impl Connector for Connect {
    async fn connect(&self, endpoint: &Endpoint) -> Result<Arc<dyn Cluster>, Error> {
        Ok(Arc::new(self.client(endpoint).await?))
    }
}

/// A client whose deadlines and repetitions are ours alone.
pub(super) fn build(mut config: Config, options: &Options, clock: Arc<dyn Clock>) -> Result<Client, Error> {
    // kube-rs would try 15 times and wait up to 1000 s between two.
    config.default_retry = false;
    // Shorter than the call's deadline, so that the stage that hangs can be named.
    config.connect_timeout = Some(options.deadline * 4 / 5);
    let client = ::kube::Client::try_from(config).map_err(|error| {
        Error::Credentials(match error {
            ::kube::Error::Auth(_) => "the program or file that gives the token failed".to_owned(),
            ::kube::Error::ProxyProtocolDisabled { .. } => "proxies are not supported".to_owned(),
            _ => "a certificate or key in them cannot be read".to_owned(),
        })
    })?;
    Ok(Client::with(client, options.clone(), clock))
}

/// All kinds of credentials in the one form that is checked.
fn gather(endpoint: &Endpoint) -> Result<Chosen, Error> {
    let ca = endpoint.ca.as_deref().filter(|ca| !ca.trim().is_empty()).map(as_data);
    let user = match &endpoint.credentials {
        Credentials::Kubeconfig { text, context } => {
            let mut chosen = choose(text.expose(), context.as_deref())?;
            if let Some(ca) = ca {
                chosen.cluster.certificate_authority_data.get_or_insert(ca);
            }
            return Ok(chosen);
        }
        // A pasted token often ends with a line break.
        Credentials::Token(token) => {
            AuthInfo { token: Some(SecretString::from(token.expose().trim())), ..AuthInfo::default() }
        }
        Credentials::Certificate { certificate, key } => AuthInfo {
            client_certificate_data: Some(as_data(certificate.expose())),
            client_key_data: Some(SecretString::from(as_data(key.expose()))),
            ..AuthInfo::default()
        },
    };
    let cluster = Server {
        server: Some(endpoint.server.trim().to_owned()),
        certificate_authority_data: ca,
        ..Server::default()
    };
    let name = "endpoint".to_owned();
    let context = Context { cluster: name.clone(), ..Context::default() };
    let context = NamedContext { name, context: Some(context), ..NamedContext::default() };
    Ok(Chosen { context, cluster, user })
}

fn is_tunnel(host: &str) -> bool {
    [".ngrok.io", ".ngrok.app", ".ngrok.dev", ".ngrok-free.app", ".ngrok-free.dev"]
        .iter()
        .any(|suffix| host.ends_with(suffix))
}
