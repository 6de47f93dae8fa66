//! The table of tries. Rows are held in the order of their names, so that no two wait for each other.

use crate::{
    clock::Timestamp,
    store::{StoreError, Tried},
    throttle::{Bucket, FORGET},
};
use sqlx::{PgConnection, PgPool};
use std::{collections::BTreeMap, time::Duration};

/// Failures and the time of the last, of each bucket that has a row.
type Counts = Vec<(Vec<u8>, i64, i64)>;

pub(super) async fn count_try(
    pool: &PgPool,
    buckets: &[Bucket],
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let names: Vec<&[u8]> = buckets.iter().map(|bucket| bucket.id.0.as_slice()).collect();
    // A look without a lock first: a flood of tries that have to wait holds up nobody.
    let counts: Counts = sqlx::query_as("SELECT bucket, failures, last_at FROM attempts WHERE bucket = ANY($1)")
        .bind(&names)
        .fetch_all(pool)
        .await?;
    if let Some(wait) = waiting(&counts, buckets, now)? {
        return Ok(Some(wait));
    }
    let mut tx = pool.begin().await?;
    // Made if it was not there, and held in any case.
    let counts: Counts = sqlx::query_as(
        "INSERT INTO attempts (bucket, failures, last_at)
         SELECT DISTINCT bucket, 0, $2::bigint FROM unnest($1::bytea[]) AS bucket ORDER BY bucket
         ON CONFLICT (bucket) DO UPDATE SET failures = attempts.failures
         RETURNING bucket, failures, last_at",
    )
    .bind(&names)
    .bind(i64::MIN)
    .fetch_all(&mut *tx)
    .await?;
    if let Some(wait) = waiting(&counts, buckets, now)? {
        return Ok(Some(wait));
    }
    sqlx::query(
        "UPDATE attempts SET failures = CASE WHEN last_at > $3 THEN failures + 1 ELSE 1 END, last_at = $2
         WHERE bucket = ANY($1)",
    )
    .bind(&names)
    .bind(now.as_millis())
    .bind(now.minus(FORGET).as_millis())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(None)
}

/// How long a try that comes now has to wait, if it has to.
fn waiting(counts: &Counts, buckets: &[Bucket], now: Timestamp) -> Result<Option<Duration>, StoreError> {
    let mut longest = Duration::ZERO;
    for (name, failures, last) in counts {
        let failures = u32::try_from(*failures).map_err(|_| StoreError::Unreadable("a count of tries"))?;
        let last = Timestamp::from_millis(*last);
        if last > now.minus(FORGET) {
            let same = buckets.iter().filter(|bucket| bucket.id.0.as_slice() == name.as_slice());
            longest = same.fold(longest, |longest, bucket| longest.max(bucket.limit.left(failures, last, now)));
        }
    }
    Ok((longest > Duration::ZERO).then_some(longest))
}

pub(super) async fn take_back_try(pool: &PgPool, tried: Tried<'_>) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    take_back_in(&mut tx, tried).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes back a try, as part of a transaction.
pub(super) async fn take_back_in(connection: &mut PgConnection, tried: Tried<'_>) -> Result<(), sqlx::Error> {
    let mut in_order: BTreeMap<&[u8], bool> = tried.others.iter().map(|other| (other.0.as_slice(), false)).collect();
    in_order.extend(tried.right.as_ref().map(|right| (right.0.as_slice(), true)));
    for (bucket, is_right) in in_order {
        // Whoever signs in without a failure leaves no row behind.
        sqlx::query("DELETE FROM attempts WHERE bucket = $1 AND ($2 OR failures <= 1)")
            .bind(bucket)
            .bind(is_right)
            .execute(&mut *connection)
            .await?;
        sqlx::query("UPDATE attempts SET failures = failures - 1 WHERE bucket = $1")
            .bind(bucket)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
