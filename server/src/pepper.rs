//! The secrets that are mixed into password hashes, from a file of their own.

use crate::keys::{KeySource, KeysError};
use daypass_auth::{KeyRing, password::Hasher};
use std::path::{Path, PathBuf};

/// The file with the pepper, if there is one. It is written like a key file, and is not the key file:
/// whoever gets at one of them shall not have the other.
#[derive(Clone, Debug, Default)]
pub struct Pepper(Option<PathBuf>);

impl Pepper {
    pub(crate) fn new(file: Option<&Path>) -> Self {
        Self(file.filter(|file| !file.as_os_str().is_empty()).map(Path::to_owned))
    }

    /// A hasher with this pepper.
    ///
    /// # Errors
    /// When the file is not there or no good: nothing is hashed without a pepper that was wanted.
    pub(crate) fn add_to(&self, hasher: Hasher) -> Result<Hasher, KeysError> {
        Ok(match self.load()? {
            Some(secrets) => hasher.with_pepper(secrets),
            None => hasher,
        })
    }

    /// Looks whether it can be used beside the keys that seal cookies.
    ///
    /// # Errors
    /// As [`Pepper::add_to`], and when it has one of those keys in it.
    pub(crate) fn look(&self, keys: &KeySource) -> Result<(), KeysError> {
        let (Some(pepper), Some(keys)) = (self.load()?, keys.load(false)?) else { return Ok(()) };
        match pepper.keys().find(|secret| keys.keys().iter().any(|key| key.id() == secret.id())) {
            Some(shared) => Err(KeysError::Shared(shared.id())),
            None => Ok(()),
        }
    }

    /// In words.
    pub(crate) fn place(&self) -> String {
        self.0.as_ref().map_or_else(|| "none".to_owned(), |file| file.display().to_string())
    }

    fn load(&self) -> Result<Option<KeyRing>, KeysError> {
        let Some(file) = &self.0 else { return Ok(None) };
        let source = KeySource::File(file.clone());
        let bad = |error| KeysError::Bad { place: source.place(), error };
        source.load(false)?.map(|list| list.ring().map_err(bad)).transpose()
    }
}
