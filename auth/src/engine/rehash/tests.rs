use crate::{
    AccountName, AccountState, Engine, SessionId, SignInError,
    clock::ManualClock,
    engine::tests::{START, Scene, engine, request},
    password::{Password, PasswordHash},
    policy::{Policy, Times},
    session::SessionSecret,
    store::{NewSession, SqliteStore},
};

const WEAK: &str = "$argon2id$v=19$m=7168,t=1,p=1$";

struct Imported {
    scene: Scene,
    engine: Engine,
}

impl Imported {
    /// An account `alice` with a hash that another program made of `her password`.
    async fn with(hash: &str) -> Self {
        let scene = Scene::new().await;
        let engine = engine(&scene.store, &ManualClock::at(START), &scene.keys, Policy::default());
        let hash = PasswordHash::imported(hash).unwrap();
        scene.store.create_account(&alice(), &hash, false, START).await.unwrap();
        Self { scene, engine }
    }

    async fn bcrypt() -> Self {
        Self::with(&bcrypt::hash("her password", 4).unwrap()).await
    }

    async fn hash(&self) -> PasswordHash {
        self.scene.store.account(&alice()).await.unwrap().unwrap().1
    }

    async fn sign_in(&self, password: &str) -> Result<(), SignInError> {
        self.engine.sign_in(request("alice", password)).await.map(drop)
    }

    /// What a sign-in does after its password was found to be right by `checked`.
    async fn go_on(&self, checked: &PasswordHash, epoch: i64) -> bool {
        let secret = SessionSecret::generate().unwrap();
        let session = NewSession {
            secret_hash: *secret.hash(),
            id: SessionId::generate().unwrap(),
            account: self.scene.account("alice").await,
            epoch,
            times: Times { authenticated_at: START, last_activity: START, absolute_deadline: START, remembered: false },
            signed_in_at: START,
            agent: String::new(),
            place: String::new(),
        };
        let password = Password::typed("her password").unwrap();
        let begin = self.engine.begin(&session, checked, None, false);
        self.engine.start(begin, &alice(), password).await.unwrap().is_some()
    }
}

fn alice() -> AccountName {
    AccountName::parse("alice").unwrap()
}

fn argon2id(memory: u32, passes: u32, password: &str) -> String {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, passes, 1, Some(32)).unwrap());
    argon2.hash_password_with_salt(password.as_bytes(), &[7; 16]).unwrap().to_string()
}

#[tokio::test]
async fn an_imported_bcrypt_hash_is_replaced_at_the_first_sign_in() {
    let imported = Imported::bcrypt().await;
    assert!(matches!(imported.sign_in("another").await, Err(SignInError::Mismatch)));
    assert!(imported.hash().await.as_str().starts_with("$2b$"), "a wrong password changes nothing");
    imported.sign_in("her password").await.unwrap();
    assert!(imported.hash().await.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    let (account, _) = imported.scene.store.account(&alice()).await.unwrap().unwrap();
    assert_eq!(account.epoch, 0);
    let before = imported.engine.hasher().counts().0;
    imported.sign_in("her password").await.unwrap();
    assert_eq!(imported.engine.hasher().counts().0, before + 1, "from then on one hash");
    assert!(matches!(imported.sign_in("another").await, Err(SignInError::Mismatch)));
    assert_eq!(imported.scene.store.sessions(None).await.unwrap().len(), 2, "the first session lives on");
}

#[tokio::test]
async fn a_weaker_argon2id_hash_is_replaced_and_a_stronger_one_is_not() {
    let weak = Imported::with(&argon2id(7168, 1, "her password")).await;
    assert!(weak.hash().await.as_str().starts_with(WEAK));
    weak.sign_in("her password").await.unwrap();
    assert!(weak.hash().await.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    for (memory, passes) in [(19_456, 2), (47_104, 1), (65_536, 3)] {
        let hash = argon2id(memory, passes, "her password");
        let strong = Imported::with(&hash).await;
        strong.sign_in("her password").await.unwrap();
        assert_eq!(strong.hash().await.as_str(), hash);
    }
}

#[tokio::test]
async fn a_sign_in_that_another_one_overtakes_is_no_mismatch() {
    let imported = Imported::bcrypt().await;
    let checked = imported.hash().await;
    imported.sign_in("her password").await.unwrap();
    assert!(imported.go_on(&checked, 0).await, "its hash is another by now, and of the same password");
    assert_eq!(imported.scene.store.sessions(None).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_first_sign_ins_at_once_all_succeed() {
    let imported = Imported::bcrypt().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let engine = imported.engine.clone();
        tasks.spawn(async move { engine.sign_in(request("alice", "her password")).await.map(drop) });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
    assert_eq!(imported.scene.store.sessions(None).await.unwrap().len(), 5);
}

#[tokio::test]
async fn what_really_changed_meanwhile_wins() {
    let imported = Imported::bcrypt().await;
    let checked = imported.hash().await;
    let store = &imported.scene.store;
    let id = imported.scene.account("alice").await;
    // A hash of another password in the same epoch: nobody writes that, and it is not believed.
    let other = PasswordHash::from_stored(argon2id(19_456, 2, "another"));
    assert!(store.rehash(id, &checked, &other).await.unwrap());
    assert!(!imported.go_on(&checked, 0).await);
    assert!(store.rehash(id, &other, &checked).await.unwrap());
    store.set_state(id, AccountState::Disabled, START).await.unwrap();
    assert!(!imported.go_on(&checked, 0).await);
    assert!(!imported.go_on(&checked, 1).await);
    store.set_state(id, AccountState::Active, START).await.unwrap();
    assert!(!imported.go_on(&checked, 0).await);
    let same = PasswordHash::from_stored(argon2id(19_456, 2, "her password"));
    store.set_password(id, &same, START).await.unwrap();
    assert!(!imported.go_on(&checked, 2).await, "the same password, set anew, has ended what was before");
    assert!(store.sessions(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_hash_that_cannot_be_replaced_turns_nobody_away() {
    let imported = Imported::bcrypt().await;
    let url = imported.scene.url();
    sqlx::raw_sql(
        "CREATE TRIGGER full BEFORE UPDATE OF password_hash ON accounts BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    .execute(SqliteStore::open(&url).await.unwrap().pool())
    .await
    .unwrap();
    for _ in 0..2 {
        imported.sign_in("her password").await.unwrap();
        assert!(imported.hash().await.as_str().starts_with("$2b$"));
    }
}
