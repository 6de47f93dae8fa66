//! Session cookies that were opened before.
//!
//! A browser sends the same cookie with every request until it is given another. Opening one costs more
//! than all else of a check, so what a cookie said is remembered with its whole value: who sends the same
//! value has the same cookie. It is looked up by a hash whose key the system gave (SipHash), and compared as a
//! whole where that is the same: whoever does not know how a cookie ends learns nothing from how long it takes.
//! Nothing is decided by it. Whether the session is alive is asked each time.

use super::Claim;
use quick_cache::sync::Cache;
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

/// So many are remembered at most, in about eight megabytes; those that come seldom go first.
const MOST: usize = 16 * 1024;

/// Bytes at the end of a value by which it is looked up.
const END: usize = 24;

/// The cookies, by the hashes of their values. What does not open is not among them: strangers make up as many
/// as they like.
#[derive(Clone)]
pub(crate) struct Opened(Arc<Inner>);

struct Inner {
    cookies: Cache<u64, Arc<Cookie>>,
    hash: RandomState,
}

struct Cookie {
    value: Box<str>,
    claim: Claim,
}

impl Default for Opened {
    fn default() -> Self {
        Self(Arc::new(Inner { cookies: Cache::new(MOST), hash: RandomState::new() }))
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").finish_non_exhaustive()
    }
}

impl Opened {
    /// What the cookie of this value says: remembered, or opened now.
    pub(super) fn get_or_open(&self, value: &str, open: impl FnOnce() -> Option<Claim>) -> Option<Claim> {
        let Inner { cookies, hash } = &*self.0;
        // Of its end, which is its authentication tag, and of each cookie another one.
        let bytes = value.as_bytes();
        let hash = hash.hash_one(&bytes[bytes.len().saturating_sub(END)..]);
        if let Some(cookie) = cookies.get(&hash).filter(|cookie| *cookie.value == *value) {
            return Some(cookie.claim.clone());
        }
        let claim = open()?;
        cookies.insert(hash, Arc::new(Cookie { value: value.into(), claim: claim.clone() }));
        Some(claim)
    }
}
