//! Conflicts, immutable fields, owners, autoscalers and claims.

use serde_json::{Value, json};

use super::{Bench, config, deployment, findings, node, object, told};
use crate::kube::fake::Verb;
use crate::kube::{Cause, Class, Error};
use crate::runs::plan::model::{Conflict, Resolution};
use crate::secret::Secret;

fn conflict(manager: &str, field: &str) -> Error {
    let cause = Cause { manager: manager.into(), field: field.into() };
    Error::Conflict { object: "ConfigMap shop/c".into(), causes: vec![cause] }
}

#[tokio::test]
async fn a_conflict_is_named_and_resolved_as_the_node_says() {
    for (deploy, force, resolution, forced, data) in [
        (json!({}), false, Resolution::Refused, false, None),
        (json!({ "conflicts": "share" }), false, Resolution::Shared, false, Some(json!({ "b": "2" }))),
        (json!({ "conflicts": "take" }), false, Resolution::Taken, true, Some(json!({ "a": "1", "b": "2" }))),
        (json!({}), true, Resolution::Taken, true, Some(json!({ "a": "1", "b": "2" }))),
        (json!({ "conflicts": "share" }), true, Resolution::Taken, true, Some(json!({ "a": "1", "b": "2" }))),
    ] {
        let mut bench = Bench::new();
        bench.options.force = force;
        let wanted = object(("v1", "ConfigMap"), "c", json!({ "data": { "a": "1", "b": "2" } }));
        bench.put(config("c"), Some(&bench.own()));
        bench.cluster.fail(Verb::DryRun, "", conflict("kubectl-edit", ".data.a"));
        let planned = bench.one(wanted, deploy.clone()).await;
        let named = Conflict { manager: "kubectl-edit".into(), field: ".data.a".into(), resolution };
        assert_eq!(planned.plan.operations[0].conflicts, [named], "{deploy}");
        let step = planned.steps[0].as_ref().unwrap().first();
        assert_eq!(step.map(|step| step.object.as_map()["data"].clone()), data, "{deploy}");
        assert_eq!(step.is_some_and(|step| step.force), forced, "{deploy}");
        let told: Vec<_> = findings(&planned);
        if data.is_none() {
            let text = "fields of ConfigMap shop/c belong to others: .data.a (kubectl-edit)";
            assert_eq!(told, [("cluster.conflict", "data.a", text)]);
        } else {
            assert_eq!(told, [], "{deploy}");
        }
    }
}

#[tokio::test]
async fn what_we_set_ourselves_once_is_no_conflict() {
    let bench = Bench::new();
    bench.put(config("c"), Some(&bench.own()));
    bench.cluster.fail(Verb::DryRun, "", conflict("kubeorch", ".data.a"));
    let planned = bench.one(config("c"), json!({})).await;
    assert_eq!(planned.plan.operations[0].conflicts, []);
    assert!(planned.steps[0].as_ref().unwrap()[0].force && findings(&planned).is_empty());
}

#[tokio::test]
async fn a_field_that_cannot_be_left_out_is_a_finding() {
    let bench = Bench::new();
    bench.put(config("c"), Some(&bench.own()));
    bench.cluster.fail(Verb::DryRun, "", conflict("helm", ".spec.odd"));
    let planned = bench.one(config("c"), json!({ "conflicts": "share" })).await;
    assert_eq!(findings(&planned)[0].0, "cluster.conflict");
}

fn job(finished: bool) -> Value {
    let status = if finished { json!("True") } else { json!("False") };
    let status = json!({ "conditions": [{ "type": "Complete", "status": status }] });
    object(("batch/v1", "Job"), "c", json!({ "spec": { "template": {} }, "status": status }))
}

#[tokio::test]
async fn what_cannot_change_is_explained_or_made_anew_on_request() {
    let claim = || object(("v1", "PersistentVolumeClaim"), "c", json!({ "spec": {} }));
    let web = || deployment(None);
    let recreate = || json!({ "immutable": "recreate" });
    for (name, live, deploy, expected) in [
        ("explained", web(), json!({}), None),
        ("on request", web(), recreate(), Some("recreate")),
        ("a job that runs", job(false), json!({}), None),
        ("a job that runs, on request", job(false), recreate(), Some("recreate")),
        ("a finished job", job(true), json!({}), Some("recreate")),
        ("a claim, never", claim(), recreate(), None),
    ] {
        let bench = Bench::new();
        let live = bench.put(live, Some(&bench.own()));
        let error = Error::Rejected {
            object: live.key().to_string(),
            reason: "field is immutable".into(),
            immutable: vec!["spec.selector".into()],
            denied_by: None,
            class: Class::Invalid,
        };
        bench.cluster.fail(Verb::DryRun, "", error);
        let mut wanted = live.to_value();
        wanted.as_object_mut().unwrap().remove("status");
        let planned = bench.one(wanted, deploy).await;
        let action = planned.plan.operations.first().map(|operation| operation.action.as_str());
        assert_eq!(action, expected, "{name}");
        if expected.is_some() {
            let step = &planned.steps[0].as_ref().unwrap()[0];
            assert_eq!(step.recreate.as_deref(), live.uid(), "{name}");
            assert_eq!(planned.plan.operations[0].changes[0].path, "spec.selector");
        } else {
            let (code, field, text) = findings(&planned)[0];
            assert_eq!((code, field), ("cluster.immutable", "spec.selector"), "{name}");
            assert!(text.contains("spec.selector"), "{text}");
        }
    }
}

#[tokio::test]
async fn only_who_asks_takes_over_and_never_from_another_account_or_a_controller() {
    let labelled = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
    let other = || labelled("kubeorch.io/workflow-id", "a00000000000000000000002");
    let helm = || labelled("app.kubernetes.io/managed-by", "Helm");
    for (label, controlled, deploy, option, expected) in [
        (None, false, json!({}), false, "refused"),
        (None, false, json!({ "adopt": true }), false, "adopt"),
        (None, false, json!({}), true, "adopt"),
        (other(), false, json!({}), false, "refused"),
        (other(), false, json!({ "adopt": true }), false, "adopt"),
        (helm(), false, json!({}), false, "refused"),
        (helm(), false, json!({}), true, "adopt"),
        (labelled("managed-by", "kubeorch"), false, json!({}), false, "adopt"),
        (
            labelled("kubeorch.io/workflow-id", "a00000000000000000000009"),
            false,
            json!({ "adopt": true }),
            true,
            "refused",
        ),
        (None, true, json!({ "adopt": true }), true, "refused"),
    ] {
        // Seen whole where few are wanted, by its head where many are.
        for extra in [0, 9] {
            let mut bench = Bench::new();
            bench.options.adopt = option;
            let mut live = config("c");
            if let Some((name, value)) = &label {
                live["metadata"]["labels"] = json!({ (name): value });
            }
            if controlled {
                live["metadata"]["ownerReferences"] =
                    json!([{ "kind": "X", "name": "x", "controller": true }]);
            }
            bench.cluster.put(live);
            let mut nodes = vec![node([config("c")], deploy.clone())];
            nodes.extend((0..extra).map(|at| node([config(&format!("e{at}"))], json!({}))));
            let planned = bench.plan(&nodes).await.unwrap();
            let found = planned.plan.operations.iter().find(|operation| operation.key.name == "c");
            let found = found.map_or("refused", |operation| operation.action.as_str());
            assert_eq!(found, expected, "{label:?} {controlled} {deploy} {option} {extra}");
            let refused = findings(&planned).iter().any(|(code, ..)| *code == "cluster.object_foreign");
            assert_eq!(refused, expected == "refused");
        }
    }
}

fn autoscaler() -> Value {
    let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" });
    object(
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        "web",
        json!({ "spec": { "scaleTargetRef": target } }),
    )
}

#[tokio::test]
async fn replicas_that_an_autoscaler_sees_to_are_left_alone() {
    let replicas = |planned: &super::Planned| {
        planned.steps[0].as_ref().unwrap()[0].object.pointer("/spec/replicas").cloned()
    };
    let web = || node([deployment(Some(2))], json!({}));
    let bench = Bench::new();
    assert_eq!(replicas(&bench.plan(&[web()]).await.unwrap()), Some(json!(2)));
    // One in the graph.
    let scaler = node([autoscaler()], json!({}));
    assert_eq!(replicas(&bench.plan(&[web(), scaler]).await.unwrap()), None);
    // A live one.
    bench.put(autoscaler(), None);
    let planned = bench.plan(&[web()]).await.unwrap();
    assert_eq!(replicas(&planned), None);
    assert_eq!(told(&planned)[0].2, "an autoscaler sees to the replicas");
    // While the field is ours alone, dropping it would fall back to one replica.
    let mut live = deployment(Some(7));
    let owns = |manager: &str| json!({ "manager": manager, "fieldsV1": { "f:spec": { "f:replicas": {} } } });
    live["metadata"]["managedFields"] = json!([owns("kubeorch")]);
    bench.put(live.clone(), Some(&bench.own()));
    assert_eq!(replicas(&bench.plan(&[web()]).await.unwrap()), Some(json!(7)));
    live["metadata"]["managedFields"] = json!([owns("kubeorch"), owns("kube-controller-manager")]);
    bench.put(live, Some(&bench.own()));
    assert_eq!(replicas(&bench.plan(&[web()]).await.unwrap()), None);
    // Our own that leaves the graph goes, and the replicas are ours again.
    bench.cluster.remove(&crate::manifest::Object::new(autoscaler()).unwrap().key());
    bench.put(autoscaler(), Some(&bench.own()));
    assert_eq!(replicas(&bench.plan(&[web()]).await.unwrap()), Some(json!(2)));
}

#[tokio::test]
async fn of_a_claim_only_growth_is_sent() {
    let spec = |size: &str, class: &str, modes: &Value| json!({ "spec": { "storageClassName": class, "accessModes": modes, "resources": { "requests": { "storage": size } } } });
    let one = json!(["ReadWriteOnce"]);
    for (wanted, sent, note) in [
        (spec("2Gi", "fast", &one), "2Gi", ""),
        (spec("1024Mi", "fast", &one), "1Gi", ""),
        (
            spec("1Gi", "slow", &json!(["ReadWriteMany"])),
            "1Gi",
            "a claim can only grow; ignored: accessModes, storageClassName",
        ),
        (spec("512Mi", "fast", &one), "1Gi", "a claim can only grow; ignored: a smaller size"),
    ] {
        let bench = Bench::new();
        let claim = |spec: Value| object(("v1", "PersistentVolumeClaim"), "data", spec);
        let mut live = claim(spec("1Gi", "fast", &one));
        live["spec"]["volumeName"] = "pv-1".into();
        bench.put(live, Some(&bench.own()));
        let planned = bench.one(claim(wanted), json!({})).await;
        let object = planned.steps[0].as_ref().unwrap()[0].object.to_value();
        assert_eq!(json!({ "spec": object["spec"] }), spec(sent, "fast", &one));
        assert_eq!(told(&planned)[0].2, note);
    }
}

#[tokio::test]
async fn a_refusal_does_not_repeat_a_value_of_the_run() {
    let mut bench = Bench::new();
    let given = [("K".to_owned(), Secret::new("canary-value"))].into();
    bench.values.secrets.insert("n0".into(), given);
    let leaf = json!({ "$runtime": { "from": "secret", "key": "K", "encode": "base64" } });
    let reason = "data[K]: Invalid value: \"Y2FuYXJ5LXZhbHVl\" (canary-value)";
    bench.cluster.fail(Verb::DryRun, "", Error::rejected("Secret shop/s", reason));
    let planned = bench.one(object(("v1", "Secret"), "s", json!({ "data": { "K": leaf } })), json!({})).await;
    let (code, _, text) = findings(&planned)[0];
    assert_eq!(code, "cluster.rejected");
    assert!(text.contains("Invalid value: \"(sensitive)\" ((sensitive))"), "{text}");
}
