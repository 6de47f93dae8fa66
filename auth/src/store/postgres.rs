//! PostgreSQL: for many nodes.
//!
//! The rules of SQLite's one writer are kept by locks, taken in one order: an account's row before
//! those of its sessions, and of several the lower number first. Whatever starts or ends sessions of an
//! account holds its row, so one sees what the other did. Each statement sees what was committed before
//! it (`READ COMMITTED`), and an update that waited for another looks at its condition again.

mod accounts;
mod address;
mod attempts;
mod bounds;
mod ends;
mod events;
mod names;
mod notices;
mod open;
mod sessions;
mod starts;
mod sweep;
#[cfg(test)]
mod tests;

pub use address::is_in_the_clear;
pub(super) use address::{is_postgres, shown};

use super::{
    ChangePassword, ListedSession, Notices, SessionRow, StartSession, Started, Store, StoreError, SweepBefore, Tried,
    Which, connections::Connections,
};
use crate::{
    Account, AccountId, AccountName, AccountState, Reason, SecretHash,
    audit::{Event, Source},
    clock::Timestamp,
    password::PasswordHash,
    throttle::Bucket,
};
use async_trait::async_trait;
use bounds::{ANSWER, ANSWER_FOR_ALL, looking, within};
use sqlx::{PgPool, Postgres, postgres::PgConnectOptions};
use std::time::Duration;

/// Accounts and sessions in a PostgreSQL database, in the schema `daypass`, with every commit on disk
/// before it is acknowledged, but for counts of tries that are under way.
#[derive(Clone)]
pub struct PostgresStore {
    connections: Connections<Postgres>,
    /// For others.
    pool: PgPool,
    /// How a connection is made that listens, beside those that are asked.
    listening: PgConnectOptions,
}

impl std::fmt::Debug for PostgresStore {
    // The pool would print the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connections for an app that keeps its own tables in the same database, as many again as this store has at
    /// most; they are made when they are asked for. They find tables of the schema `daypass` alone, unless a statement
    /// names another.
    #[must_use]
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn close(&self) {
        self.pool.close().await;
        self.connections.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        within(ANSWER, || {
            looking(async || {
                let mut connection = self.connections.reading().await?;
                sqlx::query("SELECT 1 FROM accounts LIMIT 1").fetch_optional(&mut *connection).await?;
                connection.done();
                Ok(())
            })
        })
        .await
    }

    async fn create_account(
        &self,
        name: &AccountName,
        hash: &PasswordHash,
        demo: bool,
        now: Timestamp,
    ) -> Result<Account, StoreError> {
        within(ANSWER, || accounts::create(&self.connections, name, hash, demo, now)).await
    }

    async fn account(&self, name: &AccountName) -> Result<Option<(Account, PasswordHash)>, StoreError> {
        within(ANSWER, || looking(|| accounts::by_name(&self.connections, name))).await
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        within(ANSWER_FOR_ALL, || looking(|| accounts::all(&self.connections))).await
    }

    async fn set_password(&self, account: AccountId, hash: &PasswordHash, now: Timestamp) -> Result<bool, StoreError> {
        within(ANSWER, || accounts::set_password(&self.connections, account, hash, now)).await
    }

    async fn rehash(&self, account: AccountId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, StoreError> {
        within(ANSWER, || accounts::rehash(&self.connections, account, old, new)).await
    }

    async fn set_state(&self, account: AccountId, state: AccountState, now: Timestamp) -> Result<bool, StoreError> {
        within(ANSWER, || accounts::set_state(&self.connections, account, state, now)).await
    }

    async fn delete_account(&self, account: AccountId) -> Result<bool, StoreError> {
        within(ANSWER, || accounts::delete(&self.connections, account)).await
    }

    async fn delete_demo_accounts(&self) -> Result<u64, StoreError> {
        within(ANSWER, || accounts::delete_demo(&self.connections)).await
    }

    async fn start_session(&self, start: StartSession<'_>) -> Result<Option<Started>, StoreError> {
        within(ANSWER, || starts::start(&self.connections, start)).await
    }

    async fn change_password(&self, change: ChangePassword<'_>) -> Result<Option<i64>, StoreError> {
        within(ANSWER, || starts::change_password(&self.connections, change)).await
    }

    async fn session(&self, secret: &SecretHash) -> Result<Option<SessionRow>, StoreError> {
        within(ANSWER, || looking(|| sessions::by_secret(&self.connections, secret))).await
    }

    async fn touch(&self, secret: &SecretHash, now: Timestamp, _: bool) -> Result<Option<u32>, StoreError> {
        within(ANSWER, || sessions::touch(&self.connections, secret, now)).await
    }

    async fn touch_all(&self, used: &[(SecretHash, Timestamp)]) -> Result<(), StoreError> {
        within(ANSWER, || sessions::touch_all(&self.connections, used)).await
    }

    async fn notices(&self) -> Result<Box<dyn Notices>, StoreError> {
        Ok(Box::new(notices::listen(self).await?))
    }

    async fn renew(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<Option<u32>, StoreError> {
        within(ANSWER, || sessions::renew(&self.connections, secret, number, now)).await
    }

    async fn see(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<(), StoreError> {
        within(ANSWER, || sessions::see(&self.connections, secret, number, now)).await
    }

    async fn end(
        &self,
        which: Which,
        reason: Reason,
        now: Timestamp,
        idle_since: Option<Timestamp>,
    ) -> Result<u64, StoreError> {
        let bound = if matches!(which, Which::All) { ANSWER_FOR_ALL } else { ANSWER };
        within(bound, || ends::end(&self.connections, &which, reason, now, idle_since)).await
    }

    async fn sessions(&self, account: Option<AccountId>) -> Result<Vec<ListedSession>, StoreError> {
        let bound = if account.is_none() { ANSWER_FOR_ALL } else { ANSWER };
        within(bound, || looking(|| sessions::alive(&self.connections, account))).await
    }

    async fn count_try(&self, buckets: &[Bucket], now: Timestamp) -> Result<Option<Duration>, StoreError> {
        within(ANSWER, || attempts::count_try(&self.connections, buckets, now)).await
    }

    async fn take_back_try(&self, tried: Tried<'_>) -> Result<(), StoreError> {
        within(ANSWER, || attempts::take_back_try(&self.connections, tried)).await
    }

    async fn record_failure(
        &self,
        account: Option<AccountId>,
        now: Timestamp,
        source: Source<'_>,
    ) -> Result<(), StoreError> {
        within(ANSWER, || events::record_failure(&self.connections, account, now, source)).await
    }

    async fn events(&self, account: Option<AccountId>, most: u32) -> Result<Vec<Event>, StoreError> {
        within(ANSWER, || looking(|| events::latest(&self.connections, account, most))).await
    }

    async fn sweep(&self, before: SweepBefore) -> Result<u64, StoreError> {
        within(ANSWER, || sweep::sweep(&self.connections, before)).await
    }
}
