//! The table of sessions: reading and using them.

use super::accounts::{name_of, state_of};
use crate::{
    AccountId, Reason, SecretHash, SessionId,
    clock::Timestamp,
    policy::Times,
    store::{Generation, SessionRow, StoreError},
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

pub(super) async fn by_secret(pool: &SqlitePool, secret: &SecretHash) -> Result<Option<SessionRow>, StoreError> {
    let row = sqlx::query(
        "SELECT s.*, a.name AS account_name, a.state AS account_state, a.epoch AS account_epoch
         FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.secret_hash = ?",
    )
    .bind(secret.0.as_slice())
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(session_of).transpose()
}

pub(super) async fn alive(pool: &SqlitePool, account: Option<AccountId>) -> Result<Vec<SessionRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT s.*, a.name AS account_name, a.state AS account_state, a.epoch AS account_epoch
         FROM sessions s JOIN accounts a ON a.id = s.account_id
         WHERE s.ended_at IS NULL AND s.epoch = a.epoch AND (?1 IS NULL OR s.account_id = ?1)
         ORDER BY s.last_seen_at DESC, s.id",
    )
    .bind(account.map(|account| account.0))
    .fetch_all(pool)
    .await?;
    rows.iter().map(session_of).collect()
}

pub(super) async fn touch(pool: &SqlitePool, secret: &SecretHash, now: Timestamp) -> Result<Option<u32>, StoreError> {
    // Only a row that is still alive: a sign-out that came first wins.
    let touched = sqlx::query_scalar(
        "UPDATE sessions SET last_seen_at = max(last_seen_at, ?) WHERE secret_hash = ? AND ended_at IS NULL
         RETURNING generation",
    )
    .bind(now.as_millis())
    .bind(secret.0.as_slice())
    .fetch_optional(pool)
    .await?;
    Ok(touched)
}

pub(super) async fn renew(
    pool: &SqlitePool,
    secret: &SecretHash,
    number: u32,
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    let renewed = sqlx::query_scalar(
        "UPDATE sessions SET generation = generation + 1, renewed_at = ?1, seen_at = NULL,
                             last_seen_at = max(last_seen_at, ?1)
         WHERE secret_hash = ?2 AND ended_at IS NULL AND generation = ?3
         AND (generation = 0 OR seen_at IS NOT NULL) RETURNING generation",
    )
    .bind(now.as_millis())
    .bind(secret.0.as_slice())
    .bind(number)
    .fetch_optional(pool)
    .await?;
    Ok(renewed)
}

pub(super) async fn see(pool: &SqlitePool, secret: &SecretHash, number: u32, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE sessions SET seen_at = ? WHERE secret_hash = ? AND generation = ? AND seen_at IS NULL")
        .bind(now.as_millis())
        .bind(secret.0.as_slice())
        .bind(number)
        .execute(pool)
        .await?;
    Ok(())
}

fn session_of(row: &SqliteRow) -> Result<SessionRow, StoreError> {
    let ended_at: Option<i64> = row.try_get("ended_at")?;
    let ended = match (ended_at, row.try_get::<Option<&str>, _>("end_reason")?) {
        (None, _) => None,
        (Some(at), reason) => {
            let reason = reason.and_then(Reason::parse).ok_or(StoreError::Unreadable("an end reason"))?;
            Some((Timestamp::from_millis(at), reason))
        }
    };
    Ok(SessionRow {
        id: SessionId::from_text(row.try_get::<String, _>("id")?),
        account: AccountId(row.try_get("account_id")?),
        account_name: name_of(row, "account_name")?,
        account_state: state_of(row, "account_state")?,
        account_epoch: row.try_get("account_epoch")?,
        epoch: row.try_get("epoch")?,
        times: Times {
            authenticated_at: Timestamp::from_millis(row.try_get("authenticated_at")?),
            last_activity: Timestamp::from_millis(row.try_get("last_seen_at")?),
            absolute_deadline: Timestamp::from_millis(row.try_get("absolute_deadline")?),
            remembered: row.try_get("remembered")?,
        },
        signed_in_at: Timestamp::from_millis(
            row.try_get::<Option<i64>, _>("signed_in_at")?.map_or_else(|| row.try_get("authenticated_at"), Ok)?,
        ),
        agent: row.try_get("agent")?,
        place: row.try_get("place")?,
        generation: Generation {
            number: row.try_get("generation")?,
            issued_at: Timestamp::from_millis(
                row.try_get::<Option<i64>, _>("renewed_at")?.map_or_else(|| row.try_get("authenticated_at"), Ok)?,
            ),
            seen_at: row.try_get::<Option<i64>, _>("seen_at")?.map(Timestamp::from_millis),
        },
        ended,
    })
}
