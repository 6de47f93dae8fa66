//! Why a request has no session.

use serde::{Deserialize, Serialize};

/// Why a request has no session: there never was one, what was presented is none of ours, or it
/// has ended, and how.
///
/// The text of a reason ([`Reason::as_str`]) is part of the HTTP contract and of the database:
/// it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// No session cookie was presented.
    None,
    /// A cookie was presented that does not open, is not ours, or names a session that is unknown.
    Invalid,
    /// Nobody did anything for as long as the idle timeout.
    Idle,
    /// The session reached its absolute timeout.
    Absolute,
    /// The person signed out.
    SignedOut,
    /// An administrator ended the session.
    Revoked,
    /// The person ended the session from another device.
    RevokedByYou,
    /// Somebody signed in again in the same browser.
    Replaced,
    /// The account had as many sessions as it may have, and this was the one longest unused.
    SessionLimit,
    /// An older cookie of the session was used long after a newer one: somebody has a copy.
    Copied,
    /// The account's password was changed.
    PasswordChanged,
    /// The account was disabled.
    AccountDisabled,
}

impl Reason {
    /// The header by which an answer says why the session of its request is no more.
    pub const HEADER: &str = "daypass-ended";

    /// All reasons, in the order of their declaration.
    pub const ALL: [Self; 12] = [
        Self::None,
        Self::Invalid,
        Self::Idle,
        Self::Absolute,
        Self::SignedOut,
        Self::Revoked,
        Self::RevokedByYou,
        Self::Replaced,
        Self::SessionLimit,
        Self::Copied,
        Self::PasswordChanged,
        Self::AccountDisabled,
    ];

    /// The reason's text in JSON, headers and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Invalid => "invalid",
            Self::Idle => "idle",
            Self::Absolute => "absolute",
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::RevokedByYou => "revoked_by_you",
            Self::Replaced => "replaced",
            Self::SessionLimit => "session_limit",
            Self::Copied => "copied",
            Self::PasswordChanged => "password_changed",
            Self::AccountDisabled => "account_disabled",
        }
    }

    /// The reverse of [`Reason::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Whether a session that was good has ended, so that there is something to tell the person.
    #[must_use]
    pub const fn is_end(self) -> bool {
        !matches!(self, Self::None | Self::Invalid)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_text_of_its_own_that_leads_back_to_it() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(Reason::parse("Idle"), None);
        assert_eq!(Reason::parse(""), None);
    }
}
