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

#[test]
fn what_fails_is_named_and_nothing_else_is_blamed() {
    let place = Place::new();
    let (server, _) = serve(&place, &SERVE);
    let other = SERVE.map(|word| if word == "data" { "other" } else { word });
    serve(&place, &other).0.kill();
    assert_eq!(place.run(&["backup", "b", "--data-dir", "other"]).code, 0);
    place.file("file", "");
    // A backup of another store, and a destination that cannot be: asked of a server, and without one.
    let based = ["backup", "c", "--base", "b", "--data-dir", "data"];
    let nowhere = ["backup", "file/c", "--data-dir", "data"];
    let cases = [
        (&based[..], 7, "it is of the store", "take a full one"),
        (&nowhere, 1, "cannot be written", "another place"),
    ];
    let check = || {
        for (args, code, says, hint) in cases {
            let refused = place.run(args);
            assert_eq!(refused.code, code, "{args:?}: {}", refused.stderr);
            let told = refused.stderr.contains(says) && refused.stderr.contains(hint);
            assert!(told && !refused.stderr.contains("Restore a backup"), "{args:?}: {}", refused.stderr);
            assert!(!place.path("c").exists());
        }
    };
    check();
    server.kill();
    check();
    let huge = place.run(&[&SERVE[..], &["--store-reserve", "9999999GiB"]].concat());
    assert_eq!((huge.code, huge.stderr.contains("--store-reserve")), (2, true), "{}", huge.stderr);
}

#[test]
fn what_retention_no_longer_keeps_goes_when_it_is_asked_for() {
    let place = Place::new();
    let (server, address) = serve(&place, &SERVE);
    let account = json!({ "name": "Ada", "email": "ada@example.org", "password": "correct horse" });
    let (_, body) = Client::new(&address, "").send("POST", "/v1/api/auth/register", &account).unwrap();
    let mut client = Client::new(&address, body["token"].as_str().unwrap());
    for name in ["first", "second", "third"] {
        workflow(&mut client, name);
    }
    let asked = place.run(&["retain", "--data-dir", "data"]);
    assert_eq!(asked.code, 0, "{}", asked.stderr);
    assert!(
        asked.stdout.starts_with("Removed 0 versions") && asked.stderr.contains("A server has"),
        "{asked:?}"
    );
    server.signal("TERM");
    assert_eq!(server.end().code, 0);

    let file = place.file("kubeorch.toml", "retention.events = 1\n");
    let alone = ["retain", "--data-dir", "data", "--config", file.to_str().unwrap(), "--output", "json"];
    for removes in [true, false] {
        let removed = place.run(&alone);
        assert_eq!(removed.code, 0, "{}", removed.stderr);
        let report: Value = serde_json::from_str(&removed.stdout).unwrap();
        assert_eq!(report["events"].as_u64().unwrap() > 0, removes, "{report}");
    }
    assert_eq!(place.run(&["verify", "--data-dir", "data"]).code, 0);
    let nothing = place.run(&["retain", "--data-dir", "nowhere"]);
    assert_eq!((nothing.code, nothing.stderr.contains("there is no store")), (7, true), "{}", nothing.stderr);
}
