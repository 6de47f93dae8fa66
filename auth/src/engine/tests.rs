use super::*;
use crate::{AccountId, Key, clock::ManualClock, live::LiveStore, password::PasswordHash, store, testing};
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use tempfile::TempDir;

pub(super) const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

pub(super) struct Scene {
    pub(super) engine: Engine,
    clock: Arc<ManualClock>,
    pub(super) store: Arc<dyn Store>,
    pub(super) keys: Vec<Key>,
    pub(super) folder: TempDir,
}

fn url_in(folder: &TempDir) -> String {
    format!("sqlite://{}/test.db", folder.path().display())
}

impl Scene {
    pub(super) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let url = url_in(&folder);
        Self::over(store::open(&url).await.unwrap(), folder)
    }

    /// The same, with its store elsewhere.
    pub(super) async fn at(url: &str) -> Self {
        Self::over(store::open(url).await.unwrap(), TempDir::new().unwrap())
    }

    /// The same, with what a process remembers in front of it.
    pub(super) async fn remembering() -> Self {
        let folder = TempDir::new().unwrap();
        let url = url_in(&folder);
        let store = LiveStore::new(store::open(&url).await.unwrap(), 1_000);
        testing::until("it is believed", async || store.is_believed()).await;
        Self::over(Arc::new(store), folder)
    }

    fn over(store: Arc<dyn Store>, folder: TempDir) -> Self {
        let clock = ManualClock::at(START);
        let keys = vec![Key::generate().unwrap()];
        let engine = engine(&store, &clock, &keys, Policy::default());
        Self { engine, clock, store, keys, folder }
    }

    /// Where the store is, of a scene that has it in its folder.
    pub(super) fn url(&self) -> String {
        url_in(&self.folder)
    }

    pub(super) async fn with(self, name: &str, password: &str) -> Self {
        let hash = self.engine.hasher().hash(Password::typed(password).unwrap()).await.unwrap();
        self.store.create_account(&AccountName::parse(name).unwrap(), &hash, false, START).await.unwrap();
        self
    }

    pub(super) async fn try_sign_in(&self, name: &str, password: &str) -> Result<Session, SignInError> {
        self.engine.sign_in(request(name, password)).await
    }

    pub(super) async fn sign_in(&self, name: &str, password: &str) -> (Session, String) {
        let session = self.try_sign_in(name, password).await.unwrap();
        let cookie = self.cookie(&session);
        (session, cookie)
    }

    pub(super) fn cookie(&self, session: &Session) -> String {
        self.engine.sealer().session_cookie(session).unwrap().value().to_owned()
    }

    pub(super) async fn account(&self, name: &str) -> AccountId {
        self.store.account(&AccountName::parse(name).unwrap()).await.unwrap().unwrap().0.id
    }

    pub(super) fn advance(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }
}

pub(super) fn engine(store: &Arc<dyn Store>, clock: &Arc<ManualClock>, keys: &[Key], policy: Policy) -> Engine {
    let config = EngineConfig {
        policy,
        clock: clock.clone(),
        hasher: Hasher::new(2),
        ..EngineConfig::for_origin("https://app.example").unwrap()
    };
    Engine::new(store.clone(), KeyRing::new(keys.to_vec()).unwrap(), config)
}

pub(super) fn request<'a>(name: &'a str, password: &str) -> SignIn<'a> {
    SignIn {
        name,
        password: Password::typed(password).unwrap(),
        remembered: false,
        replaces: None,
        agent: "Firefox\u{1b}[31m",
        place: "192.0.2.1",
        device: None,
    }
}

pub(super) fn reason(access: Access) -> Reason {
    match access {
        Access::Absent { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

pub(super) fn active(access: Access) -> Session {
    match access {
        Access::Active(session) => session,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_knows_the_password_gets_a_session() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, cookie) = scene.sign_in("Alice", "her password").await;
    assert_eq!(session.account().name.as_str(), "alice");
    scene.advance(1500);
    let checked = active(scene.engine.check(&cookie).await);
    assert_eq!(checked.id(), session.id());
    let info = checked.info();
    assert_eq!(
        (info.account.as_str(), info.idle_left_ms, info.absolute_left_ms, info.age_ms),
        ("alice", 598_500, 43_198_500, 1500)
    );
    let row = &scene.store.sessions(None).await.unwrap()[0];
    assert_eq!(row.agent, "Firefox\u{fffd}[31m");
}

#[tokio::test]
async fn unknown_wrong_and_disabled_are_one_answer_and_one_hash() {
    let scene = Scene::new().await.with("alice", "her password").await.with("mallory", "his password").await;
    scene.store.set_state(scene.account("mallory").await, crate::AccountState::Disabled, START).await.unwrap();
    scene
        .store
        .create_account(
            &AccountName::parse("broken").unwrap(),
            &PasswordHash::from_stored("x".to_owned()),
            false,
            START,
        )
        .await
        .unwrap();
    for (name, password) in [
        ("alice", "another"),
        ("nobody", "another"),
        ("mallory", "his password"),
        ("mallory", "another"),
        ("broken", "x"),
        ("", "x"),
        ("a b", "x"),
        (&"x".repeat(10_000), "x"),
    ] {
        let before = scene.engine.hasher().counts().0;
        let error = scene.try_sign_in(name, password).await.unwrap_err();
        assert!(matches!(error, SignInError::Mismatch), "{name}");
        assert_eq!(error.to_string(), "name and password do not match");
        assert_eq!(scene.engine.hasher().counts().0, before + 1, "{name}");
    }
    assert!(scene.store.sessions(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn idle_and_absolute_end_at_the_millisecond() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (_, cookie) = scene.sign_in("alice", "her password").await;
    scene.advance(599_999);
    active(scene.engine.check(&cookie).await);
    scene.advance(1);
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::Idle);
    scene.clock.set(START);
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::Idle, "an end is an end when the clock goes back");

    let (mut session, mut cookie) = scene.sign_in("alice", "her password").await;
    let absolute = 12 * 3_600_000;
    for _ in 0..(absolute / 300_000 - 1) {
        scene.advance(300_000);
        session = scene.engine.extend(&active(scene.engine.check(&cookie).await)).await.unwrap().unwrap();
        cookie = scene.cookie(&session);
    }
    scene.advance(299_999);
    active(scene.engine.check(&cookie).await);
    scene.advance(1);
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::Absolute);
    assert!(scene.engine.extend(&session).await.unwrap().is_none());
}

#[tokio::test]
async fn an_answer_that_never_arrived_signs_nobody_out() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, cookie) = scene.sign_in("alice", "her password").await;
    scene.advance(400_000);
    scene.engine.extend(&session).await.unwrap().unwrap();
    // The browser still has the first cookie, which alone would be too old now.
    scene.advance(400_000);
    active(scene.engine.check(&cookie).await);
}

#[tokio::test]
async fn demo_accounts_sign_in_to_a_demonstration_alone() {
    let scene = Scene::new().await;
    let hash = scene.engine.hasher().hash(Password::typed("known to all").unwrap()).await.unwrap();
    scene.store.create_account(&AccountName::parse("admin").unwrap(), &hash, true, START).await.unwrap();
    assert!(matches!(scene.try_sign_in("admin", "known to all").await, Err(SignInError::Mismatch)));
    let config = EngineConfig {
        demo: true,
        clock: scene.clock.clone(),
        ..EngineConfig::for_origin("http://localhost").unwrap()
    };
    let demo = Engine::new(scene.store.clone(), KeyRing::new(scene.keys.clone()).unwrap(), config);
    assert!(demo.sign_in(request("admin", "known to all")).await.is_ok());
}

#[tokio::test]
async fn remembered_sessions_have_timeouts_of_their_own() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let session = scene.engine.sign_in(SignIn { remembered: true, ..request("alice", "her password") }).await.unwrap();
    let cookie = scene.cookie(&session);
    scene.advance(14 * 24 * 3_600_000 - 1);
    assert!(active(scene.engine.check(&cookie).await).is_remembered());
    scene.advance(1);
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::Idle);
}

#[tokio::test]
async fn signing_out_is_final_and_can_be_repeated() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, cookie) = scene.sign_in("alice", "her password").await;
    scene.engine.sign_out(&session).await.unwrap();
    scene.engine.sign_out(&session).await.unwrap();
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::SignedOut);
    assert!(scene.engine.extend(&session).await.unwrap().is_none(), "an extension under way is too late");
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::SignedOut);
    // Another process with the same store and keys knows it too.
    let other = engine(&scene.store, &scene.clock, &scene.keys, Policy::default());
    assert_eq!(reason(other.check(&cookie).await), Reason::SignedOut);
}

#[tokio::test]
async fn signing_in_over_a_session_ends_it() {
    let scene = Scene::new().await.with("alice", "her password").await.with("bob", "his password").await;
    let (first, old) = scene.sign_in("alice", "her password").await;
    let wrong = scene.engine.sign_in(SignIn { replaces: Some(&first), ..request("bob", "nonsense") }).await;
    assert!(wrong.is_err());
    active(scene.engine.check(&old).await);
    let second =
        scene.engine.sign_in(SignIn { replaces: Some(&first), ..request("bob", "his password") }).await.unwrap();
    assert_eq!(reason(scene.engine.check(&old).await), Reason::Replaced);
    let again =
        scene.engine.sign_in(SignIn { replaces: Some(&second), ..request("bob", "his password") }).await.unwrap();
    assert_ne!(again.hash(), second.hash());
    assert_eq!(reason(scene.engine.check(&scene.cookie(&second)).await), Reason::Replaced);
}

#[tokio::test]
async fn what_happens_to_the_account_happens_to_its_sessions() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let alice = scene.account("alice").await;
    let (_, cookie) = scene.sign_in("alice", "her password").await;
    scene.store.set_state(alice, crate::AccountState::Disabled, START).await.unwrap();
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::AccountDisabled);
    scene.store.set_state(alice, crate::AccountState::Active, START).await.unwrap();
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::AccountDisabled, "enabling brings no session back");
    let (_, cookie) = scene.sign_in("alice", "her password").await;
    scene.store.set_password(alice, &PasswordHash::from_stored("x".to_owned()), START).await.unwrap();
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::PasswordChanged);
    scene.store.delete_account(alice).await.unwrap();
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::Invalid);
}

#[tokio::test]
async fn a_session_that_was_not_started_here_is_never_adopted() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, _) = scene.sign_in("alice", "her password").await;
    let forged = session.clone().with(|session| session.secret = SessionSecret::generate().unwrap());
    assert_eq!(reason(scene.engine.check(&scene.cookie(&forged)).await), Reason::Invalid);
    assert!(scene.engine.extend(&forged).await.unwrap().is_none());
    assert_eq!(scene.store.sessions(None).await.unwrap().len(), 1);
    // Sealed by us, of a session of ours, and yet not as it was.
    let changes: [fn(&mut Facts); 4] = [
        |session| session.account.id = AccountId(99),
        |session| session.account.epoch += 1,
        |session| session.times.authenticated_at = session.times.authenticated_at.plus(Duration::from_secs(1)),
        |session| session.times.remembered = true,
    ];
    for change in changes {
        let changed = session.clone().with(change);
        assert_eq!(reason(scene.engine.check(&scene.cookie(&changed)).await), Reason::Invalid);
    }
}

#[tokio::test]
async fn a_clock_that_went_back_extends_nothing() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (_, cookie) = scene.sign_in("alice", "her password").await;
    scene.clock.set(START.minus(Duration::from_secs(3600)));
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::Invalid);
    scene.clock.set(START.plus(Duration::from_secs(599)));
    active(scene.engine.check(&cookie).await);
}

#[tokio::test]
async fn a_password_of_ten_years_ago_is_as_good_as_a_new_one() {
    let scene = Scene::new().await.with("alice", "her password").await;
    scene.advance(10 * 365 * 24 * 3_600_000);
    scene.engine.sweep().await.unwrap();
    let (_, cookie) = scene.sign_in("alice", "her password").await;
    active(scene.engine.check(&cookie).await);
}

/// Opened by the cipher itself, with the half of the key that is for it and bound to the cookie's name.
#[tokio::test]
async fn a_cookie_is_sealed_with_aes_256_gcm() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, cookie) = scene.sign_in("alice", "her password").await;
    let key = BASE64_URL_SAFE_NO_PAD.decode(scene.keys[0].to_line().as_bytes()).unwrap();
    let sealed = BASE64_STANDARD.decode(cookie).unwrap();
    let (nonce, sealed) = sealed.split_at(12);
    let cipher = Aes256Gcm::new_from_slice(&key[32..]).unwrap();
    let open = |name: &str| cipher.decrypt(nonce.into(), Payload { msg: sealed, aad: name.as_bytes() });
    let content: serde_json::Value = serde_json::from_slice(&open("__Host-daypass").unwrap()).unwrap();
    assert_eq!(content["a"], session.account().id.0);
    assert!(open("__Host-daypass-device").is_err());
}

/// A node whose clock is up to half a minute off ends sessions by so much early or late, and signs nobody
/// out for another reason: not for a cookie from the future, nor for a copy.
#[tokio::test]
async fn nodes_whose_clocks_differ_a_little_sign_nobody_out_and_keep_nobody_longer() {
    const OFF: u64 = 29_000;
    let scene = Scene::new().await.with("alice", "her password").await;
    let ahead = ManualClock::at(START.plus(Duration::from_millis(OFF)));
    let nodes =
        [(&scene.engine, &scene.clock), (&engine(&scene.store, &ahead, &scene.keys, Policy::default()), &ahead)];
    for first in [0, 1] {
        let session = nodes[first].0.sign_in(request("alice", "her password")).await.unwrap();
        let mut cookie = scene.cookie(&session);
        let started = scene.engine.now();
        // From one node to the other for as long as a session lasts, with a request that is late each time.
        for step in 1..=12 * 12 {
            for (_, clock) in nodes {
                clock.advance(Duration::from_secs(300));
            }
            let (engine, _) = nodes[(first + step) % 2];
            let (other, _) = nodes[(first + step + 1) % 2];
            let passed = scene.engine.now().since(started);
            match engine.check(&cookie).await {
                Access::Active(session) => {
                    assert!(passed < Duration::from_secs(12 * 3600) + Duration::from_millis(OFF), "it lives on");
                    let Some(extended) = engine.extend(&session).await.unwrap() else { panic!("{passed:?}") };
                    let late = std::mem::replace(&mut cookie, scene.cookie(&extended));
                    for node in [other, engine] {
                        active(node.check(&cookie).await);
                        active(node.check(&late).await);
                    }
                }
                ended => {
                    assert_eq!(reason(ended), Reason::Absolute);
                    assert!(passed >= Duration::from_secs(12 * 3600) - Duration::from_millis(OFF), "{passed:?}");
                    break;
                }
            }
        }
        for (engine, _) in nodes {
            assert_eq!(reason(engine.check(&cookie).await), Reason::Absolute);
        }
    }
}

/// More than two minutes are no small difference: a node that is so far behind does not believe what it
/// sees, and ends nothing, since the clock that is wrong may be its own.
#[tokio::test]
async fn a_node_whose_clock_is_far_behind_refuses_and_ends_nothing() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (_, cookie) = scene.sign_in("alice", "her password").await;
    let behind = ManualClock::at(START.minus(Duration::from_secs(300)));
    let node = engine(&scene.store, &behind, &scene.keys, Policy::default());
    assert_eq!(reason(node.check(&cookie).await), Reason::Invalid);
    active(scene.engine.check(&cookie).await);
    behind.set(START);
    active(node.check(&cookie).await);
}

#[tokio::test]
async fn a_store_that_is_away_lets_nobody_in_and_signs_nobody_out() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, cookie) = scene.sign_in("alice", "her password").await;
    scene.store.close().await;
    assert!(matches!(scene.engine.check(&cookie).await, Access::Unavailable));
    assert!(matches!(scene.try_sign_in("alice", "her password").await, Err(SignInError::Store(_))));
    assert!(scene.engine.sign_out(&session).await.is_err(), "a sign-out that did not happen is not claimed");
    assert_eq!(reason(scene.engine.check("junk").await), Reason::Invalid, "junk never reaches the store");
}

#[tokio::test]
async fn sweeping_keeps_the_reason_for_a_day() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, cookie) = scene.sign_in("alice", "her password").await;
    scene.engine.sign_out(&session).await.unwrap();
    scene.advance(24 * 3_600_000);
    assert_eq!(scene.engine.sweep().await.unwrap(), 0);
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::SignedOut);
    scene.advance(1);
    assert_eq!(scene.engine.sweep().await.unwrap(), 1);
    assert_eq!(reason(scene.engine.check(&cookie).await), Reason::Idle, "the cookie's own times still tell");
}

#[tokio::test]
async fn thousands_of_dead_sessions_are_swept() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let alice = scene.account("alice").await;
    let (_, hash) = scene.store.account(&AccountName::parse("alice").unwrap()).await.unwrap().unwrap();
    for _ in 0..1100 {
        let secret = SessionSecret::generate().unwrap();
        let times = Times {
            authenticated_at: START,
            last_activity: START,
            absolute_deadline: START.plus(Duration::from_secs(3600)),
            remembered: false,
        };
        let new = NewSession {
            secret_hash: *secret.hash(),
            id: SessionId::generate().unwrap(),
            account: alice,
            epoch: 0,
            times,
            signed_in_at: START,
            agent: String::new(),
            place: String::new(),
        };
        assert!(scene.store.start_session(scene.engine.begin(&new, &hash, None, false)).await.unwrap().is_some());
    }
    scene.advance(48 * 3_600_000);
    let (_, cookie) = scene.sign_in("alice", "her password").await;
    assert_eq!(scene.engine.sweep().await.unwrap(), 1100);
    active(scene.engine.check(&cookie).await);
}

#[tokio::test]
async fn the_store_has_no_secret_in_it() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, cookie) = scene.sign_in("alice", "her password").await;
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(scene.folder.path()).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(holds(&session.hash().0), "the search finds what is there");
    assert!(!holds(session.secret.encode().as_bytes()));
    assert!(!holds(cookie.as_bytes()));
    assert!(!holds(b"her password"));
}

#[test]
fn cookies_travel_in_the_clear_on_loopback_alone() {
    for good in [
        "https://app.example",
        "https://app.example:8443",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:3000",
        "http://127.9.9.9:1",
    ] {
        assert!(EngineConfig::for_origin(good).is_ok(), "{good}");
    }
    for bad in [
        "http://app.example",
        "http://192.168.0.1:3000",
        "http://localhost.evil.example",
        "http://evil.example#localhost",
        "http://a@localhost",
        "ftp://localhost",
        "localhost",
        "https://",
        "http://0.0.0.0:3000",
        "http://::1:3000",
        "http://[127.0.0.1]:3000",
        "http://[localhost]",
        "http://localhost:99999",
        "http://localhost:+80",
        "https://app.example/",
        "",
    ] {
        assert!(EngineConfig::for_origin(bad).is_err(), "{bad}");
    }
    assert!(EngineConfig::for_origin("https://localhost").unwrap().cookies.is_secure());
}

/// Activity is written a little later, but not when another node could meanwhile find the session timed out.
#[tokio::test]
async fn who_did_something_at_the_last_moment_is_not_timed_out_by_another_node() {
    let scene = Scene::remembering().await.with("alice", "her password").await;
    let url = scene.url();
    let store = store::open(&url).await.unwrap();
    let other = engine(&store, &scene.clock, &scene.keys, Policy::default());
    let (_, cookie) = scene.sign_in("alice", "her password").await;
    scene.advance(590_000);
    let Access::Active(session) = scene.engine.check(&cookie).await else { panic!("it is timed out") };
    scene.engine.extend(&session).await.unwrap().unwrap();
    scene.advance(10_000);
    let access = other.check(&cookie).await;
    assert!(matches!(access, Access::Active(_)), "{access:?}");
}

/// Of a database that was restored from yesterday, say.
#[tokio::test]
async fn a_cookie_of_a_generation_that_never_was_is_refused() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, cookie) = scene.sign_in("alice", "her password").await;
    for number in [1, 2, u32::MAX] {
        let later = session.clone().with(|session| session.generation.number = number);
        let access = scene.engine.check(&scene.cookie(&later)).await;
        assert!(matches!(access, Access::Absent { reason: Reason::Invalid, .. }), "{number}: {access:?}");
    }
    assert!(matches!(scene.engine.check(&cookie).await, Access::Active(_)), "and nothing has ended");
}

#[tokio::test]
async fn an_answer_that_comes_after_the_timeout_extends_nothing() {
    let scene = Scene::new().await.with("alice", "her password").await;
    let (session, cookie) = scene.sign_in("alice", "her password").await;
    scene.advance(600_000);
    assert!(scene.engine.extend(&session).await.unwrap().is_none());
    let access = scene.engine.check(&cookie).await;
    assert!(matches!(access, Access::Absent { reason: Reason::Idle, .. }), "{access:?}");
}

/// Whatever somebody does with a database shell counts, too.
#[tokio::test]
async fn what_was_done_to_the_account_by_hand_ends_its_sessions() {
    for change in ["state = 'disabled'", "epoch = epoch + 1"] {
        let scene = Scene::new().await.with("alice", "her password").await;
        let (_, cookie) = scene.sign_in("alice", "her password").await;
        let url = scene.url();
        let shell = sqlx::SqlitePool::connect(&url).await.unwrap();
        let change = sqlx::AssertSqlSafe(format!("UPDATE accounts SET {change}"));
        sqlx::raw_sql(change).execute(&shell).await.unwrap();
        let access = scene.engine.check(&cookie).await;
        assert!(matches!(access, Access::Absent { .. }), "{access:?}");
    }
}
