//! Session cookies that were opened before.
//!
//! A browser sends the same cookie with every request until it is given another. Opening one costs more
//! than all else of a check, so what a cookie said is remembered under a fingerprint of its whole value: who
//! sends the same value has the same cookie. The fingerprint is POLYVAL (RFC 8452), whose key this process makes
//! for itself and whose results nobody is shown: without the key, no two values are known to have the same one
//! but by a chance of one in 2^120. Nothing is decided by it. Whether the session is alive is asked each time.

use super::{Claim, MAX_COOKIE_BYTES};
use polyval::{Block, Polyval, universal_hash::UniversalHash};
use quick_cache::sync::Cache;
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// So many are remembered at most, in about three megabytes; those that come seldom go first.
const MOST: usize = 16 * 1024;

/// Four blocks at once cost what one costs.
const AT_ONCE: usize = 64;
/// What a value's length is written in.
const LENGTH: usize = 4;

/// The cookies. What does not open is not among them: strangers make up as many as they like. Nothing is
/// remembered where the system gives no random bytes for the key.
#[derive(Clone)]
pub(crate) struct Opened(Option<Arc<Inner>>);

struct Inner {
    /// By fingerprint.
    cookies: Cache<[u8; 16], Claim>,
    keyed: Polyval,
}

impl Default for Opened {
    fn default() -> Self {
        let mut key = Zeroizing::new([0; 16]);
        let keyed = getrandom::fill(&mut *key).ok().map(|()| Polyval::new((&*key).into()));
        Self(keyed.map(|keyed| Arc::new(Inner { cookies: Cache::new(MOST), keyed })))
    }
}

impl Inner {
    fn fingerprint(&self, value: &[u8]) -> [u8; 16] {
        let mut hash = self.keyed.clone();
        // Its length first: else a value would be the same as itself with zeros at its end.
        let length = (value.len() as u64).to_le_bytes();
        let (start, rest) = value.split_at(value.len().min(AT_ONCE - LENGTH));
        add(&mut hash, &[&length[..LENGTH], start]);
        let (whole, end) = rest.split_at(rest.len() - rest.len() % AT_ONCE);
        hash.update(Block::slice_as_chunks(whole).0);
        if !end.is_empty() {
            add(&mut hash, &[end]);
        }
        hash.finalize().into()
    }
}

/// Adds these one after the other, filled up with zeros.
fn add(hash: &mut Polyval, parts: &[&[u8]]) {
    let mut room = [0; AT_ONCE];
    let mut at = 0;
    for part in parts {
        room[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    hash.update(Block::slice_as_chunks(&room).0);
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").finish_non_exhaustive()
    }
}

impl Opened {
    /// What the cookie of this value says: remembered, or opened now.
    pub(super) fn get_or_open(&self, value: &[u8], open: impl FnOnce() -> Option<Claim>) -> Option<Claim> {
        let Some(inner) = self.0.as_ref().filter(|_| value.len() <= MAX_COOKIE_BYTES) else { return open() };
        let fingerprint = inner.fingerprint(value);
        if let Some(claim) = inner.cookies.get(&fingerprint) {
            return Some(claim);
        }
        let claim = open()?;
        inner.cookies.insert(fingerprint, claim.clone());
        Some(claim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_value_counts_and_so_does_the_key() {
        let inner = Opened::default().0.unwrap();
        for length in [1, 59, 60, 61, 123, 124, 125, 250, 252, 253] {
            let value = vec![b'a'; length];
            for at in 0..length {
                let mut other = value.clone();
                other[at] = b'b';
                assert_ne!(inner.fingerprint(&other), inner.fingerprint(&value), "{at} of {length}");
            }
        }
        let zeros: std::collections::HashSet<_> = (0..300).map(|length| inner.fingerprint(&vec![0; length])).collect();
        assert_eq!(zeros.len(), 300);
        let value = [b'a'; 250];
        assert_ne!(inner.fingerprint(&value), Opened::default().0.unwrap().fingerprint(&value));
    }
}
