//! The answers that the engine gives by itself.

use crate::Reason;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Tells the page why its session is no more, on whatever answer it hears first.
pub const ENDED_HEADER: HeaderName = HeaderName::from_static("daypass-ended");

/// Seconds after which asking again is sensible when the store does not answer.
const RETRY_AFTER_SECONDS: u16 = 2;

/// 401: there is no session, and why. The body is what the page's error type reads.
#[must_use]
pub fn unauthenticated(reason: Reason) -> Response {
    let body = format!(r#"{{"error":"unauthenticated","reason":"{reason}"}}"#);
    (StatusCode::UNAUTHORIZED, JSON, body).into_response()
}

/// 503: the store does not answer, so nobody knows whether there is a session.
#[must_use]
pub fn unavailable() -> Response {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, JSON, r#"{"error":"unavailable"}"#).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    response
}

const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
