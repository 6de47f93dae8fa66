#![expect(missing_docs, reason = "the fields of the generated struct are the form's")]

use super::{ApiClient, SessionInfo};
use crate::AppError;
use leptos::prelude::*;

/// Changes the person's password. Other sessions end, if `end_others` is on; this browser goes on
/// with a new one.
///
/// # Errors
/// No session, a wrong present password, a new one that is too easy to guess, or a service that is away.
#[server(name = ChangePassword, prefix = "/api", endpoint = "change_password", client = ApiClient)]
pub async fn change_password(
    #[server(default)] current: Option<String>,
    #[server(default)] new: Option<String>,
    #[server(default)] end_others: Option<String>,
) -> Result<SessionInfo, AppError> {
    use crate::{
        error::Field,
        server::{self, Caller},
    };
    use daypass_auth::ChangePassword;

    let caller = Caller::current()?;
    let session = caller.require_session()?;
    let change = ChangePassword {
        current: server::typed(current, Field::Current)?,
        new: caller.chosen(session, new, Field::New).await?,
        end_others: server::switch(end_others.as_deref(), Field::Other)?,
        source: caller.source(),
    };
    let changed = match caller.engine.change_password(session, change).await {
        Ok(changed) => changed,
        Err(error) => return Err(caller.proof_error(error, Field::Current).await),
    };
    let info = changed.info();
    caller.gate.name(changed);
    Ok(info)
}
