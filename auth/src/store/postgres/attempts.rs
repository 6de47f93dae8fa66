//! The table of tries. Rows are held in the order of their names, so that no two wait for each other.

use super::bounds::looking;
use crate::{
    clock::Timestamp,
    store::{
        StoreError, Tried,
        connections::Connections,
        tries::{Count, right, seen, waiting},
    },
    throttle::{Bucket, FORGET},
};
use sqlx::{PgConnection, Postgres};
use std::{collections::BTreeSet, time::Duration};

/// Takes back a try, as a part of a `WITH`: the names of all buckets, and that of the right one.
macro_rules! take_back {
    ($all:literal, $right:literal) => {
        concat!(
            "held AS MATERIALIZED (
                 SELECT bucket, (failures <= 1 OR bucket IS NOT DISTINCT FROM ",
            $right,
            "::bytea) AS goes FROM attempts WHERE bucket = ANY(",
            $all,
            "::bytea[]) ORDER BY bucket FOR UPDATE),
             gone AS (DELETE FROM attempts USING held WHERE attempts.bucket = held.bucket AND goes),
             less AS (UPDATE attempts SET failures = failures - 1 FROM held
                      WHERE attempts.bucket = held.bucket AND NOT goes)"
        )
    };
}
pub(super) use take_back;

/// What [`take_back`] is given beside the right one's name.
pub(super) fn all(tried: Tried<'_>) -> Vec<Vec<u8>> {
    tried.right.iter().chain(tried.others).map(|bucket| bucket.0.to_vec()).collect()
}

pub(super) async fn take_back_try(pool: &Connections<Postgres>, tried: Tried<'_>) -> Result<(), StoreError> {
    // Whoever signs in without a failure leaves no row behind.
    let mut connection = pool.writing().await?;
    sqlx::query(concat!("WITH ", take_back!("$1", "$2"), " SELECT 1"))
        .bind(all(tried))
        .bind(right(tried))
        .execute(&mut *connection)
        .await?;
    connection.done();
    Ok(())
}

pub(super) async fn count_try(
    pool: &Connections<Postgres>,
    buckets: &[Bucket],
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    // A look without a lock first: a flood of tries that have to wait holds up nobody.
    let counts = looking(|| look(pool, buckets)).await?;
    if let Some(wait) = waiting(&counts, buckets, now)? {
        return Ok(Some(wait));
    }
    // Nobody is told what became of a try before something is committed that waits for the disk, and for this.
    let mut tx = pool.begin_unwaited().await?;
    if count(&mut tx, buckets, &counts, now).await? {
        tx.commit().await?;
        return Ok(None);
    }
    tx.rollback().await?;
    // Somebody else tried meanwhile: once more, in which nobody can come between.
    let mut tx = pool.begin_unwaited().await?;
    let counts = hold(&mut tx, buckets).await?;
    if let Some(wait) = waiting(&counts, buckets, now)? {
        return Ok(Some(wait));
    }
    let counted = count(&mut tx, buckets, &counts, now).await?;
    if !counted {
        return Err(StoreError::Unreadable("a count of tries"));
    }
    tx.commit().await?;
    Ok(None)
}

async fn look(pool: &Connections<Postgres>, buckets: &[Bucket]) -> Result<Vec<Count>, StoreError> {
    let mut connection = pool.reading().await?;
    let counts = sqlx::query_as("SELECT bucket, failures, last_at FROM attempts WHERE bucket = ANY($1)")
        .bind(names(buckets))
        .fetch_all(&mut *connection)
        .await?;
    connection.done();
    Ok(counts)
}

/// Each name once.
fn names(buckets: &[Bucket]) -> Vec<&[u8]> {
    let names: BTreeSet<_> = buckets.iter().map(|bucket| bucket.id.0.as_slice()).collect();
    names.into_iter().collect()
}

/// Holds the rows of buckets until the transaction is over; those that were not there are made.
async fn hold(connection: &mut PgConnection, buckets: &[Bucket]) -> Result<Vec<Count>, sqlx::Error> {
    sqlx::query_as(
        "INSERT INTO attempts (bucket, failures, last_at)
         SELECT bucket, 0, $2::bigint FROM unnest($1::bytea[]) AS bucket ORDER BY bucket
         ON CONFLICT (bucket) DO UPDATE SET failures = attempts.failures
         RETURNING bucket, failures, last_at",
    )
    .bind(names(buckets))
    .bind(i64::MIN)
    .fetch_all(connection)
    .await
}

/// Counts a try in each bucket that is as it was seen. Says whether all of them are.
async fn count(
    connection: &mut PgConnection,
    buckets: &[Bucket],
    counts: &[Count],
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let names = names(buckets);
    let seen = names.iter().map(|name| seen(counts, name));
    let (failures, last): (Vec<_>, Vec<_>) =
        seen.map(|seen| (seen.map(|(failures, _)| failures), seen.map(|(_, last)| last))).unzip();
    let counted = sqlx::query(
        "INSERT INTO attempts (bucket, failures, last_at)
         SELECT bucket, 1, $2 FROM unnest($1::bytea[]) AS bucket ORDER BY bucket
         ON CONFLICT (bucket)
         DO UPDATE SET failures = CASE WHEN attempts.last_at > $3 THEN attempts.failures + 1 ELSE 1 END, last_at = $2
         WHERE (attempts.bucket, attempts.failures, attempts.last_at)
               IN (SELECT * FROM unnest($1::bytea[], $4::bigint[], $5::bigint[]))",
    )
    .bind(&names)
    .bind(now.as_millis())
    .bind(now.minus(FORGET).as_millis())
    .bind(failures)
    .bind(last)
    .execute(connection)
    .await?;
    Ok(counted.rows_affected() == names.len() as u64)
}
