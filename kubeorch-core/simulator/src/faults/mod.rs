//! Fault scripts: rules that make chosen requests go wrong.
//!
//! ```
//! use kubeorch_simulator::{Action, Fault, Simulator, Verb};
//!
//! // The second and third creation of a config map meet a busy server; one watch in four breaks off.
//! let simulator = Simulator::builder()
//!     .faults([
//!         Fault::new(Action::TooManyRequests(1)).named("busy").verb(Verb::Create).resource("configmaps").after(1).times(2),
//!         Fault::new(Action::DropWatch(3)).probability(0.25, 7),
//!     ])
//!     .build();
//! // … run what is tested …
//! let busy = &simulator.tallies()[0];
//! assert_eq!((busy.name.as_str(), busy.matched, busy.acted), ("busy", 0, 0));
//!
//! // The same as a file, for `kubeorch simulator --faults`:
//! let script = "
//! - {do: too-many-requests, retryAfter: 1s, name: busy, verb: create, resource: configmaps, after: 1, times: 2}
//! - {do: drop-watch, events: 3, probability: 0.25, seed: 7}
//! ";
//! assert_eq!(Fault::parse(script).map(|rules| rules.len()), Ok(2));
//! ```

mod file;
mod script;

use std::time::Duration;

pub use file::ScriptError;
pub(crate) use script::{About, Script};

use crate::api::Verb;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// 429 with `Retry-After`, in seconds.
    TooManyRequests(u64),
    /// 500.
    InternalError,
    /// 503 without a `Status` body, as a proxy in front answers.
    Unavailable,
    /// 409, as if someone else had changed the object.
    Conflict,
    /// 410: the version or the page asked for is too old. A watch gets it as its first event, as from a
    /// server whose history no longer reaches back.
    Gone,
    /// 403 from an admission webhook that says this.
    Deny(String),
    /// 403, as if the namespace were on its way out.
    NamespaceTerminating,
    /// 404, as if the definition of the kind were not established yet.
    NotEstablished,
    /// The request is carried out, but later.
    Delay(Duration),
    /// The connection breaks without an answer, before the request is carried out.
    Reset,
    /// The request is carried out, then the connection breaks.
    ResetAfter,
    /// The request is carried out, and the connection breaks after so many bytes of the answer.
    Cut(u64),
    /// A watch ends without warning after so many events.
    DropWatch(u64),
}

/// A rule: the requests it is for, which of them, and what happens. Rules are tried in order; the
/// first that acts decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    name: String,
    verb: Option<Verb>,
    resource: Option<String>,
    namespace: Option<String>,
    object: Option<String>,
    agent: Option<String>,
    skip: u64,
    times: u64,
    /// A share of requests and the seed of the choice.
    chance: Option<(f64, u64)>,
    action: Action,
}

/// How often a rule came into play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The rule's name, `""` for one without.
    pub name: String,
    /// Requests the rule is for.
    pub matched: u64,
    /// Requests it acted on.
    pub acted: u64,
}

impl Fault {
    /// Every request meets `action`, until narrowed.
    pub fn new(action: Action) -> Self {
        Self {
            name: String::new(),
            verb: None,
            resource: None,
            namespace: None,
            object: None,
            agent: None,
            skip: 0,
            times: u64::MAX,
            chance: None,
            action,
        }
    }

    /// Reads a script, a YAML list of rules; all that is wrong with it is told at once.
    ///
    /// A rule says what it does in `do`: `too-many-requests` (with `retryAfter`), `internal-error`,
    /// `unavailable`, `conflict`, `gone`, `deny` (with `message`), `namespace-terminating`,
    /// `not-established`, `slow` (with `delay`), `reset`, `reset-after`, `cut` (with `bytes`) or
    /// `drop-watch` (with `events`). `verb`, `resource`, `namespace`, `object`, `userAgent`, `after`, `times`,
    /// `probability` and `seed` narrow it as the methods of the same names do. At most 1000 rules.
    pub fn parse(script: &str) -> Result<Vec<Self>, ScriptError> {
        file::parse(script)
    }

    /// What [`Tally`] calls it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Only requests with this verb.
    #[must_use]
    pub fn verb(mut self, verb: Verb) -> Self {
        self.verb = Some(verb);
        self
    }

    /// Only requests for this resource: `pods`, `deployments.apps`.
    #[must_use]
    pub fn resource(mut self, id: impl Into<String>) -> Self {
        self.resource = Some(id.into());
        self
    }

    /// Only requests in this namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Only requests that name this object in their path.
    #[must_use]
    pub fn object(mut self, name: impl Into<String>) -> Self {
        self.object = Some(name.into());
        self
    }

    /// Only requests whose `User-Agent` contains this.
    #[must_use]
    pub fn user_agent(mut self, part: impl Into<String>) -> Self {
        self.agent = Some(part.into());
        self
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Acts only so often.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Acts only on this share of the requests, from 0 to 1. The same seed chooses the same requests.
    #[must_use]
    pub fn probability(mut self, share: f64, seed: u64) -> Self {
        self.chance = Some((share.clamp(0.0, 1.0), seed));
        self
    }
}
