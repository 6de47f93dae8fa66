//! What a store tells of its changes, whichever process made them.

use super::{Moment, StoreError};
use crate::{AccountId, SecretHash};
use async_trait::async_trait;
use std::time::Duration;

/// How long it takes until a process is told of what another one changed: so often a SQLite file is looked
/// at; PostgreSQL tells at once.
pub const TOLD_WITHIN: Duration = Duration::from_millis(200);

/// Something that is no longer as somebody may remember it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A session ended, or the generation of its cookie changed.
    Session(SecretHash),
    /// An account's state, epoch or password changed, or it is gone; with all its sessions.
    Account(AccountId),
    /// Anything may have.
    All,
}

impl Notice {
    /// What a trigger wrote: `s:<hex>`, `a:<number>`, `*`. What cannot be read may mean anything.
    pub(super) fn parse(text: &str) -> Self {
        let session = text.strip_prefix("s:").and_then(hash_of).map(Self::Session);
        let account = || Some(Self::Account(AccountId(text.strip_prefix("a:")?.parse().ok()?)));
        session.or_else(account).unwrap_or(Self::All)
    }
}

fn hash_of(hex: &str) -> Option<SecretHash> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(SecretHash(bytes))
}

/// What was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// What changed.
    pub notices: Vec<Notice>,
    /// Whatever was committed before this moment has been heard by now; the proof that the channel is
    /// alive. Nothing, if that is not known anew.
    pub complete_until: Option<Moment>,
}

/// The changes of a store, from the moment at which it was asked for them.
#[async_trait]
pub trait Notices: Send {
    /// Waits for what is next, be it only the proof that there is nothing.
    ///
    /// # Errors
    /// When some may have been lost. Then all that is remembered is in doubt, and one has to ask for
    /// them anew.
    async fn next(&mut self) -> Result<Heard, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_may_mean_anything() {
        let hex = "0123456789abcdef".repeat(4);
        assert!(matches!(Notice::parse(&format!("s:{hex}")), Notice::Session(hash) if hash.0[..2] == [0x01, 0x23]));
        assert_eq!(Notice::parse("a:42"), Notice::Account(AccountId(42)));
        for text in ["*", "", "s:", "s:zz", "a:", "a:x", &format!("s:{hex}0"), &format!("s:{}é", &hex[..62]), "x:1"] {
            assert_eq!(Notice::parse(text), Notice::All, "{text}");
        }
    }
}
