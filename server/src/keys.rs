//! Where keys come from.

use crate::config::{DEFAULT_KEYS_FILE, Secret};
use daypass_auth::{Key, KeyRing, keys::KeyError};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Where the keys come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// The environment itself.
    Environment(Secret),
    /// A file that the operator named.
    File(PathBuf),
    /// A file of our own, made when it is not there.
    OwnFile(PathBuf),
    /// Both the environment and a file: one of them is a mistake.
    Both,
    /// None, where one is needed.
    None,
}

/// Why there are no keys. Never says what a key is.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The keys are no good.
    #[error("{place}: {error}")]
    Bad {
        /// Where they were read.
        place: String,
        /// What is wrong.
        error: KeyError,
    },
    /// The file cannot be read or made.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// Others can read the file.
    #[error("{path} can be read by others; `chmod 600` it, and make new keys if they may have been read")]
    Exposed {
        /// The file.
        path: String,
    },
    /// Two places.
    #[error("keys are given twice, by DAYPASS_KEYS and DAYPASS_KEYS_FILE; unset one")]
    Both,
    /// No place.
    #[error("no keys: set DAYPASS_KEYS_FILE or DAYPASS_KEYS (make a key with `daypass keys new`)")]
    None,
}

impl KeySource {
    pub(crate) fn new(environment: Option<Secret>, file: Option<PathBuf>, loopback: bool) -> Self {
        match (environment, file.filter(|file| !file.as_os_str().is_empty())) {
            (Some(_), Some(_)) => Self::Both,
            (Some(keys), None) => Self::Environment(keys),
            (None, Some(file)) => Self::File(file),
            (None, None) if loopback => Self::OwnFile(PathBuf::from(DEFAULT_KEYS_FILE)),
            (None, None) => Self::None,
        }
    }

    /// Where, in words.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Environment(_) => "DAYPASS_KEYS".to_owned(),
            Self::File(path) | Self::OwnFile(path) => path.display().to_string(),
            Self::Both | Self::None => "nowhere".to_owned(),
        }
    }

    /// Reads the keys. `make` makes our own file if it is not there; else that is nothing.
    pub(crate) fn load(&self, make: bool) -> Result<Option<KeyRing>, KeysError> {
        let bad = |error| KeysError::Bad { place: self.place(), error };
        match self {
            Self::Environment(keys) => KeyRing::parse(keys.reveal()).map(Some).map_err(bad),
            Self::File(path) => KeyRing::parse(&read_private(path)?).map(Some).map_err(bad),
            Self::OwnFile(path) => {
                if !path.exists() {
                    if !make {
                        return Ok(None);
                    }
                    let key = Key::generate().map_err(bad)?;
                    make_private(path, &key.to_line()).map_err(|error| file_error(path, error))?;
                }
                KeyRing::parse(&read_private(path)?).map(Some).map_err(bad)
            }
            Self::Both => Err(KeysError::Both),
            Self::None => Err(KeysError::None),
        }
    }
}

fn file_error(path: &Path, error: io::Error) -> KeysError {
    KeysError::File { path: path.display().to_string(), error }
}

fn read_private(path: &Path) -> Result<zeroize::Zeroizing<String>, KeysError> {
    let metadata = fs::metadata(path).map_err(|error| file_error(path, error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeysError::Exposed { path: path.display().to_string() });
        }
    }
    if metadata.len() > 64 * 1024 {
        return Err(KeysError::Bad { place: path.display().to_string(), error: KeyError::NotBase64 });
    }
    fs::read_to_string(path).map(Into::into).map_err(|error| file_error(path, error))
}

/// Writes the file whole or not at all, and never over one that another process just made.
fn make_private(path: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
    }
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = writeln!(file, "{line}").and_then(|()| file.sync_all());
    let placed = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&draft)?;
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(folder: &tempfile::TempDir) -> (KeySource, PathBuf) {
        let path = folder.path().join("data/keys");
        (KeySource::OwnFile(path.clone()), path)
    }

    #[test]
    fn our_own_file_is_made_once_and_is_private() {
        let folder = tempfile::TempDir::new().unwrap();
        let (source, path) = own(&folder);
        assert!(source.load(false).unwrap().is_none());
        assert!(!path.exists(), "looking makes nothing");
        source.load(true).unwrap();
        let first = fs::read_to_string(&path).unwrap();
        source.load(true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(matches!(source.load(true), Err(KeysError::Exposed { .. })));
        }
    }

    #[test]
    fn bad_keys_are_refused_without_being_shown() {
        let folder = tempfile::TempDir::new().unwrap();
        let (source, path) = own(&folder);
        source.load(true).unwrap();
        fs::write(&path, "hunter2hunter2\n").unwrap();
        let error = source.load(true).unwrap_err().to_string();
        assert!(!error.contains("hunter2") && error.lines().count() == 1, "{error}");
        assert!(matches!(KeySource::new(None, None, false).load(true), Err(KeysError::None)));
        assert!(matches!(KeySource::File(folder.path().join("nothing")).load(true), Err(KeysError::File { .. })));
    }
}
