//! Passwords whose hash is of another program or of weaker times are hashed anew when they are typed.

use super::{Engine, SignInError};
use crate::{
    AccountId, AccountName, SecretHash,
    password::{Password, PasswordHash},
    store::{NewSession, StoreError},
};

impl Engine {
    /// Starts a session for somebody whose password was right, and hashes it anew if that is due.
    ///
    /// `hash` is what the password was checked against. Says whether the session was started: not
    /// if the account has changed since.
    pub(super) async fn start(
        &self,
        session: &NewSession,
        name: &AccountName,
        hash: PasswordHash,
        password: Password,
        replaces: Option<SecretHash>,
    ) -> Result<bool, SignInError> {
        let store = &self.0.store;
        if store.start_session(session, &hash, replaces).await? {
            // Afterwards, because the session starts only for the hash that was checked.
            self.rehash(session.account, &hash, password).await;
            return Ok(true);
        }
        // Another sign-in of the same person may have hashed the password anew in the meantime. Its
        // hash is checked like any other, and once: whatever else changed has changed the epoch.
        let Some(renewed) = self.renewed(session, name, &hash).await? else { return Ok(false) };
        if !self.0.hasher.verify(password, Some(renewed.clone())).await? {
            return Ok(false);
        }
        Ok(store.start_session(session, &renewed, replaces).await?)
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
        if !old.is_outdated() {
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
