//! Makes the accounts of a plan. Each is made or not made as a whole, so that an import that is cut
//! off at any moment can be run again.

use super::plan::{Credential, New};
use crate::{commands::bar, keys::KeysError, pepper::Pepper};
use daypass_auth::{
    AccountName,
    clock::{Clock, SystemClock},
    password::{HashError, Hasher, PasswordHash},
    store::{Store, StoreError},
};
use indicatif::ProgressBar;
use tokio::task::{JoinError, JoinSet};

/// How many accounts were made, and how many somebody else made in the meantime.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) imported: usize,
    pub(super) there: usize,
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
#[error("stopped after {imported} of {all} accounts ({why}); run it again to go on")]
pub(super) struct Stopped {
    imported: usize,
    all: usize,
    #[source]
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Pepper(#[from] KeysError),
    #[error("a thread ended early")]
    Thread(#[from] JoinError),
}

/// Makes them all. On a terminal, a bar shows how far it is.
///
/// # Errors
/// When the store does not answer or hashing fails; what was made until then stays.
pub(super) async fn all(store: &dyn Store, pepper: Pepper, new: Vec<New>) -> Result<Done, Stopped> {
    let all = new.len();
    let bar = bar(all as u64, "{bar:40} {pos} of {len} accounts, {eta} left");
    let mut done = Done::default();
    let result = each(store, &pepper, new, &mut done, &bar).await;
    bar.finish_and_clear();
    result.map_err(|why| Stopped { imported: done.imported, all, why })?;
    Ok(done)
}

async fn each(
    store: &dyn Store,
    pepper: &Pepper,
    new: Vec<New>,
    done: &mut Done,
    bar: &ProgressBar,
) -> Result<(), Why> {
    // All cores: no server is waiting for this process.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let hasher = pepper.add_to(Hasher::new(cores))?;
    let mut hashing = JoinSet::new();
    for New { name, credential } in new {
        match credential {
            Credential::Hash(hash) => make(store, &name, &hash, done, bar).await?,
            Credential::Plain(password) => {
                // No more in the queue than keeps the cores busy: the hasher turns away whoever
                // finds it long, and what is made soon is not lost if this is cut off.
                if hashing.len() > cores
                    && let Some(hashed) = hashing.join_next().await
                {
                    finish(store, hashed?, done, bar).await?;
                }
                let hasher = hasher.clone();
                hashing.spawn(async move { (name, hasher.hash(password).await) });
            }
        }
    }
    while let Some(hashed) = hashing.join_next().await {
        finish(store, hashed?, done, bar).await?;
    }
    Ok(())
}

async fn finish(
    store: &dyn Store,
    (name, hash): (AccountName, Result<PasswordHash, HashError>),
    done: &mut Done,
    bar: &ProgressBar,
) -> Result<(), Why> {
    make(store, &name, &hash?, done, bar).await
}

async fn make(
    store: &dyn Store,
    name: &AccountName,
    hash: &PasswordHash,
    done: &mut Done,
    bar: &ProgressBar,
) -> Result<(), Why> {
    match store.create_account(name, hash, false, SystemClock.now()).await {
        Ok(_) => done.imported += 1,
        Err(StoreError::NameTaken) => done.there += 1,
        Err(error) => return Err(error.into()),
    }
    bar.inc(1);
    Ok(())
}
