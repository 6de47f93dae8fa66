//! What will be done with each account of a file, decided before anything is done.

use super::entry::{Content, Entry, Place, Refusal, Secret};
use crate::{commands::chosen, config::Options};
use daypass_auth::{
    AccountName,
    password::{Password, PasswordHash},
};
use std::collections::{HashMap, HashSet};

/// What will be done.
pub(super) struct Plan {
    pub(super) new: Vec<New>,
    /// How many are there already.
    pub(super) there: usize,
    pub(super) refused: Vec<Refused>,
}

/// An account to make.
pub(super) struct New {
    pub(super) name: AccountName,
    pub(super) credential: Credential,
}

/// What will open it.
pub(super) enum Credential {
    Plain(Password),
    Hash(PasswordHash),
}

/// An account that will not be made.
pub(super) struct Refused {
    pub(super) place: Place,
    pub(super) why: Refusal,
}

impl Plan {
    /// Decides. `there` are the accounts that exist.
    pub(super) fn make(options: &Options, entries: Vec<Entry>, there: &HashSet<AccountName>) -> Self {
        let mut plan = Self { new: Vec::new(), there: 0, refused: Vec::new() };
        let mut seen = HashMap::new();
        for Entry { place, content } in entries {
            match judge(options, content, &place, there, &mut seen) {
                Ok(Some(new)) => plan.new.push(new),
                Ok(None) => plan.there += 1,
                Err(why) => plan.refused.push(Refused { place, why }),
            }
        }
        plan
    }
}

/// The account to make. Nothing if it is there already, whatever the file says of it.
fn judge(
    options: &Options,
    content: Result<Content, Refusal>,
    place: &Place,
    there: &HashSet<AccountName>,
    seen: &mut HashMap<AccountName, Place>,
) -> Result<Option<New>, Refusal> {
    let Content { name, secret } = content?;
    let name = AccountName::parse(&name)?;
    // Two spellings of one name may be two people: which of them would sign in is not for us to say.
    if let Some(first) = seen.get(&name) {
        return Err(Refusal::Duplicate(first.to_string()));
    }
    seen.insert(name.clone(), place.clone());
    if there.contains(&name) {
        return Ok(None);
    }
    let credential = match secret {
        Secret::Plain(text) => Credential::Plain(chosen(options, &name, &text)?),
        Secret::Hash(text) => Credential::Hash(PasswordHash::imported(&text)?),
    };
    Ok(Some(New { name, credential }))
}
