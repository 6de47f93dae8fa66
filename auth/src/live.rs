//! What this node knows of sessions without asking the store.
//!
//! A store around a store: it answers checks from memory, bounded, and lets everything else through.
//! What this node ends is ended for its very next request. What others end it is told by the store
//! ([`Notices`](crate::store::Notices)), within milliseconds by PostgreSQL and a fifth of a second by
//! SQLite; and where that channel is dead and does not say so, it is not believed for longer than
//! [`MAX_STALE`]. From then on each check asks the store again, and where there is none, nobody is let in.
//!
//! That a session was used is written a second later, many at a time. Nothing else is ever written later.

mod behind;
#[cfg(test)]
mod faults;
mod memory;
#[cfg(test)]
mod tests;
mod trust;

pub use trust::MAX_STALE;

use crate::{
    Account, AccountId, AccountName, AccountState, Reason, SecretHash,
    audit::{Event, Source},
    clock::Timestamp,
    password::PasswordHash,
    store::{
        ChangePassword, ListedSession, Notice, Notices, SessionRow, StartSession, Started, Store, StoreError,
        SweepBefore, Tried, Which,
    },
    throttle::Bucket,
};
use async_trait::async_trait;
use behind::Behind;
use memory::{Known, Memory};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;
use trust::Trust;

/// How long what is written later waits.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// How long after a failure the store is asked for its notices again.
const LISTEN_AGAIN: Duration = Duration::from_millis(500);
/// Sessions that a node knows at most, if nothing else is said: about 17 MB.
pub const MOST_KNOWN: u32 = 100_000;

/// A store that remembers. One for the whole process: whoever writes past it is another process.
pub struct LiveStore {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

struct Shared {
    store: Arc<dyn Store>,
    memory: Memory,
    trust: Trust,
    behind: Behind,
    asked: AtomicU64,
    /// One that writes at a time.
    writing: tokio::sync::Mutex<()>,
}

impl LiveStore {
    /// A store around this one, that remembers so many sessions at most.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, most: u32) -> Self {
        let shared = Arc::new(Shared::new(store, most));
        let listener = tokio::spawn(listen(Arc::clone(&shared)));
        let writer = tokio::spawn(write(Arc::clone(&shared)));
        Self { shared, tasks: [listener, writer] }
    }

    /// Whether what is remembered is believed: the store is known to tell of changes.
    #[must_use]
    pub fn is_believed(&self) -> bool {
        self.shared.trust.holds()
    }

    /// How many checks have asked the store.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.shared.asked.load(Ordering::Relaxed)
    }

    fn store(&self) -> &dyn Store {
        &*self.shared.store
    }

    /// Something is changed as long as this is held. It is forgotten at the end, whether the store said
    /// yes, no or nothing, and also if nobody waits for the answer any more.
    fn changing(&self, what: Notice) -> Changing<'_> {
        Changing(&self.shared.memory, what)
    }
}

impl Drop for LiveStore {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

struct Changing<'a>(&'a Memory, Notice);

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.forget(&self.1);
    }
}

/// Hears what others changed, for ever.
async fn listen(shared: Arc<Shared>) {
    let mut told = false;
    loop {
        let error = match shared.store.notices().await {
            Ok(notices) => hear(&shared, notices).await,
            Err(error) => error,
        };
        let was_believed = shared.trust.lose();
        // Once each time, and once where it never was believed.
        if was_believed || !told {
            told = true;
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the store does not tell of changes; each check asks it from now on");
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

/// Hears them until some may have been lost, and says why.
async fn hear(shared: &Shared, mut notices: Box<dyn Notices>) -> StoreError {
    // What was remembered before it was listened may have changed unheard.
    shared.memory.forget(&Notice::All);
    loop {
        let heard = match notices.next().await {
            Ok(heard) => heard,
            Err(error) => {
                shared.memory.forget(&Notice::All);
                return error;
            }
        };
        heard.notices.iter().for_each(|notice| shared.memory.forget(notice));
        if let Some(until) = heard.complete_until
            && shared.trust.prove(until)
        {
            tracing::info!("the store tells of changes; what is remembered is believed");
        }
    }
}

async fn write(shared: Arc<Shared>) {
    let mut failed = false;
    loop {
        tokio::time::sleep(WRITE_EVERY).await;
        match shared.write_what_waits().await {
            Ok(()) => failed = false,
            Err(error) if !failed => {
                failed = true;
                tracing::warn!(error = &error as &dyn std::error::Error, "activity waits to be written down");
            }
            Err(_) => {}
        }
    }
}

impl Shared {
    fn new(store: Arc<dyn Store>, most: u32) -> Self {
        Self {
            store,
            memory: Memory::new(most as usize),
            trust: Trust::default(),
            behind: Behind::default(),
            asked: AtomicU64::new(0),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// What is remembered of a session, if it is believed.
    fn known(&self, secret: &SecretHash) -> Option<Known> {
        if self.trust.holds() { self.memory.get(secret) } else { None }
    }

    async fn write_what_waits(&self) -> Result<(), StoreError> {
        let _one = self.writing.lock().await;
        let used = self.behind.begin();
        if !used.is_empty() {
            self.store.touch_all(&used).await?;
            self.behind.written();
        }
        Ok(())
    }
}

#[async_trait]
impl Store for LiveStore {
    fn known(&self, secret: &SecretHash) -> Option<SessionRow> {
        self.shared.known(secret).map(Known::row)
    }

    async fn session(&self, secret: &SecretHash) -> Result<Option<SessionRow>, StoreError> {
        if let Some(row) = self.known(secret) {
            return Ok(Some(row));
        }
        let Shared { memory, behind, .. } = &*self.shared;
        self.shared.asked.fetch_add(1, Ordering::Relaxed);
        let ticket = memory.ticket(secret);
        let mut row = self.store().session(secret).await?;
        if let Some(row) = &mut row {
            if let Some(used) = behind.of(secret) {
                row.times.last_activity = row.times.last_activity.max(used);
            }
            memory.keep(ticket, row);
        }
        Ok(row)
    }

    async fn touch(&self, secret: &SecretHash, now: Timestamp, urgent: bool) -> Result<Option<u32>, StoreError> {
        if let Some(known) = self.shared.known(secret) {
            let number = known.number();
            self.shared.memory.used(secret, known, now);
            if !urgent && self.shared.behind.add(*secret, now) {
                return Ok(Some(number));
            }
        }
        self.shared.asked.fetch_add(1, Ordering::Relaxed);
        self.store().touch(secret, now, urgent).await
    }

    async fn touch_all(&self, used: &[(SecretHash, Timestamp)]) -> Result<(), StoreError> {
        self.store().touch_all(used).await
    }

    async fn renew(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<Option<u32>, StoreError> {
        let _changing = self.changing(Notice::Session(*secret));
        self.store().renew(secret, number, now).await
    }

    async fn see(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<(), StoreError> {
        let _changing = self.changing(Notice::Session(*secret));
        self.store().see(secret, number, now).await
    }

    async fn end(
        &self,
        which: Which,
        reason: Reason,
        now: Timestamp,
        idle_since: Option<Timestamp>,
    ) -> Result<u64, StoreError> {
        if idle_since.is_some() {
            // Nobody times out whose activity waits to be written.
            self.shared.write_what_waits().await?;
        }
        let what = match &which {
            Which::Secret(secret) => Notice::Session(*secret),
            Which::Account(account, _) | Which::Own(account, _) => Notice::Account(*account),
            // They are of the same account as the one that they went on from.
            Which::Successors(secret) => match self.store().session(secret).await? {
                Some(row) => Notice::Account(row.account),
                None => Notice::All,
            },
            Which::Id(_) | Which::All => Notice::All,
        };
        let _changing = self.changing(what);
        self.store().end(which, reason, now, idle_since).await
    }

    async fn start_session(&self, start: StartSession<'_>) -> Result<Option<Started>, StoreError> {
        // Others of the account may have to make room; and the one that is replaced may be another account's.
        let _room = self.changing(Notice::Account(start.session.account));
        let _replaced = start.replaces.map(|secret| self.changing(Notice::Session(secret)));
        self.store().start_session(start).await
    }

    async fn change_password(&self, change: ChangePassword<'_>) -> Result<Option<i64>, StoreError> {
        let _changing = self.changing(Notice::Account(change.session.account));
        self.store().change_password(change).await
    }

    async fn set_password(&self, account: AccountId, hash: &PasswordHash, now: Timestamp) -> Result<bool, StoreError> {
        let _changing = self.changing(Notice::Account(account));
        self.store().set_password(account, hash, now).await
    }

    async fn set_state(&self, account: AccountId, state: AccountState, now: Timestamp) -> Result<bool, StoreError> {
        let _changing = self.changing(Notice::Account(account));
        self.store().set_state(account, state, now).await
    }

    async fn delete_account(&self, account: AccountId) -> Result<bool, StoreError> {
        let _changing = self.changing(Notice::Account(account));
        self.store().delete_account(account).await
    }

    async fn delete_demo_accounts(&self) -> Result<u64, StoreError> {
        let _changing = self.changing(Notice::All);
        self.store().delete_demo_accounts().await
    }

    async fn sweep(&self, before: SweepBefore) -> Result<u64, StoreError> {
        self.shared.write_what_waits().await?;
        self.store().sweep(before).await
    }

    async fn sessions(&self, account: Option<AccountId>) -> Result<Vec<ListedSession>, StoreError> {
        self.shared.write_what_waits().await?;
        self.store().sessions(account).await
    }

    // What follows has nothing to do with sessions.

    fn tells_of_changes(&self) -> bool {
        self.is_believed()
    }

    async fn notices(&self) -> Result<Box<dyn Notices>, StoreError> {
        self.store().notices().await
    }

    async fn close(&self) {
        if let Err(error) = self.shared.write_what_waits().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the last activity was not written down");
        }
        self.store().close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store().ping().await
    }

    async fn create_account(
        &self,
        name: &AccountName,
        hash: &PasswordHash,
        demo: bool,
        now: Timestamp,
    ) -> Result<Account, StoreError> {
        self.store().create_account(name, hash, demo, now).await
    }

    async fn account(&self, name: &AccountName) -> Result<Option<(Account, PasswordHash)>, StoreError> {
        self.store().account(name).await
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.store().accounts().await
    }

    async fn rehash(&self, account: AccountId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, StoreError> {
        self.store().rehash(account, old, new).await
    }

    async fn count_try(&self, buckets: &[Bucket], now: Timestamp) -> Result<Option<Duration>, StoreError> {
        self.store().count_try(buckets, now).await
    }

    async fn take_back_try(&self, tried: Tried<'_>) -> Result<(), StoreError> {
        self.store().take_back_try(tried).await
    }

    async fn record_failure(
        &self,
        account: Option<AccountId>,
        now: Timestamp,
        source: Source<'_>,
    ) -> Result<(), StoreError> {
        self.store().record_failure(account, now, source).await
    }

    async fn events(&self, account: Option<AccountId>, most: u32) -> Result<Vec<Event>, StoreError> {
        self.store().events(account, most).await
    }
}
