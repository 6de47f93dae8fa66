//! Whether the channel by which the store tells of changes is proven alive.

use crate::store::Moment;
use std::{
    sync::atomic::{AtomicI64, Ordering::SeqCst},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// What was proven longer ago is proven no more: an end on another node bites after this time at the
/// latest, even where the channel is dead and does not say so.
pub const MAX_STALE: Duration = Duration::from_secs(2);

/// Until when the store is known to have told everything. Read by each check, so without a lock.
#[derive(Debug)]
pub(super) struct Trust {
    /// What `steady` counts from.
    base: Instant,
    /// Nanoseconds, by the clock that nobody sets; or [`NEVER`].
    steady: AtomicI64,
    /// Nanoseconds since 1970, by the clock on the wall.
    wall: AtomicI64,
}

/// Nothing is known.
const NEVER: i64 = i64::MIN;

impl Default for Trust {
    fn default() -> Self {
        Self { base: Instant::now(), steady: AtomicI64::new(NEVER), wall: AtomicI64::new(0) }
    }
}

impl Trust {
    /// Whether that is recent enough, by both clocks.
    pub(super) fn holds(&self) -> bool {
        let now = Moment::now();
        // In this order, see `prove`: a mixture of two proofs is no better than the older one.
        let steady = self.steady.load(SeqCst);
        let wall = self.wall.load(SeqCst);
        steady != NEVER
            && self.steady(now.steady).saturating_sub(steady) < nanos(MAX_STALE)
            && since_1970(now.wall).saturating_sub(wall) < nanos(MAX_STALE)
    }

    /// Until this moment it is known now. Says whether it was not known before.
    pub(super) fn prove(&self, until: Moment) -> bool {
        self.wall.store(since_1970(until.wall), SeqCst);
        self.steady.swap(self.steady(until.steady), SeqCst) == NEVER
    }

    /// Nothing is known. Says whether it was before.
    pub(super) fn lose(&self) -> bool {
        self.steady.swap(NEVER, SeqCst) != NEVER
    }

    fn steady(&self, moment: Instant) -> i64 {
        match moment.checked_duration_since(self.base) {
            Some(since) => nanos(since),
            None => -nanos(self.base.duration_since(moment)),
        }
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// A clock that shows less stands still, and the other one decides.
fn since_1970(wall: SystemTime) -> i64 {
    nanos(wall.duration_since(UNIX_EPOCH).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_for_two_seconds_by_whichever_clock_went_further() {
        let trust = Trust::default();
        assert!(!trust.holds());
        let now = Moment::now();
        let earlier = |steady: u64, wall: u64| Moment {
            steady: now.steady - Duration::from_millis(steady),
            wall: now.wall - Duration::from_millis(wall),
        };
        for (steady, wall, holds) in [(0, 0, true), (2_000, 0, false), (0, 2_000, false)] {
            trust.prove(earlier(steady, wall));
            assert_eq!(trust.holds(), holds, "{steady} {wall}");
        }
        // A wall clock that was set back proves nothing and takes nothing away.
        trust.prove(Moment { steady: now.steady, wall: now.wall + Duration::from_secs(3600) });
        assert!(trust.holds());
        assert!(trust.lose() && !trust.holds() && !trust.lose());
    }
}
