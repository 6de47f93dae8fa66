//! Guessing costs whoever guesses, and not whoever is guessed at (ASVS 6.1.1 and 6.3.1; NIST
//! SP 800-63B-4, 3.2.2; OWASP device cookies).
//!
//! Every try is counted before its password is hashed, and taken back if it was right: many that come
//! at once are as good as one after the other. Strangers' tries are counted for the name and for the
//! client's network. A browser that has signed in to the account before has a count of its own and no
//! other, so that strangers who guess slow down strangers alone, in the next room too. After a few
//! free tries the next one has to wait, longer each time; nothing is hashed while it waits, and a name
//! that nobody has waits like any other.

use crate::{AccountId, clock::Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// Counts are forgotten so long after the last try.
pub const FORGET: Duration = Duration::from_secs(24 * 3600);
/// Tries on an account, by browsers that it does not know, or by one that it does: five are free, then
/// a second, doubled each time, a quarter of an hour at most. So a stranger has about a hundred
/// tries a day, and an owner in a new browser waits a quarter of an hour at most.
pub const ACCOUNT: Limit = Limit { free: 5, most: Duration::from_secs(900) };
/// Tries from one network, on whatever names: fifty are free, since many people may share it, then
/// five minutes at most.
pub const NETWORK: Limit = Limit { free: 50, most: Duration::from_secs(300) };
/// How many accounts one browser is known for.
const MOST_ACCOUNTS: usize = 4;

/// What of an IPv6 address is its network: whoever has one address has the whole /64.
const NETWORK_BITS: Ipv6Addr = Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0xffff, 0, 0, 0, 0);

/// The network that is counted for an address: the address itself, or the /64 of an IPv6 address.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => (address & NETWORK_BITS).into(),
        v4 => v4,
    }
}

/// How many tries are free, and how long the next one waits at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Tries without a wait.
    pub free: u32,
    /// The longest wait.
    pub most: Duration,
}

impl Limit {
    /// How long after the last of so many failures the next try may come.
    #[must_use]
    pub fn wait(self, failures: u32) -> Duration {
        match failures.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(over) => 1_u64.checked_shl(over).map_or(self.most, |s| Duration::from_secs(s).min(self.most)),
        }
    }

    /// How long a try at `now` has still to wait, after so many failures of which the last was at `last`.
    #[must_use]
    pub fn left(self, failures: u32, last: Timestamp, now: Timestamp) -> Duration {
        // A clock that was set back does not lengthen a wait beyond what it was.
        let wait = self.wait(failures);
        last.plus(wait).since(now).min(wait)
    }
}

/// Where tries are counted: keyed, so that whoever reads the store learns neither names nor places.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BucketId(pub [u8; 32]);

impl BucketId {
    /// What the log calls it. The same for the same name, and nobody without the key learns the name:
    /// people type passwords where names belong.
    pub(crate) fn reference(&self) -> String {
        self.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for BucketId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BucketId(..)")
    }
}

/// Where a try is counted, and how many are free there.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// Where.
    pub id: BucketId,
    /// How many.
    pub limit: Limit,
}

/// The counts of a try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets {
    /// Of the name, or of the browser that is known for it.
    pub(crate) account: Bucket,
    /// Of the network, if it is a stranger's.
    pub(crate) network: Option<Bucket>,
}

impl Buckets {
    pub(crate) fn all(&self) -> Vec<Bucket> {
        std::iter::once(self.account).chain(self.network).collect()
    }
}

/// Makes bucket ids, with a key of the ring.
pub(crate) struct Namer<'a>(pub(crate) &'a [u8]);

impl Namer<'_> {
    /// Of a try to sign in. `name` is what was typed, in its one spelling if it has one.
    pub(crate) fn sign_in(&self, name: &str, known: Option<&Known>, place: &str) -> Buckets {
        let (id, network) = match known {
            Some(known) => (self.id("device", &[&known.account.0.to_be_bytes(), known.nonce.as_bytes()]), None),
            None => (self.id("account", &[name.as_bytes()]), Some(self.network(place))),
        };
        Buckets { account: Bucket { id, limit: ACCOUNT }, network }
    }

    /// Of a try to prove again who one is, in a session: no stranger's.
    pub(crate) fn proof(&self, account: AccountId) -> Buckets {
        let id = self.id("proof", &[&account.0.to_be_bytes()]);
        Buckets { account: Bucket { id, limit: ACCOUNT }, network: None }
    }

    fn network(&self, place: &str) -> Bucket {
        let network = match place.parse().map(network) {
            Ok(IpAddr::V4(address)) => self.id("network", &[&address.octets()]),
            // The rest of a network is zeros.
            Ok(IpAddr::V6(address)) => self.id("network", &[&address.octets()[..8]]),
            // All whose address is not known share one count: not knowing is no way around it.
            Err(_) => self.id("network", &[b"unknown"]),
        };
        Bucket { id: network, limit: NETWORK }
    }

    fn id(&self, kind: &str, parts: &[&[u8]]) -> BucketId {
        // A key of any length is taken, so this does not fail; a count that all share is the safe thing if it did.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0) else { return BucketId([0; 32]) };
        for part in [&[kind.as_bytes()], parts].concat() {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        BucketId(mac.finalize().into_bytes().into())
    }
}

/// That a browser has signed in to an account before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    #[serde(rename = "a")]
    pub(crate) account: AccountId,
    #[serde(rename = "n")]
    pub(crate) nonce: String,
}

/// What a browser is known for: the accounts that it has signed in to. It is sealed in a cookie of its
/// own, which outlives sessions and opens none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Device(Vec<Known>);

impl Device {
    /// What it says of an account.
    pub(crate) fn known(&self, account: AccountId) -> Option<&Known> {
        self.0.iter().find(|known| known.account == account)
    }

    /// The same browser, known for this account too, and for the one used longest ago no more if
    /// there are too many.
    pub(crate) fn with(&self, account: AccountId, nonce: String) -> Self {
        let this = self.known(account).cloned().unwrap_or(Known { account, nonce });
        let others = self.0.iter().filter(|known| known.account != account).cloned();
        Self(std::iter::once(this).chain(others).take(MOST_ACCOUNTS).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(limit: Limit, failures: u32) -> u64 {
        limit.wait(failures).as_secs()
    }

    #[test]
    fn waits_grow_up_to_the_most_that_is_documented() {
        let waits: Vec<_> = (0..=16).map(|failures| seconds(ACCOUNT, failures)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(seconds(ACCOUNT, u32::MAX), 900);
        assert_eq!((seconds(NETWORK, 49), seconds(NETWORK, 50), seconds(NETWORK, 1000)), (0, 1, 300));
    }

    #[test]
    fn a_wait_is_over_to_the_millisecond_and_no_clock_makes_it_longer() {
        let last = Timestamp::from_millis(1_000_000);
        let left = |now| ACCOUNT.left(6, last, Timestamp::from_millis(now)).as_millis();
        assert_eq!((left(1_000_000), left(1_001_999), left(1_002_000)), (2000, 1, 0));
        assert_eq!(left(0), 2000, "the clock was set back");
    }

    #[test]
    fn tries_are_counted_by_name_network_and_browser() {
        let namer = Namer(&[7; 32]);
        let id = |name, place| {
            let buckets = namer.sign_in(name, None, place);
            (buckets.account.id, buckets.network.unwrap().id)
        };
        assert_eq!(id("alice", "192.0.2.1"), id("alice", "::ffff:192.0.2.1"));
        assert_eq!(id("alice", "2001:db8::1"), id("alice", "2001:db8::ffff:0:0:1"));
        assert_ne!(id("alice", "2001:db8::1").1, id("alice", "2001:db8:0:1::1").1);
        assert_ne!(id("alice", "192.0.2.1").0, id("bob", "192.0.2.1").0);
        assert_eq!(id("alice", "").1, id("alice", "nowhere").1);
        assert_ne!(Namer(&[8; 32]).sign_in("alice", None, "").account.id, namer.sign_in("alice", None, "").account.id);
        let device = Device::default().with(AccountId(1), "nonce".to_owned());
        let known = namer.sign_in("alice", device.known(AccountId(1)), "192.0.2.1");
        assert_ne!(known.account.id, id("alice", "192.0.2.1").0);
        assert!(known.network.is_none());
        assert_ne!(known.account.id, namer.proof(AccountId(1)).account.id);
    }

    #[test]
    fn a_browser_is_known_for_a_few_accounts() {
        let mut device = Device::default();
        for account in 1..=6 {
            device = device.with(AccountId(account), format!("n{account}"));
        }
        assert!(device.known(AccountId(2)).is_none() && device.known(AccountId(3)).is_some());
        let again = device.with(AccountId(3), "new".to_owned());
        assert_eq!(again.known(AccountId(3)).unwrap().nonce, "n3", "it keeps what it is known by");
    }
}
