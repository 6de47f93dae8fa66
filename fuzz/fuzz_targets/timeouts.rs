//! Timeouts: those that contradict each other are refused, and with the others every session, whatever
//! its times, is alive exactly as long as the rules say.

#![no_main]

use arbitrary::Arbitrary;
use daypass_auth::{
    Reason,
    clock::Timestamp,
    policy::{Policy, SKEW, Standing, Timeouts, Times},
};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

const LONGEST: u128 = 400 * 24 * 3_600_000;

#[derive(Arbitrary, Debug)]
struct Case {
    ordinary: (Length, Length),
    remembered: (Length, Length),
    sudo: Length,
    most: u32,
    authenticated_at: i64,
    last_activity: Moment,
    absolute_deadline: Moment,
    is_remembered: bool,
    now: Moment,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Length {
    Seconds(u16),
    Days(u16),
    Millis(u32),
    Any(Duration),
}

impl Length {
    fn duration(self) -> Duration {
        match self {
            Self::Seconds(seconds) => Duration::from_secs(seconds.into()),
            Self::Days(days) => Duration::from_secs(u64::from(days) * 24 * 3600),
            Self::Millis(millis) => Duration::from_millis(millis.into()),
            Self::Any(duration) => duration,
        }
    }
}

/// Near the sign-in, so that deadlines are met to the millisecond, or anywhere.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Moment {
    After(Length, i8),
    Any(i64),
}

impl Moment {
    fn from(self, start: i64) -> i64 {
        match self {
            Self::After(length, more) => {
                let millis = i64::try_from(length.duration().as_millis()).unwrap_or(i64::MAX);
                start.saturating_add(millis).saturating_add(more.into())
            }
            Self::Any(millis) => millis,
        }
    }
}

/// A later moment; time ends with the last number.
fn plus(moment: i64, duration: Duration) -> i128 {
    let most = i128::from(i64::MAX);
    (i128::from(moment) + i128::try_from(duration.as_millis()).unwrap_or(most)).min(most)
}

fuzz_target!(|case: Case| {
    let pair = |(idle, absolute): (Length, Length)| Timeouts { idle: idle.duration(), absolute: absolute.duration() };
    let (ordinary, remembered) = (pair(case.ordinary), pair(case.remembered));
    let is_sound = |it: &Timeouts| {
        it.idle >= Duration::from_secs(1) && it.idle <= it.absolute && it.absolute.as_nanos() <= LONGEST * 1_000_000
    };
    let policy = Policy::new(ordinary, remembered);
    assert_eq!(policy.is_ok(), is_sound(&ordinary) && is_sound(&remembered), "{case:?}");
    let Ok(policy) = policy else { return };
    let policy = policy.with_sudo(case.sudo.duration()).with_most_sessions(case.most);
    assert_eq!(policy.most_sessions(), case.most.max(1));

    let start = case.authenticated_at;
    let (used, until, now) = (case.last_activity.from(start), case.absolute_deadline.from(start), case.now.from(start));
    let times = Times {
        authenticated_at: Timestamp::from_millis(start),
        last_activity: Timestamp::from_millis(used),
        absolute_deadline: Timestamp::from_millis(until),
        remembered: case.is_remembered,
    };
    let timeouts = if case.is_remembered { remembered } else { ordinary };
    let idle = plus(used, timeouts.idle);
    let absolute = plus(start, timeouts.absolute).min(until.into());
    let is_over = i128::from(now) >= idle.min(absolute);

    match policy.standing(&times, Timestamp::from_millis(now)) {
        Standing::FromTheFuture => assert!(i128::from(start.max(used)) > plus(now, SKEW), "{case:?}"),
        Standing::Alive(deadlines) => {
            assert!(!is_over, "{case:?}");
            assert_eq!(i128::from(deadlines.idle.as_millis()), idle);
            assert_eq!(i128::from(deadlines.absolute.as_millis()), absolute);
        }
        Standing::Over(reason) => {
            assert!(is_over, "{case:?}");
            let right = if absolute <= idle { Reason::Absolute } else { Reason::Idle };
            assert_eq!(reason, right, "{case:?}");
        }
    }
    let sudo = policy.sudo_until(&times);
    assert_eq!(i128::from(sudo.as_millis()), plus(start, case.sudo.duration()));
    let _ = policy.is_slide_due(&times, Timestamp::from_millis(now));
});
