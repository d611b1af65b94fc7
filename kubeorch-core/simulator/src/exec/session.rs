//! One `exec`: a WebSocket on one side, the shell on the other.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::channels::{self, Incoming, Protocol};
use super::shell::{Effect, Shell};
use crate::clock::after;
use crate::simulator::Shared;

/// Bytes of one message of a client, and of a line that has not ended yet.
const LONGEST: usize = 1024 * 1024;
const PROMPT: &str = "/ # ";
/// What a container's runtime needs to start a process, about. It is no decoration: client-go before
/// 0.34 reads a new connection at once but makes its streams a moment later, and drops what arrives
/// between ("Unknown stream id"). So this is the network's time, not the simulated clock's.
const START: Duration = Duration::from_millis(100);

/// Which streams a client asked for.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "the four parameters of the request")]
pub(crate) struct Streams {
    pub(crate) stdin: bool,
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
    pub(crate) tty: bool,
}

/// What is to run, and where.
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) protocol: Protocol,
    pub(crate) streams: Streams,
    pub(crate) command: Vec<String>,
    pub(crate) shell: Shell,
    /// Namespace, name and uid of the pod.
    pub(crate) pod: (String, String, String),
    pub(crate) container: String,
}

/// How a program ended.
enum End {
    Code(i32),
    /// It never began.
    Missing(String),
    /// Nobody listens any more.
    Gone,
}

impl Session {
    /// Runs the command over an upgraded connection until it ends, the container stops or the client
    /// goes.
    pub(crate) async fn run<S>(mut self, socket: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let config = WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST));
        let socket = WebSocketStream::from_raw_socket(socket, Role::Server, Some(config)).await;
        let mut pipe =
            Pipe { socket, protocol: self.protocol, streams: self.streams, closed: !self.streams.stdin };
        tokio::time::sleep(START).await;
        let mut stopped =
            std::pin::pin!(stopped(Arc::clone(&self.shared), self.pod.clone(), self.container.clone()));
        let end = {
            let command = std::mem::take(&mut self.command);
            let mut program = std::pin::pin!(self.program(&command, &mut pipe));
            tokio::select! {
                end = &mut program => end,
                // As a container that is killed takes its processes along.
                () = &mut stopped => End::Code(137),
            }
        };
        pipe.finish(end, &self.container).await;
    }

    async fn program<S>(&mut self, command: &[String], pipe: &mut Pipe<S>) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let effects = self.shell.start(command);
        match self.effects(effects, pipe).await {
            Some(end) => end,
            None => self.interactive(pipe).await,
        }
    }

    /// Carries effects out; `None` when command lines are to be read.
    async fn effects<S>(&mut self, effects: Vec<Effect>, pipe: &mut Pipe<S>) -> Option<End>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        for effect in effects {
            let sent = match effect {
                Effect::Out(text) => pipe.send(channels::STDOUT, text.as_bytes()).await,
                Effect::Err(text) => pipe.send(channels::STDERR, text.as_bytes()).await,
                Effect::Sleep(wait) => {
                    let clock = &self.shared.config.clock;
                    clock.sleep_until(after(clock.now(), wait)).await;
                    true
                }
                Effect::Copy => {
                    while let Some(bytes) = pipe.input().await {
                        if !pipe.send(channels::STDOUT, &bytes).await {
                            return Some(End::Gone);
                        }
                    }
                    return Some(End::Code(0));
                }
                Effect::Exit(code) => return Some(End::Code(code)),
                Effect::Missing(program) => return Some(End::Missing(program)),
                Effect::Read => return None,
            };
            if !sent {
                return Some(End::Gone);
            }
        }
        None
    }

    /// Reads lines and runs them until the input ends or a line says `exit`.
    async fn interactive<S>(&mut self, pipe: &mut Pipe<S>) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let tty = self.streams.tty;
        let mut pending = BytesMut::new();
        if tty {
            pipe.send(channels::STDOUT, PROMPT.as_bytes()).await;
        }
        while let Some(bytes) = pipe.input().await {
            if pending.len() + bytes.len() > LONGEST {
                return End::Code(2);
            }
            if tty {
                // A terminal shows what is typed, and Ctrl-D ends it.
                pipe.send(channels::STDOUT, &bytes).await;
                if bytes.contains(&4) {
                    break;
                }
            }
            pending.extend_from_slice(&bytes);
            while let Some(at) = pending.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                let line = pending.split_to(at);
                pending.advance(1);
                self.shell.now = self.shared.config.clock.now();
                let effects = self.shell.line(&String::from_utf8_lossy(&line));
                if let Some(end) = self.effects(effects, pipe).await {
                    return end;
                }
                if tty {
                    pipe.send(channels::STDOUT, PROMPT.as_bytes()).await;
                }
            }
        }
        if !pending.is_empty() {
            let effects = self.shell.line(&String::from_utf8_lossy(&pending));
            if let Some(end) = self.effects(effects, pipe).await {
                return end;
            }
        }
        End::Code(self.shell.code)
    }
}

/// Completes when the container no longer runs.
async fn stopped(shared: Arc<Shared>, pod: (String, String, String), container: String) {
    let mut news = shared.core.lock().objects.subscribe("pods");
    loop {
        news.borrow_and_update();
        let runs = {
            let core = shared.core.lock();
            let there = core
                .objects
                .get("pods", &pod.0, &pod.1)
                .is_some_and(|found| crate::value::uid(found) == pod.2);
            there && core.pods.running.get(&pod.2).is_some_and(|runtime| runtime.runs(&container))
        };
        if !runs || news.changed().await.is_err() {
            return;
        }
    }
}

struct Pipe<S> {
    socket: WebSocketStream<S>,
    protocol: Protocol,
    streams: Streams,
    /// No more input comes.
    closed: bool,
}

impl<S> Pipe<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    /// The next input; `None` when there is no more.
    async fn input(&mut self) -> Option<Bytes> {
        while !self.closed {
            let incoming = match self.socket.next().await {
                Some(Ok(Message::Binary(message))) => self.protocol.read(&message),
                Some(Ok(Message::Close(_)) | Err(_)) | None => Incoming::StdinClosed,
                Some(Ok(_)) => Incoming::Other,
            };
            match incoming {
                Incoming::Stdin(bytes) if !bytes.is_empty() => return Some(bytes),
                Incoming::StdinClosed => self.closed = true,
                Incoming::Stdin(_) | Incoming::Other => {}
            }
        }
        None
    }

    /// Sends output the client asked for; `false` when it is gone. A terminal has one output, and its
    /// lines end as terminals end them.
    async fn send(&mut self, channel: u8, text: &[u8]) -> bool {
        let tty = self.streams.tty;
        let channel = if tty { channels::STDOUT } else { channel };
        let wanted = if channel == channels::STDERR { self.streams.stderr } else { self.streams.stdout };
        if !wanted || text.is_empty() {
            return true;
        }
        let message = if tty {
            channels::write(channel, String::from_utf8_lossy(text).replace('\n', "\r\n").as_bytes())
        } else {
            channels::write(channel, text)
        };
        self.socket.send(Message::Binary(message)).await.is_ok()
    }

    /// Sends the result and closes the connection.
    async fn finish(mut self, end: End, container: &str) {
        let status = match end {
            End::Gone => return,
            End::Code(0) => json!({ "metadata": {}, "status": "Success" }),
            End::Code(code) => json!({
                "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
                "message": format!("command terminated with non-zero exit code: exit status {code}"),
                "details": { "causes": [{ "reason": "ExitCode", "message": code.to_string() }] },
            }),
            End::Missing(program) => json!({
                "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
                "message": format!(
                    "Internal error occurred: error executing command in container: failed to exec in container \"{container}\": exec: \"{program}\": executable file not found in $PATH"
                ),
            }),
        };
        let close = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        let message = channels::write(channels::ERROR, status.to_string().as_bytes());
        // A client that went away meanwhile needs no result.
        let sent = self.socket.send(Message::Binary(message)).await.is_ok();
        if sent && self.socket.close(Some(close)).await.is_ok() {
            while let Some(Ok(_)) = self.socket.next().await {}
        }
    }
}
