//! `kubectl` as the judge: the real program against the simulator over TCP.
//!
//! With `KUBEORCH_TEST_CLUSTER=1` against the cluster that `KUBECONFIG` names instead, so that what the
//! simulator is expected to do is what Kubernetes does. The nodes of that cluster must behave as simulated
//! ones: `kubeorch-core/tests/control-plane` has such.
//!
//! Without `kubectl` on the path the tests say so and pass.

mod access;
mod containers;
mod creating;
mod editing;
mod rollouts;

use std::io::Write;
use std::process::Stdio;

use std::sync::atomic::{AtomicU32, Ordering};

use kubeorch_simulator::{Simulator, kubeconfig};
use tempfile::{NamedTempFile, TempDir};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// A cluster, and `kubectl` set up to reach it.
struct Kubectl {
    config: NamedTempFile,
    /// Where `kubectl` keeps what it discovered; of its own, so that tests do not share it.
    home: TempDir,
    /// Where the test's objects live: `default` of a simulator of its own, a fresh one of a real cluster.
    namespace: String,
    real: bool,
}

impl Kubectl {
    /// Starts a simulator, or takes the cluster that is given; `None` without `kubectl`.
    #[expect(clippy::print_stdout, reason = "a test that proves nothing has to say so")]
    async fn start() -> Option<Self> {
        let found = Command::new("kubectl").args(["version", "--client"]).output().await;
        if found.is_err() {
            println!("skipped: no kubectl on the path");
            return None;
        }
        let home = TempDir::new().unwrap();
        let mut config = NamedTempFile::new().unwrap();
        if std::env::var("KUBEORCH_TEST_CLUSTER").as_deref() == Ok("1") {
            let given = std::env::var("KUBECONFIG").expect("KUBEORCH_TEST_CLUSTER needs a KUBECONFIG");
            config.write_all(&std::fs::read(given).unwrap()).unwrap();
            let namespace = fresh();
            let kubectl = Self { config, home, namespace, real: true };
            kubectl
                .all(&[
                    ("create namespace %ns%", "created"),
                    ("config set-context --current --namespace=%ns%", "modified"),
                    ("wait --for=create serviceaccount/default cm/kube-root-ca.crt --timeout=20s", "met"),
                ])
                .await;
            return Some(kubectl);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let simulator = Simulator::builder().nodes(2).build();
        tokio::spawn(async move { simulator.serve(listener, std::future::pending()).await });
        config.write_all(kubeconfig(&server).as_bytes()).unwrap();
        Some(Self { config, home, namespace: "default".to_owned(), real: false })
    }

    /// With the test's namespace for `%ns%`.
    fn fill(&self, text: &str) -> String {
        text.replace("%ns%", &self.namespace)
    }

    /// Starts `kubectl` with arguments separated by blanks; `_` in an argument is a blank, `%ns%` the namespace.
    fn spawn(&self, arguments: &str) -> Child {
        Command::new("kubectl")
            .args(arguments.split_whitespace().map(|one| self.fill(&one.replace('_', " "))))
            .env("KUBECONFIG", self.config.path())
            .env("HOME", self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    /// Runs `kubectl` and checks its exit code and that its output holds each of `expected`.
    async fn check(&self, arguments: &str, input: &str, code: i32, expected: &[&str]) {
        let mut child = self.spawn(arguments);
        // Some commands end without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        let output = child.wait_with_output().await.unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "kubectl {arguments}: {text}");
        for part in expected.iter().map(|part| self.fill(part)) {
            assert!(text.contains(&part), "kubectl {arguments}: no {part:?} in\n{text}");
        }
    }

    /// Commands that succeed, each with what its output holds.
    async fn all(&self, commands: &[(&str, &str)]) {
        for (arguments, expected) in commands {
            self.check(arguments, "", 0, &[expected]).await;
        }
    }
}

/// A real cluster outlives the test; its objects need not.
impl Drop for Kubectl {
    fn drop(&mut self) {
        if self.real {
            let left = "namespace/%ns% namespace/%ns%-team priorityclass/%ns%-high clusterrole/%ns%-see \
                clusterrolebinding/%ns%-bots";
            let _ = std::process::Command::new("kubectl")
                .args(["delete", "--wait=false", "--ignore-not-found"])
                .args(self.fill(left).split_whitespace())
                .env("KUBECONFIG", self.config.path())
                .env("HOME", self.home.path())
                .output();
        }
    }
}

/// A name no other test has, nor one of another process.
fn fresh() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("kubectl-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
