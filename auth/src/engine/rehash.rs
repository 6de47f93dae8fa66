//! Passwords whose hash is of another program or of weaker times are hashed anew when they are typed.

use super::{Engine, SignInError};
use crate::{
    AccountId, AccountName,
    password::{Password, PasswordHash},
    store::{NewSession, StartSession, Started, StoreError},
};

impl Engine {
    /// Starts a session for somebody whose password was right, and hashes it anew if that is due.
    /// Nothing if the account has changed since the password was checked.
    pub(super) async fn start(
        &self,
        start: StartSession<'_>,
        name: &AccountName,
        password: Password,
    ) -> Result<Option<Started>, SignInError> {
        let store = &self.0.store;
        if let Some(started) = store.start_session(start).await? {
            // Afterwards, because the session starts only for the hash that was checked.
            self.rehash(start.session.account, start.hash, password).await;
            return Ok(Some(started));
        }
        // Another sign-in of the same person may have hashed the password anew in the meantime. Its
        // hash is checked like any other, and once.
        let Some(renewed) = self.renewed(start.session, name, start.hash).await? else { return Ok(None) };
        if !self.0.hasher.verify(password, Some(renewed.clone())).await? {
            return Ok(None);
        }
        Ok(store.start_session(StartSession { hash: &renewed, ..start }).await?)
    }

    /// The account's hash now, if that is another one and nothing else has changed.
    async fn renewed(
        &self,
        session: &NewSession,
        name: &AccountName,
        checked: &PasswordHash,
    ) -> Result<Option<PasswordHash>, StoreError> {
        let found = self.0.store.account(name).await?;
        Ok(found
            .filter(|(account, hash)| {
                account.id == session.account
                    && account.epoch == session.epoch
                    && account.state == crate::AccountState::Active
                    && hash != checked
            })
            .map(|(_, hash)| hash))
    }

    /// Replaces a hash that is outdated. That this fails is no reason to turn anybody away: the next
    /// sign-in tries again.
    async fn rehash(&self, account: AccountId, old: &PasswordHash, password: Password) {
        if !self.0.hasher.is_outdated(old) {
            return;
        }
        let new = match self.0.hasher.hash(password).await {
            Ok(new) => new,
            Err(error) => {
                tracing::warn!(account = account.0, %error, "a password was not hashed anew");
                return;
            }
        };
        match self.0.store.rehash(account, old, &new).await {
            Ok(true) => tracing::info!(account = account.0, "a password was hashed anew"),
            // Somebody else did, or the password is another one now.
            Ok(false) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(account = account.0, error, "a password was not hashed anew");
            }
        }
    }
}

#[cfg(test)]
mod tests;
