//! Sessions by the ten thousand, made by the engine itself: it signs people in over its own layers, at a
//! store that checks no more than it has to and writes down what it is given. The rows go into real
//! databases afterwards (`fill`).

use crate::{ORIGIN, Outcome, serve::account_name};
use async_trait::async_trait;
use axum::{Extension, Router, body::Body, extract::State, http::Request, routing::post};
use daypass_auth::{
    Account, AccountId, AccountName, AccountState, Engine, EngineConfig, KeyRing, Reason, SecretHash, SignIn,
    audit::{Event, Source},
    clock::Timestamp,
    http::{Gate, Guard, protect},
    password::{Hasher, Password, PasswordHash},
    store::{
        ChangePassword, ListedSession, NewSession, Notices, SessionRow, StartSession, Started, Store, StoreError,
        SweepBefore, Tried, Which,
    },
    throttle::Bucket,
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tower::ServiceExt;

/// The password of [`HASHES`].
const PASSWORD: &str = "her password";
/// Of the same password, in two spellings. bcrypt at its least cost stands for the argon2id of real
/// accounts: sessions know nothing of the hash that was checked.
const HASHES: [&str; 2] = [
    "$2b$04$QdrD/wrcv5r0gE36qBIlOue25kMeK8LpDqMObTiUBVWhBDo8tL1AG",
    "$2y$04$QdrD/wrcv5r0gE36qBIlOue25kMeK8LpDqMObTiUBVWhBDo8tL1AG",
];
/// How many sessions an account has.
pub(crate) const SESSIONS_EACH: usize = 10;

/// A session that is not in any store yet.
pub(crate) struct Minted {
    pub(crate) row: NewSession,
    /// `name=value`.
    pub(crate) cookie: String,
}

/// Makes so many, on all cores.
pub(crate) async fn mint(ring: &KeyRing, count: usize) -> Outcome<Vec<Minted>> {
    let makers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = count.div_ceil(makers);
    let mut working = Vec::new();
    for maker in 0..makers {
        let (ring, range) = (ring.clone(), maker * share..((maker + 1) * share).min(count));
        working.push(tokio::spawn(async move {
            let press = Press::new(ring)?;
            let mut made = Vec::with_capacity(range.len());
            for number in range {
                made.push(press.make(number / SESSIONS_EACH).await?);
            }
            Outcome::Ok(made)
        }));
    }
    let mut all = Vec::with_capacity(count);
    for work in working {
        all.extend(work.await??);
    }
    Ok(all)
}

struct Press {
    router: Router,
    paper: Arc<Paper>,
    cookie_name: &'static str,
}

impl Press {
    fn new(ring: KeyRing) -> Outcome<Self> {
        let paper = Arc::new(Paper::default());
        let config = EngineConfig { hasher: Hasher::new(1), ..EngineConfig::for_origin(ORIGIN)? };
        let engine = Engine::new(Arc::clone(&paper) as _, ring, config);
        let guard = Guard { open: true, ..Guard::default() };
        let cookie_name = engine.cookies().session_name();
        let router = protect(Router::new().route("/in", post(sign_in)), &engine, guard).with_state(engine);
        Ok(Self { router, paper, cookie_name })
    }

    async fn make(&self, account: usize) -> Outcome<Minted> {
        let request = Request::post("/in").body(Body::from(account_name(account)))?;
        let answer = self.router.clone().oneshot(request).await?;
        let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let mut pairs = cookies.filter_map(|cookie| cookie.split(';').next());
        let named = |pair: &&str| pair.split_once('=').is_some_and(|(name, _)| name == self.cookie_name);
        let cookie = pairs.find(named).ok_or("the engine gave no session cookie")?.to_owned();
        let row = self.paper.row.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Minted { row: row.ok_or("the engine started no session")?, cookie })
    }
}

async fn sign_in(State(engine): State<Engine>, Extension(gate): Extension<Gate>, name: String) -> Result<(), String> {
    let request = SignIn {
        name: &name,
        password: Password::typed(PASSWORD).map_err(|error| error.to_string())?,
        remembered: true,
        replaces: None,
        agent: "Mozilla/5.0 (X11; Linux x86_64)",
        place: "192.0.2.1",
        device: None,
    };
    gate.name(engine.sign_in(request).await.map_err(|error| error.to_string())?);
    Ok(())
}

/// The store: every account exists, and the last session that was started is remembered.
///
/// A hash that was imported would be made anew after the first sign-in, at full cost. Where another hash
/// has taken its place in the meantime, that is checked instead and left alone: so the first one is always
/// outrun by the second.
#[derive(Default)]
struct Paper {
    outrun: AtomicBool,
    row: Mutex<Option<NewSession>>,
}

const NOT_HERE: StoreError = StoreError::Unreadable("nothing of the kind is asked for here");

#[async_trait]
impl Store for Paper {
    async fn account(&self, name: &AccountName) -> Result<Option<(Account, PasswordHash)>, StoreError> {
        let number: i64 = name.as_str().trim_start_matches("user").parse().map_err(|_| NOT_HERE)?;
        let account = Account {
            id: AccountId(number + 1),
            name: name.clone(),
            state: AccountState::Active,
            epoch: 0,
            demo: false,
            created_at: Timestamp::from_millis(0),
        };
        let hash = HASHES[usize::from(self.outrun.load(Ordering::Relaxed))];
        Ok(Some((account, PasswordHash::from_stored(hash.to_owned()))))
    }

    async fn start_session(&self, start: StartSession<'_>) -> Result<Option<Started>, StoreError> {
        if !self.outrun.fetch_xor(true, Ordering::Relaxed) {
            return Ok(None);
        }
        *self.row.lock().unwrap_or_else(PoisonError::into_inner) = Some(start.session.clone());
        Ok(Some(Started { failed_attempts: 0 }))
    }

    async fn count_try(&self, _: &[Bucket], _: Timestamp) -> Result<Option<Duration>, StoreError> {
        Ok(None)
    }

    async fn take_back_try(&self, _: Tried<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn create_account(
        &self,
        _: &AccountName,
        _: &PasswordHash,
        _: bool,
        _: Timestamp,
    ) -> Result<Account, StoreError> {
        Err(NOT_HERE)
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        Err(NOT_HERE)
    }

    async fn set_password(&self, _: AccountId, _: &PasswordHash, _: Timestamp) -> Result<bool, StoreError> {
        Err(NOT_HERE)
    }

    async fn rehash(&self, _: AccountId, _: &PasswordHash, _: &PasswordHash) -> Result<bool, StoreError> {
        Err(NOT_HERE)
    }

    async fn set_state(&self, _: AccountId, _: AccountState, _: Timestamp) -> Result<bool, StoreError> {
        Err(NOT_HERE)
    }

    async fn delete_account(&self, _: AccountId) -> Result<bool, StoreError> {
        Err(NOT_HERE)
    }

    async fn delete_demo_accounts(&self) -> Result<u64, StoreError> {
        Err(NOT_HERE)
    }

    async fn change_password(&self, _: ChangePassword<'_>) -> Result<Option<i64>, StoreError> {
        Err(NOT_HERE)
    }

    async fn session(&self, _: &SecretHash) -> Result<Option<SessionRow>, StoreError> {
        Ok(None)
    }

    async fn touch(&self, _: &SecretHash, _: Timestamp, _: bool) -> Result<Option<u32>, StoreError> {
        Err(NOT_HERE)
    }

    async fn touch_all(&self, _: &[(SecretHash, Timestamp)]) -> Result<(), StoreError> {
        Err(NOT_HERE)
    }

    async fn notices(&self) -> Result<Box<dyn Notices>, StoreError> {
        Err(NOT_HERE)
    }

    async fn renew(&self, _: &SecretHash, _: u32, _: Timestamp) -> Result<Option<u32>, StoreError> {
        Err(NOT_HERE)
    }

    async fn see(&self, _: &SecretHash, _: u32, _: Timestamp) -> Result<(), StoreError> {
        Err(NOT_HERE)
    }

    async fn end(&self, _: Which, _: Reason, _: Timestamp, _: Option<Timestamp>) -> Result<u64, StoreError> {
        Err(NOT_HERE)
    }

    async fn sessions(&self, _: Option<AccountId>) -> Result<Vec<ListedSession>, StoreError> {
        Err(NOT_HERE)
    }

    async fn record_failure(&self, _: Option<AccountId>, _: Timestamp, _: Source<'_>) -> Result<(), StoreError> {
        Err(NOT_HERE)
    }

    async fn events(&self, _: Option<AccountId>, _: u32) -> Result<Vec<Event>, StoreError> {
        Err(NOT_HERE)
    }

    async fn sweep(&self, _: SweepBefore) -> Result<u64, StoreError> {
        Err(NOT_HERE)
    }
}
