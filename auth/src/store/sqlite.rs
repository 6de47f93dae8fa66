//! SQLite: one file, no service.

mod attempts;
mod events;

use super::{
    BoxError, ChangePassword, Generation, NewSession, OpenError, SessionLimit, SessionRow, StartSession, Started,
    Store, StoreError, SweepBefore, Which,
};
use crate::{
    Account, AccountId, AccountName, AccountState, Reason, SecretHash, SessionId,
    audit::{Event, EventKind, Source},
    clock::Timestamp,
    password::PasswordHash,
    policy::Times,
    throttle::{Bucket, BucketId},
};
use async_trait::async_trait;
use events::Entry;
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use std::{path::PathBuf, time::Duration};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
/// Marks a file as ours (`PRAGMA application_id`): "dayp".
const APPLICATION_ID: i32 = 0x6461_7970;
/// How long a request waits for a connection, and a connection for the write lock, before the
/// store counts as away.
const WAIT: Duration = Duration::from_secs(2);
/// How long one process leaves another that migrates the same file.
const MIGRATION_RETRY: Duration = Duration::from_millis(50);
/// Rows that one sweep deletes at most, so that no sign-in waits for it for long.
const SWEEP_ROWS: i64 = 500;

/// Accounts and sessions in a SQLite file, in WAL mode with every commit synced: a revocation that
/// was acknowledged survives a loss of power.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pool: SqlitePool,
    file: File,
}

/// The file that was opened. A file that is removed or replaced under an open connection goes on
/// answering from where nobody else looks: sessions that are ended elsewhere would live on.
#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    #[cfg(unix)]
    identity: (u64, u64),
}

impl File {
    #[cfg(unix)]
    fn at(path: PathBuf) -> std::io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(&path)?;
        Ok(Self { path, identity: (metadata.dev(), metadata.ino()) })
    }

    #[cfg(not(unix))]
    fn at(path: PathBuf) -> std::io::Result<Self> {
        Ok(Self { path })
    }

    /// Whether it is still there: one system call, a microsecond.
    fn check(&self) -> Result<(), StoreError> {
        let gone = |why: &str| StoreError::Unavailable(format!("{}: {why}", self.path.display()).into());
        let metadata = std::fs::metadata(&self.path).map_err(|error| gone(&error.to_string()))?;
        if metadata.len() == 0 {
            return Err(gone("the file is empty"));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            if (metadata.dev(), metadata.ino()) != self.identity {
                return Err(gone("another file has taken its place; restart to use it"));
            }
        }
        Ok(())
    }
}

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
        let options =
            options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full).foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(WAIT)
            .connect_with(options)
            .await
            .map_err(|e| unusable(e.to_string()))?;
        // The id is set first: a file that is ours and empty is still ours after a crash here.
        sqlx::query("PRAGMA application_id = 1684109680").execute(&pool).await.map_err(|e| unusable(e.to_string()))?;
        migrate(&pool).await.map_err(|e| unusable(e.to_string()))?;
        let file = File::at(path).map_err(|e| unusable(e.to_string()))?;
        Ok(Self { pool, file })
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

    /// Closes the file. Calls that come later find the store away.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The pool itself, for an app that keeps its own tables in the same file.
    #[must_use]
    pub const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// The pool, if the file is still the one that was opened.
    fn live(&self) -> Result<&SqlitePool, StoreError> {
        self.file.check()?;
        Ok(&self.pool)
    }
}

/// Brings the schema up to date.
///
/// SQLite has no lock for migrations: of two processes that open a new file at once, one finds a
/// table made or the file locked, at each of them. A look later shows it that all is done.
async fn migrate(pool: &SqlitePool) -> Result<(), sqlx::migrate::MigrateError> {
    for _ in 0..2 * MIGRATIONS.iter().count() {
        if MIGRATIONS.run(pool).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(MIGRATION_RETRY).await;
    }
    MIGRATIONS.run(pool).await
}

/// Looks at a file that exists before anything is written to it.
async fn inspect(options: &SqliteConnectOptions, path: &str) -> Result<(), OpenError> {
    let not_ours = |why: &str| OpenError::NotOurs { path: path.to_owned(), why: why.to_owned() };
    let explain = |error: sqlx::Error| {
        let code = error.as_database_error().and_then(|e| e.code()?.parse::<i32>().ok());
        // The low byte is the kind of error, what is above it the detail.
        match code.map(|code| code & 0xff) {
            Some(26) => not_ours("it is not a database"),
            Some(11) => OpenError::Corrupt { path: path.to_owned(), why: "it cannot be read".to_owned() },
            _ => OpenError::Unusable { path: path.to_owned(), why: error.to_string() },
        }
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

/// The file that an address names.
fn path_of(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    // Options in the address could switch off what this store promises.
    (!path.is_empty() && !path.contains(['?', '#']) && path != ":memory:").then(|| PathBuf::from(path))
}

/// Password hashes are for nobody else on the machine to read.
#[cfg(unix)]
fn create_private_folder(folder: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private_folder(folder: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

fn create_private_file(path: &std::path::Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(BoxError::from(error))
    }
}

fn account_of(row: &SqliteRow) -> Result<Account, StoreError> {
    Ok(Account {
        id: AccountId(row.try_get("id")?),
        name: name_of(row, "name")?,
        state: state_of(row, "state")?,
        epoch: row.try_get("epoch")?,
        demo: row.try_get("demo")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
    })
}

fn name_of(row: &SqliteRow, column: &str) -> Result<AccountName, StoreError> {
    AccountName::parse(row.try_get(column)?).map_err(|_| StoreError::Unreadable("an account's name"))
}

fn state_of(row: &SqliteRow, column: &str) -> Result<AccountState, StoreError> {
    match row.try_get(column)? {
        "active" => Ok(AccountState::Active),
        "disabled" => Ok(AccountState::Disabled),
        _ => Err(StoreError::Unreadable("an account's state")),
    }
}

fn session_of(row: &SqliteRow) -> Result<SessionRow, StoreError> {
    let ended_at: Option<i64> = row.try_get("ended_at")?;
    let ended = match (ended_at, row.try_get::<Option<&str>, _>("end_reason")?) {
        (None, _) => None,
        (Some(at), reason) => {
            let reason = reason.and_then(Reason::parse).ok_or(StoreError::Unreadable("an end reason"))?;
            Some((Timestamp::from_millis(at), reason))
        }
    };
    Ok(SessionRow {
        id: SessionId::from_text(row.try_get::<String, _>("id")?),
        account: AccountId(row.try_get("account_id")?),
        account_name: name_of(row, "account_name")?,
        account_state: state_of(row, "account_state")?,
        account_epoch: row.try_get("account_epoch")?,
        epoch: row.try_get("epoch")?,
        times: Times {
            authenticated_at: Timestamp::from_millis(row.try_get("authenticated_at")?),
            last_activity: Timestamp::from_millis(row.try_get("last_seen_at")?),
            absolute_deadline: Timestamp::from_millis(row.try_get("absolute_deadline")?),
            remembered: row.try_get("remembered")?,
        },
        signed_in_at: Timestamp::from_millis(
            row.try_get::<Option<i64>, _>("signed_in_at")?.map_or_else(|| row.try_get("authenticated_at"), Ok)?,
        ),
        agent: row.try_get("agent")?,
        place: row.try_get("place")?,
        generation: Generation {
            number: row.try_get("generation")?,
            issued_at: Timestamp::from_millis(
                row.try_get::<Option<i64>, _>("renewed_at")?.map_or_else(|| row.try_get("authenticated_at"), Ok)?,
            ),
            seen_at: row.try_get::<Option<i64>, _>("seen_at")?.map(Timestamp::from_millis),
        },
        ended,
    })
}

macro_rules! events_and_names {
    () => {
        "SELECT e.*, a.name AS account_name FROM events e LEFT JOIN accounts a ON a.id = e.account_id "
    };
}

macro_rules! latest_first {
    () => {
        "ORDER BY e.at DESC, e.id DESC LIMIT ?1"
    };
}

/// The sessions that the next bite of a sweep takes.
macro_rules! swept_rows {
    () => {
        "SELECT secret_hash FROM sessions WHERE ended_at < ?1
         UNION SELECT secret_hash FROM sessions WHERE ended_at IS NULL AND (absolute_deadline < ?2
             OR last_seen_at < (CASE remembered WHEN 1 THEN ?4 ELSE ?3 END))
         LIMIT ?5"
    };
}

/// Ends the sessions that a condition names and that nothing has ended, and writes each down: one
/// pair of statements for each kind of condition, so that each uses its index.
macro_rules! end_where {
    ($condition:literal) => {
        (
            concat!(
                "INSERT INTO events (at, kind, account_id, session_id, reason, agent, place) ",
                "SELECT ?1, 'session_ended', account_id, id, ?2, agent, place FROM sessions ",
                "WHERE ended_at IS NULL AND (?3 IS NULL OR last_seen_at <= ?3) ",
                $condition
            ),
            concat!(
                "UPDATE sessions SET ended_at = ?1, end_reason = ?2 ",
                "WHERE ended_at IS NULL AND (?3 IS NULL OR last_seen_at <= ?3) ",
                $condition
            ),
        )
    };
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM accounts LIMIT 1").fetch_optional(self.live()?).await?;
        Ok(())
    }

    async fn create_account(
        &self,
        name: &AccountName,
        hash: &PasswordHash,
        demo: bool,
        now: Timestamp,
    ) -> Result<Account, StoreError> {
        let row = sqlx::query(
            "INSERT INTO accounts (name, password_hash, state, demo, created_at) VALUES (?, ?, 'active', ?, ?)
             ON CONFLICT (name) DO NOTHING RETURNING *",
        )
        .bind(name.as_str())
        .bind(hash.as_str())
        .bind(demo)
        .bind(now.as_millis())
        .fetch_optional(self.live()?)
        .await?;
        row.as_ref().map_or(Err(StoreError::NameTaken), account_of)
    }

    async fn account(&self, name: &AccountName) -> Result<Option<(Account, PasswordHash)>, StoreError> {
        let row = sqlx::query("SELECT * FROM accounts WHERE name = ?")
            .bind(name.as_str())
            .fetch_optional(self.live()?)
            .await?;
        row.map(|row| Ok((account_of(&row)?, PasswordHash::from_stored(row.try_get("password_hash")?)))).transpose()
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        sqlx::query("SELECT * FROM accounts ORDER BY name")
            .fetch_all(self.live()?)
            .await?
            .iter()
            .map(account_of)
            .collect()
    }

    async fn set_password(&self, account: AccountId, hash: &PasswordHash, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.live()?.begin_with("BEGIN IMMEDIATE").await?;
        let changed = sqlx::query("UPDATE accounts SET password_hash = ?, epoch = epoch + 1, demo = 0 WHERE id = ?")
            .bind(hash.as_str())
            .bind(account.0)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if changed == 1 {
            end_in(&mut tx, &Which::Account(account, None), Reason::PasswordChanged, now, None).await?;
            events::add(&mut tx, &by_operator(now, EventKind::PasswordChanged, account)).await?;
        }
        tx.commit().await?;
        Ok(changed == 1)
    }

    async fn rehash(&self, account: AccountId, old: &PasswordHash, new: &PasswordHash) -> Result<bool, StoreError> {
        let changed = sqlx::query("UPDATE accounts SET password_hash = ? WHERE id = ? AND password_hash = ?")
            .bind(new.as_str())
            .bind(account.0)
            .bind(old.as_str())
            .execute(self.live()?)
            .await?;
        Ok(changed.rows_affected() == 1)
    }

    async fn set_state(&self, account: AccountId, state: AccountState, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.live()?.begin_with("BEGIN IMMEDIATE").await?;
        let changed = sqlx::query("UPDATE accounts SET state = ?, epoch = epoch + (state <> ?) WHERE id = ?")
            .bind(state.as_str())
            .bind(state.as_str())
            .bind(account.0)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if changed == 1 {
            let kind = match state {
                AccountState::Disabled => {
                    end_in(&mut tx, &Which::Account(account, None), Reason::AccountDisabled, now, None).await?;
                    EventKind::AccountDisabled
                }
                AccountState::Active => EventKind::AccountEnabled,
            };
            events::add(&mut tx, &by_operator(now, kind, account)).await?;
        }
        tx.commit().await?;
        Ok(changed == 1)
    }

    async fn delete_account(&self, account: AccountId) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM accounts WHERE id = ?").bind(account.0).execute(self.live()?).await?;
        Ok(deleted.rows_affected() == 1)
    }

    async fn delete_demo_accounts(&self) -> Result<u64, StoreError> {
        Ok(sqlx::query("DELETE FROM accounts WHERE demo = 1").execute(self.live()?).await?.rows_affected())
    }

    async fn start_session(&self, start: StartSession<'_>) -> Result<Option<Started>, StoreError> {
        let StartSession { session, hash, replaces, confirms, limit } = start;
        let now = session.times.authenticated_at;
        let mut tx = self.live()?.begin_with("BEGIN IMMEDIATE").await?;
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
        end_surplus(&mut tx, session, limit).await?;
        let failed_attempts = events::failures(&mut tx, session.account).await?;
        let kind = if confirms { EventKind::PasswordConfirmed } else { EventKind::SignedIn };
        events::add(&mut tx, &of_session(now, kind, session)).await?;
        tx.commit().await?;
        Ok(Some(Started { failed_attempts }))
    }

    async fn change_password(&self, change: ChangePassword<'_>) -> Result<Option<i64>, StoreError> {
        let ChangePassword { old, new, session, replaces, end_others } = change;
        let (account, now) = (session.account, session.times.authenticated_at);
        let mut tx = self.live()?.begin_with("BEGIN IMMEDIATE").await?;
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

    async fn session(&self, secret: &SecretHash) -> Result<Option<SessionRow>, StoreError> {
        let row = sqlx::query(
            "SELECT s.*, a.name AS account_name, a.state AS account_state, a.epoch AS account_epoch
             FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.secret_hash = ?",
        )
        .bind(secret.0.as_slice())
        .fetch_optional(self.live()?)
        .await?;
        row.as_ref().map(session_of).transpose()
    }

    async fn touch(&self, secret: &SecretHash, now: Timestamp) -> Result<Option<u32>, StoreError> {
        // Only a row that is still alive: a sign-out that came first wins.
        let touched = sqlx::query_scalar(
            "UPDATE sessions SET last_seen_at = max(last_seen_at, ?) WHERE secret_hash = ? AND ended_at IS NULL
             RETURNING generation",
        )
        .bind(now.as_millis())
        .bind(secret.0.as_slice())
        .fetch_optional(self.live()?)
        .await?;
        Ok(touched)
    }

    async fn renew(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<Option<u32>, StoreError> {
        let renewed = sqlx::query_scalar(
            "UPDATE sessions SET generation = generation + 1, renewed_at = ?1, seen_at = NULL,
                                 last_seen_at = max(last_seen_at, ?1)
             WHERE secret_hash = ?2 AND ended_at IS NULL AND generation = ?3
             AND (generation = 0 OR seen_at IS NOT NULL) RETURNING generation",
        )
        .bind(now.as_millis())
        .bind(secret.0.as_slice())
        .bind(number)
        .fetch_optional(self.live()?)
        .await?;
        Ok(renewed)
    }

    async fn see(&self, secret: &SecretHash, number: u32, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET seen_at = ? WHERE secret_hash = ? AND generation = ? AND seen_at IS NULL")
            .bind(now.as_millis())
            .bind(secret.0.as_slice())
            .bind(number)
            .execute(self.live()?)
            .await?;
        Ok(())
    }

    async fn end(
        &self,
        which: Which,
        reason: Reason,
        now: Timestamp,
        idle_since: Option<Timestamp>,
    ) -> Result<u64, StoreError> {
        let mut tx = self.live()?.begin_with("BEGIN IMMEDIATE").await?;
        let ended = end_in(&mut tx, &which, reason, now, idle_since).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn sessions(&self, account: Option<AccountId>) -> Result<Vec<SessionRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.*, a.name AS account_name, a.state AS account_state, a.epoch AS account_epoch
             FROM sessions s JOIN accounts a ON a.id = s.account_id
             WHERE s.ended_at IS NULL AND s.epoch = a.epoch AND (?1 IS NULL OR s.account_id = ?1)
             ORDER BY s.last_seen_at DESC, s.id",
        )
        .bind(account.map(|account| account.0))
        .fetch_all(self.live()?)
        .await?;
        rows.iter().map(session_of).collect()
    }

    async fn count_try(&self, buckets: &[Bucket], now: Timestamp) -> Result<Option<Duration>, StoreError> {
        // A look without the lock first: a flood of tries that have to wait keeps nobody from writing.
        let mut connection = self.live()?.acquire().await?;
        if let Some(wait) = attempts::waiting(&mut connection, buckets, now).await? {
            return Ok(Some(wait));
        }
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        let wait = attempts::count(&mut tx, buckets, now).await?;
        tx.commit().await?;
        Ok(wait)
    }

    async fn take_back_try(&self, right: Option<BucketId>, others: &[BucketId]) -> Result<(), StoreError> {
        let mut tx = self.live()?.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(right) = right {
            attempts::forget(&mut tx, right).await?;
        }
        for other in others {
            attempts::take_back(&mut tx, *other).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn record_failure(
        &self,
        account: Option<AccountId>,
        now: Timestamp,
        source: Source<'_>,
    ) -> Result<(), StoreError> {
        let Source { agent, place } = source;
        let mut tx = self.live()?.begin_with("BEGIN IMMEDIATE").await?;
        let entry = Entry { at: now, kind: EventKind::SignInFailed, account, session: None, agent, place };
        events::add_failure(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn events(&self, account: Option<AccountId>, most: u32) -> Result<Vec<Event>, StoreError> {
        // Two statements, so that each uses its index.
        let query = match account {
            Some(account) => sqlx::query(concat!(events_and_names!(), "WHERE e.account_id = ?2 ", latest_first!()))
                .bind(most)
                .bind(account.0),
            None => sqlx::query(concat!(events_and_names!(), latest_first!())).bind(most),
        };
        let rows = query.fetch_all(self.live()?).await?;
        rows.iter().map(events::event_of).collect()
    }

    async fn sweep(&self, before: SweepBefore) -> Result<u64, StoreError> {
        let events = sqlx::query("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < ? LIMIT ?)")
            .bind(before.events.as_millis())
            .bind(SWEEP_ROWS)
            .execute(self.live()?)
            .await?;
        let attempts =
            sqlx::query("DELETE FROM attempts WHERE bucket IN (SELECT bucket FROM attempts WHERE last_at < ? LIMIT ?)")
                .bind(before.attempts.as_millis())
                .bind(SWEEP_ROWS)
                .execute(self.live()?)
                .await?;
        let mut tx = self.live()?.begin_with("BEGIN IMMEDIATE").await?;
        // How long ago a session ended by itself follows from the row: the sweep comes as much later
        // than the deadline as than the idle timeout's end.
        sqlx::query(concat!(
            "INSERT INTO events (at, kind, account_id, session_id, reason, agent, place)
             SELECT min(absolute_deadline, idle_end), 'session_ended', account_id, id,
                    CASE WHEN absolute_deadline <= idle_end THEN 'absolute' ELSE 'idle' END, agent, place
             FROM (SELECT *, last_seen_at + ?2 - (CASE remembered WHEN 1 THEN ?4 ELSE ?3 END) AS idle_end
                   FROM sessions WHERE ended_at IS NULL AND secret_hash IN (",
            swept_rows!(),
            "))"
        ))
        .bind(before.ended.as_millis())
        .bind(before.deadline.as_millis())
        .bind(before.ordinary_last_seen.as_millis())
        .bind(before.remembered_last_seen.as_millis())
        .bind(SWEEP_ROWS)
        .execute(&mut *tx)
        .await?;
        let swept = sqlx::query(concat!("DELETE FROM sessions WHERE secret_hash IN (", swept_rows!(), ")"))
            .bind(before.ended.as_millis())
            .bind(before.deadline.as_millis())
            .bind(before.ordinary_last_seen.as_millis())
            .bind(before.remembered_last_seen.as_millis())
            .bind(SWEEP_ROWS)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(events.rows_affected() + attempts.rows_affected() + swept.rows_affected())
    }
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

/// Ends what the account has too many of, the longest unused first; never the one that was just started.
async fn end_surplus(
    connection: &mut SqliteConnection,
    new: &NewSession,
    limit: SessionLimit,
) -> Result<(), StoreError> {
    let now = new.times.authenticated_at;
    let surplus = sqlx::query(
        "SELECT id FROM sessions WHERE account_id = ?1 AND ended_at IS NULL AND secret_hash <> ?2
         AND absolute_deadline > ?3 AND last_seen_at > (CASE remembered WHEN 1 THEN ?5 ELSE ?4 END)
         ORDER BY last_seen_at DESC, id LIMIT -1 OFFSET ?6",
    )
    .bind(new.account.0)
    .bind(new.secret_hash.0.as_slice())
    .bind(now.as_millis())
    .bind(limit.ordinary_since.as_millis())
    .bind(limit.remembered_since.as_millis())
    .bind(limit.most.saturating_sub(1))
    .fetch_all(&mut *connection)
    .await?;
    for row in surplus {
        let id = SessionId::from_text(row.try_get::<String, _>("id")?);
        end_in(connection, &Which::Id(id), Reason::SessionLimit, now, None).await?;
    }
    Ok(())
}

fn of_session<'a>(at: Timestamp, kind: EventKind, session: &'a NewSession) -> Entry<'a> {
    let NewSession { account, id, agent, place, .. } = session;
    Entry { at, kind, account: Some(*account), session: Some(id), agent, place }
}

const fn by_operator(at: Timestamp, kind: EventKind, account: AccountId) -> Entry<'static> {
    Entry { at, kind, account: Some(account), session: None, agent: "", place: "" }
}

async fn end_in(
    connection: &mut SqliteConnection,
    which: &Which,
    reason: Reason,
    now: Timestamp,
    idle_since: Option<Timestamp>,
) -> Result<u64, sqlx::Error> {
    let (write_down, end) = match which {
        Which::Secret(_) => end_where!("AND secret_hash = ?4"),
        Which::Successors(_) => end_where!(
            "AND secret_hash IN (
                WITH RECURSIVE later (hash) AS (
                    SELECT successor FROM sessions WHERE secret_hash = ?4
                    UNION SELECT s.successor FROM sessions s JOIN later ON s.secret_hash = later.hash)
                SELECT hash FROM later WHERE hash IS NOT NULL)"
        ),
        Which::Id(_) => end_where!("AND id = ?4"),
        Which::Own(..) => end_where!("AND id = ?4 AND account_id = ?5"),
        Which::Account(..) => end_where!("AND account_id = ?4 AND (?5 IS NULL OR secret_hash <> ?5)"),
        Which::All => end_where!(""),
    };
    let mut ended = 0;
    for statement in [write_down, end] {
        let query = sqlx::query(statement);
        let query = query.bind(now.as_millis()).bind(reason.as_str()).bind(idle_since.map(Timestamp::as_millis));
        let query = match which {
            Which::Secret(secret) | Which::Successors(secret) => query.bind(secret.0.as_slice()),
            Which::Id(id) => query.bind(id.as_str()),
            Which::Own(account, id) => query.bind(id.as_str()).bind(account.0),
            Which::Account(account, except) => {
                query.bind(account.0).bind(except.as_ref().map(|secret| secret.0.as_slice()))
            }
            Which::All => query,
        };
        ended = query.execute(&mut *connection).await?.rows_affected();
    }
    // A sign-in that is still hashing belongs to what is being ended: its session would start in
    // an epoch that is over.
    match which {
        Which::Account(account, None) if !matches!(reason, Reason::PasswordChanged | Reason::AccountDisabled) => {
            sqlx::query("UPDATE accounts SET epoch = epoch + 1 WHERE id = ?")
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

mod names;
#[cfg(test)]
mod tests;
