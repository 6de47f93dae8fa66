use super::{ApiClient, SessionInfo};
use crate::AppError;
use leptos::prelude::*;

/// Whether there is a session, and how much time is left. Passive: asking never extends it.
///
/// # Errors
/// A service that is away.
#[server(name = CheckSession, prefix = "/api", endpoint = "session", client = ApiClient)]
pub async fn check_session() -> Result<Option<SessionInfo>, AppError> {
    Ok(crate::server::Caller::current()?.session().map(daypass_auth::Session::info))
}
