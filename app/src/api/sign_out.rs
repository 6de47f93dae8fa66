use super::ApiClient;
use crate::AppError;
use leptos::prelude::*;

/// Signs out. Without a session it does nothing, and is fine.
///
/// # Errors
/// A service that is away: then the session has not ended.
#[server(prefix = "/api", endpoint = "sign_out", client = ApiClient)]
pub async fn sign_out() -> Result<(), AppError> {
    let caller = crate::server::Caller::current()?;
    if let Some(session) = caller.session() {
        caller.engine.sign_out(session).await.map_err(crate::server::store_error)?;
    }
    caller.gate.forget();
    Ok(())
}
