use super::*;
use crate::{
    SessionId,
    policy::Times,
    store::{Heard, Moment, NewSession, PostgresStore, SessionLimit, SqliteStore, conformance},
    testing::{self, Postgres, until},
};
use std::time::Instant;
use tempfile::TempDir;

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

pub(super) fn secret(n: u8) -> SecretHash {
    SecretHash([n; 32])
}

fn hash() -> PasswordHash {
    PasswordHash::from_stored("hash".to_owned())
}

pub(super) async fn alice(store: &dyn Store) -> Account {
    store.create_account(&AccountName::parse("alice").unwrap(), &hash(), false, NOW).await.unwrap()
}

pub(super) async fn start(store: &dyn Store, account: &Account, n: u8) {
    try_start(store, account, &hash(), n).await.unwrap().unwrap();
}

pub(super) async fn try_start(
    store: &dyn Store,
    account: &Account,
    hash: &PasswordHash,
    n: u8,
) -> Result<Option<Started>, StoreError> {
    let session = NewSession {
        secret_hash: secret(n),
        id: SessionId::parse(&format!("id{n}")).unwrap(),
        account: account.id,
        epoch: account.epoch,
        times: Times { authenticated_at: NOW, last_activity: NOW, absolute_deadline: later(36_000), remembered: false },
        signed_in_at: NOW,
        agent: String::new(),
        place: String::new(),
    };
    let limit = SessionLimit { most: 100, ordinary_since: NOW.minus(Duration::from_secs(1)), remembered_since: NOW };
    store.start_session(StartSession { limit, ..conformance::start_of(&session, hash) }).await
}

pub(super) async fn is_alive(store: &dyn Store, n: u8) -> bool {
    is_accepted(&store.session(&secret(n)).await.unwrap().unwrap())
}

pub(super) fn is_accepted(row: &SessionRow) -> bool {
    row.ended.is_none() && row.account_state == AccountState::Active && row.epoch == row.account_epoch
}

/// A node, and the store that another process has.
struct Scene {
    node: LiveStore,
    other: Arc<dyn Store>,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self::at(&format!("sqlite://{}/test.db", folder.path().display()), folder).await
    }

    async fn on_postgres() -> Self {
        Self::at(&testing::database().await, TempDir::new().unwrap()).await
    }

    async fn at(url: &str, folder: TempDir) -> Self {
        let node = LiveStore::new(crate::store::open(url).await.unwrap(), 100);
        let other = crate::store::open(url).await.unwrap();
        until("it is believed", async || node.is_believed()).await;
        Self { node, other, _folder: folder }
    }
}

#[tokio::test]
async fn it_passes_the_suite_with_a_memory_in_front() {
    let folder = TempDir::new().unwrap();
    let number = AtomicU64::new(0);
    conformance::check(|| {
        let number = number.fetch_add(1, Ordering::SeqCst);
        let url = format!("sqlite://{}/{number}.db", folder.path().display());
        async move {
            let node = LiveStore::new(Arc::new(SqliteStore::open(&url).await.unwrap()), 100);
            until("it is believed", async || node.is_believed()).await;
            node
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_that_is_known_costs_no_query() {
    for scene in [Scene::new().await, Scene::on_postgres().await] {
        let alice = alice(&scene.node).await;
        start(&scene.node, &alice, 1).await;
        assert!(is_alive(&scene.node, 1).await);
        let asked = scene.node.asked();
        for _ in 0..1_000 {
            assert!(is_alive(&scene.node, 1).await);
            scene.node.touch(&secret(1), later(1), false).await.unwrap().unwrap();
        }
        // The store tells of a change now and then; nothing did change.
        assert_eq!(scene.node.asked(), asked);
    }
}

#[tokio::test]
async fn what_this_node_ends_is_ended_for_its_next_request() {
    let scene = Scene::new().await;
    let (node, alice) = (&scene.node, alice(&scene.node).await);
    for n in 1..=9 {
        start(node, &alice, n).await;
    }
    let warm = async || {
        for n in 1..=9 {
            node.session(&secret(n)).await.unwrap();
        }
    };
    warm().await;
    node.end(Which::Secret(secret(1)), Reason::SignedOut, NOW, None).await.unwrap();
    assert!(!is_alive(node, 1).await && is_alive(node, 2).await);
    node.end(Which::Id(SessionId::parse("id2").unwrap()), Reason::Revoked, NOW, None).await.unwrap();
    assert!(!is_alive(node, 2).await);
    warm().await;
    node.end(Which::Own(alice.id, SessionId::parse("id3").unwrap()), Reason::RevokedByYou, NOW, None).await.unwrap();
    assert!(!is_alive(node, 3).await);
    warm().await;
    node.end(Which::Account(alice.id, Some(secret(5))), Reason::RevokedByYou, NOW, None).await.unwrap();
    assert!(!is_alive(node, 4).await && is_alive(node, 5).await);
    warm().await;
    node.set_state(alice.id, AccountState::Disabled, NOW).await.unwrap();
    assert!(!is_alive(node, 5).await);
    node.set_state(alice.id, AccountState::Active, NOW).await.unwrap();
    assert!(!is_alive(node, 5).await);
}

/// By another process on SQLite, on another node on PostgreSQL, and by somebody with a database shell.
#[tokio::test]
async fn what_others_end_is_noticed() {
    for scene in [Scene::new().await, Scene::on_postgres().await] {
        let (node, alice) = (&scene.node, alice(&scene.node).await);
        for n in 1..=4 {
            start(node, &alice, n).await;
            assert!(is_alive(node, n).await);
        }
        scene.other.end(Which::Secret(secret(1)), Reason::Revoked, NOW, None).await.unwrap();
        until("it is ended", async || !is_alive(node, 1).await).await;
        assert!(is_alive(node, 2).await);
        scene.other.renew(&secret(2), 0, later(900)).await.unwrap().unwrap();
        let newest = async || node.session(&secret(2)).await.unwrap().unwrap().generation;
        until("it is of another generation", async || newest().await.number == 1).await;
        scene.other.see(&secret(2), 1, later(901)).await.unwrap();
        until("it was seen", async || newest().await.seen_at.is_some()).await;
        scene.other.end(Which::All, Reason::Revoked, NOW, None).await.unwrap();
        until("all are ended", async || !is_alive(node, 2).await && !is_alive(node, 3).await).await;
        start(node, &Account { epoch: 1, ..alice.clone() }, 5).await;
        assert!(is_alive(node, 5).await);
        scene.other.delete_account(alice.id).await.unwrap();
        until("it is gone", async || node.session(&secret(5)).await.unwrap().is_none()).await;
    }
}

/// A read that was overtaken by an end is not kept, whichever of the two was told first.
#[tokio::test]
async fn what_was_overtaken_is_not_kept() {
    let scene = Scene::new().await;
    let alice = alice(&*scene.other).await;
    start(&*scene.other, &alice, 1).await;
    let row = scene.other.session(&secret(1)).await.unwrap().unwrap();
    let changes = [Notice::Session(secret(1)), Notice::Account(alice.id), Notice::All];
    for change in &changes {
        let memory = Memory::new(10);
        let ticket = memory.ticket(&secret(1));
        memory.forget(change);
        memory.keep(ticket, &row);
        assert!(memory.get(&secret(1)).is_none(), "{change:?}");
        memory.keep(memory.ticket(&secret(1)), &row);
        assert!(memory.get(&secret(1)).is_some());
        memory.forget(change);
        assert!(memory.get(&secret(1)).is_none(), "{change:?}");
    }
    let memory = Memory::new(10);
    let ended = SessionRow { ended: Some((NOW, Reason::SignedOut)), ..row };
    memory.keep(memory.ticket(&secret(1)), &ended);
    assert!(memory.get(&secret(1)).is_none(), "what has ended is not kept");
}

/// A channel on which nothing is said but that nothing is to be said.
struct Quiet {
    said: bool,
}

#[async_trait]
impl Notices for Quiet {
    async fn next(&mut self) -> Result<Heard, StoreError> {
        if std::mem::replace(&mut self.said, true) {
            std::future::pending::<()>().await;
        }
        Ok(Heard { notices: Vec::new(), complete_until: Some(Moment::now()) })
    }
}

/// What is read while nobody listens may change before somebody does, and is never spoken of again.
#[tokio::test]
async fn what_was_read_before_it_was_listened_is_not_believed() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&format!("sqlite://{}/test.db", folder.path().display())).await.unwrap();
    let alice = alice(&store).await;
    start(&store, &alice, 1).await;
    let row = store.session(&secret(1)).await.unwrap().unwrap();
    let shared = Shared::new(Arc::new(store), 10);
    shared.memory.keep(shared.memory.ticket(&secret(1)), &row);
    tokio::select! {
        error = hear(&shared, Box::new(Quiet { said: false })) => panic!("{error}"),
        () = until("it is believed", async || shared.trust.holds()) => {}
    }
    assert!(shared.known(&secret(1)).is_none());
    shared.memory.keep(shared.memory.ticket(&secret(1)), &row);
    assert!(shared.known(&secret(1)).is_some());
}

#[tokio::test]
async fn so_many_are_known_and_not_more() {
    let scene = Scene::new().await;
    let alice = alice(&*scene.other).await;
    start(&*scene.other, &alice, 1).await;
    let row = scene.other.session(&secret(1)).await.unwrap().unwrap();
    let memory = Memory::new(1_000);
    for n in 0..10_000_u32 {
        let mut one = [0; 32];
        one[..4].copy_from_slice(&n.to_le_bytes());
        memory.keep(memory.ticket(&SecretHash(one)), &row);
    }
    assert!(memory.len() <= 1_000, "{}", memory.len());
}

#[tokio::test]
async fn activity_is_written_later_and_nothing_is_revived_by_it() {
    let scene = Scene::new().await;
    let (node, alice) = (&scene.node, alice(&scene.node).await);
    let written = async |n| scene.other.session(&secret(n)).await.unwrap().unwrap().times.last_activity;
    for n in 1..=3 {
        start(node, &alice, n).await;
        assert!(is_alive(node, n).await);
    }
    node.touch(&secret(1), later(30), false).await.unwrap().unwrap();
    assert_eq!(node.session(&secret(1)).await.unwrap().unwrap().times.last_activity, later(30));
    // Nor is it forgotten when the row is read anew.
    node.shared.memory.forget(&Notice::All);
    assert_eq!(node.session(&secret(1)).await.unwrap().unwrap().times.last_activity, later(30));
    node.touch(&secret(1), later(20), false).await.unwrap().unwrap();
    node.shared.write_what_waits().await.unwrap();
    assert_eq!(written(1).await, later(30), "time only moves on");
    // What is urgent at once.
    node.touch(&secret(2), later(90), true).await.unwrap().unwrap();
    assert_eq!(written(2).await, later(90));
    // An end in the meantime wins.
    node.touch(&secret(3), later(30), false).await.unwrap().unwrap();
    scene.other.end(Which::Secret(secret(3)), Reason::SignedOut, later(31), None).await.unwrap();
    node.shared.write_what_waits().await.unwrap();
    assert!(!is_alive(&*scene.other, 3).await);
    node.end(Which::Secret(secret(1)), Reason::SignedOut, later(40), None).await.unwrap();
    assert_eq!(node.touch(&secret(1), later(50), false).await.unwrap(), None);
    // Nobody times out whose activity waits.
    node.session(&secret(2)).await.unwrap();
    node.touch(&secret(2), later(120), false).await.unwrap().unwrap();
    assert_eq!(node.end(Which::Secret(secret(2)), Reason::Idle, later(700), Some(later(100))).await.unwrap(), 0);
}

#[tokio::test]
async fn a_store_that_is_away_is_not_answered_for() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&format!("sqlite://{}/test.db", folder.path().display())).await.unwrap();
    let node = LiveStore::new(Arc::new(store.clone()), 100);
    until("it is believed", async || node.is_believed()).await;
    let alice = alice(&node).await;
    start(&node, &alice, 1).await;
    assert!(is_alive(&node, 1).await);
    store.close().await;
    let closed = Instant::now();
    until("nobody is let in any more", async || node.session(&secret(1)).await.is_err()).await;
    // Generous: it is the clock of a machine that may have other things to do.
    assert!(closed.elapsed() < MAX_STALE + Duration::from_secs(10), "{:?}", closed.elapsed());
    assert!(!node.is_believed());
}

/// A channel that is dead and does not say so: nothing of it is believed after two seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_silently_dead_is_not_believed() {
    let server = Postgres::start().await;
    let scene = Scene::at(&server.database().await, TempDir::new().unwrap()).await;
    let alice = alice(&scene.node).await;
    start(&scene.node, &alice, 1).await;
    assert!(is_alive(&scene.node, 1).await);
    // The connection that listens is gone; the others are not.
    server.run("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'").await;
    scene.other.end(Which::Secret(secret(1)), Reason::Revoked, NOW, None).await.unwrap();
    until("it is ended", async || !is_alive(&scene.node, 1).await).await;
    until("it listens again", async || scene.node.is_believed()).await;

    server.hold();
    until("nothing is believed", async || !scene.node.is_believed()).await;
    let refused = scene.node.session(&secret(1)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    server.go_on();
    until("it is believed again", async || scene.node.is_believed()).await;
    server.kill();
    until("nothing is believed", async || !scene.node.is_believed()).await;
    server.start_again();
    until("it is believed again", async || scene.node.is_believed()).await;
    start(&scene.node, &alice, 2).await;
    assert!(is_alive(&scene.node, 2).await);
    scene.other.end(Which::Secret(secret(2)), Reason::Revoked, NOW, None).await.unwrap();
    until("it is ended", async || !is_alive(&scene.node, 2).await).await;
}

#[tokio::test]
async fn what_a_node_says_to_itself_proves_the_channel() {
    let url = testing::database().await;
    let store = PostgresStore::open(&url).await.unwrap();
    let mut notices = store.notices().await.unwrap();
    let before = Moment::now();
    let proof = loop {
        if let Some(until) = notices.next().await.unwrap().complete_until {
            break until;
        }
    };
    assert!(proof.steady >= before.steady && proof.steady <= Moment::now().steady);
}
