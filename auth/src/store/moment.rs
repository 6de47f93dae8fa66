//! Moments by both of the machine's clocks, cheap enough to ask for one at each request.

use std::time::Duration;

/// A moment by two clocks. The steady one stands still while the machine sleeps, the other one can be
/// set; whichever went further counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds, from where no matter.
    pub(crate) steady: i64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub(crate) wall: i64,
}

impl Moment {
    /// How far the present moment may be ahead of what is said to be it: two ticks of the slowest Linux (100 Hz),
    /// and some more for a machine whose processors are held up.
    pub(crate) const LAG: Duration = Duration::from_millis(100);

    /// The present one, or one that is past by [`Moment::LAG`] at most. On Linux as of one of the last ticks,
    /// which is several times cheaper than to look at the clock itself.
    #[must_use]
    pub fn now() -> Self {
        #[cfg(target_os = "linux")]
        {
            use rustix::time::{ClockId, clock_gettime};
            let read = |clock| {
                let time = clock_gettime(clock);
                time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
            };
            Self { steady: read(ClockId::MonotonicCoarse), wall: read(ClockId::RealtimeCoarse) }
        }
        #[cfg(not(target_os = "linux"))]
        {
            use std::{
                sync::LazyLock,
                time::{Instant, SystemTime, UNIX_EPOCH},
            };
            static BASE: LazyLock<Instant> = LazyLock::new(Instant::now);
            let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Self { steady: nanos(BASE.elapsed()), wall: nanos(wall) }
        }
    }

    /// How many nanoseconds ago `earlier` was, by whichever clock went further. Each request asks, and a [`Duration`]
    /// would have to be divided into seconds and the rest.
    pub(crate) fn nanos_since(self, earlier: Self) -> i64 {
        let passed = |now: i64, then: i64| now.saturating_sub(then);
        passed(self.steady, earlier.steady).max(passed(self.wall, earlier.wall))
    }
}

#[cfg(not(target_os = "linux"))]
fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{SystemTime, UNIX_EPOCH};

    #[test]
    fn it_is_of_the_present_and_never_ahead_of_it() {
        let before = SystemTime::now() - Moment::LAG;
        let now = Moment::now();
        let wall = UNIX_EPOCH + Duration::from_nanos(u64::try_from(now.wall).unwrap());
        assert!(before <= wall && wall <= SystemTime::now());
        assert!(Moment::now().steady >= now.steady);
    }

    #[test]
    fn of_two_clocks_the_one_counts_that_went_further() {
        let at = |steady, wall| Moment { steady, wall };
        for (now, passed) in [(at(7, 0), 7), (at(0, 7), 7), (at(7, -7), 7), (at(-7, 7), 7), (at(-7, -8), -7)] {
            assert_eq!(now.nanos_since(at(0, 0)), passed, "{now:?}");
        }
        assert_eq!(at(i64::MAX, 0).nanos_since(at(i64::MIN, 0)), i64::MAX);
    }
}
