//! The other half: kubectl, as people run it.

use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kubeorch_benches::measure::Failure;

use crate::server::Server;

/// How long `kubectl apply --server-side` of the manifests takes; `None` where there is no kubectl.
pub(crate) fn apply(server: &Server, manifests: &str) -> Result<Option<Duration>, Failure> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let file = folder.path().join("fleet.yaml");
    std::fs::write(&file, manifests)?;
    let begin = Instant::now();
    let output = Command::new("kubectl")
        .args(["--server", &server.url, "apply", "--server-side", "-f"])
        .arg(&file)
        .env("HOME", folder.path())
        .env_remove("KUBECONFIG")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    match output {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
        Ok(output) if output.status.success() => Ok(Some(begin.elapsed())),
        Ok(output) => Err(format!("kubectl: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
