//! The world `fix-template`.

use std::marker::PhantomData;

use crate::{dispatch::fix as dispatch, fix::Fixes, log};

generate! {
    inline: "
        package kubeorch:bindings;
        world fix-template { include kubeorch:fix-template/plugin@0.1.0; }
    ",
    path: ["wit/host", "wit/fix-template"],
    world: "kubeorch:bindings/fix-template",
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "kubeorch_plugin_sdk::bindings::fix",
}

pub use generated::{export, exports};

use exports::kubeorch::fix_template::fix_template::{Failure, Guest};

/// Makes any [`Fixes`] the guest that the bindings want.
#[derive(Debug)]
pub struct Adapter<P>(PhantomData<P>);

impl<P: Fixes> Guest for Adapter<P> {
    fn describe() -> Result<Vec<u8>, Failure> {
        log::panics();
        dispatch::describe::<P>().map_err(Into::into)
    }

    fn diagnose(request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        log::panics();
        dispatch::diagnose::<P>(&request).map_err(Into::into)
    }

    fn template(request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        log::panics();
        dispatch::template::<P>(&request).map_err(Into::into)
    }

    fn apply(request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        log::panics();
        dispatch::apply::<P>(&request).map_err(Into::into)
    }
}

failure!(Failure);
