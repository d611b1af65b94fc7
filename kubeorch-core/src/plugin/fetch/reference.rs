//! The name of an artifact in a registry.

use super::client::is_loopback;
use crate::plugin::DownloadError;

/// `registry/repository:tag` or `registry/repository@sha256:…`; with both the digest counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// Host, and port if there is one.
    pub(super) registry: String,
    pub(super) repository: String,
    pub(super) tag: Option<String>,
    /// 64 hex digits.
    pub(super) digest: Option<String>,
}

impl Reference {
    /// The registry is always named and so is the tag: nothing is filled in that nobody wrote.
    pub(super) fn parse(text: &str) -> Result<Self, DownloadError> {
        let refused = || {
            let form = "oci://registry/repository:tag or oci://registry/repository@sha256:…";
            DownloadError::Refused(format!("{text:?} is not of the form {form}"))
        };
        let (registry, path) = text.split_once('/').ok_or_else(refused)?;
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest.strip_prefix("sha256:").ok_or_else(refused)?)),
            None => (path, None),
        };
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        let good = is_host(registry)
            && repository.len() <= 255
            && repository.split('/').all(is_component)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_digest)
            && (tag.is_some() || digest.is_some());
        if !good {
            return Err(refused());
        }
        Ok(Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }

    /// What the registry is asked for.
    pub(super) fn wanted(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => format!("sha256:{digest}"),
            (None, tag) => tag.clone().unwrap_or_default(),
        }
    }

    /// Where a part of the repository is, for instance `manifests/1.0`.
    pub(super) fn address(&self, part: &str) -> String {
        let host = self.registry.rsplit_once(':').map_or(self.registry.as_str(), |(host, _)| host);
        let scheme = if is_loopback(host) || is_loopback(&self.registry) { "http" } else { "https" };
        // Docker Hub's name and its registry's are two.
        let registry = if self.registry == "docker.io" { "registry-1.docker.io" } else { &self.registry };
        format!("{scheme}://{registry}/v2/{}/{part}", self.repository)
    }
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric() || b".-:[]".contains(&it))
}

/// Distribution specification: lower-case letters and digits, separated by `.`, `_`, `__` or dashes.
fn is_component(text: &str) -> bool {
    let inner = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"._-".contains(&it);
    let end = |it: Option<char>| it.is_some_and(|it| it.is_ascii_alphanumeric());
    text.bytes().all(inner) && end(text.chars().next()) && end(text.chars().last()) && !text.contains("..")
}

/// Distribution specification: at most 128 word characters, dots and dashes.
fn is_tag(text: &str) -> bool {
    let inner = |it: u8| it.is_ascii_alphanumeric() || b"._-".contains(&it);
    !text.starts_with(['.', '-']) && (1..=128).contains(&text.len()) && text.bytes().all(inner)
}

pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|it| it.is_ascii_digit() || (b'a'..=b'f').contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_everything() {
        let digest = "ab".repeat(32);
        let by_digest = format!("ghcr.io/acme/mq@sha256:{digest}");
        let both = format!("localhost:5000/mq:1.0@sha256:{digest}");
        for (text, address) in [
            ("ghcr.io/acme/mq:1.0", Some("https://ghcr.io/v2/acme/mq/manifests/1.0".to_owned())),
            ("docker.io/acme/mq:1", Some("https://registry-1.docker.io/v2/acme/mq/manifests/1".into())),
            (&by_digest, Some(format!("https://ghcr.io/v2/acme/mq/manifests/sha256:{digest}"))),
            (&both, Some(format!("http://localhost:5000/v2/mq/manifests/sha256:{digest}"))),
            ("[::1]:5000/mq:1", Some("http://[::1]:5000/v2/mq/manifests/1".into())),
            ("ghcr.io/acme/mq", None),
            ("mq:1", None),
            ("ghcr.io/acme/../mq:1", None),
            ("ghcr.io/acme/MQ:1", None),
            ("ghcr.io//mq:1", None),
            ("user@ghcr.io/mq:1", None),
            ("ghcr.io/mq:1?x=y", None),
            ("ghcr.io/mq@sha256:beef", None),
            ("ghcr.io/mq@md5:beef", None),
        ] {
            let parsed = Reference::parse(text);
            let shown = parsed.ok().map(|it| it.address(&format!("manifests/{}", it.wanted())));
            assert_eq!(shown, address, "{text}");
        }
    }
}
