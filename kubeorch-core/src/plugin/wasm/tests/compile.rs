//! Whatever a compiler in a child process does, it ends, and is told apart.

use std::fs;
use std::time::Duration;

use super::{Guest, limits};
use crate::plugin::Error;
use crate::plugin::wasm::{ChildCompiler, Compiler, Host};

/// Loads a plugin with a shell in the compiler's place; the error, and how many were started.
async fn load(script: &str) -> (Error, usize) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let script = format!("echo started >> {}; {script}", log.display());
    let child = ChildCompiler::program("/bin/sh").arguments(["-c", &script]).wall(Duration::from_millis(300));
    let host = Host::with_compiler(limits(), Compiler::Child(child), None).unwrap();
    let error = host.load("p.wasm", Guest::default().bytes()).await.map(drop).unwrap_err();
    (error, fs::read_to_string(log).unwrap_or_default().lines().count())
}

fn failed(reason: &str) -> String {
    format!("plugin p.wasm failed in compile: {reason}")
}

fn limit(limit: &str) -> String {
    format!("plugin p.wasm passed its {limit} limit in compile")
}

#[cfg(unix)]
#[tokio::test]
async fn a_childs_end_says_what_it_was() {
    let forged = failed("its compiler gave an answer that is not its own");
    for (script, expected, starts) in [
        ("exit 3", failed("its compiler ended with exit status: 3"), 2),
        ("echo no luck >&2; exit 1", failed("its compiler ended with exit status: 1: no luck"), 2),
        ("kill -XCPU $$", limit("cpu"), 1),
        ("echo memory allocation of 9 bytes failed >&2; kill -ABRT $$", limit("memory"), 1),
        ("exit 12", limit("memory"), 1),
        ("exec /bin/sleep 60", limit("time"), 2),
        // Says nothing, says too little, says code that it cannot have made.
        ("exit 0", forged.clone(), 2),
        ("printf '\\000short'", forged.clone(), 2),
        ("printf '\\000%032d%0999d' 0 0", forged, 2),
        (
            "printf '\\001it is not to my liking'",
            "plugin p.wasm cannot be loaded: it is not to my liking".into(),
            1,
        ),
    ] {
        let (error, started) = load(script).await;
        assert_eq!((error.to_string(), started), (expected, starts), "{script}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there() {
    let child = ChildCompiler::program("/nowhere/kubeorch");
    let host = Host::with_compiler(limits(), Compiler::Child(child), None).unwrap();
    let error = host.load("p.wasm", Guest::default().bytes()).await.map(drop).unwrap_err();
    let text = error.to_string();
    let expected = "plugin p.wasm failed in compile: its compiler cannot be talked to: ";
    assert!(text.starts_with(expected), "{text}");
}
