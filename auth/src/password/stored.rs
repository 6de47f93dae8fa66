//! Hashes as they are stored, and which of them are obeyed.

use super::{bcrypt, chosen::Password, hasher, memory::Memory, pepper::Pepper};
use argon2::{Params, Version, password_hash::phc};
use std::{fmt, ops::RangeInclusive};

/// A stored hash beyond these bounds is not obeyed: it would let whoever can write to the store
/// decide how much memory a sign-in takes, or how little work a guess is.
const STORED_MEMORY_KIB: RangeInclusive<u32> = 7_168..=262_144;
const STORED_PASSES: RangeInclusive<u32> = 1..=10;
const STORED_LANES: RangeInclusive<u32> = 1..=4;

/// A hashed password as it is stored: argon2id in PHC string format, or until its first sign-in a
/// bcrypt hash that was imported. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a hash of another program cannot be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Neither of the two kinds, or damaged.
    #[error("the hash is neither an argon2id nor a bcrypt hash")]
    Unknown,
    /// It asks for more or for less work than is done for a sign-in.
    #[error("the hash costs too little or too much (argon2id takes 7 to 256 MiB, bcrypt a cost of 4 to 14)")]
    OutOfBounds,
}

/// A hash that is within bounds.
pub(super) enum Usable<'a> {
    Argon2id(Box<phc::PasswordHash>),
    Bcrypt(&'a str),
}

impl PasswordHash {
    /// The hash that the store holds. What is in it is checked when it is used.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// A hash that another program made: argon2id (PHC string format) or bcrypt.
    ///
    /// A bcrypt hash is replaced by argon2id at the first sign-in. Until then a sign-in to this
    /// account takes as long as its bcrypt cost, and whoever measures that can tell that it exists.
    ///
    /// # Errors
    /// When it is of another kind or costs too much or too little: nobody could sign in with it.
    pub fn imported(text: &str) -> Result<Self, ImportError> {
        let hash = Self(text.to_owned());
        // One that was made with a pepper was made with another one than ours.
        if hash.usable().is_some_and(|usable| !usable.has_pepper()) {
            return Ok(hash);
        }
        let known = bcrypt::cost(text).is_some()
            || phc::PasswordHash::new(text).is_ok_and(|parsed| parsed.algorithm.as_str() == "argon2id");
        Err(if known { ImportError::OutOfBounds } else { ImportError::Unknown })
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// See [`hasher::Hasher::is_outdated`].
    pub(super) fn is_outdated(&self, pepper: &Pepper) -> bool {
        match self.usable() {
            Some(Usable::Argon2id(parsed)) => {
                Params::try_from(&*parsed).is_ok_and(|params| hasher::is_below(&params) || !pepper.is_newest(&params))
            }
            Some(Usable::Bcrypt(_)) => true,
            None => false,
        }
    }

    pub(super) const fn made(text: String) -> Self {
        Self(text)
    }

    /// The hash, if its algorithm and cost are within bounds.
    pub(super) fn usable(&self) -> Option<Usable<'_>> {
        if let Some(cost) = bcrypt::cost(&self.0) {
            return bcrypt::is_bounded(cost).then_some(Usable::Bcrypt(&self.0));
        }
        let parsed = phc::PasswordHash::new(&self.0).ok()?;
        let params = Params::try_from(&parsed).ok()?;
        // The library takes defaults for what is missing, and the last of what is there twice.
        let names: Vec<_> = parsed.params.iter().map(|(name, _)| name.as_str().to_owned()).collect();
        let is_plain = names == ["m", "t", "p"] || names == ["m", "t", "p", "keyid"];
        let within_bounds = is_plain
            && parsed.algorithm.as_str() == "argon2id"
            && parsed.version == Some(Version::V0x13.into())
            && STORED_MEMORY_KIB.contains(&params.m_cost())
            && STORED_PASSES.contains(&params.t_cost())
            && STORED_LANES.contains(&params.p_cost())
            && parsed.hash.as_ref().is_some_and(|hash| hash.len() >= 32)
            && parsed.salt.as_ref().is_some_and(|salt| salt.len() >= 16);
        within_bounds.then(|| Usable::Argon2id(Box::new(parsed)))
    }
}

impl Usable<'_> {
    fn has_pepper(&self) -> bool {
        match self {
            Self::Argon2id(hash) => Params::try_from(&**hash).is_ok_and(|params| !params.keyid().is_empty()),
            Self::Bcrypt(_) => false,
        }
    }

    /// Whether `password` is the one that it was made from. Costs one hash; none, and says nothing, if it
    /// was made with a pepper that is not here.
    pub(super) fn verify(&self, password: &Password, pepper: &Pepper, memory: &Memory) -> Option<bool> {
        match self {
            Self::Argon2id(hash) => {
                let argon2 = pepper.checking(&Params::try_from(&**hash).ok()?)?;
                Some(memory.verify(&argon2, password.as_bytes(), hash))
            }
            Self::Bcrypt(text) => Some(bcrypt::verify(password, text)),
        }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_other_programs_are_taken_within_bounds() {
        let argon2id = |parameters: &str| {
            format!("$argon2id$v=19${parameters}$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g")
        };
        let bcrypt = |cost: &str| format!("$2b${cost}$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u");
        for good in [argon2id("m=19456,t=2,p=1"), argon2id("m=65536,t=3,p=4"), bcrypt("04"), bcrypt("12"), bcrypt("14")]
        {
            assert_eq!(PasswordHash::imported(&good).unwrap().as_str(), good);
        }
        for costly in [
            argon2id("m=8388608,t=1,p=1"),
            argon2id("m=64,t=1,p=1"),
            argon2id("m=19456,t=99,p=1"),
            argon2id("m=19456,t=2,p=5"),
            argon2id("m=19456,p=1"),
            argon2id("m=8388608,m=19456,t=2,p=1"),
            argon2id("m=19456,t=2,p=1,keyid=a2V5"),
            argon2id("m=19456,t=2,p=1")
                .replace("aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g", "aGFzaGhhc2hoYXNoaGFzaA"),
            bcrypt("15"),
        ] {
            assert_eq!(PasswordHash::imported(&costly), Err(ImportError::OutOfBounds), "{costly}");
        }
        let argon2i = argon2id("m=19456,t=2,p=1").replace("argon2id", "argon2i");
        for unknown in ["", "secret", &bcrypt("12").replace("2b", "2x"), &argon2i, "$1$salt$hash", &bcrypt("12")[1..]] {
            assert_eq!(PasswordHash::imported(unknown), Err(ImportError::Unknown), "{unknown}");
        }
    }
}
