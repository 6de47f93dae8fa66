//! A look at who is there, for commands that only say what they would do.

use super::{SqliteStore, WAIT, file::path_of, open::inspect};
use crate::{AccountName, store::OpenError};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

impl SqliteStore {
    /// The names of the accounts in the database at an address. Makes no file and changes nothing of
    /// what is stored: where there is no file yet there are no accounts.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn names(url: &str) -> Result<Vec<AccountName>, OpenError> {
        let path = path_of(url).ok_or_else(|| OpenError::Address(url.to_owned()))?;
        if !path.exists() {
            return Ok(Vec::new());
        }
        let shown = path.display().to_string();
        let unusable = |why: String| OpenError::Unusable { path: shown.clone(), why };
        let options = SqliteConnectOptions::new().filename(&path).busy_timeout(WAIT).disable_statement_logging();
        inspect(&options, &shown).await?;
        let mut connection = options.connect().await.map_err(|e| unusable(e.to_string()))?;
        // A file that was made a moment ago has no tables.
        let made: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'accounts'")
            .fetch_one(&mut connection)
            .await
            .map_err(|e| unusable(e.to_string()))?;
        let names: Vec<String> = if made == 0 {
            Vec::new()
        } else {
            sqlx::query_scalar("SELECT name FROM accounts")
                .fetch_all(&mut connection)
                .await
                .map_err(|e| unusable(e.to_string()))?
        };
        let _closed = connection.close().await;
        let parsed: Result<_, _> = names.iter().map(|name| AccountName::parse(name)).collect();
        parsed.map_err(|_| unusable("an account's name in it is unreadable".to_owned()))
    }

    /// Whether there is a file at an address.
    pub(in crate::store) fn is_there(url: &str) -> Result<bool, OpenError> {
        let path = path_of(url).ok_or_else(|| OpenError::Address(url.to_owned()))?;
        Ok(path.exists())
    }
}
