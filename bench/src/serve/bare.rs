//! No session: the same answers, whoever asks.

use super::Me;
use axum::{Json, Router, routing::get};

pub(super) fn router() -> Router {
    Router::new()
        .route("/api/me", get(|| async { Json(Me { account: "user000000".to_owned() }) }))
        .route("/api/guest", get(|| async { Json(Me::guest()) }))
}
