//! When a session ends by itself. Pure functions of a session's times and the present moment.

use crate::{Reason, clock::Timestamp};
use std::time::Duration;

/// A browser keeps no cookie for longer (RFC 6265bis, 5.5: 400 days).
pub(crate) const MAX_ABSOLUTE: Duration = Duration::from_secs(400 * 24 * 3600);
/// Timeouts are given in seconds and up; nothing shorter can be shown to a person.
const MIN_IDLE: Duration = Duration::from_secs(1);
/// How far in the future a cookie's times may be: two nodes' clocks never agree to the millisecond.
pub const SKEW: Duration = Duration::from_secs(120);

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Without a person doing something.
    pub idle: Duration,
    /// At most.
    pub absolute: Duration,
}

/// For how long after somebody proved who they are sensitive things are done without asking for the
/// password again (ASVS 7.5.1 and 7.5.2 ask for it; ten minutes is what frameworks that have it use).
const SUDO: Duration = Duration::from_secs(600);
/// How many sessions an account may have (ASVS 7.1.2).
const MOST_SESSIONS: u32 = 20;

/// How old a session's cookie gets before activity renews it: what was copied is good for no longer.
const RENEW_EVERY: Duration = Duration::from_secs(15 * 60);
/// A cookie is renewed once a day at least: one that was copied is found out by that alone, and a sweep finds the dead
/// by when they were renewed, a day after their end.
pub const MAX_RENEW_EVERY: Duration = crate::engine::KEEP_ENDED;
/// For how long a cookie is good after its successor was first seen: requests that are under way, in
/// other tabs too, carry it.
pub const OLD_COOKIE: Duration = Duration::from_secs(30);

/// The timeouts of ordinary and of remembered sessions, how many of them an account may have, and
/// how long a password counts as just given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    ordinary: Timeouts,
    remembered: Timeouts,
    sudo: Duration,
    most_sessions: u32,
    renew_every: Duration,
}

/// Why timeouts are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// An idle timeout longer than the absolute one would never apply.
    #[error("the {kind} idle timeout ({idle:?}) is longer than the {kind} absolute timeout ({absolute:?})")]
    IdleLongerThanAbsolute {
        /// Which of the two kinds of session.
        kind: &'static str,
        /// The idle timeout.
        idle: Duration,
        /// The absolute timeout.
        absolute: Duration,
    },
    /// Under a second.
    #[error("the {kind} idle timeout ({idle:?}) is shorter than a second")]
    TooShort {
        /// Which of the two kinds of session.
        kind: &'static str,
        /// The idle timeout.
        idle: Duration,
    },
    /// Over 400 days, the longest that a browser keeps a cookie.
    #[error("the {kind} absolute timeout ({absolute:?}) is longer than 400 days")]
    TooLong {
        /// Which of the two kinds of session.
        kind: &'static str,
        /// The absolute timeout.
        absolute: Duration,
    },
}

impl Default for Policy {
    /// Ten minutes idle and twelve hours at most (NIST SP 800-63B-4, 2.2.3: at most an hour and a
    /// day); remembered sessions two weeks and thirty days (2.1.3).
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            ordinary: Timeouts { idle: Duration::from_secs(600), absolute: Duration::from_secs(12 * 3600) },
            remembered: Timeouts { idle: Duration::from_secs(14 * DAY), absolute: Duration::from_secs(30 * DAY) },
            sudo: SUDO,
            most_sessions: MOST_SESSIONS,
            renew_every: RENEW_EVERY,
        }
    }
}

impl Policy {
    /// A policy of these timeouts.
    ///
    /// # Errors
    /// When an idle timeout is longer than its absolute timeout or shorter than a second, or an
    /// absolute timeout is longer than 400 days.
    pub fn new(ordinary: Timeouts, remembered: Timeouts) -> Result<Self, PolicyError> {
        for (kind, Timeouts { idle, absolute }) in [("ordinary", ordinary), ("remembered", remembered)] {
            if idle < MIN_IDLE {
                return Err(PolicyError::TooShort { kind, idle });
            }
            if idle > absolute {
                return Err(PolicyError::IdleLongerThanAbsolute { kind, idle, absolute });
            }
            if absolute > MAX_ABSOLUTE {
                return Err(PolicyError::TooLong { kind, absolute });
            }
        }
        Ok(Self { ordinary, remembered, ..Self::default() })
    }

    /// The same, with another time for which a password counts as just given.
    #[must_use]
    pub const fn with_sudo(self, sudo: Duration) -> Self {
        Self { sudo, ..self }
    }

    /// The same, with another number of sessions that an account may have. None at all would lock
    /// everybody out, so 0 is 1.
    #[must_use]
    pub const fn with_most_sessions(self, most: u32) -> Self {
        Self { most_sessions: if most == 0 { 1 } else { most }, ..self }
    }

    /// The same, with another age at which activity renews a session's cookie: a day at most ([`MAX_RENEW_EVERY`]).
    #[must_use]
    pub const fn with_renewal(self, renew_every: Duration) -> Self {
        let longer = renew_every.as_nanos() > MAX_RENEW_EVERY.as_nanos();
        Self { renew_every: if longer { MAX_RENEW_EVERY } else { renew_every }, ..self }
    }

    /// Whether activity at `now` renews a cookie that was issued at `issued`.
    #[must_use]
    pub fn is_renewal_due(&self, issued: Timestamp, now: Timestamp) -> bool {
        now.since(issued) >= self.renew_every
    }

    /// How many sessions an account may have; of more, the one longest unused ends.
    #[must_use]
    pub const fn most_sessions(&self) -> u32 {
        self.most_sessions
    }

    /// The moment from which on sensitive things ask for the password again.
    #[must_use]
    pub fn sudo_until(&self, times: &Times) -> Timestamp {
        times.authenticated_at.plus(self.sudo)
    }

    /// The timeouts of one kind of session.
    #[must_use]
    pub const fn timeouts(&self, remembered: bool) -> Timeouts {
        if remembered { self.remembered } else { self.ordinary }
    }

    /// Whether a session with these times is alive.
    ///
    /// A deadline is the first moment at which the session is over: alive one millisecond before,
    /// ended at it.
    #[must_use]
    pub fn standing(&self, times: &Times, now: Timestamp) -> Standing {
        let deadlines = self.deadlines(times);
        let future = now.plus(SKEW);
        if times.authenticated_at > future || times.last_activity > future {
            return Standing::FromTheFuture;
        }
        // A session that reached its end and was also idle is told about the absolute timeout only
        // if that came first.
        if now >= deadlines.absolute && deadlines.absolute <= deadlines.idle {
            Standing::Over(Reason::Absolute)
        } else if now >= deadlines.idle {
            Standing::Over(Reason::Idle)
        } else {
            Standing::Alive(deadlines)
        }
    }

    /// The moments at which a session with these times ends.
    #[must_use]
    pub fn deadlines(&self, times: &Times) -> Deadlines {
        let timeouts = self.timeouts(times.remembered);
        Deadlines {
            idle: times.last_activity.plus(timeouts.idle),
            // The stored deadline holds when the setting was raised since; the setting, when it was lowered.
            absolute: times.absolute_deadline.min(times.authenticated_at.plus(timeouts.absolute)),
        }
    }

    /// Whether activity at `now` is worth writing down: after a twentieth of the idle timeout, half
    /// a minute at most, so that a busy page does not write on every request, and nobody loses more
    /// than that of what they were promised.
    #[must_use]
    pub fn is_slide_due(&self, times: &Times, now: Timestamp) -> bool {
        let idle = self.timeouts(times.remembered).idle;
        now.since(times.last_activity) >= (idle / 20).min(Duration::from_secs(30))
    }

    /// Whether activity at `now` must be in the store before anything else is done: what is there ends so soon
    /// that another node, or this one after a crash, could find the session timed out. That is within half of
    /// the idle timeout, a minute at most, and three seconds at least: it may take more than one to be written.
    #[must_use]
    pub fn is_slide_urgent(&self, times: &Times, now: Timestamp) -> bool {
        let idle = self.timeouts(times.remembered).idle;
        let soon = (idle / 2).clamp(Duration::from_secs(3), Duration::from_secs(60));
        self.deadlines(times).idle.since(now) <= soon
    }
}

/// The times of a session that decide whether it is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When the person proved who they are.
    pub authenticated_at: Timestamp,
    /// When the person last did something.
    pub last_activity: Timestamp,
    /// When the session was to end at most, by the policy under which it started.
    pub absolute_deadline: Timestamp,
    /// Which of the two kinds of session.
    pub remembered: bool,
}

/// The moments at which a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// If nobody does anything.
    pub idle: Timestamp,
    /// In any case.
    pub absolute: Timestamp,
}

/// What the policy says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Alive until the earlier of these moments.
    Alive(Deadlines),
    /// Ended by itself.
    Over(Reason),
    /// Its times are further in the future than clocks can differ: not to be trusted.
    FromTheFuture,
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_700_000_000_000;

    fn policy() -> Policy {
        Policy::default()
    }

    fn times(remembered: bool) -> Times {
        let start = Timestamp::from_millis(START);
        Times {
            authenticated_at: start,
            last_activity: start,
            absolute_deadline: start.plus(policy().timeouts(remembered).absolute),
            remembered,
        }
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(START).plus(Duration::from_millis(millis))
    }

    #[test]
    fn idle_ends_at_the_millisecond() {
        for (remembered, idle) in [(false, 600_000), (true, 14 * 24 * 3_600_000)] {
            let times = times(remembered);
            assert!(matches!(policy().standing(&times, at(idle - 1)), Standing::Alive(_)));
            assert_eq!(policy().standing(&times, at(idle)), Standing::Over(Reason::Idle));
            assert_eq!(policy().standing(&times, at(idle + 1)), Standing::Over(Reason::Idle));
        }
    }

    #[test]
    fn absolute_ends_at_the_millisecond_however_busy() {
        let absolute = 12 * 3_600_000;
        let mut times = times(false);
        times.last_activity = at(absolute - 1);
        assert!(matches!(policy().standing(&times, at(absolute - 1)), Standing::Alive(_)));
        assert_eq!(policy().standing(&times, at(absolute)), Standing::Over(Reason::Absolute));
    }

    #[test]
    fn the_deadline_that_came_first_is_the_reason() {
        // Left alone for a day: it was the idle timeout that ended it.
        assert_eq!(policy().standing(&times(false), at(24 * 3_600_000)), Standing::Over(Reason::Idle));
        // Busy until a minute before the end, looked at a day later: the absolute one.
        let mut times = times(false);
        times.last_activity = at(12 * 3_600_000 - 60_000);
        assert_eq!(policy().standing(&times, at(24 * 3_600_000)), Standing::Over(Reason::Absolute));
    }

    #[test]
    fn a_lowered_setting_holds_for_old_sessions_and_a_raised_one_does_not() {
        let hour = Duration::from_secs(3600);
        let lowered =
            Policy::new(Timeouts { idle: hour, absolute: hour }, Timeouts { idle: hour, absolute: hour }).unwrap();
        let old = times(false);
        assert_eq!(lowered.deadlines(&old).absolute, at(3_600_000));
        let raised =
            Policy::new(Timeouts { idle: hour, absolute: hour * 100 }, Timeouts { idle: hour, absolute: hour })
                .unwrap();
        assert_eq!(raised.deadlines(&old).absolute, at(12 * 3_600_000));
    }

    #[test]
    fn times_from_the_future_are_refused_beyond_the_skew() {
        let times = times(false);
        let just = Timestamp::from_millis(START).minus(SKEW);
        assert!(matches!(policy().standing(&times, just), Standing::Alive(_)));
        assert_eq!(policy().standing(&times, just.minus(Duration::from_millis(1))), Standing::FromTheFuture);
        let used_later = Times { last_activity: at(60_000), ..times };
        assert!(matches!(policy().standing(&used_later, just), Standing::FromTheFuture));
    }

    #[test]
    fn extremes_neither_panic_nor_live_for_ever() {
        let extreme = |millis| Times {
            authenticated_at: Timestamp::from_millis(millis),
            last_activity: Timestamp::from_millis(millis),
            absolute_deadline: Timestamp::from_millis(millis),
            remembered: true,
        };
        let now = Timestamp::from_millis(START);
        assert_eq!(policy().standing(&extreme(i64::MIN), now), Standing::Over(Reason::Absolute));
        assert_eq!(policy().standing(&extreme(i64::MAX), now), Standing::FromTheFuture);
    }

    #[test]
    fn sliding_is_urgent_before_the_end() {
        let times = times(false);
        assert!(!policy().is_slide_urgent(&times, at(539_999)) && policy().is_slide_urgent(&times, at(540_000)));
        let short = Timeouts { idle: Duration::from_secs(60), absolute: Duration::from_secs(3600) };
        let short = Policy::new(short, short).unwrap();
        assert!(!short.is_slide_urgent(&times, at(29_999)) && short.is_slide_urgent(&times, at(30_000)));
        let shortest = Timeouts { idle: Duration::from_secs(1), absolute: Duration::from_secs(3600) };
        assert!(Policy::new(shortest, shortest).unwrap().is_slide_urgent(&times, at(50)));
    }

    #[test]
    fn sliding_is_due_after_a_part_of_the_idle_timeout() {
        let times = times(false);
        assert!(!policy().is_slide_due(&times, at(29_999)));
        assert!(policy().is_slide_due(&times, at(30_000)));
        let second = Duration::from_secs(1);
        let short =
            Policy::new(Timeouts { idle: second, absolute: second }, Timeouts { idle: second, absolute: second })
                .unwrap();
        assert!(!short.is_slide_due(&times, at(49)));
        assert!(short.is_slide_due(&times, at(50)));
    }

    #[test]
    fn a_cookie_is_renewed_once_a_day_at_least() {
        let never = Policy::default().with_renewal(Duration::MAX);
        let issued = Timestamp::from_millis(0);
        assert!(!never.is_renewal_due(issued, issued.plus(MAX_RENEW_EVERY - Duration::from_millis(1))));
        assert!(never.is_renewal_due(issued, issued.plus(MAX_RENEW_EVERY)));
    }

    #[test]
    fn senseless_timeouts_are_refused() {
        let good = Timeouts { idle: Duration::from_secs(60), absolute: Duration::from_secs(60) };
        let with =
            |idle, absolute| Timeouts { idle: Duration::from_secs(idle), absolute: Duration::from_secs(absolute) };
        assert!(Policy::new(good, good).is_ok());
        assert!(matches!(
            Policy::new(with(61, 60), good),
            Err(PolicyError::IdleLongerThanAbsolute { kind: "ordinary", .. })
        ));
        assert!(matches!(
            Policy::new(good, with(61, 60)),
            Err(PolicyError::IdleLongerThanAbsolute { kind: "remembered", .. })
        ));
        assert!(matches!(Policy::new(with(0, 60), good), Err(PolicyError::TooShort { .. })));
        assert!(matches!(Policy::new(good, with(60, 401 * 24 * 3600)), Err(PolicyError::TooLong { .. })));
    }
}
