//! Bytes of a good component, changed: it loads or is refused, and the process lives.

use std::sync::Arc;

use super::{Error, Guest, Host, limits};
use crate::plugin::wasm::Limits;
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
            Err(Error::Invalid { .. } | Error::Limit { .. }) => refused += 1,
            // A panic in the host, or an error that belongs elsewhere.
            Err(Error::Failed { reason, .. }) if !reason.contains("lost in the host") => refused += 1,
            Err(error) => panic!("mutation {number}: {error:?}"),
        }
    }
    assert_eq!(loaded + refused, MUTATIONS);
    assert!(loaded > 50 && refused > 500, "{loaded} loaded, {refused} refused: they test little");
}
