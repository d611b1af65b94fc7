//! JSON in and out. The request's `Content-Type` isn't checked (contract 1.10).

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::JSON;
use crate::api::Api;
use crate::problem::Problem;

/// A request body.
pub(crate) trait Input: DeserializeOwned {
    /// The text of the 400 for a body that can't be decoded or misses a member (contract 1.5).
    const REFUSAL: &'static str = "Invalid request data";
}

/// A body that must be there.
pub(crate) struct Json<T>(pub(crate) T);

/// A body that may be empty, which means the default; broken JSON is refused all the same.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: Input> FromRequest<Api> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        decode(&read(request, api.options.body_limit).await?).map(Self)
    }
}

impl<T: Input + Default> FromRequest<Api> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let bytes = read(request, api.options.body_limit).await?;
        if bytes.trim_ascii().is_empty() { Ok(Self(T::default())) } else { decode(&bytes).map(Self) }
    }
}

pub(super) async fn read(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let stated = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if stated.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        return Err(Problem::too_large(limit));
    }
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        if source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>) {
            Problem::too_large(limit)
        } else {
            Problem::invalid("The request body ended early")
        }
    })
}

pub(super) fn decode<T: Input>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let refuse = |hint: String| Problem::invalid(T::REFUSAL).hint(hint);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refuse(explain(&path, error.inner()))
    })?;
    json.end().map_err(|error| refuse(explain("", &error)))?;
    Ok(value)
}

/// Names the place, never the value: a decoder's own text may quote a password.
fn explain(path: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = match text.strip_prefix("missing field ").and_then(|rest| rest.split('`').nth(1)) {
        Some(member) => format!("the member `{member}` is missing"),
        None if error.is_data() => "a value has the wrong type".to_owned(),
        None => "it isn't JSON".to_owned(),
    };
    let place = if matches!(path, "" | "." | "?") { String::new() } else { format!(" at `{path}`") };
    format!("Correct the body{place} (line {}, column {}): {what}.", error.line(), error.column())
}

/// An answer with a body.
pub(crate) fn reply(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            (status, [(header::CONTENT_TYPE, HeaderValue::from_static(JSON))], bytes).into_response()
        }
        Err(error) => Problem::internal(format!("an answer doesn't serialise: {error}")).into_response(),
    }
}

/// 200 with the value.
impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        reply(StatusCode::OK, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    struct Sample {
        name: String,
        #[serde(default)]
        items: Vec<u8>,
    }

    impl Input for Sample {}

    #[test]
    fn refusals_name_the_place_and_quote_no_value() {
        for (body, hint) in [
            ("", "it isn't JSON"),
            ("{", "it isn't JSON"),
            (r#"{"name":"a"} x"#, "it isn't JSON"),
            ("{}", "the member `name` is missing"),
            ("[]", "a value has the wrong type"),
            (r#"{"name":4711}"#, "at `name`"),
            (r#"{"name":"a","items":[1,"s3cr3t"]}"#, "at `items[1]`"),
        ] {
            let problem = decode::<Sample>(body.as_bytes()).unwrap_err();
            let shown = serde_json::to_value(problem.body("", false)).unwrap();
            assert_eq!(shown["error"], "Invalid request data");
            let text = shown["hint"].as_str().unwrap();
            assert!(text.contains(hint), "{body}: {text}");
            assert!(!text.contains("4711") && !text.contains("s3cr3t"), "{text}");
        }
        let good: Sample = decode(br#"{"name":"a","unknown":{}}"#).unwrap();
        assert_eq!(good, Sample { name: "a".into(), items: vec![] });
    }
}
