//! The keys that seal and open cookies.

use aes_gcm::{Aes256Gcm, KeyInit};
use base64::{Engine as _, alphabet, engine::general_purpose};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// Bytes of a key: what the private jar of the cookie library takes, half of it unused by
/// encryption, so that no derivation stands between what is written down and what is used.
pub const KEY_BYTES: usize = 64;
/// More keys than this on one ring are a mistake: each is one more that may leak.
const MAX_KEYS: usize = 8;
/// Distinct byte values in 64 random bytes: 57 on average, under 40 once in a billion billion times.
const MIN_DISTINCT_BYTES: usize = 40;
/// Bytes of the digest that an id shows, two characters each. Among eight keys two have the same
/// id once in a hundred and fifty million rings.
const ID_BYTES: usize = 4;
/// What stands before a key when its id is made, so that this digest is never one that opens something.
const ID_LABEL: &[u8] = b"daypass key id v1\0";

/// Takes keys with and without padding, since people copy them by hand.
const BASE64: general_purpose::GeneralPurpose = general_purpose::GeneralPurpose::new(
    &alphabet::URL_SAFE,
    general_purpose::GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_encode_padding(false),
);

/// One key: 64 bytes from the system's random source, written as one line of base64url.
#[derive(Clone)]
pub struct Key {
    jar: tower_cookies::Key,
    /// What the jar encrypts with, made ready once: strangers can have it used at any rate.
    cipher: Arc<Aes256Gcm>,
}

/// Why a text is no key. Never says what the text was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not base64url.
    #[error("a key is not base64url text; make one with `daypass keys new`")]
    NotBase64,
    /// Another length than 64 bytes.
    #[error("a key has {0} bytes instead of {KEY_BYTES}; make one with `daypass keys new`")]
    Length(usize),
    /// Zeros, a repeated pattern, a word: nothing that a random source gives.
    #[error("a key is not random; make one with `daypass keys new`")]
    NotRandom,
    /// No key at all.
    #[error("no key is given; make one with `daypass keys new`")]
    Missing,
    /// The same key twice.
    #[error("a key is given twice")]
    Duplicate,
    /// More keys than a ring holds.
    #[error("{0} keys are given; at most {MAX_KEYS} can be in use")]
    TooMany(usize),
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl Key {
    /// A fresh key from the system's random source.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| KeyError::NoRandomness)?;
        Self::from_bytes(bytes.as_slice())
    }

    /// The key that one line of a key file holds.
    ///
    /// # Errors
    /// When it is not base64url, of another length, or visibly not random.
    pub fn parse(line: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(BASE64.decode(line.trim()).map_err(|_| KeyError::NotBase64)?);
        Self::from_bytes(&bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        // The cookie library takes more bytes and ignores the rest, and takes zeros; so this is ours to check.
        if bytes.len() != KEY_BYTES {
            return Err(KeyError::Length(bytes.len()));
        }
        let mut seen = [false; 256];
        for &byte in bytes {
            seen[usize::from(byte)] = true;
        }
        let distinct = seen.iter().filter(|&&seen| seen).count();
        let counts_up_or_down = bytes.windows(3).filter(|w| w[1].wrapping_sub(w[0]) == w[2].wrapping_sub(w[1])).count();
        let is_text = bytes.iter().all(|b| (0x20..0x7f).contains(b));
        if distinct < MIN_DISTINCT_BYTES || counts_up_or_down > KEY_BYTES / 4 || is_text {
            return Err(KeyError::NotRandom);
        }
        let jar = tower_cookies::Key::try_from(bytes).map_err(|_| KeyError::Length(bytes.len()))?;
        let cipher = Arc::new(Aes256Gcm::new(jar.encryption().into()));
        Ok(Self { jar, cipher })
    }

    /// The key as one line, for the key file. This is the secret itself.
    #[must_use]
    pub fn to_line(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(self.jar.master()))
    }

    /// The key's name: eight characters of lower-case hexadecimal, made of the key itself, so that it
    /// is written down nowhere and never out of step. It opens nothing and may be shown.
    #[must_use]
    pub fn id(&self) -> String {
        let digest = Sha256::new().chain_update(ID_LABEL).chain_update(self.jar.master()).finalize();
        digest.iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The whole of it, where it is not a cookie's key.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.jar.master()
    }
}

/// The cookie library does not wipe its keys; the cipher wipes its round keys, with the last copy of a key. This
/// wipes what can be reached; a key that was moved may still have left a copy behind.
impl Drop for Key {
    fn drop(&mut self) {
        self.jar = tower_cookies::Key::from(&[0; KEY_BYTES]);
        // Nobody reads the zeros, so the compiler could leave them out.
        std::hint::black_box(&self.jar);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The keys that may open; the first one seals.
#[derive(Clone, Debug)]
pub struct KeyRing(Vec<Key>);

impl KeyRing {
    /// A ring of these keys, newest first.
    ///
    /// # Errors
    /// When there is none, one twice, or more than eight.
    pub fn new(keys: Vec<Key>) -> Result<Self, KeyError> {
        if keys.is_empty() {
            return Err(KeyError::Missing);
        }
        if keys.len() > MAX_KEYS {
            return Err(KeyError::TooMany(keys.len()));
        }
        for (i, key) in keys.iter().enumerate() {
            // The jar encrypts with the second half alone, so two keys that share it are one.
            if keys[..i].iter().any(|other| other.jar.encryption() == key.jar.encryption()) {
                return Err(KeyError::Duplicate);
            }
        }
        Ok(Self(keys))
    }

    /// The ring that a text holds: keys separated by commas or line breaks, newest first. Empty
    /// lines and lines that start with `#` are skipped.
    ///
    /// # Errors
    /// As [`Key::parse`] and [`KeyRing::new`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let keys = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(Key::parse)
            .collect::<Result<_, _>>()?;
        Self::new(keys)
    }

    pub(crate) fn sealing(&self) -> &tower_cookies::Key {
        &self.0[0].jar
    }

    /// The keys, the one that seals first.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    pub(crate) fn opening(&self) -> impl Iterator<Item = &Aes256Gcm> {
        self.0.iter().map(|key| &*key.cipher)
    }

    /// How many keys may open.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a ring is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_key_reads_back_as_itself_and_never_prints() {
        let key = Key::generate().unwrap();
        let line = key.to_line();
        assert_eq!(line.lines().count(), 1);
        assert_eq!(Key::parse(&line).unwrap().jar, key.jar);
        assert_eq!(Key::parse(&format!("  {}==\n", line.as_str())).unwrap().jar, key.jar);
        let printed = format!("{key:?} {:?}", KeyRing::new(vec![key.clone()]).unwrap());
        assert!(!printed.contains(&line[..8]));
    }

    #[test]
    fn an_id_belongs_to_one_key_and_shows_nothing_of_it() {
        let line = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw";
        let mut bytes = BASE64.decode(line).unwrap();
        bytes.swap(0, 9);
        bytes.iter_mut().step_by(3).for_each(|byte| *byte ^= 0x5a);
        let key = Key::from_bytes(&bytes).unwrap();
        // Written in scripts and notes, so it stays what it is.
        assert_eq!(key.id(), "33a137bb");
        assert_eq!(Key::parse(&key.to_line()).unwrap().id(), key.id());
        let ids: std::collections::BTreeSet<_> = (0..100).map(|_| Key::generate().unwrap().id()).collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.iter().all(|id| id.len() == 8 && id.chars().all(|c| c.is_ascii_hexdigit() && !c.is_uppercase())));
    }

    #[test]
    fn what_no_random_source_gives_is_refused() {
        let encode = |bytes: &[u8]| BASE64.encode(bytes);
        let random = BASE64.decode(Key::generate().unwrap().to_line().as_str()).unwrap();
        let weak: [(&str, KeyError); 11] = [
            ("changeme", KeyError::Length(6)),
            ("not base64!", KeyError::NotBase64),
            ("", KeyError::Length(0)),
            (&encode(&[0; 64]), KeyError::NotRandom),
            (&encode(&[255; 64]), KeyError::NotRandom),
            (&encode(&[b'a'; 64]), KeyError::NotRandom),
            (&encode(&random[..32].repeat(2)), KeyError::NotRandom),
            (&encode(&(0..64).collect::<Vec<u8>>()), KeyError::NotRandom),
            (&encode(b"my-very-secret-session-key-my-very-secret-session-key-1234567890"), KeyError::NotRandom),
            (&encode(&random[..63]), KeyError::Length(63)),
            (&encode(&[random.as_slice(), &[1]].concat()), KeyError::Length(65)),
        ];
        for (text, error) in weak {
            assert_eq!(Key::parse(text).unwrap_err(), error, "{text}");
        }
        for _ in 0..2000 {
            Key::generate().expect("a random key is never refused");
        }
    }

    #[test]
    fn a_ring_has_keys_and_each_once() {
        let key = || Key::generate().unwrap();
        let one = key();
        assert_eq!(KeyRing::new(vec![]).unwrap_err(), KeyError::Missing);
        assert_eq!(KeyRing::new(vec![one.clone(), key(), one.clone()]).unwrap_err(), KeyError::Duplicate);
        assert_eq!(KeyRing::new((0..9).map(|_| key()).collect()).unwrap_err(), KeyError::TooMany(9));
        let text = format!(
            "# newest first\n{}\n\n{},{}\n",
            one.to_line().as_str(),
            key().to_line().as_str(),
            key().to_line().as_str()
        );
        assert_eq!(KeyRing::parse(&text).unwrap().len(), 3);
        assert_eq!(KeyRing::parse("\n# nothing\n").unwrap_err(), KeyError::Missing);
    }
}
