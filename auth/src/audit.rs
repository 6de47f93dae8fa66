//! What happened to an account, kept so that its person can see it (ASVS 6.3.5, 16.3.1).
//!
//! Nothing in it opens anything: no secrets, no passwords, and of a name that nobody has not even
//! the name, because people type passwords where names belong.

use crate::{AccountName, Reason, SessionId, clock::Timestamp};
use std::time::Duration;

/// How long events are kept, unless another time is set.
pub const KEEP_EVENTS: Duration = Duration::from_secs(90 * 24 * 3600);
/// Failures in a row are one event with a count while the last one is not older than this, from
/// wherever they come: somebody who guesses all night fills neither the store nor the list in which
/// the person looks for what matters.
pub const MERGE_FAILURES: Duration = Duration::from_secs(3600);

/// The place of failures in a row that came from several.
pub const SEVERAL_PLACES: &str = "several places";

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Somebody signed in.
    SignedIn,
    /// Somebody tried to, or gave a wrong password where it was asked for again.
    SignInFailed,
    /// Somebody who was signed in proved again who they are.
    PasswordConfirmed,
    /// A session ended.
    SessionEnded,
    /// The password was changed; without a place, by an administrator.
    PasswordChanged,
    /// An administrator disabled the account.
    AccountDisabled,
    /// An administrator enabled it again.
    AccountEnabled,
}

impl EventKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::SignedIn,
        Self::SignInFailed,
        Self::PasswordConfirmed,
        Self::SessionEnded,
        Self::PasswordChanged,
        Self::AccountDisabled,
        Self::AccountEnabled,
    ];

    /// The kind's text in the store: it never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::PasswordConfirmed => "password_confirmed",
            Self::SessionEnded => "session_ended",
            Self::PasswordChanged => "password_changed",
            Self::AccountDisabled => "account_disabled",
            Self::AccountEnabled => "account_enabled",
        }
    }

    /// The event's name in OWASP's logging vocabulary, for those who read logs of many programs.
    #[must_use]
    pub const fn vocabulary(self) -> &'static str {
        match self {
            Self::SignedIn => "authn_login_success",
            Self::SignInFailed => "authn_login_fail",
            Self::PasswordConfirmed => "session_renewed",
            Self::SessionEnded => "session_ended",
            Self::PasswordChanged => "authn_password_change",
            Self::AccountDisabled => "user_disabled",
            Self::AccountEnabled => "user_enabled",
        }
    }

    /// The reverse of [`EventKind::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number: later ones have higher ones.
    pub id: i64,
    /// Whose account it is about; of a name that nobody has, nobody's.
    pub account: Option<AccountName>,
    /// When; the last time, if it happened more than once.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Why, if a session ended.
    pub reason: Option<Reason>,
    /// How often in a row.
    pub count: u32,
    /// The session that it is about.
    pub session: Option<SessionId>,
    /// What the browser says that it is; of an end, the browser whose session ended.
    pub agent: String,
    /// Where the request came from; of an end, where the session had started.
    pub place: String,
}

/// Where a request comes from, as far as that is worth keeping.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// What the browser says that it is.
    pub agent: &'a str,
    /// Its address.
    pub place: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_text_of_its_own_that_leads_back_to_it() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::parse(""), None);
    }
}
