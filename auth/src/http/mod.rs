//! Sessions in axum: the layers, the guard, and the extractor.
//!
//! From the outside in: [`origin`] (is it one of our own pages that wants to change something),
//! [`client`] (where did it come from), and the layer of [`protect`]: which cookie of that exact name came,
//! who is it, [`guard`] (may they).
//!
//! [`OriginCheck`] and [`TrustedProxies`] are steps of [`AtOnce`]:
//! `router.layer(AtOnce::new(OriginCheck { origins }))`.

mod answer;
mod at_once;
pub mod client;
pub(crate) mod cookie_names;
mod extract;
mod gate;
pub mod guard;
mod layer;
pub mod notice;
pub mod origin;
mod visit;
mod way_out;

pub use answer::{ENDED_HEADER, confirm_password, from_form, redirect, retry_later, unauthenticated, unavailable};
pub use at_once::{AtOnce, Step};
pub use client::{ClientAddress, TrustedProxies};
pub use cookie_names::device;
pub use extract::SudoSession;
pub use gate::Gate;
pub use guard::{Guard, UnavailablePage};
pub use layer::{SessionLayer, SessionService, room_for_more};
pub use notice::Notice;
pub use origin::OriginCheck;

use crate::Engine;
use axum::Router;

/// Puts a router's routes behind the engine: every request has a [`Gate`], which knows who it is of, and
/// only what `guard` calls public is reached without a session.
///
/// Routes that are added to the router later are not protected. Static files need no session and
/// belong outside.
///
/// An app that has nothing outside puts [`SessionLayer`] around its whole router instead, which costs less:
/// what is around its routes a router boxes for each request.
pub fn protect<S: Clone + Send + Sync + 'static>(router: Router<S>, engine: &Engine, guard: Guard) -> Router<S> {
    router.layer(SessionLayer::new(engine.clone(), guard))
}
