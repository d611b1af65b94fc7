//! 10,000 objects, 1,000 watches and the API under load: memory and latency, beside the bounds they keep.
//!
//! `cargo bench -p kubeorch-simulator --bench scale`, about 20 s. Without `--bench` (as under
//! `cargo test --benches`) everything is a hundredth of the size and nothing is judged.
//!
//! The server is behind a port on loopback; its clients are tasks of the same process, so the memory of a
//! watch has both its ends in it. Latencies go from sending a request, or an update, to the last byte.
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kubeorch_simulator::Simulator;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

/// Bounds on one machine with two cores. A number past its bound fails the run.
const BYTES_PER_OBJECT: usize = 16 * 1024;
const BYTES_PER_WATCH: usize = 64 * 1024;
const LIST: Duration = Duration::from_millis(500);
const FAN_OUT_P99: Duration = Duration::from_millis(100);
const REQUEST_P99: Duration = Duration::from_millis(50);

/// Connections that fill the cluster and load it.
const CLIENTS: usize = 32;
/// Updates that fan out to all watches.
const UPDATES: usize = 50;
const SPACE: &str = "/api/v1/namespaces/default/configmaps";

fn main() -> Result<(), Failure> {
    let measuring = std::env::args().any(|one| one == "--bench");
    let (objects, watches) = if measuring { (10_000, 1_000) } else { (100, 10) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let beyond = runtime.block_on(run(objects, watches))?;
    if measuring && !beyond.is_empty() {
        return Err(format!("past the bound: {}", beyond.join(", ")).into());
    }
    Ok(())
}

/// Measures, prints, and names what is past its bound.
async fn run(objects: usize, watches: usize) -> Result<Vec<&'static str>, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    let simulator = Simulator::builder().seed(1).build();
    tokio::spawn(async move { simulator.serve(listener, std::future::pending()).await });
    let mut report = Report::default();

    let before = resident()?;
    let begin = Instant::now();
    let created = each(server, objects, |at| request("POST", SPACE, &map(at, 0))).await?;
    let elapsed = begin.elapsed();
    let per_object = resident()?.saturating_sub(before) / objects;
    println!("{objects} objects created in {elapsed:.2?}, {:.0} a second", rate(objects, elapsed));
    report.line(
        "memory an object",
        bytes(per_object),
        bytes(BYTES_PER_OBJECT),
        per_object <= BYTES_PER_OBJECT,
    );
    report.time("create, p99", created.quantile(0.99), REQUEST_P99);

    let mut whole = Vec::new();
    for _ in 0..5 {
        let begin = Instant::now();
        let mut client = Client::connect(server).await?;
        let length = client.call(&request("GET", SPACE, "")).await?;
        whole.push(begin.elapsed());
        println!("list of {} KiB in {:.2?}", length / 1024, begin.elapsed());
    }
    report.time("list of everything, worst of 5", Sample(whole).quantile(1.0), LIST);

    let before = resident()?;
    let (sender, mut arrivals) = mpsc::unbounded_channel();
    let mut followers = JoinSet::new();
    let from = format!("{SPACE}?watch=1&resourceVersion={}", version(server).await?);
    for _ in 0..watches {
        let mut stream = TcpStream::connect(server).await?;
        stream.write_all(request("GET", &from, "").as_bytes()).await?;
        followers.spawn(follow(stream, sender.clone()));
    }
    // One event to all proves that all are there.
    fan_out(server, watches, 1, &mut arrivals).await?;
    let per_watch = resident()?.saturating_sub(before) / watches;
    report.line(
        "memory a watch, both ends",
        bytes(per_watch),
        bytes(BYTES_PER_WATCH),
        per_watch <= BYTES_PER_WATCH,
    );
    let latencies = fan_out(server, watches, UPDATES, &mut arrivals).await?;
    println!("{UPDATES} updates to {watches} watches: p50 {:.2?}", latencies.quantile(0.5));
    report.time("update to every watch, p99", latencies.quantile(0.99), FAN_OUT_P99);
    followers.shutdown().await;

    let begin = Instant::now();
    let reads = each(server, objects, |at| request("GET", &format!("{SPACE}/map-{at}"), "")).await?;
    println!(
        "{objects} reads: {:.0} a second, p50 {:.2?}",
        rate(objects, begin.elapsed()),
        reads.quantile(0.5)
    );
    report.time("read under load, p99", reads.quantile(0.99), REQUEST_P99);
    println!("in all {} MiB resident\n{}", resident()? >> 20, report.lines.join("\n"));
    Ok(report.beyond)
}

/// Changes one object so many times and waits each time until every watch has heard.
async fn fan_out(
    server: SocketAddr,
    watches: usize,
    updates: usize,
    arrivals: &mut mpsc::UnboundedReceiver<Instant>,
) -> Result<Sample, Failure> {
    let mut client = Client::connect(server).await?;
    let mut latencies = Vec::new();
    for at in 0..updates {
        let begin = Instant::now();
        client.call(&request("PUT", &format!("{SPACE}/map-0"), &map(0, at + updates))).await?;
        for _ in 0..watches {
            let arrived = arrivals.recv().await.ok_or("the watches are gone")?;
            latencies.push(arrived.duration_since(begin));
        }
    }
    Ok(Sample(latencies))
}

/// Tells when each event of a watch arrives.
async fn follow(stream: TcpStream, arrivals: mpsc::UnboundedSender<Instant>) {
    let mut lines = BufReader::with_capacity(4096, stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.starts_with("{\"type\"") && arrivals.send(Instant::now()).is_err() {
            return;
        }
    }
}

/// Sends a request for each number, over [`CLIENTS`] connections.
async fn each(
    server: SocketAddr,
    count: usize,
    make: impl Fn(usize) -> String + Send + Sync + 'static,
) -> Result<Sample, Failure> {
    let make = Arc::new(make);
    let mut clients = JoinSet::new();
    for first in 0..CLIENTS {
        let make = Arc::clone(&make);
        clients.spawn(async move {
            let mut client = Client::connect(server).await?;
            let mut latencies = Vec::new();
            for at in (first..count).step_by(CLIENTS) {
                let begin = Instant::now();
                client.call(&make(at)).await?;
                latencies.push(begin.elapsed());
            }
            Ok::<_, Failure>(latencies)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = clients.join_next().await {
        all.extend(done??);
    }
    Ok(Sample(all))
}

/// The plainest HTTP client: one request after the other.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    async fn connect(server: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request and reads its answer; gives the length of the body, or the failure.
    async fn call(&mut self, request: &str) -> Result<usize, Failure> {
        Ok(self.body(request).await?.len())
    }

    async fn body(&mut self, request: &str) -> Result<Vec<u8>, Failure> {
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let (mut status, mut length) = (String::new(), 0);
        self.stream.read_line(&mut status).await?;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        if !status.starts_with("HTTP/1.1 2") {
            return Err(format!("{}: {}", status.trim(), String::from_utf8_lossy(&body)).into());
        }
        Ok(body)
    }
}

fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: simulator\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A config map of about 1 KiB.
fn map(at: usize, turn: usize) -> String {
    let filler = "x".repeat(900);
    format!(
        r#"{{"metadata":{{"name":"map-{at}","labels":{{"app":"bench"}}}},"data":{{"turn":"{turn}","filler":"{filler}"}}}}"#
    )
}

/// The version to watch from.
async fn version(server: SocketAddr) -> Result<String, Failure> {
    let body = Client::connect(server).await?.body(&request("GET", &format!("{SPACE}?limit=1"), "")).await?;
    let list: serde_json::Value = serde_json::from_slice(&body)?;
    Ok(list["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned())
}

/// Bytes of this process in memory.
fn resident() -> Result<usize, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<usize>()? * 1024)
}

fn bytes(count: usize) -> String {
    format!("{:.1} KiB", f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / 1024.0)
}

fn rate(count: usize, elapsed: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / elapsed.as_secs_f64()
}

struct Sample(Vec<Duration>);

impl Sample {
    fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index into a sample of thousands"
        )]
        let at = (sorted.len() as f64 * share) as usize;
        sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// The lines with a bound.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    beyond: Vec<&'static str>,
}

impl Report {
    fn time(&mut self, what: &'static str, found: Duration, bound: Duration) {
        self.line(what, format!("{found:.2?}"), format!("{bound:?}"), found <= bound);
    }

    fn line(&mut self, what: &'static str, found: String, bound: String, kept: bool) {
        let mark = if kept { "" } else { "   PAST IT" };
        self.lines.push(format!("{what:<32} {found:>12}   bound {bound:>10}{mark}"));
        if !kept {
            self.beyond.push(what);
        }
    }
}
