//! Changing objects: patches, labels, `diff`, `replace`, `rollout`, finalizers, and watching it.

use tokio::io::{AsyncBufReadExt, BufReader};

use super::Kubectl;

fn deployment(image: &str) -> String {
    format!(
        r#"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: "{image}"}}]}}
"#
    )
}

async fn start() -> Option<Kubectl> {
    let kubectl = Kubectl::start().await?;
    kubectl.check("apply --server-side -f -", &deployment("web:1"), 0, &["serverside-applied"]).await;
    kubectl.check("rollout status deploy/web --timeout=20s", "", 0, &["successfully rolled out"]).await;
    Some(kubectl)
}

/// What `get -o yaml` prints of several objects, and what people keep in one file.
const LIST: &str = r"
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: b}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}
";

#[tokio::test]
async fn a_list_is_applied_object_by_object() {
    let Some(kubectl) = Kubectl::start().await else { return };
    for (arguments, expected) in [
        ("apply --server-side -f -", "configmap/two serverside-applied"),
        ("apply --server-side --force-conflicts -f -", "configmap/one serverside-applied"),
        ("delete -f -", "configmap \"two\" deleted"),
        ("apply -f -", "configmap/one created"),
    ] {
        kubectl.check(arguments, LIST, 0, &[expected]).await;
    }
}

#[tokio::test]
async fn objects_are_changed_in_every_way() {
    let Some(kubectl) = start().await else { return };
    for (arguments, input, code, expected) in [
        ("diff --server-side -f -", deployment("web:2"), 1, "+      - image: web:2"),
        ("diff --server-side -f -", deployment("web:1"), 0, ""),
        ("label deploy web a=b", String::new(), 0, "labeled"),
        ("label deploy web a=c", String::new(), 1, "'a' already has a value (b), and --overwrite is false"),
        ("label deploy web a=c --overwrite", String::new(), 0, "labeled"),
        ("label deploy web a-", String::new(), 0, "unlabeled"),
        ("annotate deploy web x=y", String::new(), 0, "annotated"),
        ("patch deploy web -p {\"spec\":{\"minReadySeconds\":0}}", String::new(), 0, "patched"),
        (
            "patch deploy web --type=json -p [{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":1}]",
            String::new(),
            0,
            "patched",
        ),
        (
            "patch deploy web --type=json -p [{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":7}]",
            String::new(),
            1,
            "the server rejected our request due to an error in our request",
        ),
        ("patch deploy web --type=merge -p {\"spec\":{\"replicas\":2}}", String::new(), 0, "patched"),
        (
            "patch deploy web --subresource=scale --type=merge -p {\"spec\":{\"replicas\":1}}",
            String::new(),
            0,
            "scale.autoscaling/web patched",
        ),
        ("get deploy web --subresource=scale -o jsonpath={.spec.replicas}", String::new(), 0, "1"),
        ("scale deploy web --replicas=3 --current-replicas=9", String::new(), 1, "Expected replicas to be 9"),
        ("replace -f -", deployment("web:3"), 0, "replaced"),
        ("rollout status deploy/web --timeout=20s", String::new(), 0, "successfully rolled out"),
        ("rollout history deploy/web", String::new(), 0, "2         <none>"),
        ("rollout history deploy/web --revision=1", String::new(), 0, "web:1"),
        ("rollout undo deploy/web --to-revision=1", String::new(), 0, "rolled back"),
        ("rollout status deploy/web --timeout=20s", String::new(), 0, "successfully rolled out"),
        ("rollout pause deploy/web", String::new(), 0, "paused"),
        ("rollout restart deploy/web", String::new(), 1, "can't restart paused deployment"),
        ("rollout resume deploy/web", String::new(), 0, "resumed"),
        ("rollout restart deploy/web", String::new(), 0, "restarted"),
        ("rollout status deploy/web --timeout=20s", String::new(), 0, "successfully rolled out"),
        (
            "wait --for=jsonpath={.status.readyReplicas}=1 deploy/web --timeout=20s",
            String::new(),
            0,
            "condition met",
        ),
        ("set image deploy/web web=simulator/never-ready", String::new(), 0, "image updated"),
        ("rollout status deploy/web --timeout=1s", String::new(), 1, "timed out waiting for the condition"),
    ] {
        kubectl.check(arguments, &input, code, &[expected]).await;
    }
}

#[tokio::test]
async fn deletion_waits_for_finalizers_and_follows_its_policy() {
    let Some(kubectl) = start().await else { return };
    for (arguments, code, expected) in [
        ("create configmap held", 0, "created"),
        (
            "patch cm held --type=merge -p {\"metadata\":{\"finalizers\":[\"example.org/hold\"]}}",
            0,
            "patched",
        ),
        ("delete cm held --timeout=300ms", 1, "timed out waiting for the condition"),
        ("get cm held -o jsonpath={.metadata.deletionTimestamp}", 0, "T"),
        ("patch cm held --type=merge -p {\"metadata\":{\"finalizers\":null}}", 0, "patched"),
        ("wait --for=delete cm/held --timeout=10s", 0, ""),
        ("delete deploy web --cascade=orphan", 0, "deleted"),
        ("get rs -l app=web -o jsonpath={.items[*].status.readyReplicas}", 0, "1"),
        ("delete rs -l app=web --cascade=foreground", 0, "deleted"),
        ("get rs,pods -l app=web", 0, "No resources found"),
        ("run slow --image=simulator/slow-start", 0, "created"),
        ("delete pod slow --grace-period=0 --force", 0, "force deleted"),
        ("get pod slow", 1, "not found"),
        ("delete namespace default", 1, "this namespace may not be deleted"),
    ] {
        kubectl.check(arguments, "", code, &[expected]).await;
    }
}

#[tokio::test]
async fn a_watch_prints_rows_as_they_come() {
    let Some(kubectl) = start().await else { return };
    let mut child = kubectl.spawn("get configmaps --watch --output-watch-events");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || lines.next_line().await.unwrap().unwrap();
    // What is there comes first, so that whatever is done from then on is seen.
    let head = next().await;
    assert!(head.starts_with("EVENT") && head.contains("NAME") && head.contains("DATA"), "{head}");
    assert!(next().await.starts_with("ADDED      kube-root-ca.crt"));
    for (arguments, event) in [
        ("create configmap map --from-literal=a=b", "ADDED      map                1"),
        ("patch cm map --type=merge -p {\"data\":{\"c\":\"d\"}}", "MODIFIED   map                2"),
        ("delete cm map", "DELETED    map                2"),
    ] {
        kubectl.check(arguments, "", 0, &["map"]).await;
        let line = next().await;
        assert!(line.starts_with(event), "{line}");
    }
}
