//! What people do with their own account: see and end their sessions, see what happened, prove again
//! who they are, and change their password.

use super::{Engine, Start};
use crate::{
    Account, Reason, Session, SessionId,
    audit::{Event, Source},
    password::{HashError, Password, PasswordError, PasswordHash},
    policy::Standing,
    session::NoRandomness,
    store::{self, ListedSession, StoreError, Tried, Which},
};
use std::time::Duration;

/// Which of their own sessions a person ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// The one of this id. An id of somebody else's is as good as none.
    One(SessionId),
    /// All but the one that asks.
    Others,
    /// All, the one that asks among them.
    All,
}

/// A person's change of their own password.
#[derive(Clone, Debug)]
pub struct ChangePassword<'a> {
    /// The present password, as typed.
    pub current: Password,
    /// The new one, which was checked by [`Password::chosen`].
    pub new: Password,
    /// Whether all other sessions of the account end. They should, unless the person says otherwise
    /// (ASVS 7.4.3).
    pub end_others: bool,
    /// Where the request comes from.
    pub source: Source<'a>,
}

/// Why a password was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// It may not be one.
    #[error(transparent)]
    Refused(#[from] PasswordError),
    /// It could not be judged.
    #[error(transparent)]
    Hash(#[from] HashError),
}

/// Why somebody who is signed in did not prove again who they are.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The password is not the account's.
    #[error("the password is not right")]
    Mismatch,
    /// The session that asked has ended meanwhile, or its account has changed. Nothing was changed.
    #[error("the session has ended meanwhile")]
    Ended,
    /// Too many tries failed in this account's sessions. Nothing was checked; a try after this time is.
    #[error("too many tries; the next one in {0:?}")]
    Throttled(Duration),
    /// Too many passwords are being checked; trying again later is right.
    #[error("too many passwords are being checked")]
    Overloaded,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing failed or there were no random bytes.
    #[error("the session could not be made")]
    Failed,
}

impl From<HashError> for ProofError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded => Self::Overloaded,
            HashError::Failed => Self::Failed,
        }
    }
}

impl From<NoRandomness> for ProofError {
    fn from(_: NoRandomness) -> Self {
        Self::Failed
    }
}

impl Engine {
    /// The sessions of the session's account that are alive, the latest used first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn own_sessions(&self, session: &Session) -> Result<Vec<ListedSession>, StoreError> {
        let now = self.now();
        let mut rows = self.store().sessions(Some(session.account.id)).await?;
        rows.retain(|row| matches!(self.policy().standing(&row.session.times, now), Standing::Alive(_)));
        Ok(rows)
    }

    /// Ends sessions of the session's own account, and says how many. The one that asks ends as a
    /// sign-out, the others with [`Reason::RevokedByYou`].
    ///
    /// # Errors
    /// When the store does not answer: then it is not known whether they have ended.
    pub async fn end_own(&self, session: &Session, which: Own) -> Result<u64, StoreError> {
        let (account, now) = (session.account.id, self.now());
        match which {
            Own::One(id) if id == session.id => {
                self.sign_out(session).await?;
                Ok(1)
            }
            Own::One(id) => self.store().end(Which::Own(account, id), Reason::RevokedByYou, now, None).await,
            Own::Others => {
                self.store().end(Which::Account(account, Some(session.hash())), Reason::RevokedByYou, now, None).await
            }
            Own::All => {
                let (engine, this) = (self.clone(), session.clone());
                // A task of its own: a browser that hangs up early wanted it all the same.
                tokio::spawn(async move { engine.end_all_own(&this).await })
                    .await
                    .map_err(|panicked| StoreError::Unavailable(panicked.into()))?
            }
        }
    }

    /// The others first, so that the one that asks can ask again if the store fails between.
    async fn end_all_own(&self, session: &Session) -> Result<u64, StoreError> {
        let (account, now) = (session.account.id, self.now());
        let end = |which| self.store().end(which, Reason::RevokedByYou, now, None);
        let others = end(Which::Account(account, Some(session.hash()))).await?;
        self.sign_out(session).await?;
        // What ends all of an account also stops sign-ins that are under way.
        let late = end(Which::Account(account, None)).await?;
        Ok(others + late + 1)
    }

    /// What happened to the session's account, the latest first, so many at most.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn own_events(&self, session: &Session, most: u32) -> Result<Vec<Event>, StoreError> {
        self.store().events(Some(session.account.id), most).await
    }

    /// A password that the session's person chose anew, if it may be one (NIST SP 800-63B-4, 3.1.1.2).
    ///
    /// # Errors
    /// See [`ChooseError`].
    pub async fn choose(&self, session: &Session, text: &str) -> Result<Password, ChooseError> {
        let mut context = self.0.context.clone();
        context.push(session.account.name.to_string());
        Ok(self.hasher().choose(text, context).await??)
    }

    /// Proves again who the session's person is, and so starts sudo mode. As with every proof, a new
    /// session takes the place of the old one (ASVS 7.2.4), with both timeouts anew.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub async fn confirm(
        &self,
        session: &Session,
        password: Password,
        source: Source<'_>,
    ) -> Result<Session, ProofError> {
        let (account, hash) = self.prove(session, password, source).await?;
        let start = Start { account: &account, remembered: session.is_remembered(), source, goes_on: Some(session) };
        let (secret, new) = self.prepare(&start)?;
        let begin = self.begin(&new, &hash, Some(session.hash()), true);
        if self.store().start_session(begin).await?.is_none() {
            return Err(ProofError::Ended);
        }
        tracing::info!(event = "session_renewed", account = account.id.0, session = %new.id, "password confirmed");
        Ok(self.started(secret, new, account))
    }

    /// Changes the password of the session's account. This browser goes on with a new session; the
    /// others end, if that is wanted.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub async fn change_password(&self, session: &Session, change: ChangePassword<'_>) -> Result<Session, ProofError> {
        let ChangePassword { current, new, end_others, source } = change;
        let (account, old) = self.prove(session, current, source).await?;
        let hash = self.hasher().hash(new).await?;
        let start = Start { account: &account, remembered: session.is_remembered(), source, goes_on: Some(session) };
        let (secret, mut new) = self.prepare(&start)?;
        let change =
            store::ChangePassword { old: &old, new: &hash, session: &new, replaces: session.hash(), end_others };
        let Some(epoch) = self.store().change_password(change).await? else {
            return Err(ProofError::Ended);
        };
        new.epoch = epoch;
        tracing::info!(event = "authn_password_change", account = account.id.0, session = %new.id, "password changed");
        Ok(self.started(secret, new, account))
    }

    /// The session's account and its password's hash, if `password` is the right one. A wrong one is
    /// written down like a sign-in that failed.
    async fn prove(
        &self,
        session: &Session,
        password: Password,
        source: Source<'_>,
    ) -> Result<(Account, PasswordHash), ProofError> {
        let found = self.store().account(&session.account.name).await?;
        // Of that name, and another account: the session's own was deleted.
        let (account, hash) = found.filter(|(account, _)| account.id == session.account.id).ok_or(ProofError::Ended)?;
        let buckets = self.namer().proof(account.id);
        if let Some(wait) = self.count_try(&buckets).await? {
            return Err(ProofError::Throttled(wait));
        }
        match self.hasher().verify(password, Some(hash.clone())).await {
            Ok(true) => {
                self.take_back(Tried { right: Some(buckets.account.id), others: &[] }).await;
                return Ok((account, hash));
            }
            Ok(false) => {}
            Err(error) => {
                self.not_tried(&buckets).await;
                return Err(error.into());
            }
        }
        tracing::info!(event = "authn_login_fail", account = account.id.0, place = source.place, "a wrong password");
        self.record_failure(Some(account.id), source).await;
        Err(ProofError::Mismatch)
    }
}
