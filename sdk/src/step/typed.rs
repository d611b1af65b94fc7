//! Steps whose parameters are a Rust type.

use serde::de::DeserializeOwned;

use super::{Descriptor, Error, Request, Response, Step};
use crate::typed::{JsonSchema, Mistake, decode, schema};

/// A step whose parameters are a Rust type. Every one is a [`Step`], so it stands in [`steps!`](crate::steps) like the
/// others.
pub trait TypedStep: Sync {
    /// What is filled in when the flow is drawn.
    type Parameters: DeserializeOwned + JsonSchema;

    /// What `step` of a request holds: lower case, hyphens.
    fn name(&self) -> &'static str;

    /// Everything static about the step but its parameters, which come from their type.
    fn descriptor(&self) -> Descriptor;

    /// Runs it, or goes on with it. Parameters that do not fit the type are the error `parameters.invalid` instead.
    fn run(&self, parameters: Self::Parameters, request: &Request) -> Response;
}

impl<T: TypedStep> Step for T {
    fn name(&self) -> &'static str {
        TypedStep::name(self)
    }

    fn descriptor(&self) -> Descriptor {
        Descriptor { parameters: schema::<T::Parameters>(), ..TypedStep::descriptor(self) }
    }

    fn run(&self, request: &Request) -> Response {
        match decode(&request.parameters) {
            Ok(parameters) => TypedStep::run(self, parameters, request),
            Err(mistakes) => invalid(&mistakes).into(),
        }
    }
}

/// One error for all mistakes, since a step has one; its field is that of the first.
fn invalid(mistakes: &[Mistake]) -> Error {
    let told = mistakes.iter().map(|mistake| match mistake.field.as_str() {
        field if mistake.missing || field.is_empty() => mistake.message.clone(),
        field => format!("{field}: {}", mistake.message),
    });
    let error = Error::new("parameters.invalid", told.collect::<Vec<_>>().join("; "));
    match mistakes.first() {
        Some(first) if !first.field.is_empty() => error.at(format!("parameters.{}", first.field)),
        _ => error.at("parameters"),
    }
}
