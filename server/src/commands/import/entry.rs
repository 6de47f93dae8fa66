//! What a file says of one account, before it is judged.

use daypass_auth::{
    NameError,
    password::{ImportError, PasswordError},
};
use std::fmt;
use zeroize::Zeroizing;

/// How much of a name is shown, in characters: an account's name is no longer.
const SHOWN: usize = 64;

/// One account in the file, or what stands in its place.
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) content: Result<Content, Refusal>,
}

/// A name, and what opens the account.
pub(super) struct Content {
    pub(super) name: String,
    pub(super) secret: Secret,
}

/// What opens an account. Wiped from memory when dropped; never printed.
pub(super) enum Secret {
    Plain(Zeroizing<String>),
    Hash(Zeroizing<String>),
}

impl Secret {
    /// Whether a text is meant to be a hash, be it a good one or not.
    pub(super) fn looks_hashed(text: &str) -> bool {
        text.starts_with("$argon2") || (text.starts_with("$2") && text.len() == 60)
    }
}

/// Where in the file.
#[derive(Clone)]
pub(super) enum Place {
    /// Lines are counted from one, as editors do.
    Line(usize),
    /// A file with names for keys.
    Name(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            // Escaped: whatever a terminal would obey, and what cannot be seen.
            Self::Name(name) => write!(f, "{:?}", name.chars().take(SHOWN).collect::<String>()),
        }
    }
}

/// Why an account is not imported.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Hash(#[from] ImportError),
    #[error("it has {0} fields instead of 2")]
    Fields(usize),
    #[error("it is not UTF-8")]
    NotText,
    #[error("there is no password")]
    NoPassword,
    #[error("this is a hash and no password; above a column of hashes stands `hash`")]
    Hashed,
    #[error("it names the same account as {0}")]
    Duplicate(String),
}
