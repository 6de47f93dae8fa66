//! A key file on the disk: read if it is private, made once, replaced whole or not at all.

use super::KeysError;
use daypass_auth::keys::KeyError;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A file longer than this holds no keys: eight of them, each with a page of comments, are half of it.
const MOST_BYTES: u64 = 64 * 1024;

/// What the file holds, if nobody else can read it.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let metadata = fs::metadata(path).map_err(|error| failed(path, error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeysError::Exposed { path: path.display().to_string() });
        }
    }
    if metadata.len() > MOST_BYTES {
        return Err(KeysError::Bad { place: path.display().to_string(), error: KeyError::NotBase64 });
    }
    fs::read_to_string(path).map(Into::into).map_err(|error| failed(path, error))
}

/// Makes the file whole or not at all, and never over one that another process just made.
pub(super) fn make(path: &Path, text: &str) -> Result<(), KeysError> {
    let made = || {
        if let Some(folder) = path.parent() {
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(folder)?;
        }
        let draft = path.with_extension(format!("{}.new", std::process::id()));
        let placed = write_draft(&draft, text).and_then(|_| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
        fs::remove_file(&draft)?;
        placed
    };
    made().map_err(|error| failed(path, error))
}

/// Changes what the file holds, by `change`, while nobody else changes it. Whoever reads it, and
/// whatever stands there after a loss of power, is the old text or the new one, whole.
pub(super) fn change<T>(
    path: &Path,
    change: impl FnOnce(&str) -> Result<(Zeroizing<String>, T), KeysError>,
) -> Result<T, KeysError> {
    // The file itself and not a link to it, which would be replaced by a file.
    let path = &fs::canonicalize(path).map_err(|error| failed(path, error))?;
    let lock = Lock::take(path).map_err(|error| failed(path, error))?;
    let (text, result) = change(&read(path)?)?;
    replace(path, &text).and_then(|()| lock.sync()).map_err(|error| failed(path, error))?;
    Ok(result)
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = draft_beside(path);
    // Left behind by one that was interrupted; the lock says that none is under way.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let replaced =
        write_draft(&draft, text).and_then(|file| same_owner(path, &file)).and_then(|()| fs::rename(&draft, path));
    if replaced.is_err() {
        let _the_first_error_counts = fs::remove_file(&draft);
    }
    replaced
}

/// In the same folder: a rename is at once only within one file system.
fn draft_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".draft");
    path.with_file_name(name)
}

fn write_draft(draft: &Path, text: &str) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(file)
}

/// An administrator who turns the keys of a service leaves them to the service, or it would not start.
#[cfg(unix)]
fn same_owner(path: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let (before, now) = (fs::metadata(path)?, file.metadata()?);
    if (before.uid(), before.gid()) == (now.uid(), now.gid()) {
        return Ok(());
    }
    fchown(file, Some(before.uid()), Some(before.gid()))
}

#[cfg(not(unix))]
fn same_owner(_path: &Path, _file: &File) -> io::Result<()> {
    Ok(())
}

/// Held by the one who changes a key file. It is the folder that is locked: the file is another one
/// after each change.
struct Lock {
    #[cfg(unix)]
    folder: File,
}

#[cfg(unix)]
impl Lock {
    fn take(path: &Path) -> io::Result<Self> {
        let folder = File::open(path.parent().unwrap_or(path))?;
        folder.lock()?;
        Ok(Self { folder })
    }

    /// The rename itself is on the disk.
    fn sync(&self) -> io::Result<()> {
        self.folder.sync_all()
    }
}

// Folders cannot be opened there.
#[cfg(not(unix))]
impl Lock {
    fn take(_path: &Path) -> io::Result<Self> {
        Ok(Self {})
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

fn failed(path: &Path, error: io::Error) -> KeysError {
    KeysError::File { path: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("the.keys");
        make(&path, text).unwrap();
        (folder, path)
    }

    fn names(folder: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_change_replaces_the_file_and_leaves_nothing_else() {
        let (folder, path) = scene("old");
        // What an interrupted change left behind is in nobody's way.
        fs::write(draft_beside(&path), "ha").unwrap();
        let said = change(&path, |old| Ok((format!("{old} and new").into(), 7))).unwrap();
        assert_eq!((said, read(&path).unwrap().as_str()), (7, "old and new"));
        assert_eq!(names(&folder), ["the.keys"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_change_that_fails_leaves_the_file_as_it_was() {
        let (folder, path) = scene("old");
        assert!(change::<()>(&path, |_| Err(KeysError::None)).is_err());
        // A folder in the draft's place: the new text cannot be written.
        fs::create_dir(draft_beside(&path)).unwrap();
        assert!(matches!(change(&path, |_| Ok(("new".to_owned().into(), ()))), Err(KeysError::File { .. })));
        fs::remove_dir(draft_beside(&path)).unwrap();
        assert_eq!((read(&path).unwrap().as_str(), names(&folder)), ("old", vec!["the.keys".to_owned()]));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let (folder, path) = scene("old");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        change(&link, |_| Ok(("new".to_owned().into(), ()))).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read(&path).unwrap().as_str(), "new");
    }

    #[test]
    fn a_reader_never_sees_half_and_no_change_is_lost() {
        let (folder, path) = scene("");
        std::thread::scope(|scope| {
            for letter in ["a", "b"] {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        change(path, |old| Ok((format!("{old}{letter}").into(), ()))).unwrap();
                    }
                });
            }
            let mut longest = 0;
            while longest < 40 {
                let length = read(&path).unwrap().len();
                assert!(length >= longest, "{length} after {longest}");
                longest = length;
            }
        });
        assert_eq!(names(&folder), ["the.keys"]);
    }
}
