//! Opening: looked at before anything is written, and brought up to date.

use super::{
    SqliteStore, WAIT,
    file::{File, create_private_file, create_private_folder, path_of},
};
use crate::store::{OpenError, StoreError, connections::Connections};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::time::{Duration, Instant};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
/// Marks a file as ours (`PRAGMA application_id`): "dayp".
pub(super) const APPLICATION_ID: i32 = 0x6461_7970;
/// What a connection keeps of the file, at most, as `PRAGMA cache_size` takes it: 16 MiB. With a million sessions
/// in the file, a thousand that are in use are on about so many pages.
const CACHE: &str = "-16384";
/// Connections that read.
const READERS: u32 = 4;
/// How long one process leaves another that sets up the same file, and for how long it tries again.
const SET_UP_AGAIN: Duration = Duration::from_millis(50);
const SET_UP_WITHIN: Duration = Duration::from_secs(3);

impl SqliteStore {
    /// Opens the database at an address like `sqlite://data/daypass.db`, making it if there is no
    /// file, and brings its schema up to date.
    ///
    /// # Errors
    /// When the address is none, or the file is not ours, damaged, newer than this version or not
    /// usable. Then nothing in it was changed.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let path = path_of(url).ok_or_else(|| OpenError::Address(url.to_owned()))?;
        let shown = path.display().to_string();
        let unusable = |why: String| OpenError::Unusable { path: shown.clone(), why };
        let options = SqliteConnectOptions::new().filename(&path).busy_timeout(WAIT).disable_statement_logging();
        if path.exists() {
            inspect(&options, &shown).await?;
        } else if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            create_private_folder(folder).map_err(|e| unusable(e.to_string()))?;
        }
        create_private_file(&path).map_err(|e| unusable(e.to_string()))?;
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("cache_size", CACHE);
        let first = set_up(&options).await.map_err(|e| unusable(e.to_string()))?;
        let [readers, writer] = [READERS, 1].map(|number| Connections::new(options.clone(), number));
        let (readers, writer) =
            (readers.map_err(|e| unusable(e.to_string()))?, writer.map_err(|e| unusable(e.to_string()))?);
        for connections in [&readers, &writer] {
            connections.make_all().await.map_err(|e| unusable(why(e)))?;
        }
        first.close().await;
        let file = File::at(path).map_err(|e| unusable(e.to_string()))?;
        let pool = SqlitePoolOptions::new().max_connections(READERS).acquire_timeout(WAIT).connect_lazy_with(options);
        Ok(Self { readers, writer, pool, file })
    }

    /// Looks whether the database at an address could be opened. Makes and changes nothing; that
    /// there is no file yet is fine.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn examine(url: &str) -> Result<(), OpenError> {
        let path = path_of(url).ok_or_else(|| OpenError::Address(url.to_owned()))?;
        if !path.exists() {
            return Ok(());
        }
        let options = SqliteConnectOptions::new().filename(&path).busy_timeout(WAIT).disable_statement_logging();
        inspect(&options, &path.display().to_string()).await
    }
}

/// Connects, and brings the schema up to date, before the connections are made that stay: none of them has to
/// learn of it.
///
/// SQLite has no lock for that, nor does it wait for one while it changes how the file is written: of two
/// processes that open a new file at once, either finds it locked, or a table made. A look later shows it
/// that all is done.
async fn set_up(options: &SqliteConnectOptions) -> Result<SqlitePool, MigrateError> {
    let over = Instant::now() + SET_UP_WITHIN;
    loop {
        match try_set_up(options).await {
            Err(MigrateError::Execute(error)) if !is_passing(&error) => return Err(error.into()),
            Err(_) if Instant::now() < over => tokio::time::sleep(SET_UP_AGAIN).await,
            done => return done,
        }
    }
}

async fn try_set_up(options: &SqliteConnectOptions) -> Result<SqlitePool, MigrateError> {
    let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(WAIT).connect_with(options.clone()).await?;
    // The id is set first: a file that is ours and empty is still ours after a crash here.
    sqlx::query("PRAGMA application_id = 1684109680").execute(&pool).await?;
    MIGRATIONS.run(&pool).await?;
    Ok(pool)
}

/// Whether it can come of what another process does at the moment: `SQLITE_ERROR` (a table is there already),
/// `SQLITE_BUSY`, `SQLITE_LOCKED`, `SQLITE_CONSTRAINT`.
fn is_passing(error: &sqlx::Error) -> bool {
    matches!(kind(error), Some(1 | 5 | 6 | 19)) || matches!(error, sqlx::Error::PoolTimedOut)
}

/// What SQLite says went wrong: the low byte of its code is the kind of error, what is above it the detail.
fn kind(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// What went wrong, in the words of who says so.
fn why(error: StoreError) -> String {
    match error {
        StoreError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

/// Looks at a file that exists before anything is written to it.
pub(super) async fn inspect(options: &SqliteConnectOptions, path: &str) -> Result<(), OpenError> {
    let not_ours = |why: &str| OpenError::NotOurs { path: path.to_owned(), why: why.to_owned() };
    let explain = |error: sqlx::Error| match kind(&error) {
        Some(26) => not_ours("it is not a database"),
        Some(11) => OpenError::Corrupt { path: path.to_owned(), why: "it cannot be read".to_owned() },
        _ => OpenError::Unusable { path: path.to_owned(), why: error.to_string() },
    };
    let mut connection = options.clone().connect().await.map_err(explain)?;
    let result = inspect_open(&mut connection).await;
    let _closed = connection.close().await;
    match result.map_err(explain)? {
        Found::Ours => Ok(()),
        Found::Damaged(why) => Err(OpenError::Corrupt { path: path.to_owned(), why }),
        Found::Other => Err(not_ours("it has tables of another program")),
        Found::Newer(found) => {
            let known = newest_migration();
            Err(OpenError::Newer { path: path.to_owned(), found, known })
        }
    }
}

enum Found {
    Ours,
    Damaged(String),
    Other,
    Newer(i64),
}

async fn inspect_open(connection: &mut SqliteConnection) -> Result<Found, sqlx::Error> {
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    let application: i32 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    if application != APPLICATION_ID && (tables > 0 || application != 0) {
        return Ok(Found::Other);
    }
    let check: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *connection).await?;
    if check != "ok" {
        return Ok(Found::Damaged(check.lines().next().unwrap_or_default().to_owned()));
    }
    if tables == 0 {
        return Ok(Found::Ours);
    }
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_optional(&mut *connection)
        .await?
        .flatten();
    Ok(match newest {
        Some(found) if found > newest_migration() => Found::Newer(found),
        _ => Found::Ours,
    })
}

fn newest_migration() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}
