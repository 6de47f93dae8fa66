//! Taking away what is dead for long.

use crate::store::{StoreError, SweepBefore, connections::Connections};
use sqlx::Sqlite;

/// Rows that one sweep deletes at most, so that no sign-in waits for it for long.
const SWEEP_ROWS: i64 = 500;

/// The sessions that the next bite of a sweep takes: the same ones in both statements of it, and of those that are
/// alive it looks at next to none. Which index finds each kind is not left to a guess.
macro_rules! dead_sessions {
    () => {
        "SELECT secret_hash FROM sessions INDEXED BY sessions_by_end WHERE ended_at < ?1
         UNION ALL SELECT secret_hash FROM sessions INDEXED BY sessions_by_deadline
             WHERE ended_at IS NULL AND absolute_deadline < ?2
         UNION ALL SELECT secret_hash FROM sessions INDEXED BY sessions_by_renewal
             WHERE ended_at IS NULL AND remembered = 0 AND last_seen_at < ?3
                   AND coalesce(renewed_at, authenticated_at) < ?3
         UNION ALL SELECT secret_hash FROM sessions INDEXED BY sessions_by_renewal
             WHERE ended_at IS NULL AND remembered = 1 AND last_seen_at < ?4
                   AND coalesce(renewed_at, authenticated_at) < ?4
         LIMIT ?5"
    };
}
#[cfg(test)]
pub(super) use dead_sessions;

pub(super) async fn sweep(pool: &Connections<Sqlite>, before: SweepBefore) -> Result<u64, StoreError> {
    let mut connection = pool.writing().await?;
    let events = sqlx::query("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < ? LIMIT ?)")
        .bind(before.events.as_millis())
        .bind(SWEEP_ROWS)
        .execute(&mut *connection)
        .await?;
    connection.done();
    let mut connection = pool.writing().await?;
    let attempts =
        sqlx::query("DELETE FROM attempts WHERE bucket IN (SELECT bucket FROM attempts WHERE last_at < ? LIMIT ?)")
            .bind(before.attempts.as_millis())
            .bind(SWEEP_ROWS)
            .execute(&mut *connection)
            .await?;
    connection.done();
    let mut tx = pool.begin().await?;
    // How long ago a session ended by itself follows from the row: the sweep comes as much later
    // than the deadline as than the idle timeout's end.
    sqlx::query(concat!(
        "INSERT INTO events (at, kind, account_id, session_id, reason, agent, place)
         SELECT min(absolute_deadline, idle_end), 'session_ended', account_id, id,
                CASE WHEN absolute_deadline <= idle_end THEN 'absolute' ELSE 'idle' END, agent, place
         FROM (SELECT *, last_seen_at + ?2 - (CASE remembered WHEN 1 THEN ?4 ELSE ?3 END) AS idle_end
               FROM sessions WHERE ended_at IS NULL AND secret_hash IN (",
        dead_sessions!(),
        "))"
    ))
    .bind(before.ended.as_millis())
    .bind(before.deadline.as_millis())
    .bind(before.ordinary_last_seen.as_millis())
    .bind(before.remembered_last_seen.as_millis())
    .bind(SWEEP_ROWS)
    .execute(&mut *tx)
    .await?;
    let swept = sqlx::query(concat!("DELETE FROM sessions WHERE secret_hash IN (", dead_sessions!(), ")"))
        .bind(before.ended.as_millis())
        .bind(before.deadline.as_millis())
        .bind(before.ordinary_last_seen.as_millis())
        .bind(before.remembered_last_seen.as_millis())
        .bind(SWEEP_ROWS)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    super::notices::sweep(pool).await?;
    Ok(events.rows_affected() + attempts.rows_affected() + swept.rows_affected())
}
