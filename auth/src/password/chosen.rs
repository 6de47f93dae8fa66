//! What may be a password.

use super::{
    leaked::LeakedPasswords,
    weakness::{self, Weakness},
};
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Fewest characters of a new password that is the only factor (NIST SP 800-63B-4, 3.1.1.2).
pub const MIN_CHARS: usize = 15;
/// Most bytes of a password: far above the 64 characters that must be allowed, and bounded so
/// that no request makes work of its own choosing. Longer ones are refused and never cut.
pub const MAX_BYTES: usize = 1024;

/// A password as somebody typed it, in Unicode's composed form (NFC), so that one typed on another
/// keyboard is the same. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing typed.
    #[error("a password cannot be empty")]
    Empty,
    /// Fewer than [`MIN_CHARS`].
    #[error("a password has at least {MIN_CHARS} characters")]
    TooShort,
    /// More than [`MAX_BYTES`].
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
    /// Long enough, and yet among the first that somebody would try.
    #[error(transparent)]
    Guessable(#[from] Weakness),
    /// On a list of those that are known to have leaked ([`LeakedPasswords`]).
    #[error("this password has leaked somewhere before")]
    Leaked,
    /// Nobody knows whether it has leaked: the list cannot be read.
    #[error("the list of leaked passwords cannot be read")]
    Unchecked,
}

impl Password {
    /// The password that somebody typed to sign in.
    ///
    /// # Errors
    /// When it is empty or longer than [`MAX_BYTES`].
    pub fn typed(text: &str) -> Result<Self, PasswordError> {
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        let composed = Zeroizing::new(text.nfc().collect::<String>());
        if composed.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(composed))
    }

    /// A password that somebody chose anew: [`Password::typed`], long enough, not one that is guessed
    /// early, and not on the list of those that have `leaked`, if there is one. There is no other rule: no
    /// kind of character is asked for or forbidden.
    ///
    /// `context` has the words that must not make it up: the account's name, the app's name, the
    /// name of its host.
    ///
    /// # Errors
    /// As [`Password::typed`], when it has fewer than [`MIN_CHARS`] characters or a [`Weakness`], and as
    /// [`LeakedPasswords::judge`].
    pub fn chosen(text: &str, context: &[&str], leaked: Option<&LeakedPasswords>) -> Result<Self, PasswordError> {
        let password = Self::typed(text)?;
        if password.0.chars().count() < MIN_CHARS {
            return Err(PasswordError::TooShort);
        }
        match weakness::find(&password.0, context) {
            Some(weakness) => Err(PasswordError::Guessable(weakness)),
            None => leaked.map_or(Ok(()), |leaked| leaked.judge(&password)).map(|()| password),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_password_has_fifteen_characters_and_any_of_them() {
        let chosen = |text: &str| Password::chosen(text, &[], None);
        assert_eq!(chosen("").unwrap_err(), PasswordError::Empty);
        assert_eq!(chosen("fourteen chars").unwrap_err(), PasswordError::TooShort);
        assert_eq!(chosen("日本語のパスワ").unwrap_err(), PasswordError::TooShort);
        for good in ["fifteen chars !", "日本語のパスワードは十五文字です", "😀🎉🚀🌈🍕🐙🎸🧩🪐🦊🌵🎲🧊🪁🫐"]
        {
            assert!(chosen(good).is_ok(), "{good}");
        }
        assert_eq!(chosen("aaaaaaaaaaaaaaa").unwrap_err(), PasswordError::Guessable(Weakness::Repeated));
        assert_eq!(chosen(&"a".repeat(MAX_BYTES)).unwrap_err(), PasswordError::Guessable(Weakness::Repeated));
        assert_eq!(chosen(&"a".repeat(MAX_BYTES + 1)).unwrap_err(), PasswordError::TooLong);
        // However short it would be when it is composed.
        assert_eq!(Password::typed(&"e\u{301}".repeat(400)).unwrap_err(), PasswordError::TooLong);
        assert_eq!(format!("{:?}", Password::typed("secret").unwrap()), "Password(..)");
    }
}
