//! Time and randomness as injected parts, so that every engine test can run on simulated time.

mod clock;
mod entropy;
mod stamp;

pub use clock::{Clock, ManualClock, SystemClock};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use stamp::Time;
