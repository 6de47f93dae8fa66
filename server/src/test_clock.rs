//! A clock that a browser test sets, so that a server and a page agree that an hour has passed.
//!
//! Only with the feature `test-clock`, which no release has: whoever sets a server's clock decides
//! when sessions end. A test shows that the released program knows nothing of it.

use daypass_auth::clock::{Clock, SystemClock, Timestamp};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Names the file that says how many milliseconds the clock is ahead.
const VARIABLE: &str = "DAYPASS_TEST_CLOCK";

struct FileClock(PathBuf);

impl Clock for FileClock {
    fn now(&self) -> Timestamp {
        let ahead = std::fs::read_to_string(&self.0).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        SystemClock.now().plus(Duration::from_millis(ahead))
    }
}

/// The clock of the file that the environment names, or the system's.
pub(crate) fn clock() -> Arc<dyn Clock> {
    match std::env::var_os(VARIABLE) {
        Some(path) => Arc::new(FileClock(path.into())),
        None => Arc::new(SystemClock),
    }
}
