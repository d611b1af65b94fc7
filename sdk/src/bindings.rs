//! The component bindings of the `node-types` world: the only generated code and the only unsafe code of a plugin.
//!
//! Hidden from plugin authors, who implement [`NodeTypes`] or [`NodeType`](crate::NodeType)
//! and export with [`export_node_types!`](crate::export_node_types).

use std::marker::PhantomData;

use crate::{dispatch, node_types::NodeTypes};

/// What `wit-bindgen` makes from the WIT files.
#[allow(
    unsafe_code,
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated: the canonical ABI passes raw pointers"
)]
mod generated {
    wit_bindgen::generate!({
        path: "wit/node-types",
        world: "plugin",
        pub_export_macro: true,
        default_bindings_module: "kubeorch_plugin_sdk::bindings",
    });
}

pub use generated::{export, exports};

use exports::kubeorch::node_types::node_types::{Failure, Guest};

/// Makes any [`NodeTypes`] the guest that the bindings want.
#[derive(Debug)]
pub struct Adapter<P>(PhantomData<P>);

impl<P: NodeTypes> Guest for Adapter<P> {
    fn list_types() -> Result<Vec<u8>, Failure> {
        dispatch::list_types::<P>().map_err(Into::into)
    }

    fn facts(request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        dispatch::facts::<P>(&request).map_err(Into::into)
    }

    fn validate(request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        dispatch::validate::<P>(&request).map_err(Into::into)
    }

    fn render(request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        dispatch::render::<P>(&request).map_err(Into::into)
    }

    fn status(request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        dispatch::status::<P>(&request).map_err(Into::into)
    }
}

impl From<crate::Failure> for Failure {
    fn from(failure: crate::Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}
