//! What a session is.

use crate::{
    AccountId, AccountName, SessionInfo,
    clock::Timestamp,
    info::millis,
    policy::{Deadlines, Policy, Times},
    store::Generation,
    throttle::Device,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::{fmt, ops::Deref, sync::Arc};
use zeroize::Zeroizing;

/// What makes a cookie the cookie of one session: 256 random bits. They exist in the cookie alone; in this process all
/// that a cookie was opened for share them.
#[derive(Clone)]
pub(crate) struct SessionSecret(Arc<Bits>);

/// The bits, and what the store knows them by.
struct Bits {
    bits: Zeroizing<[u8; 32]>,
    hash: SecretHash,
}

/// The system gave no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

impl SessionSecret {
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        let mut bits = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bits).map_err(|_| NoRandomness)?;
        Ok(Self::of(bits))
    }

    fn of(bits: Zeroizing<[u8; 32]>) -> Self {
        let hash = SecretHash(Sha256::digest(bits.as_slice()).into());
        Self(Arc::new(Bits { bits, hash }))
    }

    pub(crate) fn hash(&self) -> &SecretHash {
        &self.0.hash
    }

    pub(crate) fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.bits.as_slice())
    }

    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bits = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Self::of(Zeroizing::new(bits.as_slice().try_into().ok()?)))
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(..)")
    }
}

/// SHA-256 of a session's secret: what the store knows of it. The secret has 256 random bits, so
/// a fast hash without salt cannot be reversed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

/// Half of a SHA-256, to remember things under: 128 bits, so that nobody finds another that has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Half([u8; 16]);

impl Half {
    pub(crate) fn of(digest: &[u8; 32]) -> Self {
        Self(digest.as_chunks().0[0])
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// A session's name for people and operators: opens nothing, and says nothing of the secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; Self::LENGTH]);

impl SessionId {
    const LENGTH: usize = 16;

    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        // Letters and digits that nobody mixes up or has to quote, none of which a shell or an
        // option parser takes for something else. 80 bits.
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bytes = [0; Self::LENGTH];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(bytes.map(|b| ALPHABET[usize::from(b & 31)])))
    }

    /// The id that somebody typed or the store holds. Nothing, if no session can have it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::LENGTH];
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return None;
        }
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self(bytes))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&b| b == 0).unwrap_or(Self::LENGTH);
        // Letters and digits are text.
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for SessionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The account of a session, as far as a request needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionAccount {
    /// Its number.
    pub id: AccountId,
    /// Its name.
    pub name: AccountName,
    /// The epoch in which the session started.
    pub epoch: i64,
}

/// A session that was alive when it was checked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Session(Arc<Facts>);

/// What there is to know of a session. Shared, because layers and handlers of a request each hold it.
#[derive(Clone, Debug)]
pub struct Facts {
    pub(crate) id: SessionId,
    pub(crate) secret: SessionSecret,
    pub(crate) account: SessionAccount,
    pub(crate) times: Times,
    pub(crate) signed_in_at: Timestamp,
    /// Of its newest cookie.
    pub(crate) generation: Generation,
    /// Whether the request brought an older cookie than the newest.
    pub(crate) is_stale: bool,
    pub(crate) checked_at: Timestamp,
    pub(crate) policy: Policy,
    /// Known to the session that was just started alone.
    pub(crate) failed_attempts: u32,
    /// What the browser is known for from now on. Known to the session that was just started alone.
    pub(crate) device: Option<Device>,
}

#[doc(hidden)]
impl Deref for Session {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl From<Facts> for Session {
    // So that they are made where they stay: they are long.
    #[inline]
    fn from(facts: Facts) -> Self {
        Self(Arc::new(facts))
    }
}

impl Session {
    /// The same session with something else known of it.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Whether the answer that brought the newest cookie may have been lost, so that it is sent again.
    /// Not once the newest was seen: whoever still has the one before is late, or has a copy.
    pub(crate) fn lacks_newest(&self) -> bool {
        self.is_stale && self.generation.seen_at.is_none()
    }

    /// Whether this request is the first that is known to have brought the newest cookie.
    pub(crate) fn is_seen_now(&self) -> bool {
        !self.is_stale && self.generation.number > 0 && self.generation.seen_at.is_none()
    }

    /// The session's name for people and operators.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Whose session it is.
    #[must_use]
    pub fn account(&self) -> &SessionAccount {
        &self.account
    }

    /// When the person proved who they are.
    #[must_use]
    pub fn authenticated_at(&self) -> Timestamp {
        self.times.authenticated_at
    }

    /// When the person signed in: earlier than [`Session::authenticated_at`], if they have proved who they
    /// are again since.
    #[must_use]
    pub fn signed_in_at(&self) -> Timestamp {
        self.signed_in_at
    }

    /// Whether the session outlives the browser's closing.
    #[must_use]
    pub fn is_remembered(&self) -> bool {
        self.times.remembered
    }

    /// When the session ends.
    #[must_use]
    pub fn deadlines(&self) -> Deadlines {
        self.policy.deadlines(&self.times)
    }

    /// Whether the person proved who they are so lately that sensitive things need no password
    /// (sudo mode), by the clock of the moment when the session was checked.
    #[must_use]
    pub fn is_sudo(&self) -> bool {
        self.checked_at < self.policy.sudo_until(&self.times)
    }

    /// What the page may know, by the clock of the moment when the session was checked.
    #[must_use]
    pub fn info(&self) -> SessionInfo {
        let deadlines = self.deadlines();
        let timeouts = self.policy.timeouts(self.times.remembered);
        SessionInfo {
            account: self.account.name.to_string(),
            idle_left_ms: millis(deadlines.idle.since(self.checked_at)),
            absolute_left_ms: millis(deadlines.absolute.since(self.checked_at)),
            idle_timeout_ms: millis(timeouts.idle),
            absolute_timeout_ms: millis(timeouts.absolute),
            age_ms: millis(self.checked_at.since(self.signed_in_at)),
            remembered: self.times.remembered,
            sudo_left_ms: millis(self.policy.sudo_until(&self.times).since(self.checked_at)),
            failed_attempts: self.failed_attempts,
        }
    }

    pub(crate) fn hash(&self) -> SecretHash {
        *self.secret.hash()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn secrets_never_repeat_and_never_print() {
        let secrets: HashSet<_> = (0..10_000).map(|_| SessionSecret::generate().unwrap().encode()).collect();
        assert_eq!(secrets.len(), 10_000);
        let secret = SessionSecret::generate().unwrap();
        let printed = format!("{secret:?} {:?}", secret.hash());
        assert_eq!(printed, "SessionSecret(..) SecretHash(..)");
        assert_eq!(SessionSecret::decode(&secret.encode()).unwrap().hash(), secret.hash());
        assert!(SessionSecret::decode("").is_none());
        assert!(SessionSecret::decode(&secret.encode()[1..]).is_none());
    }

    #[test]
    fn a_secret_has_256_random_bits_and_the_store_its_sha_256() {
        let (mut ever, mut always) = ([0_u8; 32], [0xff_u8; 32]);
        for _ in 0..200 {
            let secret = SessionSecret::generate().unwrap();
            for (i, byte) in secret.0.bits.iter().enumerate() {
                ever[i] |= byte;
                always[i] &= byte;
            }
        }
        // Each bit was set once, and once not: none is fixed.
        let free = |bytes: [u8; 32]| bytes.iter().map(|byte| byte.count_ones()).sum::<u32>();
        assert_eq!((free(ever), free(always)), (256, 0));
        // As `head -c 32 /dev/zero | sha256sum` says.
        let known = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        let hash = SessionSecret::of(Zeroizing::new([0; 32])).hash().0;
        assert_eq!(hash.map(|byte| format!("{byte:02x}")).concat(), known);
    }

    #[test]
    fn ids_are_plain_words() {
        let id = SessionId::generate().unwrap();
        assert_eq!(id.as_str().len(), 16);
        assert!(id.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert_eq!(SessionId::parse(id.as_str()), Some(id));
        assert_eq!(SessionId::parse("id1").unwrap().to_string(), "id1");
        // What is longer is not cut to the name of another one.
        for text in [format!("{id}a"), String::new(), "ID1".to_owned(), "id 1".to_owned(), "id\0".to_owned()] {
            assert_eq!(SessionId::parse(&text), None, "{text:?}");
        }
    }
}
