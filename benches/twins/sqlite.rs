//! `SQLite` with the same group commit in front: one thread takes what arrived while the last commit ran, writes
//! it as one transaction and answers after its flush.

use std::path::Path;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use kubeorch_benches::load::Target;
use kubeorch_benches::measure::Failure;
use kubeorch_core::store::Batch;
use rusqlite::{Connection, Transaction, params};
use tokio::sync::{mpsc, oneshot};

/// As many as wait for the writer of the store.
const QUEUE: usize = 4096;

/// What the store keeps, as tables: records by key, events by number and by place in their stream.
const SCHEMA: &str = "
    CREATE TABLE bench (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY, stream_seq INTEGER NOT NULL, at INTEGER NOT NULL,
        stream TEXT NOT NULL, kind TEXT NOT NULL, payload BLOB NOT NULL
    );
    CREATE UNIQUE INDEX streams ON events (stream, stream_seq);
";
const RECORD: &str =
    "INSERT INTO bench (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const EVENT: &str = "
    INSERT INTO events (stream_seq, at, stream, kind, payload)
    SELECT coalesce(max(stream_seq), 0) + 1, ?1, ?2, ?3, ?4 FROM events WHERE stream = ?2
";

struct Job {
    batch: Batch,
    reply: oneshot::Sender<Result<(), String>>,
}

/// An open file. Dropping it ends the writer.
pub(crate) struct Sqlite {
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

impl Sqlite {
    /// WAL, a flush at every commit, and as much memory for pages as the store has.
    pub(crate) fn open(path: &Path, cache_bytes: usize) -> Result<Self, Failure> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -i64::try_from(cache_bytes >> 10)?)?;
        connection.execute_batch(SCHEMA)?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let writer = std::thread::spawn(move || write(connection, queue));
        Ok(Self { jobs: Some(jobs), writer: Some(writer) })
    }
}

impl Target for Sqlite {
    async fn commit(&self, _caller: usize, batch: Batch) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or("the writer stopped")?;
        jobs.try_send(Job { batch, reply }).map_err(|error| error.to_string())?;
        Ok(answer.await??)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has answered its callers by dropping their replies.
            let _ = writer.join();
        }
    }
}

fn write(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut group = vec![first];
        while group.len() < QUEUE {
            let Ok(job) = queue.try_recv() else { break };
            group.push(job);
        }
        let done = commit(&mut connection, &group).map_err(|error| error.to_string());
        for job in group {
            let _ = job.reply.send(done.clone());
        }
    }
}

fn commit(connection: &mut Connection, group: &[Job]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for job in group {
        apply(&transaction, &job.batch)?;
    }
    transaction.commit()
}

fn apply(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    let mut record = transaction.prepare_cached(RECORD)?;
    for write in &batch.writes {
        record.execute(params![write.key, write.value])?;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut event = transaction.prepare_cached(EVENT)?;
    for new in &batch.events {
        event.execute(params![i64::try_from(now).unwrap_or(i64::MAX), new.stream, new.kind, new.payload])?;
    }
    Ok(())
}
