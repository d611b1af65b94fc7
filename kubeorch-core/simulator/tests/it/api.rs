//! The API without a client library: requests in, JSON out, a manual clock, no engine but the test.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use kubeorch_simulator::{Limits, ManualClock, Simulator, Timing};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{Cluster, DEPLOYMENTS, MAPS, PODS, deployment, pod};

#[tokio::test]
async fn failures_are_worded_as_kubernetes_words_them() {
    let cluster = Cluster::new();
    cluster.create(MAPS, &json!({ "metadata": { "name": "there" } })).await;
    let stale = json!({ "metadata": { "name": "there", "resourceVersion": "1" } });
    let gone = "/api/v1/namespaces/nowhere/configmaps";
    let mut mismatched = deployment("web:1", 1);
    mismatched["spec"]["selector"]["matchLabels"]["app"] = json!("other");
    let named = |name: &str| json!({ "metadata": { "name": name } });
    for (method, path, body, code, reason, message) in [
        ("GET", format!("{MAPS}/a"), Value::Null, 404, "NotFound", "configmaps \"a\" not found"),
        (
            "POST",
            MAPS.to_owned(),
            named("there"),
            409,
            "AlreadyExists",
            "configmaps \"there\" already exists",
        ),
        ("POST", gone.to_owned(), named("a"), 404, "NotFound", "namespaces \"nowhere\" not found"),
        (
            "PUT",
            format!("{MAPS}/there"),
            stale,
            409,
            "Conflict",
            "Operation cannot be fulfilled on configmaps \"there\"",
        ),
        (
            "PUT",
            format!("{MAPS}/there"),
            named("b"),
            400,
            "BadRequest",
            "the name of the object (b) does not match",
        ),
        (
            "POST",
            MAPS.to_owned(),
            named("A_"),
            422,
            "Invalid",
            "ConfigMap \"A_\" is invalid: metadata.name: Invalid value",
        ),
        (
            "POST",
            DEPLOYMENTS.to_owned(),
            mismatched,
            422,
            "Invalid",
            "Deployment.apps \"web\" is invalid: spec.template.metadata.labels",
        ),
        (
            "GET",
            "/apis/none/v1/x".to_owned(),
            Value::Null,
            404,
            "NotFound",
            "the server could not find the requested resource",
        ),
        (
            "DELETE",
            format!("{PODS}/a/log"),
            Value::Null,
            405,
            "MethodNotAllowed",
            "the server does not allow this method",
        ),
        (
            "GET",
            format!("{MAPS}?fieldSelector=a=b"),
            Value::Null,
            400,
            "BadRequest",
            "field label not supported: a",
        ),
        ("POST", MAPS.to_owned(), json!([]), 400, "BadRequest", "couldn't get version/kind"),
    ] {
        let (status, answer) = cluster.call(method, &path, "application/json", &body).await;
        assert_eq!(status.as_u16(), code, "{method} {path}: {answer}");
        assert_eq!(answer["kind"], "Status", "{method} {path}");
        assert_eq!(answer["code"], code, "{method} {path}");
        assert_eq!(answer["reason"], reason, "{method} {path}");
        let found = answer["message"].as_str().unwrap();
        assert!(found.starts_with(message), "{method} {path}: {found}");
    }
}

#[tokio::test]
async fn every_finding_is_a_cause() {
    let cluster = Cluster::new();
    let mut bad = deployment("", 1);
    bad["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({ "requests": { "cpu": "much" } });
    bad["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] =
        json!([{ "name": "x", "mountPath": "/x" }]);
    let (_, answer) = cluster.create(DEPLOYMENTS, &bad).await;
    let fields: Vec<_> = answer["details"]["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| cause["field"].as_str().unwrap())
        .collect();
    let at = "spec.template.spec.containers[0]";
    assert_eq!(
        fields,
        [
            format!("{at}.image"),
            format!("{at}.volumeMounts[0].name"),
            format!("{at}.resources.requests[cpu]")
        ]
    );
}

#[tokio::test]
async fn applied_fields_belong_to_their_manager() {
    let cluster = Cluster::new();
    let path = format!("{MAPS}/a");
    let map = |data: Value| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": data });
    assert_eq!(cluster.apply(&path, "one", &map(json!({ "x": "1", "y": "1" }))).await.0, 201);
    // Another manager's own fields live beside, equal fields are shared.
    assert_eq!(cluster.apply(&path, "two", &map(json!({ "x": "1", "z": "2" }))).await.0, 200);
    let (status, answer) = cluster.apply(&path, "two", &map(json!({ "x": "2" }))).await;
    assert_eq!(status, 409);
    assert_eq!(answer["message"], "Apply failed with 1 conflict: conflict with \"one\": .data.x");
    // What a manager leaves out goes, unless another owns it too.
    let (_, now) = cluster.apply(&path, "one", &map(json!({}))).await;
    assert_eq!(now["data"], json!({ "x": "1", "z": "2" }));
    let forced = format!("{path}?fieldManager=one&force=true");
    let (_, now) =
        cluster.call("PATCH", &forced, "application/apply-patch+yaml", &map(json!({ "z": "3" }))).await;
    assert_eq!(now["data"], json!({ "x": "1", "z": "3" }));
    let (_, now) = cluster.apply(&path, "two", &map(json!({ "x": "1" }))).await;
    assert_eq!(now["data"], json!({ "x": "1", "z": "3" }));
    // The same again changes nothing.
    let version = now["metadata"]["resourceVersion"].clone();
    let (_, now) = cluster.apply(&path, "two", &map(json!({ "x": "1" }))).await;
    assert_eq!(now["metadata"]["resourceVersion"], version);
    // A plain write takes fields over.
    cluster.call("PATCH", &path, "application/merge-patch+json", &json!({ "data": { "x": "9" } })).await;
    let (status, answer) = cluster.apply(&path, "two", &map(json!({ "x": "1" }))).await;
    assert_eq!(status, 409);
    assert_eq!(answer["message"], "Apply failed with 1 conflict: conflict with \"test\" using v1: .data.x");
}

#[tokio::test]
async fn lists_with_keys_merge_by_key() {
    let cluster = Cluster::new();
    let path = format!("{DEPLOYMENTS}/web");
    let with_env = |env: Value| {
        let mut wish = deployment("web:1", 1);
        wish["spec"]["template"]["spec"]["containers"][0]["env"] = env;
        wish
    };
    cluster
        .apply(&path, "one", &with_env(json!([{ "name": "A", "value": "1" }, { "name": "B", "value": "1" }])))
        .await;
    let patch = json!({ "spec": { "template": { "spec": { "containers": [
        { "name": "web", "env": [{ "name": "C", "value": "3" }] },
        { "name": "side", "image": "side:1" },
    ] } } } });
    let (status, _) = cluster.call("PATCH", &path, "application/strategic-merge-patch+json", &patch).await;
    assert_eq!(status, 200);
    let (_, now) = cluster.apply(&path, "one", &with_env(json!([{ "name": "B", "value": "2" }]))).await;
    let containers = &now["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["env"], json!([{ "name": "B", "value": "2" }, { "name": "C", "value": "3" }]));
    assert_eq!(containers[1]["image"], "side:1");
    let delete = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "side", "$patch": "delete" }] } } } });
    let (_, now) = cluster.call("PATCH", &path, "application/strategic-merge-patch+json", &delete).await;
    assert_eq!(now["spec"]["template"]["spec"]["containers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn immutable_fields_stay() {
    let cluster = Cluster::new();
    cluster.create(DEPLOYMENTS, &deployment("web:1", 1)).await;
    let service = json!({ "metadata": { "name": "s" }, "spec": { "ports": [{ "port": 80 }] } });
    cluster.create("/api/v1/namespaces/default/services", &service).await;
    let claim = json!({
        "metadata": { "name": "c" },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    });
    cluster.create("/api/v1/namespaces/default/persistentvolumeclaims", &claim).await;
    for (path, patch, field) in [
        (
            format!("{DEPLOYMENTS}/web"),
            json!({ "spec": { "selector": { "matchLabels": { "b": "c" } }, "template": { "metadata": { "labels": { "b": "c" } } } } }),
            "spec.selector",
        ),
        (
            "/api/v1/namespaces/default/services/s".to_owned(),
            json!({ "spec": { "clusterIP": "10.96.9.9" } }),
            "spec.clusterIP",
        ),
        (
            "/api/v1/namespaces/default/persistentvolumeclaims/c".to_owned(),
            json!({ "spec": { "accessModes": ["ReadWriteMany"] } }),
            "spec",
        ),
    ] {
        let (status, answer) = cluster.call("PATCH", &path, "application/merge-patch+json", &patch).await;
        assert_eq!(status, 422, "{path}: {answer}");
        let found = answer["details"]["causes"][0]["field"].as_str().unwrap();
        assert!(found.starts_with(field), "{path}: {found}");
    }
}

#[tokio::test]
async fn images_choose_what_happens() {
    let cluster = Cluster::new();
    for (name, image) in [
        ("fine", "nginx:1"),
        ("crash", "simulator/crash:1"),
        ("oom", "simulator/oom:1"),
        ("missing", "simulator/image-not-found:1"),
        ("never", "simulator/never-ready:1"),
        ("slow", "simulator/slow-start:1"),
    ] {
        cluster.create(PODS, &pod(name, image)).await;
    }
    cluster.pass(1);
    let check = |found: Value, phase: &str, ready: bool, state: &str, reason: &str| {
        let status = &found["status"];
        let name = &found["metadata"]["name"];
        assert_eq!(status["phase"], phase, "{name}: {status}");
        let container = &status["containerStatuses"][0];
        assert_eq!(container["ready"], ready, "{name}: {status}");
        let state = &container["state"][state];
        assert_eq!(state["reason"].as_str().unwrap_or_default(), reason, "{name}: {status}");
    };
    for (name, phase, ready, state, reason) in [
        ("fine", "Running", true, "running", ""),
        ("crash", "Running", false, "waiting", "CrashLoopBackOff"),
        ("oom", "Running", false, "waiting", "CrashLoopBackOff"),
        ("missing", "Pending", false, "waiting", "ImagePullBackOff"),
        ("never", "Running", false, "running", ""),
        ("slow", "Running", false, "running", ""),
    ] {
        check(cluster.get(&format!("{PODS}/{name}")).await, phase, ready, state, reason);
    }
    let oom = cluster.get(&format!("{PODS}/oom")).await;
    assert_eq!(oom["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"], 137);
    cluster.pass(20);
    check(cluster.get(&format!("{PODS}/slow")).await, "Running", true, "running", "");
}

#[tokio::test]
async fn a_stuck_rollout_passes_its_deadline_and_recovers() {
    let cluster = Cluster::new();
    let path = format!("{DEPLOYMENTS}/web");
    let mut wish = deployment("web:1", 4);
    wish["spec"]["progressDeadlineSeconds"] = json!(10);
    cluster.apply(&path, "one", &wish).await;
    cluster.pass(1);
    let reason = |one: &Value, kind: &str| {
        let all = one["status"]["conditions"].as_array().unwrap().clone();
        all.iter().find(|entry| entry["type"] == kind).unwrap()["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason(&cluster.get(&path).await, "Progressing"), "NewReplicaSetAvailable");
    wish["spec"]["template"]["spec"]["containers"][0]["image"] = json!("simulator/never-ready:1");
    cluster.apply(&path, "one", &wish).await;
    cluster.pass(2);
    let now = cluster.get(&path).await;
    assert_eq!(reason(&now, "Progressing"), "ReplicaSetUpdated");
    assert_eq!(now["status"]["availableReplicas"], 3, "a quarter may be missing: {now}");
    cluster.pass(10);
    let now = cluster.get(&path).await;
    assert_eq!(reason(&now, "Progressing"), "ProgressDeadlineExceeded");
    assert_eq!(now["status"]["availableReplicas"], 3);
    wish["spec"]["template"]["spec"]["containers"][0]["image"] = json!("web:1");
    cluster.apply(&path, "one", &wish).await;
    cluster.pass(2);
    let now = cluster.get(&path).await;
    assert_eq!(reason(&now, "Progressing"), "NewReplicaSetAvailable");
    assert_eq!(now["status"]["replicas"], 4);
    assert_eq!(now["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "3");
}

#[tokio::test]
async fn pods_wait_for_what_they_need() {
    let cluster = Cluster::new();
    let mut needy = pod("needy", "a:1");
    needy["spec"]["containers"][0]["envFrom"] = json!([{ "configMapRef": { "name": "later" } }]);
    needy["spec"]["volumes"] = json!([
        { "name": "s", "secret": { "secretName": "later" } },
        { "name": "d", "persistentVolumeClaim": { "claimName": "later" } },
    ]);
    cluster.create(PODS, &needy).await;
    cluster.pass(1);
    let state = |found: &Value| {
        let waiting = &found["status"]["containerStatuses"][0]["state"]["waiting"]["reason"];
        (found["spec"]["nodeName"].is_string(), waiting.as_str().unwrap_or_default().to_owned())
    };
    let path = format!("{PODS}/needy");
    assert_eq!(state(&cluster.get(&path).await), (false, String::new()));
    let claim = json!({
        "metadata": { "name": "later" },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    });
    cluster.create("/api/v1/namespaces/default/persistentvolumeclaims", &claim).await;
    cluster.pass(1);
    assert_eq!(state(&cluster.get(&path).await), (true, "ContainerCreating".to_owned()));
    cluster.create("/api/v1/namespaces/default/secrets", &json!({ "metadata": { "name": "later" } })).await;
    cluster.pass(1);
    assert_eq!(state(&cluster.get(&path).await), (true, "CreateContainerConfigError".to_owned()));
    cluster.create(MAPS, &json!({ "metadata": { "name": "later" } })).await;
    cluster.pass(1);
    assert_eq!(cluster.get(&path).await["status"]["phase"], "Running");
    let events =
        cluster.get("/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=needy").await;
    let reasons: std::collections::BTreeSet<_> =
        events["items"].as_array().unwrap().iter().map(|event| event["reason"].as_str().unwrap()).collect();
    for reason in ["FailedScheduling", "Scheduled", "FailedMount", "Failed", "Pulled", "Created", "Started"] {
        assert!(reasons.contains(reason), "{reason} in {reasons:?}");
    }
}

#[tokio::test]
async fn deletion_respects_finalizers_owners_and_orphans() {
    let cluster = Cluster::new();
    let held = json!({ "metadata": { "name": "held", "finalizers": ["example.org/hold"] } });
    cluster.create(MAPS, &held).await;
    cluster.call("DELETE", &format!("{MAPS}/held"), "", &Value::Null).await;
    let now = cluster.get(&format!("{MAPS}/held")).await;
    assert!(now["metadata"]["deletionTimestamp"].is_string());
    let free = json!({ "metadata": { "finalizers": null } });
    cluster.call("PATCH", &format!("{MAPS}/held"), "application/merge-patch+json", &free).await;
    assert_eq!(cluster.get(&format!("{MAPS}/held")).await["code"], 404);

    for (policy, sets, pods) in [("Orphan", 1, 2), ("Background", 0, 0), ("Foreground", 0, 0)] {
        let cluster = Cluster::new();
        cluster.create(DEPLOYMENTS, &deployment("web:1", 2)).await;
        cluster.pass(1);
        let options = json!({ "propagationPolicy": policy });
        cluster.call("DELETE", &format!("{DEPLOYMENTS}/web"), "application/json", &options).await;
        cluster.pass(2);
        assert_eq!(cluster.get(&format!("{DEPLOYMENTS}/web")).await["code"], 404, "{policy}");
        let left = cluster.get("/apis/apps/v1/namespaces/default/replicasets").await;
        assert_eq!(left["items"].as_array().unwrap().len(), sets, "{policy}");
        assert_eq!(cluster.get(PODS).await["items"].as_array().unwrap().len(), pods, "{policy}");
    }
}

#[tokio::test]
async fn a_namespace_takes_everything_along() {
    let cluster = Cluster::new();
    cluster.create("/api/v1/namespaces", &json!({ "metadata": { "name": "team" } })).await;
    cluster.create("/api/v1/namespaces/team/pods", &pod("a", "a:1")).await;
    cluster.pass(1);
    assert_eq!(
        cluster.get("/api/v1/namespaces/team/serviceaccounts/default").await["kind"],
        "ServiceAccount"
    );
    cluster.call("DELETE", "/api/v1/namespaces/team", "", &Value::Null).await;
    let (status, answer) = cluster.create("/api/v1/namespaces/team/pods", &pod("b", "a:1")).await;
    assert_eq!(status, 403, "{answer}");
    cluster.pass(1);
    assert_eq!(cluster.get("/api/v1/namespaces/team").await["code"], 404);
}

#[tokio::test]
async fn old_versions_are_gone() {
    let clock = ManualClock::default();
    let limits = Limits { history: 4, ..Limits::default() };
    let simulator = Simulator::builder().clock(clock.clone()).seed(7).limits(limits).build();
    let cluster = Cluster { simulator, clock };
    for at in 0..8 {
        cluster.create(MAPS, &json!({ "metadata": { "name": format!("map-{at}") } })).await;
    }
    let request =
        Request::builder().uri(format!("{MAPS}?watch=1&resourceVersion=2")).body(Full::<Bytes>::default());
    let response = cluster.simulator.service().oneshot(request.unwrap()).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let event: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(410)));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_cluster() {
    let run = || async {
        let cluster = Cluster::new();
        cluster.create(DEPLOYMENTS, &deployment("web:1", 3)).await;
        cluster.create(PODS, &pod("crash", "simulator/crash:1")).await;
        cluster.pass(3);
        let events = cluster.get("/api/v1/events").await;
        (cluster.get("/api/v1/pods").await, events)
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test]
async fn bodies_are_bounded() {
    let cluster = Cluster::new();
    let big = json!({ "metadata": { "name": "a" }, "data": { "a": "x".repeat(4 * 1024 * 1024) } });
    assert_eq!(cluster.create(MAPS, &big).await.0, 413);
}

#[tokio::test]
async fn timing_is_configurable() {
    let clock = ManualClock::default();
    let timing = Timing { ready: Duration::from_secs(30), ..Timing::default() };
    let simulator = Simulator::builder().clock(clock.clone()).timing(timing).seed(7).build();
    let cluster = Cluster { simulator, clock };
    cluster.create(PODS, &pod("a", "a:1")).await;
    for (seconds, ready) in [(29, false), (3, true)] {
        cluster.pass(seconds);
        let now = cluster.get(&format!("{PODS}/a")).await;
        assert_eq!(now["status"]["containerStatuses"][0]["ready"], ready);
    }
}
