//! Where accounts and sessions are kept: one trait, and one suite that every store must pass.

mod bounds;
#[cfg(any(test, feature = "testing"))]
pub mod conformance;
mod connections;
mod entry;
mod moment;
mod moving;
mod notices;
mod postgres;
mod rows;
mod sqlite;
mod tries;

pub use moment::Moment;
pub use moving::{MoveError, Moved, move_all};
pub use notices::{Heard, Notice, Notices, TOLD_WITHIN};
pub use postgres::{PostgresStore, is_in_the_clear};
pub use sqlite::SqliteStore;

use postgres::is_postgres;

use crate::{
    Account, AccountId, AccountName, AccountState, Reason, SecretHash, SessionId,
    audit::{Event, Source},
    clock::Timestamp,
    password::PasswordHash,
    policy::Times,
    throttle::{Bucket, BucketId},
};
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is full, or too slow. Trying again later is right; nobody is signed out by it.
    #[error("the store does not answer")]
    Unavailable(#[source] BoxError),
    /// An account of this name exists.
    #[error("an account of this name exists already")]
    NameTaken,
    /// What it holds cannot be read as what we wrote.
    #[error("the store holds something unreadable: {0}")]
    Unreadable(&'static str),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(BoxError::from(error))
    }
}

/// Why a store was not opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is none that we know.
    #[error("{0:?} is not a database address (sqlite://path/to/file.db or postgres://user@host/database)")]
    Address(String),
    /// It is there and is no database of ours.
    #[error("{path} is not a Daypass database: {why}")]
    NotOurs {
        /// The file, or the address without its password.
        path: String,
        /// What it is instead.
        why: String,
    },
    /// The file is damaged.
    #[error("{path} is damaged ({why}); put a backup in its place")]
    Corrupt {
        /// The file, or the address without its password.
        path: String,
        /// What the check found.
        why: String,
    },
    /// A newer version of Daypass has written to it.
    #[error("{path} was written by a newer version of Daypass (schema {found}); this one knows up to {known}")]
    Newer {
        /// The file, or the address without its password.
        path: String,
        /// The newest migration in it.
        found: i64,
        /// The newest migration that this version has.
        known: i64,
    },
    /// It cannot be opened, read or written.
    #[error("{path} cannot be opened: {why}")]
    Unusable {
        /// The file, or the address without its password.
        path: String,
        /// What the system says.
        why: String,
    },
}

/// Opens the store at an address, `sqlite://..` or `postgres://..`, and brings its schema up to date.
///
/// # Errors
/// As [`SqliteStore::open`] and [`PostgresStore::open`].
pub async fn open(url: &str) -> Result<Arc<dyn Store>, OpenError> {
    if is_postgres(url) {
        return Ok(Arc::new(PostgresStore::open(url).await?));
    }
    Ok(Arc::new(SqliteStore::open(url).await?))
}

/// Looks whether the store at an address could be opened. Makes and changes nothing.
///
/// # Errors
/// As [`open`].
pub async fn examine(url: &str) -> Result<(), OpenError> {
    if is_postgres(url) { PostgresStore::examine(url).await } else { SqliteStore::examine(url).await }
}

/// The names of the accounts in the store at an address. Makes and changes nothing: where there is no
/// store yet there are no accounts.
///
/// # Errors
/// As [`open`].
pub async fn names(url: &str) -> Result<Vec<AccountName>, OpenError> {
    if is_postgres(url) { PostgresStore::names(url).await } else { SqliteStore::names(url).await }
}

/// The address as it may be shown: without its password.
#[must_use]
pub fn shown(url: &str) -> String {
    if is_postgres(url) { postgres::shown(url) } else { url.to_owned() }
}

/// Any error, for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A session to be started.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Hash of its secret.
    pub secret_hash: SecretHash,
    /// Its name for people.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// The account's epoch when the password was checked.
    pub epoch: i64,
    /// Its times.
    pub times: Times,
    /// When the person signed in: earlier than the session began, if it goes on from another.
    pub signed_in_at: Timestamp,
    /// What the browser says that it is.
    pub agent: String,
    /// Where the request came from.
    pub place: String,
}

/// A session to be started, and on what conditions.
#[derive(Clone, Copy, Debug)]
pub struct StartSession<'a> {
    /// The session.
    pub session: &'a NewSession,
    /// What the password was checked against.
    pub hash: &'a PasswordHash,
    /// The session that it replaces.
    pub replaces: Option<SecretHash>,
    /// Whether somebody who was signed in proved again who they are: no new visit, and nothing for
    /// whom the session that is replaced has ended meanwhile.
    pub confirms: bool,
    /// How many sessions the account may have.
    pub limit: SessionLimit,
    /// What is taken back of the counts of tries, if the session starts.
    pub tried: Tried<'a>,
}

/// A try that was counted, and what is not to stay of it. Nothing, by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tried<'a> {
    /// Forgotten altogether: the password was right.
    pub right: Option<BucketId>,
    /// These have one less.
    pub others: &'a [BucketId],
}

/// How many sessions an account may have at a time, and which of its rows count: those that
/// nothing has ended and that were used since.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimit {
    /// At most so many.
    pub most: u32,
    /// Ordinary ones count when they were used after this.
    pub ordinary_since: Timestamp,
    /// Remembered ones count when they were used after this.
    pub remembered_since: Timestamp,
}

/// A session was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// How many sign-ins had failed since the last one that did not.
    pub failed_attempts: u32,
}

/// A person's change of their own password.
#[derive(Clone, Copy, Debug)]
pub struct ChangePassword<'a> {
    /// What the present password was checked against.
    pub old: &'a PasswordHash,
    /// The new one's hash.
    pub new: &'a PasswordHash,
    /// The session that goes on in this browser, of the epoch before the change.
    pub session: &'a NewSession,
    /// The session that asked, which the new one replaces.
    pub replaces: SecretHash,
    /// Whether all others end.
    pub end_others: bool,
}

/// What the store knows of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its name for people.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// The account's name.
    pub account_name: AccountName,
    /// Whether the account can sign in.
    pub account_state: AccountState,
    /// The account's epoch now.
    pub account_epoch: i64,
    /// The epoch in which the session started.
    pub epoch: i64,
    /// Its times; `last_activity` is the last one that was written down.
    pub times: Times,
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    /// The generation of its newest cookie.
    pub generation: Generation,
    /// When and why it ended, if something ended it.
    pub ended: Option<(Timestamp, Reason)>,
}

/// A session in a list that people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// The session.
    pub session: SessionRow,
    /// What the browser says that it is.
    pub agent: String,
    /// Where the request came from that started it.
    pub place: String,
}

/// The generation of a session's newest cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number; a session starts with 0.
    pub number: u32,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it was first presented, if it was.
    pub seen_at: Option<Timestamp>,
}

/// Which sessions to end.
#[derive(Clone, Debug)]
pub enum Which {
    /// The one of this secret.
    Secret(SecretHash),
    /// Those that went on, one after the other, from the one of this secret.
    Successors(SecretHash),
    /// The one of this name.
    Id(SessionId),
    /// The one of this name, if it is this account's.
    Own(AccountId, SessionId),
    /// All of an account, except one.
    Account(AccountId, Option<SecretHash>),
    /// All.
    All,
}

/// From when on dead sessions are no longer worth keeping.
#[derive(Clone, Copy, Debug)]
pub struct SweepBefore {
    /// Those that something ended, before this.
    pub ended: Timestamp,
    /// Those that reached their absolute deadline, before this.
    pub deadline: Timestamp,
    /// Ordinary ones last seen before this.
    pub ordinary_last_seen: Timestamp,
    /// Remembered ones last seen before this.
    pub remembered_last_seen: Timestamp,
    /// Events from before this.
    pub events: Timestamp,
    /// Counts of tries of which the last was before this.
    pub attempts: Timestamp,
}

/// Accounts and sessions, kept.
///
/// The rules that every store keeps (and the module `conformance` checks):
/// - A session's row is inserted once and then only narrowed. Every change is an update with its
///   condition, and says whether it applied. Nothing re-creates a row.
/// - What ends sessions is durable when it returns.
/// - A session is inserted if and only if its account is then active, of the same epoch and has
///   the same password hash as when the password was checked.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Writes down what waits to be written, and closes it. Calls that come later find the store away.
    async fn close(&self);

    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Makes an account.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] when there is one of that name; it is left as it is.
    async fn create_account(
        &self,
        name: &AccountName,
        hash: &PasswordHash,
        demo: bool,
        now: Timestamp,
    ) -> Result<Account, StoreError>;

    /// The account of that name, and its password's hash.
    async fn account(&self, name: &AccountName) -> Result<Option<(Account, PasswordHash)>, StoreError>;

    /// All accounts, by name.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Gives an account a new password, and ends all its sessions. Also makes it a real account if
    /// it was one for a demonstration. Says whether there is such an account.
    async fn set_password(&self, account: AccountId, hash: &PasswordHash, now: Timestamp) -> Result<bool, StoreError>;

    /// Writes the same password's hash anew, in place of `old`. Says whether it applied: not if the
    /// account has another hash by now. The epoch stays, and no session ends.
    async fn rehash(&self, account: AccountId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, StoreError>;

    /// Enables or disables an account. Disabling ends all its sessions. Says whether there is such an account.
    async fn set_state(&self, account: AccountId, state: AccountState, now: Timestamp) -> Result<bool, StoreError>;

    /// Deletes an account with its sessions. Says whether there was one.
    async fn delete_account(&self, account: AccountId) -> Result<bool, StoreError>;

    /// Deletes the accounts that were made for a demonstration, with their sessions.
    async fn delete_demo_accounts(&self) -> Result<u64, StoreError>;

    /// Starts a session, and in the same transaction ends the one that it replaces and, of more than
    /// the account may have, those longest unused.
    ///
    /// Nothing if the account has changed since its password was checked.
    async fn start_session(&self, start: StartSession<'_>) -> Result<Option<Started>, StoreError>;

    /// Changes a password, ends other sessions if that is wanted, and replaces the session that
    /// asked, all in one transaction. Gives back the epoch of the new session.
    ///
    /// Nothing if the account or that session has changed since the password was checked.
    async fn change_password(&self, change: ChangePassword<'_>) -> Result<Option<i64>, StoreError>;

    /// What is known of the session of that secret without asking anybody, if it is up to date: for a store
    /// that remembers, as [`LiveStore`](crate::live::LiveStore) does.
    fn known(&self, secret: &SecretHash) -> Option<SessionRow> {
        let _ = secret;
        None
    }

    /// What is known of the session of that secret. What the browser said of itself may be left out: it is
    /// in [`Store::sessions`].
    async fn session(&self, secret: &SecretHash) -> Result<Option<SessionRow>, StoreError>;

    /// Writes down that the session was used, if it has not ended. Never moves the time backwards.
    /// Gives back the number of its generation; nothing if it did not apply. Where it is not `urgent`, a store
    /// may write it down a little later.
    async fn touch(&self, secret: &SecretHash, now: Timestamp, urgent: bool) -> Result<Option<u32>, StoreError>;

    /// [`Store::touch`] for many, none of which is waited for.
    async fn touch_all(&self, used: &[(SecretHash, Timestamp)]) -> Result<(), StoreError>;

    /// Whether a change by somebody else is known at once: by asking each time, or because it is told.
    fn tells_of_changes(&self) -> bool {
        true
    }

    /// What changes from now on, whoever changes it.
    async fn notices(&self) -> Result<Box<dyn Notices>, StoreError>;

    /// Like [`Store::touch`], and begins the next generation, if `number` is the present one and was seen. Nothing
    /// if not: of many that would renew a session at once one does.
    async fn renew(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<Option<u32>, StoreError>;

    /// Writes down that a generation was presented, the first time.
    async fn see(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<(), StoreError>;

    /// Ends sessions that have not ended. Says how many. `idle_since` spares those that were used later.
    async fn end(
        &self,
        which: Which,
        reason: Reason,
        now: Timestamp,
        idle_since: Option<Timestamp>,
    ) -> Result<u64, StoreError>;

    /// All sessions that nothing has ended, of one account or of all, the latest used first.
    async fn sessions(&self, account: Option<AccountId>) -> Result<Vec<ListedSession>, StoreError>;

    /// Counts a try in each bucket, if none of them has to wait; else in none, and says how long.
    /// Exact however many come at once.
    async fn count_try(&self, buckets: &[Bucket], now: Timestamp) -> Result<Option<Duration>, StoreError>;

    /// Takes back a try that was counted.
    async fn take_back_try(&self, tried: Tried<'_>) -> Result<(), StoreError>;

    /// Writes down that somebody failed to sign in; of a name that nobody has, without an account.
    async fn record_failure(
        &self,
        account: Option<AccountId>,
        now: Timestamp,
        source: Source<'_>,
    ) -> Result<(), StoreError>;

    /// What happened to an account, or to all and nobody, the latest first, so many at most.
    async fn events(&self, account: Option<AccountId>, most: u32) -> Result<Vec<Event>, StoreError>;

    /// Deletes some of the sessions that are dead for long, writing down those whose end nobody saw,
    /// and some of the events and counts of tries that are old. Says how many in all; 0 when there are
    /// none left.
    async fn sweep(&self, before: SweepBefore) -> Result<u64, StoreError>;
}
