//! The file: what it is, and its content as a whole.

use super::{entry::Entry, read_csv, read_streamlit};
use crate::config::ImportFormat;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The longest file. It is held in memory as a whole, and has room for a hundred thousand accounts.
pub(super) const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file was not read. Nothing of its content is in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("{0:?} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    #[error("{0:?} is longer than 16 MiB; import it in pieces")]
    TooLong(PathBuf),
    #[error("{0:?} ends in neither .csv nor .yaml; say what it is with --format csv|streamlit")]
    Unknown(PathBuf),
    #[error("the file is not UTF-8")]
    NotText,
    #[error("the first line is neither `name,password` nor `name,hash`")]
    Header,
    #[error("{0}: this is not what streamlit-authenticator reads")]
    Yaml(String),
    #[error("the file has no `credentials: usernames:` as streamlit-authenticator reads them")]
    NoCredentials,
}

/// What the file says, account by account.
///
/// # Errors
/// When it cannot be read as a whole.
pub(super) fn read(path: &Path, format: Option<ImportFormat>) -> Result<Vec<Entry>, FileError> {
    let format = format.or_else(|| by_extension(path)).ok_or_else(|| FileError::Unknown(path.to_owned()))?;
    let bytes = bytes(path)?;
    match format {
        ImportFormat::Csv => read_csv::entries(&bytes),
        ImportFormat::Streamlit => read_streamlit::entries(&bytes),
    }
}

fn by_extension(path: &Path) -> Option<ImportFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(ImportFormat::Csv),
        "yaml" | "yml" => Some(ImportFormat::Streamlit),
        _ => None,
    }
}

fn bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let unreadable = |error| FileError::Unreadable(path.to_owned(), error);
    let file = File::open(path).map_err(unreadable)?;
    // Room for all of it at once: a buffer that grows leaves copies of passwords behind.
    let length = file.metadata().map_err(unreadable)?.len().min(MAX_BYTES);
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(FileError::TooLong(path.to_owned()));
    }
    Ok(bytes)
}
