//! `Session` as an extractor: a handler that takes one is reached with one or not at all.

use super::{
    answer::{confirm_password, unauthenticated, unavailable},
    gate::Gate,
};
use crate::{Access, Session};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

/// Refuses with 401 and the reason when there is no session, and with 503 when the store does not answer.
impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        match gate(parts)?.access() {
            Access::Active(session) => Ok(session.clone()),
            Access::Absent { reason, .. } => Err(unauthenticated(*reason)),
            Access::Unavailable => Err(unavailable()),
        }
    }
}

/// For handlers that serve guests too: nothing for a guest, and 503 when the store does not answer.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        match gate(parts)?.access() {
            Access::Active(session) => Ok(Some(session.clone())),
            Access::Absent { .. } => Ok(None),
            Access::Unavailable => Err(unavailable()),
        }
    }
}

/// A session whose person proved who they are just now (sudo mode): for what must not be done by
/// somebody who found the browser open. Refuses as [`Session`] does, and with 403 and
/// `{"error":"confirm_password"}` when the proof is older.
#[derive(Clone, Debug)]
pub struct SudoSession(pub Session);

impl<S: Send + Sync> FromRequestParts<S> for SudoSession {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let session = <Session as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        if session.is_sudo() { Ok(Self(session)) } else { Err(confirm_password()) }
    }
}

/// Of every route behind the session layer. Elsewhere it is refused with 500, and the log says why.
impl<S: Send + Sync> FromRequestParts<S> for Gate {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        gate(parts).cloned()
    }
}

#[expect(clippy::result_large_err, reason = "an axum rejection is a response")]
fn gate(parts: &Parts) -> Result<&Gate, Response> {
    Gate::of(&parts.extensions).ok_or_else(|| {
        tracing::error!("a handler takes a session, and its route is not behind the session layer");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::Request;

    /// The session layer answers first, as it is; whoever builds another way in is safe, too.
    #[tokio::test]
    async fn nobody_is_taken_for_a_guest_while_the_store_is_away() {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.extensions.insert(Gate::new(Access::Unavailable, None));
        let session = <Session as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let perhaps = <Session as OptionalFromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let sudo = SudoSession::from_request_parts(&mut parts, &()).await;
        let refused = [session.err(), perhaps.err(), sudo.err()].map(|answer| answer.map(|answer| answer.status()));
        assert_eq!(refused, [Some(StatusCode::SERVICE_UNAVAILABLE); 3]);
    }
}
