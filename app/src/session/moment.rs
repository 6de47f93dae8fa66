//! Moments in the browser.

/// A moment by both of the browser's clocks. The steady one stands still in some browsers while the
/// machine sleeps; the wall clock can be set wrong at any time. Of two answers the later one counts:
/// at worst the server is asked too early, and it decides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Moment {
    steady: f64,
    wall: f64,
}

impl Moment {
    /// Now.
    #[cfg(feature = "hydrate")]
    pub(crate) fn now() -> Self {
        Self { steady: steady(), wall: js_sys::Date::now() }
    }

    /// On the server nothing ticks: always the same moment.
    #[cfg(not(feature = "hydrate"))]
    pub(crate) fn now() -> Self {
        Self::default()
    }

    /// When this document was asked for: before the server rendered it, so that what the server
    /// said was left is never overestimated.
    pub(crate) fn of_document() -> Self {
        let now = Self::now();
        Self { steady: 0.0, wall: now.wall - now.steady }
    }

    /// Milliseconds from `earlier` until this moment.
    pub(crate) fn since(self, earlier: Self) -> u64 {
        let elapsed = (self.steady - earlier.steady).max(self.wall - earlier.wall).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and the cast saturates"
        )]
        let elapsed = elapsed as u64;
        elapsed
    }
}

#[cfg(feature = "hydrate")]
fn steady() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_that_went_further_counts() {
        let start = Moment { steady: 1000.0, wall: 50_000.0 };
        let at = |steady, wall| Moment { steady, wall }.since(start);
        assert_eq!(at(3000.0, 52_000.0), 2000);
        assert_eq!(at(1000.0, 3_650_000.0), 3_600_000, "the machine slept");
        assert_eq!(at(3000.0, 0.0), 2000, "somebody set the wall clock back");
        assert_eq!(at(0.0, 0.0), 0);
    }
}
