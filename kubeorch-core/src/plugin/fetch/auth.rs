//! The token that a registry wants even for what is public (Docker token authentication).

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde::Deserialize;

use super::client::{Answer, Client, refusal};
use crate::plugin::DownloadError;

/// Bytes of the answer that holds a token.
const TOKEN: usize = 64 << 10;

#[derive(Deserialize)]
struct Token {
    #[serde(alias = "access_token")]
    token: String,
}

/// Asks where the challenge says, and answers the header for the next request. Nothing is sent there but the public
/// names of service and scope.
pub(super) async fn token(client: &Client, challenged: &Answer) -> Result<HeaderValue, DownloadError> {
    let failed = |text: &str| DownloadError::Failed(format!("the registry {text}"));
    let challenge = challenged.headers.get(WWW_AUTHENTICATE).and_then(|it| it.to_str().ok());
    let uri =
        challenge.and_then(realm).ok_or_else(|| failed("wants credentials, and pulls are anonymous"))?;
    let answer = client.get(&uri, HeaderMap::new()).await?;
    if answer.status != StatusCode::OK {
        return Err(refusal(&uri, answer.status));
    }
    let token: Token = serde_json::from_slice(&answer.bytes(TOKEN).await?)
        .map_err(|_| failed("gives no token to strangers"))?;
    let mut header = HeaderValue::try_from(format!("Bearer {}", token.token))
        .map_err(|_| failed("gives a token that cannot be sent"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// A header with a token.
pub(super) fn with(mut headers: HeaderMap, token: Option<&HeaderValue>) -> HeaderMap {
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, token.clone());
    }
    headers
}

/// The address behind `Bearer realm="…",service="…",scope="…"`.
fn realm(challenge: &str) -> Option<Uri> {
    let (scheme, rest) = challenge.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let value = |name: &str| {
        let start = rest.find(&format!("{name}=\""))? + name.len() + 2;
        let text = rest.get(start..)?;
        text.get(..text.find('"')?)
    };
    let realm = value("realm")?;
    let mut query: Vec<String> = Vec::new();
    for name in ["service", "scope"] {
        query.extend(value(name).map(|text| format!("{name}={}", escaped(text))));
    }
    let joint = if realm.contains('?') { '&' } else { '?' };
    format!("{realm}{joint}{}", query.join("&")).parse().ok()
}

/// Percent-encodes a query value (RFC 3986: all but the unreserved characters).
fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        it if it.is_ascii_alphanumeric() || b"-._~".contains(&it) => char::from(it).to_string(),
        it => format!("%{it:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::realm;

    #[test]
    fn challenges_name_the_address() {
        for (challenge, address) in [
            (
                r#"Bearer realm="https://a.test/token",service="r.test",scope="repository:x/y:pull""#,
                Some("https://a.test/token?service=r.test&scope=repository%3Ax%2Fy%3Apull"),
            ),
            (r#"bearer scope="s",realm="https://a.test/t?x=1""#, Some("https://a.test/t?x=1&scope=s")),
            (r#"Basic realm="registry""#, None),
            (r#"Bearer service="r""#, None),
            (r#"Bearer realm="https://a.test"#, None),
            ("Bearer", None),
        ] {
            assert_eq!(realm(challenge).map(|it| it.to_string()).as_deref(), address, "{challenge}");
        }
    }
}
