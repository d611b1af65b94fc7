//! The component bindings of every world: the only generated code and the only unsafe code of a plugin.
//!
//! Hidden from plugin authors, who implement the trait of their world and export it with
//! [`export_plugin!`](crate::export_plugin). Each world has a module and a feature of its own, because what a binding
//! imports would be an import of the component.

/// What `wit-bindgen` makes from the WIT files, in a module `generated`.
macro_rules! generate {
    ($($options:tt)*) => {
        #[allow(
            unsafe_code,
            missing_docs,
            unused_qualifications,
            unreachable_pub,
            dead_code,
            clippy::all,
            clippy::pedantic,
            reason = "generated: the canonical ABI passes raw pointers, and no plugin uses all of it"
        )]
        mod generated {
            wit_bindgen::generate!({ $($options)* });
        }
    };
}

/// The SDK's failure as that of a world. Each interface has a type of its own, since a shared one would be an import.
macro_rules! failure {
    ($failure:ty) => {
        impl From<crate::Failure> for $failure {
            fn from(failure: crate::Failure) -> Self {
                Self { code: failure.code, message: failure.message }
            }
        }
    };
}

#[cfg(feature = "import-analyzer")]
pub mod analyzer;
#[cfg(feature = "fix-template")]
pub mod fix;
#[cfg(all(feature = "log", target_family = "wasm"))]
pub mod log;
#[cfg(feature = "node-types")]
pub mod node_types;
#[cfg(feature = "step")]
pub mod step;
