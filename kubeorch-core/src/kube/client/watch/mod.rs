//! Following objects: list, then watch from there, for as long as somebody listens.
//!
//! A server that can is asked for a streaming list, one object at a time in the watch itself; any other is listed
//! in pages. `follow` holds the state of one watch, `lines` reads what the server sends.

mod follow;
mod lines;

use futures::stream::{self, StreamExt};

use super::cluster::Client;
use crate::kube::{Scope, WatchStream};
use follow::Follow;

/// See [`crate::kube::Cluster::watch`].
pub(super) fn follow(client: Client, scope: Scope) -> WatchStream {
    stream::unfold(Follow::new(client, scope), Follow::next).boxed()
}
