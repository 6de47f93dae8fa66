//! A secret that is mixed into every hash and kept apart from the store, so that a copy of the store
//! alone gives nobody anything to guess at (NIST SP 800-63B-4, 3.1.1.2).

use super::hasher::today;
use crate::{Key, KeyRing};
use argon2::{Algorithm, Argon2, KeyId, Params, Version};
use std::sync::Arc;

/// The secrets, the newest first: it is mixed into new hashes. A hash names its own by the key's id, in
/// the field that the text of argon2 hashes has for that.
#[derive(Clone, Debug, Default)]
pub(super) struct Pepper(Option<Arc<KeyRing>>);

impl Pepper {
    pub(super) fn new(keys: KeyRing) -> Self {
        Self(Some(Arc::new(keys)))
    }

    /// What makes a hash today.
    pub(super) fn making(&self) -> Option<Argon2<'_>> {
        let Some(key) = self.newest() else {
            return Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, today(KeyId::EMPTY)?));
        };
        with(key, today(KeyId::new(key.id().as_bytes()).ok()?)?)
    }

    /// What checks a hash of these parameters. Nothing if the secret that it was made with is not here.
    pub(super) fn checking(&self, params: &Params) -> Option<Argon2<'_>> {
        if params.keyid().is_empty() {
            return Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone()));
        }
        with(self.0.as_ref()?.keys().find(|key| key.id().as_bytes() == params.keyid())?, params.clone())
    }

    /// Whether a hash of these parameters was made with the newest secret, or with none if there is none.
    pub(super) fn is_newest(&self, params: &Params) -> bool {
        self.newest().map(Key::id).unwrap_or_default().as_bytes() == params.keyid()
    }

    fn newest(&self) -> Option<&Key> {
        self.0.as_ref()?.keys().next()
    }
}

fn with(key: &Key, params: Params) -> Option<Argon2<'_>> {
    Argon2::new_with_secret(key.bytes(), Algorithm::Argon2id, Version::V0x13, params).ok()
}
