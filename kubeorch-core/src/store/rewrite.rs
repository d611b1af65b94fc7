//! Brings rows of older schemas to today's, in the background of normal work.
//!
//! Rows of any age read at any time ([`Record::upcast`]); this walk makes them young once, so that new indexes become
//! complete and old forms can be dropped some releases later. It works in small optimistic transactions and keeps its
//! place in the store, so a stop costs it nothing.

use std::ops::{Bound, ControlFlow};

use serde::{Deserialize, Serialize};

use super::import::check_import;
use super::reader::as_slice;
use super::record::Record;
use super::schema::{Schema, Type};
use super::{Db, Error, Row, Table};

/// Limits of one transaction, so that it conflicts rarely and nobody waits for it for long.
const ROWS: usize = 256;
const BYTES: usize = 1 << 20;
/// Rows that are read at once; a row may be large.
const STEP: usize = 16;

/// How far the walk through a table came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    table: String,
    /// The schema that it brings rows to. No release with a lower one may write to this store any more.
    schema: u8,
    /// The last key that was looked at.
    after: Option<Vec<u8>>,
    done: bool,
}

impl Record for Cursor {
    const TABLE: Table = Table("_rewrites");
    type Key = String;

    fn key(&self) -> String {
        self.table.clone()
    }
}

/// What a rewrite has done so far, over all tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The table that it is in; empty when nothing had to be walked.
    pub table: &'static str,
    /// Rows that were looked at.
    pub seen: u64,
    /// Rows that were older and are of today's schema now.
    pub rewritten: u64,
    /// Rows that were left as they are, because they do not read or a unique index has their key; the verifier names them.
    pub skipped: u64,
}

/// How a rewrite ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewritten {
    /// No row is older than its type any more, but for those that were skipped.
    All(Progress),
    /// It was told to stop; the next one goes on there.
    Stopped(Progress),
}

impl Db {
    /// Claims the store for the schemas of this release, before anything is written: [`Error::Newer`] when a release with
    /// a newer one has had it, [`Error::Damaged`] when an import into it did not end. Answers whether there are tables to
    /// [`rewrite`](Self::rewrite).
    pub async fn claim(&self, schema: &Schema) -> Result<bool, Error> {
        self.read(check_import)?;
        self.cursors(schema).await
    }

    async fn cursors(&self, schema: &Schema) -> Result<bool, Error> {
        let claimed = self.write(|tx| {
            let mut behind = false;
            for it in &schema.types {
                let cursor = tx.get::<Cursor>(&it.table.0.to_owned())?;
                // A table without a cursor never had any schema but the first.
                let had = cursor.as_ref().map_or(1, |cursor| cursor.schema);
                if had > it.schema {
                    return Err(Error::Newer(format!("the table {}", it.table.0)));
                }
                if had < it.schema {
                    tx.put(&Cursor {
                        table: it.table.0.to_owned(),
                        schema: it.schema,
                        after: None,
                        done: false,
                    })?;
                }
                behind |= had < it.schema || cursor.is_some_and(|cursor| !cursor.done);
            }
            Ok(behind)
        });
        Ok(claimed.await?.0)
    }

    /// Rewrites every row whose schema is older than its type, and does nothing when there is none. Call it beside normal
    /// work and as often as you like. `watch` sees each step and may stop it.
    ///
    /// [`Error::Newer`] at a row of a newer release.
    pub async fn rewrite(
        &self,
        schema: &Schema,
        mut watch: impl FnMut(&Progress) -> ControlFlow<()> + Send,
    ) -> Result<Rewritten, Error> {
        let mut progress = Progress::default();
        self.cursors(schema).await?;
        for it in &schema.types {
            let cursor = self.read(|reader| reader.get::<Cursor>(&it.table.0.to_owned()))?;
            let Some(mut cursor) = cursor.filter(|cursor| !cursor.done) else { continue };
            progress.table = it.table.0;
            while !cursor.done {
                if watch(&progress).is_break() {
                    return Ok(Rewritten::Stopped(progress));
                }
                self.step(it, &mut cursor, &mut progress).await?;
                tokio::task::yield_now().await;
            }
        }
        Ok(Rewritten::All(progress))
    }

    /// Looks at the next rows, and rewrites the older ones together with the new place of the cursor.
    async fn step(&self, it: &Type, cursor: &mut Cursor, progress: &mut Progress) -> Result<(), Error> {
        let rows = self.next_rows(it.table, cursor.after.take())?;
        progress.seen += rows.len() as u64;
        cursor.done = rows.is_empty();
        cursor.after = rows.last().map(|(key, _)| key.clone());
        let mut old = Vec::new();
        for (key, value) in rows {
            match value.first() {
                Some(schema) if *schema > it.schema => {
                    return Err(Error::Newer(format!("a record of {}", it.table.0)));
                }
                Some(schema) if *schema == it.schema => {}
                _ => old.push(key),
            }
        }
        if old.is_empty() && !cursor.done {
            return Ok(());
        }
        match self.lift(it, &old, Some(cursor)).await {
            Ok(count) => progress.rewritten += count,
            Err(error) if of_a_row(&error) || matches!(error, Error::Busy) => {
                self.one_by_one(it, &old, progress).await?;
                self.lift(it, &[], Some(cursor)).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// For a step in which some row is changed all the time, or cannot be rewritten: it must not keep the others.
    async fn one_by_one(&self, it: &Type, keys: &[Vec<u8>], progress: &mut Progress) -> Result<(), Error> {
        for key in keys {
            match self.lift(it, std::slice::from_ref(key), None).await {
                Ok(count) => progress.rewritten += count,
                Err(error) if of_a_row(&error) => {
                    tracing::warn!(table = it.table.0, %error, "a row keeps its older schema");
                    progress.skipped += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn lift(&self, it: &Type, keys: &[Vec<u8>], cursor: Option<&Cursor>) -> Result<u64, Error> {
        let renewed = self.write(|tx| {
            let mut count = 0;
            for key in keys {
                count += u64::from((it.rewrite)(tx, key)?);
            }
            cursor.map_or(Ok(()), |cursor| tx.put(cursor))?;
            Ok::<_, Error>(count)
        });
        Ok(renewed.await?.0)
    }

    fn next_rows(&self, table: Table, after: Option<Vec<u8>>) -> Result<Vec<Row>, Error> {
        self.read(|reader| {
            let mut from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let (mut rows, mut bytes) = (Vec::new(), 0);
            while rows.len() < ROWS && bytes < BYTES {
                let some = reader.range(table, as_slice(&from), Bound::Unbounded, false, STEP)?;
                let Some((last, _)) = some.last() else { break };
                from = Bound::Excluded(last.clone());
                bytes += some.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
                rows.extend(some);
            }
            Ok(rows)
        })
    }
}

/// Whether an error is the matter of some row and not of the store.
fn of_a_row(error: &Error) -> bool {
    use Error::{Damaged, Exists, Taken, TooLarge};
    matches!(error, Damaged { .. } | Taken { .. } | Exists { .. } | TooLarge { .. })
}
