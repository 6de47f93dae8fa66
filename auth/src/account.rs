//! Accounts: who can sign in.

use serde::{Deserialize, Serialize, Serializer};
use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

/// An account's number in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub i64);

/// An account's name: what a person types to sign in, in one spelling.
///
/// Names are compared without regard to case and to the way their characters are composed: `Álice`
/// and `álice` are one account (Unicode NFKC, lower case). The bytes of a name are therefore not
/// always those that were typed. Cheap to clone; most names take no memory of their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountName(SmolStr);

/// Why a text is no account name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing in it.
    #[error("an account name cannot be empty")]
    Empty,
    /// More than [`AccountName::MAX_CHARS`].
    #[error("an account name has at most {} characters", AccountName::MAX_CHARS)]
    TooLong,
    /// White space, control or invisible characters.
    #[error("an account name has no spaces and no invisible characters")]
    BadCharacter,
}

impl AccountName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 64;

    /// The name that `text` spells.
    ///
    /// # Errors
    /// When it is empty, too long, or has characters that cannot be seen.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        // Checked before the work of normalising, which could be made large.
        if text.len() > Self::MAX_CHARS * 4 {
            return Err(NameError::TooLong);
        }
        // Normalised first, then checked: a check on the raw text could be walked around.
        let name: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        match name.chars().count() {
            0 => return Err(NameError::Empty),
            n if n > Self::MAX_CHARS => return Err(NameError::TooLong),
            _ => {}
        }
        if name.chars().any(|c| c.is_whitespace() || c.is_control() || is_invisible(c)) {
            return Err(NameError::BadCharacter);
        }
        Ok(Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for AccountName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl std::fmt::Display for AccountName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters that take no room or turn the direction of what follows: two names that look alike
/// could differ in them.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether an account can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// It can.
    Active,
    /// It cannot, and none of its sessions is alive.
    Disabled,
}

impl AccountState {
    /// The state's text in the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// An account, without its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its name.
    pub name: AccountName,
    /// Whether it can sign in.
    pub state: AccountState,
    /// Counts what ended all its sessions at once; a session of an earlier epoch is dead.
    pub epoch: i64,
    /// Made for a demonstration, with a password that everybody knows.
    pub demo: bool,
    /// When it was made.
    pub created_at: crate::clock::Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_spelling() {
        for (typed, name) in [
            ("Alice", "alice"),
            ("ALICE", "alice"),
            ("a\u{301}lice", "álice"),
            ("Ａｌｉｃｅ", "alice"),
            ("user.1+x@example.org", "user.1+x@example.org"),
        ] {
            assert_eq!(AccountName::parse(typed).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_no_name() {
        assert_eq!(AccountName::parse(""), Err(NameError::Empty));
        for text in [
            " alice",
            "alice ",
            "al ice",
            "a\0",
            "a\n",
            "a\u{200b}b",
            "a\u{202e}b",
            "a\u{a0}b",
            "\u{feff}a",
            "a\u{1b}[31m",
        ] {
            assert_eq!(AccountName::parse(text), Err(NameError::BadCharacter), "{text:?}");
        }
        assert!(AccountName::parse(&"a".repeat(64)).is_ok());
        assert_eq!(AccountName::parse(&"a".repeat(65)), Err(NameError::TooLong));
        // One character that is eighteen after normalisation, spaces among them.
        assert!(AccountName::parse(&"\u{fdfa}".repeat(5)).is_err());
    }
}
