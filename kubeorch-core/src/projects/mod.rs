//! Projects: what workflows belong to. Every account has a personal one, made with it.

mod model;

pub use model::Project;
pub(crate) use model::{BY_OWNER, personal_of, records};
