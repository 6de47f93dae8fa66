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
