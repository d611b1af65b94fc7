//! Horizontal pod autoscalers: load in, replicas and conditions out.

use std::time::Duration;

use http::StatusCode;
use kubeorch_simulator::Clock;
use serde_json::{Value, json};

use crate::support::{Cluster, DEPLOYMENTS, deployment};

const SCALERS: &str = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";

fn scaler(least: u32, most: u32, metrics: &Value) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": "web" },
        "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" },
            "minReplicas": least, "maxReplicas": most, "metrics": metrics,
        },
    })
}

fn cpu(target: Value) -> Value {
    json!([{ "type": "Resource", "resource": { "name": "cpu", "target": target } }])
}

fn half() -> Value {
    cpu(json!({ "type": "Utilization", "averageUtilization": 50 }))
}

/// A deployment whose pods ask for 100m of CPU and share a load.
async fn deploy(cluster: &Cluster, replicas: u32, load: &str) {
    let mut web = deployment("web:1", replicas);
    web["metadata"]["annotations"] = json!({ "simulator/cpu-load": load });
    web["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({ "requests": { "cpu": "100m" } });
    let (status, answer) = cluster.create(DEPLOYMENTS, &web).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    cluster.pass(1);
}

async fn load(cluster: &Cluster, load: &str) {
    let patch = json!({ "metadata": { "annotations": { "simulator/cpu-load": load } } });
    let path = format!("{DEPLOYMENTS}/web");
    cluster.call("PATCH", &path, "application/merge-patch+json", &patch).await;
    cluster.simulator.settle();
}

async fn replicas(cluster: &Cluster) -> Value {
    cluster.get(&format!("{DEPLOYMENTS}/web")).await["spec"]["replicas"].clone()
}

/// `Type=Status(Reason)` of every condition.
async fn conditions(cluster: &Cluster) -> String {
    let found = cluster.get(&format!("{SCALERS}/web")).await;
    let conditions = found["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let words: Vec<_> = conditions
        .iter()
        .map(|one| {
            let word = |field: &str| one[field].as_str().unwrap_or_default();
            format!("{}={}({})", word("type"), word("status"), word("reason"))
        })
        .collect();
    words.join(" ")
}

#[tokio::test]
async fn load_becomes_replicas_and_conditions() {
    let value = cpu(json!({ "type": "AverageValue", "averageValue": "50m" }));
    let pods = json!([{
        "type": "Pods",
        "pods": { "metric": { "name": "hits" }, "target": { "type": "AverageValue", "averageValue": "1" } },
    }]);
    let active = "AbleToScale=True(ReadyForNewScale) ScalingActive=True(ValidMetricFound)";
    for (begin, load, object, expected, words) in [
        // 100m over two pods is 50 %: nothing to do.
        (2, "100m", scaler(1, 9, &half()), 2, format!("{active} ScalingLimited=False(DesiredWithinRange)")),
        // Within the tolerance of a tenth.
        (2, "108m", scaler(1, 9, &half()), 2, format!("{active} ScalingLimited=False(DesiredWithinRange)")),
        (2, "150m", scaler(1, 9, &half()), 3, format!("{active} ScalingLimited=False(DesiredWithinRange)")),
        (2, "150m", scaler(1, 9, &value), 3, format!("{active} ScalingLimited=False(DesiredWithinRange)")),
        (2, "2", scaler(1, 4, &half()), 4, format!("{active} ScalingLimited=True(TooManyReplicas)")),
        (1, "1m", scaler(3, 4, &half()), 3, "AbleToScale=True(ScaleDownStabilized) ScalingActive=True(ValidMetricFound) ScalingLimited=False(DesiredWithinRange)".to_owned()),
        (0, "1", scaler(1, 4, &half()), 0, "AbleToScale=True(SucceededGetScale) ScalingActive=False(ScalingDisabled)".to_owned()),
        (2, "1", scaler(1, 4, &pods), 2, "AbleToScale=True(SucceededGetScale) ScalingActive=False(FailedGetPodsMetric)".to_owned()),
    ] {
        let cluster = Cluster::new();
        deploy(&cluster, begin, load).await;
        let (status, answer) = cluster.create(SCALERS, &object).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        cluster.pass(20);
        assert_eq!(replicas(&cluster).await, json!(expected), "{begin} replicas, load {load}");
        assert_eq!(conditions(&cluster).await, words, "{begin} replicas, load {load}");
    }
}

#[tokio::test]
async fn a_target_that_is_missing_or_asks_for_nothing_is_told() {
    let cluster = Cluster::new();
    cluster.create(SCALERS, &scaler(1, 4, &half())).await;
    cluster.pass(1);
    assert_eq!(conditions(&cluster).await, "AbleToScale=False(FailedGetScale)");
    cluster.create(DEPLOYMENTS, &deployment("web:1", 1)).await;
    cluster.pass(1);
    let found = cluster.get(&format!("{SCALERS}/web")).await;
    let message = found["status"]["conditions"][1]["message"].as_str().unwrap();
    assert!(
        message
            .contains("failed to get cpu utilization: missing request for cpu in container web of Pod web-"),
        "{message}"
    );
}

#[tokio::test]
async fn readings_and_events_say_what_was_done() {
    let cluster = Cluster::new();
    deploy(&cluster, 2, "150m").await;
    cluster.create(SCALERS, &scaler(1, 9, &half())).await;
    cluster.pass(20);
    let found = cluster.get(&format!("{SCALERS}/web")).await;
    assert_eq!(found["status"]["currentReplicas"], 3);
    assert_eq!(found["status"]["desiredReplicas"], 3);
    assert_eq!(
        found["status"]["currentMetrics"],
        json!([{ "type": "Resource", "resource": { "name": "cpu", "current": { "averageUtilization": 50, "averageValue": "50m" } } }])
    );
    assert_eq!(found["status"]["lastScaleTime"], "2025-01-01T00:00:01Z");
    let events =
        cluster.get("/api/v1/namespaces/default/events?fieldSelector=reason=SuccessfulRescale").await;
    let message = "New size: 3; reason: cpu resource utilization (percentage of request) above target";
    assert_eq!(events["items"][0]["message"], message);
    let owners = cluster.get(&format!("{DEPLOYMENTS}/web")).await["metadata"]["managedFields"].clone();
    let through_scale = owners.as_array().unwrap().iter().any(|one| one["subresource"] == "scale");
    assert!(through_scale, "{owners}");
}

#[tokio::test]
async fn behaviour_paces_both_directions() {
    let cluster = Cluster::new();
    deploy(&cluster, 1, "50m").await;
    let mut object = scaler(1, 20, &half());
    object["spec"]["behavior"] = json!({
        "scaleUp": { "policies": [{ "type": "Pods", "value": 2, "periodSeconds": 60 }] },
        "scaleDown": { "stabilizationWindowSeconds": 30, "policies": [{ "type": "Percent", "value": 50, "periodSeconds": 15 }] },
    });
    cluster.create(SCALERS, &object).await;
    cluster.pass(1);
    load(&cluster, "1").await;
    assert_eq!(replicas(&cluster).await, json!(3), "two pods a minute");
    assert!(conditions(&cluster).await.ends_with("ScalingLimited=True(ScaleUpLimit)"));
    cluster.pass(50);
    assert_eq!(replicas(&cluster).await, json!(3));
    cluster.pass(25);
    assert_eq!(replicas(&cluster).await, json!(5));

    load(&cluster, "10m").await;
    cluster.pass(14);
    assert_eq!(replicas(&cluster).await, json!(5), "the window holds the highest recommendation");
    cluster.pass(35);
    assert_eq!(replicas(&cluster).await, json!(2), "half of them in 15 seconds");
    cluster.pass(60);
    assert_eq!(replicas(&cluster).await, json!(1));
}

#[tokio::test]
async fn there_is_one_timer_however_often_it_looks() {
    let cluster = Cluster::new();
    deploy(&cluster, 2, "100m").await;
    cluster.create(SCALERS, &scaler(1, 9, &half())).await;
    for milli in 0..20 {
        cluster.clock.advance(Duration::from_millis(10));
        load(&cluster, &format!("{}m", 95 + milli % 10)).await;
    }
    // From here on only the periodic looks are left: four a minute, not twenty times four.
    cluster.pass(20);
    let mut looks = 0;
    let end = cluster.clock.now() + jiff::SignedDuration::from_secs(60);
    while let Some(next) = cluster.simulator.next_timer().filter(|next| *next <= end) {
        let wait = next.duration_since(cluster.clock.now());
        cluster.clock.advance(Duration::try_from(wait).unwrap());
        cluster.simulator.settle();
        looks += 1;
    }
    assert_eq!(looks, 4);
}

#[tokio::test]
async fn bad_autoscalers_are_refused_with_every_finding() {
    let cluster = Cluster::new();
    let mut bad = scaler(5, 4, &json!([{ "type": "Resource" }, { "type": "Gut" }]));
    bad["spec"]["scaleTargetRef"]["name"] = json!("");
    let (status, answer) = cluster.create(SCALERS, &bad).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields: Vec<_> =
        answer["details"]["causes"].as_array().unwrap().iter().map(|cause| cause["field"].clone()).collect();
    assert_eq!(
        json!(fields),
        json!([
            "spec.scaleTargetRef.name",
            "spec.maxReplicas",
            "spec.metrics[0].resource",
            "spec.metrics[1].type"
        ])
    );
}
