//! What a user's own machine or pod says about clusters, by kubectl's rules. Pure but for reading the files.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use ::kube::config::{
    AuthInfo, Cluster, Context, Kubeconfig, KubeconfigError, NamedAuthInfo, NamedCluster, NamedContext,
};

use crate::kube::Error;

/// Where a pod finds its account.
pub(super) const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What a pod's own connection is called.
pub(super) const IN_CLUSTER: &str = "in-cluster";

/// Why there is no kubeconfig.
#[derive(Debug)]
pub(super) enum Missing {
    /// No file of those that were looked for exists.
    Files(String),
    /// A file is there and cannot be used.
    Unusable(Error),
}

impl From<Missing> for Error {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Files(text) => Self::Credentials(text),
            Missing::Unusable(error) => error,
        }
    }
}

/// The files that are named, merged: `path` alone, else those of `list` (the value of `KUBECONFIG`), else
/// `.kube/config` in the home folder. In the list empty names and files that do not exist are passed over.
pub(super) fn load(
    path: Option<&Path>,
    list: Option<&OsStr>,
    home: Option<&Path>,
) -> Result<Kubeconfig, Missing> {
    let listed: Vec<PathBuf> = list.map(std::env::split_paths).into_iter().flatten().collect();
    let listed: Vec<_> = listed.into_iter().filter(|path| !path.as_os_str().is_empty()).collect();
    let (paths, must) = match path {
        Some(path) => (vec![path.to_owned()], true),
        None if !listed.is_empty() => (listed, false),
        None => {
            let home = home.ok_or_else(|| {
                Missing::Files("there is no kubeconfig: no home directory is known".to_owned())
            })?;
            (vec![home.join(".kube").join("config")], false)
        }
    };
    let mut merged: Option<Kubeconfig> = None;
    for path in &paths {
        let file = match read(path) {
            Ok(file) => file,
            Err(KubeconfigError::ReadConfig(error, _))
                if !must && error.kind() == io::ErrorKind::NotFound =>
            {
                continue;
            }
            Err(error) => return Err(Missing::Unusable(Error::Credentials(why(&error)))),
        };
        let next = match merged {
            None => Ok(file),
            Some(first) => first.merge(file),
        };
        merged = Some(next.map_err(|error| Missing::Unusable(Error::Credentials(why(&error))))?);
    }
    merged.ok_or_else(|| {
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        Missing::Files(format!("there is no kubeconfig: no such file: {}", names.join(", ")))
    })
}

/// One file. Paths in it are relative to its folder.
fn read(path: &Path) -> Result<Kubeconfig, KubeconfigError> {
    let mut file = Kubeconfig::read_from(path)?;
    // `current-context: ""` is what kubectl writes for none, and sets nothing.
    file.current_context = file.current_context.filter(|name| !name.is_empty());
    Ok(file)
}

/// The connection of the pod this program runs in, as a kubeconfig whose token and authority stay files: both are
/// replaced while the pod runs. `host` and `port` are the pod's `KUBERNETES_SERVICE_HOST` and `…_PORT`.
pub(super) fn account(host: Option<&str>, port: Option<&str>, folder: &Path) -> Result<Kubeconfig, Error> {
    let refuse =
        |why: &str| Error::Credentials(format!("this program does not run in a pod with an account: {why}"));
    let host =
        host.filter(|host| !host.is_empty()).ok_or_else(|| refuse("KUBERNETES_SERVICE_HOST is not set"))?;
    let port = port.and_then(|port| port.parse::<u16>().ok());
    let port = port.ok_or_else(|| refuse("KUBERNETES_SERVICE_PORT is not a port"))?;
    let file = |name: &str| {
        let path = folder.join(name);
        if path.is_file() {
            Ok(path.display().to_string())
        } else {
            Err(refuse(&format!("it has no {name}")))
        }
    };
    let (token, authority) = (file("token")?, file("ca.crt")?);
    let namespace = std::fs::read_to_string(folder.join("namespace")).ok();
    let namespace = namespace.map(|text| text.trim().to_owned()).filter(|name| !name.is_empty());
    let host = if host.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() };
    let name = IN_CLUSTER.to_owned();
    let cluster = Cluster {
        server: Some(format!("https://{host}:{port}")),
        certificate_authority: Some(authority),
        ..Cluster::default()
    };
    let context =
        Context { cluster: name.clone(), user: Some(name.clone()), namespace, ..Context::default() };
    let user = AuthInfo { token_file: Some(token), ..AuthInfo::default() };
    Ok(Kubeconfig {
        current_context: Some(name.clone()),
        clusters: vec![NamedCluster {
            name: name.clone(),
            cluster: Some(cluster),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: name.clone(),
            auth_info: Some(user),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext { name, context: Some(context), ..NamedContext::default() }],
        ..Kubeconfig::default()
    })
}

/// Paths and names are the user's own and may be told; contents may hold secrets and are not.
pub(super) fn why(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(_) => "the kubeconfig is not valid YAML of its kind".to_owned(),
        KubeconfigError::CurrentContextNotSet => "the kubeconfig has no current context".to_owned(),
        KubeconfigError::LoadContext(name) => format!("the kubeconfig has no context `{name}`"),
        KubeconfigError::ReadConfig(error, path) => {
            format!("cannot read {}: {}", path.display(), error.kind())
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name=` sets the current context; the other words are `context:server` pairs.
    fn config(words: &str) -> String {
        let (mut current, mut contexts, mut clusters) = (String::new(), String::new(), String::new());
        for word in words.split_whitespace() {
            if let Some(name) = word.strip_suffix('=') {
                current = format!("current-context: \"{name}\"\n");
            } else if let Some((name, server)) = word.split_once(':') {
                contexts.extend(["- name: ", name, "\n  context: {cluster: ", name, ", user: u}\n"]);
                clusters.extend(["- name: ", name, "\n  cluster: {server: 'https://", server, "'}\n"]);
            }
        }
        let list = |name: &str, items: &str| {
            if items.is_empty() { String::new() } else { format!("{name}:\n{items}") }
        };
        format!(
            "apiVersion: v1\nkind: Config\n{current}{}{}",
            list("contexts", &contexts),
            list("clusters", &clusters)
        )
    }

    fn told(result: Result<Kubeconfig, Missing>, folder: &Path) -> String {
        match result {
            Ok(file) => {
                let servers = file.clusters.iter().map(|named| {
                    let server = named.cluster.as_ref().and_then(|cluster| cluster.server.clone());
                    format!("{}:{}", named.name, server.unwrap_or_default().trim_start_matches("https://"))
                });
                let mut words: Vec<_> = servers.collect();
                words.insert(0, format!("{}=", file.current_context.unwrap_or_default()));
                words.join(" ")
            }
            Err(missing) => {
                let text = Error::from(missing).to_string();
                text.replace(&folder.display().to_string(), "").replace("credentials are not usable: ", "! ")
            }
        }
    }

    #[test]
    fn files_are_merged_as_kubectl_merges_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("home/.kube")).unwrap();
        for (name, text) in [
            ("home/.kube/config", config("home= home:h")),
            ("one", config("a= a:1 b:1")),
            ("two", config("b= b:2 c:2")),
            ("none", config("c:3")),
            ("blank", config("= d:4")),
            ("empty", String::new()),
            ("broken", "clusters: {".to_owned()),
            ("other", "apiVersion: v2\nkind: Config\n".to_owned()),
        ] {
            std::fs::write(at(name), text).unwrap();
        }
        let home = at("home");
        for (path, list, home, expected) in [
            // A file that is named wins over everything, and must be there.
            (Some("two"), "one", Some(&home), "b= b:2 c:2"),
            (Some("gone"), "one", Some(&home), "! cannot read /gone: entity not found"),
            // The first entry of a name wins whole; the current context is that of the first file that has one.
            (None, "one:two", None, "a= a:1 b:1 c:2"),
            (None, "two:one", None, "b= b:2 c:2 a:1"),
            (None, "none:two", None, "b= c:3 b:2"),
            (None, "blank:two", None, "b= d:4 b:2 c:2"),
            // Empty names and files that do not exist are passed over, and so are files that say nothing.
            (None, ":gone:one:", None, "a= a:1 b:1"),
            (None, "empty:one", None, "a= a:1 b:1"),
            (None, "gone:lost", Some(&home), "! there is no kubeconfig: no such file: /gone, /lost"),
            // A file that cannot be read is an error wherever it stands.
            (None, "one:broken", None, "! the kubeconfig is not valid YAML of its kind"),
            (None, "one:other", None, "! kubeconfigs with mismatching api version cannot be merged"),
            // Without the variable, or with an empty one, the home folder's.
            (None, "", Some(&home), "home= home:h"),
            (None, "::", Some(&home), "home= home:h"),
            (None, "", None, "! there is no kubeconfig: no home directory is known"),
            (None, "", Some(&at("nobody")), "! there is no kubeconfig: no such file: /nobody/.kube/config"),
        ] {
            let paths = list.split(':').map(|name| if name.is_empty() { PathBuf::new() } else { at(name) });
            let list = std::env::join_paths(paths).unwrap();
            let path = path.map(at);
            let result = load(path.as_deref(), Some(&list), home.map(PathBuf::as_path));
            assert_eq!(told(result, folder.path()), expected, "{path:?} {list:?}");
        }
        let result = load(None, None, Some(&home));
        assert_eq!(told(result, folder.path()), "home= home:h");
    }

    #[test]
    fn a_pods_account_is_a_connection() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["whole", "bare", "empty"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        for name in ["whole/token", "whole/ca.crt", "bare/token", "bare/ca.crt", "empty/token"] {
            std::fs::write(at(name), "x").unwrap();
        }
        std::fs::write(at("whole/namespace"), "shop\n").unwrap();
        for (host, port, of, expected) in [
            (Some("10.0.0.1"), Some("443"), "whole", "https://10.0.0.1:443 shop"),
            (Some("fd00::1"), Some("6443"), "bare", "https://[fd00::1]:6443 -"),
            (Some("kubernetes.default.svc"), Some("443"), "whole", "https://kubernetes.default.svc:443 shop"),
            (None, Some("443"), "whole", "KUBERNETES_SERVICE_HOST is not set"),
            (Some(""), Some("443"), "whole", "KUBERNETES_SERVICE_HOST is not set"),
            (Some("a"), None, "whole", "KUBERNETES_SERVICE_PORT is not a port"),
            (Some("a"), Some("99999"), "whole", "KUBERNETES_SERVICE_PORT is not a port"),
            (Some("a"), Some("443"), "empty", "it has no ca.crt"),
            (Some("a"), Some("443"), "gone", "it has no token"),
        ] {
            let told = match account(host, port, &at(of)) {
                Ok(file) => {
                    let server = file.clusters[0].cluster.as_ref().unwrap().server.clone().unwrap();
                    let context = file.contexts[0].context.as_ref().unwrap();
                    format!("{server} {}", context.namespace.as_deref().unwrap_or("-"))
                }
                Err(error) => error.to_string().rsplit(": ").next().unwrap().to_owned(),
            };
            assert_eq!(told, expected, "{host:?} {port:?} {of}");
        }
    }
}
