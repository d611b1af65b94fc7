//! Backups, restoring and checking, beside a running server and without one.

use serde_json::{Value, json};

use super::harness::{Client, Place, Running};

const SERVE: [&str; 7] = ["serve", "--dev", "--simulator", "--data-dir", "data", "--listen", "127.0.0.1:0"];

fn serve(place: &Place, args: &[&str]) -> (Running, String) {
    let mut server = place.start(args);
    let address = server.line().trim().to_owned();
    (server, address)
}

fn workflow(client: &mut Client, name: &str) -> String {
    let new = json!({ "name": name, "cluster_id": "simulator" });
    let (status, body) = client.send("POST", "/v1/api/workflows", &new).unwrap();
    assert_eq!(status, 201, "{body}");
    body["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_running_server_is_backed_up_and_another_one_goes_on_from_there() {
    let place = Place::new();
    let (server, address) = serve(&place, &SERVE);
    let account = json!({ "name": "Ada", "email": "ada@example.org", "password": "correct horse" });
    let (_, body) = Client::new(&address, "").send("POST", "/v1/api/auth/register", &account).unwrap();
    let mut client = Client::new(&address, body["token"].as_str().unwrap());
    let first = workflow(&mut client, "first");

    let full = place.run(&["backup", "full", "--data-dir", "data"]);
    assert_eq!(full.code, 0, "{}", full.stderr);
    assert!(full.stdout.starts_with("Backed up ") && full.stdout.contains("--base full"), "{}", full.stdout);
    assert!(full.stderr.contains("A server has the store open"), "{}", full.stderr);

    let second = workflow(&mut client, "second");
    let changes = ["backup", "changes", "--base", "full", "--data-dir", "data", "--output", "json"];
    let changes = place.run(&changes);
    assert_eq!(changes.code, 0, "{}", changes.stderr);
    let manifest: Value = serde_json::from_str(&changes.stdout).unwrap();
    assert_eq!(manifest["rows"]["workflows"], 1, "only what changed: {manifest}");

    let verified = place.run(&["verify", "--data-dir", "data"]);
    assert_eq!((verified.code, verified.stdout.starts_with("Nothing is wrong")), (0, true), "{verified:?}");
    for (args, hint) in [
        (&["compact", "--data-dir", "data"][..], "Stop the server"),
        (&["restore", "full", "--data-dir", "data", "--force"], "Stop the server"),
        (&["restore", "full", "--data-dir", "data"], "--force"),
    ] {
        let refused = place.run(args);
        assert_eq!(refused.code, 7, "{args:?}");
        assert!(refused.stderr.contains(hint), "{args:?}: {}", refused.stderr);
    }
    server.signal("TERM");
    assert_eq!(server.end().code, 0);
    assert!(!place.path("data/control.sock").exists(), "the socket goes with the server");

    let restored = place.run(&["restore", "full", "changes", "--data-dir", "other"]);
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    assert!(restored.stderr.contains("no encryption key"), "{}", restored.stderr);
    std::fs::copy(place.path("data/key"), place.path("other/key")).unwrap();
    let args = SERVE.map(|word| if word == "data" { "other" } else { word });
    let (server, address) = serve(&place, &args);
    let login = json!({ "email": "ada@example.org", "password": "correct horse" });
    let (_, body) = Client::new(&address, "").send("POST", "/v1/api/auth/login", &login).unwrap();
    let mut client = Client::new(&address, body["token"].as_str().unwrap());
    for id in [first, second] {
        let (status, body) = client.send("GET", &format!("/v1/api/workflows/{id}"), &Value::Null).unwrap();
        assert_eq!(status, 200, "{body}");
    }
    server.kill();
}

#[test]
fn without_a_server_the_file_itself_is_worked_on() {
    let place = Place::new();
    for args in [&["backup", "b"][..], &["verify"], &["compact"]] {
        let nothing = place.run(&[args, &["--data-dir", "data"]].concat());
        assert_eq!(nothing.code, 7, "{args:?}");
        assert!(nothing.stderr.contains("there is no store in data"), "{}", nothing.stderr);
    }
    let (server, _) = serve(&place, &SERVE);
    server.kill();
    let backup = place.run(&["backup", "b", "--data-dir", "data", "--rate", "0"]);
    assert_eq!(backup.code, 0, "{}", backup.stderr);
    let again = place.run(&["backup", "b", "--data-dir", "data"]);
    assert_eq!((again.code, again.stderr.contains("is there already")), (2, true), "{}", again.stderr);
    let compacted = place.run(&["compact", "--data-dir", "data"]);
    assert!(compacted.code == 0 && compacted.stdout.starts_with("Compacted from "), "{compacted:?}");
    assert_eq!(place.run(&["verify", "b"]).code, 0);

    let file = place.path("b/store");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    for args in [&["verify", "b"][..], &["restore", "b", "--data-dir", "other"]] {
        let refused = place.run(args);
        assert_eq!(refused.code, 7, "{args:?}");
        assert!(refused.stderr.contains("not as it was written"), "{}", refused.stderr);
    }
    assert!(!place.path("other/kubeorch.redb").exists());
    let damaged = place.path("data/kubeorch.redb");
    std::fs::write(&damaged, "Dear diary").unwrap();
    assert_eq!(place.run(&["verify", "--data-dir", "data"]).code, 7);
}
