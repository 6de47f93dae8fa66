#![expect(missing_docs, reason = "the fields of the generated struct are the form's")]

use super::{ApiClient, SessionInfo};
use crate::AppError;
use leptos::prelude::*;

/// Signs in: checks name and password, ends the session that this browser had, starts a new one.
///
/// # Errors
/// A missing or too long field, no match, or a service that is away.
#[server(prefix = "/api", endpoint = "sign_in", client = ApiClient)]
pub async fn sign_in(
    #[server(default)] username: Option<String>,
    #[server(default)] password: Option<String>,
    #[server(default)] remember: Option<String>,
) -> Result<SessionInfo, AppError> {
    use crate::{
        error::{Field, Problem},
        server::{self, Caller},
    };
    use daypass_auth::{AccountName, SignIn};

    let caller = Caller::current()?;
    let invalid = |field, problem| AppError::InvalidField { field, problem };
    let name = username.filter(|name| !name.is_empty()).ok_or(invalid(Field::Username, Problem::Missing))?;
    if name.chars().count() > AccountName::MAX_CHARS {
        return Err(invalid(Field::Username, Problem::TooLong));
    }
    let password = server::typed(password, Field::Password)?;
    let remembered = server::switch(remember.as_deref(), Field::Remember)?;
    let device = caller.device();
    let request = SignIn {
        name: &name,
        password,
        remembered,
        replaces: caller.session(),
        agent: &caller.agent,
        place: &caller.place,
        device: device.as_ref(),
    };
    let session = caller.engine.sign_in(request).await.map_err(server::sign_in_error)?;
    let info = session.info();
    caller.gate.name(session);
    Ok(info)
}
