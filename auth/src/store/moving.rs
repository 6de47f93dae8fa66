//! Carrying everything from one store to another, of whichever kind.
//!
//! Both are held against writing while it lasts, so that nothing that anybody is told has happened is
//! left behind, and what is written is one transaction: cut off at any moment, it has not happened.

#[cfg(test)]
mod tests;

use super::{BoxError, OpenError, PostgresStore, SqliteStore, is_postgres};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Executor, Postgres, QueryBuilder, Row, Sqlite, Transaction};

/// Rows that are read and written at a time.
const BATCH: usize = 500;

/// A table, and its columns in the order in which they are carried. The first is its key.
struct Table {
    name: &'static str,
    /// Whether it numbers its rows, and never uses a number twice.
    numbered: bool,
    columns: &'static [(&'static str, Kind)],
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Truth,
    Text,
    Bytes,
}

use Kind::{Bytes, Number, Text, Truth};

/// All tables, those that others refer to first.
const TABLES: [Table; 4] = [
    Table {
        name: "accounts",
        numbered: true,
        columns: &[
            ("id", Number),
            ("name", Text),
            ("password_hash", Text),
            ("state", Text),
            ("epoch", Number),
            ("demo", Truth),
            ("created_at", Number),
        ],
    },
    Table {
        name: "sessions",
        numbered: false,
        columns: &[
            ("secret_hash", Bytes),
            ("id", Text),
            ("account_id", Number),
            ("epoch", Number),
            ("authenticated_at", Number),
            ("signed_in_at", Number),
            ("last_seen_at", Number),
            ("absolute_deadline", Number),
            ("remembered", Truth),
            ("agent", Text),
            ("place", Text),
            ("generation", Number),
            ("renewed_at", Number),
            ("seen_at", Number),
            ("ended_at", Number),
            ("end_reason", Text),
            ("successor", Bytes),
        ],
    },
    Table {
        name: "events",
        numbered: true,
        columns: &[
            ("id", Number),
            ("at", Number),
            ("kind", Text),
            ("account_id", Number),
            ("session_id", Text),
            ("reason", Text),
            ("count", Number),
            ("agent", Text),
            ("place", Text),
        ],
    },
    Table {
        name: "attempts",
        numbered: false,
        columns: &[("bucket", Bytes), ("failures", Number), ("last_at", Number)],
    },
];

/// What a column holds in one row.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Number(Option<i64>),
    Truth(bool),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// What was carried over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// How many accounts are there now.
    pub accounts: u64,
    /// How many sessions, those that ended lately among them.
    pub sessions: u64,
    /// How many events.
    pub events: u64,
    /// How many counts of tries.
    pub attempts: u64,
    /// Whether all of it was there already, and nothing was written.
    pub already: bool,
}

/// Why nothing was carried over. The store that was to be written to is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// One of the two.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is nothing to read.
    #[error("there is no database of ours at {0}")]
    Missing(String),
    /// It is one and the same.
    #[error("both are {0}")]
    Same(String),
    /// What is in the one is not what is in the other.
    #[error("{0} has {1} in it that are not those of the other; name an empty database")]
    Occupied(String, &'static str),
    /// What was read back is not what was written.
    #[error("the {0} that were written are not those that were read; nothing was moved")]
    Differs(&'static str),
    /// One of the two failed on the way.
    #[error("{0}: {1}; nothing was moved, run it again")]
    Failed(String, #[source] BoxError),
}

/// How many rows of a table there are, and what is in them, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sum {
    rows: u64,
    digest: [u8; 32],
}

/// Carries accounts, sessions, events and counts of tries from the store at one address to the empty
/// one at the other, and compares what is there afterwards. Where all is there already, it says so.
/// `progress` is told how many steps are done, and of how many.
///
/// # Errors
/// When it was not done; then nothing was.
pub async fn move_all(from: &str, to: &str, mut progress: impl FnMut(u64, u64)) -> Result<Moved, MoveError> {
    if from == to {
        return Err(MoveError::Same(super::shown(from)));
    }
    let there = if is_postgres(from) { PostgresStore::is_there(from).await? } else { SqliteStore::is_there(from)? };
    if !there {
        return Err(MoveError::Missing(super::shown(from)));
    }
    let (mut source, mut target) = (Side::hold(from).await?, Side::hold(to).await?);
    let mut counts = [0; TABLES.len()];
    let mut empty = true;
    for (count, table) in counts.iter_mut().zip(&TABLES) {
        *count = source.count(table).await?;
        empty &= target.count(table).await? == 0;
    }
    // Each row is read twice: where it comes from, and where it went.
    let (mut done, all) = (0, 2 * counts.iter().sum::<u64>());
    let mut step = |rows: usize| {
        done += rows as u64;
        progress(done, all);
    };
    for table in &TABLES {
        let written = if empty { Some(&mut target) } else { None };
        let read = source.read(table, written, &mut step).await?;
        let found = target.read(table, None, &mut step).await?;
        if read != found && empty {
            return Err(MoveError::Differs(table.name));
        }
        if read != found {
            return Err(MoveError::Occupied(target.shown, table.name));
        }
    }
    for table in &TABLES {
        if table.numbered {
            let last = source.last_number(table).await?;
            target.go_on_after(table, last).await?;
        }
    }
    // What stays is counted once more, and not taken from the source's figures.
    for (count, table) in counts.iter_mut().zip(&TABLES) {
        *count = target.count(table).await?;
    }
    target.commit().await?;
    let [accounts, sessions, events, attempts] = counts;
    Ok(Moved { accounts, sessions, events, attempts, already: !empty })
}

/// One of the two stores, held against writing.
struct Side {
    shown: String,
    held: Held,
}

enum Held {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The same for either kind.
macro_rules! either {
    ($side:expr, $tx:ident => $body:expr) => {{
        let shown = $side.shown.clone();
        let result: Result<_, sqlx::Error> = async {
            match &mut $side.held {
                Held::Sqlite($tx) => $body,
                Held::Postgres($tx) => $body,
            }
        }
        .await;
        result.map_err(|error| MoveError::Failed(shown, error.into()))
    }};
}

impl Side {
    async fn hold(url: &str) -> Result<Self, MoveError> {
        let shown = super::shown(url);
        let failed = |error: sqlx::Error| MoveError::Failed(shown.clone(), error.into());
        let held = if is_postgres(url) {
            let store = PostgresStore::open(url).await?;
            let mut tx = store.pool().begin().await.map_err(failed)?;
            // However long it takes; and whoever writes is waited for a little.
            tx.execute(sqlx::raw_sql(
                "SET LOCAL statement_timeout = 0;
                 SET LOCAL idle_in_transaction_session_timeout = 0;
                 SET LOCAL lock_timeout = '20s';
                 LOCK TABLE accounts, sessions, events, attempts IN SHARE ROW EXCLUSIVE MODE",
            ))
            .await
            .map_err(failed)?;
            Held::Postgres(tx)
        } else {
            let store = SqliteStore::open(url).await?;
            Held::Sqlite(store.pool().begin_with("BEGIN IMMEDIATE").await.map_err(failed)?)
        };
        Ok(Self { shown, held })
    }

    async fn count(&mut self, table: &Table) -> Result<u64, MoveError> {
        let statement = format!("SELECT count(*) FROM {}", table.name);
        let count: i64 = either!(self, tx => {
            sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut **tx).await
        })?;
        Ok(count.unsigned_abs())
    }

    /// Reads all rows of a table, and writes them where that is wanted.
    async fn read(
        &mut self,
        table: &Table,
        mut write: Option<&mut Self>,
        step: &mut impl FnMut(usize),
    ) -> Result<Sum, MoveError> {
        let (mut rows, mut digest) = (0, Sha256::new());
        let mut after = None;
        loop {
            let page = self.page(table, after.as_ref()).await?;
            let Some(last) = page.last() else { break };
            after = last.first().cloned();
            for value in page.iter().flatten() {
                value.add_to(&mut digest);
            }
            rows += page.len() as u64;
            let length = page.len();
            if let Some(target) = &mut write {
                target.insert(table, page).await?;
            }
            step(length);
        }
        Ok(Sum { rows, digest: digest.finalize().into() })
    }

    /// The next rows after a key.
    async fn page(&mut self, table: &Table, after: Option<&Value>) -> Result<Vec<Vec<Value>>, MoveError> {
        let Table { name, columns, .. } = table;
        let names = names(table);
        let key = columns.first().map_or("", |(key, _)| *key);
        let condition = if after.is_some() { format!("WHERE {key} > $1") } else { String::new() };
        let statement = format!("SELECT {names} FROM {name} {condition} ORDER BY {key} LIMIT {BATCH}");
        either!(self, tx => {
            let query = sqlx::query(AssertSqlSafe(statement));
            let query = match after {
                Some(Value::Number(key)) => query.bind(*key),
                Some(Value::Bytes(key)) => query.bind(key.as_deref()),
                _ => query,
            };
            let rows = query.fetch_all(&mut **tx).await?;
            rows.iter()
                .map(|row| {
                    let value = |(index, (_, kind)): (usize, &(_, Kind))| match kind {
                        Number => row.try_get(index).map(Value::Number),
                        Truth => row.try_get(index).map(Value::Truth),
                        Text => row.try_get(index).map(Value::Text),
                        Bytes => row.try_get(index).map(Value::Bytes),
                    };
                    columns.iter().enumerate().map(value).collect()
                })
                .collect()
        })
    }

    async fn insert(&mut self, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), MoveError> {
        let head = format!("INSERT INTO {} ({}) ", table.name, names(table));
        either!(self, tx => {
            let mut query = QueryBuilder::new(head);
            query.push_values(rows, |mut values, row| {
                for value in row {
                    match value {
                        Value::Number(number) => values.push_bind(number),
                        Value::Truth(truth) => values.push_bind(truth),
                        Value::Text(text) => values.push_bind(text),
                        Value::Bytes(bytes) => values.push_bind(bytes),
                    };
                }
            });
            query.build().execute(&mut **tx).await.map(drop)
        })
    }

    /// The last number that a table has used, be it that its row is gone.
    async fn last_number(&mut self, table: &Table) -> Result<i64, MoveError> {
        let Table { name: table, .. } = table;
        let statement = match self.held {
            Held::Sqlite(_) => format!("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = '{table}'"),
            Held::Postgres(_) => {
                format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {table}_id_seq")
            }
        };
        either!(self, tx => sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut **tx).await)
    }

    /// Makes a table number its next row after that.
    async fn go_on_after(&mut self, table: &Table, number: i64) -> Result<(), MoveError> {
        if number <= self.last_number(table).await? {
            return Ok(());
        }
        let Table { name: table, .. } = table;
        let statements = match self.held {
            Held::Sqlite(_) => format!(
                "DELETE FROM sqlite_sequence WHERE name = '{table}';
                 INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {number})"
            ),
            Held::Postgres(_) => format!("SELECT setval('{table}_id_seq', {number})"),
        };
        either!(self, tx => tx.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await.map(drop))
    }

    async fn commit(self) -> Result<(), MoveError> {
        let committed = match self.held {
            Held::Sqlite(tx) => tx.commit().await,
            Held::Postgres(tx) => tx.commit().await,
        };
        committed.map_err(|error| MoveError::Failed(self.shown, error.into()))
    }
}

impl Value {
    /// Adds it to a digest, so that no two rows look alike in it.
    fn add_to(&self, digest: &mut Sha256) {
        let number;
        let bytes: Option<&[u8]> = match self {
            Self::Number(value) => {
                number = value.map(i64::to_be_bytes);
                number.as_ref().map(<[u8; 8]>::as_slice)
            }
            Self::Truth(truth) => Some(if *truth { b"1" } else { b"0" }),
            Self::Text(text) => text.as_ref().map(String::as_bytes),
            Self::Bytes(bytes) => bytes.as_deref(),
        };
        digest.update(bytes.map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX)).to_be_bytes());
        digest.update(bytes.unwrap_or_default());
    }
}

fn names(table: &Table) -> String {
    table.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
