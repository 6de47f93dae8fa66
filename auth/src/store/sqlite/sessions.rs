//! The table of sessions: reading and using them.

use super::hex::hex;
use crate::{
    AccountId, SecretHash,
    clock::Timestamp,
    store::{
        ListedSession, SessionRow, StoreError,
        connections::Connections,
        rows::{ListedRecord, SessionRecord, alive_sessions, session_columns},
    },
};
use serde_json::json;
use sqlx::Sqlite;

pub(super) async fn by_secret(
    pool: &Connections<Sqlite>,
    secret: &SecretHash,
) -> Result<Option<SessionRow>, StoreError> {
    let mut connection = pool.reading().await?;
    let row: Option<SessionRecord> = sqlx::query_as(concat!(
        "SELECT ",
        session_columns!(),
        "
         FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.secret_hash = ?"
    ))
    .bind(secret.0.as_slice())
    .fetch_optional(&mut *connection)
    .await?;
    connection.done();
    row.map(SessionRecord::session).transpose()
}

pub(super) async fn alive(
    pool: &Connections<Sqlite>,
    account: Option<AccountId>,
) -> Result<Vec<ListedSession>, StoreError> {
    let query = match account {
        Some(account) => sqlx::query_as(alive_sessions!(of_one)).bind(account.0),
        None => sqlx::query_as(alive_sessions!()),
    };
    let mut connection = pool.reading().await?;
    let rows: Vec<ListedRecord> = query.fetch_all(&mut *connection).await?;
    connection.done();
    rows.into_iter().map(ListedRecord::listed).collect()
}

pub(super) async fn touch(
    pool: &Connections<Sqlite>,
    secret: &SecretHash,
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    // Only a row that is still alive: a sign-out that came first wins.
    let mut connection = pool.writing().await?;
    // All rows of one: the commit comes after the last, and whoever asks for one alone does not hear how it went.
    let touched: Vec<u32> = sqlx::query_scalar(
        "UPDATE sessions SET last_seen_at = max(last_seen_at, ?) WHERE secret_hash = ? AND ended_at IS NULL
         RETURNING generation",
    )
    .bind(now.as_millis())
    .bind(secret.0.as_slice())
    .fetch_all(&mut *connection)
    .await?;
    connection.done();
    Ok(touched.first().copied())
}

/// At most so many in one transaction, so that no sign-in waits for it for long.
const TOUCHED_AT_ONCE: usize = 500;

pub(super) async fn touch_all(pool: &Connections<Sqlite>, used: &[(SecretHash, Timestamp)]) -> Result<(), StoreError> {
    for some in used.chunks(TOUCHED_AT_ONCE) {
        let given = json!(some.iter().map(|(secret, at)| (hex(&secret.0), at.as_millis())).collect::<Vec<_>>());
        // One statement, since each is a message to another thread and back, which costs more than what it does.
        let mut connection = pool.writing().await?;
        sqlx::query(
            "UPDATE sessions SET last_seen_at = used.at
             FROM (SELECT unhex(value ->> 0) AS secret_hash, value ->> 1 AS at FROM json_each(?)) AS used
             WHERE sessions.secret_hash = used.secret_hash AND ended_at IS NULL AND last_seen_at < used.at",
        )
        .bind(given.to_string())
        .execute(&mut *connection)
        .await?;
        connection.done();
    }
    Ok(())
}

pub(super) async fn renew(
    pool: &Connections<Sqlite>,
    secret: &SecretHash,
    number: u32,
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    let mut connection = pool.writing().await?;
    // All rows, as in `touch`.
    let renewed: Vec<u32> = sqlx::query_scalar(
        "UPDATE sessions SET generation = generation + 1, renewed_at = ?1, seen_at = NULL,
                             last_seen_at = max(last_seen_at, ?1)
         WHERE secret_hash = ?2 AND ended_at IS NULL AND generation = ?3
         AND (generation = 0 OR seen_at IS NOT NULL) RETURNING generation",
    )
    .bind(now.as_millis())
    .bind(secret.0.as_slice())
    .bind(number)
    .fetch_all(&mut *connection)
    .await?;
    connection.done();
    Ok(renewed.first().copied())
}

pub(super) async fn see(
    pool: &Connections<Sqlite>,
    secret: &SecretHash,
    number: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut connection = pool.writing().await?;
    sqlx::query("UPDATE sessions SET seen_at = ? WHERE secret_hash = ? AND generation = ? AND seen_at IS NULL")
        .bind(now.as_millis())
        .bind(secret.0.as_slice())
        .bind(number)
        .execute(&mut *connection)
        .await?;
    connection.done();
    Ok(())
}
