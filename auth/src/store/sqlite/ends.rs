//! How sessions end: marked and written down in the same transaction.

use crate::{
    Reason,
    clock::Timestamp,
    store::{StoreError, Which, connections::Connections},
};
use sqlx::{Sqlite, SqliteConnection};

/// Ends the sessions that a condition names and that nothing has ended, and writes each down: one
/// pair of statements for each kind of condition, so that each uses its index.
macro_rules! end_where {
    ($condition:literal) => {
        (
            concat!(
                "INSERT INTO events (at, kind, account_id, session_id, reason, agent, place) ",
                "SELECT ?1, 'session_ended', account_id, id, ?2, agent, place FROM sessions ",
                "WHERE ended_at IS NULL AND (?3 IS NULL OR last_seen_at <= ?3) ",
                $condition
            ),
            concat!(
                "UPDATE sessions SET ended_at = ?1, end_reason = ?2 ",
                "WHERE ended_at IS NULL AND (?3 IS NULL OR last_seen_at <= ?3) ",
                $condition
            ),
        )
    };
}

pub(super) async fn end(
    pool: &Connections<Sqlite>,
    which: Which,
    reason: Reason,
    now: Timestamp,
    idle_since: Option<Timestamp>,
) -> Result<u64, StoreError> {
    let mut tx = pool.begin().await?;
    let ended = end_in(&mut tx, &which, reason, now, idle_since).await?;
    tx.commit().await?;
    Ok(ended)
}

pub(super) async fn end_in(
    connection: &mut SqliteConnection,
    which: &Which,
    reason: Reason,
    now: Timestamp,
    idle_since: Option<Timestamp>,
) -> Result<u64, sqlx::Error> {
    let (write_down, end) = match which {
        Which::Secret(_) => end_where!("AND secret_hash = ?4"),
        Which::Successors(_) => end_where!(
            "AND secret_hash IN (
                WITH RECURSIVE later (hash) AS (
                    SELECT successor FROM sessions WHERE secret_hash = ?4
                    UNION SELECT s.successor FROM sessions s JOIN later ON s.secret_hash = later.hash)
                SELECT hash FROM later WHERE hash IS NOT NULL)"
        ),
        Which::Id(_) => end_where!("AND id = ?4"),
        Which::Own(..) => end_where!("AND id = ?4 AND account_id = ?5"),
        Which::Account(..) => end_where!("AND account_id = ?4 AND (?5 IS NULL OR secret_hash <> ?5)"),
        Which::All => end_where!(""),
    };
    let mut ended = 0;
    for statement in [write_down, end] {
        let query = sqlx::query(statement);
        let query = query.bind(now.as_millis()).bind(reason.as_str()).bind(idle_since.map(Timestamp::as_millis));
        let query = match which {
            Which::Secret(secret) | Which::Successors(secret) => query.bind(secret.0.as_slice()),
            Which::Id(id) => query.bind(id.as_str()),
            Which::Own(account, id) => query.bind(id.as_str()).bind(account.0),
            Which::Account(account, except) => {
                query.bind(account.0).bind(except.as_ref().map(|secret| secret.0.as_slice()))
            }
            Which::All => query,
        };
        ended = query.execute(&mut *connection).await?.rows_affected();
    }
    // A sign-in that is still hashing belongs to what is being ended: its session would start in
    // an epoch that is over.
    match which {
        Which::Account(account, None) if !matches!(reason, Reason::PasswordChanged | Reason::AccountDisabled) => {
            sqlx::query("UPDATE accounts SET epoch = epoch + 1 WHERE id = ?")
                .bind(account.0)
                .execute(connection)
                .await?;
        }
        Which::All => {
            sqlx::query("UPDATE accounts SET epoch = epoch + 1").execute(connection).await?;
        }
        _ => {}
    }
    Ok(ended)
}
