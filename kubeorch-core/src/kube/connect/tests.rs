use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::Connect;
use crate::kube::client::Options;
use crate::kube::{Cluster, Connector, Credentials, Endpoint, Error};
use crate::manifest::{Key, Kind};
use crate::secret::Secret;
use crate::time::SystemClock;

fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: main\n\
         contexts:\n- name: main\n  context: {{cluster: c, user: u, namespace: shop}}\n\
         - name: other\n  context: {{cluster: gone, user: u}}\n\
         clusters:\n- name: c\n  cluster: {cluster}\n\
         users:\n- name: u\n  user: {user}\n- name: local\n  user: {{exec: {{command: rm}}}}\n"
    )
}

fn endpoint(text: &str, context: Option<&str>) -> Endpoint {
    Endpoint {
        server: "https://ignored".to_owned(),
        credentials: Credentials::Kubeconfig { text: Secret::new(text), context: context.map(str::to_owned) },
        ca: None,
        insecure: false,
    }
}

async fn check(endpoint: &Endpoint) -> String {
    match Connect::default().connect(endpoint).await {
        Ok(_) => "ok".to_owned(),
        Err(Error::Credentials(text)) => text,
        Err(other) => panic!("{other}"),
    }
}

const OK: &str = "{server: 'https://k8s.example:6443'}";
const TOKEN: &str = "{token: s3cr3t}";

#[tokio::test]
async fn a_strangers_file_is_only_data() {
    let exec = "programs are not run; use a token or a client certificate";
    let file = "files are not read; put the content into the `-data` entry or a token";
    let pem =
        |label: &str| STANDARD.encode(format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n"));
    let keys = format!("{{client-certificate-data: {}}}", pem("CERTIFICATE"));
    for (cluster, user, expected) in [
        (OK, TOKEN, "ok".to_owned()),
        ("{server: 'http://127.0.0.1:8080'}", TOKEN, "ok".to_owned()),
        ("{server: 'http://[::1]:8080'}", "{}", "ok".to_owned()),
        ("{server: 'https://rancher.example/k8s/clusters/c-1', proxy-url: ''}", TOKEN, "ok".to_owned()),
        (OK, "{exec: {command: sh, args: ['-c', 'curl evil']}}", format!("exec: {exec}")),
        (OK, "{auth-provider: {name: gcp}}", format!("auth-provider: {exec}")),
        (OK, "{tokenFile: /var/run/secrets/token}", format!("tokenFile: {file}")),
        (
            "{server: 'https://a', certificate-authority: /etc/passwd}",
            "{client-certificate: /etc/shadow, client-key: ../key}",
            format!("certificate-authority: {file}; client-certificate: {file}; client-key: {file}"),
        ),
        (
            "{server: 'https://a', insecure-skip-tls-verify: true, proxy-url: 'http://evil:1'}",
            TOKEN,
            "proxy-url: proxies are not supported; \
             insecure-skip-tls-verify: the server's certificate must be checked"
                .to_owned(),
        ),
        ("{}", TOKEN, "server: the address is missing".to_owned()),
        ("{server: 'not an address'}", TOKEN, "server: not an address such as https://host:6443".to_owned()),
        ("{server: 'ftp://a'}", TOKEN, "server: the address must begin with https://".to_owned()),
        (
            "{server: 'http://10.0.0.1'}",
            TOKEN,
            "server: http:// would send the credentials readable; use https://".to_owned(),
        ),
        (
            "{server: 'https://me:pw@a'}",
            TOKEN,
            "server: the address must not hold a user name or password".to_owned(),
        ),
        (OK, "{token: ''}", "token: empty".to_owned()),
        (OK, "{token: \"a\\r\\nX: y\"}", "token: holds characters that a token cannot have".to_owned()),
        (
            "{server: 'https://a', certificate-authority-data: '%%'}",
            TOKEN,
            "certificate-authority-data: not base64".to_owned(),
        ),
        (
            "{server: 'https://a', certificate-authority-data: aGVsbG8=}",
            TOKEN,
            "certificate-authority-data: holds no certificate".to_owned(),
        ),
        (OK, &keys, "client certificate and key: one of them is missing".to_owned()),
    ] {
        let text = check(&endpoint(&kubeconfig(cluster, user), None)).await;
        assert_eq!(text, expected, "{cluster} {user}");
    }
}

#[tokio::test]
async fn the_context_is_the_callers_choice() {
    let text = kubeconfig(OK, TOKEN);
    for (text, context, expected) in [
        (text.as_str(), Some("main"), "ok"),
        (&text, Some("other"), "the kubeconfig has no cluster `gone`, which context `other` names"),
        (&text, Some("none"), "the kubeconfig has no context `none`; it has: main, other"),
        ("{}", None, "the kubeconfig has no current context; it has: "),
        ("users: [{name: s3cr3t", None, "the text is not a kubeconfig in YAML"),
        ("users: {token: s3cr3t}", None, "the text is not a kubeconfig in YAML"),
        (&"#".repeat(2 << 20), None, "the kubeconfig is larger than 1048576 bytes"),
    ] {
        assert_eq!(check(&endpoint(text, context)).await, expected);
    }
    let config = Connect::default().config(&endpoint(&text, None)).await.unwrap();
    assert_eq!((config.default_namespace.as_str(), config.proxy_url), ("shop", None));
}

#[tokio::test]
async fn tokens_and_certificates_are_checked_alike() {
    let made = |credentials, ca: Option<&str>| Endpoint {
        server: " https://a.ngrok.app ".to_owned(),
        credentials,
        ca: ca.map(str::to_owned),
        insecure: false,
    };
    let token = |text: &str| Credentials::Token(Secret::new(text));
    let pair = Credentials::Certificate { certificate: Secret::new("AAAA"), key: Secret::new("AAAA") };
    for (endpoint, expected) in [
        (made(token("t\n"), None), "ok"),
        (made(token("  "), None), "token: empty"),
        (made(token("t"), Some("aGVsbG8=")), "certificate-authority-data: holds no certificate"),
        (
            made(pair, None),
            "client-certificate-data: holds no certificate; client-key-data: holds no private key",
        ),
    ] {
        assert_eq!(check(&endpoint).await, expected);
    }
    let config = Connect::default().config(&made(token("t"), None)).await.unwrap();
    assert_eq!(config.headers[0].0, "ngrok-skip-browser-warning");
    let insecure = Endpoint { insecure: true, ..made(token("t"), None) };
    assert!(Connect::default().config(&insecure).await.unwrap().accept_invalid_certs);
}

/// A plain HTTP server on a free port that answers every request by its path.
async fn serve(answer: fn(&str) -> (u16, &'static str)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                // A TLS handshake begins with this byte; an HTTP server calls it a bad request.
                while !head.starts_with(&[0x16]) && !head.ends_with(b"}") && !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => return,
                    }
                }
                let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = answer(&path);
                let text = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(text.as_bytes()).await;
            });
        }
    });
    format!("127.0.0.1:{}", address.port())
}

fn plain(server: &str) -> Endpoint {
    Endpoint {
        server: server.to_owned(),
        credentials: Credentials::Token(Secret::new("s3cr3t")),
        ca: None,
        insecure: true,
    }
}

async fn probe(server: &str) -> (bool, Vec<String>) {
    let probe = Connect::default().probe(&plain(server)).await;
    let told = probe.steps.iter().map(|step| {
        assert!(!step.text.contains("s3cr3t") && !step.text.contains("127.0.0.1"), "{step:?}");
        format!("{} {}: {}", step.name, if step.ok { "ok" } else { "failed" }, step.text)
    });
    (probe.ok(), told.collect())
}

#[tokio::test]
async fn a_test_says_which_stage_fails() {
    let good = serve(|path| match path {
        "/version" => (200, "{\"gitVersion\":\"v1.33.1\"}"),
        _ => (201, "{\"status\":{\"userInfo\":{\"username\":\"ada\"}}}"),
    })
    .await;
    let begin = [
        "credentials ok: the credentials have a usable form",
        "resolve ok: the name has 1 addresses",
        "connect ok: the port takes connections",
    ];
    let mut expected = begin.to_vec();
    expected.extend(["tls ok: not encrypted", "version ok: v1.33.1", "identity ok: signed in as ada"]);
    assert_eq!(
        probe(&format!("http://{good}")).await,
        (true, expected.iter().map(ToString::to_string).collect())
    );

    let (passed, told) = probe(&format!("https://{good}")).await;
    assert_eq!(
        (passed, told.last().unwrap().as_str()),
        (false, "tls failed: the server does not speak TLS on this port")
    );

    let revoked = serve(|path| match path {
        "/version" => (200, "{\"gitVersion\":\"v1.33.1\"}"),
        _ => (401, "{\"message\":\"Unauthorized\"}"),
    })
    .await;
    let (passed, told) = probe(&format!("http://{revoked}")).await;
    assert_eq!(
        (passed, told.last().unwrap().as_str()),
        (false, "identity failed: the API server refused: Unauthorized")
    );

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (_, told) = probe(&format!("http://{closed}")).await;
    assert_eq!(
        told.last().unwrap(),
        "connect failed: the API server did not answer: connecting failed: connection refused"
    );
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options { deadline: std::time::Duration::from_secs(1), ..Options::default() };
    let endpoint = plain(&format!("https://{}", silent.local_addr().unwrap()));
    let probe_of_silence = Connect::new(options, Arc::new(SystemClock)).probe(&endpoint).await;
    assert_eq!(probe_of_silence.steps.last().unwrap().name, "tls", "{probe_of_silence:?}");

    let (_, told) = probe("ftp://127.0.0.1").await;
    assert_eq!(
        told,
        ["credentials failed: credentials are not usable: server: the address must begin with https://"]
    );
}

#[tokio::test]
async fn a_closed_port_is_named_without_its_address() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let connect = Connect::new(Options { attempts: 1, ..Options::default() }, Arc::new(SystemClock));
    let client = connect.client(&plain(&format!("http://{closed}"))).await.unwrap();
    let key = Key { kind: Kind::new("v1", "Pod"), namespace: None, name: "a".to_owned() };
    let error = client.get(&key).await.unwrap_err();
    assert_eq!(error.to_string(), "the API server did not answer: connecting failed: connection refused");
}

#[tokio::test]
async fn the_users_own_file_is_read_by_kubectls_rules() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, kubeconfig("{server: 'http://127.0.0.1:8001'}", "{tokenFile: token}")).unwrap();
    std::fs::write(folder.path().join("token"), "t").unwrap();
    let (client, info) = super::from_kubeconfig_files(Some(&path), None).await.unwrap();
    assert_eq!(client.raw().default_namespace(), "shop");
    let told = [info.context, info.cluster, info.server, info.namespace];
    assert_eq!(told, ["main", "c", "http://127.0.0.1:8001/", "shop"]);
    let error = super::from_kubeconfig_files(Some(&path), Some("none")).await.err().unwrap();
    assert_eq!(error.to_string(), "credentials are not usable: the kubeconfig has no context `none`");
}
