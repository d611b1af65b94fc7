//! What is refused before anything happens: exit code, and everything that is wrong.

use crate::harness::{Ended, Place, with_stdin};

#[track_caller]
fn check(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, code, "{ended:#?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "{part:?} is not in\n{}", ended.stderr);
    }
}

/// One file with a mistake of every kind.
const BAD: &str = "
name: bad
nodes:
  - {id: odd, type: teapot, data: {name: odd}}
  - {id: no-image, type: deployment, data: {name: no-image}}
  - {id: quantity, type: deployment, data: {name: quantity, image: nginx, resources: {requests: {memory: 12 apples}}}}
  - {id: twin-a, type: configmap, data: {name: twin, data: {a: b}}}
  - {id: twin-b, type: configmap, data: {name: twin, data: {a: b}}}
  - {id: password, type: secret, data: {name: password, keys: [{name: PASSWORD}]}}
  - {id: app, type: deployment, data: {name: app, image: nginx}, colour: red}
edges:
  - {source: app, target: nowhere}
  - {source: app, target: app}
  - {source: password, target: app}
replicas: 3
";

#[test]
fn everything_that_is_wrong_with_a_file_is_said_at_once() {
    let place = Place::new();
    let path = place.file("bad.yaml", BAD);
    for verb in ["up", "plan"] {
        let ended = place.run(&[verb, path.to_str().unwrap()]);
        check(
            &ended,
            3,
            &[
                "file replicas: a workflow file has no member `replicas`",
                "app colour: a node has no member `colour`",
                "odd",
                "teapot",
                "no-image image: ",
                "quantity resources.requests.memory: ",
                "twin",
                "nowhere",
                "nothing was applied",
            ],
        );
        assert_eq!(ended.stdout, "", "{verb}");
    }
}

#[test]
fn a_secret_without_a_value_is_refused_and_a_given_one_never_shown() {
    let place = Place::new();
    let text = "name: s\nnodes:\n- {id: pw, type: secret, data: {name: pw, keys: [{name: PASSWORD}]}}\n\
                - {id: app, type: deployment, data: {name: app, image: nginx}}\nedges: [pw -> app]\n";
    let path = place.file("s.yaml", text);
    let path = path.to_str().unwrap();
    check(&place.run(&["up", path]), 3, &["pw keys: ", "PASSWORD"]);
    let mut command =
        place.command(&["up", path, "-vv", "-o", "json", "--secret-from-env", "pw.PASSWORD=SECRET"]);
    command.env("SECRET", "hunter2-canary");
    let ended = crate::harness::ended(command);
    assert_eq!(ended.code, 0, "{ended:#?}");
    let all = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!all.contains("hunter2-canary") && !all.contains("aHVudGVyMi1jYW5hcnk"), "{all}");
    check(&place.run(&["up", path, "--set-secret", "pw=x"]), 2, &["--set-secret takes NODE.KEY=VALUE"]);
    check(&place.run(&["up", path, "--set-secret", "nobody.KEY=x"]), 3, &["nobody.KEY"]);
    check(&place.run(&["up", path, "--secret-from-env", "pw.PASSWORD=ABSENT"]), 2, &["ABSENT"]);
}

#[test]
fn files_that_are_no_workflows() {
    let place = Place::new();
    for (text, part) in [
        ("", "there is nothing in it"),
        ("- a\n", "must be a map"),
        ("name: [\n", "line"),
        ("name: a\nname: b\nnodes: []\n", "duplicate mapping key"),
        ("kind: Deployment\napiVersion: apps/v1\n", "no member `kind`"),
    ] {
        let path = place.file("x.yaml", text);
        check(&place.run(&["plan", path.to_str().unwrap()]), 3, &[part, "x.yaml has "]);
        check(&with_stdin(place.command(&["plan", "-"]), text), 3, &[part, "stdin has "]);
    }
    check(&place.run(&["plan", "absent.yaml"]), 2, &["absent.yaml cannot be read"]);
    std::fs::write(place.path("binary"), [0xff, 0xfe, 0x00]).unwrap();
    check(&place.run(&["plan", "binary"]), 2, &["binary is not UTF-8 text"]);
}

#[test]
fn a_failure_is_a_document_too() {
    let place = Place::new();
    let path = place.file("x.yaml", "name: x\nnodes: [{id: a}]\n");
    let ended = place.run(&["plan", path.to_str().unwrap(), "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, &json["error"]["exitCode"]), (3, &3.into()), "{json}");
    assert_eq!(json["error"]["findings"][0]["node"], "a");
}

#[test]
fn wrong_flags_and_clusters() {
    let place = Place::new();
    let path = place.file("x.yaml", "name: x\nnodes: []\n");
    let path = path.to_str().unwrap();
    check(&place.run(&["plan"]), 2, &["<FILE>"]);
    check(&place.run(&["deploy", path]), 2, &["deploy"]);
    check(&place.run(&["up", path, "--timeout", "soon"]), 2, &["90s"]);
    check(&place.run(&["plan", path, "--context", "nobody"]), 6, &[]);
    check(&place.run(&["plan", path, "--kubeconfig", "absent"]), 6, &["absent"]);
    let closed = place.file(
        "closed.kubeconfig",
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n\
         users: [{name: c, user: {}}]\ncontexts: [{name: c, context: {cluster: c, user: c}}]\n",
    );
    let nodes =
        place.file("y.yaml", "name: y\nnodes: [{id: c, type: configmap, data: {name: c, data: {a: b}}}]\n");
    let ended = place.run(&["plan", nodes.to_str().unwrap(), "--kubeconfig", closed.to_str().unwrap()]);
    check(&ended, 6, &["Cluster: context c (http://127.0.0.1:1)"]);
}
