//! A look at who is there, for commands that only say what they would do.

use super::{PostgresStore, open::Place};
use crate::{AccountName, store::OpenError};
use sqlx::Connection;

impl PostgresStore {
    /// The names of the accounts in the database at an address. Makes and changes nothing: where there
    /// is no schema yet there are no accounts.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn names(url: &str) -> Result<Vec<AccountName>, OpenError> {
        let place = Place::new(url)?;
        let mut connection = place.connect().await?;
        let names: Vec<String> = if place.inspect(&mut connection).await? {
            sqlx::query_scalar("SELECT name FROM accounts")
                .fetch_all(&mut connection)
                .await
                .map_err(|error| place.unusable(&error))?
        } else {
            Vec::new()
        };
        let _closed = connection.close().await;
        let parsed: Result<_, _> = names.iter().map(|name| AccountName::parse(name)).collect();
        parsed.map_err(|_| place.unusable(&"an account's name in it is unreadable"))
    }

    /// Whether there is anything of ours at an address.
    pub(in crate::store) async fn is_there(url: &str) -> Result<bool, OpenError> {
        let place = Place::new(url)?;
        let mut connection = place.connect().await?;
        let there = place.inspect(&mut connection).await?;
        let _closed = connection.close().await;
        Ok(there)
    }
}
