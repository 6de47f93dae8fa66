//! No session: the same answers, whoever asks.

use super::{Me, account_name};
use axum::{Json, Router, routing::get};

pub(super) fn router() -> Router {
    Router::new()
        .route("/api/me", get(|| async { Json(Me { account: account_name(0) }) }))
        .route("/api/guest", get(|| async { Json(Me::guest()) }))
}
