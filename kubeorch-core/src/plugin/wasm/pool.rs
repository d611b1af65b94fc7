//! The threads that guests run on, so that no async caller ever blocks.
//!
//! Waiting calls queue by plugin and the plugins take turns: one that uses up its time in every call slows
//! its own users down more than anybody else's.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// Native stack of a worker: what a guest may use, and this much for the host's own frames.
const HOST_STACK: usize = 2 * 1024 * 1024;

type Job = Box<dyn FnOnce() + Send>;

/// Closes when dropped: workers finish the job they have and end; waiting jobs are dropped.
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct Queue {
    /// Lanes with waiting jobs, the next one to be served first. Never an empty lane.
    lanes: VecDeque<(u32, VecDeque<Job>)>,
    waiting: usize,
    closed: bool,
}

/// Why a job gave no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// So many are waiting already.
    Full(usize),
    /// The job panicked, or the pool closed before its turn.
    Lost,
}

impl Pool {
    pub(super) fn start(workers: usize, capacity: usize, guest_stack: usize) -> io::Result<Self> {
        let pool =
            Self { shared: Arc::new(Shared { queue: Mutex::default(), wake: Condvar::new(), capacity }) };
        for number in 0..workers.max(1) {
            let shared = Arc::clone(&pool.shared);
            thread::Builder::new()
                .name(format!("kubeorch-plugin-{number}"))
                .stack_size(HOST_STACK + guest_stack)
                .spawn(move || shared.work())?;
        }
        Ok(pool)
    }

    /// Runs a job on a worker. Dropping the future before the job's turn drops the job.
    pub(super) async fn run<T, F>(&self, lane: u32, job: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        self.shared.push(
            lane,
            Box::new(move || {
                if !sender.is_closed() {
                    // Nobody waits any more: the answer is dropped here, which is all that is left to do.
                    let _ = sender.send(job());
                }
            }),
        )?;
        answer.await.map_err(|_| Refused::Lost)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let dropped = {
            let mut queue = self.shared.queue.lock();
            queue.closed = true;
            queue.waiting = 0;
            std::mem::take(&mut queue.lanes)
        };
        self.shared.wake.notify_all();
        drop(dropped);
    }
}

impl Shared {
    fn push(&self, lane: u32, job: Job) -> Result<(), Refused> {
        let mut queue = self.queue.lock();
        if queue.waiting >= self.capacity {
            return Err(Refused::Full(queue.waiting));
        }
        queue.waiting += 1;
        match queue.lanes.iter_mut().find(|(id, _)| *id == lane) {
            Some((_, jobs)) => jobs.push_back(job),
            None => queue.lanes.push_back((lane, VecDeque::from([job]))),
        }
        drop(queue);
        self.wake.notify_one();
        Ok(())
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a plugin call panicked in the host");
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock();
        loop {
            if let Some(job) = queue.pop() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            self.wake.wait(&mut queue);
        }
    }
}

impl Queue {
    fn pop(&mut self) -> Option<Job> {
        let (lane, mut jobs) = self.lanes.pop_front()?;
        let job = jobs.pop_front();
        if !jobs.is_empty() {
            self.lanes.push_back((lane, jobs));
        }
        self.waiting -= usize::from(job.is_some());
        job
    }
}
