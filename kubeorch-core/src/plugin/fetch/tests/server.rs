//! A server that gives fixed answers and remembers what it was asked.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, LOCATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// What is answered for one path.
#[derive(Clone)]
pub(super) struct Reply {
    status: StatusCode,
    body: String,
    headers: Vec<(&'static str, String)>,
    /// The header that is wanted, and the challenge without it.
    guard: Option<(String, String)>,
}

impl Reply {
    pub(super) fn ok(body: &str) -> Self {
        Self { status: StatusCode::OK, body: body.to_owned(), headers: Vec::new(), guard: None }
    }

    pub(super) fn to(location: &str) -> Self {
        let headers = vec![(LOCATION.as_str(), location.to_owned())];
        Self { status: StatusCode::FOUND, headers, ..Self::ok("") }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn behind(mut self, authorization: &str, challenge: &str) -> Self {
        self.guard = Some((authorization.to_owned(), challenge.to_owned()));
        self
    }
}

/// Runs until it is dropped with the test's runtime.
pub(super) struct Server {
    /// `https://localhost:<port>`
    pub(super) base: String,
    /// PEM; empty without encryption.
    pub(super) certificate: String,
    inner: Arc<Inner>,
}

struct Inner {
    replies: BTreeMap<&'static str, Reply>,
    /// Path, and the token that came with it.
    requests: Mutex<Vec<String>>,
}

impl Server {
    pub(super) async fn encrypted(replies: impl FnOnce(&str) -> Vec<(&'static str, Reply)>) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![cert.der().clone()],
                PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap(),
            )
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        Self::start("https", Some(tls), cert.pem(), replies).await
    }

    pub(super) async fn plain(replies: impl FnOnce(&str) -> Vec<(&'static str, Reply)>) -> Self {
        Self::start("http", None, String::new(), replies).await
    }

    async fn start(
        scheme: &str,
        tls: Option<TlsAcceptor>,
        certificate: String,
        replies: impl FnOnce(&str) -> Vec<(&'static str, Reply)>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
        let replies = replies(&base).into_iter().collect();
        let inner = Arc::new(Inner { replies, requests: Mutex::default() });
        let served = inner.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, served) = (tls.clone(), served.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, served).await,
                        // A client may end a handshake that it does not like.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, served).await;
                            }
                        }
                    }
                });
            }
        });
        Self { base, certificate, inner }
    }

    /// Paths that were asked for, with the token that came along.
    pub(super) fn requests(&self) -> Vec<String> {
        self.inner.requests.lock().clone()
    }

    /// Paths that are served and hold a text.
    pub(super) fn path_with(&self, text: &str) -> Vec<&'static str> {
        self.inner.replies.keys().filter(|path| path.contains(text)).copied().collect()
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, inner: Arc<Inner>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let inner = inner.clone();
        async move { Ok::<_, Infallible>(answer(&inner, &request)) }
    });
    // A client that has what it wants closes.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn answer(inner: &Inner, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let token = request.headers().get(AUTHORIZATION).map(|it| it.to_str().unwrap().to_owned());
    let path = request.uri().path_and_query().unwrap().as_str();
    let noted = token.as_ref().map_or(path.to_owned(), |token| format!("{path} {token}"));
    inner.requests.lock().push(noted);
    let found = inner.replies.get(path).or_else(|| inner.replies.get(request.uri().path()));
    let Some(reply) = found else {
        return Response::builder().status(StatusCode::NOT_FOUND).body(Full::default()).unwrap();
    };
    if let Some((wanted, challenge)) = &reply.guard
        && token.as_ref() != Some(wanted)
    {
        let refused = Response::builder().status(StatusCode::UNAUTHORIZED);
        return refused.header(WWW_AUTHENTICATE, challenge).body(Full::default()).unwrap();
    }
    let response = Response::builder().status(reply.status);
    let response = reply.headers.iter().fold(response, |it, (name, value)| it.header(*name, value));
    response.body(Full::from(reply.body.clone())).unwrap()
}
