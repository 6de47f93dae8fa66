//! How often a key has sealed.
//!
//! Every seal takes 96 random bits as its nonce, and AES-GCM is safe only while no nonce comes
//! twice under one key. NIST SP 800-38D, 8.3, therefore allows 2^32 seals by a key. What counts is
//! every cookie that is sent: one at a sign-in and another that knows the browser, one each time a
//! session is extended, one for each notice. At one a second a key lasts 136 years, at a thousand a
//! second 50 days.
//!
//! The count begins anew with each process and knows nothing of other nodes: to write it down would
//! cost a write for each cookie. So it warns at half of what is allowed, and refuses nothing.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Half of what a key may seal (NIST SP 800-38D, 8.3): there is time left to turn keys.
const WARN_AT: u64 = 1 << 31;

/// Counts seals in this process. Copies count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct SealCount(Arc<AtomicU64>);

impl SealCount {
    /// One more. Warns once, when half of what a key may seal is reached.
    pub(crate) fn add(&self) {
        if self.reaches_half() {
            tracing::warn!(
                event = "sys_key_worn",
                seals = WARN_AT,
                "the key that seals has done half of what is safe; turn it with `daypass keys rotate`, and restart"
            );
        }
    }

    /// How many so far.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn reaches_half(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) + 1 == WARN_AT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Written;

    #[test]
    fn half_is_reached_once() {
        let count = SealCount(Arc::new(AtomicU64::new(WARN_AT - 2)));
        let copy = count.clone();
        let reached = [count.reaches_half(), copy.reaches_half(), count.reaches_half(), copy.reaches_half()];
        assert_eq!((reached, count.get()), ([false, true, false, false], WARN_AT + 2));
    }

    #[test]
    fn a_worn_key_leaves_one_line() {
        let count = SealCount(Arc::new(AtomicU64::new(WARN_AT - 2)));
        let log = Written::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        tracing::subscriber::with_default(lines, || (0..4).for_each(|_| count.add()));
        let log = log.take();
        assert_eq!(log.matches("event=\"sys_key_worn\"").count(), 1, "{log}");
    }
}
