//! The table of sessions: reading and using them.

use crate::{
    AccountId, SecretHash,
    clock::Timestamp,
    store::{
        ListedSession, SessionRow, StoreError,
        connections::Connections,
        rows::{ListedRecord, SessionRecord, alive_sessions, generation_of, session_columns},
    },
};
use sqlx::Postgres;

pub(super) async fn by_secret(
    pool: &Connections<Postgres>,
    secret: &SecretHash,
) -> Result<Option<SessionRow>, StoreError> {
    let mut connection = pool.reading().await?;
    let row: Option<SessionRecord> = sqlx::query_as(concat!(
        "SELECT ",
        session_columns!(),
        "
         FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.secret_hash = $1"
    ))
    .bind(secret.0.as_slice())
    .fetch_optional(&mut *connection)
    .await?;
    connection.done();
    row.map(SessionRecord::session).transpose()
}

pub(super) async fn alive(
    pool: &Connections<Postgres>,
    account: Option<AccountId>,
) -> Result<Vec<ListedSession>, StoreError> {
    let (query, mut connection) = match account {
        Some(account) => (sqlx::query_as(alive_sessions!(of_one)).bind(account.0), pool.reading().await?),
        None => (sqlx::query_as(alive_sessions!()), pool.reading_all().await?),
    };
    let rows: Vec<ListedRecord> = query.fetch_all(&mut *connection).await?;
    connection.done();
    rows.into_iter().map(ListedRecord::listed).collect()
}

pub(super) async fn touch(
    pool: &Connections<Postgres>,
    secret: &SecretHash,
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    // Only a row that is still alive: a sign-out that came first wins.
    let mut connection = pool.writing().await?;
    let touched: Option<i64> = sqlx::query_scalar(
        "UPDATE sessions SET last_seen_at = greatest(last_seen_at, $1) WHERE secret_hash = $2 AND ended_at IS NULL
         RETURNING generation",
    )
    .bind(now.as_millis())
    .bind(secret.0.as_slice())
    .fetch_optional(&mut *connection)
    .await?;
    connection.done();
    touched.map(generation_of).transpose()
}

pub(super) async fn touch_all(
    pool: &Connections<Postgres>,
    used: &[(SecretHash, Timestamp)],
) -> Result<(), StoreError> {
    // In one order, so that two nodes that do this at once do not wait for each other.
    let mut used = used.to_vec();
    used.sort_by_key(|(secret, _)| secret.0);
    let secrets: Vec<&[u8]> = used.iter().map(|(secret, _)| secret.0.as_slice()).collect();
    let times: Vec<i64> = used.iter().map(|(_, at)| at.as_millis()).collect();
    // What is locked is no part of a join that the planner could turn around.
    let mut tx = pool.begin_one_by_one().await?;
    sqlx::query(
        "UPDATE sessions SET last_seen_at = used.at
         FROM (SELECT held.secret_hash, given.at
               FROM unnest($1::bytea[], $2::bigint[]) AS given (secret_hash, at)
               CROSS JOIN LATERAL (SELECT secret_hash FROM sessions
                                   WHERE secret_hash = given.secret_hash AND ended_at IS NULL
                                         AND last_seen_at < given.at FOR UPDATE) AS held) AS used
         WHERE sessions.secret_hash = used.secret_hash",
    )
    .bind(secrets)
    .bind(times)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn renew(
    pool: &Connections<Postgres>,
    secret: &SecretHash,
    number: u32,
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    let mut connection = pool.writing().await?;
    let renewed: Option<i64> = sqlx::query_scalar(
        "UPDATE sessions SET generation = generation + 1, renewed_at = $1, seen_at = NULL,
                             last_seen_at = greatest(last_seen_at, $1)
         WHERE secret_hash = $2 AND ended_at IS NULL AND generation = $3
         AND (generation = 0 OR seen_at IS NOT NULL) RETURNING generation",
    )
    .bind(now.as_millis())
    .bind(secret.0.as_slice())
    .bind(i64::from(number))
    .fetch_optional(&mut *connection)
    .await?;
    connection.done();
    renewed.map(generation_of).transpose()
}

pub(super) async fn see(
    pool: &Connections<Postgres>,
    secret: &SecretHash,
    number: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut connection = pool.writing().await?;
    sqlx::query("UPDATE sessions SET seen_at = $1 WHERE secret_hash = $2 AND generation = $3 AND seen_at IS NULL")
        .bind(now.as_millis())
        .bind(secret.0.as_slice())
        .bind(i64::from(number))
        .execute(&mut *connection)
        .await?;
    connection.done();
    Ok(())
}
