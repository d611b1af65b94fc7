//! The path of an operator: install on a data directory, use it on a server, upgrade, roll back, remove.

use serde_json::{Value, json};

use crate::harness::{Client, Running, started};
use crate::plugin::Author;

const SERVE: [&str; 6] = ["serve", "--simulator", "--listen", "127.0.0.1:0", "--data-dir", "data"];

/// Installs the component of `team-quota`, runs a workflow with it on a simulated cluster, and lets a second version,
/// made by `next`, come and go.
pub(crate) fn path(author: &Author, component: &str, next: impl FnOnce()) {
    let unsigned = author.run(&["plugin", "install", component, "--data-dir", "data"]);
    assert_eq!(unsigned.code, 1, "{}", unsigned.stderr);
    assert!(unsigned.stderr.contains("plugins.trusted_keys"), "{}", unsigned.stderr);
    let other = [
        "plugin",
        "install",
        component,
        "--data-dir",
        "data",
        "--allow-unsigned",
        "--sha256",
        &"0".repeat(64),
    ];
    assert!(author.run(&other).stderr.contains("Fetch the component again"));
    let installed = author.json(&["plugin", "install", component, "--data-dir", "data", "--allow-unsigned"]);
    assert_eq!(installed[0]["nodeTypes"], json!(["team-quota"]), "{installed}");
    let listed = author.run(&["plugin", "list", "--data-dir", "data", "--allow-unsigned"]);
    assert!(listed.stdout.contains("kubernetes") && listed.stdout.contains("built-in"), "{}", listed.stdout);

    let (server, mut client) = serve(author);
    let workflow = deployed(&mut client);
    next();
    let upgraded = author.json(&["plugin", "upgrade", "team-quota", component, "--data-dir", "data"]);
    assert_eq!((&upgraded[0]["version"], &upgraded[0]["previous"]), (&json!("0.2.0"), &json!(["0.1.0"])));
    let back = author.run(&["plugin", "rollback", "team-quota", "--data-dir", "data"]);
    assert_eq!(back.stdout, "Rolled back to team-quota 0.1.0, node types: team-quota\n", "{}", back.stderr);
    assert!(back.stderr.contains("A server has the store open"), "{}", back.stderr);
    let used = author.run(&["plugin", "remove", "team-quota", "--data-dir", "data"]);
    assert!(used.code == 1 && used.stderr.contains("shop"), "{}", used.stderr);
    author.json(&["plugin", "remove", "team-quota", "--data-dir", "data", "--force"]);
    let run = format!("/v1/api/workflows/{workflow}/run");
    let refused = client.send("POST", &run, &json!({})).unwrap();
    assert!(refused.0 >= 400, "{refused:?}");
    server.signal("TERM");
    assert_eq!(server.end().code, 0);
}

fn serve(author: &Author) -> (Running, Client) {
    let mut command = author.command(&SERVE);
    command.env("KUBEORCH_PLUGINS_ALLOW_UNSIGNED", "true");
    let mut server = started(command);
    let address = server.line().trim().to_owned();
    assert!(!address.is_empty(), "{}", server.end().stderr);
    let account = json!({ "name": "Ada", "email": "ada@example.org", "password": "correct horse" });
    let (_, body) = Client::new(&address, "").send("POST", "/v1/api/auth/register", &account).unwrap();
    let client = Client::new(&address, body["token"].as_str().unwrap());
    (server, client)
}

/// A workflow with the node type runs to its end.
fn deployed(client: &mut Client) -> String {
    let ok = |(status, body): (u16, Value)| {
        assert!(status < 300, "{status} {body}");
        body
    };
    let new = json!({ "name": "shop", "cluster_id": "simulator" });
    let id = ok(client.send("POST", "/v1/api/workflows", &new).unwrap())["id"].as_str().unwrap().to_owned();
    let node = json!({ "id": "cap", "type": "team-quota", "data": { "name": "cap", "pods": 3 } });
    let save = json!({ "nodes": [node], "edges": [], "revision": 1 });
    ok(client.send("POST", &format!("/v1/api/workflows/{id}/save"), &save).unwrap());
    let published = json!({ "status": "published" });
    ok(client.send("PUT", &format!("/v1/api/workflows/{id}/status"), &published).unwrap());
    let ran = ok(client.send("POST", &format!("/v1/api/workflows/{id}/run"), &json!({})).unwrap());
    assert_eq!(ran["status"], "completed", "{ran}");
    id
}
