#![expect(missing_docs, reason = "the fields of the generated struct are the form's")]

use super::{ApiClient, SessionInfo};
use crate::AppError;
use leptos::prelude::*;

/// Proves again who the person is, so that sensitive things are done for a while (sudo mode).
///
/// # Errors
/// No session, a wrong or missing password, or a service that is away.
#[server(name = Confirm, prefix = "/api", endpoint = "confirm", client = ApiClient)]
pub async fn confirm(#[server(default)] password: Option<String>) -> Result<SessionInfo, AppError> {
    use crate::{
        error::Field,
        server::{self, Caller},
    };

    let caller = Caller::current()?;
    let session = caller.require_session()?;
    let password = server::typed(password, Field::Password)?;
    let confirmed = match caller.engine.confirm(session, password, caller.source()).await {
        Ok(confirmed) => confirmed,
        Err(error) => return Err(caller.proof_error(error, Field::Password).await),
    };
    let info = confirmed.info();
    caller.gate.name(confirmed);
    Ok(info)
}
