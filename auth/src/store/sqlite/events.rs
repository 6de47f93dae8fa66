//! The table of what happened.

use crate::{
    AccountId, SessionId,
    audit::{Event, EventKind, MERGE_FAILURES, SEVERAL_PLACES, Source},
    clock::Timestamp,
    store::{
        StoreError,
        connections::Connections,
        entry::{Entry, insert_event},
        rows::EventRecord,
    },
};
use sqlx::{Sqlite, SqliteConnection};

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
    pool: &Connections<Sqlite>,
    account: Option<AccountId>,
    now: Timestamp,
    source: Source<'_>,
) -> Result<(), StoreError> {
    let Source { agent, place } = source;
    let mut tx = pool.begin().await?;
    let entry = Entry { at: now, kind: EventKind::SignInFailed, account, session: None, agent, place };
    add_failure(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn latest(
    pool: &Connections<Sqlite>,
    account: Option<AccountId>,
    most: u32,
) -> Result<Vec<Event>, StoreError> {
    // Two statements, so that each uses its index.
    let query = match account {
        Some(account) => sqlx::query_as(concat!(events_and_names!(), "WHERE e.account_id = ?2 ", latest_first!()))
            .bind(most)
            .bind(account.0),
        None => sqlx::query_as(concat!(events_and_names!(), latest_first!())).bind(most),
    };
    let mut connection = pool.reading().await?;
    let rows: Vec<EventRecord> = query.fetch_all(&mut *connection).await?;
    connection.done();
    rows.into_iter().map(EventRecord::event).collect()
}

pub(super) async fn add(connection: &mut SqliteConnection, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(insert_event!())
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
