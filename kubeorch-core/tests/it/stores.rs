//! Files of released versions: each opens, verifies, is brought to today's schemas and shows its content.
//!
//! `tests/stores/README.md` says how they were made.

use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use kubeorch_core::actor::Actor;
use kubeorch_core::engine::Builder;
use kubeorch_core::kube::fake::Fake;
use kubeorch_core::page::Page;
use kubeorch_core::plugin::fake::Types;
use kubeorch_core::runs::Status;
use kubeorch_core::secret::Secret;
use kubeorch_core::store::redb::Options;
use kubeorch_core::store::{Batch, Db, Key, Memory, Redb, Rewritten, Store, Table, Write};
use kubeorch_core::time::SystemClock;
use kubeorch_core::{Engine, schema};

/// The encryption key of all files.
const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn unpack(name: &str, folder: &Path) -> Arc<Redb> {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores").join(name);
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(packed).unwrap()).read_to_end(&mut bytes).unwrap();
    let path = folder.join("kubeorch.redb");
    fs::write(&path, bytes).unwrap();
    Arc::new(Redb::open(path, Options::default(), Arc::new(SystemClock)).unwrap())
}

fn builder(store: Arc<dyn Store>) -> Builder {
    let builder = Engine::builder().store(store).plugins(Arc::new(Types::toys()));
    builder.encryption_key(Secret::new(KEY)).cluster("simulator", Arc::new(Fake::new()))
}

async fn engine(store: Arc<Redb>) -> (Engine, Actor) {
    let engine = builder(store).build().await.unwrap();
    let session = engine.users().login("ana@acme.test", Secret::new("password123")).await.unwrap();
    let actor = engine.users().authenticate(&session.token).await.unwrap();
    (engine, actor)
}

#[tokio::test]
async fn released_stores_open_and_show_their_content() {
    for (file, broken) in
        [("0.1.0.redb.gz", &[][..]), ("0.1.0-killed.redb.gz", &[(2_u64, Status::Failed)][..])]
    {
        let folder = tempfile::tempdir().unwrap();
        let store = unpack(file, folder.path());
        let db = Db::new(store.clone(), Arc::new(SystemClock));
        assert_eq!(db.verify(&schema()).unwrap(), [], "{file}");
        let done = db.rewrite(&schema(), |_| ControlFlow::Continue(())).await.unwrap();
        assert!(matches!(done, Rewritten::All(done) if done.skipped == 0), "{done:?}");
        assert_eq!(db.verify(&schema()).unwrap(), [], "{file}, rewritten");

        let mut text = Vec::new();
        let exported = db.export(&schema(), &mut text).unwrap();
        let copy = Db::new(Arc::new(Memory::new(Arc::new(SystemClock))), Arc::new(SystemClock));
        let imported = copy.import(&schema(), text.as_slice()).await.unwrap();
        assert_eq!((imported.rows, imported.events), (exported.rows, exported.events), "{file}, exported");

        let (engine, ana) = engine(store).await;
        assert_eq!(engine.users().profile(&ana).await.unwrap().name, "Ana A.");
        let workflows = engine.workflows().list(&ana).await.unwrap();
        let mut names: Vec<_> = workflows.iter().map(|it| it.workflow.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["broken", "shop", "shop copy"], "{file}: not the deleted one");
        for full in &workflows {
            let (runs, versions) = match full.workflow.name.as_str() {
                "shop" => (&[(4_u64, Status::Completed), (3, Status::Completed)][..], &[5, 4, 3, 2, 1][..]),
                "broken" if !broken.is_empty() => (broken, &[2, 1][..]),
                _ => (&[][..], &[1][..]),
            };
            let id = full.workflow.id;
            let found = engine.runs().list(&ana, id, 9).await.unwrap();
            assert_eq!(found.iter().map(|run| (run.version, run.status)).collect::<Vec<_>>(), runs, "{file}");
            assert!(found.iter().all(|run| !run.nodes.is_empty() && !run.logs.is_empty()));
            let found = engine.workflows().versions(&ana, id, Page::new(0, 9)).await.unwrap();
            assert_eq!(found.items.iter().map(|it| it.version.seq).collect::<Vec<_>>(), versions, "{file}");
            for version in found.items {
                assert_eq!(version.graph.snapshot_hash(), version.version.content);
                assert_eq!(version.graph.nodes.len(), version.version.node_count);
            }
        }
        engine.shutdown().await;
        assert_eq!(engine.store().verify(&schema()).unwrap(), [], "{file}, used");
    }
}

#[tokio::test]
async fn an_engine_leaves_stores_alone_that_are_not_for_it() {
    let rewritten = br#".{"table":"workflows","schema":9,"after":null,"done":false}"#;
    let cases: [(&str, Vec<u8>, &[u8], &str); 2] = [
        ("_rewrites", "workflows".to_bytes(), rewritten, "store.newer"),
        ("_imports", ().to_bytes(), br#".{"started":0}"#, "store.damaged"),
    ];
    for (table, key, json, code) in cases {
        let store: Arc<dyn Store> = Arc::new(Memory::new(Arc::new(SystemClock)));
        let mut value = json.to_vec();
        value[0] = 1;
        let writes = vec![Write { table: Table(table), key, value: Some(value) }];
        store.commit(Batch { writes, ..Batch::default() }).await.unwrap();
        let refused = builder(store).build().await.err().map(|error| error.code().name);
        assert_eq!(refused, Some(code), "{table}");
    }
}
