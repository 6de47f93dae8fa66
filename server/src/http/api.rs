//! Calls that are plain axum handlers, and the answers to calls that are none.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use daypass_app::AppError;
use daypass_auth::{Session, http::retry_later};
use http::{HeaderValue, Uri, header};
use serde::Serialize;

/// Who is signed in.
#[derive(Serialize)]
pub(super) struct Me {
    account: String,
}

/// `GET /api/me`. The example of protecting a handler: it takes a [`Session`], so it is reached
/// with one or not at all.
pub(super) async fn me(session: Session) -> Json<Me> {
    Json(Me { account: session.account().name.to_string() })
}

/// There is no such call.
pub(super) async fn not_found() -> Response {
    answer(AppError::NotFound)
}

/// There is, for another method.
pub(super) async fn method_not_allowed(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") {
        answer(AppError::MethodNotAllowed)
    } else {
        AppError::MethodNotAllowed.status().into_response()
    }
}

/// An error as the page and scripts read it.
pub(super) fn answer(error: AppError) -> Response {
    let mut response = (error.status(), Json(error)).into_response();
    match error {
        AppError::Unavailable => retry_later(&mut response),
        AppError::TooManyTries { seconds } | AppError::TooManyRequests { seconds } => {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        _ => {}
    }
    response
}
