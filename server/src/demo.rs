//! The two accounts of a demonstration. Their passwords are known to everybody, so they exist only
//! while a server runs in demo mode, on loopback.

use daypass_auth::{
    AccountName, Engine,
    password::{HashError, Password},
    store::StoreError,
};

/// Name and password of each.
pub(crate) const ACCOUNTS: [(&str, &str); 2] = [("admin", "password123"), ("user1", "mypassword")];

/// Why the demonstration could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hashing.
    #[error(transparent)]
    Hash(#[from] HashError),
}

/// Makes the accounts that are not there, and gives those that are the passwords that everybody knows
/// again. An account of the same name that is somebody's is left alone.
pub(crate) async fn make(engine: &Engine) -> Result<(), DemoError> {
    for (name, password) in ACCOUNTS {
        // Both are constants that parse, which a test shows.
        let (Ok(name), Ok(password)) = (AccountName::parse(name), Password::typed(password)) else { continue };
        if let Some((account, hash)) = engine.store().account(&name).await? {
            if account.demo && !engine.hasher().verify(password.clone(), Some(hash.clone())).await? {
                let known = engine.hasher().hash(password).await?;
                engine.store().rehash(account.id, &hash, &known).await?;
            }
            continue;
        }
        let hash = engine.hasher().hash(password).await?;
        match engine.store().create_account(&name, &hash, true, engine.now()).await {
            Ok(_) | Err(StoreError::NameTaken) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Removes what an earlier demonstration left in this database.
pub(crate) async fn remove(engine: &Engine) -> Result<(), DemoError> {
    let removed = engine.store().delete_demo_accounts().await?;
    if removed > 0 {
        tracing::warn!(removed, "demo accounts of an earlier demonstration were removed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_are_well_formed() {
        for (name, password) in ACCOUNTS {
            assert!(AccountName::parse(name).is_ok() && Password::typed(password).is_ok());
        }
    }
}
