//! What went wrong with one request, and the [`Error`] it becomes.
//!
//! Texts name a stage and the server's own words; addresses, header values and bodies are left out.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use ::kube::core::Status;
use http::{HeaderMap, StatusCode};

use super::refusal;
use super::transport::retry_after;
use crate::kube::Error;

/// Longest text taken from a server, in characters.
const WORDS: usize = 1000;

/// A request that brought no usable answer, or one that says no.
#[derive(Debug)]
pub(in crate::kube) enum Failure {
    /// No answer.
    Stage(Stage),
    /// An answer with an error status.
    Answer {
        /// The HTTP status.
        code: u16,
        /// The body; made up from the code when it is not a `Status`.
        status: Box<Status>,
        /// Header or body, the header first.
        retry_after: Option<Duration>,
    },
}

/// Where a request failed before there was an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kube) enum Stage {
    /// The path cannot be sent.
    Address,
    /// The plugin, file or token that signs requests.
    Credentials,
    /// The server's name has no address.
    Resolve,
    /// No connection; with what the system said.
    Connect(&'static str),
    /// No encryption; with why.
    Tls(String),
    /// No answer in time.
    Timeout(Duration),
    /// The connection broke.
    Broken,
    /// The answer is longer than the limit, in bytes.
    TooLarge(usize),
    /// The list is longer than the limit, in objects.
    TooMany(usize),
    /// The answer is not what an API server sends.
    Format,
    /// Not sent: the server asked for a pause that lasts so long yet.
    Held(Duration),
    /// Not sent: too many calls wait.
    Crowded,
    /// Not sent: the server has not answered for a while.
    Dead {
        /// What the last request met.
        reason: String,
        /// Until it is probed.
        wait: Duration,
    },
}

impl Stage {
    /// Whether the server did not answer, as opposed to answering nonsense or not being asked.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Resolve | Self::Connect(_) | Self::Tls(_) | Self::Timeout(_) | Self::Broken)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("the request has no valid address"),
            Self::Credentials => f.write_str("the credentials could not be made ready"),
            Self::Resolve => f.write_str("its name could not be resolved"),
            Self::Connect(why) => write!(f, "connecting failed: {why}"),
            Self::Tls(why) => write!(f, "TLS failed: {why}"),
            Self::Timeout(limit) => write!(f, "no answer within {limit:?}"),
            Self::Broken => f.write_str("the connection broke"),
            Self::TooLarge(limit) => write!(f, "the answer is larger than {limit} bytes"),
            Self::TooMany(limit) => write!(f, "there are more than {limit} objects"),
            Self::Format => f.write_str("the answer is not that of an API server"),
            Self::Held(_) => f.write_str("it asked for a pause"),
            Self::Crowded => f.write_str("too many calls wait for it"),
            Self::Dead { reason, wait } => {
                write!(f, "{reason}; it is tried again in {} s", wait.as_secs().max(1))
            }
        }
    }
}

impl StdError for Stage {}

impl From<Stage> for Failure {
    fn from(stage: Stage) -> Self {
        Self::Stage(stage)
    }
}

impl Failure {
    /// Finds the stage of what kube-rs reports.
    pub(in crate::kube) fn of(error: &::kube::Error) -> Self {
        match error {
            ::kube::Error::Api(status) => Self::status(status.code, status.clone(), None),
            ::kube::Error::Auth(_) => Self::Stage(Stage::Credentials),
            ::kube::Error::SerdeError(_) | ::kube::Error::FromUtf8(_) => Self::Stage(Stage::Format),
            other => Self::Stage(stage(other)),
        }
    }

    /// An answer with an error status.
    pub(super) fn answer(code: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let status = serde_json::from_slice(body).unwrap_or_else(|_| {
            // A proxy's page: its text is nobody's business, its status is.
            Status::failure(code.canonical_reason().unwrap_or("no reason"), "").with_code(code.as_u16())
        });
        Self::status(code.as_u16(), Box::new(status), retry_after(headers))
    }

    /// An error status, from an answer or from within a watch.
    pub(super) fn status(code: u16, status: Box<Status>, header: Option<Duration>) -> Self {
        let body = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
        let body = (body > 0).then(|| Duration::from_secs(u64::from(body)));
        Self::Answer { code, status, retry_after: header.or(body) }
    }

    /// Whether the same request may do better in a moment.
    pub(super) fn repeatable(&self) -> bool {
        match self {
            Self::Stage(stage) => matches!(stage, Stage::Resolve | Stage::Connect(_) | Stage::Broken),
            Self::Answer { code, status, .. } => {
                let again = *code == 429 || (500..600).contains(code);
                again && !refusal::mistyped(*code, &status.message)
            }
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Stage(Stage::Held(left)) => Some(*left),
            Self::Stage(_) => None,
            Self::Answer { retry_after, .. } => *retry_after,
        }
    }

    /// Whether the server says that there is no such thing.
    pub(in crate::kube) fn is(&self, wanted: u16) -> bool {
        matches!(self, Self::Answer { code, .. } if *code == wanted)
    }

    /// What a 404 or 409 is about, in the server's plural (`namespaces`).
    pub(super) fn subject(&self) -> &str {
        match self {
            Self::Answer { status, .. } => {
                status.details.as_ref().map_or("", |details| details.kind.as_str())
            }
            Self::Stage(_) => "",
        }
    }

    /// The error, told about `object`.
    pub(in crate::kube) fn about(self, object: impl fmt::Display) -> Error {
        let (code, status, retry_after) = match self {
            Self::Stage(Stage::Credentials) => return Error::Credentials(Stage::Credentials.to_string()),
            // There is an answer, and waiting will not make it smaller.
            Self::Stage(stage @ (Stage::TooLarge(_) | Stage::TooMany(_) | Stage::Address)) => {
                return Error::rejected(object.to_string(), stage.to_string());
            }
            Self::Stage(stage @ Stage::Held(left)) => {
                return Error::Busy { reason: stage.to_string(), retry_after: Some(left) };
            }
            Self::Stage(stage @ Stage::Crowded) => {
                return Error::Busy { reason: stage.to_string(), retry_after: None };
            }
            Self::Stage(stage) => return Error::Unreachable(stage.to_string()),
            Self::Answer { code, status, retry_after } => (code, status, retry_after),
        };
        if let Some(error) = refusal::of(code, &status, &object.to_string()) {
            return error;
        }
        match code {
            401 | 403 => Error::Denied(words(&status)),
            // A 409 not about fields: the object is being deleted or was changed in between.
            _ => Error::Busy { reason: words(&status), retry_after },
        }
    }
}

/// The server's message; the causes follow when the message does not hold them already.
pub(super) fn words(status: &Status) -> String {
    let mut text = status.message.clone();
    for cause in status.details.iter().flat_map(|details| &details.causes) {
        if !text.contains(&cause.message) {
            text.push_str("; ");
            if !cause.field.is_empty() {
                text.push_str(&cause.field);
                text.push_str(": ");
            }
            text.push_str(&cause.message);
        }
    }
    if text.is_empty() {
        text = format!("status {}", status.code);
    }
    clip(&text)
}

pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Walks the causes; the deepest that says anything decides.
fn stage(error: &(dyn StdError + 'static)) -> Stage {
    let mut found = Stage::Broken;
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(stage) = error.downcast_ref::<Stage>() {
            return stage.clone();
        }
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Stage::Tls(handshake(tls));
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            // An I/O error hides what it wraps: its own source is that of the wrapped error.
            if let Some(inner) = io.get_ref() {
                let deeper = stage(inner);
                if deeper != Stage::Broken {
                    return deeper;
                }
            }
            found = refine(found, io.kind());
        } else {
            // hyper-util keeps this type to itself; its text is all there is.
            match error.to_string().as_str() {
                "dns error" => return Stage::Resolve,
                "client error (Connect)" | "tcp connect error" => found = Stage::Connect("no connection"),
                _ => {}
            }
        }
        next = error.source();
    }
    found
}

impl Stage {
    /// Why a connection could not be made.
    pub(in crate::kube) fn connecting(kind: io::ErrorKind) -> Self {
        refine(Self::Connect("no connection"), kind)
    }
}

fn refine(found: Stage, kind: io::ErrorKind) -> Stage {
    let why = match kind {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::TimedOut => "no answer in time",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no route",
        io::ErrorKind::ConnectionReset if found != Stage::Broken => "connection reset",
        _ => return found,
    };
    Stage::Connect(why)
}

/// Says what is wrong with a certificate without the names inside it.
fn handshake(error: &rustls::Error) -> String {
    use rustls::{CertificateError as C, Error as E};
    match error {
        E::InvalidCertificate(problem) => match problem {
            C::UnknownIssuer => "the server's certificate is signed by an unknown authority",
            C::Expired | C::ExpiredContext { .. } => "the server's certificate has expired",
            C::NotValidYet | C::NotValidYetContext { .. } => "the server's certificate is not valid yet",
            C::NotValidForName | C::NotValidForNameContext { .. } => {
                "the server's certificate is for another name"
            }
            C::Revoked => "the server's certificate is revoked",
            _ => "the server's certificate is not valid",
        },
        E::AlertReceived(_) => "the server refused the handshake (a client certificate may be missing)",
        E::InvalidMessage(_) => "the server does not speak TLS on this port",
        _ => "the handshake failed",
    }
    .to_owned()
}
