//! Serves a simulated cluster and prints how to reach it.
//!
//! `cargo run -p kubeorch-simulator --example simulator -- 8001 > /tmp/kubeconfig`, then
//! `kubectl --kubeconfig /tmp/kubeconfig get nodes`.

use std::error::Error;
use std::io::{Write, stdout};

use kubeorch_simulator::{Simulator, kubeconfig};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let server = format!("http://{}", listener.local_addr()?);
    stdout().write_all(kubeconfig(&server).as_bytes())?;
    stdout().flush()?;
    Simulator::builder().nodes(2).build().serve(listener, std::future::pending()).await?;
    Ok(())
}
