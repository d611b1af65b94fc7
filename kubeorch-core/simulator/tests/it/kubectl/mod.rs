//! `kubectl` as the judge: the real program against the simulator over TCP.
//!
//! Without `kubectl` on the path the test says so and passes.

use std::io::Write;
use std::process::Stdio;

use kubeorch_simulator::{Simulator, kubeconfig};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;

const MANIFESTS: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "job:1"}]}}}
"#;

struct Kubectl {
    config: NamedTempFile,
}

impl Kubectl {
    /// Runs `kubectl` and checks its exit code and that its output holds each of `expected`.
    async fn check(&self, arguments: &str, input: &str, code: i32, expected: &[&str]) {
        let mut child = Command::new("kubectl")
            .args(arguments.split_whitespace())
            .env("KUBECONFIG", self.config.path())
            .env("HOME", self.config.path().parent().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "kubectl {arguments}: {text}");
        for part in expected {
            assert!(text.contains(part), "kubectl {arguments}: no {part:?} in\n{text}");
        }
    }
}

#[tokio::test]
async fn kubectl_cannot_tell() {
    let found = Command::new("kubectl").args(["version", "--client"]).output().await;
    if found.is_err() {
        println!("skipped: no kubectl on the path");
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let simulator = Simulator::builder().nodes(2).build();
    tokio::spawn(async move { simulator.serve(listener, std::future::pending()).await });
    let mut config = NamedTempFile::new().unwrap();
    config.write_all(kubeconfig(&server).as_bytes()).unwrap();
    let kubectl = Kubectl { config };

    for (arguments, input, code, expected) in [
        ("version", "", 0, &["Server Version: v1.33.5"][..]),
        ("api-resources", "", 0, &["deployments", "deploy", "apps/v1", "StatefulSet"]),
        ("get nodes", "", 0, &["simulator-node-0   Ready", "v1.33.5"]),
        (
            "apply --server-side --dry-run=server -f -",
            MANIFESTS,
            0,
            &["deployment.apps/web serverside-applied (server dry run)"],
        ),
        ("get deploy web", "", 1, &["Error from server (NotFound): deployments.apps \"web\" not found"]),
        (
            "apply --server-side -f -",
            MANIFESTS,
            0,
            &["statefulset.apps/db serverside-applied", "job.batch/once serverside-applied"],
        ),
        ("rollout status deploy/web --timeout=30s", "", 0, &["successfully rolled out"]),
        ("rollout status sts/db --timeout=30s", "", 0, &["roll"]),
        ("wait --for=condition=complete job/once --timeout=30s", "", 0, &["condition met"]),
        ("get deploy web -o wide", "", 0, &["NAME", "UP-TO-DATE", "2/2", "web:1", "app=web"]),
        ("get pods,pvc,svc", "", 0, &["Running", "Completed", "Bound", "data-db-1", "80/TCP"]),
        ("get pods -o jsonpath={.items[*].status.phase}", "", 0, &["Running"]),
        (
            "describe deploy web",
            "",
            0,
            &["ScalingReplicaSet", "2 desired | 2 updated | 2 total | 2 available"],
        ),
        (
            "describe pod db-0",
            "",
            0,
            &[
                "Successfully assigned default/db-0",
                "Started container db",
                "PersistentVolumeClaim",
                "data-db-0",
            ],
        ),
        ("logs db-0", "", 0, &["db starting db:1"]),
        ("apply -f -", MANIFESTS, 0, &["deployment.apps/web configured"]),
        ("apply -f -", MANIFESTS, 0, &["deployment.apps/web unchanged", "service/web unchanged"]),
        ("scale deploy/web --replicas=4", "", 0, &["scaled"]),
        ("rollout status deploy/web --timeout=30s", "", 0, &["successfully rolled out"]),
        ("set image deploy/web web=web:2", "", 0, &["image updated"]),
        ("rollout status deploy/web --timeout=30s", "", 0, &["successfully rolled out"]),
        ("rollout undo deploy/web", "", 0, &["rolled back"]),
        ("rollout status deploy/web --timeout=30s", "", 0, &["successfully rolled out"]),
        (
            "apply --server-side --field-manager=other -f -",
            &MANIFESTS.replace("web:1", "web:9"),
            1,
            &["Apply failed with", "conflict with", ".spec.template.spec.containers[name=\"web\"].image"],
        ),
        ("delete deploy web --cascade=foreground --timeout=30s", "", 0, &["deleted"]),
        ("delete sts db --timeout=30s", "", 0, &["deleted"]),
        ("get deploy,sts", "", 0, &["No resources found in default namespace."]),
        ("create namespace team", "", 0, &["namespace/team created"]),
        ("create configmap settings --from-literal=a=b -n team", "", 0, &["configmap/settings created"]),
        ("create secret generic token --from-literal=a=b -n team", "", 0, &["secret/token created"]),
        ("get configmap settings -n team -o jsonpath={.data.a}", "", 0, &["b"]),
        ("get secret token -n team -o jsonpath={.data.a}", "", 0, &["Yg=="]),
        ("delete namespace team --timeout=30s", "", 0, &["namespace \"team\" deleted"]),
    ] {
        kubectl.check(arguments, input, code, expected).await;
    }
}
