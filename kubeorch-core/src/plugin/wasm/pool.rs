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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// So many are waiting already.
    Full(usize),
    /// The job panicked, or the pool closed before its turn.
    Lost,
}

impl Pool {
    /// Starts threads called `kubeorch-NAME-0` and so on.
    pub(super) fn start(name: &str, workers: usize, capacity: usize, guest_stack: usize) -> io::Result<Self> {
        let pool =
            Self { shared: Arc::new(Shared { queue: Mutex::default(), wake: Condvar::new(), capacity }) };
        for number in 0..workers.max(1) {
            let shared = Arc::clone(&pool.shared);
            thread::Builder::new()
                .name(format!("kubeorch-{name}-{number}"))
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A pool of one worker that waits for the returned sender, so that a test can fill its queue.
    fn blocked(capacity: usize) -> (Pool, mpsc::Sender<()>) {
        let pool = Pool::start("test", 1, capacity, 0).unwrap();
        let (open, gate) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        let job = Box::new(move || {
            started.send(()).unwrap();
            let _ = gate.recv();
        });
        pool.shared.push(0, job).unwrap();
        running.recv().unwrap();
        (pool, open)
    }

    #[tokio::test]
    async fn plugins_take_turns() {
        let (pool, open) = blocked(10);
        let (done, order) = mpsc::channel();
        for (lane, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1"), (2, "b2")] {
            let done = done.clone();
            pool.shared.push(lane, Box::new(move || done.send(name).unwrap())).unwrap();
        }
        drop((open, done));
        assert_eq!(order.iter().collect::<Vec<_>>(), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_panic_costs_one_job() {
        let (pool, open) = blocked(1);
        let mut panics = Box::pin(pool.run(1, || panic!("on purpose")));
        assert!(futures::poll!(&mut panics).is_pending());
        assert_eq!(pool.run(1, || 7).await, Err(Refused::Full(1)));
        drop(open);
        let lost: Result<(), _> = panics.await;
        assert_eq!(lost, Err(Refused::Lost));
        assert_eq!(pool.run(1, || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn nobody_works_for_a_caller_who_left() {
        let (pool, open) = blocked(2);
        let (ran, runs) = mpsc::channel();
        let mut left = Box::pin(pool.run(1, move || ran.send(()).unwrap()));
        assert!(futures::poll!(&mut left).is_pending());
        drop((left, open));
        assert_eq!(pool.run(1, || 7).await, Ok(7));
        assert!(runs.try_recv().is_err());
    }

    #[tokio::test]
    async fn threads_end_with_the_pool_and_waiting_jobs_are_dropped() {
        let (pool, open) = blocked(2);
        let shared = Arc::downgrade(&pool.shared);
        let (kept, dropped) = mpsc::channel::<()>();
        pool.shared.push(1, Box::new(move || drop(kept))).unwrap();
        drop(pool);
        assert!(dropped.recv().is_err(), "dropped while the worker is still busy");
        drop(open);
        // The worker's hold on the queue is the last one; it goes when the thread does.
        while shared.upgrade().is_some() {
            thread::yield_now();
        }
    }
}
