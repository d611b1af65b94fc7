//! The REST API as a part of another web application: one router among others, with a route of the host's own.
//!
//! `cargo run -p kubeorch-examples --bin mount_router`, then `curl http://127.0.0.1:3000/health`
#![allow(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use kubeorch_core::Engine;
use kubeorch_core::plugin::Registry;
use kubeorch_http::Options;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let plugins = kubeorch_plugins::node_types()
        .fold(Registry::builder(), |builder, plugin| builder.plugin(plugin.name, plugin.component));
    let engine = Engine::builder().plugins(Arc::new(plugins.try_build().await?)).build().await?;

    let app = Router::new()
        .route("/hello", get(|| async { "the host program's own page" }))
        .merge(kubeorch_http::router(engine, Options::default()));

    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&address).await?;
    println!("http://{}", listener.local_addr()?);
    // With the peer's address the API can limit requests per client.
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
