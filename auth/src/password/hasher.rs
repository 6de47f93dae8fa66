//! Hashing and verifying, a bounded number at a time.

use super::{
    chosen::{Password, PasswordError},
    leaked::LeakedPasswords,
    memory::Memory,
    pepper::Pepper,
    stored::PasswordHash,
    threads::Threads,
};
use crate::KeyRing;
use argon2::{KeyId, Params, ParamsBuilder};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// argon2id with 19 MiB, two passes, one lane: OWASP's least, ASVS 5.0 appendix C.
pub(super) const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How many sign-ins may wait for their turn to hash. At 30 ms a hash that is two seconds.
pub const MAX_WAITING: usize = 64;

/// Why a password could not be hashed or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many are waiting already. Nothing was hashed; trying again later is right.
    #[error("too many passwords are being checked")]
    Overloaded,
    /// The hashing itself failed: no random bytes, no memory.
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes passwords off the async threads, a bounded number at a time.
#[derive(Clone, Debug)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    threads: Arc<Threads>,
    waiting: Arc<AtomicUsize>,
    counters: Arc<Counters>,
    dummy: Arc<OnceLock<PasswordHash>>,
    pepper: Pepper,
    memory: Memory,
    leaked: Option<LeakedPasswords>,
}

#[derive(Debug, Default)]
struct Counters {
    started: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Default for Hasher {
    /// All cores but one, at least one: requests keep a core while passwords are guessed.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::new(cores.saturating_sub(1))
    }
}

impl Hasher {
    /// A hasher that hashes at most so many passwords at a time, at least one. Each takes 19 MiB.
    #[must_use]
    pub fn new(at_a_time: usize) -> Self {
        let at_a_time = at_a_time.max(1);
        Self {
            permits: Arc::new(Semaphore::new(at_a_time)),
            threads: Arc::new(Threads::new(at_a_time)),
            waiting: Arc::default(),
            counters: Arc::default(),
            dummy: Arc::default(),
            pepper: Pepper::default(),
            memory: Memory::default(),
            leaked: None,
        }
    }

    /// The same, with a pepper: secrets that are kept apart from the store, the newest first. It is mixed
    /// into every hash that is made; hashes that were made with another one of them, or with none, are
    /// still right, and are made anew at the next sign-in. One that was made with a secret that is not
    /// among them opens for nobody.
    #[must_use]
    pub fn with_pepper(self, secrets: KeyRing) -> Self {
        Self { pepper: Pepper::new(secrets), dummy: Arc::default(), ..self }
    }

    /// The same, which lets nobody choose a password that is on this list.
    #[must_use]
    pub fn with_leaked(self, leaked: Option<LeakedPasswords>) -> Self {
        Self { leaked, ..self }
    }

    /// Hashes a password for storing.
    ///
    /// # Errors
    /// When too many are waiting, or the system gives no random bytes.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        let (pepper, memory) = (self.pepper.clone(), self.memory.clone());
        self.run(move || hash_now(&pepper, &memory, &password)).await?
    }

    /// Whether `password` is the one that `stored` was made from.
    ///
    /// Costs one hash whatever is stored, nothing and nonsense included, so that neither the time
    /// nor the load tells an account that exists from one that does not. The exception is an account
    /// that was imported with a bcrypt hash and has not signed in since: that one hash is bcrypt's, at
    /// the cost at which it was made.
    ///
    /// # Errors
    /// When too many are waiting.
    pub async fn verify(&self, password: Password, stored: Option<PasswordHash>) -> Result<bool, HashError> {
        let (dummy, pepper, memory) = (Arc::clone(&self.dummy), self.pepper.clone(), self.memory.clone());
        self.run(move || {
            let usable = stored.as_ref().and_then(PasswordHash::usable);
            if stored.is_some() && usable.is_none() {
                tracing::error!(
                    "a stored password hash is of an unknown kind or out of bounds; nobody can sign in with it"
                );
            }
            if let Some(hash) = usable {
                if let Some(right) = hash.verify(&password, &pepper, &memory) {
                    return right;
                }
                tracing::error!(
                    "a stored password hash was made with a pepper that is not here; nobody can sign in with it"
                );
            }
            let dummy = match dummy.get() {
                Some(dummy) => dummy,
                // Made by the first one who needs it, who pays for it like everybody: one hash.
                None => {
                    if let Ok(made) = hash_now(&pepper, &memory, &password) {
                        let _already = dummy.set(made);
                    }
                    return false;
                }
            };
            if let Some(hash) = dummy.usable() {
                let _never_right = hash.verify(&password, &pepper, &memory);
            }
            false
        })
        .await
    }

    /// [`Password::chosen`], where the hashes are made: judging a password that was made to be hard to
    /// judge is as much work.
    ///
    /// # Errors
    /// When too many are waiting; and within, why it may be none.
    pub async fn choose(&self, text: &str, context: Vec<String>) -> Result<Result<Password, PasswordError>, HashError> {
        let (text, leaked) = (Zeroizing::new(text.to_owned()), self.leaked.clone());
        self.run(move || {
            let context: Vec<_> = context.iter().map(String::as_str).collect();
            Password::chosen(&text, &context, leaked.as_ref())
        })
        .await
    }

    /// Whether a hash takes less work to guess than one that is made today, is of another kind, or was
    /// made with another pepper than the newest.
    pub(crate) fn is_outdated(&self, hash: &PasswordHash) -> bool {
        hash.is_outdated(&self.pepper)
    }

    /// How many hashes were ever started, and how many were in flight at once at most.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.counters.started.load(Ordering::SeqCst), self.counters.most_in_flight.load(Ordering::SeqCst))
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashError> {
        let queued = Queued::enter(&self.waiting)?;
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| HashError::Failed)?;
        drop(queued);
        let counters = Arc::clone(&self.counters);
        // The permit goes with the work: a client that hangs up drops this future, not the hash.
        let done = self.threads.run(move || {
            let _permit = permit;
            let _counted = InFlight::enter(&counters);
            work()
        });
        done.ok_or(HashError::Failed)?.await.map_err(|_| HashError::Failed)
    }
}

/// A hash that is being made, until it is, however that ends.
struct InFlight<'a>(&'a Counters);

impl<'a> InFlight<'a> {
    fn enter(counters: &'a Counters) -> Self {
        counters.started.fetch_add(1, Ordering::SeqCst);
        let now = counters.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        counters.most_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(counters)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A place in the queue, given back when the wait ends, however it ends.
struct Queued(Arc<AtomicUsize>);

impl Queued {
    fn enter(waiting: &Arc<AtomicUsize>) -> Result<Self, HashError> {
        let place = Self(Arc::clone(waiting));
        if waiting.fetch_add(1, Ordering::SeqCst) >= MAX_WAITING {
            return Err(HashError::Overloaded);
        }
        Ok(place)
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether these parameters make less work for somebody who guesses than those of today: less
/// memory, or less memory times passes.
pub(super) fn is_below(params: &Params) -> bool {
    let work = |memory: u32, passes: u32| u64::from(memory) * u64::from(passes);
    params.m_cost() < MEMORY_KIB || work(params.m_cost(), params.t_cost()) < work(MEMORY_KIB, PASSES)
}

/// The parameters of a hash that is made today, with the id of the pepper that it is made with.
pub(super) fn today(pepper: KeyId) -> Option<Params> {
    let mut params = ParamsBuilder::new();
    params.m_cost(MEMORY_KIB).t_cost(PASSES).p_cost(LANES).output_len(32).keyid(pepper);
    params.build().ok()
}

fn hash_now(pepper: &Pepper, memory: &Memory, password: &Password) -> Result<PasswordHash, HashError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| HashError::Failed)?;
    let argon2 = pepper.making().ok_or(HashError::Failed)?;
    let hash = memory.hash(&argon2, password.as_bytes(), &salt).ok_or(HashError::Failed)?;
    Ok(PasswordHash::made(hash.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    fn typed(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    #[tokio::test]
    async fn the_hash_is_argon2id_at_the_cost_that_is_promised() {
        let hash = Hasher::new(1).hash(typed("correct horse")).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(hash.usable().is_some());
        assert!(!format!("{hash:?}").contains("argon2"));
    }

    #[tokio::test]
    async fn one_password_has_another_salt_each_time() {
        let hasher = Hasher::new(2);
        let mut salts = std::collections::HashSet::new();
        for _ in 0..5 {
            let hash = hasher.hash(typed("correct horse")).await.unwrap();
            let parts: Vec<_> = hash.as_str().split('$').collect();
            // Sixteen bytes are so many characters of base64.
            assert_eq!(parts[4].len(), 22, "{parts:?}");
            salts.insert((parts[4].to_owned(), parts[5].to_owned()));
        }
        assert_eq!(salts.len(), 5);
        let (salts, hashes): (std::collections::HashSet<_>, std::collections::HashSet<_>) = salts.into_iter().unzip();
        assert_eq!((salts.len(), hashes.len()), (5, 5));
    }

    #[tokio::test]
    async fn with_a_pepper_the_store_alone_is_nothing_to_guess_at() {
        let [old, new] = [(); 2].map(|()| Key::generate().unwrap());
        let ring = |keys: &[&Key]| KeyRing::new(keys.iter().copied().cloned().collect()).unwrap();
        let plain = Hasher::new(1);
        let peppered = Hasher::new(1).with_pepper(ring(&[&old]));
        let (without, with) = (plain.hash(typed("right")).await.unwrap(), peppered.hash(typed("right")).await.unwrap());
        assert!(with.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="), "{}", with.as_str());
        assert!(!plain.verify(typed("right"), Some(with.clone())).await.unwrap());
        assert_eq!(plain.counts().0, 2, "the cost tells nothing");
        let turned = Hasher::new(1).with_pepper(ring(&[&new, &old]));
        for (hasher, hash, outdated) in [
            (&peppered, &with, false),
            (&peppered, &without, true),
            (&turned, &with, true),
            (&turned, &turned.hash(typed("right")).await.unwrap(), false),
            (&plain, &without, false),
        ] {
            assert!(hasher.verify(typed("right"), Some(hash.clone())).await.unwrap());
            assert!(!hasher.verify(typed("wrong"), Some(hash.clone())).await.unwrap());
            assert_eq!(hasher.is_outdated(hash), outdated);
        }
        // Of a hash that says that it was made with none, the secret itself would be right otherwise.
        let stripped = with.as_str().replacen(&with.as_str()["$argon2id$v=19$m=19456,t=2,p=1".len()..][..18], "", 1);
        assert!(!stripped.contains("keyid"), "{stripped}");
        assert!(!peppered.verify(typed("right"), Some(PasswordHash::from_stored(stripped))).await.unwrap());
        assert!(!Hasher::new(1).with_pepper(ring(&[&new])).verify(typed("right"), Some(with)).await.unwrap());
    }

    #[tokio::test]
    async fn only_the_whole_password_is_right() {
        let hasher = Hasher::new(2);
        let long = "x".repeat(128);
        let stored = hasher.hash(typed(&long)).await.unwrap();
        let mut other = long.clone();
        other.replace_range(127.., "y");
        for (password, right) in [
            (long.as_str(), true),
            (&other, false),
            (&long[..127], false),
            (&long.to_uppercase(), false),
            (&format!("{long} "), false),
        ] {
            assert_eq!(hasher.verify(typed(password), Some(stored.clone())).await.unwrap(), right);
        }
        let accented = hasher.hash(typed("caf\u{e9} caf\u{e9}")).await.unwrap();
        assert!(hasher.verify(typed("cafe\u{301} cafe\u{301}"), Some(accented)).await.unwrap());
    }

    #[tokio::test]
    async fn every_check_costs_one_hash() {
        let hasher = Hasher::new(1);
        let stored = hasher.hash(typed("right")).await.unwrap();
        let hostile = [
            "$argon2id$v=19$m=8388608,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$argon2id$v=19$m=19456,t=1000,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$2b$12$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu",
            "",
            "garbage",
            "\0",
        ];
        let mut cases = vec![(Some(stored.clone()), true), (None, false), (None, false)];
        cases.extend(hostile.map(|text| (Some(PasswordHash::from_stored(text.to_owned())), false)));
        for (stored, right) in cases {
            let before = hasher.counts().0;
            assert_eq!(hasher.verify(typed("right"), stored.clone()).await.unwrap(), right);
            assert_eq!(hasher.counts().0, before + 1);
        }
        // The password of whoever came first must not open an account that does not exist.
        assert!(!hasher.verify(typed("right"), None).await.unwrap());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn clients_that_hang_up_do_not_raise_the_number_in_flight() {
        let hasher = Hasher::new(2);
        let stored = hasher.hash(typed("right")).await.unwrap();
        let mut tasks = Vec::new();
        for _ in 0..200 {
            let (hasher, stored) = (hasher.clone(), stored.clone());
            tasks.push(tokio::spawn(async move { hasher.verify(typed("wrong"), Some(stored)).await }));
        }
        tokio::task::yield_now().await;
        let mut overloaded = 0;
        for (i, task) in tasks.into_iter().enumerate() {
            if i % 2 == 0 {
                task.abort();
            } else if task.await.unwrap() == Err(HashError::Overloaded) {
                overloaded += 1;
            }
        }
        assert!(overloaded > 0, "a queue without end");
        assert!(hasher.counts().1 <= 2, "{:?}", hasher.counts());
        assert!(hasher.verify(typed("right"), Some(stored)).await.unwrap(), "it works again afterwards");
        assert_eq!(hasher.waiting.load(Ordering::SeqCst), 0);
    }
}
