//! A component from a registry (OCI distribution specification, pull).

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use sha2::{Digest, Sha256};

use super::auth;
use super::client::{Answer, Client, refusal};
use super::manifest::{ACCEPTED, Document};
use super::reference::Reference;
use crate::plugin::{DownloadError, Downloaded};

/// Bytes of a manifest: what registries accept at most.
const MANIFEST: usize = 4 << 20;

/// Redirects of a blob: registries keep them in another store.
const REDIRECTS: usize = 3;

/// A registry and what it lets us do.
struct Session<'c> {
    client: &'c Client,
    reference: Reference,
    token: Option<HeaderValue>,
}

/// Pulls the manifest, then the one layer that is a component. Everything that a digest names is checked against it.
pub(super) async fn pull(
    client: &Client,
    reference: &str,
    limit: usize,
) -> Result<Downloaded, DownloadError> {
    let reference = Reference::parse(reference)?;
    let (wanted, digest) = (reference.wanted(), reference.digest.clone());
    let mut session = Session { client, reference, token: None };
    let mut document = session.manifest(&wanted, digest.as_deref()).await?;
    if let Some(next) = document.next() {
        let digest = next.sha256()?.to_owned();
        document = session.manifest(&format!("sha256:{digest}"), Some(&digest)).await?;
    }
    let layer = document.component()?;
    if layer.size > limit as u64 {
        return Err(DownloadError::TooLarge(limit));
    }
    let bytes = session.blob(layer.sha256()?, limit).await?;
    Ok(Downloaded { bytes, signature: document.signature(layer) })
}

impl Session<'_> {
    async fn manifest(&mut self, wanted: &str, digest: Option<&str>) -> Result<Document, DownloadError> {
        let answer = self.get(&format!("manifests/{wanted}"), ACCEPTED).await?;
        let bytes = answer.bytes(MANIFEST).await?;
        if let Some(digest) = digest {
            check(&bytes, digest)?;
        }
        Document::parse(&bytes)
    }

    async fn blob(&mut self, digest: &str, limit: usize) -> Result<Vec<u8>, DownloadError> {
        let bytes = self.get(&format!("blobs/sha256:{digest}"), "*/*").await?.bytes(limit).await?;
        check(&bytes, digest)?;
        Ok(bytes)
    }

    /// With a token once the registry asks for one. A redirect may lead elsewhere, since a digest says what must come;
    /// the token does not go there.
    async fn get(&mut self, part: &str, accept: &'static str) -> Result<Answer, DownloadError> {
        let mut uri: Uri = self
            .reference
            .address(part)
            .parse()
            .map_err(|_| DownloadError::Refused("the reference makes no address".into()))?;
        let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        let mut answer = self.client.get(&uri, auth::with(accept.clone(), self.token.as_ref())).await?;
        if answer.status == StatusCode::UNAUTHORIZED && self.token.is_none() {
            self.token = Some(auth::token(self.client, &answer).await?);
            answer = self.client.get(&uri, auth::with(accept.clone(), self.token.as_ref())).await?;
        }
        for _ in 0..REDIRECTS {
            let Some(to) = answer.location(&uri) else { break };
            uri = to;
            answer = self.client.get(&uri, accept.clone()).await?;
        }
        if answer.status == StatusCode::OK { Ok(answer) } else { Err(refusal(&uri, answer.status)) }
    }
}

fn check(bytes: &[u8], digest: &str) -> Result<(), DownloadError> {
    let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == digest {
        return Ok(());
    }
    Err(DownloadError::Failed("the registry gives other bytes than its digest says".into()))
}
