//! Waiting until everything that was applied is ready.

use std::time::Duration;

use super::{Execution, Stop, told};
use crate::runs::model::NodePhase;
use crate::runs::observe::{NodeView, Views};
use crate::runs::ready::Phase;
use crate::runs::record::{NodeNote, Note};
use crate::time::Time;

/// Nodes that are not ready yet.
struct Open {
    at: usize,
    /// Until when it may take.
    deadline: Time,
    /// Since when it says that it will not get ready.
    failing: Option<Time>,
    /// What was logged last of what holds it up.
    told: String,
}

impl Execution<'_> {
    /// Waits until every node of a part is ready, one says for the whole grace that it will not be, or time is up.
    pub(super) async fn wait_ready(&self, part: &[usize]) -> Result<(), Stop> {
        let mut views = self.observer.views();
        let mut control = self.control.clone();
        let begin = self.host.clock.now();
        let mut open: Vec<_> = part
            .iter()
            .filter(|at| self.planned.steps[**at].is_some())
            .map(|&at| Open {
                at,
                deadline: begin.plus(self.patience(at)),
                failing: None,
                told: String::new(),
            })
            .collect();
        loop {
            let now = self.host.clock.now();
            let seen = Views::clone(&views.borrow_and_update());
            self.note_ready(&mut open, &seen).await?;
            self.note_stalls(&mut open, &seen).await?;
            if open.is_empty() {
                return Ok(());
            }
            self.go_on()?;
            let next = self.judge(&mut open, &seen, now).await?;
            tokio::select! {
                changed = views.changed() => {
                    if changed.is_err() {
                        return Err(Stop::Failed("live states are no longer followed".into()));
                    }
                }
                stop = told(&mut control) => return Err(stop),
                () = self.host.clock.sleep(next.since(now).max(Duration::from_millis(1))) => {}
            }
        }
    }

    /// Takes the ready ones out and notes them, all in one transaction.
    async fn note_ready(&self, open: &mut Vec<Open>, views: &Views) -> Result<(), Stop> {
        let mut note = Note::default();
        open.retain(|node| {
            let id = self.id(node.at);
            let empty = self.planned.steps[node.at].as_ref().is_none_or(Vec::is_empty);
            let view = views.get(id).filter(|view| view.current && view.readiness.phase == Phase::Ready);
            if view.is_none() && !empty {
                return true;
            }
            let before = self.before.get(id).map(|state| state.status);
            if before != Some(NodePhase::Completed) {
                let message = view.map_or("(nothing to apply)", |view| view.told());
                let ready = NodeNote { node: id, status: Some(NodePhase::Completed), ..NodeNote::default() };
                note = std::mem::take(&mut note).line(format!("{id}: ready {message}")).node(ready);
            }
            false
        });
        Ok(self.recorder.note(note).await?)
    }

    /// Logs what holds nodes up. The same trouble of the next pod is no news.
    async fn note_stalls(&self, open: &mut [Open], views: &Views) -> Result<(), Stop> {
        let mut note = Note::default();
        for node in open {
            let id = self.id(node.at);
            let stall = views.get(id).filter(|view| view.current).and_then(|view| view.stall.as_ref());
            if let Some(stall) = stall.filter(|stall| stall.reason != node.told) {
                node.told.clone_from(&stall.reason);
                note = std::mem::take(&mut note).line(format!("{id}: {stall}"));
            }
        }
        Ok(self.recorder.note(note).await?)
    }

    /// Fails when it is time to; else says until when to wait for news.
    async fn judge(&self, open: &mut [Open], views: &Views, now: Time) -> Result<Time, Stop> {
        let mut next = now.plus(self.options.ready_timeout);
        let mut lost = None;
        for node in &mut *open {
            next = next.min(node.deadline);
            let view = views.get(self.id(node.at)).filter(|view| view.current);
            let Some(view) = view.filter(|view| view.readiness.phase == Phase::Failed) else {
                node.failing = None;
                continue;
            };
            let end = node.failing.get_or_insert(now).plus(self.options.failure_grace);
            next = next.min(end);
            if end <= now {
                lost = lost.or(Some((node.at, explain(self.id(node.at), view))));
            }
        }
        if let Some((at, reason)) = lost {
            let failed = NodeNote {
                node: self.id(at),
                status: Some(NodePhase::Failed),
                error: Some(reason.clone()),
                ..NodeNote::default()
            };
            self.recorder.note(Note::default().line(&reason).node(failed)).await?;
            return Err(Stop::Failed(reason));
        }
        if open.iter().any(|node| node.deadline <= now) {
            return Err(Stop::Failed(self.late(open, views, now)));
        }
        Ok(next)
    }

    /// Names everything that is not ready, with the limit that is over.
    fn late(&self, open: &[Open], views: &Views, now: Time) -> String {
        let over = open.iter().find(|node| node.deadline <= now).map_or(0, |node| node.at);
        let late: Vec<_> = open
            .iter()
            .map(|node| match views.get(self.id(node.at)) {
                Some(view) => explain(self.id(node.at), view),
                None => format!("{}: nothing is known of it", self.id(node.at)),
            })
            .collect();
        format!("not ready within {} s: {}", self.patience(over).as_secs(), late.join("; "))
    }
}

/// `web: ImagePullBackOff (Pod/web-1): image not found`.
fn explain(node: &str, view: &NodeView) -> String {
    format!("{node}: {}", view.explain())
}
