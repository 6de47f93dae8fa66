//! Lines of the log that strangers can cause: so many a minute of each kind, and no more.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Lines of one kind in a minute.
pub(crate) const A_MINUTE: u32 = 10;

/// The lines of one kind.
#[derive(Debug)]
pub(super) struct Lines(Mutex<Option<(Instant, u32)>>);

impl Lines {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Whether there is room for one more.
    pub(super) fn have_room(&self, now: Instant) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) =
            logged.filter(|(since, _)| now.duration_since(*since) < Duration::from_secs(60)).unwrap_or((now, 0));
        *logged = Some((since, count.saturating_add(1)));
        count < A_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_not_filled() {
        let (lines, start) = (Lines::new(), Instant::now());
        let logged = (0..1000).filter(|_| lines.have_room(start)).count();
        assert!(logged <= usize::try_from(A_MINUTE).unwrap());
        assert!(lines.have_room(start + Duration::from_secs(61)));
    }
}
