//! Whether the channel by which the store tells of changes is proven alive.

use crate::store::Moment;
use std::{
    sync::atomic::{AtomicI64, Ordering::SeqCst},
    time::Duration,
};

/// What was proven longer ago is proven no more: an end on another node bites after this time at the
/// latest, even where the channel is dead and does not say so.
pub const MAX_STALE: Duration = Duration::from_secs(2);

/// Until when the store is known to have told everything. Read by each check, so without a lock.
#[derive(Debug)]
pub(super) struct Trust {
    /// By the clock that nobody sets; or [`NEVER`].
    steady: AtomicI64,
    /// By the clock on the wall.
    wall: AtomicI64,
}

/// For how long a proof is believed, in nanoseconds: what is taken for the present may be past.
const BELIEVED: i64 = (MAX_STALE.as_nanos() - Moment::LAG.as_nanos()) as i64;
/// Nothing is known.
const NEVER: i64 = i64::MIN;

impl Default for Trust {
    fn default() -> Self {
        Self { steady: AtomicI64::new(NEVER), wall: AtomicI64::new(0) }
    }
}

impl Trust {
    /// Whether that is recent enough, by both clocks.
    pub(super) fn holds(&self) -> bool {
        // In this order, see `prove`: a mixture of two proofs is no better than the older one.
        let steady = self.steady.load(SeqCst);
        let wall = self.wall.load(SeqCst);
        steady != NEVER && Moment::now().nanos_since(Moment { steady, wall }) < BELIEVED
    }

    /// Until this moment it is known now. Says whether it was not known before.
    pub(super) fn prove(&self, until: Moment) -> bool {
        self.wall.store(until.wall, SeqCst);
        self.steady.swap(until.steady, SeqCst) == NEVER
    }

    /// Whether everything is known that was told until this moment.
    #[cfg(test)]
    pub(super) fn reaches(&self, moment: Moment) -> bool {
        let passed = Moment { steady: self.steady.load(SeqCst), ..moment }.nanos_since(moment);
        passed > Moment::LAG.as_nanos() as i64
    }

    /// Nothing is known. Says whether it was before.
    pub(super) fn lose(&self) -> bool {
        self.steady.swap(NEVER, SeqCst) != NEVER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_for_two_seconds_by_whichever_clock_went_further() {
        let trust = Trust::default();
        assert!(!trust.holds());
        let now = Moment::now();
        let earlier = |steady: i64, wall: i64| Moment {
            steady: now.steady - steady * 1_000_000,
            wall: now.wall - wall * 1_000_000,
        };
        // What is taken for the present may be past by a tenth of a second.
        for (steady, wall, holds) in [(0, 0, true), (1_900, 0, false), (0, 1_900, false)] {
            trust.prove(earlier(steady, wall));
            assert_eq!(trust.holds(), holds, "{steady} {wall}");
        }
        // A wall clock that was set back proves nothing and takes nothing away.
        trust.prove(earlier(0, -3_600_000));
        assert!(trust.holds());
        assert!(trust.lose() && !trust.holds() && !trust.lose());
    }
}
