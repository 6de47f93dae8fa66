use super::*;
use crate::{
    AccountName, Reason, SecretHash, SessionId,
    audit::Source,
    clock::Timestamp,
    password::PasswordHash,
    policy::Times,
    store::{NewSession, SessionLimit, StartSession, Which, conformance::start_of, open},
    testing,
    throttle::{Bucket, BucketId, Limit},
};
use std::{collections::BTreeSet, time::Duration};
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn secret(n: u16) -> SecretHash {
    let mut secret = [7; 32];
    secret[..2].copy_from_slice(&n.to_be_bytes());
    SecretHash(secret)
}

/// More than a batch of everything, and something of each kind.
async fn fill(url: &str) {
    let store = open(url).await.unwrap();
    let hash = PasswordHash::from_stored("hash".to_owned());
    let name = |n: u16| AccountName::parse(&format!("ärger{n}")).unwrap();
    for n in 0..4 {
        store.create_account(&name(n), &hash, n == 1, NOW).await.unwrap();
    }
    let gone = store.create_account(&name(99), &hash, false, NOW).await.unwrap();
    let account = store.account(&name(0)).await.unwrap().unwrap().0;
    let limit = SessionLimit { most: 10_000, ordinary_since: NOW, remembered_since: NOW };
    for n in 0..600_u16 {
        let session = NewSession {
            secret_hash: secret(n),
            id: SessionId::parse(&format!("id{n}")).unwrap(),
            account: account.id,
            epoch: 0,
            times: Times {
                authenticated_at: NOW,
                last_activity: NOW.plus(Duration::from_millis(n.into())),
                absolute_deadline: NOW.plus(Duration::from_secs(3600)),
                remembered: n.is_multiple_of(2),
            },
            signed_in_at: NOW,
            agent: "Firefox".to_owned(),
            place: "192.0.2.1".to_owned(),
        };
        let replaces = (n == 9).then_some(secret(8));
        let start = StartSession { replaces, confirms: n == 9, limit, ..start_of(&session, &hash) };
        store.start_session(start).await.unwrap().unwrap();
    }
    let id = SessionId::parse("id5").unwrap();
    assert_eq!(store.end(Which::Id(id), Reason::Revoked, NOW, None).await.unwrap(), 1);
    store.record_failure(None, NOW, Source::default()).await.unwrap();
    let bucket = Bucket { id: BucketId([3; 32]), limit: Limit { free: 5, most: Duration::from_secs(60) } };
    store.count_try(&[bucket], NOW).await.unwrap();
    store.delete_account(gone.id).await.unwrap();
}

/// Everything that a store holds.
async fn sums(url: &str) -> Vec<Sum> {
    let mut side = Side::hold(url).await.unwrap();
    let mut sums = Vec::new();
    for table in &TABLES {
        sums.push(side.read(table, None, &mut |_| {}).await.unwrap());
    }
    sums
}

fn sqlite(folder: &TempDir, name: &str) -> String {
    format!("sqlite://{}/{name}.db", folder.path().display())
}

#[tokio::test]
async fn everything_moves_either_way_and_back_and_is_the_same() {
    let folder = TempDir::new().unwrap();
    let (file, postgres, back) = (sqlite(&folder, "from"), testing::database().await, sqlite(&folder, "back"));
    fill(&file).await;
    let mut steps = Vec::new();
    let moved = move_all(&file, &postgres, |done, all| steps.push((done, all))).await.unwrap();
    assert_eq!(moved, Moved { accounts: 4, sessions: 600, events: 603, attempts: 1, already: false });
    assert!(steps.is_sorted() && steps.last() == Some(&(2416, 2416)), "{steps:?}");
    assert_eq!(sums(&postgres).await, sums(&file).await);

    // A number that was used is never used again, be it that its account is gone.
    let name = AccountName::parse("new").unwrap();
    let hash = PasswordHash::from_stored("hash".to_owned());
    move_all(&postgres, &back, |_, _| {}).await.unwrap();
    assert_eq!(sums(&back).await, sums(&file).await);
    for url in [&postgres, &back] {
        let store = open(url).await.unwrap();
        assert_eq!(store.create_account(&name, &hash, false, NOW).await.unwrap().id.0, 6, "{url}");
        store.record_failure(None, NOW.plus(Duration::from_secs(24 * 3600)), Source::default()).await.unwrap();
        assert_eq!(store.events(None, 1).await.unwrap()[0].id, 604, "{url}");
    }
}

#[tokio::test]
async fn what_was_cut_off_has_not_happened_and_is_run_again() {
    let folder = TempDir::new().unwrap();
    for (from, to) in
        [(sqlite(&folder, "one"), testing::database().await), (testing::database().await, sqlite(&folder, "two"))]
    {
        fill(&from).await;
        for steps in [1, 3, 6] {
            // Given up in the middle, as by somebody who presses Ctrl-C.
            let stopped = tokio::spawn({
                let (from, to) = (from.clone(), to.clone());
                async move {
                    let mut left = steps;
                    move_all(&from, &to, move |_, _| {
                        left -= 1;
                        assert!(left > 0, "cut off");
                    })
                    .await
                }
            });
            assert!(stopped.await.unwrap_err().is_panic());
            let nothing = sums(&to).await;
            assert!(nothing.iter().all(|sum| sum.rows == 0), "{nothing:?}");
        }
        assert!(!move_all(&from, &to, |_, _| {}).await.unwrap().already);
        let again = move_all(&from, &to, |_, _| {}).await.unwrap();
        assert!(again.already && again.sessions == 600, "nothing is doubled");
        assert_eq!(sums(&to).await, sums(&from).await);
    }
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_written_to() {
    let folder = TempDir::new().unwrap();
    let (from, other) = (sqlite(&folder, "from"), sqlite(&folder, "other"));
    let name = AccountName::parse("alice").unwrap();
    let hash = PasswordHash::from_stored("hash".to_owned());
    for (url, at) in [(&from, NOW), (&other, NOW.plus(Duration::from_secs(1)))] {
        open(url).await.unwrap().create_account(&name, &hash, false, at).await.unwrap();
    }
    // As many rows, and not the same.
    let before = sums(&other).await;
    let refused = move_all(&from, &other, |_, _| {}).await.unwrap_err();
    assert!(matches!(refused, MoveError::Occupied(_, "accounts")), "{refused}");
    assert_eq!(sums(&other).await, before);
    let refused = move_all(&from, &from, |_, _| {}).await.unwrap_err();
    assert!(matches!(refused, MoveError::Same(_)), "{refused}");
    let nowhere = sqlite(&folder, "nowhere");
    let refused = move_all(&nowhere, &other, |_, _| {}).await.unwrap_err();
    assert!(matches!(refused, MoveError::Missing(_)), "{refused}");
    assert!(!SqliteStore::is_there(&nowhere).unwrap(), "a name that was mistyped makes no file");
}

#[tokio::test]
async fn what_is_not_the_same_afterwards_is_not_moved() {
    let folder = TempDir::new().unwrap();
    let (from, to) = (sqlite(&folder, "from"), testing::database().await);
    fill(&from).await;
    let store = PostgresStore::open(&to).await.unwrap();
    sqlx::raw_sql(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN NEW.place = 'elsewhere'; RETURN NEW; END $$;
         CREATE TRIGGER spoil BEFORE INSERT ON sessions FOR EACH ROW WHEN (NEW.id = 'id77')
             EXECUTE FUNCTION spoil()",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let refused = move_all(&from, &to, |_, _| {}).await.unwrap_err();
    assert!(matches!(refused, MoveError::Differs("sessions")), "{refused}");
    assert!(sums(&to).await.iter().all(|sum| sum.rows == 0));
}

#[tokio::test]
async fn no_table_and_no_column_is_left_behind() {
    let folder = TempDir::new().unwrap();
    let carried: BTreeSet<(String, String)> = TABLES
        .iter()
        .flat_map(|table| table.columns.iter().map(|(column, _)| (table.name.to_owned(), (*column).to_owned())))
        .collect();
    let store = SqliteStore::open(&sqlite(&folder, "empty")).await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> '_sqlx_migrations'",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    // Notices are for those who listen, and of no use elsewhere.
    let columns = columns.into_iter().filter(|(table, _)| table != "notices");
    assert_eq!(columns.collect::<BTreeSet<_>>(), carried);
    let store = PostgresStore::open(&testing::database().await).await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = 'daypass' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    assert_eq!(columns.into_iter().collect::<BTreeSet<_>>(), carried);
}
