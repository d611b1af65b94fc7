//! The world of what a host offers, alone: the other worlds' bindings leave it out, so there is one of it.

generate! {
    inline: "
        package kubeorch:bindings;
        world log { import kubeorch:host/log@0.1.0; }
    ",
    path: ["wit/host"],
    world: "kubeorch:bindings/log",
    generate_all,
}

pub use generated::kubeorch::host::log::{Level, write};
