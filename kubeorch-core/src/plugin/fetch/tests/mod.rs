mod server;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};

use self::server::{Reply, Server};
use super::{Fetch, FetchOptions};
use crate::plugin::{Download, DownloadError, Downloaded};
use crate::time::SystemClock;

/// Allowed to reach the servers of these tests, which are on this machine.
fn fetch(server: &Server) -> Fetch {
    let options = FetchOptions {
        allow: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        deadline: Duration::from_secs(20),
        authorities: Some(server.certificate.clone()),
    };
    Fetch::new(options, Arc::new(SystemClock)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `<bytes> <signature>`, or the error.
async fn shown(fetch: &Fetch, source: &str, limit: usize) -> String {
    match fetch.component(source, limit).await {
        Ok(Downloaded { bytes, signature }) => {
            format!("{} {}", String::from_utf8_lossy(&bytes), signature.unwrap_or_default())
        }
        Err(DownloadError::Refused(text)) => format!("refused: {text}"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_component_comes_with_the_signature_beside_it() {
    let server = Server::encrypted(|base| {
        vec![
            ("/mq.wasm", Reply::ok("component")),
            ("/mq.wasm.minisig", Reply::ok("signature")),
            ("/plain.wasm", Reply::ok("other")),
            ("/moved.wasm", Reply::to("/mq.wasm")),
            ("/whole.wasm", Reply::to(&format!("{base}/mq.wasm"))),
            ("/away.wasm", Reply::to("https://elsewhere.test/mq.wasm")),
            ("/down.wasm", Reply::to(&base.replace("https", "http"))),
            ("/round.wasm", Reply::to("/round.wasm")),
            ("/zip.wasm", Reply::ok("x").header("content-encoding", "gzip")),
            ("/big.wasm", Reply::ok(&"x".repeat(10_001))),
        ]
    })
    .await;
    let fetch = fetch(&server);
    for (path, expected) in [
        ("/mq.wasm", "component signature"),
        ("/plain.wasm", "other "),
        ("/mq.wasm?raw=1", "component "),
        ("/moved.wasm", "component "),
        ("/whole.wasm", "component "),
        ("/away.wasm", "refused: the source redirects to elsewhere.test; give that address"),
        ("/down.wasm", "refused: the source redirects to localhost; give that address"),
        ("/round.wasm", "the source redirects more than 3 times"),
        ("/zip.wasm", "the source compresses although nobody asked it to"),
        ("/big.wasm", "the source gives more than 10000 bytes"),
        ("/gone.wasm", "localhost answers 404 for /gone.wasm"),
    ] {
        assert_eq!(shown(&fetch, &format!("{}{path}", server.base), 10_000).await, expected, "{path}");
    }
}

#[tokio::test]
async fn an_address_is_no_way_into_this_network() {
    let server = Server::encrypted(|_| vec![("/mq.wasm", Reply::ok("component"))]).await;
    let mut options =
        FetchOptions { authorities: Some(server.certificate.clone()), ..FetchOptions::default() };
    let strict = Fetch::new(options.clone(), Arc::new(SystemClock)).unwrap();
    let port = server.base.rsplit_once(':').unwrap().1;
    let closed =
        |host: &str| format!("refused: {host} has no address that may be used: it is not a public one");
    for (source, expected) in [
        (format!("{}/mq.wasm", server.base), closed("localhost")),
        (format!("https://127.0.0.1:{port}/mq.wasm"), closed("127.0.0.1")),
        (format!("https://[::1]:{port}/mq.wasm"), closed("[::1]")),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), closed("[::ffff:127.0.0.1]")),
        ("https://169.254.169.254/latest/meta-data".into(), closed("169.254.169.254")),
        (format!("oci://localhost:{port}/mq:1"), closed("localhost")),
        ("http://1.1.1.1/x".into(), "refused: 1.1.1.1 would be fetched without encryption".into()),
        (
            "https://u:p@1.1.1.1/x".into(),
            "refused: the source holds credentials, which would be shown with it".into(),
        ),
        ("file:///etc/passwd".into(), "refused: the source is not an address like https://host/path".into()),
        ("nonsense".into(), "refused: the source is not an address like https://host/path".into()),
    ] {
        assert_eq!(shown(&strict, &source, 100).await, expected, "{source}");
    }
    assert_eq!(server.requests(), [""; 0], "nothing of it reached the server");

    // Allowed, but its certificate is nobody's.
    options.allow = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    options.authorities = None;
    let stranger = Fetch::new(options.clone(), Arc::new(SystemClock)).unwrap();
    let refused = shown(&stranger, &format!("{}/mq.wasm", server.base), 100).await;
    assert!(refused.contains("invalid peer certificate"), "{refused}");
    options.authorities = Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".into());
    assert!(matches!(Fetch::new(options, Arc::new(SystemClock)), Err(DownloadError::Refused(_))));
}

/// A registry that gives a token to everybody and keeps blobs elsewhere.
async fn registry(store: &Server) -> Server {
    let component = b"component";
    let layer = |digest: String, size: usize| {
        json!({ "mediaType": "application/wasm", "digest": digest, "size": size,
            "annotations": { "io.kubeorch.minisig": "signature" } })
    };
    let manifest = |layers: serde_json::Value| json!({ "schemaVersion": 2, "layers": layers }).to_string();
    let digest = hex(component);
    let good = manifest(json!([
        { "mediaType": "application/vnd.oci.empty.v1+json", "digest": "sha256:x", "size": 2 },
        layer(format!("sha256:{digest}"), component.len()),
    ]));
    let index = json!({ "manifests": [
        { "digest": format!("sha256:{}", hex(b"x")), "size": 1, "platform": { "architecture": "amd64" } },
        { "digest": format!("sha256:{}", hex(good.as_bytes())), "size": 1, "platform": { "architecture": "wasm" } },
    ] });
    let mut replies = vec![
        ("/v2/acme/mq/manifests/1", Reply::ok(&good)),
        ("/v2/acme/mq/manifests/index", Reply::ok(&index.to_string())),
        (
            "/v2/acme/mq/manifests/large",
            Reply::ok(&manifest(json!([layer(format!("sha256:{digest}"), 5_000)]))),
        ),
        ("/v2/acme/mq/manifests/md5", Reply::ok(&manifest(json!([layer("md5:x".into(), 9)])))),
        (
            "/v2/acme/mq/manifests/lies",
            Reply::ok(&manifest(json!([layer(format!("sha256:{}", hex(b"y")), 9)]))),
        ),
        ("/v2/acme/mq/manifests/none", Reply::ok(&manifest(json!([])))),
        ("/v2/acme/mq/manifests/bad", Reply::ok("<html>")),
    ];
    let by_digest: &'static str = format!("/v2/acme/mq/manifests/sha256:{}", hex(good.as_bytes())).leak();
    let changed: &'static str = format!("/v2/acme/mq/manifests/sha256:{}", hex(b"changed")).leak();
    let blob: &'static str = format!("/v2/acme/mq/blobs/sha256:{digest}").leak();
    let lie: &'static str = format!("/v2/acme/mq/blobs/sha256:{}", hex(b"y")).leak();
    replies.extend([
        (by_digest, Reply::ok(&good)),
        (changed, Reply::ok(&good)),
        (blob, Reply::to(&format!("{}/blob", store.base))),
        (lie, Reply::ok("z")),
    ]);
    Server::plain(|base| {
        let challenge =
            format!(r#"Bearer realm="{base}/token",service="acme",scope="repository:acme/mq:pull""#);
        let mut all: Vec<_> = replies
            .into_iter()
            .map(|(path, reply)| (path, reply.behind("Bearer open", &challenge)))
            .collect();
        all.push((
            "/token?service=acme&scope=repository%3Aacme%2Fmq%3Apull",
            Reply::ok(r#"{"token":"open"}"#),
        ));
        all.push(("/v2/acme/private/manifests/1", Reply::ok("").behind("-", "Basic realm=\"acme\"")));
        all
    })
    .await
}

#[tokio::test]
async fn a_component_is_pulled_from_a_registry() {
    let store = Server::encrypted(|_| vec![("/blob", Reply::ok("component"))]).await;
    let registry = registry(&store).await;
    let fetch = fetch(&store);
    let host = registry.base.trim_start_matches("http://");
    let good = registry.path_with("manifests/sha256:");
    let digest = good.iter().find(|path| !path.ends_with(&hex(b"changed"))).unwrap();
    let digest = digest.rsplit_once(':').unwrap().1;
    for (reference, expected) in [
        ("acme/mq:1".to_owned(), "component signature"),
        ("acme/mq:index".to_owned(), "component signature"),
        (format!("acme/mq@sha256:{digest}"), "component signature"),
        (format!("acme/mq:gone@sha256:{digest}"), "component signature"),
        (
            format!("acme/mq@sha256:{}", hex(b"changed")),
            "the registry gives other bytes than its digest says",
        ),
        ("acme/mq:lies".to_owned(), "the registry gives other bytes than its digest says"),
        ("acme/mq:large".to_owned(), "the source gives more than 1000 bytes"),
        ("acme/mq:md5".to_owned(), "the registry names a part by something else than its SHA-256"),
        ("acme/mq:none".to_owned(), "the registry holds no component there: no layer is application/wasm"),
        ("acme/mq:bad".to_owned(), "the registry gives a manifest that is not one"),
        ("acme/mq:gone".to_owned(), "localhost answers 404 for /v2/acme/mq/manifests/gone"),
        ("acme/private:1".to_owned(), "the registry wants credentials, and pulls are anonymous"),
    ] {
        assert_eq!(shown(&fetch, &format!("oci://{host}/{reference}"), 1_000).await, expected, "{reference}");
    }
    let stored = store.requests();
    assert!(!stored.is_empty());
    assert!(stored.iter().all(|line| line == "/blob"), "the token stays with the registry: {stored:?}");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_left() {
    let clock = Arc::new(crate::time::ManualClock::at_millis(0));
    let options = FetchOptions { allow: vec!["127.0.0.0/8".parse().unwrap()], ..FetchOptions::default() };
    let fetch = Fetch::new(options, clock.clone()).unwrap();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let source = format!("https://{}/mq.wasm", silent.local_addr().unwrap());
    let fetching = tokio::spawn(async move { fetch.component(&source, 100).await });
    let (_held, _) = silent.accept().await.unwrap();
    clock.advance(Duration::from_secs(21));
    let error = fetching.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the source took longer than 20s");
}
