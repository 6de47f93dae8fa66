//! What session cookies said that were opened before, and which do not open.
//!
//! A browser sends the same cookie with every request until it is given another. Opening one costs as much
//! as all else of a check, so what a cookie said is remembered under a fingerprint of its whole value: who
//! sends the same value has the same cookie. The fingerprint is POLYVAL (RFC 8452), whose key this process makes
//! for itself and whose results nobody is shown: without the key, no two values are known to have the same one
//! but by a chance of one in 2^120. Nothing else is decided by it. Whether the session is alive is asked each time.

use super::{Claim, MAX_COOKIE_BYTES};
use polyval::{Block, Polyval, universal_hash::UniversalHash};
use quick_cache::sync::Cache;
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// So many are remembered at most, in about three megabytes; those that come seldom go first.
const MOST: usize = 16 * 1024;
/// Of those that do not open, fewer, in less than a hundred kilobytes: what keeps its cookies sends one of them a
/// few times at most, at the same moment, but what does not (a monitor, a script) may send it for months.
const MOST_UNOPENED: usize = 1024;

/// Four blocks at once cost what one costs.
const AT_ONCE: usize = 64;
/// What a value's length is written in.
const LENGTH: usize = 4;

/// The cookies, and apart from them what does not open: strangers make up as many of those as they like, and none
/// takes the place of one that opens. Nothing is remembered where the system gives no random bytes for the key.
#[derive(Clone)]
pub(crate) struct Opened(Option<Arc<Inner>>);

struct Inner {
    /// By fingerprint.
    cookies: Cache<[u8; 16], Claim>,
    unopened: Cache<[u8; 16], ()>,
    keyed: Polyval,
}

impl Default for Opened {
    fn default() -> Self {
        let mut key = Zeroizing::new([0; 16]);
        let keyed = getrandom::fill(&mut *key).ok().map(|()| Polyval::new((&*key).into()));
        let inner = |keyed| Inner { cookies: Cache::new(MOST), unopened: Cache::new(MOST_UNOPENED), keyed };
        Self(keyed.map(|keyed| Arc::new(inner(keyed))))
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
        if inner.unopened.get(&fingerprint).is_some() {
            return None;
        }
        let claim = open();
        match &claim {
            Some(claim) => inner.cookies.insert(fingerprint, claim.clone()),
            None => inner.unopened.insert(fingerprint, ()),
        }
        claim
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, clock::Timestamp, session::SessionSecret};

    fn claim() -> Claim {
        Claim {
            secret: SessionSecret::generate().unwrap(),
            account: AccountId(1),
            epoch: 0,
            authenticated_at: Timestamp::from_millis(0),
            last_activity: Timestamp::from_millis(0),
            remembered: false,
            generation: 0,
        }
    }

    #[test]
    fn a_value_is_opened_once_whether_it_opens_or_not() {
        let opened = Opened::default();
        let times = std::cell::Cell::new(0);
        let ask = |value: &[u8], says: Option<Claim>| {
            opened.get_or_open(value, || {
                times.set(times.get() + 1);
                says
            })
        };
        for _ in 0..3 {
            assert!(ask(b"opens", Some(claim())).is_some());
            assert!(ask(b"does not", None).is_none());
        }
        assert_eq!(times.get(), 2);
    }

    #[test]
    fn what_does_not_open_is_bounded_and_takes_no_place_of_what_does() {
        let opened = Opened::default();
        for kept in 0..MOST_UNOPENED {
            assert!(opened.get_or_open(&kept.to_le_bytes(), || Some(claim())).is_some());
        }
        for made_up in 0..MOST * 2 {
            assert!(opened.get_or_open(&[made_up.to_le_bytes(); 2].concat(), || None).is_none());
        }
        let inner = opened.0.as_ref().unwrap();
        assert_eq!(inner.cookies.len(), MOST_UNOPENED);
        assert!(inner.unopened.len() <= MOST_UNOPENED);
        assert!(opened.get_or_open(&0_usize.to_le_bytes(), || None).is_some());
    }

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
