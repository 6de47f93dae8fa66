//! Session cookies that were opened before.
//!
//! A browser sends the same cookie with every request until it is given another. Opening one costs more
//! than all else of a check, so what a cookie said is remembered under the digest of its whole value:
//! who sends the same value has the same cookie, and nobody finds another value of the same digest.
//! Nothing is decided by it. Whether the session is alive is asked each time.

use super::Claim;
use crate::session::Half;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};

/// So many are remembered at most, in about two megabytes; those that come seldom go first.
const MOST: usize = 16 * 1024;

/// The cookies, by half of the digests of their values. What does not open is not among them: strangers make up as many as they like.
#[derive(Clone)]
pub(crate) struct Opened(Arc<Cache<Half, Claim>>);

impl Default for Opened {
    fn default() -> Self {
        Self(Arc::new(Cache::new(MOST)))
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("cookies", &self.0.len()).finish()
    }
}

impl Opened {
    /// What the cookie of this value says: remembered, or opened now.
    pub(super) fn get_or_open(&self, value: &str, open: impl FnOnce() -> Option<Claim>) -> Option<Claim> {
        let key = Half::of(&Sha256::digest(value).into());
        if let Some(claim) = self.0.get(&key) {
            return Some(claim);
        }
        let claim = open()?;
        self.0.insert(key, claim.clone());
        Some(claim)
    }
}
