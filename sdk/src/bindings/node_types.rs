//! The world `node-types`. It imports nothing.

use std::marker::PhantomData;

use crate::{NodeTypes, dispatch::node_types as dispatch};

generate! {
    // Every world of the contract is called `plugin`; the macros that export them need names of their own.
    inline: "
        package kubeorch:bindings;
        world node-types { include kubeorch:node-types/plugin@0.1.0; }
    ",
    path: ["wit/node-types"],
    world: "kubeorch:bindings/node-types",
    pub_export_macro: true,
    default_bindings_module: "kubeorch_plugin_sdk::bindings::node_types",
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

failure!(Failure);
