//! The sessions that this node knows.

use crate::{
    AccountId, AccountName, AccountState, SecretHash, SessionId,
    clock::Timestamp,
    policy::Times,
    session::Half,
    store::{Generation, Notice, SessionRow},
};
use quick_cache::sync::Cache;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

/// Counters of changes; sessions and accounts share them by chance, which costs a look into the store.
const COUNTERS: usize = 1 << 16;

/// What is known of a session that is alive. Small, because there are many: see [`Memory`].
#[derive(Clone, Debug)]
pub(super) struct Known {
    id: SessionId,
    account: AccountId,
    account_name: AccountName,
    epoch: i64,
    authenticated_at: Timestamp,
    last_activity: Timestamp,
    absolute_deadline: Timestamp,
    signed_in_at: Timestamp,
    issued_at: Timestamp,
    /// [`NEVER`] is nothing.
    seen_at: Timestamp,
    number: u32,
    remembered: bool,
    as_of: Stamp,
}

/// No session is of that time.
const NEVER: Timestamp = Timestamp::from_millis(i64::MIN);

impl Known {
    fn new(row: &SessionRow, as_of: Stamp) -> Self {
        // All of them by name: what is new in a row has to find its place here.
        let Times { authenticated_at, last_activity, absolute_deadline, remembered } = row.times;
        let Generation { number, issued_at, seen_at } = row.generation;
        Self {
            id: row.id,
            account: row.account,
            account_name: row.account_name.clone(),
            epoch: row.epoch,
            authenticated_at,
            last_activity,
            absolute_deadline,
            signed_in_at: row.signed_in_at,
            issued_at,
            seen_at: seen_at.unwrap_or(NEVER),
            number,
            remembered,
            as_of,
        }
    }

    /// The number of its newest cookie's generation.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// What a store would say of the session.
    pub(super) fn row(self) -> SessionRow {
        SessionRow {
            id: self.id,
            account: self.account,
            account_name: self.account_name,
            account_state: AccountState::Active,
            account_epoch: self.epoch,
            epoch: self.epoch,
            times: Times {
                authenticated_at: self.authenticated_at,
                last_activity: self.last_activity,
                absolute_deadline: self.absolute_deadline,
                remembered: self.remembered,
            },
            signed_in_at: self.signed_in_at,
            generation: Generation {
                number: self.number,
                issued_at: self.issued_at,
                seen_at: (self.seen_at != NEVER).then_some(self.seen_at),
            },
            ended: None,
        }
    }
}

/// The counts at which something was true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    all: u32,
    account: u32,
    session: u32,
}

/// What has to be noted before the store is asked, so that an answer that was overtaken is not kept.
#[derive(Debug)]
pub(super) struct Ticket {
    secret: SecretHash,
    all: u32,
    session: u32,
    accounts: u64,
}

/// What this node knows, so many sessions at most; those that are asked for least go first.
///
/// Nothing is taken out when it changes: a counter moves on, and what was noted at another count is
/// not believed. So there is no order of steps in which something old could come back.
pub(super) struct Memory {
    /// By half of their secrets' hashes.
    known: Cache<Half, Known>,
    sessions: Box<[AtomicU32]>,
    accounts: Box<[AtomicU32]>,
    /// All changes of accounts: whose session it is, is not known before the store has answered.
    any_account: AtomicU64,
    all: AtomicU32,
}

impl Memory {
    pub(super) fn new(most: usize) -> Self {
        let counters = || (0..COUNTERS).map(|_| AtomicU32::new(0)).collect();
        Self {
            known: Cache::new(most),
            sessions: counters(),
            accounts: counters(),
            any_account: AtomicU64::new(0),
            all: AtomicU32::new(0),
        }
    }

    /// How many are known.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// What is known of a session.
    pub(super) fn get(&self, secret: &SecretHash) -> Option<Known> {
        let known = self.known.get(&Half::of(&secret.0))?;
        let now = Stamp {
            all: self.all.load(SeqCst),
            account: self.of_account(known.account).load(SeqCst),
            session: self.of_session(secret).load(SeqCst),
        };
        (known.as_of == now).then_some(known)
    }

    /// Somebody used the session that this is known of.
    ///
    /// Of two at the same moment the earlier may be the one that stays: then the session looks timed out
    /// so much too early, the store is asked, which is given both, and says that it is not.
    pub(super) fn used(&self, secret: &SecretHash, mut known: Known, now: Timestamp) {
        known.last_activity = known.last_activity.max(now);
        // If it is gone meanwhile, the store is asked the next time.
        let _gone = self.known.replace(Half::of(&secret.0), known, true);
    }

    /// To be taken before the store is asked.
    pub(super) fn ticket(&self, secret: &SecretHash) -> Ticket {
        Ticket {
            secret: *secret,
            all: self.all.load(SeqCst),
            session: self.of_session(secret).load(SeqCst),
            accounts: self.any_account.load(SeqCst),
        }
    }

    /// Keeps what the store said, if nothing has changed since the ticket was taken and the session is
    /// alive. One that has ended is not asked for so often as to be worth it.
    pub(super) fn keep(&self, ticket: Ticket, row: &SessionRow) {
        if row.ended.is_some() || row.account_state != AccountState::Active || row.epoch != row.account_epoch {
            return;
        }
        let account = self.of_account(row.account).load(SeqCst);
        // After the count was read: had it moved before, this one would have, too.
        if self.any_account.load(SeqCst) != ticket.accounts {
            return;
        }
        let as_of = Stamp { all: ticket.all, account, session: ticket.session };
        let known = Known::new(row, as_of);
        self.known.insert(Half::of(&ticket.secret.0), known);
    }

    /// Something is no longer as it was.
    pub(super) fn forget(&self, what: &Notice) {
        match what {
            Notice::Session(secret) => {
                self.of_session(secret).fetch_add(1, SeqCst);
            }
            Notice::Account(account) => {
                // In this order, see `keep`.
                self.any_account.fetch_add(1, SeqCst);
                self.of_account(*account).fetch_add(1, SeqCst);
            }
            Notice::All => {
                self.all.fetch_add(1, SeqCst);
            }
        }
    }

    fn of_session(&self, secret: &SecretHash) -> &AtomicU32 {
        // The hash of a secret is as good as random.
        let at = usize::from(u16::from_le_bytes([secret.0[0], secret.0[1]]));
        &self.sessions[at % COUNTERS]
    }

    fn of_account(&self, account: AccountId) -> &AtomicU32 {
        let at = usize::try_from(account.0.rem_euclid(COUNTERS as i64)).unwrap_or_default();
        &self.accounts[at]
    }
}
