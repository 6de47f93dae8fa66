//! The table of tries.

use super::hex::{hex, names};
use crate::{
    clock::Timestamp,
    store::{
        StoreError, Tried,
        connections::Connections,
        tries::{Count, right, seen, waiting},
    },
    throttle::{Bucket, FORGET},
};
use serde_json::json;
use sqlx::{Sqlite, SqliteConnection};
use std::time::Duration;

/// Takes back a try, as part of a transaction: the name of the right bucket, and those of the others as JSON.
/// Whoever signs in without a failure leaves no row behind.
macro_rules! take_back {
    ($right:literal, $others:literal) => {
        concat!(
            "DELETE FROM attempts WHERE bucket = ",
            $right,
            "; DELETE FROM attempts WHERE bucket IN (SELECT unhex(value) FROM json_each(",
            $others,
            ")) AND failures <= 1; UPDATE attempts SET failures = failures - 1
               WHERE bucket IN (SELECT unhex(value) FROM json_each(",
            $others,
            "));"
        )
    };
}
pub(super) use take_back;

pub(super) async fn count_try(
    readers: &Connections<Sqlite>,
    writer: &Connections<Sqlite>,
    buckets: &[Bucket],
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    // A look without the lock first: a flood of tries that have to wait keeps nobody from writing.
    let mut connection = readers.reading().await?;
    let counts = look(&mut connection, buckets).await?;
    connection.done();
    if let Some(wait) = waiting(&counts, buckets, now)? {
        return Ok(Some(wait));
    }
    let mut connection = writer.writing().await?;
    let counted = count(&mut connection, buckets, &counts, now).await?;
    connection.done();
    if counted {
        return Ok(None);
    }
    // Somebody else tried meanwhile: once more, in which nobody can come between.
    let mut tx = writer.begin().await?;
    let counts = look(&mut tx, buckets).await?;
    let wait = waiting(&counts, buckets, now)?;
    if wait.is_none() && !count(&mut tx, buckets, &counts, now).await? {
        return Err(StoreError::Unreadable("a count of tries"));
    }
    tx.commit().await?;
    Ok(wait)
}

pub(super) async fn take_back_try(pool: &Connections<Sqlite>, tried: Tried<'_>) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    sqlx::query(take_back!("$1", "$2")).bind(right(tried)).bind(others(tried)).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// What [`take_back`] is given beside the right one's name.
pub(super) fn others(tried: Tried<'_>) -> String {
    names(tried.others.iter().map(|bucket| &bucket.0))
}

async fn look(connection: &mut SqliteConnection, buckets: &[Bucket]) -> Result<Vec<Count>, sqlx::Error> {
    sqlx::query_as(
        "SELECT bucket, failures, last_at FROM attempts WHERE bucket IN (SELECT unhex(value) FROM json_each(?))",
    )
    .bind(names(buckets.iter().map(|bucket| &bucket.id.0)))
    .fetch_all(connection)
    .await
}

/// Counts a try in each bucket, if all of them are as they were seen; else in none.
async fn count(
    connection: &mut SqliteConnection,
    buckets: &[Bucket],
    counts: &[Count],
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let given = buckets.iter().map(|bucket| match seen(counts, &bucket.id.0) {
        Some((failures, last)) => json!([hex(&bucket.id.0), failures, last]),
        None => json!([hex(&bucket.id.0)]),
    });
    let counted = sqlx::query(
        "INSERT INTO attempts (bucket, failures, last_at) SELECT unhex(value ->> 0), 1, ?2 FROM json_each(?1)
         WHERE NOT EXISTS (
             SELECT 1 FROM json_each(?1) AS seen LEFT JOIN attempts ON bucket = unhex(seen.value ->> 0)
             WHERE failures IS NOT seen.value ->> 1 OR last_at IS NOT seen.value ->> 2)
         ON CONFLICT (bucket)
         DO UPDATE SET failures = CASE WHEN last_at > ?3 THEN failures + 1 ELSE 1 END, last_at = ?2",
    )
    .bind(json!(given.collect::<Vec<_>>()).to_string())
    .bind(now.as_millis())
    .bind(now.minus(FORGET).as_millis())
    .execute(connection)
    .await?;
    Ok(counted.rows_affected() > 0)
}
