//! One request on one connection, to an address that was checked.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HOST, LOCATION, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::address;
use crate::plugin::DownloadError;

const AGENT: &str = concat!("kubeorch/", env!("CARGO_PKG_VERSION"));

/// Addresses of a name that are tried.
const TRIED: usize = 4;

/// Sends requests. Cheap to clone.
#[derive(Clone)]
pub(super) struct Client {
    allow: Arc<[IpNet]>,
    tls: TlsConnector,
}

/// An answer whose body is still to be read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Incoming,
    _connection: Connection,
}

/// Ends with the answer, read or not.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    pub(super) fn new(allow: Vec<IpNet>, authorities: Option<&str>) -> Result<Self, DownloadError> {
        let mut roots = RootCertStore::empty();
        // A system without any still has the given ones; a handshake says what is missing.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in CertificateDer::pem_slice_iter(authorities.unwrap_or_default().as_bytes()) {
            let added = certificate.ok().and_then(|certificate| roots.add(certificate).ok());
            added.ok_or_else(|| {
                DownloadError::Refused("the authorities are not certificates in PEM".into())
            })?;
        }
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| DownloadError::Failed(format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { allow: allow.into(), tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Sends a GET. What the address must hold to is checked here, for every hop anew.
    pub(super) async fn get(&self, uri: &Uri, headers: HeaderMap) -> Result<Answer, DownloadError> {
        let authority = check(uri)?;
        let host = authority.host();
        let encrypted = uri.scheme() == Some(&Scheme::HTTPS);
        let port = authority.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        let stream = self.connect(host, port).await?;
        let path = uri.path_and_query().map_or("/", |it| it.as_str());
        let mut request = Request::get(path).header(HOST, authority.as_str()).header(USER_AGENT, AGENT);
        if let Some(all) = request.headers_mut() {
            all.extend(headers);
        }
        let request = request.body(Empty::new()).map_err(|error| failed(host, &error))?;
        if !encrypted {
            return exchange(host, stream, request).await;
        }
        let name = ServerName::try_from(bare(host).to_owned()).map_err(|error| failed(host, &error))?;
        exchange(host, self.tls.connect(name, stream).await.map_err(|error| failed(host, &error))?, request)
            .await
    }

    /// The addresses are resolved once, and only those that passed are connected to: a name that changes its mind in
    /// between changes nothing.
    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, DownloadError> {
        let found: Vec<SocketAddr> =
            lookup_host((bare(host), port)).await.map_err(|error| failed(host, &error))?.collect();
        let usable: Vec<_> =
            found.iter().filter(|it| address::allowed(it.ip(), &self.allow)).take(TRIED).copied().collect();
        if usable.is_empty() {
            let text = format!("{host} has no address that may be used: it is not a public one");
            return Err(DownloadError::Refused(text));
        }
        TcpStream::connect(usable.as_slice()).await.map_err(|error| failed(host, &error))
    }
}

impl Answer {
    /// The whole body, at most `limit` bytes.
    pub(super) async fn bytes(self, limit: usize) -> Result<Vec<u8>, DownloadError> {
        if self.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(DownloadError::Failed("the source compresses although nobody asked it to".into()));
        }
        let body = Limited::new(self.body, limit).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                DownloadError::TooLarge(limit)
            } else {
                DownloadError::Failed(format!("the answer broke off: {error}"))
            }
        })?;
        Ok(body.to_bytes().into())
    }

    /// Where a redirect leads.
    pub(super) fn location(&self, from: &Uri) -> Option<Uri> {
        let text = self.headers.get(LOCATION).filter(|_| self.status.is_redirection())?.to_str().ok()?;
        let to: Uri = text.parse().ok()?;
        if to.authority().is_some() {
            return Some(to);
        }
        let mut parts = from.clone().into_parts();
        parts.path_and_query = to.into_parts().path_and_query;
        Uri::from_parts(parts).ok()
    }
}

/// Encrypted, and without credentials; a loopback address may go without encryption, as container tools have it.
fn check(uri: &Uri) -> Result<&Authority, DownloadError> {
    let refused = |text: String| Err(DownloadError::Refused(text));
    let named = uri.authority().filter(|it| uri.scheme().is_some() && !it.host().is_empty());
    let Some(authority) = named else {
        return refused("the source is not an address like https://host/path".into());
    };
    if authority.as_str().contains('@') {
        return refused("the source holds credentials, which would be shown with it".into());
    }
    let plain = uri.scheme() == Some(&Scheme::HTTP) && is_loopback(authority.host());
    if !plain && uri.scheme() != Some(&Scheme::HTTPS) {
        return refused(format!("{} would be fetched without encryption", authority.host()));
    }
    Ok(authority)
}

/// Whether a host is this machine by its name.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || bare(host).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Without the brackets that an IPv6 address has in an address.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

async fn exchange<S>(host: &str, stream: S, request: Request<Empty<Bytes>>) -> Result<Answer, DownloadError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(host, &error))?;
    let connection = Connection(tokio::spawn(async move {
        // Its end is seen by whoever reads the body.
        let _ = connection.await;
    }));
    let answer = sender.send_request(request).await.map_err(|error| failed(host, &error))?;
    let (parts, body) = answer.into_parts();
    Ok(Answer { status: parts.status, headers: parts.headers, body, _connection: connection })
}

fn failed(host: &str, error: &dyn std::error::Error) -> DownloadError {
    DownloadError::Failed(format!("{host}: {error}"))
}

/// What a status says that is no success.
pub(super) fn refusal(uri: &Uri, status: StatusCode) -> DownloadError {
    let host = uri.host().unwrap_or_default();
    DownloadError::Failed(format!("{host} answers {} for {}", status.as_u16(), uri.path()))
}
