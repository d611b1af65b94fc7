//! The threads that guests run on, so that no async caller ever blocks.
//!
//! Waiting calls queue by plugin and the plugins take turns: one that uses up its time in every call slows
//! its own users down more than anybody else's. No plugin gets the last thread, and one whose calls are slow gets
//! half of them, so there is always one for the call of another plugin.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// Native stack of a worker: what a guest may use, and this much for the host's own frames.
const HOST_STACK: usize = 2 * 1024 * 1024;

/// A call that runs longer makes its plugin a slow one, until one of its calls is quicker. Hundreds of times a usual
/// render, and a fraction of what people notice.
const SLOW: Duration = Duration::from_millis(20);

/// Answers that a thread holds back while it has more calls of the same plugin: to wake a caller takes as long as a
/// tenth of a call, and callers that wait in one queue wait for the next answers too.
const HELD: usize = 8;

/// How long answers are held back at most, but for the call that begins meanwhile.
const HOLD: Duration = Duration::from_micros(500);

type Job = Box<dyn FnOnce() -> Answer + Send>;

/// Hands an answer to who waits for it.
type Answer = Box<dyn FnOnce() + Send>;

/// Closes when dropped: workers finish the job they have and end; waiting jobs are dropped.
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    capacity: usize,
    workers: usize,
}

#[derive(Default)]
struct Queue {
    /// Lanes with waiting jobs, the next one to be served first. Never an empty lane.
    lanes: VecDeque<(u32, VecDeque<Job>)>,
    waiting: usize,
    /// Lanes with running jobs, and slow ones.
    busy: HashMap<u32, Busy>,
    closed: bool,
}

#[derive(Default)]
struct Busy {
    running: usize,
    slow: bool,
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
        let workers = workers.max(1);
        let shared = Shared { queue: Mutex::default(), wake: Condvar::new(), capacity, workers };
        let pool = Self { shared: Arc::new(shared) };
        // One more than a lane may have.
        for number in 0..=workers {
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
            Box::new(move || -> Answer {
                let answer = (!sender.is_closed()).then(job);
                Box::new(move || {
                    // Nobody waits any more: the answer is dropped here, which is all that is left to do.
                    let _ = answer.map(|answer| sender.send(answer));
                })
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
        let open = queue.may_have_more(lane, self.workers);
        drop(queue);
        if open {
            self.wake.notify_one();
        }
        Ok(())
    }

    fn work(&self) {
        let mut held = Held::default();
        let mut next = self.next(None, &mut held);
        while let Some((lane, job)) = next {
            let start = Instant::now();
            if let Ok(answer) = catch_unwind(AssertUnwindSafe(job)) {
                held.push(answer);
            } else {
                tracing::error!("a plugin call panicked in the host");
            }
            next = self.next(Some((lane, start.elapsed() > SLOW)), &mut held);
        }
    }

    /// Ends a job, and waits for another one. Answers are held back only for a job of the same lane, so that no plugin
    /// can make callers of another one wait.
    fn next(&self, mut ended: Option<(u32, bool)>, held: &mut Held) -> Option<(u32, Job)> {
        let mut queue = self.queue.lock();
        let last = ended.filter(|(_, slow)| !slow).map(|(lane, _)| lane);
        loop {
            if let Some((lane, slow)) = ended.take() {
                queue.done(lane, slow);
            }
            if let Some(next) = queue.pop(self.workers) {
                // Nobody was woken for a job that was held back when it came; whoever takes one passes it on.
                if queue.next(self.workers).is_some() {
                    self.wake.notify_one();
                }
                drop(queue);
                if last != Some(next.0) || held.long_enough() {
                    held.hand_out();
                }
                return Some(next);
            }
            if !held.is_empty() {
                MutexGuard::unlocked(&mut queue, || held.hand_out());
                continue;
            }
            if queue.closed {
                return None;
            }
            self.wake.wait(&mut queue);
        }
    }
}

/// Answers that are held back.
#[derive(Default)]
struct Held {
    answers: Vec<Answer>,
    since: Option<Instant>,
}

impl Held {
    fn push(&mut self, answer: Answer) {
        self.since.get_or_insert_with(Instant::now);
        self.answers.push(answer);
    }

    fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    fn long_enough(&self) -> bool {
        self.answers.len() >= HELD || self.since.is_some_and(|since| since.elapsed() >= HOLD)
    }

    fn hand_out(&mut self) {
        self.since = None;
        for answer in self.answers.drain(..) {
            // What drops an answer that nobody waits for is the caller's type.
            if catch_unwind(AssertUnwindSafe(answer)).is_err() {
                tracing::error!("an answer of a plugin call panicked in the host");
            }
        }
    }
}

impl Queue {
    /// Whether a lane may have another thread.
    fn may_have_more(&self, lane: u32, workers: usize) -> bool {
        self.busy
            .get(&lane)
            .is_none_or(|busy| busy.running < if busy.slow { workers.div_ceil(2) } else { workers })
    }

    /// Where the next lane is that may have another thread.
    fn next(&self, workers: usize) -> Option<usize> {
        self.lanes.iter().position(|(lane, _)| self.may_have_more(*lane, workers))
    }

    fn pop(&mut self, workers: usize) -> Option<(u32, Job)> {
        let at = self.next(workers)?;
        let (lane, mut jobs) = self.lanes.remove(at)?;
        let job = jobs.pop_front()?;
        if !jobs.is_empty() {
            self.lanes.push_back((lane, jobs));
        }
        self.waiting -= 1;
        self.busy.entry(lane).or_default().running += 1;
        Some((lane, job))
    }

    fn done(&mut self, lane: u32, slow: bool) {
        if let Some(busy) = self.busy.get_mut(&lane) {
            busy.running = busy.running.saturating_sub(1);
            busy.slow = slow;
            if busy.running == 0 && !slow {
                self.busy.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn none() -> Answer {
        Box::new(|| {})
    }

    /// A pool for one job of a lane, with jobs that wait for the returned senders, so that a test can fill its queue.
    fn blocked<const N: usize>(capacity: usize, lanes: [u32; N]) -> (Pool, [mpsc::Sender<()>; N]) {
        let pool = Pool::start("test", 1, capacity, 0).unwrap();
        let open = lanes.map(|lane| {
            let (open, gate) = mpsc::channel::<()>();
            let (started, running) = mpsc::channel();
            let job = Box::new(move || {
                started.send(()).unwrap();
                let _ = gate.recv();
                none()
            });
            pool.shared.push(lane, job).unwrap();
            running.recv().unwrap();
            open
        });
        (pool, open)
    }

    #[test]
    fn plugins_take_turns() {
        let mut queue = Queue::default();
        for (lane, jobs) in [(1, 3), (2, 2), (3, 1)] {
            queue.lanes.push_back((lane, (0..jobs).map(|_| Box::new(none) as Job).collect()));
            queue.waiting += jobs;
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(9)).map(|(lane, _)| lane).collect();
        assert_eq!((order.as_slice(), queue.waiting), (&[1, 2, 3, 1, 2, 1][..], 0));
    }

    #[tokio::test]
    async fn the_last_thread_is_for_another_lane() {
        let (pool, open) = blocked(10, [0]);
        let mut same = Box::pin(pool.run(0, || 7));
        assert!(futures::poll!(&mut same).is_pending());
        assert_eq!(pool.run(1, || 8).await, Ok(8), "while lane 0 has all that it may have");
        assert!(futures::poll!(&mut same).is_pending());
        drop(open);
        assert_eq!(same.await, Ok(7));
    }

    #[test]
    fn a_slow_lane_gets_half_until_it_is_quick_again() {
        let mut queue = Queue::default();
        let running = |queue: &mut Queue| {
            queue.lanes.push_back((1, (0..4).map(|_| Box::new(none) as Job).collect()));
            queue.waiting += 4;
            let taken = std::iter::from_fn(|| queue.pop(4)).count();
            queue.lanes.clear();
            queue.waiting = 0;
            taken
        };
        for (slow, expected) in [(false, 4), (true, 2), (true, 2), (false, 4)] {
            for _ in 0..4 {
                queue.done(1, slow);
            }
            // The very first call of a lane is never known to be slow.
            queue.busy.entry(1).or_default().slow = slow;
            assert_eq!(running(&mut queue), expected, "slow: {slow}");
        }
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_panic_costs_one_job() {
        let (pool, open) = blocked(1, [0, 1]);
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
        let (pool, open) = blocked(2, [0, 1]);
        let (ran, runs) = mpsc::channel();
        let mut left = Box::pin(pool.run(1, move || ran.send(()).unwrap()));
        assert!(futures::poll!(&mut left).is_pending());
        drop((left, open));
        assert_eq!(pool.run(1, || 7).await, Ok(7));
        assert!(runs.try_recv().is_err());
    }

    /// The thread has more jobs of the same lane, so answers come together, but not behind one of another lane.
    #[tokio::test]
    async fn answers_are_not_held_back_for_another_lane() {
        let (pool, [first, second]) = blocked(10, [0, 1]);
        let (open, gate) = mpsc::channel::<()>();
        let mut quick = Box::pin(pool.run(0, || 7));
        assert!(futures::poll!(&mut quick).is_pending());
        let mut slow = Box::pin(pool.run(2, move || gate.recv()));
        assert!(futures::poll!(&mut slow).is_pending());
        // One thread is left to `quick` and `slow`, in this order: lane 1 keeps the other.
        drop(first);
        assert_eq!(quick.await, Ok(7), "while the same thread is busy with lane 2");
        drop((open, second));
        assert!(slow.await.is_ok());
    }

    #[tokio::test]
    async fn threads_end_with_the_pool_and_waiting_jobs_are_dropped() {
        let (pool, open) = blocked(2, [0, 1]);
        let shared = Arc::downgrade(&pool.shared);
        let (kept, dropped) = mpsc::channel::<()>();
        let waiting = move || {
            drop(kept);
            none()
        };
        pool.shared.push(1, Box::new(waiting)).unwrap();
        drop(pool);
        assert!(dropped.recv().is_err(), "dropped while the worker is still busy");
        drop(open);
        // The worker's hold on the queue is the last one; it goes when the thread does.
        while shared.upgrade().is_some() {
            thread::yield_now();
        }
    }
}
