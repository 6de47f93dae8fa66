//! Where keys come from.

mod file;
mod list;

pub use list::ChangeError;
pub(crate) use list::KeyList;

use crate::config::{DEFAULT_KEYS_FILE, Secret};
use daypass_auth::keys::KeyError;
use std::{
    io,
    path::{Path, PathBuf},
    time::SystemTime,
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
    /// They are not changed as they were told to.
    #[error("{place}: {error}")]
    Change {
        /// Where they are.
        place: String,
        /// What is in the way.
        error: ChangeError,
    },
    /// They are not ours to change.
    #[error("keys in DAYPASS_KEYS are changed where that is set; only those in a file are changed here")]
    NotInAFile,
    /// There is no file yet.
    #[error("there is no key in {path} yet; the first start makes one")]
    NotYet {
        /// The file.
        path: String,
    },
    /// Whoever finds one would have the other.
    #[error("{0} is both a key and a pepper; make the pepper another one (`daypass keys new`), and keep it apart")]
    Shared(String),
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
    pub(crate) fn load(&self, make: bool) -> Result<Option<KeyList>, KeysError> {
        match self {
            Self::Environment(keys) => self.parse(keys.reveal()).map(Some),
            Self::File(path) => self.parse(&file::read(path)?).map(Some),
            Self::OwnFile(path) => {
                if !path.exists() {
                    if !make {
                        return Ok(None);
                    }
                    let fresh = KeyList::fresh(SystemTime::now()).map_err(|error| self.bad(error))?;
                    file::make(path, &fresh.to_text())?;
                }
                self.parse(&file::read(path)?).map(Some)
            }
            Self::Both => Err(KeysError::Both),
            Self::None => Err(KeysError::None),
        }
    }

    /// Reads the keys that are there already.
    pub(crate) fn list(&self) -> Result<KeyList, KeysError> {
        self.load(false)?.ok_or_else(|| KeysError::NotYet { path: self.place() })
    }

    /// Changes the keys in their file. Gives back what is there from now on.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut KeyList) -> Result<T, ChangeError>,
    ) -> Result<(T, KeyList), KeysError> {
        file::change(self.file()?, |text| {
            let mut keys = self.parse(text)?;
            let result = change(&mut keys).map_err(|error| KeysError::Change { place: self.place(), error })?;
            Ok((keys.to_text(), (result, keys)))
        })
    }

    fn file(&self) -> Result<&Path, KeysError> {
        match self {
            Self::File(path) => Ok(path),
            Self::OwnFile(path) if path.exists() => Ok(path),
            Self::OwnFile(_) => Err(KeysError::NotYet { path: self.place() }),
            Self::Environment(_) => Err(KeysError::NotInAFile),
            Self::Both => Err(KeysError::Both),
            Self::None => Err(KeysError::None),
        }
    }

    fn parse(&self, text: &str) -> Result<KeyList, KeysError> {
        KeyList::parse(text).map_err(|error| self.bad(error))
    }

    fn bad(&self, error: KeyError) -> KeysError {
        KeysError::Bad { place: self.place(), error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
        assert!(source.list().unwrap().keys()[0].age(SystemTime::now()).is_some(), "{}", first.lines().count());
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

    #[test]
    fn keys_are_changed_in_a_file_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let (source, path) = own(&folder);
        assert!(matches!(source.list(), Err(KeysError::NotYet { .. })));
        assert!(matches!(source.change(|_| Ok(())), Err(KeysError::NotYet { .. })));
        assert!(!path.exists());
        source.load(true).unwrap();
        let (id, keys) = source.change(|keys| keys.rotate(SystemTime::now())).unwrap();
        assert_eq!((keys.keys().len(), keys.keys()[0].id()), (2, id.clone()));
        assert_eq!(source.list().unwrap().keys()[0].id(), id);
        let before = fs::read(&path).unwrap();
        let error = source.change(|keys| keys.drop_key(&id)).unwrap_err();
        assert!(matches!(error, KeysError::Change { error: ChangeError::Seals, .. }));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(matches!(KeySource::Both.change(|_| Ok(())), Err(KeysError::Both)));
    }
}
