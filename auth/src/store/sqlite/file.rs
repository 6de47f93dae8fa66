//! The file itself: where it is, whose it is, and whether it is still there.

use crate::store::StoreError;
use std::path::{Path, PathBuf};

/// The file that was opened. A file that is removed or replaced under an open connection goes on
/// answering from where nobody else looks: sessions that are ended elsewhere would live on.
#[derive(Clone, Debug)]
pub(super) struct File {
    path: PathBuf,
    #[cfg(unix)]
    identity: (u64, u64),
}

impl File {
    #[cfg(unix)]
    pub(super) fn at(path: PathBuf) -> std::io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(&path)?;
        Ok(Self { path, identity: (metadata.dev(), metadata.ino()) })
    }

    #[cfg(not(unix))]
    pub(super) fn at(path: PathBuf) -> std::io::Result<Self> {
        Ok(Self { path })
    }

    /// Whether it is still there: one system call, a microsecond.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let gone = |why: &str| StoreError::Unavailable(format!("{}: {why}", self.path.display()).into());
        let metadata = std::fs::metadata(&self.path).map_err(|error| gone(&error.to_string()))?;
        if metadata.len() == 0 {
            return Err(gone("the file is empty"));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            if (metadata.dev(), metadata.ino()) != self.identity {
                return Err(gone("another file has taken its place; restart to use it"));
            }
        }
        Ok(())
    }
}

/// The file that an address names.
pub(super) fn path_of(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    // Options in the address could switch off what this store promises.
    (!path.is_empty() && !path.contains(['?', '#']) && path != ":memory:").then(|| PathBuf::from(path))
}

/// Password hashes are for nobody else on the machine to read.
#[cfg(unix)]
pub(super) fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
pub(super) fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

pub(super) fn create_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
