//! HTTPS of an ingress.

use kubeorch_plugin_sdk::{Reader, check, kubernetes::Tree};
use serde_json::Value;

/// `tlsEnabled`, `tlsSecretName` and `tlsHosts` as the `tls` of the object.
pub(super) fn read(reader: &Reader<'_>, host: Option<&str>) -> Vec<Value> {
    let enabled = reader.flag("tlsEnabled").unwrap_or(false);
    let secret = reader.checked("tlsSecretName", check::dns_subdomain);
    let mut hosts = reader.checked_texts("tlsHosts", check::host);
    if !enabled {
        return Vec::new();
    }
    if hosts.is_empty() {
        hosts.extend(host);
    }
    if let Some(host) = host.filter(|host| !hosts.iter().any(|tls| covers(tls, host))) {
        let message = format_args!("no entry of tlsHosts covers the host {host}");
        reader.warning("tlsHosts", "incomplete", message, "add it, or leave tlsHosts empty");
    }
    let Some(secret) = secret else {
        if reader.text("tlsSecretName").is_none() {
            let hint = "give the name of a secret of type kubernetes.io/tls, or switch TLS off";
            reader.error("tlsSecretName", "missing", "TLS needs a secret", hint);
        }
        return Vec::new();
    };
    vec![Tree::new().set_filled("hosts", hosts).set("secretName", secret).into()]
}

/// Whether a certificate for `tls` is one for `host`; `*` stands for one label.
fn covers(tls: &str, host: &str) -> bool {
    let wildcard =
        tls.strip_prefix("*.").is_some_and(|rest| host.split_once('.').is_some_and(|(_, tail)| tail == rest));
    tls == host || wildcard
}
