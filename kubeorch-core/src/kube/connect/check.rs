//! What is wrong with a kubeconfig from a stranger: every finding at once, none with a secret in it.

use ::kube::config::{AuthInfo, Cluster, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use crate::kube::Error;

/// Largest kubeconfig in bytes; the largest seen in the wild hold some hundred contexts in 0.5 MiB.
pub(super) const SIZE: usize = 1 << 20;

/// Names listed in a message, at most.
const NAMES: usize = 20;

/// The context's own part of a file, and nothing else of it.
pub(super) struct Chosen {
    pub(super) context: NamedContext,
    pub(super) cluster: Cluster,
    pub(super) user: AuthInfo,
}

impl Chosen {
    /// Back in the form that kube-rs reads, with this one context.
    pub(super) fn into_kubeconfig(self) -> Kubeconfig {
        let mut context = self.context;
        let inner = context.context.get_or_insert_default();
        inner.user = Some(USER.to_owned());
        Kubeconfig {
            current_context: Some(context.name.clone()),
            clusters: vec![NamedCluster {
                name: inner.cluster.clone(),
                cluster: Some(self.cluster),
                ..NamedCluster::default()
            }],
            auth_infos: vec![NamedAuthInfo {
                name: USER.to_owned(),
                auth_info: Some(self.user),
                ..NamedAuthInfo::default()
            }],
            contexts: vec![context],
            ..Kubeconfig::default()
        }
    }
}

const USER: &str = "user";

/// Parses a file and picks a context.
pub(super) fn choose(text: &str, context: Option<&str>) -> Result<Chosen, Error> {
    if text.len() > SIZE {
        return Err(Error::Credentials(format!("the kubeconfig is larger than {SIZE} bytes")));
    }
    // The parser's message may quote the text, and with it a secret.
    let file = Kubeconfig::from_yaml(text)
        .map_err(|_| Error::Credentials("the text is not a kubeconfig in YAML".to_owned()))?;
    let known = || {
        let names: Vec<_> = file.contexts.iter().take(NAMES).map(|context| context.name.as_str()).collect();
        names.join(", ")
    };
    let name = context.or(file.current_context.as_deref()).filter(|name| !name.is_empty());
    let Some(name) = name else {
        let text = format!("the kubeconfig has no current context; it has: {}", known());
        return Err(Error::Credentials(text));
    };
    let found = file.contexts.iter().find(|context| context.name == name);
    let Some((named, inner)) = found.and_then(|named| Some((named, named.context.as_ref()?))) else {
        let text = format!("the kubeconfig has no context `{name}`; it has: {}", known());
        return Err(Error::Credentials(text));
    };
    let cluster = file.clusters.iter().find(|cluster| cluster.name == inner.cluster);
    let Some(cluster) = cluster.and_then(|cluster| cluster.cluster.clone()) else {
        let text = format!("the kubeconfig has no cluster `{}`, which context `{name}` names", inner.cluster);
        return Err(Error::Credentials(text));
    };
    // Like client-go: a context without a user, or with an unknown one, is an anonymous caller.
    let user = inner.user.as_ref().and_then(|user| file.auth_infos.iter().find(|info| &info.name == user));
    let user = user.and_then(|user| user.auth_info.clone()).unwrap_or_default();
    Ok(Chosen { context: named.clone(), cluster, user })
}

/// Everything in it that a stranger may not bring, and everything that cannot work.
pub(super) fn problems(chosen: &Chosen, insecure: bool) -> Vec<String> {
    let mut found = Vec::new();
    server(chosen.cluster.server.as_deref().unwrap_or_default(), insecure, &mut found);
    let (cluster, user) = (&chosen.cluster, &chosen.user);
    for (entry, present, why) in [
        ("exec", user.exec.is_some(), PROGRAM),
        ("auth-provider", user.auth_provider.is_some(), PROGRAM),
        ("certificate-authority", is_set(cluster.certificate_authority.as_ref()), FILE),
        ("client-certificate", is_set(user.client_certificate.as_ref()), FILE),
        ("client-key", is_set(user.client_key.as_ref()), FILE),
        ("tokenFile", is_set(user.token_file.as_ref()), FILE),
        ("proxy-url", is_set(cluster.proxy_url.as_ref()), "proxies are not supported"),
        (
            "insecure-skip-tls-verify",
            cluster.insecure_skip_tls_verify == Some(true) && !insecure,
            "the server's certificate must be checked",
        ),
    ] {
        if present {
            found.push(format!("{entry}: {why}"));
        }
    }
    if let Some(data) = &cluster.certificate_authority_data {
        pem("certificate-authority-data", data, "CERTIFICATE", &mut found);
    }
    identity(user, &mut found);
    found
}

const PROGRAM: &str = "programs are not run; use a token or a client certificate";
const FILE: &str = "files are not read; put the content into the `-data` entry or a token";

fn is_set(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn server(text: &str, insecure: bool, found: &mut Vec<String>) {
    if text.is_empty() {
        return found.push("server: the address is missing".to_owned());
    }
    let Some((uri, host)) = text
        .parse::<http::Uri>()
        .ok()
        .and_then(|uri| uri.host().map(str::to_owned).map(|host| (uri, host)))
        .filter(|(_, host)| !host.is_empty())
    else {
        return found.push("server: not an address such as https://host:6443".to_owned());
    };
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        found.push("server: the address must not hold a user name or password".to_owned());
    }
    if uri.query().is_some() {
        found.push("server: the address must not hold a query".to_owned());
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if insecure || is_loopback(&host) => {}
        Some("http") => {
            found.push("server: http:// would send the credentials readable; use https://".into());
        }
        _ => found.push("server: the address must begin with https://".to_owned()),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn identity(user: &AuthInfo, found: &mut Vec<String>) {
    if let Some(token) = &user.token {
        let text = token.expose_secret();
        if text.is_empty() {
            found.push("token: empty".to_owned());
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            // It travels in a header; a line break there would end it.
            found.push("token: holds characters that a token cannot have".to_owned());
        }
    }
    if let Some(data) = &user.client_certificate_data {
        pem("client-certificate-data", data, "CERTIFICATE", found);
    }
    if let Some(data) = &user.client_key_data {
        pem("client-key-data", data.expose_secret(), "PRIVATE KEY", found);
    }
    if user.client_certificate_data.is_some() != user.client_key_data.is_some() {
        found.push("client certificate and key: one of them is missing".to_owned());
    }
}

/// Base64 of PEM with at least one block of the kind.
fn pem(entry: &str, data: &str, label: &str, found: &mut Vec<String>) {
    let Ok(bytes) = STANDARD.decode(data.trim()) else {
        return found.push(format!("{entry}: not base64"));
    };
    let text = String::from_utf8_lossy(&bytes);
    let has = |line: &str| line.starts_with("-----BEGIN ") && line.contains(label);
    if !text.lines().any(has) {
        found.push(format!("{entry}: holds no {}", label.to_lowercase()));
    }
}

/// PEM, or base64 of PEM, as the base64 that a kubeconfig holds.
pub(super) fn as_data(text: &str) -> String {
    let text = text.trim();
    if text.starts_with("-----BEGIN ") {
        STANDARD.encode(text)
    } else {
        text.split_ascii_whitespace().collect()
    }
}
