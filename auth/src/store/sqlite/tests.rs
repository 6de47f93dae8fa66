use super::{open::APPLICATION_ID, sweep::dead_sessions, *};
use crate::store::{
    OpenError, conformance,
    rows::{alive_sessions, session_columns},
};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::{fs, path::Path};
use tempfile::TempDir;

async fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(&format!("sqlite://{}", path.display())).await
}

#[tokio::test]
async fn it_passes_the_suite() {
    let folder = TempDir::new().unwrap();
    let next = std::sync::atomic::AtomicUsize::new(0);
    conformance::check(|| {
        let n = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let path = folder.path().join(format!("{n}.db"));
        async move { open(&path).await.unwrap() }
    })
    .await;
}

#[tokio::test]
async fn commits_are_synced_and_the_file_is_private() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("deep/er/daypass.db");
    let store = open(&path).await.unwrap();
    let mut writer = store.writer.writing().await.unwrap();
    let synchronous: i32 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *writer).await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *writer).await.unwrap();
    let id: i32 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *writer).await.unwrap();
    drop(writer);
    assert_eq!((synchronous, journal.as_str(), id), (2, "wal", APPLICATION_ID));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }
    store.close().await;
    open(&path).await.unwrap();
}

/// SQLite says so only when the statement is over, after what it returns.
#[tokio::test]
async fn what_could_not_be_committed_is_not_acknowledged() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder.path().join("daypass.db")).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE nobody (account INTEGER REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TRIGGER made AFTER INSERT ON accounts BEGIN INSERT INTO nobody VALUES (-1); END;
         CREATE TRIGGER used AFTER UPDATE ON sessions BEGIN INSERT INTO nobody VALUES (-1); END",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let (hash, now) = (PasswordHash::from_stored("hash".to_owned()), Timestamp::from_millis(1_700_000_000_000));
    let made = store.create_account(&AccountName::parse("alice").unwrap(), &hash, false, now).await;
    assert!(matches!(made, Err(StoreError::Unavailable(_))), "{made:?}");
    sqlx::raw_sql(
        "DROP TRIGGER made;
         INSERT INTO accounts (id, name, password_hash, state, demo, created_at) VALUES (1, 'bob', '', 'active', 0, 0);
         INSERT INTO sessions (secret_hash, id, account_id, epoch, authenticated_at, last_seen_at, absolute_deadline,
                               remembered, signed_in_at, agent, place)
         VALUES (zeroblob(32), 'id', 1, 0, 0, 0, 9000000000000, 0, 0, '', '')",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let secret = SecretHash([0; 32]);
    assert!(matches!(store.touch(&secret, now, true).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.renew(&secret, 0, now).await, Err(StoreError::Unavailable(_))));
    let row = store.session(&secret).await.unwrap().unwrap();
    assert_eq!((row.times.last_activity.as_millis(), row.generation.number), (0, 0));
}

/// Whoever holds the lock, a backup or another process, holds up writers alone, and they come in turn.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_write_keeps_nobody_from_reading() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daypass.db");
    let store = open(&path).await.unwrap();
    let hash = PasswordHash::from_stored("hash".to_owned());
    let now = Timestamp::from_millis(1_700_000_000_000);
    let account = store.create_account(&AccountName::parse("alice").unwrap(), &hash, false, now).await.unwrap();

    let mut other = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (store, hash) = (store.clone(), hash.clone());
            tokio::spawn(async move { store.set_password(account.id, &hash, now).await })
        })
        .collect();
    crate::testing::until("one of them waits for the lock", || async { store.writer.idle() == 0 }).await;
    for _ in 0..20 {
        assert_eq!(store.accounts().await.unwrap().len(), 1);
    }
    assert!(writers.iter().all(|writer| !writer.is_finished()), "reading had to wait for those who write");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    for writer in writers {
        assert!(writer.await.unwrap().unwrap());
    }
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_refused_and_left_as_it_was() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);

    fs::write(path("text"), "these are my notes, and no database at all. ".repeat(200)).unwrap();
    let other = path("other");
    let mut connection = SqliteConnectOptions::new().filename(&other).create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let newer = path("newer");
    let store = open(&newer).await.unwrap();
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)")
        .execute(store.pool())
        .await
        .unwrap();
    store.close().await;
    let damaged = path("damaged");
    open(&damaged).await.unwrap().close().await;
    let mut bytes = fs::read(&damaged).unwrap();
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..page + 4096].fill(0xff);
    fs::write(&damaged, &bytes).unwrap();

    // Cut short, as by a disk that was full.
    let whole = path("whole");
    open(&whole).await.unwrap().close().await;
    let bytes = fs::read(&whole).unwrap();
    fs::write(path("cut"), &bytes[..bytes.len() / 2 + 100]).unwrap();

    for name in ["text", "other", "newer", "damaged", "cut"] {
        let before = fs::read(path(name)).unwrap();
        let error = open(&path(name)).await.expect_err(name);
        let right = match name {
            "text" | "other" => matches!(error, OpenError::NotOurs { .. }),
            "newer" => matches!(error, OpenError::Newer { found: 9999, known: 7, .. }),
            _ => matches!(error, OpenError::Corrupt { .. }),
        };
        assert!(right, "{name}: {error:?}");
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        assert_eq!(fs::read(path(name)).unwrap(), before, "{name} was changed");
    }
}

#[tokio::test]
async fn addresses_that_could_weaken_the_store_are_refused() {
    for url in
        ["", "sqlite://", "sqlite::memory:", "sqlite://x.db?mode=ro", "mysql://x", "x.db", "sqlite:///nowhere/\0"]
    {
        assert!(SqliteStore::open(url).await.is_err(), "{url}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_gone_or_replaced_is_a_store_that_is_away() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("daypass.db");
    let aside = folder.path().join("aside");
    let store = open(&path).await.unwrap();
    let away = || async { matches!(store.ping().await, Err(StoreError::Unavailable(_))) };
    assert!(!away().await);
    fs::rename(&path, &aside).unwrap();
    assert!(away().await);
    fs::write(&path, "another file").unwrap();
    assert!(away().await);
    fs::write(&path, "").unwrap();
    assert!(away().await);
    assert!(store.accounts().await.is_err());
    fs::rename(&aside, &path).unwrap();
    assert!(!away().await, "it is back, and so is the store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_open_a_new_file_at_once_both_succeed() {
    for _ in 0..10 {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("daypass.db");
        let (one, two) = tokio::join!(
            tokio::spawn({
                let path = path.clone();
                async move { open(&path).await }
            }),
            open(&path)
        );
        one.unwrap().unwrap().ping().await.unwrap();
        two.unwrap().ping().await.unwrap();
    }
}

/// A row is asked for by its columns: what was prepared before another version added some is answered as before.
#[tokio::test]
async fn a_newer_version_may_add_columns_while_this_one_runs() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("test.db");
    let (store, newer) = (open(&path).await.unwrap(), open(&path).await.unwrap());
    conformance::survives_new_columns(&store, async |add| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(add)).execute(newer.pool()).await.unwrap();
    })
    .await;
}

/// A list for one person is not one of everybody's that is looked through.
#[tokio::test]
async fn the_sessions_of_one_account_are_found_by_their_index() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder.path().join("daypass.db")).await.unwrap();
    let plan: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(concat!("EXPLAIN QUERY PLAN ", alive_sessions!(of_one))).fetch_all(store.pool()).await.unwrap();
    assert!(plan.iter().any(|(.., step)| step.contains("sessions_by_account")), "{plan:?}");
}

/// A sweep holds the one that writes: it must not look through those that are alive. And no use of a session moves an
/// entry of an index.
#[tokio::test]
async fn a_sweep_finds_the_dead_by_indexes_that_no_use_moves() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder.path().join("daypass.db")).await.unwrap();
    let plan: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(concat!("EXPLAIN QUERY PLAN ", dead_sessions!())).fetch_all(store.pool()).await.unwrap();
    let looks: Vec<_> = plan.iter().map(|(.., step)| step.as_str()).filter(|step| step.contains("sessions")).collect();
    assert_eq!(looks.len(), 4, "{plan:?}");
    assert!(looks.iter().all(|step| step.starts_with("SEARCH ") && step.contains('<')), "{looks:?}");
    let moved: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%last_seen_at%'")
            .fetch_one(store.pool())
            .await
            .unwrap();
    assert_eq!(moved, 0);
}
