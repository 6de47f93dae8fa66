//! What is written down of what happens.

use super::NewSession;
use crate::{AccountId, SessionId, audit::EventKind, clock::Timestamp};

/// What is written down of something that happened now.
pub(super) struct Entry<'a> {
    pub(super) at: Timestamp,
    pub(super) kind: EventKind,
    pub(super) account: Option<AccountId>,
    pub(super) session: Option<&'a SessionId>,
    pub(super) agent: &'a str,
    pub(super) place: &'a str,
}

pub(super) fn of_session<'a>(at: Timestamp, kind: EventKind, session: &'a NewSession) -> Entry<'a> {
    let NewSession { account, id, agent, place, .. } = session;
    Entry { at, kind, account: Some(*account), session: Some(id), agent, place }
}

pub(super) const fn by_operator(at: Timestamp, kind: EventKind, account: AccountId) -> Entry<'static> {
    Entry { at, kind, account: Some(account), session: None, agent: "", place: "" }
}

/// Adds an entry: time, kind, account, session, agent and place.
macro_rules! insert_event {
    () => {
        "INSERT INTO events (at, kind, account_id, session_id, agent, place) VALUES ($1, $2, $3, $4, $5, $6)"
    };
}
pub(super) use insert_event;

/// How many tries have failed since somebody last signed in to an account.
macro_rules! count_failures {
    ($account:literal) => {
        concat!(
            "SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM events WHERE account_id = ",
            $account,
            " AND kind = 'sign_in_failed' AND id > coalesce(
                 (SELECT max(id) FROM events WHERE account_id = ",
            $account,
            " AND kind = 'signed_in'), 0)"
        )
    };
}
pub(super) use count_failures;
