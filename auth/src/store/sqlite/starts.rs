//! How sessions start, each in one transaction with what it replaces.

use super::{
    attempts::{others, take_back},
    ends::end_in,
    events,
};
use crate::{
    Reason, SecretHash, SessionId,
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
use sqlx::{Row, Sqlite, SqliteConnection};

pub(super) async fn start(pool: &Connections<Sqlite>, start: StartSession<'_>) -> Result<Option<Started>, StoreError> {
    let StartSession { session, hash, replaces, confirms, limit, tried } = start;
    let now = session.times.authenticated_at;
    let mut tx = pool.begin().await?;
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
    pool: &Connections<Sqlite>,
    change: ChangePassword<'_>,
) -> Result<Option<i64>, StoreError> {
    let ChangePassword { old, new, session, replaces, end_others } = change;
    let (account, now) = (session.account, session.times.authenticated_at);
    let mut tx = pool.begin().await?;
    // Whatever happened while the passwords were hashed wins: an end of the session that asks, a
    // disabling, another change.
    let changed: Option<i64> = sqlx::query_scalar(
        "UPDATE accounts SET password_hash = ?1, epoch = epoch + ?2
         WHERE id = ?3 AND state = 'active' AND epoch = ?4 AND password_hash = ?5
         AND EXISTS (SELECT 1 FROM sessions WHERE secret_hash = ?6 AND account_id = ?3 AND ended_at IS NULL)
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

/// Inserts a session's row, if its account is still as it was when the password was checked.
async fn insert_session(
    connection: &mut SqliteConnection,
    session: &NewSession,
    epoch: i64,
    hash: &PasswordHash,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO sessions (secret_hash, id, account_id, epoch, authenticated_at, last_seen_at,
                               absolute_deadline, remembered, signed_in_at, agent, place)
         SELECT ?, ?, id, epoch, ?, ?, ?, ?, ?, ?, ? FROM accounts
         WHERE id = ? AND state = 'active' AND epoch = ? AND password_hash = ?",
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
/// the last that was right, and what the account has too many of now: the longest unused, never the new one. One text,
/// since each is a message to another thread and back; with `$1`, since sqlx counts through all statements of a text
/// where `?1` leaves a number out.
async fn write_down(
    connection: &mut SqliteConnection,
    session: &NewSession,
    kind: EventKind,
    tried: Tried<'_>,
    limit: SessionLimit,
) -> Result<(u32, Vec<SessionId>), StoreError> {
    let entry = of_session(session.times.authenticated_at, kind, session);
    let rows = sqlx::query(concat!(
        count_failures!("$3"),
        "; ",
        insert_event!(),
        "; ",
        take_back!("$7", "$8"),
        " ",
        surplus_sessions!("LIMIT -1 OFFSET $12")
    ))
    .bind(entry.at.as_millis())
    .bind(entry.kind.as_str())
    .bind(session.account.0)
    .bind(session.id.as_str())
    .bind(entry.agent)
    .bind(entry.place)
    .bind(right(tried))
    .bind(others(tried))
    .bind(session.secret_hash.0.as_slice())
    .bind(limit.ordinary_since.as_millis())
    .bind(limit.remembered_since.as_millis())
    .bind(limit.most.saturating_sub(1))
    // All of it: for one row the text would not be read beyond it.
    .fetch_all(connection)
    .await?;
    let (failed, surplus) = rows.split_first().ok_or(sqlx::Error::RowNotFound)?;
    let surplus = surplus.iter().map(|row| id_of(row.try_get(0)?)).collect::<Result<_, _>>()?;
    Ok((failed.try_get(0)?, surplus))
}

async fn name_successor(
    connection: &mut SqliteConnection,
    replaced: SecretHash,
    successor: SecretHash,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sessions SET successor = ? WHERE secret_hash = ?")
        .bind(successor.0.as_slice())
        .bind(replaced.0.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}
