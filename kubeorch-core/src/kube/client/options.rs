//! The limits of a client.

use std::time::Duration;

/// Limits of every call; the defaults are what the contract states (8.1) or say where they come from.
#[derive(Debug, Clone)]
pub struct Options {
    /// Deadline of one attempt of an ordinary call, its body included; a watch has it only until its first
    /// answer. 5 s.
    pub deadline: Duration,
    /// Attempts of a call that may be repeated: reads, server-side applies and deletes that met a failed
    /// connection, 429 or 5xx. At least 1; 5.
    pub attempts: u32,
    /// Deadline of a whole call: waiting for its turn, every attempt and the pauses between. 30 s.
    pub total: Duration,
    /// The first pause between two attempts; it doubles, and up to half of it is added at random. 100 ms.
    pub backoff: Duration,
    /// The longest pause. While a server has asked for more with `Retry-After`, calls are not sent: the caller
    /// hears [`Busy`](crate::kube::Error::Busy) at once and can plan. 5 s.
    pub longest_pause: Duration,
    /// Largest body of an answer other than a watch's, in bytes. 64 MiB: a page of 500 objects of 100 KiB.
    pub body: usize,
    /// Objects of one page of a list; 500, client-go's figure.
    pub page: u32,
    /// Objects of one list in all; 100,000.
    pub objects: usize,
    /// Watch with streaming lists where the server offers them: the server needs less memory, and so does this
    /// program. A server that does not is found out at the first watch.
    pub streaming_lists: bool,
    /// How long a group's kinds are believed. A kind that is missing is looked up anew at once. 10 min.
    pub discovery: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            attempts: 5,
            total: Duration::from_secs(30),
            backoff: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
            body: 64 << 20,
            page: 500,
            objects: 100_000,
            streaming_lists: true,
            discovery: Duration::from_mins(10),
        }
    }
}
