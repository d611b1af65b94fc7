//! The server is killed at random instants of a run against a cluster in another process: the next one ends the run.
//!
//! `KUBEORCH_RUN_KILLS` says how often (20), `KUBEORCH_SEED` from which instants (1). Every round changes every deployment
//! once, so its generation tells how often something else was applied than before.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Client, Place, Running, get};

/// Deployments; with the configuration that each of them needs and the service that leads to it.
const APPS: usize = 8;
/// How long a server may take to go on with a run once it answers. A debug build shares its machine with other tests.
const GOES_ON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });
/// A run ends well before.
const LIMIT: Duration = Duration::from_mins(1);

struct Kills {
    place: Place,
    simulator: String,
    token: String,
    workflow: String,
    random: u64,
    /// How long a run takes that nobody disturbs: a kill comes at most so long after one was asked for.
    span: Duration,
    /// From the answer to a start of the server to the sign that the run goes on.
    resumed: Vec<Duration>,
}

#[test]
fn a_run_goes_on_however_often_the_server_is_killed() {
    let number = |name: &str, default: u64| {
        std::env::var(name)
            .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
    };
    let kills = number("KUBEORCH_RUN_KILLS", 20);
    let place = Place::new();
    let kubeconfig = place.path("sim.kubeconfig");
    let path = kubeconfig.to_str().unwrap().to_owned();
    let mut cluster = place.start(&[
        "simulator",
        "--listen",
        "127.0.0.1:0",
        "--latency",
        "2ms",
        "--write-kubeconfig",
        &path,
    ]);
    let simulator = cluster.line().trim().to_owned();
    let mut test = Kills {
        place,
        simulator,
        token: String::new(),
        workflow: String::new(),
        random: number("KUBEORCH_SEED", 1) | 1,
        span: Duration::ZERO,
        resumed: Vec::new(),
    };
    test.prepare(&std::fs::read_to_string(kubeconfig).unwrap());
    for round in 1..=kills {
        test.round(round);
    }
    test.resumed.sort_unstable();
    let at = |part: usize| test.resumed.get((test.resumed.len().saturating_sub(1)) * part / 100).copied();
    println!(
        "{kills} kills, {} in the middle of a run; goes on after p50 {:?}, p99 {:?}; every object as wanted, none \
         applied with anything else",
        test.resumed.len(),
        at(50).unwrap_or_default(),
        at(99).unwrap_or_default(),
    );
    assert!(test.resumed.len() as u64 * 4 >= kills, "hardly a kill met a run");
    assert!(at(50).unwrap_or_default() <= GOES_ON, "{:?}", test.resumed);
}

impl Kills {
    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % limit
    }

    fn serve(&self) -> (Running, String) {
        // Nobody reads its log: a line a request would fill the pipe.
        let args =
            ["serve", "--dev", "--data-dir", "data", "--listen", "127.0.0.1:0", "--log-level", "error"];
        let mut server = self.place.start(&args);
        let address = server.line().trim().to_owned();
        assert!(!address.is_empty(), "the server does not start:\n{}", server.end().stderr);
        (server, address)
    }

    fn prepare(&mut self, kubeconfig: &str) {
        let (server, address) = self.serve();
        let account = json!({ "name": "Ada", "email": "ada@example.org", "password": "correct horse" });
        let (status, body) =
            Client::new(&address, "").send("POST", "/v1/api/auth/register", &account).unwrap();
        assert_eq!(status, 201, "{body}");
        body["token"].as_str().unwrap().clone_into(&mut self.token);
        let mut client = Client::new(&address, &self.token);
        let cluster =
            json!({ "name": "sim", "authType": "kubeconfig", "credentials": { "kubeconfig": kubeconfig } });
        let (status, body) = client.send("POST", "/v1/api/clusters", &cluster).unwrap();
        assert!(status < 300, "{status} {body}");
        let new = json!({ "name": "kills", "cluster_id": "sim" });
        let (status, body) = client.send("POST", "/v1/api/workflows", &new).unwrap();
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().unwrap().clone_into(&mut self.workflow);
        self.save(&mut client, 0);
        let publish = json!({ "status": "published" });
        let (status, body) = client.send("PUT", &self.path("/status"), &publish).unwrap();
        assert!(status < 300, "{status} {body}");
        let started = Instant::now();
        let (status, body) = client.send("POST", &self.path("/run"), &Value::Null).unwrap();
        assert_eq!((status, &body["status"]), (200, &json!("completed")), "{body}");
        self.span = started.elapsed();
        server.kill();
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/api/workflows/{}{rest}", self.workflow)
    }

    /// Other replicas than in the round before, and other settings than ever.
    fn save(&self, client: &mut Client, round: u64) {
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        for at in 0..APPS {
            let (name, settings) = (format!("app{at}"), format!("settings{at}"));
            let data =
                json!({ "name": settings, "namespace": "kills", "data": { "round": round.to_string() } });
            nodes.push(json!({ "id": settings, "type": "configmap", "data": data }));
            let data = json!({ "name": name, "namespace": "kills", "image": "nginx:1.27", "port": 80,
                "replicas": 1 + round % 2 });
            nodes.push(json!({ "id": name, "type": "deployment", "data": data }));
            let data = json!({ "name": name, "namespace": "kills", "port": 80 });
            nodes.push(json!({ "id": format!("door{at}"), "type": "service", "data": data }));
            for source in [settings, format!("door{at}")] {
                edges.push(json!({ "id": format!("{source}-{name}"), "source": source, "target": name }));
            }
        }
        let (status, body) =
            client.send("POST", &self.path("/save"), &json!({ "nodes": nodes, "edges": edges })).unwrap();
        assert_eq!(status, 200, "{body}");
    }

    fn round(&mut self, round: u64) {
        let (server, address) = self.serve();
        let mut client = Client::new(&address, &self.token);
        self.save(&mut client, round);
        let before = self.newest(&mut client);
        let (path, token) = (self.path("/run"), self.token.clone());
        let asked = thread::spawn(move || {
            // Nobody answers any more once the server is killed.
            let _ = Client::new(&address, &token).send("POST", &path, &Value::Null);
        });
        let span = u64::try_from(self.span.as_millis()).unwrap().max(1);
        thread::sleep(Duration::from_millis(self.below(span)));
        server.kill();
        asked.join().unwrap();

        let (server, address) = self.serve();
        let started = Instant::now();
        let mut client = Client::new(&address, &self.token);
        let run = self.newest(&mut client);
        if run["id"] == before["id"] {
            // It was killed before the run was stored.
            let (status, body) = client.send("POST", &self.path("/run"), &Value::Null).unwrap();
            assert_eq!(status, 200, "round {round}: {body}");
        } else if run["status"] == "running" {
            self.wait(&mut client, round, |run| {
                let goes_on = |line: &Value| line.as_str().is_some_and(|line| line.contains("goes on: "));
                run["status"] != "running" || run["logs"].as_array().unwrap().iter().any(goes_on)
            });
            self.resumed.push(started.elapsed());
        }
        let run = self.wait(&mut client, round, |run| run["status"] != "running");
        assert_eq!(run["status"], "completed", "round {round}: {run:#}");
        self.look(round);
        server.kill();
    }

    fn newest(&self, client: &mut Client) -> Value {
        let (status, body) = client.send("GET", &self.path("/runs?limit=1"), &Value::Null).unwrap();
        assert_eq!(status, 200, "{body}");
        body["runs"][0].clone()
    }

    fn wait(&self, client: &mut Client, round: u64, wanted: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let run = self.newest(client);
            if wanted(&run) {
                return run;
            }
            assert!(started.elapsed() < LIMIT, "round {round}: {run:#}");
        }
    }

    /// Everything is as the round wants it, and nothing else was applied since the round before.
    fn look(&self, round: u64) {
        for at in 0..APPS {
            let settings = self.object(&format!("/api/v1/namespaces/kills/configmaps/settings{at}"));
            assert_eq!(settings["data"]["round"], round.to_string(), "round {round}: {settings:#}");
            let app = self.object(&format!("/apis/apps/v1/namespaces/kills/deployments/app{at}"));
            assert_eq!(app["spec"]["replicas"], 1 + round % 2, "round {round}");
            assert_eq!(app["metadata"]["generation"], round + 1, "round {round}: {app:#}");
            let door = self.object(&format!("/api/v1/namespaces/kills/services/app{at}"));
            assert_eq!(door["metadata"]["name"], format!("app{at}"), "round {round}");
        }
    }

    fn object(&self, path: &str) -> Value {
        let answer = get(&self.simulator, path);
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        serde_json::from_str(&body[body.find('{').unwrap_or(0)..=body.rfind('}').unwrap_or(0)])
            .unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}
