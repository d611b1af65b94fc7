//! Installing plugins into a running engine.

use std::sync::Arc;

use kubeorch_core::Engine;
use kubeorch_core::actor::Actor;
use kubeorch_core::kube::fake::Fake;
use kubeorch_core::plugin::fake::{Downloads, Sandbox, Types, component};
use kubeorch_core::plugins::{Key, Origin, Package, Policy, Source, State, Trust};
use kubeorch_core::runs::{Options, Values};
use kubeorch_core::secret::Secret;
use kubeorch_core::store::{Memory, Store};
use kubeorch_core::time::SystemClock;
use kubeorch_core::workflows::New;
use minisign::KeyPair;
use serde_json::{Value, json};

use crate::support::{account, graph};

/// An engine whose first account is an admin.
struct Shop {
    engine: Engine,
    store: Arc<dyn Store>,
    ana: Actor,
}

impl Drop for Shop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.engine.store().verify(&kubeorch_core::schema()).unwrap(), []);
        }
    }
}

fn loose() -> Policy {
    Policy { trust: Trust { allow_unsigned: true, ..Trust::default() }, ..Policy::default() }
}

async fn engine(store: &Arc<dyn Store>, policy: Policy, downloads: Downloads) -> Engine {
    engine_on(Arc::new(Sandbox::new(Types::toys())), store, policy, downloads).await
}

async fn engine_on(
    sandbox: Arc<Sandbox>,
    store: &Arc<dyn Store>,
    policy: Policy,
    downloads: Downloads,
) -> Engine {
    Engine::builder()
        .store(store.clone())
        .plugins(sandbox.clone())
        .sandbox(sandbox)
        .download(Arc::new(downloads))
        .plugin_policy(policy)
        .encryption_key(Secret::new("a key of this test"))
        .cluster("lab", Arc::new(Fake::new()))
        .build()
        .await
        .unwrap()
}

async fn shop(policy: Policy) -> Shop {
    let store: Arc<dyn Store> = Arc::new(Memory::new(Arc::new(SystemClock)));
    let engine = engine(&store, policy, Downloads::default()).await;
    let ana = account(&engine, "ana@acme.test", None).await;
    Shop { engine, store, ana }
}

impl Shop {
    /// The same store under another process.
    async fn again(self, policy: Policy) -> Self {
        let engine = engine(&self.store, policy, Downloads::default()).await;
        Self { engine, store: self.store.clone(), ana: self.ana }
    }

    /// `id version state`, and `-` with the versions that are kept.
    async fn shown(&self) -> Vec<String> {
        let views = self.engine.plugins().plugins(&self.ana).await.unwrap();
        let line = |view: kubeorch_core::plugins::View| {
            let version = view.release.map(|it| it.version).unwrap_or_default();
            let kept: Vec<_> = view.previous.into_iter().map(|it| format!(" -{}", it.version)).collect();
            let state = match view.state {
                State::Serving => "serving".into(),
                State::Disabled => "disabled".into(),
                State::Failed(reason) => format!("failed: {reason}"),
            };
            format!("{} {version} {state}{}", view.id, kept.concat())
        };
        views.into_iter().map(line).collect()
    }

    fn serves(&self, node_type: &str) -> bool {
        self.engine.node_types().find(node_type).is_some()
    }
}

/// What the service answered, in one word: `ok`, or the code.
fn code<T>(answer: Result<T, kubeorch_core::Error>) -> &'static str {
    answer.map_or_else(|error| error.code().name, |_| "ok")
}

fn catalog(id: &str, version: &str, types: &[&str]) -> Value {
    let node_type = |name: &&str| {
        json!({ "name": name, "title": name, "category": "messaging",
            "parameters": { "type": "object", "properties": { "name": { "type": "string" } } } })
    };
    json!({ "plugin": { "id": id, "name": id, "version": version },
        "nodeTypes": types.iter().map(node_type).collect::<Vec<_>>() })
}

fn bytes(id: &str, version: &str, types: &[&str]) -> Vec<u8> {
    component(&catalog(id, version, types), None)
}

pub(crate) fn package(id: &str, version: &str, types: &[&str]) -> Package {
    Package::bytes(format!("{id}.wasm"), bytes(id, version, types))
}

#[tokio::test]
async fn a_plugin_is_served_once_it_is_installed_and_after_a_restart() {
    let shop = shop(loose()).await;
    let view = shop.engine.plugins().install(&shop.ana, package("mq", "1.0.0", &["queue"])).await.unwrap();
    assert_eq!((view.origin, view.state), (Origin::Installed, State::Serving));
    let release = view.release.unwrap();
    assert_eq!(release.node_types, ["queue"]);
    assert_eq!(release.installed_by, shop.ana.user());
    assert_eq!(release.source, "upload:mq.wasm");
    assert!(shop.serves("queue"));
    let kept = shop.engine.plugins().component(&shop.ana, "mq").await.unwrap();
    assert_eq!(kept, bytes("mq", "1.0.0", &["queue"]));

    let shop = shop.again(loose()).await;
    assert_eq!(shop.shown().await, ["mq 1.0.0 serving"]);
    assert!(shop.serves("queue"));

    // Under stricter rules what came in unsigned is not run any more, and nothing else suffers.
    let shop = shop.again(Policy::default()).await;
    assert_eq!(
        shop.shown().await,
        ["mq 1.0.0 failed: the component is not signed, and this server takes signed ones only"]
    );
    assert!(!shop.serves("queue") && shop.serves("gadget"));
}

#[tokio::test]
async fn what_is_wrong_with_a_component_keeps_it_out() {
    let shop = shop(Policy { max_bytes: 2_000, ..loose() }).await;
    let plugins = shop.engine.plugins();
    plugins.install(&shop.ana, package("mq", "1.0.0", &["queue"])).await.unwrap();
    let manifest = json!({ "manifest": 1, "id": "db", "name": "db", "version": "2.0.0", "description": "",
        "worlds": { "kubeorch:node-types": "0.1.0" } });
    let contradicted = component(&catalog("db", "1.0.0", &[]), Some(&manifest));
    let broken = component(&catalog("db", "1.0.0", &[]), Some(&json!({ "manifest": 1 })));
    let digest = "0".repeat(64);
    for (package, expected) in [
        (Package::bytes("x", *b"not wasm"), "plugin.invalid"),
        (Package::bytes("x", vec![0; 2_001]), "plugin.too_large"),
        (Package::bytes("x", contradicted), "plugin.invalid"),
        (Package::bytes("x", broken), "plugin.invalid"),
        (package("Db", "1.0.0", &[]), "plugin.invalid"),
        (package("db", "1.0", &[]), "plugin.invalid"),
        (package("db", "1.0.0", &["twice", "twice"]), "plugin.invalid"),
        // A node type of another plugin, of the program, and an entry of another plugin.
        (package("db", "1.0.0", &["queue"]), "plugin.invalid"),
        (package("db", "1.0.0", &["gadget"]), "plugin.invalid"),
        (
            Package::bytes(
                "x",
                component(
                    &json!({ "plugin": { "id": "db", "name": "", "version": "1.0.0" }, "nodeTypes": [],
                        "entries": [{ "id": "mq" }] }),
                    None,
                ),
            ),
            "plugin.invalid",
        ),
        (package("db", "1.0.0", &[]).sha256(&digest), "plugin.untrusted"),
        (package("db", "1.0.0", &[]).sha256("beef"), "request.invalid"),
        (package("db", "1.0.0", &[]).signature("nonsense"), "plugin.untrusted"),
        (Package::new(Source::File("/nowhere/x.wasm".into())), "plugin.source_failed"),
        (Package::new(Source::Remote("https://acme.test/x.wasm".into())), "request.invalid"),
        (Package::new(Source::Remote("oci://acme.test/x:1".into())), "plugin.source_failed"),
        (package("mq", "2.0.0", &["queue"]), "plugin.exists"),
        // The same again is no mistake.
        (package("mq", "1.0.0", &["queue"]), "ok"),
    ] {
        let shown = format!("{package:?}");
        assert_eq!(code(plugins.install(&shop.ana, package).await), expected, "{shown}");
    }
    assert_eq!(shop.shown().await, ["mq 1.0.0 serving"]);
}

#[tokio::test]
async fn only_what_a_trusted_key_signed_is_installed() {
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let key = Key::parse(&pair.pk.to_base64()).unwrap();
    let strict =
        Policy { trust: Trust { keys: vec![key.clone()], allow_unsigned: false }, ..Policy::default() };
    let sign = |bytes: &[u8]| {
        minisign::sign(Some(&pair.pk), &pair.sk, std::io::Cursor::new(bytes), None, None)
            .unwrap()
            .into_string()
    };
    let shop = shop(strict.clone()).await;
    let plugins = shop.engine.plugins();
    let (good, other) = (bytes("mq", "1.0.0", &[]), bytes("mq", "1.0.1", &[]));
    let unsigned = plugins.install(&shop.ana, Package::bytes("mq", good.clone())).await.unwrap_err();
    assert!(unsigned.hint().contains("plugins.trusted_keys"), "{}", unsigned.hint());
    let swapped = Package::bytes("mq", other).signature(sign(&good));
    assert_eq!(code(plugins.install(&shop.ana, swapped).await), "plugin.untrusted");
    let view = plugins.install(&shop.ana, Package::bytes("mq", good.clone()).signature(sign(&good))).await;
    assert_eq!(view.unwrap().release.unwrap().signer.as_deref(), Some(key.id()));

    // A key that is trusted no longer takes its plugins with it, at the next start.
    let shop = shop.again(strict).await;
    assert_eq!(shop.shown().await, ["mq 1.0.0 serving"]);
    let shop = shop.again(Policy::default()).await;
    let gone = format!(
        "mq 1.0.0 failed: the component is signed by key {}, which this server does not trust",
        key.id()
    );
    assert_eq!(shop.shown().await, [gone]);
}

#[tokio::test]
async fn versions_go_up_and_back_and_a_bad_one_changes_nothing() {
    let shop = shop(loose()).await;
    let plugins = shop.engine.plugins();
    let up = async |package, downgrade| code(plugins.upgrade(&shop.ana, "mq", package, downgrade).await);
    assert_eq!(up(package("mq", "1.0.0", &["queue"]), false).await, "plugin.not_found");
    plugins.install(&shop.ana, package("mq", "1.0.0", &["queue"])).await.unwrap();
    assert_eq!(code(plugins.rollback(&shop.ana, "mq", None).await), "plugin.no_previous");
    assert_eq!(up(package("mq", "1.1.0", &["queue", "topic"]), false).await, "ok");
    assert!(shop.serves("topic"));

    for (package, downgrade, expected) in [
        (package("mq", "1.0.9", &["queue"]), false, "plugin.not_newer"),
        (package("mq", "1.1.0", &["queue"]), false, "plugin.not_newer"),
        (package("mq", "1.1.0+build", &["queue"]), false, "plugin.not_newer"),
        (package("mq", "1.1.0", &["queue", "topic"]), false, "ok"),
        (package("db", "2.0.0", &["table"]), true, "request.invalid"),
        (package("mq", "2.0.0", &["gadget"]), true, "plugin.invalid"),
        (Package::bytes("mq", *b"broken"), true, "plugin.invalid"),
    ] {
        assert_eq!(up(package, downgrade).await, expected);
    }
    let view = plugins.get(&shop.ana, "mq").await.unwrap();
    let failure = view.failure.unwrap();
    assert_eq!(failure.source, "upload:mq");
    assert!(
        failure.reason.starts_with("the component cannot be used: it is not a WebAssembly"),
        "{failure:?}"
    );
    assert_eq!(shop.shown().await, ["mq 1.1.0 serving -1.0.0"]);
    assert!(shop.serves("topic"));

    plugins.rollback(&shop.ana, "mq", None).await.unwrap();
    assert_eq!(shop.shown().await, ["mq 1.0.0 serving -1.1.0"]);
    assert!(!shop.serves("topic"));
    assert_eq!(plugins.get(&shop.ana, "mq").await.unwrap().failure, None);
    assert_eq!(code(plugins.rollback(&shop.ana, "mq", Some("9.0.0")).await), "plugin.no_previous");
    assert_eq!(up(package("mq", "0.9.0", &["queue"]), true).await, "ok");
    for version in ["1.2.0", "1.3.0", "1.4.0"] {
        assert_eq!(up(package("mq", version, &["queue"]), false).await, "ok");
    }
    // Three are kept; the components of the others are gone, or the verifier would say so.
    assert_eq!(shop.shown().await, ["mq 1.4.0 serving -1.3.0 -1.2.0 -0.9.0"]);
    plugins.rollback(&shop.ana, "mq", Some("0.9.0")).await.unwrap();
    assert_eq!(shop.shown().await, ["mq 0.9.0 serving -1.4.0 -1.3.0 -1.2.0"]);
}

#[tokio::test]
async fn a_disabled_plugin_stays_installed_and_serves_nobody() {
    let shop = shop(loose()).await;
    let plugins = shop.engine.plugins();
    plugins.install(&shop.ana, package("mq", "1.0.0", &["queue"])).await.unwrap();
    plugins.disable(&shop.ana, "mq").await.unwrap();
    plugins.disable(&shop.ana, "mq").await.unwrap();
    assert!(!shop.serves("queue"));
    // An upgrade of what is off does not switch it on.
    plugins.upgrade(&shop.ana, "mq", package("mq", "1.1.0", &["queue"]), false).await.unwrap();
    let shop = shop.again(loose()).await;
    assert_eq!(shop.shown().await, ["mq 1.1.0 disabled -1.0.0"]);
    let plugins = shop.engine.plugins();
    // Its node type is free meanwhile, and then taken.
    plugins.install(&shop.ana, package("other", "1.0.0", &["queue"])).await.unwrap();
    assert_eq!(code(plugins.enable(&shop.ana, "mq").await), "plugin.invalid");
    plugins.remove(&shop.ana, "other", false).await.unwrap();
    plugins.enable(&shop.ana, "mq").await.unwrap();
    assert!(shop.serves("queue"));
    assert_eq!(shop.shown().await, ["mq 1.1.0 serving -1.0.0"]);
}

#[tokio::test]
async fn a_plugin_that_workflows_need_is_not_removed_by_accident() {
    let shop = shop(loose()).await;
    let (plugins, workflows) = (shop.engine.plugins(), shop.engine.workflows());
    plugins.install(&shop.ana, package("mq", "1.0.0", &["queue"])).await.unwrap();
    let id = shop.engine.workflows().create(&shop.ana, new()).await.unwrap().workflow.id;
    let put = async |nodes: &[(&str, &str, Value)]| {
        workflows.put(&shop.ana, id, new(), graph(nodes, &[])).await.unwrap();
    };
    put(&[("a", "queue", json!({ "name": "a" }))]).await;
    let refused = plugins.remove(&shop.ana, "mq", false).await.unwrap_err();
    assert_eq!(refused.to_string(), r#"plugin mq is used by workflow "shop" (drawn)"#);
    let used = refused.detail().unwrap().1[0].clone();
    assert_eq!(used, json!({ "workflow": id, "name": "shop", "deployed": false, "nodeTypes": ["queue"] }));

    // What a run deployed needs it although the drawing no longer does.
    let options = Options { create_namespaces: false, ..Options::default() };
    let run = shop.engine.runs().start(&shop.ana, id, Values::default(), options).await.unwrap();
    shop.engine.runs().wait(&shop.ana, run.id, std::time::Duration::from_secs(10)).await.unwrap();
    put(&[]).await;
    let uses = plugins.uses(&shop.ana, "mq").await.unwrap();
    assert_eq!(uses.iter().map(|it| it.deployed).collect::<Vec<_>>(), [true]);
    assert_eq!(code(plugins.remove(&shop.ana, "mq", false).await), "plugin.in_use");

    plugins.remove(&shop.ana, "mq", true).await.unwrap();
    assert!(!shop.serves("queue"));
    assert_eq!(code(plugins.remove(&shop.ana, "mq", true).await), "plugin.not_found");
    // Nobody but the removed plugin is gone, and it may come back.
    plugins.install(&shop.ana, package("mq", "1.0.0", &["queue"])).await.unwrap();
    assert_eq!(plugins.uses(&shop.ana, "mq").await.unwrap().len(), 1);
}

fn new() -> New {
    New { name: "shop".into(), cluster: "lab".into(), ..New::default() }
}

#[tokio::test]
async fn a_user_chooses_from_the_catalogue() {
    let shop = shop(loose()).await;
    let plugins = shop.engine.plugins();
    let invite = shop.engine.settings().invite_code(&shop.ana).await.unwrap();
    let ben = account(&shop.engine, "ben@acme.test", Some(&invite)).await;
    let two = json!({
        "plugin": { "id": "operators", "name": "Operators", "version": "1.0.0" },
        "entries": [
            { "id": "keda", "displayName": "KEDA", "category": "scaling", "crdGroup": "keda.sh", "crdKinds": ["ScaledObject"] },
            { "id": "kafka", "displayName": "Strimzi", "category": "messaging" },
        ],
        "nodeTypes": [
            { "name": "scaled-object", "title": "Scaled", "category": "scaling", "entry": "keda", "parameters":
                { "type": "object", "required": ["name"], "properties": {
                    "name": { "type": "string", "title": "Name", "x-placeholder": "my-app" } } } },
            { "name": "kafka-topic", "title": "Topic", "category": "messaging", "entry": "kafka", "parameters": { "type": "object" } },
        ],
    });
    plugins.install(&shop.ana, Package::bytes("operators", component(&two, None))).await.unwrap();
    plugins.install(&shop.ana, package("mq", "1.0.0", &["queue"])).await.unwrap();
    let ids = async |actor: &Actor| -> Vec<String> {
        plugins.list(actor).await.unwrap().into_iter().map(|it| it.entry.id).collect()
    };
    let palette = async |actor: &Actor| -> Vec<String> {
        let all = shop.engine.templates().list(actor).await.unwrap();
        all.into_iter().filter(|it| it.entry.is_some()).map(|it| it.name).collect()
    };
    assert_eq!(ids(&ben).await, ["kafka", "mq", "keda"]);
    assert_eq!(plugins.categories(&ben).await.unwrap(), ["messaging", "scaling"]);
    assert_eq!(palette(&ben).await, [""; 0]);
    let core = shop.engine.templates().list(&ben).await.unwrap().len();
    assert!(core > 0);

    plugins.enable_entry(&ben, "keda").await.unwrap();
    plugins.enable_entry(&ben, "keda").await.unwrap();
    plugins.enable_entry(&ben, "mq").await.unwrap();
    plugins.disable_entry(&ben, "kafka").await.unwrap();
    assert_eq!(palette(&ben).await, ["queue", "scaled-object"]);
    assert_eq!(palette(&shop.ana).await, [""; 0], "a choice is one user's");
    let enabled = plugins.enabled(&ben).await.unwrap();
    assert_eq!(enabled.iter().map(|it| it.entry.id.as_str()).collect::<Vec<_>>(), ["mq", "keda"]);
    let template = shop.engine.templates().list(&ben).await.unwrap();
    let template = template.into_iter().find(|it| it.name == "scaled-object").unwrap();
    assert_eq!(template.tags, ["plugin", "scaling", "keda"]);
    assert_eq!((template.id.as_str(), template.parameters[0].kind), ("scaled-object", "text"));
    assert_eq!(template.parameters[0].description, "my-app");

    plugins.disable_entry(&ben, "keda").await.unwrap();
    assert_eq!(palette(&ben).await, ["queue"]);
    assert_eq!(plugins.entry(&ben, "keda").await.unwrap().enabled_at, None);
    for id in ["nowhere", "operators"] {
        assert_eq!(code(plugins.enable_entry(&ben, id).await), "plugin.not_found");
        assert_eq!(code(plugins.entry(&ben, id).await), "plugin.not_found");
    }
    // Managing is not for users, choosing not for strangers.
    assert_eq!(code(plugins.plugins(&ben).await), "auth.forbidden");
    assert_eq!(code(plugins.install(&ben, package("x", "1.0.0", &[])).await), "auth.forbidden");
    assert_eq!(code(plugins.remove(&ben, "mq", true).await), "auth.forbidden");
    assert_eq!(code(plugins.list(&Actor::Anonymous).await), "auth.required");
    assert_eq!(code(plugins.enable_entry(&Actor::Anonymous, "mq").await), "auth.required");
}

#[tokio::test]
async fn installs_of_one_id_take_turns_and_one_that_nobody_waits_for_is_whole() {
    let shop = shop(loose()).await;
    let plugins = shop.engine.plugins();
    let installs = (0..8).map(|number| {
        let package = package("mq", &format!("1.0.{number}"), &["queue"]);
        plugins.install(&shop.ana, package)
    });
    let answers = futures::future::join_all(installs).await;
    let mut codes: Vec<_> = answers.into_iter().map(code).collect();
    codes.sort_unstable();
    assert_eq!(codes[..2], ["ok", "plugin.exists"]);
    assert_eq!(codes[1..], ["plugin.exists"; 7]);

    // Dropped at its first, second, … pause: what is stored is what is served, each time.
    for (patience, version) in (2_u64..40).enumerate() {
        let change =
            plugins.upgrade(&shop.ana, "mq", package("mq", &format!("{version}.0.0"), &["queue"]), false);
        let mut change = std::pin::pin!(change);
        for _ in 0..=patience {
            if futures::poll!(&mut change).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let _ = plugins.disable(&shop.ana, "nothing").await;
    let last = plugins.upgrade(&shop.ana, "mq", package("mq", "99.0.0", &["queue"]), false).await.unwrap();
    assert_eq!(last.release.unwrap().version, "99.0.0");
    let stored = plugins.get(&shop.ana, "mq").await.unwrap().release.unwrap().version;
    assert_eq!(shop.engine.plugins().usage()[0].version, stored);
}

#[tokio::test]
async fn metrics_tell_a_quarantine_from_service() {
    let sandbox = Arc::new(Sandbox::new(Types::toys()));
    let store: Arc<dyn Store> = Arc::new(Memory::new(Arc::new(SystemClock)));
    let engine = engine_on(sandbox.clone(), &store, loose(), Downloads::default()).await;
    let ana = account(&engine, "ana@acme.test", None).await;
    let plugins = engine.plugins();
    plugins.install(&ana, package("mq", "1.0.0", &["queue"])).await.unwrap();
    let state = || plugins.states().into_iter().find(|(id, _)| id == "mq").unwrap().1;
    assert_eq!(state(), "serving");
    sandbox.quarantine("mq", true);
    assert_eq!(state(), "quarantined");
    sandbox.quarantine("mq", false);
    assert_eq!(state(), "serving");
    plugins.disable(&ana, "mq").await.unwrap();
    assert_eq!(state(), "disabled");
}

#[tokio::test]
async fn a_directory_serves_what_is_under_development() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(dir.path().join(name), bytes).unwrap();
    write("a.wasm", bytes("mq", "1.0.0", &["queue"]));
    write("b.wasm", b"broken".to_vec());
    write("c.wasm", bytes("mq", "2.0.0", &["topic"]));
    write("notes.txt", b"no plugin".to_vec());
    let policy = Policy { directory: Some(dir.path().to_owned()), ..Policy::default() };
    let shop = shop(policy.clone()).await;
    assert_eq!(
        shop.shown().await,
        [
            "b  failed: the component cannot be used: it is not a WebAssembly component: magic header not detected: \
             bad magic number (byte 0)",
            "c  failed: plugin mq is there already; remove it to serve the file",
            "mq 1.0.0 serving",
        ]
    );
    assert!(shop.serves("queue"));
    let plugins = shop.engine.plugins();
    assert_eq!(code(plugins.remove(&shop.ana, "mq", true).await), "plugin.built_in");
    assert_eq!(
        code(plugins.upgrade(&shop.ana, "mq", package("mq", "9.0.0", &[]), true).await),
        "plugin.built_in"
    );
}

#[tokio::test]
async fn a_remote_component_is_the_one_that_was_pinned() {
    let downloads = Downloads::default();
    let good = bytes("mq", "1.0.0", &["queue"]);
    downloads.put("https://acme.test/mq.wasm", good.clone(), None);
    downloads.put("oci://acme.test/mq:1", good.clone(), None);
    let store: Arc<dyn Store> = Arc::new(Memory::new(Arc::new(SystemClock)));
    let engine = engine(&store, loose(), downloads).await;
    let plugins = engine.plugins();
    let remote = |source: &str| Package::new(Source::Remote(source.into()));
    let digest = "0".repeat(64);
    let wrong = remote("https://acme.test/mq.wasm").sha256(&digest);
    assert_eq!(code(plugins.install(&Actor::System, wrong).await), "plugin.untrusted");
    let view = plugins.install(&Actor::System, remote("oci://acme.test/mq:1")).await.unwrap();
    let release = view.release.unwrap();
    assert_eq!(release.source, "oci://acme.test/mq:1");
    let pinned =
        remote("https://acme.test/mq.wasm").sha256(format!("sha256:{}", release.sha256.to_uppercase()));
    assert_eq!(code(plugins.install(&Actor::System, pinned).await), "ok");
}
