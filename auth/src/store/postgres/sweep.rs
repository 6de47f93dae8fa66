//! Taking away what is dead for long. Rows that somebody holds are left for the next time, so that a
//! sweep waits for nobody, be it another node's.

use crate::store::{StoreError, SweepBefore, connections::Connections};
use sqlx::Postgres;

/// Rows that one sweep deletes at most, so that no sign-in waits for it for long.
const SWEEP_ROWS: i64 = 500;

/// The sessions that the next bite of a sweep takes. No index holds when one was last used, since each use would move
/// its entry; it was renewed no later.
macro_rules! dead_sessions {
    () => {
        "SELECT s.secret_hash FROM sessions s JOIN accounts a ON a.id = s.account_id
         WHERE s.ended_at < $1
            OR (s.ended_at IS NULL AND s.absolute_deadline < $2)
            OR (s.ended_at IS NULL AND NOT s.remembered AND s.last_seen_at < $3
                AND coalesce(s.renewed_at, s.authenticated_at) < $3)
            OR (s.ended_at IS NULL AND s.remembered AND s.last_seen_at < $4
                AND coalesce(s.renewed_at, s.authenticated_at) < $4)
         LIMIT $5 FOR UPDATE OF s SKIP LOCKED FOR KEY SHARE OF a SKIP LOCKED"
    };
}
#[cfg(test)]
pub(super) use dead_sessions;

pub(super) async fn sweep(pool: &Connections<Postgres>, before: SweepBefore) -> Result<u64, StoreError> {
    pool.tidy().await;
    let mut connection = pool.writing().await?;
    let events = sqlx::query(
        "DELETE FROM events WHERE id IN (
            SELECT id FROM events WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(before.events.as_millis())
    .bind(SWEEP_ROWS)
    .execute(&mut *connection)
    .await?;
    let attempts = sqlx::query(
        "DELETE FROM attempts WHERE bucket IN (
            SELECT bucket FROM attempts WHERE last_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(before.attempts.as_millis())
    .bind(SWEEP_ROWS)
    .execute(&mut *connection)
    .await?;
    // How long ago a session ended by itself follows from the row: the sweep comes as much later
    // than the deadline as than the idle timeout's end.
    let sessions: i64 = sqlx::query_scalar(concat!(
        "WITH dead AS (",
        dead_sessions!(),
        "), swept AS (
            DELETE FROM sessions USING dead WHERE sessions.secret_hash = dead.secret_hash
            RETURNING sessions.*,
                      last_seen_at + $2 - (CASE WHEN remembered THEN $4 ELSE $3 END) AS idle_end),
         written AS (
            INSERT INTO events (at, kind, account_id, session_id, reason, agent, place)
            SELECT least(absolute_deadline, idle_end), 'session_ended', account_id, id,
                   CASE WHEN absolute_deadline <= idle_end THEN 'absolute' ELSE 'idle' END, agent, place
            FROM swept WHERE ended_at IS NULL)
         SELECT count(*) FROM swept",
    ))
    .bind(before.ended.as_millis())
    .bind(before.deadline.as_millis())
    .bind(before.ordinary_last_seen.as_millis())
    .bind(before.remembered_last_seen.as_millis())
    .bind(SWEEP_ROWS)
    .fetch_one(&mut *connection)
    .await?;
    connection.done();
    Ok(events.rows_affected() + attempts.rows_affected() + sessions.unsigned_abs())
}
