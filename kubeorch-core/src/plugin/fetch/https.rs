//! A component behind an address, with the signature that may lie beside it.

use http::{HeaderMap, StatusCode, Uri};

use super::client::{Answer, Client, refusal};
use crate::plugin::{DownloadError, Downloaded};

/// Redirects that are followed.
const REDIRECTS: usize = 3;

/// Bytes of a signature; a usual one has 300.
const SIGNATURE: usize = 4 << 10;

/// The component and `<address>.minisig`, when that is there.
pub(super) async fn download(
    client: &Client,
    source: &str,
    limit: usize,
) -> Result<Downloaded, DownloadError> {
    let uri: Uri = source
        .parse()
        .map_err(|_| DownloadError::Refused("the source is not an address like https://host/path".into()))?;
    let answer = get(client, &uri).await?;
    if answer.status != StatusCode::OK {
        return Err(refusal(&uri, answer.status));
    }
    let bytes = answer.bytes(limit).await?;
    Ok(Downloaded { bytes, signature: signature(client, &uri).await? })
}

/// Follows redirects to the same host alone: the address is what was looked at before it was given.
async fn get(client: &Client, uri: &Uri) -> Result<Answer, DownloadError> {
    let mut at = uri.clone();
    for _ in 0..=REDIRECTS {
        let answer = client.get(&at, HeaderMap::new()).await?;
        let Some(to) = answer.location(&at) else { return Ok(answer) };
        if (to.scheme(), to.authority()) != (uri.scheme(), uri.authority()) {
            let to = to.host().unwrap_or_default();
            return Err(DownloadError::Refused(format!("the source redirects to {to}; give that address")));
        }
        at = to;
    }
    Err(DownloadError::Failed(format!("the source redirects more than {REDIRECTS} times")))
}

/// An address with a query has no place beside it.
async fn signature(client: &Client, uri: &Uri) -> Result<Option<String>, DownloadError> {
    if uri.query().is_some() {
        return Ok(None);
    }
    let beside: Uri = match format!("{uri}.minisig").parse() {
        Ok(beside) => beside,
        Err(_) => return Ok(None),
    };
    let answer = get(client, &beside).await?;
    if answer.status != StatusCode::OK {
        return Ok(None);
    }
    Ok(String::from_utf8(answer.bytes(SIGNATURE).await?).ok())
}
