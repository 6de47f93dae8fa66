//! The table of what happened.

use crate::{
    AccountId, AccountName, Reason, SessionId,
    audit::{Event, EventKind, MERGE_FAILURES, SEVERAL_PLACES, Source},
    clock::Timestamp,
    store::{StoreError, entry::Entry},
};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

macro_rules! events_and_names {
    () => {
        "SELECT e.*, a.name AS account_name FROM events e LEFT JOIN accounts a ON a.id = e.account_id "
    };
}

macro_rules! latest_first {
    () => {
        "ORDER BY e.at DESC, e.id DESC LIMIT ?1"
    };
}

pub(super) async fn record_failure(
    pool: &SqlitePool,
    account: Option<AccountId>,
    now: Timestamp,
    source: Source<'_>,
) -> Result<(), StoreError> {
    let Source { agent, place } = source;
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let entry = Entry { at: now, kind: EventKind::SignInFailed, account, session: None, agent, place };
    add_failure(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn latest(pool: &SqlitePool, account: Option<AccountId>, most: u32) -> Result<Vec<Event>, StoreError> {
    // Two statements, so that each uses its index.
    let query = match account {
        Some(account) => sqlx::query(concat!(events_and_names!(), "WHERE e.account_id = ?2 ", latest_first!()))
            .bind(most)
            .bind(account.0),
        None => sqlx::query(concat!(events_and_names!(), latest_first!())).bind(most),
    };
    let rows = query.fetch_all(pool).await?;
    rows.iter().map(event_of).collect()
}

pub(super) async fn add(connection: &mut SqliteConnection, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO events (at, kind, account_id, session_id, agent, place) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(entry.at.as_millis())
        .bind(entry.kind.as_str())
        .bind(entry.account.map(|account| account.0))
        .bind(entry.session.map(SessionId::as_str))
        .bind(entry.agent)
        .bind(entry.place)
        .execute(connection)
        .await?;
    Ok(())
}

/// A failure, counted with the one before if that is the last thing that happened to the account.
async fn add_failure(connection: &mut SqliteConnection, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
    let merged = sqlx::query(
        "UPDATE events SET count = count + 1, at = ?1, agent = CASE WHEN agent = ?6 THEN agent ELSE '' END,
                           place = CASE WHEN place = ?4 THEN place ELSE ?7 END
         WHERE id = (SELECT max(id) FROM events WHERE account_id IS ?2) AND kind = ?3 AND at > ?5",
    )
    .bind(entry.at.as_millis())
    .bind(entry.account.map(|account| account.0))
    .bind(entry.kind.as_str())
    .bind(entry.place)
    .bind(entry.at.minus(MERGE_FAILURES).as_millis())
    .bind(entry.agent)
    .bind(SEVERAL_PLACES)
    .execute(&mut *connection)
    .await?;
    if merged.rows_affected() == 0 { add(connection, entry).await } else { Ok(()) }
}

/// How many tries have failed since somebody last signed in.
pub(super) async fn failures(connection: &mut SqliteConnection, account: AccountId) -> Result<u32, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT coalesce(sum(count), 0) FROM events WHERE account_id = ?1 AND kind = 'sign_in_failed'
         AND id > coalesce((SELECT max(id) FROM events WHERE account_id = ?1 AND kind = 'signed_in'), 0)",
    )
    .bind(account.0)
    .fetch_one(connection)
    .await
}

fn event_of(row: &SqliteRow) -> Result<Event, StoreError> {
    let reason = row.try_get::<Option<&str>, _>("reason")?;
    let account = row.try_get::<Option<&str>, _>("account_name")?;
    Ok(Event {
        id: row.try_get("id")?,
        account: account
            .map(|name| AccountName::parse(name).map_err(|_| StoreError::Unreadable("an account's name")))
            .transpose()?,
        at: Timestamp::from_millis(row.try_get("at")?),
        kind: EventKind::parse(row.try_get("kind")?).ok_or(StoreError::Unreadable("an event's kind"))?,
        reason: reason
            .map(|reason| Reason::parse(reason).ok_or(StoreError::Unreadable("an event's reason")))
            .transpose()?,
        count: row.try_get("count")?,
        session: row.try_get::<Option<String>, _>("session_id")?.map(SessionId::from_text),
        agent: row.try_get("agent")?,
        place: row.try_get("place")?,
    })
}
