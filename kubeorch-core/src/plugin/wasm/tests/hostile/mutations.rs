//! Bytes of a good component, changed: it loads or is refused, and the process lives.

use std::sync::Arc;

use serde_json::json;

use super::{Error, Guest, Host, limits};
use crate::plugin::FaultKind;
use crate::plugin::wasm::{Limits, decode_answers};
use crate::time::{Entropy, SeededEntropy};

/// In a build without optimisation a compilation takes milliseconds.
const MUTATIONS: usize = 2_000;

struct Dice(SeededEntropy);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % most as u64).unwrap()
    }
}

/// One to four changes: a bit, a byte, a stretch that is gone, doubled or zero.
fn mutate(dice: &mut Dice, good: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let end = (at + 1 + dice.below(16)).min(bytes.len());
        match dice.below(6) {
            0 | 1 => bytes[at] ^= 1 << dice.below(8),
            2 => bytes[at] = u8::try_from(dice.below(256)).unwrap(),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let stretch = bytes[at..end].to_vec();
                bytes.splice(at..at, stretch);
            }
            _ => bytes[at..end].fill(0),
        }
    }
    bytes
}

#[test]
fn changed_answers_are_taken_or_refused() {
    let object =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "ü\n"}});
    let finding = json!({"severity": "warning", "code": "a.b", "field": "c", "message": "d", "hint": "e"});
    let answers = [
        super::catalog("test", &["thing", "other"]).to_string(),
        json!({"name": "a", "references": ["b"], "port": 80}).to_string(),
        json!({"findings": [finding]}).to_string(),
        json!({"objects": [{"object": object}], "notes": ["f"], "findings": [finding]}).to_string(),
        json!({"phase": "ready", "status": {"state": "deployed", "message": "g"}}).to_string(),
    ];
    let mut dice = Dice(SeededEntropy::new(11));
    let mut taken = 0;
    for number in 0..5 * MUTATIONS {
        taken += decode_answers(&mutate(&mut dice, answers[number % 5].as_bytes()), &limits());
    }
    assert!(answers.iter().all(|answer| decode_answers(answer.as_bytes(), &limits()) > 0));
    assert!(taken > 500, "only {taken} were taken: they test little");
}

#[tokio::test]
async fn changed_components_are_loaded_or_refused() {
    let host = Host::new(Limits { deadline: std::time::Duration::from_millis(20), ..limits() }).unwrap();
    let good = Guest::default().bytes();
    let mut dice = Dice(SeededEntropy::new(7));
    let (mut loaded, mut refused) = (0, 0);
    for number in 0..MUTATIONS {
        let bytes: Arc<[u8]> = mutate(&mut dice, &good).into();
        match host.load("p.wasm", bytes).await {
            Ok(_) => loaded += 1,
            Err(Error::Invalid { .. }) => refused += 1,
            // Of the host it would be a panic in it.
            Err(Error::Fault(fault)) if fault.kind != FaultKind::Host => refused += 1,
            Err(error) => panic!("mutation {number}: {error:?}"),
        }
    }
    assert_eq!(loaded + refused, MUTATIONS);
    assert!(loaded > 50 && refused > 500, "{loaded} loaded, {refused} refused: they test little");
}
