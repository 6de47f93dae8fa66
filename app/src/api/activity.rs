use super::{ApiClient, Entry};
use crate::AppError;
use leptos::prelude::*;

/// What happened to the person's account, the latest first.
///
/// # Errors
/// No session, or a service that is away.
#[server(name = ListActivity, prefix = "/api", endpoint = "activity", client = ApiClient)]
pub async fn list_activity() -> Result<Vec<Entry>, AppError> {
    use crate::server::{Caller, entries, store_error};

    let caller = Caller::current()?;
    entries::activity(&caller.engine, caller.require_session()?).await.map_err(store_error)
}
