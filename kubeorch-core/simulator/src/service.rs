//! The API server as a Tower service.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame};
use http_body_util::{BodyExt, StreamBody};

use crate::api::status::Status;
use crate::api::{self, Answer, Body, BoxError, Call, Verb};
use crate::clock::after;
use crate::faults::Action;
use crate::simulator::Shared;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A fault script broke the connection.
    #[error("connection reset by the fault script")]
    Reset,
    /// The request's body could not be read.
    #[error("request body could not be read")]
    Body(#[source] BoxError),
}

/// Answers requests as an API server would. Clones serve the same cluster.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Service").finish_non_exhaustive()
    }
}

impl Service {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl<B> tower::Service<Request<B>> for Service
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        async move {
            shared.start();
            let (parts, body) = request.into_parts();
            match read(body, shared.config.limits.body).await? {
                Ok(body) => serve(&shared, &parts, body).await,
                Err(failure) => Ok(failure.into()),
            }
        }
        .boxed()
    }
}

/// The whole body, or 413.
async fn read<B>(body: B, limit: usize) -> Result<Result<Bytes, Status>, Error>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut all = BytesMut::new();
    let mut body = std::pin::pin!(body);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Error::Body(error.into()))?;
        if let Ok(data) = frame.into_data() {
            if all.len() + data.len() > limit {
                return Ok(Err(Status::too_large(limit)));
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(Ok(all.freeze()))
}

async fn serve(shared: &Arc<Shared>, parts: &Parts, body: Bytes) -> Result<Response<Body>, Error> {
    let clock = &shared.config.clock;
    if !shared.config.latency.is_zero() {
        clock.sleep_until(after(clock.now(), shared.config.latency)).await;
    }
    let fault = if shared.faults.is_empty() { None } else { decide(shared, parts) };
    let Some((action, call)) = fault else { return Ok(answer(shared, parts, body)) };
    if let Some(refusal) = refusal(&action, call.as_ref()) {
        return Ok(refusal);
    }
    match action {
        Action::Reset => Err(Error::Reset),
        Action::Delay(wait) => {
            clock.sleep_until(after(clock.now(), wait)).await;
            Ok(answer(shared, parts, body))
        }
        Action::ResetAfter => {
            drop(answer(shared, parts, body));
            Err(Error::Reset)
        }
        Action::Cut(bytes) => Ok(answer(shared, parts, body).map(|body| cut(body, bytes))),
        _ => Ok(answer(shared, parts, body)),
    }
}

fn answer(shared: &Arc<Shared>, parts: &Parts, body: Bytes) -> Response<Body> {
    match api::handle(shared, parts, body) {
        Ok(answer) => answer.into_response(),
        Err(failure) => failure.into(),
    }
}

/// What the script has for a request, and what the request calls for.
fn decide(shared: &Shared, parts: &Parts) -> Option<(Action, Option<Call>)> {
    let call = api::identify(&shared.core.lock(), parts);
    let id = call.as_ref().map(|call| call.resource.id()).unwrap_or_default();
    let about = call.as_ref().map(|call| call.about(&id)).unwrap_or_default();
    shared.faults.decide(&about).map(|action| (action, call))
}

/// The answer of an action that answers itself.
fn refusal(action: &Action, call: Option<&Call>) -> Option<Response<Body>> {
    let failure = match (action, call) {
        (Action::TooManyRequests(seconds), _) => Status::too_many_requests(
            "the server has received too many requests and has asked us to try again later",
            *seconds,
        ),
        (Action::InternalError, _) => Status::internal("internal error by the fault script"),
        (Action::Unavailable, _) => {
            let text = "upstream unavailable".to_owned();
            return Some(Answer::Text(StatusCode::SERVICE_UNAVAILABLE, text).into_response());
        }
        (Action::Conflict, _) => Status::scripted_conflict(),
        (Action::Gone, _) => {
            let failure = Status::expired("The resourceVersion for the provided watch or list is too old.");
            if call.is_some_and(|call| call.verb == Verb::Watch) {
                return Some(api::failed_watch(&failure).into_response());
            }
            failure
        }
        (Action::Deny(message), _) => Status::denied_by_webhook(message),
        (Action::NamespaceTerminating, Some(call)) => {
            Status::terminating_namespace(&call.resource, call.own(), call.space())
        }
        (Action::NotEstablished, _) => Status::unknown_path(),
        _ => return None,
    };
    Some(failure.into())
}

/// A body that breaks off after so many bytes.
fn cut(body: Body, bytes: u64) -> Body {
    let whole = body.into_data_stream();
    let left = usize::try_from(bytes).unwrap_or(usize::MAX);
    let stream = futures::stream::unfold(Some((whole, left)), |state| async move {
        let (mut whole, left) = state?;
        if left == 0 {
            return Some((Err(Error::Reset.into()), None));
        }
        match whole.next().await? {
            Ok(mut data) => {
                data.truncate(left);
                let left = left - data.len();
                Some((Ok(Frame::data(data)), Some((whole, left))))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    StreamBody::new(stream).boxed_unsync()
}
