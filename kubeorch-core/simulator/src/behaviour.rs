//! What simulated containers do, decided by their image.

use std::time::Duration;

/// What a container does once it is meant to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Runs and gets ready; in pods that don't restart it finishes with exit code 0.
    Healthy,
    /// The registry has no such image: `ErrImagePull`, then `ImagePullBackOff`.
    ImageMissing,
    /// Ends with this exit code after [`Timing::crash`]: `CrashLoopBackOff` where pods restart.
    Exit(i32),
    /// Is killed for its memory, exit code 137, reason `OOMKilled`.
    OutOfMemory,
    /// Runs, but never gets ready.
    NeverReady,
    /// Gets ready this much later than others.
    SlowStart(Duration),
}

/// A rule: images that contain `pattern` do `outcome`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    pattern: String,
    outcome: Outcome,
}

impl Behaviour {
    /// Images whose reference contains `pattern` do `outcome`.
    pub fn new(pattern: impl Into<String>, outcome: Outcome) -> Self {
        Self { pattern: pattern.into(), outcome }
    }

    /// The rules every simulator ends its list with: `simulator/image-not-found`,
    /// `simulator/crash`, `simulator/oom`, `simulator/never-ready` and `simulator/slow-start`
    /// (20 seconds), with any tag and under any registry.
    pub fn standard() -> Vec<Self> {
        vec![
            Self::new("simulator/image-not-found", Outcome::ImageMissing),
            Self::new("simulator/crash", Outcome::Exit(1)),
            Self::new("simulator/oom", Outcome::OutOfMemory),
            Self::new("simulator/never-ready", Outcome::NeverReady),
            Self::new("simulator/slow-start", Outcome::SlowStart(Duration::from_secs(20))),
        ]
    }
}

/// What an image does: the first rule that matches, else [`Outcome::Healthy`].
pub(crate) fn outcome(rules: &[Behaviour], image: &str) -> Outcome {
    rules.iter().find(|rule| image.contains(&rule.pattern)).map_or(Outcome::Healthy, |rule| rule.outcome)
}

/// How long the steps of a pod's life take. Defaults are short: a pod is ready after about 0.1 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From creation to a node.
    pub schedule: Duration,
    /// Pulling an image the node doesn't have yet.
    pub pull: Duration,
    /// From image to running.
    pub start: Duration,
    /// From running to ready.
    pub ready: Duration,
    /// How long a container in a pod that doesn't restart works until it finishes.
    pub work: Duration,
    /// From running to a crash.
    pub crash: Duration,
    /// From the wish to delete to the end; never more than the grace period.
    pub stop: Duration,
    /// The first pause before a second restart or pull; it doubles up to `backoff_limit`.
    pub backoff: Duration,
    /// The longest pause.
    pub backoff_limit: Duration,
    /// Until a load balancer or an ingress has an address.
    pub address: Duration,
    /// Until a volume for a claim exists.
    pub provision: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            schedule: Duration::from_millis(5),
            pull: Duration::from_millis(30),
            start: Duration::from_millis(20),
            ready: Duration::from_millis(30),
            work: Duration::from_millis(100),
            crash: Duration::from_millis(20),
            stop: Duration::from_millis(30),
            // The kubelet's own numbers.
            backoff: Duration::from_secs(10),
            backoff_limit: Duration::from_mins(5),
            address: Duration::from_millis(20),
            provision: Duration::from_millis(20),
        }
    }
}
