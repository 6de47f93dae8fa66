//! The table of tries.

use crate::{
    clock::Timestamp,
    store::{StoreError, Tried},
    throttle::{Bucket, BucketId, FORGET},
};
use sqlx::{Row, SqliteConnection, SqlitePool};
use std::time::Duration;

pub(super) async fn count_try(
    readers: &SqlitePool,
    writer: &SqlitePool,
    buckets: &[Bucket],
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    // A look without the lock first: a flood of tries that have to wait keeps nobody from writing.
    if let Some(wait) = waiting(&mut *readers.acquire().await?, buckets, now).await? {
        return Ok(Some(wait));
    }
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let wait = count(&mut tx, buckets, now).await?;
    tx.commit().await?;
    Ok(wait)
}

pub(super) async fn take_back_try(pool: &SqlitePool, tried: Tried<'_>) -> Result<(), StoreError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    take_back_in(&mut tx, tried).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes back a try, as part of a transaction.
pub(super) async fn take_back_in(connection: &mut SqliteConnection, tried: Tried<'_>) -> Result<(), sqlx::Error> {
    if let Some(right) = tried.right {
        forget(connection, right).await?;
    }
    for other in tried.others {
        take_back(connection, *other).await?;
    }
    Ok(())
}

/// How long a try that comes now has to wait, if it has to.
async fn waiting(
    connection: &mut SqliteConnection,
    buckets: &[Bucket],
    now: Timestamp,
) -> Result<Option<Duration>, sqlx::Error> {
    let mut longest = Duration::ZERO;
    for bucket in buckets {
        let row = sqlx::query("SELECT failures, last_at FROM attempts WHERE bucket = ? AND last_at > ?")
            .bind(bucket.id.0.as_slice())
            .bind(now.minus(FORGET).as_millis())
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(row) = row {
            let last = Timestamp::from_millis(row.try_get("last_at")?);
            longest = longest.max(bucket.limit.left(row.try_get("failures")?, last, now));
        }
    }
    Ok((longest > Duration::ZERO).then_some(longest))
}

/// Counts a try in each bucket, if none of them has to wait; else in none, and how long.
async fn count(
    connection: &mut SqliteConnection,
    buckets: &[Bucket],
    now: Timestamp,
) -> Result<Option<Duration>, sqlx::Error> {
    let wait = waiting(connection, buckets, now).await?;
    if wait.is_some() {
        return Ok(wait);
    }
    for bucket in buckets {
        sqlx::query(
            "INSERT INTO attempts (bucket, failures, last_at) VALUES (?1, 1, ?2) ON CONFLICT (bucket)
             DO UPDATE SET failures = CASE WHEN last_at > ?3 THEN failures + 1 ELSE 1 END, last_at = ?2",
        )
        .bind(bucket.id.0.as_slice())
        .bind(now.as_millis())
        .bind(now.minus(FORGET).as_millis())
        .execute(&mut *connection)
        .await?;
    }
    Ok(None)
}

async fn forget(connection: &mut SqliteConnection, bucket: BucketId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM attempts WHERE bucket = ?").bind(bucket.0.as_slice()).execute(connection).await?;
    Ok(())
}

async fn take_back(connection: &mut SqliteConnection, bucket: BucketId) -> Result<(), sqlx::Error> {
    // Whoever signs in without a failure leaves no row behind.
    sqlx::query("DELETE FROM attempts WHERE bucket = ? AND failures <= 1")
        .bind(bucket.0.as_slice())
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE attempts SET failures = failures - 1 WHERE bucket = ?")
        .bind(bucket.0.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}
