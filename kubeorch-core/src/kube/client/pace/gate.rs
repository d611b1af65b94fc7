//! The way to a server: in order, so many at a time, and not before it wants.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::limit::Limit;
use crate::time::{Clock, Time};

/// Calls that may wait at one time; a deploy of 10,000 objects has them all ready at once.
const WAITING: usize = 20_000;

/// The longest pause that is taken from a server's word. Longer is a mistake, and would be a dead connection.
const LONGEST_HOLD: Duration = Duration::from_hours(1);

/// Lets calls through. Cheap to clone.
#[derive(Clone)]
pub(in crate::kube::client) struct Gate {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

struct State {
    limit: Limit,
    in_flight: usize,
    /// The first to come is at the front. One that has gone away is found out when its turn comes.
    waiting: VecDeque<oneshot::Sender<Permit>>,
    /// Nothing is sent before this time.
    held: Option<Held>,
}

#[derive(Clone, Copy)]
struct Held {
    until: Time,
    /// A clock that is set back must not make the pause longer than it was.
    at_most: Duration,
}

/// The right to send one request; dropping it is how to give it back.
pub(in crate::kube::client) struct Permit {
    gate: Gate,
    era: u64,
}

/// Why a call was not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kube::client) enum Turned {
    /// The server asked for a pause that has so long to go.
    Held(Duration),
    /// Too many wait already.
    Full,
}

impl Gate {
    pub(in crate::kube::client) fn new(clock: Arc<dyn Clock>) -> Self {
        let limit = Limit::new(clock.now());
        let state = State { limit, in_flight: 0, waiting: VecDeque::new(), held: None };
        Self { clock, state: Arc::new(Mutex::new(state)) }
    }

    /// Waits for a turn. Fails at once where the server's pause is longer than `patience`. Cancelling is safe: a
    /// turn that nobody takes goes to the next in line.
    pub(in crate::kube::client) async fn enter(&self, patience: Duration) -> Result<Permit, Turned> {
        let turn = {
            let mut state = self.state.lock();
            if let Some(left) = state.held(self.clock.now()).filter(|left| *left > patience) {
                return Err(Turned::Held(left));
            }
            if state.waiting.is_empty() && state.in_flight < state.limit.current() {
                state.in_flight += 1;
                Ok(Permit { gate: self.clone(), era: state.limit.era() })
            } else if state.waiting.len() < WAITING {
                let (send, receive) = oneshot::channel();
                state.waiting.push_back(send);
                Err(receive)
            } else {
                return Err(Turned::Full);
            }
        };
        let mut permit = match turn {
            Ok(permit) => permit,
            // The sender lives in the queue, and the queue as long as this gate.
            Err(receive) => receive.await.map_err(|_| Turned::Full)?,
        };
        self.passed(patience).await?;
        // The pause may have cut the limit; what is sent now is after that.
        permit.era = self.state.lock().limit.era();
        Ok(permit)
    }

    /// Waits until the server's pause is over, without a turn: for what stays open.
    pub(in crate::kube::client) async fn passed(&self, patience: Duration) -> Result<(), Turned> {
        loop {
            let left = self.state.lock().held(self.clock.now());
            match left {
                None => return Ok(()),
                Some(left) if left > patience => return Err(Turned::Held(left)),
                Some(left) => self.clock.sleep(left).await,
            }
        }
    }

    /// The server asked that nothing be sent for so long.
    pub(in crate::kube::client) fn hold(&self, pause: Duration) {
        let (now, pause) = (self.clock.now(), pause.min(LONGEST_HOLD));
        let mut state = self.state.lock();
        if state.held(now).is_none_or(|left| left < pause) {
            state.held = Some(Held { until: now.plus(pause), at_most: pause });
        }
    }

    /// How many may be, are, and wait to be in flight.
    pub(in crate::kube::client) fn counts(&self) -> (usize, usize, usize) {
        let state = self.state.lock();
        let waiting = state.waiting.iter().filter(|turn| !turn.is_closed()).count();
        (state.limit.current(), state.in_flight, waiting)
    }

    fn release(&self) {
        let mut granted = Vec::new();
        {
            let mut state = self.state.lock();
            state.in_flight -= 1;
            let era = state.limit.era();
            while state.in_flight < state.limit.current() {
                let Some(turn) = state.waiting.pop_front() else { break };
                if !turn.is_closed() {
                    state.in_flight += 1;
                    granted.push((turn, Permit { gate: self.clone(), era }));
                }
            }
        }
        for (turn, permit) in granted {
            // Who has gone away meanwhile drops the permit here, which passes it on.
            let _ = turn.send(permit);
        }
    }
}

impl State {
    /// How long the pause still lasts; never zero.
    fn held(&mut self, now: Time) -> Option<Duration> {
        let held = self.held?;
        let left = held.until.since(now).min(held.at_most);
        if left.is_zero() {
            self.held = None;
            return None;
        }
        Some(left)
    }
}

impl Permit {
    /// Tells of an answer other than 429, and how long it took.
    pub(in crate::kube::client) fn answered(&self, took: Duration) {
        let now = self.gate.clock.now();
        let mut state = self.gate.state.lock();
        let full = !state.waiting.is_empty() || state.in_flight >= state.limit.current();
        state.limit.answered(now, took, self.era, full);
    }

    /// Tells of a 429.
    pub(in crate::kube::client) fn throttled(&self) {
        let now = self.gate.clock.now();
        self.gate.state.lock().limit.throttled(now, self.era);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.release();
    }
}
