//! Sessions in axum: the layers, the guard, and the extractor.
//!
//! From the outside in: [`origin`] (is it one of our own pages that wants to change something),
//! [`client`] (where did it come from), [`cookie_names`] (nothing that merely decodes to a name of
//! ours gets further), tower-cookies, [`layer`] (who is it), [`guard`] (may they).

mod answer;
pub mod client;
pub mod cookie_names;
mod extract;
pub mod guard;
pub mod layer;
pub mod notice;
pub mod origin;

pub use answer::{ENDED_HEADER, confirm_password, from_form, redirect, retry_later, unauthenticated, unavailable};
pub use client::{ClientAddress, TrustedProxies};
pub use cookie_names::device;
pub use extract::SudoSession;
pub use guard::{Guard, UnavailablePage};
pub use layer::Gate;
pub use notice::Notice;
pub use origin::OriginCheck;

use crate::Engine;
use axum::{Router, middleware::from_fn_with_state};
use std::sync::Arc;
use tower_cookies::CookieManagerLayer;

/// Puts a router's routes behind the engine: every request knows its [`Access`](crate::Access), and
/// only what `guard` calls public is reached without a session.
///
/// Routes that are added to the router later are not protected. Static files need no session and
/// belong outside.
pub fn protect<S: Clone + Send + Sync + 'static>(router: Router<S>, engine: &Engine, guard: Guard) -> Router<S> {
    let state = layer::LayerState { engine: engine.clone(), guard: Arc::new(guard) };
    // The last one is the outermost.
    router
        .layer(from_fn_with_state(state.clone(), guard::guard))
        .layer(from_fn_with_state(state, layer::session))
        .layer(CookieManagerLayer::new())
        .layer(from_fn_with_state(engine.clone(), cookie_names::filter))
}
