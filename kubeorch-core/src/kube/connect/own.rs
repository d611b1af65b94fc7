//! Connections of the user who runs this program, by kubectl's own rules.

use std::path::Path;
use std::sync::Arc;

use ::kube::Config;
use ::kube::config::{KubeConfigOptions, Kubeconfig};

use super::connector::build;
use super::files::{self, why};
use crate::kube::Error;
use crate::kube::client::{Client, Options};
use crate::time::SystemClock;

/// Which connection was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextInfo {
    /// The context's name; `in-cluster` inside a pod.
    pub context: String,
    /// The cluster's name in the file.
    pub cluster: String,
    /// The API server's address.
    pub server: String,
    /// The namespace for objects that name none.
    pub namespace: String,
}

/// A client from files of this machine: `path`, else the list in `KUBECONFIG` (merged, the first entry of a name
/// wins, files that do not exist are passed over), else `~/.kube/config`. Where no file was named and none is
/// there, the account of the pod that this program runs in. Programs and files that the entries name are used:
/// they are the user's own.
///
/// Proxies are not supported; `HTTPS_PROXY` is ignored.
pub async fn from_kubeconfig_files(
    path: Option<&Path>,
    context: Option<&str>,
) -> Result<(Client, ContextInfo), Error> {
    let (list, home) = (std::env::var_os("KUBECONFIG"), std::env::home_dir());
    match files::load(path, list.as_deref(), home.as_deref()) {
        Ok(file) => client(file, context).await,
        // Like kubectl; but who names a context means a file.
        Err(files::Missing::Files(text)) if context.is_none() => {
            in_cluster().await.map_err(|_| Error::Credentials(text))
        }
        Err(missing) => Err(missing.into()),
    }
}

/// A client with the account of the pod this program runs in. Its token is read again before it expires.
pub async fn in_cluster() -> Result<(Client, ContextInfo), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let (host, port) = (variable("KUBERNETES_SERVICE_HOST"), variable("KUBERNETES_SERVICE_PORT"));
    client(files::account(host.as_deref(), port.as_deref(), Path::new(files::ACCOUNT))?, None).await
}

async fn client(file: Kubeconfig, context: Option<&str>) -> Result<(Client, ContextInfo), Error> {
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let name = options.context.clone().or_else(|| file.current_context.clone()).unwrap_or_default();
    let named = file.contexts.iter().find(|context| context.name == name);
    let cluster = named.and_then(|named| named.context.as_ref()).map(|context| context.cluster.clone());
    let entry = file.clusters.iter().find(|entry| Some(&entry.name) == cluster.as_ref());
    let proxy = entry.and_then(|entry| entry.cluster.as_ref()?.proxy_url.as_ref()).is_some();
    let mut config = Config::from_custom_kubeconfig(file, &options)
        .await
        .map_err(|error| Error::Credentials(why(&error)))?;
    if proxy {
        return Err(Error::Credentials("proxy-url: proxies are not supported".to_owned()));
    }
    config.proxy_url = None;
    let info = ContextInfo {
        context: name,
        cluster: cluster.unwrap_or_default(),
        server: config.cluster_url.to_string(),
        namespace: config.default_namespace.clone(),
    };
    Ok((off_runtime(config).await?, info))
}

/// Building runs the user's credential program and waits for it, so it must not hold a worker of the runtime.
async fn off_runtime(config: Config) -> Result<Client, Error> {
    let built = tokio::task::spawn_blocking(|| build(config, &Options::default(), Arc::new(SystemClock)));
    built.await.unwrap_or_else(|_| Err(Error::Credentials("preparing them failed".to_owned())))
}
