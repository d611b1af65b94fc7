//! What happens to every request before and after its handler.

mod authorise;
mod cors;
mod deadline;
mod fallback;
mod limit;
mod observe;
mod panic;

pub(crate) use authorise::{authorise, bearer};
pub(crate) use cors::cors;
pub(crate) use deadline::deadline;
pub(crate) use fallback::{not_found, wrong_method};
pub(crate) use limit::{Limiter, limit};
pub(crate) use observe::observe;
pub(crate) use panic::panicked;
