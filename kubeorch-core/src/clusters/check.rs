//! The form of names and credentials, and their way into the sealed record.

use super::Error;
use super::model::{AuthType, Cluster, CredentialsInput, New};
use crate::kube::{Credentials, Endpoint};
use crate::secret::{Sealer, Secret};

/// The most bytes of a kubeconfig (contract 1.10).
const MAX_KUBECONFIG: usize = 1 << 20;

/// Everything that is wrong with a new cluster, at once.
pub(super) fn check_new(new: &New) -> Result<AuthType, Error> {
    let mut wrong = Vec::new();
    if !is_dns_label(&new.name) {
        wrong.push("name must be 1 to 63 lower-case letters, digits and dashes".to_owned());
    }
    let auth_type = parse_auth_type(&new.auth_type);
    match &auth_type {
        Err(Error::Invalid(reasons)) => wrong.extend(reasons.iter().cloned()),
        Ok(AuthType::Kubeconfig) if given(new.credentials.kubeconfig.as_ref()).is_none() => {
            wrong.push("credentials.kubeconfig is missing".into());
        }
        Ok(AuthType::Token | AuthType::ServiceAccount) => {
            if given(new.credentials.token.as_ref()).is_none() {
                wrong.push("credentials.token is missing".into());
            }
            if new.server.trim().is_empty() {
                wrong.push("server is missing".into());
            }
        }
        _ => {}
    }
    wrong.extend(check_credentials(&new.credentials));
    match auth_type {
        Ok(auth_type) if wrong.is_empty() => Ok(auth_type),
        _ => Err(Error::Invalid(wrong)),
    }
}

/// What is wrong with credentials whatever they are for.
pub(super) fn check_credentials(input: &CredentialsInput) -> Vec<String> {
    let mut wrong = Vec::new();
    if input.insecure == Some(true) {
        wrong.push("credentials.insecure is refused: give the cluster's CA in caData".into());
    }
    if input.kubeconfig.as_ref().is_some_and(|text| text.expose().len() > MAX_KUBECONFIG) {
        wrong.push("credentials.kubeconfig is larger than 1 MiB".into());
    }
    wrong
}

/// The ways to sign in that this release knows.
pub(super) fn parse_auth_type(text: &str) -> Result<AuthType, Error> {
    match text {
        "kubeconfig" => Ok(AuthType::Kubeconfig),
        "token" => Ok(AuthType::Token),
        "serviceaccount" => Ok(AuthType::ServiceAccount),
        other => Err(Error::Invalid(vec![format!(
            "authType {other:?} is not one of kubeconfig, token, serviceaccount"
        )])),
    }
}

/// Puts what is given into the record; absent and empty members keep what is there.
pub(super) fn seal_into(cluster: &mut Cluster, input: &CredentialsInput, sealer: &Sealer) {
    for (member, secret) in [("kubeconfig", &input.kubeconfig), ("token", &input.token)] {
        if let Some(secret) = given(secret.as_ref()) {
            let sealed = sealer.seal(&record_name(cluster, member), secret);
            cluster.sealed.insert(member.to_owned(), sealed);
        }
    }
    let keep = |new: &Option<String>, old: &mut Option<String>| {
        if let Some(text) = new.as_ref().filter(|text| !text.is_empty()) {
            *old = Some(text.clone());
        }
    };
    keep(&input.ca_data, &mut cluster.ca);
    keep(&input.context, &mut cluster.context);
    keep(&input.namespace, &mut cluster.namespace);
}

/// The way in, opened for a connection.
pub(super) fn endpoint(cluster: &Cluster, sealer: &Sealer) -> Result<Endpoint, Error> {
    let open = |member: &str| {
        let sealed = cluster
            .sealed
            .get(member)
            .ok_or_else(|| Error::Kube(crate::kube::Error::Credentials(format!("{member} is missing"))))?;
        sealer.open(&record_name(cluster, member), sealed).map_err(|_| Error::WrongKey)
    };
    let credentials = match cluster.auth_type {
        AuthType::Kubeconfig => {
            Credentials::Kubeconfig { text: open("kubeconfig")?, context: cluster.context.clone() }
        }
        AuthType::Token | AuthType::ServiceAccount => Credentials::Token(open("token")?),
    };
    Ok(Endpoint { server: cluster.server.clone(), credentials, ca: cluster.ca.clone(), insecure: false })
}

fn record_name(cluster: &Cluster, member: &str) -> String {
    format!("clusters/{}/{member}", cluster.id)
}

fn given(secret: Option<&Secret>) -> Option<&Secret> {
    secret.filter(|secret| !secret.is_empty())
}

fn is_dns_label(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len())
        && name.chars().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}
