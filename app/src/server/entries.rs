//! The lists that people see of their own account, in words.

use super::browser;
use crate::{
    api::{Entry, When},
    words,
};
use daypass_auth::{
    Engine, Session,
    audit::{Event, EventKind},
    clock::Timestamp,
    store::{ListedSession, StoreError},
};
use std::time::{Duration, UNIX_EPOCH};

/// How many events a person is shown.
const MOST_EVENTS: u32 = 100;

/// The session's account's sessions that are alive.
pub(crate) async fn sessions(engine: &Engine, session: &Session) -> Result<Vec<Entry>, StoreError> {
    let now = engine.now();
    let rows = engine.own_sessions(session).await?;
    let entry = |listed: ListedSession| Entry {
        current: listed.session.id == *session.id(),
        id: listed.session.id.to_string(),
        what: browser::in_words(&listed.agent),
        detail: if listed.session.times.remembered { "Kept when the browser closes" } else { "" }.to_owned(),
        place: listed.place,
        at: when(listed.session.times.last_activity, now),
        since: Some(when(listed.session.signed_in_at, now)),
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// What happened to the session's account.
pub(crate) async fn activity(engine: &Engine, session: &Session) -> Result<Vec<Entry>, StoreError> {
    let now = engine.now();
    let events = engine.own_events(session, MOST_EVENTS).await?;
    // What was replaced by its own successor, as when a password is confirmed, is nothing to a person.
    let told = events.into_iter().filter(|event| event.reason != Some(daypass_auth::Reason::Replaced));
    let entry = |event: Event| Entry {
        current: event.session.as_ref() == Some(session.id()),
        id: String::new(),
        what: words::event(&event),
        detail: if event.agent.is_empty() { String::new() } else { browser::in_words(&event.agent) },
        place: match event.kind {
            EventKind::PasswordChanged | EventKind::AccountDisabled | EventKind::AccountEnabled
                if event.place.is_empty() =>
            {
                "An administrator".to_owned()
            }
            _ => event.place,
        },
        at: when(event.at, now),
        since: None,
    };
    Ok(told.map(entry).collect())
}

fn when(at: Timestamp, now: Timestamp) -> When {
    let since_epoch = Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or(0));
    When {
        words: words::ago(daypass_auth::info::millis(now.since(at))),
        exact: humantime::format_rfc3339_seconds(UNIX_EPOCH + since_epoch).to_string(),
    }
}
