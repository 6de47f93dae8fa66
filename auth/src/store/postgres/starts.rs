//! How sessions start, each in one transaction with what it replaces.

use super::{
    attempts::{all, take_back},
    ends::end_in,
    events,
};
use crate::{
    AccountId, Reason, SecretHash, SessionId,
    audit::EventKind,
    password::PasswordHash,
    store::{
        ChangePassword, NewSession, SessionLimit, StartSession, Started, StoreError, Tried, Which,
        connections::Connections,
        entry::{count_failures, insert_event, of_session},
        rows::{id_of, surplus_sessions},
        tries::right,
    },
};
use sqlx::{PgConnection, Postgres};

pub(super) async fn start(
    pool: &Connections<Postgres>,
    start: StartSession<'_>,
) -> Result<Option<Started>, StoreError> {
    let StartSession { session, hash, replaces, confirms, limit, tried } = start;
    let now = session.times.authenticated_at;
    let mut tx = pool.begin().await?;
    if replaces.is_some() {
        lock_accounts(&mut tx, session.account, replaces).await?;
    }
    if !insert_session(&mut tx, session, session.epoch, hash).await? {
        return Ok(None);
    }
    if let Some(replaced) = replaces {
        let ended = end_in(&mut tx, &Which::Secret(replaced), Reason::Replaced, now, None).await?;
        if confirms {
            if ended == 0 {
                return Ok(None);
            }
            name_successor(&mut tx, replaced, session.secret_hash).await?;
        }
    }
    let kind = if confirms { EventKind::PasswordConfirmed } else { EventKind::SignedIn };
    let (failed_attempts, surplus) = write_down(&mut tx, session, kind, tried, limit).await?;
    for id in surplus {
        end_in(&mut tx, &Which::Id(id), Reason::SessionLimit, now, None).await?;
    }
    tx.commit().await?;
    Ok(Some(Started { failed_attempts }))
}

pub(super) async fn change_password(
    pool: &Connections<Postgres>,
    change: ChangePassword<'_>,
) -> Result<Option<i64>, StoreError> {
    let ChangePassword { old, new, session, replaces, end_others } = change;
    let (account, now) = (session.account, session.times.authenticated_at);
    let mut tx = pool.begin().await?;
    lock_accounts(&mut tx, account, None).await?;
    // Whatever happened while the passwords were hashed wins: an end of the session that asks, a
    // disabling, another change.
    let changed: Option<i64> = sqlx::query_scalar(
        "UPDATE accounts SET password_hash = $1, epoch = epoch + $2
         WHERE id = $3 AND state = 'active' AND epoch = $4 AND password_hash = $5
         AND EXISTS (SELECT 1 FROM sessions WHERE secret_hash = $6 AND account_id = $3 AND ended_at IS NULL)
         RETURNING epoch",
    )
    .bind(new.as_str())
    .bind(i64::from(end_others))
    .bind(account.0)
    .bind(session.epoch)
    .bind(old.as_str())
    .bind(replaces.0.as_slice())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(epoch) = changed else { return Ok(None) };
    if !insert_session(&mut tx, session, epoch, new).await? {
        return Ok(None);
    }
    end_in(&mut tx, &Which::Secret(replaces), Reason::Replaced, now, None).await?;
    name_successor(&mut tx, replaces, session.secret_hash).await?;
    if end_others {
        let others = Which::Account(account, Some(session.secret_hash));
        end_in(&mut tx, &others, Reason::PasswordChanged, now, None).await?;
    }
    events::add(&mut tx, &of_session(now, EventKind::PasswordChanged, session)).await?;
    tx.commit().await?;
    Ok(Some(epoch))
}

/// Holds an account, and that of a session which is to be replaced, until the transaction is over.
async fn lock_accounts(
    connection: &mut PgConnection,
    account: AccountId,
    replaces: Option<SecretHash>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "SELECT 1 FROM accounts WHERE id = $1 OR id = (SELECT account_id FROM sessions WHERE secret_hash = $2)
         ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(account.0)
    .bind(replaces.as_ref().map(|secret| secret.0.as_slice()))
    .execute(connection)
    .await?;
    Ok(())
}

/// Inserts a session's row, if its account is still as it was when the password was checked, and holds the account
/// until the transaction is over.
async fn insert_session(
    connection: &mut PgConnection,
    session: &NewSession,
    epoch: i64,
    hash: &PasswordHash,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO sessions (secret_hash, id, account_id, epoch, authenticated_at, last_seen_at,
                               absolute_deadline, remembered, signed_in_at, agent, place)
         SELECT $1, $2, id, epoch, $3, $4, $5, $6, $7, $8, $9 FROM accounts
         WHERE id = $10 AND state = 'active' AND epoch = $11 AND password_hash = $12 FOR NO KEY UPDATE",
    )
    .bind(session.secret_hash.0.as_slice())
    .bind(session.id.as_str())
    .bind(session.times.authenticated_at.as_millis())
    .bind(session.times.last_activity.as_millis())
    .bind(session.times.absolute_deadline.as_millis())
    .bind(session.times.remembered)
    .bind(session.signed_in_at.as_millis())
    .bind(&session.agent)
    .bind(&session.place)
    .bind(session.account.0)
    .bind(epoch)
    .bind(hash.as_str())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Writes down that a session has started, and takes back the try that led to it. Says how many have failed since
/// the last that was right, and what the account has too many of now: the longest unused, never the new one. One
/// statement, since each is a message to the database and back.
async fn write_down(
    connection: &mut PgConnection,
    session: &NewSession,
    kind: EventKind,
    tried: Tried<'_>,
    limit: SessionLimit,
) -> Result<(u32, Vec<SessionId>), StoreError> {
    let entry = of_session(session.times.authenticated_at, kind, session);
    let (failed, surplus): (i64, Vec<String>) = sqlx::query_as(concat!(
        "WITH ",
        take_back!("$7", "$8"),
        ", added AS (",
        insert_event!(),
        ") SELECT (",
        count_failures!("$3"),
        "), ARRAY(",
        surplus_sessions!("OFFSET $12"),
        ")"
    ))
    .bind(entry.at.as_millis())
    .bind(entry.kind.as_str())
    .bind(session.account.0)
    .bind(session.id.as_str())
    .bind(entry.agent)
    .bind(entry.place)
    .bind(all(tried))
    .bind(right(tried))
    .bind(session.secret_hash.0.as_slice())
    .bind(limit.ordinary_since.as_millis())
    .bind(limit.remembered_since.as_millis())
    .bind(i64::from(limit.most.saturating_sub(1)))
    .fetch_one(connection)
    .await?;
    let failed = u32::try_from(failed).map_err(|_| StoreError::Unreadable("an event's count"))?;
    Ok((failed, surplus.iter().map(|id| id_of(id)).collect::<Result<_, _>>()?))
}

async fn name_successor(
    connection: &mut PgConnection,
    replaced: SecretHash,
    successor: SecretHash,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sessions SET successor = $1 WHERE secret_hash = $2")
        .bind(successor.0.as_slice())
        .bind(replaced.0.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}
