//! The memory in which passwords are hashed.
//!
//! Taken once and used again: blocks of 19 MiB that come and go leave holes that the system's allocator
//! cannot close, and a storm of sign-ins would leave a process twenty times as large as it has to be.

use super::{hasher::MEMORY_KIB, pages::ask_for_large};
use argon2::{
    Argon2, Block,
    password_hash::phc::{self, Output, ParamsString},
};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What was used and is used again: as many as hash at a time.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Vec<Vec<Block>>>>);

impl Memory {
    /// The hash of a password, as it is stored.
    pub(super) fn hash(&self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Option<phc::PasswordHash> {
        let params = argon2.params();
        let mut output = [0; 32];
        self.fill(argon2, password, salt, &mut output)?;
        Some(phc::PasswordHash {
            algorithm: argon2::ARGON2ID_IDENT,
            version: Some(argon2::Version::V0x13.into()),
            params: ParamsString::try_from(params).ok()?,
            salt: Some(phc::Salt::new(salt).ok()?),
            hash: Some(Output::new(&output).ok()?),
        })
    }

    /// Whether a password is the one of this hash, whose parameters `argon2` has.
    pub(super) fn verify(&self, argon2: &Argon2<'_>, password: &[u8], hash: &phc::PasswordHash) -> bool {
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
        let mut output = [0; Output::MAX_LENGTH];
        let Some(output) = output.get_mut(..expected.len()) else { return false };
        // Outputs compare in constant time.
        self.fill(argon2, password, salt, output).is_some() && Output::new(output).is_ok_and(|it| it == *expected)
    }

    fn fill(&self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8], output: &mut [u8]) -> Option<()> {
        let mut blocks = self.free().pop().unwrap_or_default();
        let wanted = argon2.params().block_count();
        if blocks.len() < wanted {
            blocks = Vec::with_capacity(wanted);
            ask_for_large(blocks.spare_capacity_mut());
            blocks.resize(wanted, Block::new());
        }
        let done = argon2.hash_password_into_with_memory(password, salt, output, &mut blocks);
        // That one stored hash asks for more than is asked for today is no reason to keep so much.
        blocks.truncate(MEMORY_KIB as usize);
        blocks.shrink_to_fit();
        self.free().push(blocks);
        done.ok()
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        // Nothing that holds this lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// What is in it was made of passwords.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{Algorithm, Params, PasswordVerifier, Version};

    fn argon2(memory: u32) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, 2, 1, Some(32)).unwrap())
    }

    #[test]
    fn memory_that_was_used_gives_the_hash_that_the_library_gives() {
        let memory = Memory::default();
        for (round, kib) in [19_456, 19_456, 32_768, 7_168, 19_456].into_iter().enumerate() {
            let hash = memory.hash(&argon2(kib), b"right", &[7; 16]).unwrap();
            assert_eq!(argon2(kib).verify_password(b"right", &hash), Ok(()), "round {round}");
            assert!(memory.verify(&argon2(kib), b"right", &hash) && !memory.verify(&argon2(kib), b"wrong", &hash));
            let free = memory.free();
            assert!(free.len() == 1 && free[0].capacity() <= 19_456, "{} blocks", free[0].capacity());
        }
    }
}
