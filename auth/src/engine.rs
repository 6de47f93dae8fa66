//! What the engine does: sign in, check, extend, sign out. No HTTP here.

mod own;
mod rehash;
mod tries;

pub use own::{ChangePassword, ChooseError, Own, ProofError};

use crate::{
    Account, AccountId, AccountName, KeyRing, Reason, SecretHash,
    audit::{KEEP_EVENTS, Source},
    clock::{Clock, SystemClock, Timestamp},
    password::{HashError, Hasher, Password, PasswordHash},
    policy::{OLD_COOKIE, Policy, Standing, Times},
    seal::{Claim, CookieSpec, Opened, SealCount, Sealer},
    session::{Facts, NoRandomness, Session, SessionAccount, SessionId, SessionSecret},
    store::{
        Generation, NewSession, SessionLimit, SessionRow, StartSession, Store, StoreError, SweepBefore, Tried, Which,
    },
    throttle::{Device, FORGET},
};
use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

/// How long the end of a session is remembered, so that a browser that comes back can be told why.
pub(crate) const KEEP_ENDED: Duration = Duration::from_secs(24 * 3600);
/// What is stored of a browser's description of itself, in characters.
const MAX_AGENT_CHARS: usize = 256;

/// What an engine needs to know beside its store and keys.
#[derive(Clone)]
pub struct EngineConfig {
    /// When sessions end.
    pub policy: Policy,
    /// Names and attributes of the cookies.
    pub cookies: CookieSpec,
    /// For whom cookies are sealed: the public origin.
    pub audience: String,
    /// What hashes passwords.
    pub hasher: Hasher,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// Whether accounts that were made for a demonstration can sign in.
    pub demo: bool,
    /// Words that no password may be made of, beside the account's name: those that everybody
    /// would try here (NIST SP 800-63B-4, 3.1.1.2; ASVS 6.2.11).
    pub context: Vec<String>,
    /// How long what happened is kept.
    pub keep_events: Duration,
}

/// The origin cannot have secure cookies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an https origin nor http on a loopback address")]
pub struct OriginError(pub String);

impl EngineConfig {
    /// Defaults for an app at this origin, such as `https://app.example` or `http://localhost:3000`.
    ///
    /// # Errors
    /// When it is not https, and not http on loopback: its cookies would travel in the clear.
    pub fn for_origin(origin: &str) -> Result<Self, OriginError> {
        let error = || OriginError(origin.to_owned());
        let (scheme, host) = origin.split_once("://").ok_or_else(error)?;
        if host.is_empty() || host.contains(['/', '@', '?', '#', '\\']) {
            return Err(error());
        }
        let cookies = match scheme {
            "https" => CookieSpec::https(),
            "http" if is_loopback(host) => CookieSpec::loopback(),
            _ => return Err(error()),
        };
        Ok(Self {
            policy: Policy::default(),
            cookies,
            audience: origin.to_owned(),
            hasher: Hasher::default(),
            clock: Arc::new(SystemClock),
            demo: false,
            context: vec!["daypass".to_owned(), host_name(host).to_owned()],
            keep_events: KEEP_EVENTS,
        })
    }
}

/// Whether an origin, of either scheme, is this machine and no other.
#[must_use]
pub fn is_loopback_origin(origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(scheme, host)| matches!(scheme, "http" | "https") && is_loopback(host))
}

/// An origin's host without its port.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok() => name,
        _ => host,
    }
}

/// Whether an origin's host, with or without a port, is this machine and no other.
fn is_loopback(host: &str) -> bool {
    let name = host_name(host);
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(name) => name.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()),
        None => name == "localhost" || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
    }
}

/// The engine: cheap to clone, one for the whole process.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("policy", &self.0.policy).finish_non_exhaustive()
    }
}

struct Inner {
    store: Arc<dyn Store>,
    sealer: Sealer,
    policy: Policy,
    hasher: Hasher,
    clock: Arc<dyn Clock>,
    demo: bool,
    context: Vec<String>,
    keep_events: Duration,
}

/// Who wants to sign in, with what, from where.
#[derive(Clone, Debug)]
pub struct SignIn<'a> {
    /// The name as typed.
    pub name: &'a str,
    /// The password as typed.
    pub password: Password,
    /// Whether the session shall outlive the browser's closing.
    pub remembered: bool,
    /// The session that the request came with, which the new one replaces.
    pub replaces: Option<&'a Session>,
    /// What the browser says that it is.
    pub agent: &'a str,
    /// Where the request came from.
    pub place: &'a str,
    /// What the browser is known for.
    pub device: Option<&'a Device>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// No such account, not its password, or the account is disabled: the three are not told apart.
    #[error("name and password do not match")]
    Mismatch,
    /// Too many tries failed, on this name or from this network. Nothing was checked; a try after this
    /// time is.
    #[error("too many tries; the next one in {0:?}")]
    Throttled(Duration),
    /// Too many passwords are being checked; trying again later is right.
    #[error("too many passwords are being checked")]
    Overloaded,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing failed or there were no random bytes.
    #[error("the session could not be made")]
    Failed,
}

impl From<HashError> for SignInError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded => Self::Overloaded,
            HashError::Failed => Self::Failed,
        }
    }
}

impl From<NoRandomness> for SignInError {
    fn from(_: NoRandomness) -> Self {
        Self::Failed
    }
}

/// What a request is, as far as sessions go.
#[derive(Clone, Debug)]
pub enum Access {
    /// Of somebody who is signed in.
    Active(Session),
    /// Of nobody.
    Absent {
        /// Why.
        reason: Reason,
        /// Whether the session that ended was a remembered one, with the timeouts of those.
        remembered: bool,
    },
    /// Not known: the store does not answer. Nobody is signed out by that, and nobody let in.
    Unavailable,
}

impl Engine {
    /// An engine with this store and these keys.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, ring: KeyRing, config: EngineConfig) -> Self {
        let EngineConfig { policy, cookies, audience, hasher, clock, demo, context, keep_events } = config;
        Self(Arc::new(Inner {
            store,
            sealer: Sealer { ring, cookies, audience, seals: SealCount::default(), opened: Opened::default() },
            policy,
            hasher,
            clock,
            demo,
            context,
            keep_events,
        }))
    }

    /// The present moment, by the engine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The store, for what operators do.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// What hashes passwords.
    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    /// When sessions end.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Names and attributes of the cookies.
    #[must_use]
    pub fn cookies(&self) -> &CookieSpec {
        &self.0.sealer.cookies
    }

    /// How many cookies this process has sealed since it started. One key may seal 2^32 of them, all
    /// processes that use it together (NIST SP 800-38D, 8.3).
    #[must_use]
    pub fn seals(&self) -> u64 {
        self.0.sealer.seals.get()
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    /// Checks a name and a password, and starts a session.
    ///
    /// Always costs one password hash, whatever the name, and answers the same for a name that is
    /// unknown, a wrong password and a disabled account.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn sign_in(&self, request: SignIn<'_>) -> Result<Session, SignInError> {
        let name = AccountName::parse(request.name).ok();
        let found = match &name {
            Some(name) => self.0.store.account(name).await?,
            None => None,
        };
        let stored = found.as_ref().map(|(_, hash)| hash.clone());
        let id = found.as_ref().map(|(account, _)| account.id);
        let source = Source { agent: request.agent, place: request.place };
        let buckets = {
            let known = id.and_then(|id| request.device?.known(id));
            self.namer().sign_in(name.as_ref().map_or(request.name, AccountName::as_str), known, request.place)
        };
        if let Some(wait) = self.count_try(&buckets).await? {
            return Err(SignInError::Throttled(wait));
        }
        let right = match self.0.hasher.verify(request.password.clone(), stored).await {
            Ok(right) => right,
            Err(error) => {
                self.not_tried(&buckets).await;
                return Err(error.into());
            }
        };
        // Everybody knows the password of a demo account: elsewhere than in a demonstration it opens nothing.
        let found = found.filter(|(account, _)| self.0.demo || !account.demo);
        let (Some((account, hash)), true) = (found, right) else {
            tracing::info!(
                event = "authn_login_fail",
                who = buckets.account.id.reference(),
                reason = if id.is_none() { "no_account" } else { "wrong_password" },
                place = request.place,
                "a sign-in was refused"
            );
            // A write whatever the name, so that the time it takes says little of it.
            self.record_failure(id, source).await;
            return Err(SignInError::Mismatch);
        };
        let start = Start { account: &account, remembered: request.remembered, source, goes_on: None };
        let (secret, new) = self.prepare(&start)?;
        // The store inserts it only if the account is still active, in the same epoch and with the
        // same password: whatever happened while we hashed wins.
        let replaces = request.replaces.map(Session::hash);
        // In one with the session, the tries: the name's count begins anew, and the network has one less.
        let network = buckets.network.map(|bucket| bucket.id);
        let tried = Tried { right: Some(buckets.account.id), others: network.as_slice() };
        let begin = StartSession { tried, ..self.begin(&new, &hash, replaces, false) };
        let Some(started) = self.start(begin, &account.name, request.password).await? else {
            tracing::info!(
                event = "authn_login_fail",
                who = buckets.account.id.reference(),
                reason = "disabled_or_changed",
                account = account.id.0,
                place = request.place,
                "a sign-in was refused"
            );
            self.record_failure(id, source).await;
            return Err(SignInError::Mismatch);
        };
        tracing::info!(
            event = if started.failed_attempts > 0 { "authn_login_successafterfail" } else { "authn_login_success" },
            account = account.id.0,
            session = %new.id,
            place = request.place,
            "signed in"
        );
        let device = request.device.cloned().unwrap_or_default().with(account.id, SessionId::generate()?.to_string());
        let session = self.started(secret, new, account);
        Ok(session.with(|session| {
            session.failed_attempts = started.failed_attempts;
            session.device = Some(device);
        }))
    }

    /// A session for somebody whose password was right, not started yet.
    fn prepare(&self, start: &Start<'_>) -> Result<(SessionSecret, NewSession), NoRandomness> {
        let now = self.now();
        let secret = SessionSecret::generate()?;
        let new = NewSession {
            secret_hash: *secret.hash(),
            id: SessionId::generate()?,
            account: start.account.id,
            epoch: start.account.epoch,
            times: Times {
                authenticated_at: now,
                last_activity: now,
                absolute_deadline: now.plus(self.0.policy.timeouts(start.remembered).absolute),
                remembered: start.remembered,
            },
            signed_in_at: start.goes_on.map_or(now, Session::signed_in_at),
            agent: printable(start.source.agent, MAX_AGENT_CHARS),
            place: printable(start.source.place, MAX_AGENT_CHARS),
        };
        Ok((secret, new))
    }

    /// On what conditions the store starts it.
    fn begin<'a>(
        &self,
        session: &'a NewSession,
        hash: &'a PasswordHash,
        replaces: Option<SecretHash>,
        confirms: bool,
    ) -> StartSession<'a> {
        let now = session.times.authenticated_at;
        let limit = SessionLimit {
            most: self.0.policy.most_sessions(),
            ordinary_since: now.minus(self.0.policy.timeouts(false).idle),
            remembered_since: now.minus(self.0.policy.timeouts(true).idle),
        };
        StartSession { session, hash, replaces, confirms, limit, tried: Tried::default() }
    }

    /// The session that the store has started.
    fn started(&self, secret: SessionSecret, new: NewSession, account: Account) -> Session {
        Session::from(Facts {
            id: new.id,
            secret,
            account: SessionAccount { id: account.id, name: account.name, epoch: new.epoch },
            checked_at: new.times.authenticated_at,
            generation: Generation { number: 0, issued_at: new.times.authenticated_at, seen_at: None },
            is_stale: false,
            times: new.times,
            signed_in_at: new.signed_in_at,
            policy: self.0.policy,
            failed_attempts: 0,
            device: None,
        })
    }

    /// Writes down that a password was wrong. That it could not be written down is for the log: the
    /// person is told of the password.
    async fn record_failure(&self, account: Option<AccountId>, source: Source<'_>) {
        let (agent, place) = (printable(source.agent, MAX_AGENT_CHARS), printable(source.place, MAX_AGENT_CHARS));
        let source = Source { agent: &agent, place: &place };
        if let Err(error) = self.0.store.record_failure(account, self.now(), source).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a failed sign-in could not be written down");
        }
    }

    /// Checks a session cookie's value.
    ///
    /// A value that does not open is turned away without asking the store. One that opens is
    /// accepted if and only if neither timeout has passed, the row exists, nothing has ended it, and
    /// its account is active and in the same epoch.
    pub async fn check(&self, value: impl AsRef<[u8]> + Send) -> Access {
        match self.0.sealer.open_session(&value) {
            Some(claim) => self.check_claim(claim).await,
            None => self.does_not_open(),
        }
    }

    fn does_not_open(&self) -> Access {
        tracing::warn!(event = "crypt_decrypt_fail", "a session cookie does not open");
        Access::Absent { reason: Reason::Invalid, remembered: false }
    }

    /// Checks a session cookie's value, if that takes nobody's answer: it does not open, or the store
    /// knows the session by heart and it is alive.
    pub(crate) fn check_at_once(&self, value: &[u8]) -> Option<Access> {
        let Some(claim) = self.0.sealer.open_session(value) else { return Some(self.does_not_open()) };
        // As it comes, since to take it out and put it in again is to copy it.
        let row @ Some(_) = self.0.store.known(claim.secret.hash()) else { return None };
        match self.judge(&claim, row, self.now()) {
            Verdict::Accept(session) if !session.is_seen_now() => Some(Access::Active(session)),
            Verdict::Accept(_) | Verdict::Refuse(_) | Verdict::End(..) => None,
        }
    }

    /// Checks a session again that was alive before.
    pub async fn recheck(&self, session: &Session) -> Access {
        self.check_claim(Claim {
            secret: session.secret.clone(),
            account: session.account.id,
            epoch: session.account.epoch,
            authenticated_at: session.times.authenticated_at,
            last_activity: session.times.last_activity,
            remembered: session.times.remembered,
            generation: session.generation.number,
        })
        .await
    }

    async fn check_claim(&self, claim: Claim) -> Access {
        let unavailable = |error: StoreError| {
            tracing::error!(error = &error as &dyn std::error::Error, "the store does not answer");
            Access::Unavailable
        };
        let (remembered, hash) = (claim.remembered, *claim.secret.hash());
        loop {
            let row = match self.0.store.session(&hash).await {
                Ok(row) => row,
                Err(error) => return unavailable(error),
            };
            let now = self.now();
            let (reason, idle_since) = match self.judge(&claim, row, now) {
                Verdict::Accept(session) => {
                    self.see(&session).await;
                    return Access::Active(session);
                }
                Verdict::Refuse(reason) => return Access::Absent { reason, remembered },
                Verdict::End(reason, idle_since) => (reason, idle_since),
            };
            // Written down, so that the session stays dead whatever the clock or the settings do.
            match self.0.store.end(Which::Secret(hash), reason, now, idle_since).await {
                // Somebody used it or ended it since we read it: what counts is what is there now.
                Ok(0) => {}
                Ok(_) => {
                    if reason == Reason::Copied {
                        tracing::warn!(
                            event = "session_copied",
                            account = claim.account.0,
                            "an old cookie was used; the session was ended"
                        );
                    } else {
                        tracing::info!(event = "session_expired", reason = %reason, "a session timed out");
                    }
                    return Access::Absent { reason, remembered };
                }
                Err(error) => return unavailable(error),
            }
        }
    }

    /// Decides whether a claim holds. Pure.
    fn judge(&self, claim: &Claim, row: Option<SessionRow>, now: Timestamp) -> Verdict {
        let Some(row) = row else {
            // Swept, or of an account that was deleted, or never ours: the cookie's own times may
            // still tell a person who comes back after weeks what happened.
            let times = Times {
                authenticated_at: claim.authenticated_at,
                last_activity: claim.last_activity,
                absolute_deadline: Timestamp::from_millis(i64::MAX),
                remembered: claim.remembered,
            };
            return Verdict::Refuse(match self.0.policy.standing(&times, now) {
                Standing::Over(reason) => reason,
                Standing::Alive(_) | Standing::FromTheFuture => Reason::Invalid,
            });
        };
        if row.account != claim.account
            || row.epoch != claim.epoch
            || row.times.authenticated_at != claim.authenticated_at
            || row.times.remembered != claim.remembered
        {
            return Verdict::Refuse(Reason::Invalid);
        }
        if let Some((_, reason)) = row.ended {
            return Verdict::Refuse(reason);
        }
        if row.account_state != crate::AccountState::Active {
            return Verdict::Refuse(Reason::AccountDisabled);
        }
        if row.account_epoch != row.epoch {
            return Verdict::Refuse(Reason::Revoked);
        }
        // The cookie knows of activity that is not written down yet, the row of activity whose
        // answer never reached this browser: the later one counts.
        let times = Times { last_activity: row.times.last_activity.max(claim.last_activity), ..row.times };
        match self.0.policy.standing(&times, now) {
            Standing::Over(reason) => {
                let idle_since =
                    (reason == Reason::Idle).then(|| now.minus(self.0.policy.timeouts(times.remembered).idle));
                Verdict::End(reason, idle_since)
            }
            Standing::FromTheFuture => {
                tracing::warn!(event = "clock_anomaly", "a session comes from the future");
                Verdict::Refuse(Reason::Invalid)
            }
            Standing::Alive(_) if row.generation.number < claim.generation => Verdict::Refuse(Reason::Invalid),
            Standing::Alive(_) if is_copied(claim.generation, row.generation, now) => {
                Verdict::End(Reason::Copied, None)
            }
            Standing::Alive(_) => Verdict::Accept(Session::from(Facts {
                id: row.id,
                generation: row.generation,
                is_stale: claim.generation < row.generation.number,
                secret: claim.secret.clone(),
                account: SessionAccount { id: row.account, name: row.account_name, epoch: row.epoch },
                times,
                signed_in_at: row.signed_in_at,
                checked_at: now,
                policy: self.0.policy,
                failed_attempts: 0,
                device: None,
            })),
        }
    }

    /// The session as it will be if the activity of this request is written down.
    pub(crate) fn used_now(&self, session: &Session) -> Session {
        let now = self.now();
        session.clone().with(|session| {
            session.times.last_activity = now.max(session.times.last_activity);
            session.checked_at = now;
        })
    }

    /// Extends a session by activity now. Nothing if it has ended meanwhile: whoever ended it wins.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn extend(&self, session: &Session) -> Result<Option<Session>, StoreError> {
        let extended = self.used_now(session);
        let now = extended.checked_at;
        // Somebody who took longer than the timeout to answer is not extended by the answer.
        if !matches!(self.0.policy.standing(&session.times, now), Standing::Alive(_)) {
            return Ok(None);
        }
        let (hash, generation) = (session.hash(), session.generation);
        let renewed = if self.0.policy.is_renewal_due(generation.issued_at, now) {
            self.0.store.renew(&hash, generation.number, now).await?
        } else {
            None
        };
        // Not due, or another request has renewed it a moment ago: then its generation is the newest.
        let number = match renewed {
            Some(number) => Some(number),
            None => {
                let urgent = self.0.policy.is_slide_urgent(&session.times, now);
                self.0.store.touch(&hash, now, urgent).await?
            }
        };
        Ok(number.map(|number| {
            let issued_at = if number == generation.number { generation.issued_at } else { now };
            extended.with(|session| session.generation = Generation { number, issued_at, ..generation })
        }))
    }

    /// Writes down that the newest cookie has arrived: from now on the one before is good for a short
    /// time alone. That it could not be written down only makes that time longer.
    async fn see(&self, session: &Session) {
        if !session.is_seen_now() {
            return;
        }
        let number = session.generation.number;
        if let Err(error) = self.0.store.see(&session.hash(), number, session.checked_at).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a renewed cookie could not be written down");
        }
    }

    /// Ends a session because its person signs out. Twice is fine.
    ///
    /// # Errors
    /// When the store does not answer: then the session has not ended.
    pub async fn sign_out(&self, session: &Session) -> Result<(), StoreError> {
        let (inner, which, now) = (Arc::clone(&self.0), Which::Secret(session.hash()), self.now());
        // A task of its own: a browser that hangs up early wanted to sign out all the same.
        tokio::spawn(async move { inner.store.end(which, Reason::SignedOut, now, None).await })
            .await
            .map_err(|panicked| StoreError::Unavailable(panicked.into()))??;
        tracing::info!(event = "authn_logout", account = session.account.id.0, session = %session.id, "signed out");
        Ok(())
    }

    /// Signs out with a cookie whose session was replaced by its own successor, because a password was
    /// confirmed or changed while the sign-out was under way: a sign-out always wins, so the successor
    /// ends.
    ///
    /// # Errors
    /// When the store does not answer: then it has not ended.
    pub(crate) async fn sign_out_successor(&self, value: &[u8]) -> Result<(), StoreError> {
        let Some(claim) = self.0.sealer.open_session(value) else { return Ok(()) };
        let which = Which::Successors(*claim.secret.hash());
        let ended = self.0.store.end(which, Reason::SignedOut, self.now(), None).await?;
        if ended > 0 {
            tracing::info!(event = "authn_logout", account = claim.account.0, "signed out, by the cookie before");
        }
        Ok(())
    }

    /// Deletes what is left of sessions that are dead for a day and longer, and events and counts of
    /// tries that are old. Says how many rows.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        let now = self.now().minus(KEEP_ENDED);
        let before = SweepBefore {
            ended: now,
            deadline: now,
            ordinary_last_seen: now.minus(self.0.policy.timeouts(false).idle),
            remembered_last_seen: now.minus(self.0.policy.timeouts(true).idle),
            events: self.now().minus(self.0.keep_events),
            attempts: self.now().minus(FORGET),
        };
        let mut swept = 0;
        loop {
            match self.0.store.sweep(before).await? {
                0 => return Ok(swept),
                n => swept += n,
            }
            // Between two bites sign-ins have their turn at the write lock.
            tokio::task::yield_now().await;
        }
    }
}

/// Whether a cookie of this generation is a copy: an older one than the last but one, or that one when the
/// newest has been in use for a while. Until the newest was seen its answer may have been lost, and for
/// a short time after that requests are under way that carry the one before.
fn is_copied(presented: u32, newest: Generation, now: Timestamp) -> bool {
    match newest.number - presented {
        0 => false,
        1 => newest.seen_at.is_some_and(|seen| now >= seen.plus(OLD_COOKIE)),
        _ => true,
    }
}

/// For whom a session is to be started, and where.
struct Start<'a> {
    account: &'a Account,
    remembered: bool,
    source: Source<'a>,
    /// The session that it goes on from, if it is no new visit.
    goes_on: Option<&'a Session>,
}

enum Verdict {
    Accept(Session),
    Refuse(Reason),
    End(Reason, Option<Timestamp>),
}

/// What strangers send, cut and without characters that could write over a terminal or a log.
fn printable(text: &str, max: usize) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(max).collect()
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod own_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tries_tests;
