//! Whether the channel by which the store tells of changes is proven alive.

use crate::store::Moment;
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// What was proven longer ago is proven no more: an end on another node bites after this time at the
/// latest, even where the channel is dead and does not say so.
pub const MAX_STALE: Duration = Duration::from_secs(2);

/// Until when the store is known to have told everything.
#[derive(Debug, Default)]
pub(super) struct Trust(Mutex<Option<Moment>>);

impl Trust {
    /// Whether that is recent enough, by both clocks.
    pub(super) fn holds(&self) -> bool {
        let Some(proven) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) else { return false };
        let wall = SystemTime::now().duration_since(proven.wall).unwrap_or_default();
        proven.steady.elapsed().max(wall) < MAX_STALE
    }

    /// Until this moment it is known now. Says whether it was not known before.
    pub(super) fn prove(&self, until: Moment) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(until).is_none()
    }

    /// Nothing is known. Says whether it was before.
    pub(super) fn lose(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
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
