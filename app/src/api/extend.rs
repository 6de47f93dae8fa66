use super::{ApiClient, SessionInfo};
use crate::AppError;
use leptos::prelude::*;

/// Extends the session, because a person did something.
///
/// # Errors
/// No session, or a service that is away.
#[server(prefix = "/api", endpoint = "extend", client = ApiClient)]
pub async fn extend() -> Result<SessionInfo, AppError> {
    let caller = crate::server::Caller::current()?;
    let session = caller.require_session()?;
    let extended = caller.engine.extend(session).await.map_err(crate::server::store_error)?;
    let Some(extended) = extended else {
        // Ended while we were asked: whoever ended it wrote down why.
        return Err(caller.ended_meanwhile().await);
    };
    let info = extended.info();
    caller.gate.name(extended);
    Ok(info)
}
