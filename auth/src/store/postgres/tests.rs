use super::{address::connect_options, bounds::WAIT, open::SCHEMA, sweep::dead_sessions, *};
use crate::store::connections::Lent;
use crate::{
    SessionId,
    policy::Times,
    store::{NewSession, OpenError, SessionLimit, conformance},
    testing::{self, Network, Postgres, name_of, until},
    throttle::{BucketId, Limit},
};
use sqlx::{Connection, PgConnection, postgres::PgListener};
use std::sync::Arc;
use tokio::time::timeout;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

async fn open() -> PostgresStore {
    open_at(&testing::database().await).await
}

async fn open_at(url: &str) -> PostgresStore {
    PostgresStore::open(url).await.unwrap()
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

async fn alice(store: &PostgresStore) -> Account {
    store.create_account(&AccountName::parse("alice").unwrap(), &hash("hash"), false, NOW).await.unwrap()
}

fn secret(n: u16) -> SecretHash {
    let mut secret = [7; 32];
    secret[..2].copy_from_slice(&n.to_be_bytes());
    SecretHash(secret)
}

async fn start(store: &PostgresStore, account: &Account, n: u16) {
    let session = NewSession {
        secret_hash: secret(n),
        id: SessionId::parse(&format!("id{n}")).unwrap(),
        account: account.id,
        epoch: account.epoch,
        times: Times {
            authenticated_at: NOW,
            last_activity: NOW,
            absolute_deadline: NOW.plus(Duration::from_secs(3600)),
            remembered: false,
        },
        signed_in_at: NOW,
        agent: String::new(),
        place: String::new(),
    };
    let limit = SessionLimit { most: 10_000, ordinary_since: NOW, remembered_since: NOW };
    let hash = hash("hash");
    let start = StartSession { limit, ..conformance::start_of(&session, &hash) };
    store.start_session(start).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_passes_the_suite_on_postgres() {
    conformance::check(|| async { PostgresStore::open(&testing::database().await).await.unwrap() }).await;
}

#[tokio::test]
async fn commits_are_on_disk_and_nothing_waits_for_ever() {
    let url = testing::database().await;
    let store = PostgresStore::open(&url).await.unwrap();
    // Whatever the database says for all: what is promised comes after it.
    sqlx::raw_sql(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database());
                     EXECUTE format('ALTER DATABASE %I SET statement_timeout = 0', current_database()); END $$",
    )
    .execute(store.pool())
    .await
    .unwrap();
    store.close().await;
    let store = PostgresStore::open(&url).await.unwrap();
    let mut connection = store.connections.reading().await.unwrap();
    for (setting, value) in [
        ("synchronous_commit", "on"),
        ("statement_timeout", "4s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("transaction_isolation", "read committed"),
        ("search_path", "daypass"),
    ] {
        let found: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&mut *connection).await.unwrap();
        assert_eq!(found, value, "{setting}");
    }
    let slow = sqlx::query("SELECT pg_sleep(3600)").execute(&mut *connection).await.unwrap_err();
    assert!(slow.to_string().contains("statement timeout"), "{slow}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_open_a_new_database_at_once_all_succeed() {
    let server = Postgres::start().await;
    for _ in 0..3 {
        let url = server.bare_database().await;
        assert!(PostgresStore::names(&url).await.unwrap().is_empty());
        PostgresStore::examine(&url).await.unwrap();
        assert!(!PostgresStore::is_there(&url).await.unwrap(), "looking made something");
        let opening: Vec<_> = (0..4)
            .map(|_| {
                tokio::spawn({
                    let url = url.clone();
                    async move { PostgresStore::open(&url).await }
                })
            })
            .collect();
        for opened in opening {
            opened.await.unwrap().unwrap().ping().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_database_that_is_not_ours_or_newer_is_refused_and_left_as_it_was() {
    let server = Postgres::start().await;
    for (what, statements) in [
        ("other", "CREATE SCHEMA daypass; CREATE TABLE daypass.notes (text TEXT)"),
        ("newer", "INSERT INTO daypass._sqlx_migrations VALUES (9999, 'later', now(), true, '', 0)"),
        ("changed", "UPDATE daypass._sqlx_migrations SET checksum = '' WHERE version = 1"),
        ("forbidden", "CREATE ROLE guest LOGIN"),
    ] {
        let mut url = match what {
            "newer" | "changed" => server.database().await,
            _ => server.bare_database().await,
        };
        let database = name_of(&url).to_owned();
        server.run(&database, statements).await;
        if what == "forbidden" {
            url = url.replace("daypass@", "guest@");
        }
        for refused in [PostgresStore::open(&url).await.map(drop), PostgresStore::examine(&url).await] {
            let error = refused.unwrap_err();
            let right = match what {
                "other" | "changed" => matches!(error, OpenError::NotOurs { .. }),
                "newer" => matches!(error, OpenError::Newer { found: 9999, known: 7, .. }),
                _ => matches!(error, OpenError::Unusable { .. }),
            };
            assert!(right, "{what}: {error}");
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    }
}

#[tokio::test]
async fn no_error_says_the_password() {
    for url in [
        "postgres://daypass:canary@127.0.0.1:1/app",
        "postgres://daypass:canary@nowhere.invalid/app",
        "postgres://daypass:canary@127.0.0.1/app?password=canary",
        "postgres://daypass:can#ary@127.0.0.1/app",
        "postgres://daypass:canary@127.0.0.1:x/app",
    ] {
        let error = PostgresStore::open(url).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("canary") && !said.contains("ary@"), "{said}");
    }
    let server = Postgres::start().await;
    server.run("postgres", "CREATE DATABASE app").await;
    let url = server.url("app").replace("daypass@", "nobody:canary@");
    let said = format!("{:?}", PostgresStore::open(&url).await.unwrap_err());
    assert!(said.contains("nobody") && !said.contains("canary"), "{said}");
}

/// Two nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_tries_at_once_on_two_nodes_as_many_are_made_as_are_free() {
    let url = testing::database().await;
    let nodes = [PostgresStore::open(&url).await.unwrap(), PostgresStore::open(&url).await.unwrap()];
    let bucket = |n: u8, free| Bucket { id: BucketId([n; 32]), limit: Limit { free, most: Duration::from_secs(60) } };
    let mut tries = Vec::new();
    for n in 0..200 {
        let node = nodes[n % 2].clone();
        // In either order: whoever holds one waits for the other.
        let mut buckets = vec![bucket(1, 5), bucket(2, 100)];
        if n % 3 == 0 {
            buckets.reverse();
        }
        tries.push(tokio::spawn(async move { node.count_try(&buckets, NOW).await }));
    }
    let mut made = 0;
    for result in tries {
        match result.await.unwrap() {
            Ok(None) => made += 1,
            Ok(Some(wait)) => assert_eq!(wait, Duration::from_secs(1)),
            // A machine that is too slow for so many at once.
            Err(StoreError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(made, 5, "so many as are free, and not one more");
}

#[tokio::test]
async fn what_had_to_make_way_is_tried_again() {
    let store = open().await;
    let alice = alice(&store).await;
    sqlx::raw_sql(
        "CREATE SEQUENCE tries;
         CREATE FUNCTION make_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('tries') < 3 THEN RAISE EXCEPTION 'make way' USING ERRCODE = '40P01'; END IF;
             RETURN NEW; END $$;
         CREATE TRIGGER make_way BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION make_way()",
    )
    .execute(store.pool())
    .await
    .unwrap();
    start(&store, &alice, 1).await;
    assert_eq!(store.events(Some(alice.id), 10).await.unwrap().len(), 1, "what was undone left nothing");
    // Not for ever.
    sqlx::raw_sql("ALTER SEQUENCE tries MINVALUE -1000 RESTART -1000").execute(store.pool()).await.unwrap();
    let session = NewSession {
        secret_hash: secret(2),
        id: SessionId::parse("id2").unwrap(),
        account: alice.id,
        epoch: 0,
        times: Times { authenticated_at: NOW, last_activity: NOW, absolute_deadline: NOW, remembered: false },
        signed_in_at: NOW,
        agent: String::new(),
        place: String::new(),
    };
    let limit = SessionLimit { most: 10, ordinary_since: NOW, remembered_since: NOW };
    let hash = hash("hash");
    let start = StartSession { limit, ..conformance::start_of(&session, &hash) };
    assert!(matches!(store.start_session(start).await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_row_that_somebody_holds_is_not_waited_for_beyond_a_bound() {
    let store = Arc::new(open().await);
    let alice = alice(&store).await;
    start(&store, &alice, 1).await;
    let mut holding = store.pool().begin().await.unwrap();
    sqlx::query("SELECT 1 FROM accounts FOR UPDATE").execute(&mut *holding).await.unwrap();
    let ended = store.end(Which::Secret(secret(1)), Reason::Revoked, NOW, None).await;
    assert!(matches!(ended, Err(StoreError::Unavailable(_))), "{ended:?}");
    holding.rollback().await.unwrap();
    assert_eq!(store.end(Which::Secret(secret(1)), Reason::Revoked, NOW, None).await.unwrap(), 1);
}

/// Nobody has it meanwhile, and nothing that others write later is part of what nobody commits.
#[tokio::test]
async fn what_is_given_up_in_the_middle_of_it_is_undone_at_once() {
    let server = Postgres::start().await;
    let database = server.database().await;
    let network = Network::to(&server).await;
    let (store, other) = (PostgresStore::open(&network.url(&database)).await.unwrap(), open_at(&database).await);
    let alice = alice(&store).await;
    let mut begun = store.connections.begin().await.unwrap();
    sqlx::query("UPDATE accounts SET state = 'disabled'").execute(&mut *begun).await.unwrap();
    drop(begun);
    assert!(other.set_state(alice.id, AccountState::Disabled, NOW).await.unwrap(), "its locks are held");

    until("it is undone", async || store.connections.idle() == 1).await;
    network.hold(false, true);
    let beginning = timeout(Duration::from_millis(200), store.connections.begin());
    assert!(beginning.await.is_err(), "it was told that it has begun");
    network.go_on();
    until("it is there again", async || store.connections.idle() == 1).await;
    assert!(store.set_state(alice.id, AccountState::Active, NOW).await.unwrap());
    assert!(store.rehash(alice.id, &hash("hash"), &hash("stronger")).await.unwrap());
    let (account, found) = other.account(&alice.name).await.unwrap().unwrap();
    assert_eq!((account.state, found), (AccountState::Active, hash("stronger")), "it is nowhere but here");
}

/// All may be a great many, which take up to a minute to list: not to find out that nobody is there.
#[tokio::test]
async fn who_lists_all_is_told_soon_that_a_connection_is_dead() {
    let server = Postgres::start().await;
    let network = Network::to(&server).await;
    let store = PostgresStore::open(&network.url(&server.database().await)).await.unwrap();
    alice(&store).await;
    network.hold(true, true);
    // The second time there is none to ask, and none can be made.
    for round in 0..2 {
        let accounts = timeout(2 * WAIT, store.accounts()).await;
        assert!(matches!(accounts, Ok(Err(StoreError::Unavailable(_)))), "{accounts:?}, {round}");
    }
    network.go_on();
    until("it is there again", async || store.accounts().await.is_ok_and(|all| all.len() == 1)).await;
    network.hold(true, true);
    let sessions = timeout(2 * WAIT, store.sessions(None)).await;
    assert!(matches!(sessions, Ok(Err(StoreError::Unavailable(_)))), "{sessions:?}");
}

/// Whatever comes next on one of them: a look, a transaction, a statement by itself.
#[tokio::test]
async fn that_connections_were_cut_while_nobody_used_them_is_noticed_by_nobody() {
    let server = Postgres::start().await;
    let store = open_at(&server.database().await).await;
    let alice = alice(&store).await;
    let mut operator = PgConnection::connect(&server.url("postgres")).await.unwrap();
    for next in ["look", "transaction", "statement"] {
        let mut lent = Vec::new();
        for _ in 0..4 {
            lent.push(store.connections.reading().await.unwrap());
        }
        lent.into_iter().for_each(Lent::done);
        // They are told to go, and it takes them a moment.
        let all = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'daypass'";
        let mut cut = 0;
        loop {
            match sqlx::query_scalar::<_, i64>(all).fetch_one(&mut operator).await.unwrap() {
                0 => break,
                left => cut = left.max(cut),
            }
        }
        assert_eq!((cut, store.connections.idle()), (4, 4), "{next}");
        match next {
            "look" => assert!(store.account(&alice.name).await.unwrap().is_some()),
            "transaction" => assert!(store.set_state(alice.id, AccountState::Active, NOW).await.unwrap()),
            _ => assert!(store.rehash(alice.id, &hash("hash"), &hash("stronger")).await.unwrap()),
        }
    }
}

/// What is heard on the channel from what is done.
async fn heard(listener: &mut PgListener, store: &PostgresStore) -> Vec<String> {
    sqlx::query("SELECT pg_notify('daypass', 'last')").execute(store.pool()).await.unwrap();
    let mut heard = Vec::new();
    loop {
        let payload = listener.recv().await.unwrap().payload().to_owned();
        if payload == "last" {
            heard.sort();
            return heard;
        }
        heard.push(payload);
    }
}

#[tokio::test]
async fn nodes_hear_what_ended_and_not_what_was_used() {
    let store = open().await;
    let mut listener = PgListener::connect_with(store.pool()).await.unwrap();
    listener.listen("daypass").await.unwrap();
    let session = |n| {
        let hex: String = secret(n).0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("s:{hex}")
    };
    let alice = alice(&store).await;
    let account = format!("a:{}", alice.id.0);
    for n in 0..150 {
        start(&store, &alice, n).await;
    }
    store.touch(&secret(1), NOW.plus(Duration::from_secs(1)), true).await.unwrap();
    store.record_failure(Some(alice.id), NOW, Source::default()).await.unwrap();
    assert!(heard(&mut listener, &store).await.is_empty(), "that nothing ended is no news");

    store.renew(&secret(1), 0, NOW).await.unwrap().unwrap();
    assert_eq!(heard(&mut listener, &store).await, [session(1)], "the newest cookie is another");
    store.see(&secret(1), 1, NOW).await.unwrap();
    assert_eq!(heard(&mut listener, &store).await, [session(1)], "the one before is good for a moment alone");
    store.see(&secret(1), 1, NOW).await.unwrap();
    store.end(Which::Secret(secret(2)), Reason::SignedOut, NOW, None).await.unwrap();
    assert_eq!(heard(&mut listener, &store).await, [session(2)]);
    store.end(Which::Secret(secret(2)), Reason::SignedOut, NOW, None).await.unwrap();
    assert!(heard(&mut listener, &store).await.is_empty(), "twice is once");
    store.rehash(alice.id, &hash("hash"), &hash("stronger")).await.unwrap();
    assert_eq!(heard(&mut listener, &store).await, std::slice::from_ref(&account));
    store.end(Which::Account(alice.id, Some(secret(3))), Reason::RevokedByYou, NOW, None).await.unwrap();
    assert_eq!(heard(&mut listener, &store).await, ["*"], "many are one notice");
    store.set_state(alice.id, AccountState::Disabled, NOW).await.unwrap();
    assert_eq!(heard(&mut listener, &store).await, [account.clone(), session(3)]);
    store.set_state(alice.id, AccountState::Disabled, NOW).await.unwrap();
    assert!(heard(&mut listener, &store).await.is_empty());
    store.delete_account(alice.id).await.unwrap();
    assert_eq!(heard(&mut listener, &store).await, [account]);
}

#[tokio::test]
async fn a_node_that_died_in_the_middle_of_it_keeps_no_locks() {
    let url = testing::database().await;
    let (store, dead) = (PostgresStore::open(&url).await.unwrap(), PostgresStore::open(&url).await.unwrap());
    let alice = alice(&store).await;
    let mut holding = dead.pool().begin().await.unwrap();
    sqlx::query("SELECT 1 FROM accounts FOR UPDATE").execute(&mut *holding).await.unwrap();
    // It says nothing more, and its connection stays open.
    until("the lock is let go of", || async { store.set_state(alice.id, AccountState::Active, NOW).await.is_ok() })
        .await;
}

/// As many sessions like the one that is there.
const TENS_OF_THOUSANDS: &str = "INSERT INTO sessions SELECT (jsonb_populate_record(s, jsonb_build_object(
         'secret_hash', '\\x' || lpad(to_hex(n), 64, '0'), 'id', 'many' || n))).*
     FROM sessions s, generate_series(1, 30000) AS n";

/// Three times what a busy node writes at once. Looking for news among it by a join took minutes.
#[tokio::test]
async fn that_tens_of_thousands_were_used_is_written_at_once_and_is_no_news() {
    let url = testing::database().await;
    let store = PostgresStore::open(&url).await.unwrap();
    let account = alice(&store).await;
    start(&store, &account, 1).await;
    // A hundred times as long as it takes: a machine that is busy fails nobody.
    let options = connect_options(&url).unwrap();
    let options = options.options([("search_path", SCHEMA), ("statement_timeout", "60s")]);
    let patient = Connections::new(options, 1).unwrap();
    sqlx::raw_sql(TENS_OF_THOUSANDS).execute(&mut *patient.writing().await.unwrap()).await.unwrap();
    let mut news = PgListener::connect(&url).await.unwrap();
    news.listen("daypass").await.unwrap();
    let secrets = (1..=30_000_u32).map(|n| {
        let mut secret = [0; 32];
        secret[28..].copy_from_slice(&n.to_be_bytes());
        SecretHash(secret)
    });
    let at = NOW.plus(Duration::from_secs(60));
    sessions::touch_all(&patient, &secrets.map(|secret| (secret, at)).collect::<Vec<_>>()).await.unwrap();
    let used: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions WHERE last_seen_at = $1")
        .bind(at.as_millis())
        .fetch_one(&mut *patient.reading().await.unwrap())
        .await
        .unwrap();
    assert_eq!(used, 30_000);
    // The first that is heard is the end that comes after it.
    store.end(Which::Secret(secret(1)), Reason::Revoked, at, None).await.unwrap();
    let heard = news.recv().await.unwrap();
    assert!(heard.payload().starts_with("s:0001"), "{}", heard.payload());
}

/// Over a network all that is said is encrypted, and nothing is said to a server that nobody whom we trust has
/// certified under the name that it was asked for by.
#[tokio::test]
async fn over_a_network_it_is_encrypted_and_the_server_is_the_right_one() {
    let server = Postgres::start_with_tls().await;
    let database = server.database().await;
    let name = name_of(&database);
    for (host, authority) in [("localhost", "theirs"), ("127.0.0.1", "ours")] {
        let refused = PostgresStore::open(&server.tls_url(host, name, authority)).await.unwrap_err();
        assert!(matches!(refused, OpenError::Unusable { .. }), "{refused:?}");
    }
    let store = PostgresStore::open(&server.tls_url("localhost", name, "ours")).await.unwrap();
    let account = alice(&store).await;
    let mut notices = store.notices().await.unwrap();
    start(&store, &account, 1).await;
    assert!(store.session(&secret(1)).await.unwrap().is_some());
    while notices.next().await.unwrap().complete_until.is_none() {}
    let all = "SELECT count(*), bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
               WHERE application_name = 'daypass' AND datname = current_database()";
    let (connections, encrypted): (i64, bool) = sqlx::query_as(all).fetch_one(store.pool()).await.unwrap();
    assert!(connections >= 2 && encrypted, "{connections} connections");
    store.close().await;
}

/// A row is asked for by its columns: what was prepared before another version added some is answered as before.
#[tokio::test]
async fn a_newer_version_may_add_columns_while_this_one_runs() {
    let url = testing::database().await;
    let (store, newer) = (PostgresStore::open(&url).await.unwrap(), PostgresStore::open(&url).await.unwrap());
    conformance::survives_new_columns(&store, async |add| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(add)).execute(newer.pool()).await.unwrap();
    })
    .await;
}

/// Statements of transactions find their rows by an index whatever they are given; of lists and of an app's own
/// nobody knows.
#[tokio::test]
async fn transactions_alone_are_planned_once_and_counts_of_tries_alone_wait_for_no_disk() {
    async fn settings(connection: &mut PgConnection) -> [String; 3] {
        let mut settings = <[String; 3]>::default();
        for (setting, name) in settings.iter_mut().zip(["plan_cache_mode", "enable_seqscan", "synchronous_commit"]) {
            let current = sqlx::query_scalar("SELECT current_setting($1)").bind(name);
            *setting = current.fetch_one(&mut *connection).await.unwrap();
        }
        settings
    }
    let store = open().await;
    let planned_anew = ["auto", "on", "on"].map(str::to_owned);
    assert_eq!(settings(&mut store.pool().acquire().await.unwrap()).await, planned_anew);
    let mut begun = store.connections.begin().await.unwrap();
    assert_eq!(settings(&mut begun).await, ["force_generic_plan", "off", "on"]);
    begun.commit().await.unwrap();
    let mut begun = store.connections.begin_unwaited().await.unwrap();
    assert_eq!(settings(&mut begun).await, ["force_generic_plan", "off", "off"]);
    begun.commit().await.unwrap();
    // The same connection: what was set ends with the transaction.
    let mut lent = store.connections.reading().await.unwrap();
    assert_eq!(settings(&mut lent).await, planned_anew);
    lent.done();
}

/// Each use of each session is written down: what an index held of it would be written anew, several times as much.
#[tokio::test]
async fn that_a_session_is_used_moves_no_entry_of_an_index() {
    let store = open().await;
    let account = alice(&store).await;
    start(&store, &account, 1).await;
    let mut tx = store.pool().begin().await.unwrap();
    sqlx::query("UPDATE sessions SET last_seen_at = last_seen_at + 1").execute(&mut *tx).await.unwrap();
    let by_itself: i64 = sqlx::query_scalar("SELECT pg_stat_get_xact_tuples_hot_updated('sessions'::regclass)")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(by_itself, 1);
    let has_room: bool =
        sqlx::query_scalar("SELECT 'fillfactor=70' = ANY (reloptions) FROM pg_class WHERE oid = 'sessions'::regclass")
            .fetch_one(&mut *tx)
            .await
            .unwrap();
    assert!(has_room);
}

#[tokio::test]
async fn a_sweep_finds_the_dead_by_their_indexes() {
    let store = open().await;
    let account = alice(&store).await;
    start(&store, &account, 1).await;
    let mut connection = store.pool().acquire().await.unwrap();
    // Of a table with next to nothing in it everything is read.
    for statement in [TENS_OF_THOUSANDS, "ANALYZE"] {
        sqlx::raw_sql(statement).execute(&mut *connection).await.unwrap();
    }
    let mut plan = sqlx::query_scalar(concat!("EXPLAIN ", dead_sessions!()));
    for before in 1..=5_i64 {
        plan = plan.bind(before);
    }
    let plan: Vec<String> = plan.fetch_all(&mut *connection).await.unwrap();
    // `Bitmap Index Scan on ..` or `Index Scan using ..`: by chance, for statistics are of some rows.
    let looks = plan.iter().filter(|line| line.contains("Index Scan") || line.contains("Index Only Scan"));
    let by: Vec<_> = looks.filter_map(|line| line.split("sessions_by_").nth(1)?.split(' ').next()).collect();
    assert_eq!(by, ["end", "deadline", "renewal", "renewal"], "{plan:?}");
}
