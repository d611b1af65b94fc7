//! Exports and imports, and the socket over which a running server is asked for them.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use serde_json::{Value, json};

use super::harness::{Client, Ended, Place, Running, with_stdin};

const SERVE: [&str; 7] = ["serve", "--dev", "--simulator", "--data-dir", "data", "--listen", "127.0.0.1:0"];

/// A server with one account and one workflow.
fn server(place: &Place) -> (Running, String) {
    let mut server = place.start(&SERVE);
    let address = server.line().trim().to_owned();
    let account = json!({ "name": "Ada", "email": "ada@example.org", "password": "correct horse" });
    let (_, body) = Client::new(&address, "").send("POST", "/v1/api/auth/register", &account).unwrap();
    let mut client = Client::new(&address, body["token"].as_str().unwrap());
    let new = json!({ "name": "shop", "cluster_id": "simulator" });
    assert_eq!(client.send("POST", "/v1/api/workflows", &new).unwrap().0, 201);
    (server, address)
}

fn ok(ended: Ended) -> Ended {
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended
}

/// All lines but the first, which holds the time, and the last, whose sum covers the first.
fn content(export: &str) -> Vec<&str> {
    let lines: Vec<_> = export.lines().collect();
    lines[1..lines.len() - 1].to_vec()
}

#[test]
fn an_export_moves_a_server_to_another_directory() {
    let place = Place::new();
    let (running, _) = server(&place);
    let told = ok(place.run(&["export", "all.jsonl", "--data-dir", "data"]));
    assert!(
        told.stdout.starts_with("Exported ") && told.stderr.contains("A server has the store open"),
        "{told:?}"
    );
    let streamed = ok(place.run(&["export", "--data-dir", "data"]));
    assert!(streamed.stderr.contains("Exported "), "what is no data goes to stderr: {}", streamed.stderr);
    running.signal("TERM");
    assert_eq!(running.end().code, 0);

    let alone = ok(place.run(&["export", "-", "--data-dir", "data"]));
    let file = std::fs::read_to_string(place.path("all.jsonl")).unwrap();
    assert_eq!(content(&file), content(&streamed.stdout));
    for table in ["users", "workflows"] {
        assert!(alone.stdout.contains(&format!("\"table\":\"{table}\"")), "{table} is missing");
    }
    let again = place.run(&["export", "all.jsonl", "--data-dir", "data"]);
    assert_eq!((again.code, again.stderr.contains("is there already")), (2, true), "{}", again.stderr);

    let imported = ok(with_stdin(place.command(&["import", "-", "--data-dir", "other"]), &file));
    assert!(
        imported.stdout.starts_with("Imported ") && imported.stderr.contains("no encryption key"),
        "{imported:?}"
    );
    let refused = place.run(&["import", "all.jsonl", "--data-dir", "other"]);
    assert_eq!((refused.code, refused.stderr.contains("--force")), (7, true), "{}", refused.stderr);
    std::fs::copy(place.path("data/key"), place.path("other/key")).unwrap();
    let json = ok(place.run(&["import", "all.jsonl", "--data-dir", "other", "--force", "-o", "json"]));
    assert!(
        serde_json::from_str::<Value>(&json.stdout).unwrap()["rows"].as_u64() > Some(3),
        "{}",
        json.stdout
    );
    let (server, address) = {
        let mut server = place.start(&SERVE.map(|word| if word == "data" { "other" } else { word }));
        let address = server.line().trim().to_owned();
        (server, address)
    };
    let login = json!({ "email": "ada@example.org", "password": "correct horse" });
    let (status, body) = Client::new(&address, "").send("POST", "/v1/api/auth/login", &login).unwrap();
    assert_eq!(status, 200, "{body}");
    server.kill();
}

#[test]
fn a_bad_export_leaves_the_directory_as_it_was() {
    let place = Place::new();
    let (running, _) = server(&place);
    running.kill();
    ok(place.run(&["export", "all.jsonl", "--data-dir", "data"]));
    let whole = std::fs::read_to_string(place.path("all.jsonl")).unwrap();
    let cut = &whole[..whole.len() / 2];
    let changed = whole.replace("ada@example.org", "eve@example.org");
    for (name, text, says) in [
        ("empty", "", "cut short after line 0"),
        ("cut", cut, "cut short after line"),
        ("changed", &changed, "changed after it was written"),
        ("letter", "Dear diary\n", "line 1: it does not begin an export"),
    ] {
        let file = place.file(name, text);
        let refused = place.run(&["import", file.to_str().unwrap(), "--data-dir", "other"]);
        assert_eq!(refused.code, 7, "{name}: {refused:?}");
        assert!(refused.stderr.contains(says), "{name}: {}", refused.stderr);
        assert_eq!(std::fs::read_dir(place.path("other")).unwrap().count(), 0, "{name}");
    }
    let missing = place.run(&["import", "nowhere", "--data-dir", "other"]);
    assert_eq!(missing.code, 2, "{}", missing.stderr);
}

#[test]
fn an_export_that_nobody_reads_to_its_end_says_so() {
    let place = Place::new();
    let (running, _) = server(&place);
    let leave = || {
        let mut command = place.command(&["export", "--data-dir", "data"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), said.contains("went away before its end")),
            (Some(1), true),
            "{said}"
        );
    };
    leave();
    running.signal("TERM");
    assert_eq!(running.end().code, 0);
    leave();
}

#[test]
fn the_server_does_one_thing_at_a_time_and_stops_when_its_client_leaves() {
    let place = Place::new();
    let (running, _) = server(&place);
    let socket = place.path("data/control.sock");
    let mut first = UnixStream::connect(&socket).unwrap();
    let request = json!({"command": "backup", "destination": place.path("slow"), "base": null, "rate": 1});
    writeln!(first, "{request}").unwrap();
    let busy = loop {
        let second = place.run(&["verify", "--data-dir", "data"]);
        if second.code != 0 {
            break second;
        }
    };
    assert_eq!((busy.code, busy.stderr.contains("Try again when it is done")), (7, true), "{}", busy.stderr);
    drop(first);
    let freed = (0..500).any(|_| place.run(&["verify", "--data-dir", "data"]).code == 0);
    assert!(freed, "the backup of a client that left goes on");
    assert!(!place.path("slow").exists());

    let answer = |request: &str| {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    };
    assert!(answer("{\"command\":\"dance\"}\n").contains("does not know this"));
    assert!(answer("\n").contains("does not know this"));
    running.kill();
}

#[test]
fn an_export_to_a_full_disk_ends_alike_with_and_without_a_server() {
    let place = Place::new();
    let (running, _) = server(&place);
    let export = || {
        let mut command = place.command(&["export", "--data-dir", "data"]);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("the export cannot be written") && said.contains("Free space there"), "{said}");
    };
    export();
    running.kill();
    export();
}
