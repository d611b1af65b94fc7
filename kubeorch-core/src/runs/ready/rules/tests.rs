//! The table of rules against objects as clusters hold them.

use serde_json::{Value, json};

use super::assess;
use crate::manifest::Object;
use crate::runs::ready::Phase::{self, Failed, Progressing, Ready};

/// An object `version kind` of generation 2 with the given spec and status.
fn live(kind: &str, spec: Value, status: Value) -> Value {
    let (version, kind) = kind.rsplit_once(' ').unwrap();
    json!({
        "apiVersion": version, "kind": kind,
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "5f0c", "resourceVersion": "812", "generation": 2,
            "creationTimestamp": "2026-01-01T09:30:00Z",
        },
        "spec": spec, "status": status,
    })
}

fn conditions(all: &[(&str, &str, &str, &str)]) -> Value {
    let entry = |(kind, status, reason, message): &(&str, &str, &str, &str)| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": "2026-01-01T09:30:02Z",
        })
    };
    all.iter().map(entry).collect()
}

fn check(cases: Vec<(&str, Value, Phase, &str)>) {
    for (name, live, phase, reason) in cases {
        let live = Object::new(live).unwrap();
        let answer = assess(&live, &live).unwrap_or_else(|| panic!("{name}: no rule"));
        assert_eq!((answer.phase, answer.reason.as_str()), (phase, reason), "{name}: {answer:?}");
    }
}

#[test]
fn deployments() {
    let of = |counts: [i64; 4], all: &[(&str, &str, &str, &str)]| {
        let [seen, total, updated, available] = counts;
        live(
            "apps/v1 Deployment",
            json!({"replicas": 3, "progressDeadlineSeconds": 600, "strategy": {"type": "RollingUpdate"}}),
            json!({
                "observedGeneration": seen, "replicas": total, "updatedReplicas": updated,
                "availableReplicas": available, "readyReplicas": available, "conditions": conditions(all),
            }),
        )
    };
    let moving = ("Progressing", "True", "ReplicaSetUpdated", "ReplicaSet \"web-6d\" is progressing.");
    let done = (
        "Progressing",
        "True",
        "NewReplicaSetAvailable",
        "ReplicaSet \"web-6d\" has successfully progressed.",
    );
    let late = (
        "Progressing",
        "False",
        "ProgressDeadlineExceeded",
        "ReplicaSet \"web-6d\" has timed out progressing.",
    );
    let quota =
        ("ReplicaFailure", "True", "FailedCreate", "pods \"web-6d-x\" is forbidden: exceeded quota: small");
    let few = (
        "Available",
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
    );
    let mut paused =
        of([2, 3, 1, 3], &[("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")]);
    paused["spec"]["paused"] = true.into();
    let empty = live("apps/v1 Deployment", json!({"replicas": 0}), json!({"observedGeneration": 2}));
    check(vec![
        ("all there", of([2, 3, 3, 3], &[done]), Ready, ""),
        ("the status is of the generation before", of([1, 3, 3, 3], &[done]), Progressing, "NotObserved"),
        (
            "no status yet",
            live("apps/v1 Deployment", json!({"replicas": 1}), json!({})),
            Progressing,
            "NotObserved",
        ),
        ("some are updated", of([2, 4, 2, 3], &[moving]), Progressing, "RollingOut"),
        ("old ones still stop", of([2, 4, 3, 3], &[moving]), Progressing, "Replacing"),
        ("not all are available", of([2, 3, 3, 2], &[moving, few]), Progressing, "Starting"),
        ("out of time", of([2, 4, 1, 3], &[late]), Failed, "ProgressDeadlineExceeded"),
        ("late for the generation before", of([1, 4, 1, 3], &[late]), Progressing, "NotObserved"),
        ("a quota refuses pods", of([2, 0, 0, 0], &[moving, quota]), Progressing, "FailedCreate"),
        (
            "a quota refused them for too long",
            of([2, 0, 0, 0], &[late, quota]),
            Failed,
            "ProgressDeadlineExceeded",
        ),
        ("scaled to zero", empty, Ready, ""),
        ("paused on purpose", paused.clone(), Ready, ""),
    ]);
    let mut desired = paused.clone();
    desired["spec"]["paused"] = false.into();
    let answer = assess(&Object::new(paused).unwrap(), &Object::new(desired).unwrap()).unwrap();
    assert_eq!((answer.phase, answer.reason.as_str()), (Progressing, "DeploymentPaused"));
}

#[test]
fn stateful_sets() {
    let of = |strategy: Value, counts: [i64; 4], revisions: (&str, &str)| {
        let [seen, total, updated, ready] = counts;
        live(
            "apps/v1 StatefulSet",
            json!({"replicas": 3, "serviceName": "web", "updateStrategy": strategy}),
            json!({
                "observedGeneration": seen, "replicas": total, "updatedReplicas": updated, "readyReplicas": ready,
                "currentReplicas": total - updated, "availableReplicas": ready, "collisionCount": 0,
                "currentRevision": revisions.0, "updateRevision": revisions.1,
            }),
        )
    };
    let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}});
    let canary = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}});
    let by_hand = json!({"type": "OnDelete"});
    let mut slow = of(rolling.clone(), [2, 3, 3, 3], ("web-b", "web-b"));
    slow["spec"]["minReadySeconds"] = 30.into();
    slow["status"]["availableReplicas"] = 2.into();
    check(vec![
        ("all there", of(rolling.clone(), [2, 3, 3, 3], ("web-b", "web-b")), Ready, ""),
        ("not seen", of(rolling.clone(), [1, 3, 3, 3], ("web-a", "web-a")), Progressing, "NotObserved"),
        ("half rolled out", of(rolling.clone(), [2, 3, 1, 3], ("web-a", "web-b")), Progressing, "RollingOut"),
        ("one restarts", of(rolling.clone(), [2, 3, 3, 2], ("web-b", "web-b")), Progressing, "Starting"),
        (
            "ordinals still come",
            of(rolling.clone(), [2, 1, 1, 1], ("web-b", "web-b")),
            Progressing,
            "Starting",
        ),
        ("scaling down", of(rolling, [2, 4, 4, 4], ("web-b", "web-b")), Progressing, "Scaling"),
        ("the partition is done", of(canary.clone(), [2, 3, 1, 3], ("web-a", "web-b")), Ready, ""),
        (
            "the partition is not done",
            of(canary, [2, 3, 0, 3], ("web-a", "web-b")),
            Progressing,
            "RollingOut",
        ),
        ("updated by hand", of(by_hand.clone(), [2, 3, 0, 3], ("web-a", "web-b")), Ready, ""),
        ("by hand and one down", of(by_hand, [2, 3, 0, 2], ("web-a", "web-b")), Progressing, "Starting"),
        ("not ready for long enough", slow, Progressing, "Starting"),
    ]);
}

#[test]
fn daemon_and_replica_sets() {
    let daemons = |strategy: &str, [seen, wanted, updated, available]: [i64; 4]| {
        live(
            "apps/v1 DaemonSet",
            json!({"updateStrategy": {"type": strategy}}),
            json!({
                "observedGeneration": seen, "desiredNumberScheduled": wanted, "updatedNumberScheduled": updated,
                "numberAvailable": available, "numberReady": available, "currentNumberScheduled": wanted,
                "numberMisscheduled": 0,
            }),
        )
    };
    let replicas = |counts: [i64; 3], all: &[(&str, &str, &str, &str)]| {
        let [seen, total, available] = counts;
        live(
            "apps/v1 ReplicaSet",
            json!({"replicas": 2}),
            json!({
                "observedGeneration": seen, "replicas": total, "availableReplicas": available,
                "readyReplicas": available, "conditions": conditions(all),
            }),
        )
    };
    let denied =
        ("ReplicaFailure", "True", "FailedCreate", "admission webhook \"policy.test\" denied the request");
    check(vec![
        ("on every node", daemons("RollingUpdate", [2, 3, 3, 3]), Ready, ""),
        ("rolling", daemons("RollingUpdate", [2, 3, 1, 3]), Progressing, "RollingOut"),
        ("by hand", daemons("OnDelete", [2, 3, 0, 3]), Ready, ""),
        ("one node is not up", daemons("RollingUpdate", [2, 3, 3, 2]), Progressing, "Starting"),
        ("no node takes it", daemons("RollingUpdate", [2, 0, 0, 0]), Ready, ""),
        ("not seen", daemons("RollingUpdate", [0, 0, 0, 0]), Progressing, "NotObserved"),
        ("a replica set", replicas([2, 2, 2], &[]), Ready, ""),
        ("a replica set that starts", replicas([2, 2, 1], &[]), Progressing, "Starting"),
        ("a replica set too many", replicas([2, 3, 3], &[]), Progressing, "Scaling"),
        ("a webhook refuses its pods", replicas([2, 0, 0], &[denied]), Progressing, "FailedCreate"),
    ]);
}

#[test]
fn pods() {
    let of = |phase: &str, all: &[(&str, &str, &str, &str)], containers: Value| {
        let status = json!({"phase": phase, "conditions": conditions(all), "containerStatuses": containers});
        live("v1 Pod", json!({"containers": [{"name": "main", "image": "web:1"}]}), status)
    };
    let waiting =
        |reason: &str| json!([{"name": "main", "state": {"waiting": {"reason": reason, "message": "why"}}}]);
    let unready = ("Ready", "False", "ContainersNotReady", "containers with unready status: [main]");
    let unschedulable =
        ("PodScheduled", "False", "Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.");
    let exit = json!([{"name": "main", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]);
    let mut init = of("Pending", &[unready], json!([]));
    init["status"]["initContainerStatuses"] = waiting("ErrImagePull");
    let mut evicted = of("Failed", &[], json!([]));
    evicted["status"]["reason"] = "Evicted".into();
    evicted["status"]["message"] = "The node was low on resource: memory.".into();
    check(vec![
        ("serves", of("Running", &[("Ready", "True", "", "")], json!([])), Ready, ""),
        ("completed", of("Succeeded", &[("Ready", "False", "PodCompleted", "")], json!([])), Ready, ""),
        ("a probe fails", of("Running", &[unready], json!([])), Progressing, "ContainersNotReady"),
        (
            "starts",
            of("Pending", &[unready], waiting("ContainerCreating")),
            Progressing,
            "ContainersNotReady",
        ),
        ("no image", of("Pending", &[unready], waiting("ImagePullBackOff")), Failed, "ImagePullBackOff"),
        ("crashes", of("Running", &[unready], waiting("CrashLoopBackOff")), Failed, "CrashLoopBackOff"),
        (
            "a missing secret",
            of("Pending", &[unready], waiting("CreateContainerConfigError")),
            Failed,
            "CreateContainerConfigError",
        ),
        ("an init container", init, Failed, "ErrImagePull"),
        ("no node", of("Pending", &[unschedulable], json!([])), Progressing, "Unschedulable"),
        ("ended badly", of("Failed", &[], exit), Failed, "PodFailed"),
        ("evicted", evicted, Failed, "Evicted"),
        ("just made", live("v1 Pod", json!({}), json!({})), Progressing, "Pending"),
    ]);
}

#[test]
fn jobs() {
    let of = |spec: Value, active: i64, all: &[(&str, &str, &str, &str)]| {
        live("batch/v1 Job", spec, json!({"active": active, "succeeded": 0, "conditions": conditions(all)}))
    };
    let failed = ("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    let target =
        ("FailureTarget", "True", "DeadlineExceeded", "Job was active longer than specified deadline");
    let suspended = ("Suspended", "True", "JobSuspended", "Job suspended");
    check(vec![
        ("complete", of(json!({}), 0, &[("Complete", "True", "CompletionsReached", "")]), Ready, ""),
        ("runs", of(json!({"completions": 2}), 1, &[]), Progressing, "Running"),
        ("not begun", of(json!({}), 0, &[]), Progressing, "Starting"),
        (
            "resumed",
            of(json!({"suspend": false}), 1, &[("Suspended", "False", "JobResumed", "")]),
            Progressing,
            "Running",
        ),
        ("gave up", of(json!({}), 0, &[failed]), Failed, "BackoffLimitExceeded"),
        ("about to give up", of(json!({}), 1, &[target]), Failed, "DeadlineExceeded"),
        ("suspended by the graph", of(json!({"suspend": true}), 0, &[suspended]), Ready, ""),
        ("a schedule", live("batch/v1 CronJob", json!({"schedule": "* * * * *"}), json!({})), Ready, ""),
        ("a suspended schedule", live("batch/v1 CronJob", json!({"suspend": true}), json!({})), Ready, ""),
    ]);
    let live = Object::new(of(json!({"suspend": true}), 0, &[suspended])).unwrap();
    let desired = Object::new(of(json!({}), 0, &[])).unwrap();
    let answer = assess(&live, &desired).unwrap();
    assert_eq!((answer.phase, answer.reason.as_str()), (Progressing, "Suspended"), "a queue suspended it");
}

#[test]
fn storage_and_network() {
    let claim = |phase: &str| live("v1 PersistentVolumeClaim", json!({}), json!({"phase": phase}));
    let service = |kind: &str, status: Value| {
        live("v1 Service", json!({"type": kind, "clusterIP": "10.96.0.9"}), status)
    };
    let address = |entry: Value| json!({"loadBalancer": {"ingress": [entry]}});
    check(vec![
        ("bound", claim("Bound"), Ready, ""),
        ("waits", claim("Pending"), Progressing, "Pending"),
        ("its volume is gone", claim("Lost"), Failed, "Lost"),
        ("a free volume", live("v1 PersistentVolume", json!({}), json!({"phase": "Available"})), Ready, ""),
        (
            "a broken volume",
            live("v1 PersistentVolume", json!({}), json!({"phase": "Failed"})),
            Failed,
            "Failed",
        ),
        ("inside the cluster", service("ClusterIP", json!({"loadBalancer": {}})), Ready, ""),
        ("a name elsewhere", service("ExternalName", json!({"loadBalancer": {}})), Ready, ""),
        ("no address yet", service("LoadBalancer", json!({"loadBalancer": {}})), Progressing, "NoAddress"),
        ("an address", service("LoadBalancer", address(json!({"ip": "192.0.2.7"}))), Ready, ""),
        ("a name", service("LoadBalancer", address(json!({"hostname": "lb.acme.test"}))), Ready, ""),
        (
            "no controller",
            live("networking.k8s.io/v1 Ingress", json!({}), json!({"loadBalancer": {}})),
            Ready,
            "",
        ),
        ("settings", live("v1 ConfigMap", json!({}), json!(null)), Ready, ""),
    ]);
}

#[test]
fn the_cluster_itself() {
    let with = |kind: &str, all: &[(&str, &str, &str, &str)]| {
        live(kind, json!({}), json!({"observedGeneration": 2, "conditions": conditions(all)}))
    };
    let scaler = "autoscaling/v2 HorizontalPodAutoscaler";
    let able = ("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size");
    let blind = ("ScalingActive", "False", "FailedGetResourceMetric", "no metrics returned");
    let off = ("ScalingActive", "False", "ScalingDisabled", "the replica count of the target is zero");
    let lost = ("AbleToScale", "False", "FailedGetScale", "deployments.apps \"web\" not found");
    let definition = "apiextensions.k8s.io/v1 CustomResourceDefinition";
    let accepted = ("NamesAccepted", "True", "NoConflicts", "no conflicts found");
    let taken = ("NamesAccepted", "False", "ListKindConflict", "\"ThingList\" is already in use");
    let service = "apiregistration.k8s.io/v1 APIService";
    let mut old = with("policy/v1 PodDisruptionBudget", &[]);
    old["status"]["observedGeneration"] = 1.into();
    let mut leaving = live("v1 ConfigMap", json!({}), json!(null));
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T10:00:00Z".into();
    check(vec![
        ("scales", with(scaler, &[able, ("ScalingActive", "True", "ValidMetricFound", "")]), Ready, ""),
        ("no metrics", with(scaler, &[able, blind]), Progressing, "FailedGetResourceMetric"),
        ("its target rests", with(scaler, &[able, off]), Ready, ""),
        ("no target", with(scaler, &[lost]), Progressing, "FailedGetScale"),
        ("not seen", with(scaler, &[]), Progressing, "NotObserved"),
        (
            "served",
            with(definition, &[accepted, ("Established", "True", "InitialNamesAccepted", "")]),
            Ready,
            "",
        ),
        ("not served yet", with(definition, &[accepted]), Progressing, "NotEstablished"),
        ("names in use", with(definition, &[taken]), Failed, "ListKindConflict"),
        ("answers", with(service, &[("Available", "True", "Passed", "")]), Ready, ""),
        (
            "no endpoints",
            with(service, &[("Available", "False", "MissingEndpoints", "")]),
            Progressing,
            "MissingEndpoints",
        ),
        (
            "a budget without pods",
            with("policy/v1 PodDisruptionBudget", &[("DisruptionAllowed", "False", "InsufficientPods", "")]),
            Ready,
            "",
        ),
        ("a budget not seen", old, Progressing, "NotObserved"),
        ("a namespace", live("v1 Namespace", json!({}), json!({"phase": "Active"})), Ready, ""),
        (
            "a namespace that goes",
            live("v1 Namespace", json!({}), json!({"phase": "Terminating"})),
            Progressing,
            "Terminating",
        ),
        ("anything that goes", leaving, Progressing, "Terminating"),
    ]);
}

#[test]
fn other_kinds_by_their_conditions() {
    let of = |seen: Value, all: &[(&str, &str, &str, &str)]| {
        live(
            "acme.test/v1 Thing",
            json!({}),
            json!({"observedGeneration": seen, "conditions": conditions(all)}),
        )
    };
    let mut older = of(json!(null), &[("Ready", "True", "Ok", "")]);
    older["status"]["conditions"][0]["observedGeneration"] = 1.into();
    check(vec![
        ("ready", of(json!(2), &[("Ready", "True", "Ok", "")]), Ready, ""),
        ("ready without a generation", of(json!(null), &[("Ready", "True", "Ok", "")]), Ready, ""),
        ("not ready", of(json!(2), &[("Ready", "False", "Waiting", "")]), Progressing, "Waiting"),
        ("unknown", of(json!(2), &[("Ready", "Unknown", "", "")]), Progressing, "Ready"),
        (
            "ready, of the generation before",
            of(json!(1), &[("Ready", "True", "Ok", "")]),
            Progressing,
            "NotObserved",
        ),
        ("a condition of the generation before", older, Progressing, "NotObserved"),
        (
            "stalled",
            of(json!(2), &[("Ready", "False", "Waiting", ""), ("Stalled", "True", "Quota", "")]),
            Failed,
            "Quota",
        ),
        (
            "reconciling",
            of(json!(2), &[("Ready", "True", "Ok", ""), ("Reconciling", "True", "Upgrade", "")]),
            Progressing,
            "Upgrade",
        ),
        (
            "available",
            of(json!(2), &[("Available", "True", "Ok", ""), ("Progressing", "True", "Idle", "")]),
            Ready,
            "",
        ),
        ("only progressing", of(json!(2), &[("Progressing", "True", "Working", "")]), Progressing, "Working"),
    ]);
    let silent = Object::new(live("acme.test/v1 Thing", json!({}), json!({}))).unwrap();
    assert_eq!(assess(&silent, &silent), None, "its plugin decides");
}
