//! Rows as both databases have them, and what they mean.

use super::{Generation, ListedSession, SessionRow, StoreError};
use crate::{
    Account, AccountId, AccountName, AccountState, Reason, SessionId,
    audit::{Event, EventKind},
    clock::Timestamp,
    password::PasswordHash,
    policy::Times,
};
use sqlx::FromRow;

// By their names, and never `*`: a newer node may add a column while this one runs, and what a connection has
// prepared before would be answered with another row than it knows of.

/// The columns of an account.
macro_rules! account_columns {
    () => {
        "id, name, password_hash, state, epoch, demo, created_at"
    };
}
pub(super) use account_columns;

/// The columns of a session `s` and of its account `a`.
macro_rules! session_columns {
    () => {
        "s.id, s.account_id, s.epoch, s.authenticated_at, s.last_seen_at, s.absolute_deadline, s.remembered, \
         s.signed_in_at, s.generation, s.renewed_at, s.seen_at, s.ended_at, s.end_reason, \
         a.name AS account_name, a.state AS account_state, a.epoch AS account_epoch"
    };
}
pub(super) use session_columns;

/// Sessions that nothing has ended, of all accounts or of the one of number `$1`: two texts, so that the second uses
/// its index.
macro_rules! alive_sessions {
    () => {
        alive_sessions!("")
    };
    (of_one) => {
        alive_sessions!(" AND s.account_id = $1")
    };
    ($and:literal) => {
        concat!(
            "SELECT ",
            session_columns!(),
            ", s.agent, s.place",
            " FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.ended_at IS NULL AND s.epoch = a.epoch",
            $and,
            " ORDER BY s.last_seen_at DESC, s.id"
        )
    };
}
pub(super) use alive_sessions;

/// The ids of what an account has too many of, the longest unused, never the one that has just started: time,
/// account, that one's secret hash, and since when one that was used, ordinary or remembered, is not timed out. How
/// many it may have besides stands in how the others are left out, which each database writes in its own way.
macro_rules! surplus_sessions {
    ($leave_out:literal) => {
        concat!(
            "SELECT id FROM sessions WHERE account_id = $3 AND ended_at IS NULL AND secret_hash <> $9
             AND absolute_deadline > $1 AND last_seen_at > (CASE WHEN remembered THEN $11 ELSE $10 END)
             ORDER BY last_seen_at DESC, id ",
            $leave_out
        )
    };
}
pub(super) use surplus_sessions;

/// A row of the table of accounts.
#[derive(FromRow)]
pub(super) struct AccountRecord {
    id: i64,
    name: String,
    password_hash: String,
    state: String,
    epoch: i64,
    demo: bool,
    created_at: i64,
}

impl AccountRecord {
    /// The account.
    pub(super) fn account(self) -> Result<Account, StoreError> {
        Ok(self.with_hash()?.0)
    }

    /// The account, and its password's hash.
    pub(super) fn with_hash(self) -> Result<(Account, PasswordHash), StoreError> {
        let account = Account {
            id: AccountId(self.id),
            name: name_of(&self.name)?,
            state: state_of(&self.state)?,
            epoch: self.epoch,
            demo: self.demo,
            created_at: Timestamp::from_millis(self.created_at),
        };
        Ok((account, PasswordHash::from_stored(self.password_hash)))
    }
}

/// A row of the table of sessions, and what is needed of its account's.
#[derive(FromRow)]
pub(super) struct SessionRecord {
    id: String,
    account_id: i64,
    account_name: String,
    account_state: String,
    account_epoch: i64,
    epoch: i64,
    authenticated_at: i64,
    last_seen_at: i64,
    absolute_deadline: i64,
    remembered: bool,
    signed_in_at: Option<i64>,
    generation: i64,
    renewed_at: Option<i64>,
    seen_at: Option<i64>,
    ended_at: Option<i64>,
    end_reason: Option<String>,
}

impl SessionRecord {
    /// What is known of the session.
    pub(super) fn session(self) -> Result<SessionRow, StoreError> {
        let ended = match (self.ended_at, self.end_reason) {
            (None, _) => None,
            (Some(at), reason) => Some((
                Timestamp::from_millis(at),
                reason.as_deref().and_then(Reason::parse).ok_or(StoreError::Unreadable("an end reason"))?,
            )),
        };
        Ok(SessionRow {
            id: id_of(&self.id)?,
            account: AccountId(self.account_id),
            account_name: name_of(&self.account_name)?,
            account_state: state_of(&self.account_state)?,
            account_epoch: self.account_epoch,
            epoch: self.epoch,
            times: Times {
                authenticated_at: Timestamp::from_millis(self.authenticated_at),
                last_activity: Timestamp::from_millis(self.last_seen_at),
                absolute_deadline: Timestamp::from_millis(self.absolute_deadline),
                remembered: self.remembered,
            },
            signed_in_at: Timestamp::from_millis(self.signed_in_at.unwrap_or(self.authenticated_at)),
            generation: Generation {
                number: generation_of(self.generation)?,
                issued_at: Timestamp::from_millis(self.renewed_at.unwrap_or(self.authenticated_at)),
                seen_at: self.seen_at.map(Timestamp::from_millis),
            },
            ended,
        })
    }
}

/// A row of [`alive_sessions`].
#[derive(FromRow)]
pub(super) struct ListedRecord {
    #[sqlx(flatten)]
    session: SessionRecord,
    agent: String,
    place: String,
}

impl ListedRecord {
    /// The session, and what people are told of it.
    pub(super) fn listed(self) -> Result<ListedSession, StoreError> {
        Ok(ListedSession { session: self.session.session()?, agent: self.agent, place: self.place })
    }
}

/// A row of the table of what happened, and its account's name.
#[derive(FromRow)]
pub(super) struct EventRecord {
    id: i64,
    at: i64,
    kind: String,
    account_name: Option<String>,
    session_id: Option<String>,
    reason: Option<String>,
    count: i64,
    agent: String,
    place: String,
}

impl EventRecord {
    /// What happened.
    pub(super) fn event(self) -> Result<Event, StoreError> {
        let reason = self.reason.map(|text| Reason::parse(&text).ok_or(StoreError::Unreadable("an event's reason")));
        Ok(Event {
            id: self.id,
            account: self.account_name.as_deref().map(name_of).transpose()?,
            at: Timestamp::from_millis(self.at),
            kind: EventKind::parse(&self.kind).ok_or(StoreError::Unreadable("an event's kind"))?,
            reason: reason.transpose()?,
            count: u32::try_from(self.count).map_err(|_| StoreError::Unreadable("an event's count"))?,
            session: self.session_id.as_deref().map(id_of).transpose()?,
            agent: self.agent,
            place: self.place,
        })
    }
}

/// The number of a generation.
pub(super) fn generation_of(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::Unreadable("a generation"))
}

/// A session's name.
pub(super) fn id_of(text: &str) -> Result<SessionId, StoreError> {
    SessionId::parse(text).ok_or(StoreError::Unreadable("a session's id"))
}

fn name_of(text: &str) -> Result<AccountName, StoreError> {
    AccountName::parse(text).map_err(|_| StoreError::Unreadable("an account's name"))
}

fn state_of(text: &str) -> Result<AccountState, StoreError> {
    match text {
        "active" => Ok(AccountState::Active),
        "disabled" => Ok(AccountState::Disabled),
        _ => Err(StoreError::Unreadable("an account's state")),
    }
}
