#![expect(missing_docs, reason = "the fields of the generated struct are the form's")]

use super::{ApiClient, Entry};
use crate::AppError;
use leptos::prelude::*;

/// The person's own sessions that are alive, the latest used first.
///
/// # Errors
/// No session, or a service that is away.
#[server(name = ListSessions, prefix = "/api", endpoint = "sessions", client = ApiClient)]
pub async fn list_sessions() -> Result<Vec<Entry>, AppError> {
    use crate::server::{Caller, entries, store_error};

    let caller = Caller::current()?;
    entries::sessions(&caller.engine, caller.require_session()?).await.map_err(store_error)
}

/// Ends sessions of the person's own: `which` is the id of one, `this` (whose id changes when a password
/// is confirmed), `others`, or `all`. Asks for a
/// password that was just given.
///
/// # Errors
/// No session, a password that was given too long ago, no such session, or a service that is away:
/// then it is not known whether they have ended.
#[server(name = EndSessions, prefix = "/api", endpoint = "end_sessions", client = ApiClient)]
pub async fn end_sessions(#[server(default)] which: Option<String>) -> Result<u64, AppError> {
    use crate::{
        error::{Field, Problem},
        server::{Caller, store_error},
    };
    use daypass_auth::{Own, SessionId};

    let caller = Caller::current()?;
    let session = caller.require_sudo()?;
    let missing = AppError::InvalidField { field: Field::Other, problem: Problem::Missing };
    let own = match which.as_deref() {
        None | Some("") => return Err(missing),
        Some("this") => Own::One(*session.id()),
        Some("others") => Own::Others,
        Some("all") => Own::All,
        Some(id) => Own::One(SessionId::parse(id).ok_or(AppError::NotFound)?),
    };
    let ends_this = own == Own::All || own == Own::One(*session.id());
    let one = matches!(own, Own::One(_));
    let ended = caller.engine.end_own(session, own).await.map_err(store_error)?;
    if ends_this {
        caller.gate.forget();
    }
    if one && ended == 0 { Err(AppError::NotFound) } else { Ok(ended) }
}
