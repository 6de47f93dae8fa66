//! What a server function needs of its request. The only way in for a server function: whatever
//! else it does, it starts with [`Caller::current`], which fails when the engine's layer was not passed.

mod browser;
pub(crate) mod entries;
mod preload;

pub(crate) use preload::Preloaded;
pub use preload::preload;

use crate::{
    AppError,
    error::{Field, Problem},
};
use daypass_auth::{
    Access, ChooseError, Engine, ProofError, Reason, Session, SignInError,
    audit::Source,
    http::{ClientAddress, Gate, device},
    password::{HashError, Password, PasswordError, Weakness},
    store::StoreError,
    throttle::Device,
};
use http::{header, request::Parts};
use leptos::prelude::use_context;
use std::{error::Error, time::Duration};

/// Who calls, and the engine to answer with.
#[derive(Debug)]
pub struct Caller {
    /// The engine.
    pub engine: Engine,
    /// Changes the session of this request.
    pub gate: Gate,
    /// What the browser says that it is.
    pub agent: String,
    /// Where the request came from.
    pub place: String,
}

impl Caller {
    /// The caller of the server function, or the visitor of the page, that runs now.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the store does not answer; [`AppError::Internal`] when the
    /// request did not pass the engine's layer.
    pub fn current() -> Result<Self, AppError> {
        let missing = |what: &str| {
            tracing::error!(what, "a server function cannot run");
            AppError::Internal
        };
        let engine = use_context::<Engine>().ok_or_else(|| missing("the engine is not in the context"))?;
        let parts = use_context::<Parts>().ok_or_else(|| missing("there is no request"))?;
        let gate = Gate::of(&parts.extensions).cloned().ok_or_else(|| missing("the session layer was not passed"))?;
        if matches!(gate.access(), Access::Unavailable) {
            return Err(AppError::Unavailable);
        }
        let agent =
            parts.headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let place = parts.extensions.get::<ClientAddress>().map(|client| client.0.to_string());
        Ok(Self { engine, gate, agent: agent.unwrap_or_default(), place: place.unwrap_or_default() })
    }

    /// The session, if there is one.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match self.gate.access() {
            Access::Active(session) => Some(session),
            Access::Absent { .. } | Access::Unavailable => None,
        }
    }

    /// The session.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when there is none.
    pub fn require_session(&self) -> Result<&Session, AppError> {
        match self.gate.access() {
            Access::Active(session) => Ok(session),
            Access::Absent { reason, .. } => Err(AppError::Unauthenticated { reason: *reason }),
            Access::Unavailable => Err(AppError::Unavailable),
        }
    }

    /// The session, of somebody who proved who they are just now (sudo mode).
    ///
    /// # Errors
    /// As [`Caller::require_session`], and [`AppError::ConfirmPassword`] when the proof is older.
    pub fn require_sudo(&self) -> Result<&Session, AppError> {
        let session = self.require_session()?;
        if session.is_sudo() { Ok(session) } else { Err(AppError::ConfirmPassword) }
    }

    /// Where the request comes from.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source { agent: &self.agent, place: &self.place }
    }

    /// What the browser is known for.
    pub(crate) fn device(&self) -> Option<Device> {
        device(&self.engine, &use_context::<Parts>()?.headers)
    }

    /// A password that the session's person chose anew.
    pub(crate) async fn chosen(
        &self,
        session: &Session,
        text: Option<String>,
        field: Field,
    ) -> Result<Password, AppError> {
        self.engine.choose(session, &text.unwrap_or_default()).await.map_err(|error| match error {
            ChooseError::Refused(error) => password_error(error, field),
            ChooseError::Hash(HashError::Overloaded) => AppError::Unavailable,
            ChooseError::Hash(HashError::Failed) => AppError::Internal,
        })
    }

    /// What the page is told when somebody did not prove who they are. `field` is that of the password.
    pub(crate) async fn proof_error(&self, error: ProofError, field: Field) -> AppError {
        match error {
            ProofError::Mismatch => AppError::InvalidField { field, problem: Problem::Wrong },
            // Whoever ended it wrote down why.
            ProofError::Ended => self.ended_meanwhile().await,
            ProofError::Throttled(wait) => too_many_tries(wait),
            ProofError::Overloaded => AppError::Unavailable,
            ProofError::Store(error) => store_error(error),
            ProofError::Failed => AppError::Internal,
        }
    }

    /// Why the session of this request is no more, although it was alive when the request came.
    pub(crate) async fn ended_meanwhile(&self) -> AppError {
        let Some(session) = self.session() else { return AppError::Unauthenticated { reason: Reason::None } };
        match self.engine.recheck(session).await {
            Access::Absent { reason, .. } => AppError::Unauthenticated { reason },
            // Alive after all: something else changed at the same time, and trying again is right.
            Access::Active(_) => AppError::Unavailable,
            Access::Unavailable => AppError::Unavailable,
        }
    }
}

/// What the page is told when nobody could be signed in. The rest is for the log.
pub(crate) fn sign_in_error(error: SignInError) -> AppError {
    match error {
        SignInError::Mismatch => AppError::InvalidCredentials,
        SignInError::Throttled(wait) => too_many_tries(wait),
        SignInError::Overloaded => AppError::Unavailable,
        SignInError::Store(error) => store_error(error),
        SignInError::Failed => AppError::Internal,
    }
}

/// Whole seconds, rounded up: a try after them is not too early.
fn too_many_tries(wait: Duration) -> AppError {
    AppError::TooManyTries { seconds: u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX) }
}

/// What the page is told when the store fails. The rest is for the log.
pub(crate) fn store_error(error: StoreError) -> AppError {
    tracing::error!(error = &error as &dyn Error, "the store does not answer");
    AppError::Unavailable
}

/// A password that somebody typed to prove who they are.
pub(crate) fn typed(text: Option<String>, field: Field) -> Result<Password, AppError> {
    Password::typed(&text.unwrap_or_default()).map_err(|error| password_error(error, field))
}

fn password_error(error: PasswordError, field: Field) -> AppError {
    let problem = match error {
        PasswordError::Empty => Problem::Missing,
        PasswordError::TooShort => Problem::TooShort,
        PasswordError::TooLong => Problem::TooLong,
        PasswordError::Guessable(Weakness::Common) => Problem::Common,
        PasswordError::Guessable(Weakness::Context) => Problem::Context,
        PasswordError::Guessable(Weakness::Repeated) => Problem::Repeated,
        PasswordError::Guessable(Weakness::Pattern) => Problem::Pattern,
        PasswordError::Leaked => Problem::Leaked,
        PasswordError::Unchecked => return AppError::Unavailable,
    };
    AppError::InvalidField { field, problem }
}

/// What a box that can be ticked says.
pub(crate) fn switch(text: Option<&str>, field: Field) -> Result<bool, AppError> {
    match text {
        None | Some("" | "off" | "false" | "0") => Ok(false),
        Some("on" | "true" | "1") => Ok(true),
        Some(_) => Err(AppError::InvalidField { field, problem: Problem::WrongType }),
    }
}
