//! The world `step`.

use std::marker::PhantomData;

use crate::{dispatch::step as dispatch, log, step::Steps};

generate! {
    inline: "
        package kubeorch:bindings;
        world step { include kubeorch:step/plugin@0.1.0; }
    ",
    path: ["wit/host", "wit/step"],
    world: "kubeorch:bindings/step",
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "kubeorch_plugin_sdk::bindings::step",
}

pub use generated::{export, exports};

use exports::kubeorch::step::step::{Failure, Guest};

/// Makes any [`Steps`] the guest that the bindings want.
#[derive(Debug)]
pub struct Adapter<P>(PhantomData<P>);

impl<P: Steps> Guest for Adapter<P> {
    fn list_steps() -> Result<Vec<u8>, Failure> {
        log::panics();
        dispatch::list_steps::<P>().map_err(Into::into)
    }

    fn run(request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        log::panics();
        dispatch::run::<P>(&request).map_err(Into::into)
    }
}

failure!(Failure);
