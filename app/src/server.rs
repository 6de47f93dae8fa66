//! What a server function needs of its request. The only way in for a server function: whatever
//! else it does, it starts with [`Caller::current`], which fails when the engine's layer was not passed.

use crate::AppError;
use axum::extract::ConnectInfo;
use daypass_auth::{Access, Engine, Reason, Session, SignInError, http::Gate, store::StoreError};
use http::{header, request::Parts};
use leptos::prelude::use_context;
use std::{error::Error, net::SocketAddr};

/// Who calls, and the engine to answer with.
#[derive(Debug)]
pub struct Caller {
    access: Access,
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
        let access =
            parts.extensions.get::<Access>().cloned().ok_or_else(|| missing("the session layer was not passed"))?;
        let gate =
            parts.extensions.get::<Gate>().cloned().ok_or_else(|| missing("the session layer was not passed"))?;
        if matches!(access, Access::Unavailable) {
            return Err(AppError::Unavailable);
        }
        let agent =
            parts.headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let place =
            parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical().to_string());
        Ok(Self { access, engine, gate, agent: agent.unwrap_or_default(), place: place.unwrap_or_default() })
    }

    /// The session, if there is one.
    #[must_use]
    pub const fn session(&self) -> Option<&Session> {
        match &self.access {
            Access::Active(session) => Some(session),
            Access::Absent { .. } | Access::Unavailable => None,
        }
    }

    /// The session.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when there is none.
    pub const fn require_session(&self) -> Result<&Session, AppError> {
        match &self.access {
            Access::Active(session) => Ok(session),
            Access::Absent { reason, .. } => Err(AppError::Unauthenticated { reason: *reason }),
            Access::Unavailable => Err(AppError::Unavailable),
        }
    }

    /// Why the session of this request is no more, although it was alive when the request came.
    pub(crate) async fn ended_meanwhile(&self) -> AppError {
        let Some(session) = self.session() else { return AppError::Unauthenticated { reason: Reason::None } };
        match self.engine.recheck(session).await {
            Access::Absent { reason, .. } => AppError::Unauthenticated { reason },
            Access::Active(_) => AppError::Unauthenticated { reason: Reason::Invalid },
            Access::Unavailable => AppError::Unavailable,
        }
    }
}

/// What the page is told when nobody could be signed in. The rest is for the log.
pub(crate) fn sign_in_error(error: SignInError) -> AppError {
    match error {
        SignInError::Mismatch => AppError::InvalidCredentials,
        SignInError::Overloaded => AppError::Unavailable,
        SignInError::Store(error) => store_error(error),
        SignInError::Failed => AppError::Internal,
    }
}

/// What the page is told when the store fails. The rest is for the log.
pub(crate) fn store_error(error: StoreError) -> AppError {
    tracing::error!(error = &error as &dyn Error, "the store does not answer");
    AppError::Unavailable
}
