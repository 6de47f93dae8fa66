//! Connections to a database, lent to one operation after the other.
//!
//! To ask a connection whether it is still there costs as much as what is asked then. So nobody asks: that one was
//! cut shows when it is used, and what can be done again (a look, the beginning of a transaction) is done again
//! with another. What cannot be is the exception, and asks first; so does what may take long by itself.
//!
//! One whose operation was given up or went wrong is lent again only when it has said that it is ready.

use super::{StoreError, bounds::WAIT};
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolConfig, QueueMode, RecycleError, RecycleResult};
use sqlx::{
    ConnectOptions, Connection, Database, Postgres, Sqlite,
    postgres::{PgDatabaseError, PgSeverity},
};
use std::{
    fmt, io,
    ops::{Deref, DerefMut},
    time::Duration,
};
use tokio::{runtime::Handle, time::timeout};

/// How long a connection over a network is used: one that is made anew goes where the name leads by then, and what
/// the server gathered for the old one is free.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
/// How long one over a network is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(10 * 60);
/// How soon it is tried again, at first, to connect to a server that is about to start or has no place left.
const AGAIN: Duration = Duration::from_millis(10);

/// What differs between the databases.
pub(super) trait Kind: Database {
    /// How a transaction begins.
    const BEGIN: &'static str;
    /// Whether somebody is at the other end: connections are cut, and others made.
    const IS_REMOTE: bool;

    fn run(
        connection: &mut Self::Connection,
        statement: &'static str,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

impl Kind for Sqlite {
    /// With the lock: one that begins as a reader and writes later would not wait for it.
    const BEGIN: &'static str = "BEGIN IMMEDIATE";
    const IS_REMOTE: bool = false;

    async fn run(connection: &mut Self::Connection, statement: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(statement).execute(connection).await.map(drop)
    }
}

/// Each statement of a transaction finds its rows by one index, whatever it is given, and however small a table was
/// when a connection asked it first: to look for a better way each time can take longer than the statement.
macro_rules! begin {
    () => {
        "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off"
    };
}

impl Kind for Postgres {
    const BEGIN: &'static str = begin!();
    const IS_REMOTE: bool = true;

    async fn run(connection: &mut Self::Connection, statement: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(statement).execute(connection).await.map(drop)
    }
}

type OptionsOf<DB> = <<DB as Database>::Connection as Connection>::Options;

/// Connections to one database.
pub(super) struct Connections<DB: Kind>(Pool<Maker<DB>>);

impl<DB: Kind> Clone for Connections<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<DB: Kind> fmt::Debug for Connections<DB> {
    // How they are made would print the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl<DB: Kind> Connections<DB> {
    /// So many at most, made when they are wanted.
    pub(super) fn new(options: OptionsOf<DB>, most: u32) -> Result<Self, StoreError> {
        // The one that was used last remembers most.
        let config = PoolConfig { queue_mode: QueueMode::Lifo, ..PoolConfig::new(most as usize) };
        let pool = Pool::builder(Maker(options)).config(config).build();
        Ok(Self(pool.map_err(|error| StoreError::Unavailable(error.into()))?))
    }

    /// Makes all that there may be. One that is made while a disk hangs holds a thread for as long, and whoever wants
    /// another makes one more.
    pub(super) async fn make_all(&self) -> Result<(), StoreError> {
        let mut made = Vec::new();
        for _ in 0..self.0.status().max_size {
            made.push(self.lend().await?);
        }
        made.into_iter().for_each(Lent::done);
        Ok(())
    }

    /// One for a short look, which changes nothing. It may turn out to be cut: then the look is for another one.
    pub(super) async fn reading(&self) -> Result<Lent<DB>, StoreError> {
        self.lend().await
    }

    /// One for a single statement that writes.
    pub(super) async fn writing(&self) -> Result<Lent<DB>, StoreError> {
        self.lend_asked().await
    }

    /// One for a look at all that there is, which may take so long that nobody would know what it waits for.
    pub(super) async fn reading_all(&self) -> Result<Lent<DB>, StoreError> {
        self.lend_asked().await
    }

    /// One that was asked whether it is there.
    async fn lend_asked(&self) -> Result<Lent<DB>, StoreError> {
        loop {
            let mut lent = self.lend().await?;
            if !DB::IS_REMOTE || lent.is_new() {
                return Ok(lent);
            }
            // What is cut is not lent again, nor is what does not answer.
            if timeout(WAIT, lent.ping()).await.map_err(|elapsed| StoreError::Unavailable(elapsed.into()))?.is_ok() {
                return Ok(lent);
            }
        }
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self) -> Result<Transaction<DB>, StoreError> {
        self.begin_by(DB::BEGIN).await
    }

    async fn begin_by(&self, begin: &'static str) -> Result<Transaction<DB>, StoreError> {
        loop {
            let mut transaction = Transaction(self.lend().await?);
            transaction.0.state = State::Transaction;
            let begun = if DB::IS_REMOTE {
                // It waits for no lock.
                let begun = timeout(WAIT, DB::run(&mut transaction, begin)).await;
                begun.map_err(|elapsed| StoreError::Unavailable(elapsed.into()))?
            } else {
                DB::run(&mut transaction, begin).await
            };
            match begun {
                Ok(()) => return Ok(transaction),
                // As all may be that nobody used for a while.
                Err(error) if DB::IS_REMOTE && !transaction.0.is_new() && is_cut(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Closes those that nobody has used for a while, and old ones.
    pub(super) async fn tidy(&self) {
        let kept = |_: &DB::Connection, metrics: Metrics| metrics.last_used() <= IDLE && metrics.age() <= LIFETIME;
        for connection in self.0.retain(kept).removed {
            let _closed = connection.close().await;
        }
    }

    /// Closes all, those that are used when they are given back, and makes no more. It waits for them, within a bound.
    pub(super) async fn close(&self) {
        let idle = self.0.retain(|_, _| false).removed;
        self.0.close();
        let closed = async {
            for connection in idle {
                let _closed = connection.close().await;
            }
            while self.0.status().size > 0 {
                tokio::time::sleep(AGAIN).await;
            }
        };
        let _waited = timeout(WAIT, closed).await;
    }

    /// How many nobody uses.
    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.0.status().available
    }

    async fn lend(&self) -> Result<Lent<DB>, StoreError> {
        // With what the pool says of it, so that nobody takes it for what went wrong with a connection.
        let object = timeout(WAIT, self.0.get()).await.map_err(|elapsed| StoreError::Unavailable(elapsed.into()))?;
        let object = object.map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Lent { object: Some(object), state: State::Statement })
    }
}

impl Connections<Postgres> {
    /// Begins a transaction whose commit waits for no disk: if the database crashes within a second
    /// (`wal_writer_delay`), it may not have been. What commits after it waits for both.
    pub(super) async fn begin_unwaited(&self) -> Result<Transaction<Postgres>, StoreError> {
        self.begin_by(concat!(begin!(), "; SET LOCAL synchronous_commit = off")).await
    }

    /// Begins a transaction that finds many rows one after the other by an index: for some hundreds among some ten
    /// thousand the planner would rather read the whole table.
    pub(super) async fn begin_one_by_one(&self) -> Result<Transaction<Postgres>, StoreError> {
        self.begin_by(concat!(begin!(), "; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")).await
    }
}

/// How connections are made.
struct Maker<DB: Kind>(OptionsOf<DB>);

impl<DB: Kind> Manager for Maker<DB> {
    type Type = DB::Connection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<DB::Connection, sqlx::Error> {
        let mut again = AGAIN;
        loop {
            match self.0.connect().await {
                Err(error) if is_passing(&error) => tokio::time::sleep(again).await,
                made => return made,
            }
            again = (again * 2).min(WAIT / 10);
        }
    }

    async fn recycle(&self, _: &mut DB::Connection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if DB::IS_REMOTE && metrics.age() > LIFETIME {
            return Err(RecycleError::message("it is old"));
        }
        Ok(())
    }
}

/// Whether a server that refuses a connection may take it a moment later.
fn is_passing(error: &sqlx::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    match error {
        sqlx::Error::Io(error) => matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset),
        // `too_many_connections`, `cannot_connect_now`.
        error => matches!(code(error).as_deref(), Some("53300" | "57P03")),
    }
}

/// Whether the connection is no more, so that nobody knows what became of what was asked last.
pub(super) fn is_cut(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        error => says_goodbye(error) || code(error).is_some_and(|code| code.starts_with("08")),
    }
}

/// Whether PostgreSQL ended the session with it: it was told to, it starts anew, nobody used the connection.
fn says_goodbye(error: &sqlx::Error) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic))
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(Into::into)
}

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Nothing,
    Statement,
    Transaction,
}

/// A connection, until it is given back.
pub(super) struct Lent<DB: Kind> {
    /// There until this is dropped.
    object: Option<Object<Maker<DB>>>,
    state: State,
}

impl<DB: Kind> Lent<DB> {
    /// Gives it back: what it was lent for is done. Where nobody says so, it is asked.
    pub(super) fn done(mut self) {
        self.state = State::Nothing;
    }

    /// Whether nobody has used it before.
    fn is_new(&self) -> bool {
        self.object.as_ref().is_none_or(|object| Object::metrics(object).recycle_count == 0)
    }
}

impl<DB: Kind> Deref for Lent<DB> {
    type Target = DB::Connection;

    #[expect(clippy::expect_used, reason = "it is taken out when this is dropped")]
    fn deref(&self) -> &DB::Connection {
        self.object.as_ref().expect("a connection that is lent")
    }
}

impl<DB: Kind> DerefMut for Lent<DB> {
    #[expect(clippy::expect_used, reason = "it is taken out when this is dropped")]
    fn deref_mut(&mut self) -> &mut DB::Connection {
        self.object.as_mut().expect("a connection that is lent")
    }
}

impl<DB: Kind> Drop for Lent<DB> {
    fn drop(&mut self) {
        let Some(object) = self.object.take_if(|_| self.state != State::Nothing) else { return };
        let unsettled = Unsettled(Some(object));
        if let Ok(runtime) = Handle::try_current() {
            drop(runtime.spawn(settle(unsettled, self.state)));
        }
    }
}

/// A connection of which nobody knows what it is doing. It is lost, unless somebody finds out.
struct Unsettled<DB: Kind>(Option<Object<Maker<DB>>>);

impl<DB: Kind> Drop for Unsettled<DB> {
    fn drop(&mut self) {
        drop(self.0.take().map(Object::take));
    }
}

/// Waits until a connection is through with what it was lent for, and undoes what it began. Nobody has it
/// meanwhile.
async fn settle<DB: Kind>(mut unsettled: Unsettled<DB>, state: State) {
    let Some(connection) = unsettled.0.as_deref_mut() else { return };
    let settled = async {
        if state == State::Transaction {
            let undone = DB::run(connection, "ROLLBACK").await;
            // SQLite says so where there is nothing to undo any more.
            if DB::IS_REMOTE {
                undone?;
            }
        }
        connection.ping().await
    };
    let is_ready = if DB::IS_REMOTE {
        timeout(WAIT, settled).await.is_ok_and(|settled| settled.is_ok())
    } else {
        // However long that takes: another one would wait for the same disk.
        settled.await.is_ok()
    };
    if is_ready {
        drop(unsettled.0.take());
    }
}

/// A transaction. Undone, unless it is committed.
pub(super) struct Transaction<DB: Kind>(Lent<DB>);

impl<DB: Kind> Transaction<DB> {
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        self.end("COMMIT").await
    }

    pub(super) async fn rollback(self) -> Result<(), sqlx::Error> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, how: &'static str) -> Result<(), sqlx::Error> {
        DB::run(&mut self, how).await?;
        self.0.done();
        Ok(())
    }
}

impl<DB: Kind> Deref for Transaction<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.0
    }
}

impl<DB: Kind> DerefMut for Transaction<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.0
    }
}
