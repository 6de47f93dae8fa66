//! How sessions end: marked and written down in one statement.

use super::bounds::{ANSWER_FOR_ALL, millis};
use crate::{
    Reason,
    clock::Timestamp,
    store::{StoreError, Which, connections::Connections},
};
use sqlx::{PgConnection, Postgres, postgres::PgArguments, query::Query};

/// Ends the sessions that a condition names and that nothing has ended, and writes each down: one
/// statement for each kind of condition, so that each uses its index.
macro_rules! end_where {
    ($condition:literal) => {
        concat!(
            "WITH ended AS (
                UPDATE sessions SET ended_at = $1, end_reason = $2
                WHERE ended_at IS NULL AND ($3::bigint IS NULL OR last_seen_at <= $3) ",
            $condition,
            " RETURNING id, account_id, agent, place)
             INSERT INTO events (at, kind, account_id, session_id, reason, agent, place)
             SELECT $1, 'session_ended', account_id, id, $2, agent, place FROM ended"
        )
    };
}

pub(super) async fn end(
    pool: &Connections<Postgres>,
    which: &Which,
    reason: Reason,
    now: Timestamp,
    idle_since: Option<Timestamp>,
) -> Result<u64, StoreError> {
    let mut tx = pool.begin().await?;
    lock(&mut tx, which).await?;
    let ended = end_in(&mut tx, which, reason, now, idle_since).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Holds the accounts whose sessions end, until the transaction is over.
async fn lock(connection: &mut PgConnection, which: &Which) -> Result<(), sqlx::Error> {
    if matches!(which, Which::All) {
        // There may be many.
        sqlx::query("SELECT set_config('statement_timeout', $1, true)")
            .bind(millis(ANSWER_FOR_ALL))
            .execute(&mut *connection)
            .await?;
    }
    let statement = match which {
        Which::Secret(_) | Which::Successors(_) => {
            "SELECT 1 FROM accounts WHERE id = (SELECT account_id FROM sessions WHERE secret_hash = $1)
             FOR NO KEY UPDATE"
        }
        Which::Id(_) => {
            "SELECT 1 FROM accounts WHERE id = (SELECT account_id FROM sessions WHERE id = $1) FOR NO KEY UPDATE"
        }
        Which::Own(..) => {
            "SELECT 1 FROM accounts WHERE id = $2 AND EXISTS (SELECT 1 FROM sessions WHERE id = $1) FOR NO KEY UPDATE"
        }
        Which::Account(..) => "SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE",
        Which::All => "SELECT 1 FROM accounts ORDER BY id FOR NO KEY UPDATE",
    };
    let query = sqlx::query(statement);
    match which {
        Which::Account(account, _) => query.bind(account.0),
        _ => bind(query, which),
    }
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends sessions whose accounts the transaction holds.
pub(super) async fn end_in(
    connection: &mut PgConnection,
    which: &Which,
    reason: Reason,
    now: Timestamp,
    idle_since: Option<Timestamp>,
) -> Result<u64, sqlx::Error> {
    let statement = match which {
        Which::Secret(_) => end_where!("AND secret_hash = $4"),
        Which::Successors(_) => end_where!(
            "AND secret_hash IN (
                WITH RECURSIVE later (hash) AS (
                    SELECT successor FROM sessions WHERE secret_hash = $4
                    UNION SELECT s.successor FROM sessions s JOIN later ON s.secret_hash = later.hash)
                SELECT hash FROM later WHERE hash IS NOT NULL)"
        ),
        Which::Id(_) => end_where!("AND id = $4"),
        Which::Own(..) => end_where!("AND id = $4 AND account_id = $5"),
        Which::Account(..) => end_where!("AND account_id = $4 AND ($5::bytea IS NULL OR secret_hash <> $5)"),
        Which::All => end_where!(""),
    };
    let query =
        sqlx::query(statement).bind(now.as_millis()).bind(reason.as_str()).bind(idle_since.map(Timestamp::as_millis));
    let ended = bind(query, which).execute(&mut *connection).await?.rows_affected();
    // A sign-in that is still hashing belongs to what is being ended: its session would start in
    // an epoch that is over.
    match which {
        Which::Account(account, None) if !matches!(reason, Reason::PasswordChanged | Reason::AccountDisabled) => {
            sqlx::query("UPDATE accounts SET epoch = epoch + 1 WHERE id = $1")
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

fn bind<'q>(query: Query<'q, Postgres, PgArguments>, which: &'q Which) -> Query<'q, Postgres, PgArguments> {
    match which {
        Which::Secret(secret) | Which::Successors(secret) => query.bind(secret.0.as_slice()),
        Which::Id(id) => query.bind(id.as_str()),
        Which::Own(account, id) => query.bind(id.as_str()).bind(account.0),
        Which::Account(account, except) => {
            query.bind(account.0).bind(except.as_ref().map(|secret| secret.0.as_slice()))
        }
        Which::All => query,
    }
}
