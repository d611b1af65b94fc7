//! The API server as a Tower service.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::BodyExt;

use crate::api::status::Status;
use crate::api::{self, Answer, Body, BoxError};
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
    let action = if shared.faults.is_empty() { None } else { decide(shared, parts) };
    match action {
        Some(Action::TooManyRequests(seconds)) => {
            let message = "the server has received too many requests and has asked us to try again later";
            return Ok(Status::too_many_requests(message, seconds).into());
        }
        Some(Action::InternalError) => {
            return Ok(Status::internal("internal error by the fault script").into());
        }
        Some(Action::Unavailable) => {
            return Ok(Answer::Text(StatusCode::SERVICE_UNAVAILABLE, "upstream unavailable".to_owned())
                .into_response());
        }
        Some(Action::Conflict) => return Ok(Status::scripted_conflict().into()),
        Some(Action::Reset) => return Err(Error::Reset),
        Some(Action::Delay(wait)) => clock.sleep_until(after(clock.now(), wait)).await,
        Some(Action::ResetAfter | Action::DropWatch(_)) | None => {}
    }
    let response = match api::handle(shared, parts, body) {
        Ok(answer) => answer.into_response(),
        Err(failure) => failure.into(),
    };
    if action == Some(Action::ResetAfter) { Err(Error::Reset) } else { Ok(response) }
}

fn decide(shared: &Shared, parts: &Parts) -> Option<Action> {
    let about = api::identify(&shared.core.lock(), parts);
    let (verb, resource) = about.map_or((None, None), |(verb, resource)| (Some(verb), Some(resource)));
    shared.faults.decide(verb, resource.as_deref())
}
