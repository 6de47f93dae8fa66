//! SQLite: one file, no service.

mod accounts;
mod attempts;
mod ends;
mod events;
mod file;
mod hex;
mod names;
mod notices;
mod open;
mod sessions;
mod starts;
mod sweep;
#[cfg(test)]
mod tests;

use super::{
    ChangePassword, ListedSession, Notices, SessionRow, StartSession, Started, Store, StoreError, SweepBefore, Tried,
    Which,
    bounds::{ANSWER, ANSWER_FOR_ALL, WAIT, within},
    connections::Connections,
};
use crate::{
    Account, AccountId, AccountName, AccountState, Reason, SecretHash,
    audit::{Event, Source},
    clock::Timestamp,
    password::PasswordHash,
    throttle::Bucket,
};
use async_trait::async_trait;
use file::File;
use sqlx::{Sqlite, SqlitePool};
use std::time::Duration;

/// Accounts and sessions in a SQLite file, in WAL mode with every commit synced: a revocation that
/// was acknowledged survives a loss of power.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    /// For what only reads.
    readers: Connections<Sqlite>,
    /// One connection, for what writes. SQLite has one lock for that, and those who wait for it look again
    /// and again, whoever comes first; here they stand in a line, and none of them keeps a reader waiting.
    writer: Connections<Sqlite>,
    /// For others.
    pool: SqlitePool,
    file: File,
}

impl SqliteStore {
    /// Connections for an app that keeps its own tables in the same file. They are made when they are asked for.
    #[must_use]
    pub const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// The connections that read, if the file is still the one that was opened.
    fn live(&self) -> Result<&Connections<Sqlite>, StoreError> {
        self.file.check()?;
        Ok(&self.readers)
    }

    /// The connection that writes, if the file is still the one that was opened.
    fn writer(&self) -> Result<&Connections<Sqlite>, StoreError> {
        self.file.check()?;
        Ok(&self.writer)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn close(&self) {
        self.pool.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let readers = self.live()?;
        within(ANSWER, async {
            let mut connection = readers.reading().await?;
            sqlx::query("SELECT 1 FROM accounts LIMIT 1").fetch_optional(&mut *connection).await?;
            connection.done();
            Ok(())
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
        within(ANSWER, accounts::create(self.writer()?, name, hash, demo, now)).await
    }

    async fn account(&self, name: &AccountName) -> Result<Option<(Account, PasswordHash)>, StoreError> {
        within(ANSWER, accounts::by_name(self.live()?, name)).await
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        within(ANSWER_FOR_ALL, accounts::all(self.live()?)).await
    }

    async fn set_password(&self, account: AccountId, hash: &PasswordHash, now: Timestamp) -> Result<bool, StoreError> {
        within(ANSWER, accounts::set_password(self.writer()?, account, hash, now)).await
    }

    async fn rehash(&self, account: AccountId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, StoreError> {
        within(ANSWER, accounts::rehash(self.writer()?, account, old, new)).await
    }

    async fn set_state(&self, account: AccountId, state: AccountState, now: Timestamp) -> Result<bool, StoreError> {
        within(ANSWER, accounts::set_state(self.writer()?, account, state, now)).await
    }

    async fn delete_account(&self, account: AccountId) -> Result<bool, StoreError> {
        within(ANSWER, accounts::delete(self.writer()?, account)).await
    }

    async fn delete_demo_accounts(&self) -> Result<u64, StoreError> {
        within(ANSWER_FOR_ALL, accounts::delete_demo(self.writer()?)).await
    }

    async fn start_session(&self, start: StartSession<'_>) -> Result<Option<Started>, StoreError> {
        within(ANSWER, starts::start(self.writer()?, start)).await
    }

    async fn change_password(&self, change: ChangePassword<'_>) -> Result<Option<i64>, StoreError> {
        within(ANSWER, starts::change_password(self.writer()?, change)).await
    }

    async fn session(&self, secret: &SecretHash) -> Result<Option<SessionRow>, StoreError> {
        within(ANSWER, sessions::by_secret(self.live()?, secret)).await
    }

    async fn touch(&self, secret: &SecretHash, now: Timestamp, _: bool) -> Result<Option<u32>, StoreError> {
        within(ANSWER, sessions::touch(self.writer()?, secret, now)).await
    }

    async fn touch_all(&self, used: &[(SecretHash, Timestamp)]) -> Result<(), StoreError> {
        within(ANSWER_FOR_ALL, sessions::touch_all(self.writer()?, used)).await
    }

    async fn notices(&self) -> Result<Box<dyn Notices>, StoreError> {
        Ok(Box::new(notices::listen(self).await?))
    }

    async fn renew(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<Option<u32>, StoreError> {
        within(ANSWER, sessions::renew(self.writer()?, secret, number, now)).await
    }

    async fn see(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<(), StoreError> {
        within(ANSWER, sessions::see(self.writer()?, secret, number, now)).await
    }

    async fn end(
        &self,
        which: Which,
        reason: Reason,
        now: Timestamp,
        idle_since: Option<Timestamp>,
    ) -> Result<u64, StoreError> {
        let bound = if matches!(which, Which::All) { ANSWER_FOR_ALL } else { ANSWER };
        within(bound, ends::end(self.writer()?, which, reason, now, idle_since)).await
    }

    async fn sessions(&self, account: Option<AccountId>) -> Result<Vec<ListedSession>, StoreError> {
        let bound = if account.is_none() { ANSWER_FOR_ALL } else { ANSWER };
        within(bound, sessions::alive(self.live()?, account)).await
    }

    async fn count_try(&self, buckets: &[Bucket], now: Timestamp) -> Result<Option<Duration>, StoreError> {
        within(ANSWER, attempts::count_try(self.live()?, self.writer()?, buckets, now)).await
    }

    async fn take_back_try(&self, tried: Tried<'_>) -> Result<(), StoreError> {
        within(ANSWER, attempts::take_back_try(self.writer()?, tried)).await
    }

    async fn record_failure(
        &self,
        account: Option<AccountId>,
        now: Timestamp,
        source: Source<'_>,
    ) -> Result<(), StoreError> {
        within(ANSWER, events::record_failure(self.writer()?, account, now, source)).await
    }

    async fn events(&self, account: Option<AccountId>, most: u32) -> Result<Vec<Event>, StoreError> {
        within(ANSWER, events::latest(self.live()?, account, most)).await
    }

    async fn sweep(&self, before: SweepBefore) -> Result<u64, StoreError> {
        within(ANSWER_FOR_ALL, sweep::sweep(self.writer()?, before)).await
    }
}
