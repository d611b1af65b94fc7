//! Applying, rolling out, scaling, deleting.

use super::Kubectl;

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

#[tokio::test]
async fn workloads_are_applied_rolled_out_and_deleted() {
    let Some(kubectl) = Kubectl::start().await else { return };
    for (arguments, input, code, expected) in [
        ("version", "", 0, &["Server Version: v1."][..]),
        ("api-resources", "", 0, &["deployments", "deploy", "apps/v1", "StatefulSet"]),
        ("get nodes", "", 0, &["simulator-node-0   Ready", "v1."]),
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
        ("get pv -o jsonpath={.items[*].spec.csi.driver}", "", 0, &["simulator.local"]),
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
                "Successfully assigned %ns%/db-0",
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
        ("get deploy,sts", "", 0, &["No resources found in %ns% namespace."]),
        ("create namespace %ns%-team", "", 0, &["namespace/%ns%-team created"]),
        ("create configmap settings --from-literal=a=b -n %ns%-team", "", 0, &["configmap/settings created"]),
        ("create secret generic token --from-literal=a=b -n %ns%-team", "", 0, &["secret/token created"]),
        ("get configmap settings -n %ns%-team -o jsonpath={.data.a}", "", 0, &["b"]),
        ("get secret token -n %ns%-team -o jsonpath={.data.a}", "", 0, &["Yg=="]),
        ("delete namespace %ns%-team --timeout=30s", "", 0, &["namespace \"%ns%-team\" deleted"]),
    ] {
        kubectl.check(arguments, input, code, expected).await;
    }
}
