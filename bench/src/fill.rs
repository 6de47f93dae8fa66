//! Databases that are full: accounts, the sessions that were minted, and as many others as there shall be.

use crate::{Outcome, mint::Minted, postgres::Postgres, serve::account_name};
use daypass_auth::{
    clock::{Clock, SystemClock},
    store,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{path::Path, time::Duration};

/// Where the sessions come from that cookies exist for; the others come from elsewhere.
const MINTED: &str = "192.0.2.1";
const OTHERS: &str = "192.0.2.2";
/// How far in the future the last activity may be: two clocks never agree. A session that was used then
/// does not slide before it is half a minute ago.
const SOON: i64 = 100 * 1000;
/// How far in the future those that were minted are said to be from: longer than a run takes, so that none comes of age
/// unless that is what is measured.
const NOT_YET: i64 = 3 * 3600 * 1000;

/// What a database holds.
pub(crate) struct Filling<'a> {
    /// Sessions that there are cookies for.
    pub(crate) minted: &'a [Minted],
    /// How many sessions there are with them.
    pub(crate) sessions: usize,
    /// How many accounts there are, all with this password.
    pub(crate) accounts: usize,
    /// The hash of the password.
    pub(crate) hash: &'a str,
}

fn now() -> i64 {
    SystemClock.now().as_millis()
}

/// Fills a file that does not exist yet.
pub(crate) async fn sqlite(path: &Path, filling: &Filling<'_>) -> Outcome<()> {
    store::open(&format!("sqlite://{}", path.display())).await?.close().await;
    let mut file = connect(path).await?;
    let mut filled = file.begin().await?;
    for number in 0..filling.accounts {
        sqlx::query("INSERT INTO accounts (id, name, password_hash, state, created_at) VALUES (?, ?, ?, 'active', 0)")
            .bind(i64::try_from(number)? + 1)
            .bind(account_name(number))
            .bind(filling.hash)
            .execute(&mut *filled)
            .await?;
    }
    for Minted { row, .. } in filling.minted {
        let started = row.times.authenticated_at.as_millis();
        sqlx::query(
            "INSERT INTO sessions (secret_hash, id, account_id, epoch, authenticated_at, last_seen_at, absolute_deadline,
                                   remembered, agent, place, signed_in_at, renewed_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.secret_hash.0.as_slice())
        .bind(row.id.as_str())
        .bind(row.account.0)
        .bind(row.epoch)
        .bind(started)
        .bind(row.times.last_activity.as_millis())
        .bind(row.times.absolute_deadline.as_millis())
        .bind(row.times.remembered)
        .bind(&row.agent)
        .bind(MINTED)
        .bind(row.signed_in_at.as_millis())
        .bind(started + NOT_YET)
        .execute(&mut *filled)
        .await?;
    }
    sqlx::query(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
         INSERT INTO sessions (secret_hash, id, account_id, epoch, authenticated_at, last_seen_at, absolute_deadline,
                               remembered, agent, place, signed_in_at, renewed_at)
         SELECT randomblob(32), printf('f%015d', n), 1 + n % ?2, 0, ?3, ?3, ?3 + 2592000000, 1,
                'Mozilla/5.0 (X11; Linux x86_64)', ?4, ?3, ?3
         FROM numbers WHERE ?1 > 0",
    )
    .bind(i64::try_from(filling.sessions.saturating_sub(filling.minted.len()))?)
    .bind(i64::try_from(filling.accounts)?)
    .bind(now())
    .bind(OTHERS)
    .execute(&mut *filled)
    .await?;
    filled.commit().await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut file).await?;
    file.close().await?;
    Ok(())
}

/// Fills a database that exists and is empty.
pub(crate) async fn postgres(server: &Postgres, database: &str, filling: &Filling<'_>) -> Outcome<()> {
    store::open(&server.url(database)).await?.close().await;
    let mut connection = server.connect(database).await?;
    sqlx::query(
        "INSERT INTO accounts (id, name, password_hash, state, created_at)
         SELECT n, 'user' || lpad((n - 1)::text, 6, '0'), $1, 'active', 0 FROM generate_series(1, $2) AS n",
    )
    .bind(filling.hash)
    .bind(i64::try_from(filling.accounts)?)
    .execute(&mut connection)
    .await?;
    for minted in filling.minted.chunks(10_000) {
        let rows = || minted.iter().map(|minted| &minted.row);
        let started = |row: &store::NewSession| row.times.authenticated_at.as_millis();
        sqlx::query(
            "INSERT INTO sessions (secret_hash, id, account_id, epoch, authenticated_at, last_seen_at,
                                   absolute_deadline, remembered, agent, place, signed_in_at, renewed_at)
             SELECT hash, id, account, epoch, started, started, deadline, remembered, agent, $9, started, started + $10
             FROM unnest($1::bytea[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                         $7::boolean[], $8::text[])
                  AS of (hash, id, account, epoch, started, deadline, remembered, agent)",
        )
        .bind(rows().map(|row| row.secret_hash.0.to_vec()).collect::<Vec<_>>())
        .bind(rows().map(|row| row.id.to_string()).collect::<Vec<_>>())
        .bind(rows().map(|row| row.account.0).collect::<Vec<_>>())
        .bind(rows().map(|row| row.epoch).collect::<Vec<_>>())
        .bind(rows().map(started).collect::<Vec<_>>())
        .bind(rows().map(|row| row.times.absolute_deadline.as_millis()).collect::<Vec<_>>())
        .bind(rows().map(|row| row.times.remembered).collect::<Vec<_>>())
        .bind(rows().map(|row| row.agent.clone()).collect::<Vec<_>>())
        .bind(MINTED)
        .bind(NOT_YET)
        .execute(&mut connection)
        .await?;
    }
    sqlx::query(
        "INSERT INTO sessions (secret_hash, id, account_id, epoch, authenticated_at, last_seen_at, absolute_deadline,
                               remembered, agent, place, signed_in_at, renewed_at)
         SELECT sha256(convert_to('other' || n, 'UTF8')), 'f' || lpad(n::text, 15, '0'), 1 + n % $2, 0, $3, $3,
                $3 + 2592000000, true, 'Mozilla/5.0 (X11; Linux x86_64)', $4, $3, $3
         FROM generate_series(1, $1) AS n",
    )
    .bind(i64::try_from(filling.sessions.saturating_sub(filling.minted.len()))?)
    .bind(i64::try_from(filling.accounts)?)
    .bind(now())
    .bind(OTHERS)
    .execute(&mut connection)
    .await?;
    // What autovacuum does sooner or later, so that it does not begin in the middle of a measurement.
    sqlx::query("VACUUM ANALYZE").execute(&mut connection).await?;
    sqlx::query("CHECKPOINT").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// What the times of the minted sessions are set to.
#[derive(Clone, Copy)]
pub(crate) enum Times {
    /// They are as just used, so that a check of one writes nothing for two minutes.
    JustUsed,
    /// Their cookies are of all ages, as there are when people come and go; evenly, in each part of them.
    OfAllAges,
}

impl Times {
    /// For both databases: `$1` is [`Times::moment`], `$2` says which are the minted ones.
    const fn statement(self) -> &'static str {
        match self {
            Self::JustUsed => "UPDATE sessions SET last_seen_at = $1 WHERE place = $2",
            // A cookie is renewed after a quarter of an hour.
            Self::OfAllAges => "UPDATE sessions SET renewed_at = $1 - account_id * 556231 % 900000 WHERE place = $2",
        }
    }

    fn moment(self) -> i64 {
        match self {
            Self::JustUsed => now() + SOON,
            Self::OfAllAges => now(),
        }
    }
}

pub(crate) async fn set_times_in_sqlite(path: &Path, times: Times) -> Outcome<()> {
    let mut file = connect(path).await?;
    sqlx::query(times.statement()).bind(times.moment()).bind(MINTED).execute(&mut file).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut file).await?;
    file.close().await?;
    Ok(())
}

pub(crate) async fn set_times_in_postgres(server: &Postgres, database: &str, times: Times) -> Outcome<()> {
    let mut connection = server.connect(database).await?;
    sqlx::query(times.statement()).bind(times.moment()).bind(MINTED).execute(&mut connection).await?;
    sqlx::query("VACUUM ANALYZE sessions").execute(&mut connection).await?;
    sqlx::query("CHECKPOINT").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn connect(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(10)).connect().await
}
