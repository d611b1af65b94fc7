//! The answer to a watch: one JSON text a line.

use ::kube::client::Body;
use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::kube::client::failure::{Failure, Stage};

/// Longest line in bytes. The largest object that etcd takes has 1.5 MiB; escapes and ownership add to that.
const LINE: usize = 16 << 20;

/// What one line says.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(rename = "type")]
    pub(super) what: What,
    pub(super) object: Map<String, Value>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum What {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
}

impl Line {
    pub(super) fn version(&self) -> Option<&str> {
        let version = self.object.get("metadata")?.get("resourceVersion")?.as_str()?;
        (!version.is_empty()).then_some(version)
    }

    /// Whether this bookmark says that everything that was there has been sent.
    pub(super) fn ends_initial(&self) -> bool {
        let annotations = self.object.get("metadata").and_then(|metadata| metadata.get("annotations"));
        annotations.is_some_and(|annotations| annotations["k8s.io/initial-events-end"] == "true")
    }
}

/// An open watch.
pub(super) struct Lines {
    body: BoxStream<'static, Result<Bytes, ()>>,
    rest: BytesMut,
    /// So much of the rest has been searched for an end of line.
    searched: usize,
}

impl Lines {
    pub(super) fn new(body: Body) -> Self {
        let body = body.into_data_stream().map(|chunk| chunk.map_err(drop)).boxed();
        Self { body, rest: BytesMut::new(), searched: 0 }
    }

    /// The next line; `None` when the server ended the watch. Cancelling loses nothing.
    pub(super) async fn next(&mut self) -> Option<Result<Line, Failure>> {
        loop {
            if let Some(end) = self.rest[self.searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.rest.split_to(self.searched + end);
                self.rest.advance(1);
                self.searched = 0;
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Some(serde_json::from_slice(&line).map_err(|_| Stage::Format.into()));
            }
            self.searched = self.rest.len();
            if self.searched > LINE {
                return Some(Err(Stage::TooLarge(LINE).into()));
            }
            match self.body.next().await? {
                Ok(chunk) => self.rest.extend_from_slice(&chunk),
                Err(()) => return Some(Err(Stage::Broken.into())),
            }
        }
    }
}
