//! Passwords that are known to have leaked somewhere (NIST SP 800-63B-4, 3.1.1.2; ASVS 5.0, 6.2.12), by a list that
//! the operator keeps in a file. Nothing is asked over a network: nobody else learns who sets a password when.

use super::chosen::{Password, PasswordError};
use sha1::{Digest, Sha1};
use std::{
    cmp::Ordering,
    fs::File,
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Characters of a SHA-1 hash in hexadecimal digits.
const DIGITS: usize = 40;
/// Longer than a line, and than the end of one with the whole of the next.
const WINDOW: u64 = 256;
/// So many places of a file are looked at to see whether it is in order.
const SAMPLES: u64 = 64;

/// A list of passwords that have leaked: their SHA-1 hashes in hexadecimal digits, one at the beginning of each
/// line, in their order. That is how "Have I Been Pwned" gives them out. The file is opened for each look, so a
/// newer one may take its place at any time, by a rename: one that is half written lacks the rest.
#[derive(Clone, Debug)]
pub struct LeakedPasswords(PathBuf);

/// Why a file is no such list.
#[derive(Debug, thiserror::Error)]
#[error("{path} is no list of leaked passwords: {error}")]
pub struct LeakedError {
    path: String,
    error: io::Error,
}

impl LeakedPasswords {
    /// The list in this file, which is not looked at yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where the list is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Looks whether it is one, as far as some dozens of its lines show.
    ///
    /// # Errors
    /// When it cannot be read, has something else in it, or is not in order.
    pub fn look(&self) -> Result<(), LeakedError> {
        self.samples().map_err(|error| LeakedError { path: self.0.display().to_string(), error })
    }

    /// Refuses a password that is on the list.
    ///
    /// # Errors
    /// When it is on it; and when that cannot be said, because the file cannot be read.
    pub fn judge(&self, password: &Password) -> Result<(), PasswordError> {
        match self.has(password) {
            Ok(false) => Ok(()),
            Ok(true) => Err(PasswordError::Leaked),
            Err(error) => {
                let (path, error) = (self.0.display(), &error as &dyn std::error::Error);
                tracing::error!(%path, error, "the list of leaked passwords cannot be read");
                Err(PasswordError::Unchecked)
            }
        }
    }

    fn has(&self, password: &Password) -> io::Result<bool> {
        let mut wanted = [0; DIGITS];
        for (pair, byte) in wanted.chunks_exact_mut(2).zip(Sha1::digest(password.as_bytes())) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        let (mut file, length) = self.open()?;
        if length == 0 {
            return Err(bad("it is empty"));
        }
        // Whatever line it is on begins at one of these places.
        let (mut from, mut to) = (0, length);
        while from < to {
            let middle = from.midpoint(to);
            match line(&mut file, middle)?.map(|(begin, hash)| (begin, hash.cmp(&wanted))) {
                Some((_, Ordering::Equal)) => return Ok(true),
                Some((begin, Ordering::Less)) => from = begin + 1,
                Some((_, Ordering::Greater)) | None => to = middle,
            }
        }
        Ok(false)
    }

    fn samples(&self) -> io::Result<()> {
        let (mut file, length) = self.open()?;
        if line(&mut file, 0)?.is_none() {
            return Err(bad("it is empty"));
        }
        let mut before = None;
        for sample in 0..SAMPLES {
            let Some((begin, hash)) = line(&mut file, length / SAMPLES * sample)? else { break };
            if before.is_some_and(|(place, last)| place < begin && last >= hash) {
                return Err(bad("its hashes are not in order"));
            }
            before = Some((begin, hash));
        }
        Ok(())
    }

    fn open(&self) -> io::Result<(File, u64)> {
        let file = File::open(&self.0)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }
}

/// The first line that begins at this place or after it, and the hash on it.
fn line(file: &mut File, place: u64) -> io::Result<Option<(u64, [u8; DIGITS])>> {
    // With what ends the line before.
    let first = place.saturating_sub(1);
    file.seek(SeekFrom::Start(first))?;
    let mut bytes = Vec::new();
    file.take(WINDOW).read_to_end(&mut bytes)?;
    let skipped = if place == 0 { Some(0) } else { memchr::memchr(b'\n', &bytes).map(|at| at + 1) };
    let Some(rest) = skipped.and_then(|skipped| bytes.get(skipped..)).filter(|rest| !rest.is_empty()) else {
        // Behind the last one; or within something that is no line.
        return if (bytes.len() as u64) < WINDOW { Ok(None) } else { Err(bad("it has lines that are too long")) };
    };
    let hash = rest.first_chunk::<DIGITS>().filter(|hash| hash.iter().all(u8::is_ascii_hexdigit));
    // Those of another kind are longer.
    let hash = hash.filter(|_| !rest.get(DIGITS).is_some_and(u8::is_ascii_hexdigit));
    let hash = hash.ok_or_else(|| bad("it has lines that do not begin with the digits of a SHA-1 hash"))?;
    Ok(Some((first + (bytes.len() - rest.len()) as u64, hash.to_ascii_uppercase().try_into().unwrap_or(*hash))))
}

fn digit(value: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(value)]
}

fn bad(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fmt::Write as _, fs};
    use tempfile::NamedTempFile;

    fn typed(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    fn hash(text: &str) -> String {
        Sha1::digest(text.as_bytes()).iter().fold(String::new(), |mut hash, byte| {
            write!(hash, "{byte:02X}").unwrap();
            hash
        })
    }

    /// A list of so many passwords that have leaked, the way it is downloaded.
    fn list(count: usize) -> NamedTempFile {
        let mut lines: Vec<_> = (0..count).map(|n| format!("{}:{n}\r\n", hash(&format!("leaked {n}")))).collect();
        lines.sort();
        let file = NamedTempFile::new().unwrap();
        fs::write(file.path(), lines.concat()).unwrap();
        file
    }

    #[test]
    fn what_has_leaked_is_found_wherever_it_stands_and_nothing_else() {
        for count in [1, 2, 3, 1_000] {
            let file = list(count);
            let leaked = LeakedPasswords::at(file.path());
            leaked.look().unwrap();
            for n in 0..count {
                let refused = leaked.judge(&typed(&format!("leaked {n}")));
                assert_eq!(refused, Err(PasswordError::Leaked), "{n} of {count}");
                assert_eq!(leaked.judge(&typed(&format!("not leaked {n}"))), Ok(()), "{n} of {count}");
            }
        }
        // However its lines end, and in whichever letters.
        let file = NamedTempFile::new().unwrap();
        fs::write(file.path(), hash("one of them").to_lowercase()).unwrap();
        let leaked = LeakedPasswords::at(file.path());
        assert!(leaked.look().is_ok() && leaked.judge(&typed("one of them")).is_err());
        // As it is known to the world.
        assert_eq!(hash("password"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8");
    }

    #[test]
    fn without_the_list_no_password_is_set() {
        let file = list(100);
        let leaked = LeakedPasswords::at(file.path());
        file.close().unwrap();
        assert_eq!(leaked.judge(&typed("not leaked")), Err(PasswordError::Unchecked));
        assert!(leaked.look().is_err());
        let empty = NamedTempFile::new().unwrap();
        assert_eq!(LeakedPasswords::at(empty.path()).judge(&typed("not leaked")), Err(PasswordError::Unchecked));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let (ordered, word) = (fs::read_to_string(list(100).path()).unwrap(), "a word\n".repeat(100));
        let longer = ordered.replace(':', &"0".repeat(24));
        let long = format!("{}:{}", hash("first"), "7".repeat(10_000));
        let backwards: String = ordered.lines().rev().flat_map(|line| [line, "\n"]).collect();
        for (content, why) in [
            ("", "is empty"),
            (word.as_str(), "digits"),
            (longer.as_str(), "digits"),
            (backwards.as_str(), "in order"),
            (long.as_str(), "too long"),
        ] {
            let file = NamedTempFile::new().unwrap();
            fs::write(file.path(), content).unwrap();
            let error = LeakedPasswords::at(file.path()).look().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
