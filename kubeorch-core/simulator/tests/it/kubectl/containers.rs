//! `exec`, `logs`, `attach`, `port-forward`, `top`.

use tokio::io::{AsyncBufReadExt, BufReader};

use super::Kubectl;

/// Two pods: one runs, one crashes again and again.
const PODS: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: web, image: "web:1", env: [{name: COLOUR, value: red}], resources: {requests: {cpu: 500m, memory: 64Mi}}}
  - {name: side, image: "side:1"}
---
apiVersion: v1
kind: Pod
metadata: {name: crash}
spec: {containers: [{name: c, image: "simulator/crash"}]}
"#;

async fn start() -> Option<Kubectl> {
    let kubectl = Kubectl::start().await?;
    kubectl.check("apply -f -", PODS, 0, &["pod/web created"]).await;
    kubectl.check("wait --for=condition=Ready pod/web --timeout=20s", "", 0, &["condition met"]).await;
    Some(kubectl)
}

#[tokio::test]
async fn commands_run_with_input_outputs_and_exit_codes() {
    let Some(kubectl) = start().await else { return };
    for (arguments, input, code, expected) in [
        ("exec web -c web -- echo a b", "", 0, "a b\n"),
        (
            "exec web -c web -- sh -c echo_$COLOUR;echo_bad_>&2;exit_3",
            "",
            3,
            "red\nbad\ncommand terminated with exit code 3",
        ),
        ("exec -i web -c side -- cat", "through and through", 0, "through and through"),
        ("exec -i web -c web -- sh", "hostname\nexit 5\n", 5, "web\n"),
        ("exec web -- hostname", "", 0, "Defaulted container \"web\" out of: web, side"),
        ("exec web -c web -- nosuch", "", 1, "exec: \"nosuch\": executable file not found in $PATH"),
        ("exec web -c none -- ls", "", 1, "container none is not valid for pod web"),
        ("exec none -- ls", "", 1, "pods \"none\" not found"),
        ("attach web -c web", "", 1, "the simulator cannot attach to containers"),
        ("port-forward pod/web 0:80", "", 1, "the simulator cannot forward ports of containers"),
    ] {
        kubectl.check(arguments, input, code, &[expected]).await;
    }
}

#[tokio::test]
async fn a_command_ends_with_its_pod() {
    let Some(kubectl) = start().await else { return };
    let mut child = kubectl.spawn("exec web -c web -- sh -c echo_begun;sleep_600");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("begun"));
    kubectl.check("delete pod web", "", 0, &["deleted"]).await;
    assert_eq!(child.wait().await.unwrap().code(), Some(137));
}

#[tokio::test]
async fn logs_are_read_followed_and_cut() {
    let Some(kubectl) = start().await else { return };
    kubectl
        .check(
            "wait --for=jsonpath={.status.containerStatuses[0].restartCount}=1 pod/crash --timeout=20s",
            "",
            0,
            &["met"],
        )
        .await;
    kubectl
        .all(&[
            ("run stuck --image=simulator/image-not-found", "created"),
            (
                "wait --for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff pod/stuck --timeout=20s",
                "met",
            ),
        ])
        .await;
    for (arguments, code, expected) in [
        (
            "logs stuck",
            1,
            "container \"stuck\" in pod \"stuck\" is waiting to start: trying and failing to pull image",
        ),
        ("logs web -c web", 0, "web starting web:1\nweb listening\n"),
        ("logs web --all-containers --prefix", 0, "[pod/web/side] side listening"),
        ("logs web -c web --limit-bytes=12", 0, "web starting"),
        ("logs web -c none", 1, "container none is not valid for pod web"),
        ("logs crash --previous", 0, "fatal: simulated failure, exit code 1"),
        ("logs crash --previous --tail=1 --timestamps", 0, "Z fatal: simulated failure"),
        ("logs crash -f", 0, "fatal: simulated failure, exit code 1"),
        ("logs web -c web --previous", 1, "previous terminated container \"web\" in pod \"web\" not found"),
    ] {
        kubectl.check(arguments, "", code, &[expected]).await;
    }
    let output = kubectl.spawn("logs web -c web --tail=1").wait_with_output().await.unwrap();
    // On a slow machine the container has given signs of life by now.
    let last = String::from_utf8(output.stdout).unwrap();
    assert!(last.starts_with("web ") && last.matches('\n').count() == 1, "{last}");

    let mut child = kubectl.spawn("logs -f web -c web");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("web starting web:1"));
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("web listening"));
    kubectl.check("delete pod web", "", 0, &["deleted"]).await;
    assert_eq!(lines.next_line().await.unwrap(), None);
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn top_reads_the_meters() {
    let Some(kubectl) = start().await else { return };
    kubectl
        .all(&[
            ("top pod web", "web    105m         48Mi"),
            ("top pod web --containers", "web   web    100m         32Mi"),
            ("annotate pod web simulator/cpu-load=2", "annotated"),
            ("top pod web", "web    2000m"),
            ("top nodes", "simulator-node-1"),
            ("get --raw /apis/metrics.k8s.io/v1beta1/namespaces/%ns%/pods/web", "\"window\":\"10s\""),
        ])
        .await;
}
