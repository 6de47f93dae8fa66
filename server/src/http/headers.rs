//! Headers that every answer has, errors and files included.

use super::AppState;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, header};

/// What the answers have depends on how the server is reached and built.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    https: bool,
    hashed: bool,
}

impl Policy {
    pub(super) fn new(state: &AppState) -> Self {
        Self { https: state.engine.cookies().is_secure(), hashed: state.hashed }
    }
}

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];
/// For answers that are no document of ours: nothing in them may do anything.
const NOTHING_RUNS: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Two years (ASVS 3.4.1: one at least).
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// The layer: see the module.
pub(super) async fn add(State(policy): State<Policy>, request: Request, next: Next) -> Response {
    let is_package = request.uri().path().starts_with("/pkg/") && !request.uri().path().starts_with("/pkg/snippets/");
    let mut response = next.run(request).await;
    let good = response.status().is_success() || response.status() == http::StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if policy.https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NOTHING_RUNS));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        // A hashed name never means anything else; any other file is asked for again, and mostly not sent again.
        let cache =
            if is_package && policy.hashed && good { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    }
    response
}
