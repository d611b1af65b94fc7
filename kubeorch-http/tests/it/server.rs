//! The accept loop over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use kubeorch_http::Server;
use kubeorch_http::server::{Drained, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

struct Running {
    address: SocketAddr,
    drain: CancellationToken,
    ended: tokio::task::JoinHandle<Drained>,
}

async fn serve(router: Router, limits: Limits) -> Running {
    let server = Server::bind("127.0.0.1:0", limits).await.unwrap();
    let (address, drain) = (server.address().unwrap(), CancellationToken::new());
    let ended = tokio::spawn(server.serve(router, drain.clone()));
    Running { address, drain, ended }
}

async fn exchange(stream: &mut TcpStream, head: &str) -> String {
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = vec![0; 4096];
    let count = stream.read(&mut bytes).await.unwrap_or(0);
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn requests_know_their_peer_and_connections_are_reused() {
    let router = Router::new()
        .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }));
    let running = serve(router, Limits::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let local = stream.local_addr().unwrap().to_string();
    for _ in 0..2 {
        let answer = exchange(&mut stream, GET).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&local), "{answer}");
    }
    running.drain.cancel();
    assert_eq!(running.ended.await.unwrap(), Drained { cut: 0 });
    assert!(TcpStream::connect(running.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn heads_are_bounded_in_size_and_number() {
    let limits = Limits { header_bytes: 8 << 10, headers: 10, ..Limits::default() };
    let running = serve(Router::new().route("/", get(|| async { "ok" })), limits).await;
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(11));
    for head in [long, many] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let answer = exchange(&mut stream, &head).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    running.drain.cancel();
    running.ended.await.unwrap();
}

#[tokio::test]
async fn slow_heads_are_cut_and_free_their_place() {
    let limits = Limits { header_read: Duration::from_millis(50), connections: 1, ..Limits::default() };
    let running = serve(Router::new().route("/", get(|| async { "ok" })), limits).await;
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET / HT").await.unwrap();
    let mut waiting = TcpStream::connect(running.address).await.unwrap();
    let answer = exchange(&mut waiting, GET).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    running.drain.cancel();
    running.ended.await.unwrap();
}

#[tokio::test]
async fn open_requests_end_before_the_server_does_and_stuck_ones_are_cut() {
    for stuck in [false, true] {
        let (entered, in_handler) = oneshot::channel();
        let (release, released) = oneshot::channel::<()>();
        let parts = std::sync::Arc::new(parking_lot::Mutex::new(Some((entered, released))));
        let router = Router::new().route(
            "/",
            get(move || async move {
                let (entered, released) = parts.lock().take().unwrap();
                entered.send(()).unwrap();
                let _ = released.await;
                "late"
            }),
        );
        let limits =
            Limits { drain: Duration::from_millis(if stuck { 20 } else { 60_000 }), ..Limits::default() };
        let running = serve(router, limits).await;
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let client = tokio::spawn(async move { exchange(&mut stream, GET).await });
        in_handler.await.unwrap();
        running.drain.cancel();
        if stuck {
            assert_eq!(running.ended.await.unwrap(), Drained { cut: 1 });
            assert_eq!(client.await.unwrap(), "");
            drop(release);
        } else {
            release.send(()).unwrap();
            assert!(client.await.unwrap().ends_with("late"));
            assert_eq!(running.ended.await.unwrap(), Drained { cut: 0 });
        }
    }
}
