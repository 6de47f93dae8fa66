//! Every sentence that people read, in one place.

use crate::error::{AppError, Field, Problem};
use daypass_auth::Reason;
use std::borrow::Cow;

/// Why a session ended. `idle_ms` and `absolute_ms` are the timeouts that it had.
#[must_use]
pub fn ended(reason: Reason, idle_ms: u64, absolute_ms: u64) -> String {
    match reason {
        Reason::Idle => format!("You were signed out after {} without activity.", duration(idle_ms)),
        Reason::Absolute => format!("You were signed out: sessions last {} at most.", duration(absolute_ms)),
        Reason::SignedOut => "You are signed out.".to_owned(),
        Reason::Revoked => "An administrator ended this session.".to_owned(),
        Reason::RevokedByYou => "You ended this session from another device.".to_owned(),
        Reason::Replaced => "A newer session took the place of this one in your browser. Sign in again.".to_owned(),
        Reason::SessionLimit => {
            "You signed in on another device, and this session was the one longest unused.".to_owned()
        }
        Reason::Copied => {
            "Somebody else may have used this session, so it was ended. Sign in and change your password.".to_owned()
        }
        Reason::PasswordChanged => "Your password was changed, so this session ended.".to_owned(),
        Reason::AccountDisabled => "This account is disabled. Ask an administrator.".to_owned(),
        _ => "This session is no longer valid. Sign in again.".to_owned(),
    }
}

/// What is stamped on the ticket when its session has ended.
#[must_use]
pub const fn stamp(reason: Reason) -> &'static str {
    match reason {
        Reason::Idle => "Timed out",
        Reason::Absolute => "Expired",
        Reason::SignedOut => "Signed out",
        Reason::AccountDisabled => "Disabled",
        _ => "Ended",
    }
}

/// What went wrong and what to do.
#[must_use]
pub fn error(error: AppError) -> Cow<'static, str> {
    Cow::Borrowed(match error {
        AppError::TooManyTries { seconds } => {
            let wait = duration(u64::from(seconds) * 1000);
            return Cow::Owned(format!("Too many tries. Wait {wait}, then try again."));
        }
        AppError::TooManyRequests { seconds } => {
            let wait = duration(u64::from(seconds) * 1000);
            return Cow::Owned(format!("Too many requests come from your network. Wait {wait}, then try again."));
        }
        AppError::Unauthenticated { .. } => "You are not signed in.",
        AppError::InvalidCredentials => "That name and password do not match. Try again.",
        AppError::ConfirmPassword => "Enter your password again to do this.",
        AppError::InvalidField { field, problem } => field_problem(field, problem),
        AppError::TooLarge => "That is too much text. Shorten it, then try again.",
        AppError::Unavailable => "The service is busy or away for the moment. Try again in a few seconds.",
        AppError::Unreachable => "The server does not answer. Try again in a few seconds.",
        AppError::BadRequest
        | AppError::UnsupportedMediaType
        | AppError::CrossSite
        | AppError::NotFound
        | AppError::MethodNotAllowed => "That did not work. Reload the page, then try again.",
        AppError::Internal => "Something went wrong on our side. Try again.",
    })
}

/// What is wrong with a field of a form.
#[must_use]
pub const fn field_problem(field: Field, problem: Problem) -> &'static str {
    match (field, problem) {
        (Field::Username, Problem::Missing) => "Enter your username.",
        (Field::Password, Problem::Missing) => "Enter your password.",
        (Field::Current, Problem::Missing) => "Enter your present password.",
        (Field::New, Problem::Missing) => "Enter a new password.",
        (_, Problem::Wrong) => "That is not your password. Try again.",
        (_, Problem::TooShort) => "Use 15 characters or more.",
        (_, Problem::Common) => "Many people use this password, so it is among the first to be tried. Choose another.",
        (_, Problem::Context) => "This is made of your name or the name of this site. Choose another.",
        (_, Problem::Repeated) => "This repeats itself, which is easy to guess. Choose another.",
        (_, Problem::Pattern) => "This follows the keyboard, the alphabet or a row of numbers. Choose another.",
        (_, Problem::Leaked) => "This password has leaked from somewhere, so it will be tried. Choose another.",
        (Field::Username, Problem::TooLong) => "A username has at most 64 characters.",
        (Field::Password | Field::Current | Field::New, Problem::TooLong) => "A password has at most 1024 bytes.",
        (_, Problem::TooLong) => "This is too long.",
        (_, Problem::Missing) => "This is missing.",
        (_, Problem::Doubled | Problem::WrongType) => "Reload the page, then enter this again.",
    }
}

/// A greeting after signing in.
#[must_use]
pub fn welcome(account: &str) -> String {
    format!("Welcome back, {account}.")
}

/// Tries that failed since the person was here before.
#[must_use]
pub fn failed_attempts(count: u32) -> String {
    let tries = counted(count.into(), "failed attempt");
    format!("{tries} to sign in since your last visit. If that was not you, change your password.")
}

/// What happened, in words.
#[cfg(feature = "ssr")]
#[must_use]
pub fn event(event: &daypass_auth::audit::Event) -> String {
    use daypass_auth::audit::EventKind;

    match event.kind {
        EventKind::SignedIn => "Signed in".to_owned(),
        EventKind::SignInFailed if event.count > 1 => format!("{} failed attempts to sign in", event.count),
        EventKind::SignInFailed => "A failed attempt to sign in".to_owned(),
        EventKind::PasswordConfirmed => "Password confirmed".to_owned(),
        EventKind::SessionEnded => session_ended(event.reason.unwrap_or(Reason::Invalid)).to_owned(),
        EventKind::PasswordChanged => "Password changed".to_owned(),
        EventKind::AccountDisabled => "Account disabled".to_owned(),
        EventKind::AccountEnabled => "Account enabled".to_owned(),
    }
}

#[cfg(feature = "ssr")]
const fn session_ended(reason: Reason) -> &'static str {
    match reason {
        Reason::Idle => "Timed out without activity",
        Reason::Absolute => "Session reached its time limit",
        Reason::SignedOut => "Signed out",
        Reason::Revoked => "Session ended by an administrator",
        Reason::RevokedByYou => "Session ended from another device",
        Reason::SessionLimit => "Session ended: too many devices",
        Reason::Copied => "Session ended: a copy of it was used",
        Reason::PasswordChanged => "Session ended: the password was changed",
        Reason::AccountDisabled => "Session ended: the account was disabled",
        _ => "Session ended",
    }
}

/// How long ago something was.
#[must_use]
pub fn ago(ms: u64) -> String {
    if ms < 60_000 { "just now".to_owned() } else { format!("{} ago", about(ms)) }
}

/// Other sessions have ended, because the person wanted it.
#[must_use]
pub fn ended_sessions(count: u64) -> String {
    format!("{} ended.", counted(count, "session"))
}

/// The password was changed.
pub const PASSWORD_CHANGED: &str = "Your password is changed.";

/// Somebody signed in as another account in another tab.
#[must_use]
pub fn other_account(account: &str) -> String {
    format!("You are now signed in as {account}, in another tab.")
}

/// The server does not answer.
#[must_use]
pub const fn unreachable(signed_in: bool) -> &'static str {
    if signed_in {
        "The server does not answer. You are still signed in; trying again."
    } else {
        "The server does not answer. Trying again."
    }
}

/// Somebody signs out while the server does not answer.
pub const LEAVING: &str = "The server does not answer, so you are not signed out yet. Leave this page open: it shows nothing of yours any more, and signs you out as soon as it can.";

/// The session cannot be extended any more. `absolute_ms` is the longest that it may last.
#[must_use]
pub fn last_extension(absolute_ms: u64) -> String {
    format!("Sessions last {} at most; this one cannot be extended.", duration(absolute_ms))
}

/// This browser has lost its network.
pub const OFFLINE: &str = "You are offline.";

/// It has it again.
pub const ONLINE: &str = "You are back online.";

/// The server answers again.
pub const BACK: &str = "The server answers again.";

const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];

/// A setting in words, in the largest unit that says it exactly: "10 minutes", "90 seconds".
#[must_use]
pub fn duration(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    let (size, unit) =
        UNITS.into_iter().find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size)).unwrap_or((1, "second"));
    counted(seconds / size, unit)
}

/// A length of time in words, as people would say it: "about" to the nearest of the largest unit
/// of which there are two at least.
#[must_use]
pub fn about(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    let (size, unit) = UNITS.into_iter().find(|(size, _)| seconds >= 2 * size).unwrap_or((1, "second"));
    counted((seconds + size / 2) / size, unit)
}

fn counted(count: u64, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// The time left as a clock shows it: `0:59`, `9:58`, `11:59:58`; days in words.
#[must_use]
pub fn clock(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match seconds {
        s if s >= 2 * 86_400 => about(ms),
        s if s >= 3600 => format!("{hours}:{minutes:02}:{rest:02}"),
        _ => format!("{minutes}:{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_said_in_words() {
        for (ms, words) in [
            (1, "1 second"),
            (59_000, "59 seconds"),
            (60_000, "1 minute"),
            (90_000, "90 seconds"),
            (600_000, "10 minutes"),
            (3_600_000, "1 hour"),
            (9_000_000, "150 minutes"),
            (43_200_000, "12 hours"),
            (1_209_600_000, "14 days"),
        ] {
            assert_eq!(duration(ms), words);
        }
        for (ms, words) in [
            (0, "0 seconds"),
            (43_199_000, "12 hours"),
            (595_000, "10 minutes"),
            (100_000, "100 seconds"),
            (9_000_000, "3 hours"),
            (200_000_000, "2 days"),
        ] {
            assert_eq!(about(ms), words);
        }
    }

    #[test]
    fn the_time_left_is_shown_as_a_clock() {
        for (ms, text) in [
            (0, "0:00"),
            (1, "0:01"),
            (59_001, "1:00"),
            (598_500, "9:59"),
            (3_600_000, "1:00:00"),
            (43_199_000, "11:59:59"),
            (1_209_600_000, "14 days"),
        ] {
            assert_eq!(clock(ms), text);
        }
    }

    #[test]
    fn every_reason_has_a_sentence() {
        for reason in Reason::ALL {
            assert!(ended(reason, 600_000, 43_200_000).ends_with('.'));
        }
        assert_eq!(ended(Reason::Idle, 600_000, 0), "You were signed out after 10 minutes without activity.");
    }
}
