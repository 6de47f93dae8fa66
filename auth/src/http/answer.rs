//! The answers that the engine gives by itself.

use crate::Reason;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// Tells the page why its session is no more, on whatever answer it hears first.
pub const ENDED_HEADER: HeaderName = HeaderName::from_static(Reason::HEADER);

/// Seconds after which asking again is sensible when the store does not answer.
const RETRY_AFTER_SECONDS: u16 = 2;

/// 401: there is no session, and why. The body is what the page's error type reads.
#[must_use]
pub fn unauthenticated(reason: Reason) -> Response {
    let body = format!(r#"{{"error":"unauthenticated","reason":"{reason}"}}"#);
    (StatusCode::UNAUTHORIZED, JSON, body).into_response()
}

/// 403: there is a session, and its person has to prove again who they are.
#[must_use]
pub fn confirm_password() -> Response {
    (StatusCode::FORBIDDEN, JSON, r#"{"error":"confirm_password"}"#).into_response()
}

/// 503: the store does not answer, so nobody knows whether there is a session.
#[must_use]
pub fn unavailable() -> Response {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, JSON, r#"{"error":"unavailable"}"#).into_response();
    retry_later(&mut response);
    response
}

/// Says when asking again is sensible, on an answer of 503.
pub fn retry_later(response: &mut Response) {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
}

/// 302 with nothing in it, to `to` or, if that cannot stand in a header, home.
#[must_use]
pub fn redirect(to: &str) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// Whether a browser sent a form by itself, and will show what it gets.
#[must_use]
pub fn from_form(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
