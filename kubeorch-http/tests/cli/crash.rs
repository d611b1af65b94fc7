//! The server is killed at random instants while 64 clients write: nothing that was answered may be missing.
//!
//! `KUBEORCH_KILLS` says how often (200), `KUBEORCH_SEED` from which instants (1). After every kill a copy of the file is
//! opened and verified here, so that the server itself recovers from the crash; every fourth time it is killed again while
//! it does.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use kubeorch_core::id::WorkflowId;
use kubeorch_core::store::{Db, Redb, redb};
use kubeorch_core::time::SystemClock;
use kubeorch_core::workflows::Workflow;
use serde_json::{Value, json};

use super::harness::{Client, Place, Running};

const WRITERS: usize = 64;
/// A kill comes at most so long after the first write of a round.
const ROUND_MILLIS: u64 = 300;
/// A second kill comes at most so long after the start. Half of them come while the store is opened, which is one of the
/// first things that a server does; plugins take most of the rest.
const START_MILLIS: u64 = 600;
const OPENING_MILLIS: u64 = 40;

/// What one client knows: what it was answered, and what it had asked when the server died.
#[derive(Debug, Clone, Copy, Default)]
struct Journal {
    workflow: Option<WorkflowId>,
    /// The revision of the last save that was answered.
    revision: u64,
    answered: usize,
}

struct Crash {
    place: Place,
    token: String,
    random: u64,
    journals: Vec<Journal>,
    opens: Vec<Duration>,
    second_kills: usize,
}

#[test]
fn nothing_answered_is_lost_however_often_the_server_is_killed() {
    let number = |name: &str, default: u64| {
        std::env::var(name)
            .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
    };
    let kills = number("KUBEORCH_KILLS", 200);
    let mut crash = Crash::new(number("KUBEORCH_SEED", 1));
    for round in 0..kills {
        crash.round(round);
    }
    let answered: usize = crash.journals.iter().map(|journal| journal.answered).sum();
    crash.opens.sort_unstable();
    let at = |part: usize| crash.opens[(crash.opens.len() - 1) * part / 100];
    println!(
        "{kills} kills under {WRITERS} writers, {} of them followed by one during recovery: {answered} answered writes, \
         0 lost, 0 faults; reopen p50 {:?}, p99 {:?}, max {:?}",
        crash.second_kills,
        at(50),
        at(99),
        at(100),
    );
    assert!(answered as u64 > kills, "the writers hardly wrote: {answered}");
    assert!(at(99) <= Duration::from_millis(250), "reopening takes {:?}", at(99));
}

impl Crash {
    fn new(seed: u64) -> Self {
        let place = Place::new();
        let (server, address) = serve(&place);
        let account = json!({ "name": "Ada", "email": "ada@example.org", "password": "correct horse" });
        let (status, body) =
            Client::new(&address, "").send("POST", "/v1/api/auth/register", &account).unwrap();
        assert_eq!(status, 201, "{body}");
        let token = body["token"].as_str().unwrap().to_owned();
        server.kill();
        let journals = vec![Journal::default(); WRITERS];
        Self { place, token, random: seed | 1, journals, opens: Vec::new(), second_kills: 0 }
    }

    /// A number below `limit`; the same for the same seed.
    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % limit
    }

    fn round(&mut self, round: u64) {
        if round % 4 == 3 {
            self.second_kills += 1;
            let starting = self.place.start(&SERVE);
            let limit = if round % 8 == 3 { OPENING_MILLIS } else { START_MILLIS };
            thread::sleep(Duration::from_millis(self.below(limit)));
            starting.kill();
            self.verify(round);
        }
        let (server, address) = serve(&self.place);
        let life = Duration::from_millis(self.below(ROUND_MILLIS));
        let dead = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = std::mem::take(&mut self.journals)
            .into_iter()
            .map(|journal| {
                let (dead, client) = (Arc::clone(&dead), Client::new(&address, &self.token));
                thread::spawn(move || write(client, journal, &dead))
            })
            .collect();
        thread::sleep(life);
        server.kill();
        dead.store(true, SeqCst);
        self.journals = clients.into_iter().map(|client| client.join().unwrap()).collect();
        self.verify(round);
    }

    /// Opens a copy, so that the original still needs its recovery.
    fn verify(&mut self, round: u64) {
        let copy = self.place.path("copy.redb");
        fs::copy(self.file(), &copy).unwrap();
        let before = Instant::now();
        let store = Redb::open(&copy, redb::Options::default(), Arc::new(SystemClock))
            .unwrap_or_else(|error| panic!("kill {round}: {error}"));
        self.opens.push(before.elapsed());
        let db = Db::new(Arc::new(store), Arc::new(SystemClock));
        let faults = db.verify(&kubeorch_core::schema()).unwrap();
        assert!(faults.is_empty(), "kill {round}: {faults:?}");
        for journal in &self.journals {
            let Some(id) = journal.workflow else { continue };
            let workflow: Option<Workflow> = db.read(|reader| reader.get(&id)).unwrap();
            let workflow = workflow.unwrap_or_else(|| panic!("kill {round}: workflow {id} is lost"));
            // One more save may have been on its way.
            let kept = journal.revision..=journal.revision + 1;
            assert!(kept.contains(&workflow.revision), "kill {round}: {} of {journal:?}", workflow.revision);
        }
        drop(db);
        fs::remove_file(copy).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.place.path("data/kubeorch.redb")
    }
}

const SERVE: [&str; 7] = ["serve", "--dev", "--simulator", "--data-dir", "data", "--listen", "127.0.0.1:0"];

fn serve(place: &Place) -> (Running, String) {
    let mut server = place.start(&SERVE);
    let address = server.line().trim().to_owned();
    assert!(!address.is_empty(), "the server does not start:\n{}", server.end().stderr);
    (server, address)
}

/// Makes a workflow once, checks what the server still knows of it, then saves until the server is gone.
fn write(mut client: Client, mut journal: Journal, dead: &AtomicBool) -> Journal {
    while !dead.load(SeqCst) {
        let Some(id) = journal.workflow else {
            let new = json!({ "name": "crash", "cluster_id": "simulator" });
            let Ok((status, body)) = client.send("POST", "/v1/api/workflows", &new) else { break };
            assert_eq!(status, 201, "{body}");
            journal.workflow = Some(body["id"].as_str().unwrap().parse().unwrap());
            journal.revision = 1;
            journal.answered += 1;
            continue;
        };
        let Ok((status, body)) = client.send("GET", &format!("/v1/api/workflows/{id}"), &Value::Null) else {
            break;
        };
        assert_eq!(status, 200, "{body}");
        let now = revision(&body);
        assert!((journal.revision..=journal.revision + 1).contains(&now), "{now} of {journal:?}");
        journal.revision = now;
        let data =
            json!({ "name": "settings", "namespace": "crash", "data": { "revision": now.to_string() } });
        let save = json!({ "nodes": [{ "id": "n", "type": "configmap", "data": data }], "edges": [], "revision": now });
        let path = format!("/v1/api/workflows/{id}/save");
        let Ok((status, body)) = client.send("POST", &path, &save) else { break };
        assert_eq!(status, 200, "{body}");
        journal.revision = revision(&body["workflow"]);
        journal.answered += 1;
    }
    journal
}

fn revision(workflow: &Value) -> u64 {
    workflow["revision"].as_u64().unwrap_or_else(|| panic!("no revision in {workflow}"))
}
