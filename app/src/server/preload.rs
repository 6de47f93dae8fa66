//! Reads what a page lists before the page is rendered: rendering waits for nothing.

use super::entries;
use crate::api::Entry;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use daypass_auth::{Access, Engine, http::Gate};
use http::Method;
use std::error::Error;

/// What the page at this address lists. In the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Preloaded(pub(crate) Vec<Entry>);

/// The layer, to be put around the pages, inside the engine's own.
pub async fn preload(State(engine): State<Engine>, mut request: Request, next: Next) -> Response {
    let gate = Gate::of(request.extensions()).cloned();
    if let (&Method::GET, Some(Access::Active(session))) = (request.method(), gate.as_ref().map(Gate::access)) {
        let list = match request.uri().path() {
            "/account/sessions" => Some(entries::sessions(&engine, session).await),
            "/account/activity" => Some(entries::activity(&engine, session).await),
            _ => None,
        };
        match list {
            Some(Ok(list)) => {
                request.extensions_mut().insert(Preloaded(list));
            }
            // The page asks for it itself then, and says what is wrong.
            Some(Err(error)) => tracing::error!(error = &error as &dyn Error, "a list could not be read"),
            None => {}
        }
    }
    next.run(request).await
}
