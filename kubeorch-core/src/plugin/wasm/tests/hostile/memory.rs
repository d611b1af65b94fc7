//! What attacks leave behind in the process: nothing.

use std::process::Command;

use super::{Victim, all};

/// Megabytes by which the process may have grown. The pool keeps slots warm, an allocator keeps pages; a leak of a
/// compiled component, a linear memory or an answer per attack would be far more after several rounds.
const SLACK: u64 = 24;
const ROUNDS: usize = 3;

/// Resident megabytes of this process.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// In a process of its own, because tests that run beside it take memory too.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_back_after_every_attack() {
    let this = std::env::current_exe().unwrap();
    let name = "plugin::wasm::tests::hostile::memory::alone";
    let output = Command::new(this).args(["--exact", name, "--ignored", "--nocapture"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn alone() {
    let mut victim = Victim::start().await;
    let attacks = all();
    let mut sizes = Vec::new();
    for _ in 0..=ROUNDS {
        for attack in &attacks {
            victim.attack(attack).await;
        }
        victim.ask_neighbour().await.unwrap();
        sizes.push(resident());
    }
    // The first round fills the pool and the allocator's lists.
    assert!(sizes[ROUNDS] <= sizes[0] + SLACK, "megabytes after each round: {sizes:?}");
}
