//! `up` and `plan` against simulated clusters, with interruptions.

use crate::harness::{Ended, Place, Running, guestbook};

/// A cluster that outlives single commands, and the flags to reach it.
struct Cluster {
    _running: Running,
    kubeconfig: String,
}

fn cluster(place: &Place) -> Cluster {
    let path = place.path("sim.kubeconfig");
    let kubeconfig = path.to_str().unwrap().to_owned();
    let mut running =
        place.start(&["simulator", "--listen", "127.0.0.1:0", "--write-kubeconfig", &kubeconfig]);
    assert!(running.line().starts_with("127.0.0.1:"));
    Cluster { _running: running, kubeconfig }
}

#[track_caller]
fn check(ended: &Ended, code: i32, stdout: &[&str], stderr: &[&str]) {
    assert_eq!(ended.code, code, "{ended:#?}");
    for (parts, text) in [(stdout, &ended.stdout), (stderr, &ended.stderr)] {
        for part in parts {
            assert!(text.contains(part), "{part:?} not in\n{text}");
        }
    }
}

#[test]
fn the_guestbook_gets_ready_in_this_process() {
    let place = Place::new();
    let ended = place.run(&["up", &guestbook()]);
    check(
        &ended,
        0,
        &["NODE", "Deployment/frontend", "StatefulSet/database", "Ready in ", "11 nodes", "on simulator"],
        &["Cluster: simulator (in this process)\n", "Plan: "],
    );
    assert!(ended.stderr.starts_with("Cluster: simulator"), "{}", ended.stderr);
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "no colours into a pipe");
}

#[test]
fn programs_get_one_document() {
    let place = Place::new();
    let ended = place.run(&["up", &guestbook(), "-o", "json", "-q"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&json["ready"], &json["status"]), (&true.into(), &"completed".into()), "{json}");
    assert!(json["nodes"].as_array().unwrap().iter().all(|node| node["state"] == "ready"), "{json}");
    let ended = place.run(&["plan", &guestbook(), "-o", "yaml"]);
    check(&ended, 0, &["summary:\n", "action: create\n"], &[]);
}

#[test]
fn a_killed_up_is_finished_by_the_next_one() {
    let place = Place::new();
    let cluster = cluster(&place);
    let flags = ["--kubeconfig", &cluster.kubeconfig];
    let up = |more: &[&str]| place.run(&[&["up", &guestbook()], &flags[..], more].concat());

    let mut first = place.start(&[&["up", guestbook().as_str()], &flags[..]].concat());
    first.wait_for("applying");
    first.kill();

    check(&up(&[]), 0, &["Ready in "], &["Cluster: context simulator (http://127.0.0.1:"]);
    check(&up(&[]), 0, &["unchanged)"], &["Plan: 0 to create, 0 to change, 0 to remove"]);
    let ended = place.run(&[&["plan", &guestbook(), "--detailed-exitcode"], &flags[..]].concat());
    check(&ended, 0, &["Plan for simulator: 0 to create, 0 to change, 0 to remove"], &[]);
}

#[test]
fn what_left_the_file_is_planned_and_removed_but_volumes_and_secrets_stay() {
    let place = Place::new();
    let cluster = cluster(&place);
    let flags = ["--kubeconfig", cluster.kubeconfig.as_str()];
    let run = |verb: &str, nodes: &str, more: &[&str]| {
        let path = place.file("w.yaml", &format!("name: w\nnodes: [{nodes}]\n"));
        place.run(&[&[verb, path.to_str().unwrap()], &flags[..], more].concat())
    };
    let (keep, gone) = (
        "{id: a, type: configmap, data: {name: a, data: {k: v}}}",
        "{id: b, type: configmap, data: {name: b, data: {k: v}}}",
    );
    let claim =
        "{id: c, type: persistentvolumeclaim, data: {name: c, storage: 1Gi, accessModes: [ReadWriteOnce]}}";
    check(&run("up", &format!("{keep}, {gone}, {claim}"), &[]), 0, &["3 nodes"], &[]);
    check(
        &run("plan", keep, &["--detailed-exitcode"]),
        9,
        &["delete  ConfigMap default/b", "keep    PersistentVolumeClaim"],
        &[],
    );
    check(&run("plan", keep, &["--detailed-exitcode", "--no-prune"]), 0, &["0 to remove"], &[]);
    check(&run("up", keep, &["--dry-run"]), 0, &["1 to remove"], &[]);
    check(&run("up", keep, &[]), 0, &["1 node"], &["1 to remove"]);
    check(&run("plan", keep, &["--detailed-exitcode"]), 0, &["0 to remove"], &[]);
}

#[test]
fn a_change_is_shown_field_by_field() {
    let place = Place::new();
    let cluster = cluster(&place);
    let file = |replicas: u32| {
        let text = format!(
            "name: w\nnodes: [{{id: web, type: deployment, data: {{name: web, image: nginx, replicas: {replicas}}}}}]\n"
        );
        place.file("w.yaml", &text).to_str().unwrap().to_owned()
    };
    let kubeconfig = cluster.kubeconfig.as_str();
    check(&place.run(&["up", &file(1), "--kubeconfig", kubeconfig]), 0, &["Ready in"], &[]);
    let ended = place.run(&["plan", &file(2), "--kubeconfig", kubeconfig]);
    check(
        &ended,
        0,
        &["change  Deployment default/web", "spec.replicas: 1 -> 2", "0 to create, 1 to change"],
        &[],
    );
}

#[test]
fn failures_name_the_object_and_the_reason() {
    let place = Place::new();
    let run = |image: &str, timeout: &str| {
        let text = format!(
            "name: w\nnodes: [{{id: web, type: deployment, data: {{name: web, image: '{image}'}}}}]\n"
        );
        let path = place.file("w.yaml", &text);
        place.run(&["up", path.to_str().unwrap(), "--timeout", timeout])
    };
    let missing = run("simulator/image-not-found:1", "60s");
    check(&missing, 4, &["failed"], &["web", "ImagePull", "error: ", "hint: What was applied stays."]);
    let never = run("simulator/never-ready:1", "1s");
    check(&never, 5, &["web"], &["not ready within 1 s: web:"]);
}

#[test]
fn the_first_ctrl_c_cancels_and_says_what_stays() {
    let place = Place::new();
    let text = "name: w\nnodes: [{id: web, type: deployment, data: {name: web, image: 'simulator/never-ready:1'}}]\n";
    let path = place.file("w.yaml", text);
    for (signal, times) in [("INT", 1), ("TERM", 1)] {
        let mut running = place.start(&["up", path.to_str().unwrap()]);
        running.wait_for("waiting");
        (0..times).for_each(|_| running.signal(signal));
        let ended = running.end();
        check(&ended, 130, &[], &["Stopping the run", "Deployment default/web", "the run was cancelled"]);
    }
}

#[test]
fn versions_and_runs_stay_in_the_data_directory() {
    let place = Place::new();
    let cluster = cluster(&place);
    let data = place.path("data");
    let flags = ["--kubeconfig", &cluster.kubeconfig, "--data-dir", data.to_str().unwrap()];
    for _ in 0..2 {
        check(&place.run(&[&["up", guestbook().as_str()], &flags[..]].concat()), 0, &["Ready in "], &[]);
    }
    assert!(data.join("kubeorch.redb").is_file() && data.join("key").is_file());
    std::fs::write(data.join("kubeorch.redb"), "not a store").unwrap();
    check(&place.run(&[&["up", guestbook().as_str()], &flags[..]].concat()), 7, &[], &["error: "]);
}
