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
use sqlx::{PgConnection, Postgres};

/// The first half of the lock under which failures are counted: "dayp".
const FAILURES: i32 = 0x6461_7970;

macro_rules! events_and_names {
    () => {
        "SELECT e.*, a.name AS account_name FROM events e LEFT JOIN accounts a ON a.id = e.account_id "
    };
}

macro_rules! latest_first {
    () => {
        "ORDER BY e.at DESC, e.id DESC LIMIT $1"
    };
}

/// A failure, counted with the one before if that is the last thing that happened to the account; two
/// statements, so that each uses its index.
macro_rules! merge_failure {
    ($of:literal) => {
        concat!(
            "UPDATE events SET count = count + 1, at = $1, agent = CASE WHEN agent = $5 THEN agent ELSE '' END,
                               place = CASE WHEN place = $3 THEN place ELSE $6 END
             WHERE id = (SELECT max(id) FROM events WHERE ",
            $of,
            ") AND kind = $2 AND at > $4"
        )
    };
}

pub(super) async fn record_failure(
    pool: &Connections<Postgres>,
    account: Option<AccountId>,
    now: Timestamp,
    source: Source<'_>,
) -> Result<(), StoreError> {
    let Source { agent, place } = source;
    let mut tx = pool.begin().await?;
    // One after the other, of a name that nobody has too: so nobody learns from the time which it was.
    let number = account.map_or(0, |account| account.0.rem_euclid(i64::from(i32::MAX)));
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(FAILURES)
        .bind(i32::try_from(number).unwrap_or(0))
        .execute(&mut *tx)
        .await?;
    let entry = Entry { at: now, kind: EventKind::SignInFailed, account, session: None, agent, place };
    add_failure(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn latest(
    pool: &Connections<Postgres>,
    account: Option<AccountId>,
    most: u32,
) -> Result<Vec<Event>, StoreError> {
    // Two statements, so that each uses its index.
    let query = match account {
        Some(account) => sqlx::query_as(concat!(events_and_names!(), "WHERE e.account_id = $2 ", latest_first!()))
            .bind(i64::from(most))
            .bind(account.0),
        None => sqlx::query_as(concat!(events_and_names!(), latest_first!())).bind(i64::from(most)),
    };
    let mut connection = pool.reading().await?;
    let rows: Vec<EventRecord> = query.fetch_all(&mut *connection).await?;
    connection.done();
    rows.into_iter().map(EventRecord::event).collect()
}

pub(super) async fn add(connection: &mut PgConnection, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
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

async fn add_failure(connection: &mut PgConnection, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
    let merge = sqlx::query(match entry.account {
        Some(_) => merge_failure!("account_id = $7"),
        None => merge_failure!("account_id IS NULL"),
    })
    .bind(entry.at.as_millis())
    .bind(entry.kind.as_str())
    .bind(entry.place)
    .bind(entry.at.minus(MERGE_FAILURES).as_millis())
    .bind(entry.agent)
    .bind(SEVERAL_PLACES);
    let merge = match entry.account {
        Some(account) => merge.bind(account.0),
        None => merge,
    };
    let merged = merge.execute(&mut *connection).await?;
    if merged.rows_affected() == 0 { add(connection, entry).await } else { Ok(()) }
}
