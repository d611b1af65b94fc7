//! `kubectl` as the judge: the real program against the simulator over TCP.
//!
//! Without `kubectl` on the path the tests say so and pass.

mod access;
mod containers;
mod creating;
mod editing;
mod rollouts;

use std::io::Write;
use std::process::Stdio;

use kubeorch_simulator::{Simulator, kubeconfig};
use tempfile::{NamedTempFile, TempDir};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// A simulator, and `kubectl` set up to reach it.
struct Kubectl {
    config: NamedTempFile,
    /// Where `kubectl` keeps what it discovered; of its own, so that tests do not share it.
    home: TempDir,
}

impl Kubectl {
    /// Starts a simulator; `None` without `kubectl`.
    #[expect(clippy::print_stdout, reason = "a test that proves nothing has to say so")]
    async fn start() -> Option<Self> {
        let found = Command::new("kubectl").args(["version", "--client"]).output().await;
        if found.is_err() {
            println!("skipped: no kubectl on the path");
            return None;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let simulator = Simulator::builder().nodes(2).build();
        tokio::spawn(async move { simulator.serve(listener, std::future::pending()).await });
        let mut config = NamedTempFile::new().unwrap();
        config.write_all(kubeconfig(&server).as_bytes()).unwrap();
        Some(Self { config, home: TempDir::new().unwrap() })
    }

    /// Starts `kubectl` with arguments separated by blanks; `_` in an argument is a blank.
    fn spawn(&self, arguments: &str) -> Child {
        Command::new("kubectl")
            .args(arguments.split_whitespace().map(|one| one.replace('_', " ")))
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
        for part in expected {
            assert!(text.contains(part), "kubectl {arguments}: no {part:?} in\n{text}");
        }
    }

    /// Commands that succeed, each with what its output holds.
    async fn all(&self, commands: &[(&str, &str)]) {
        for (arguments, expected) in commands {
            self.check(arguments, "", 0, &[expected]).await;
        }
    }
}
