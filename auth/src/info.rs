//! What the page may know of a session.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the page knows of its session. Times are what is left by the server's clock, so that a
/// browser whose clock is wrong shows the right thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// The account's name.
    pub account: String,
    /// Milliseconds until the idle timeout, if nobody does anything.
    pub idle_left_ms: u64,
    /// Milliseconds until the absolute timeout.
    pub absolute_left_ms: u64,
    /// The idle timeout itself, in milliseconds.
    pub idle_timeout_ms: u64,
    /// The absolute timeout itself, in milliseconds.
    pub absolute_timeout_ms: u64,
    /// Milliseconds since the person signed in.
    pub age_ms: u64,
    /// Whether the session outlives the browser's closing.
    pub remembered: bool,
    /// Milliseconds for which sensitive things are done without asking for the password again.
    pub sudo_left_ms: u64,
    /// How many sign-ins had failed between the last one and this one. Said when somebody signs in,
    /// and 0 afterwards.
    pub failed_attempts: u32,
}

/// A length of time as it travels: in whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    // In the 64 bits that they are added in, and not in twice as many first: each check of a session adds some.
    duration.as_secs().saturating_mul(1000).saturating_add(u64::from(duration.subsec_millis()))
}

impl SessionInfo {
    /// Milliseconds until the session ends if nothing happens: the nearer of the two deadlines.
    #[must_use]
    pub fn left_ms(&self) -> u64 {
        self.idle_left_ms.min(self.absolute_left_ms)
    }
}
