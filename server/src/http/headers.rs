//! Headers that every answer has, errors and files included.

use super::AppState;
use axum::{extract::Request, response::Response};
use daypass_auth::http::Step;
use http::{HeaderName, HeaderValue, header};

/// What the answers have depends on how the server is reached and built. The layer's step: see the module.
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

/// As many as an answer of ours has, so that they find room at once.
const MOST: usize = 24;

impl Step for Policy {
    /// Whether it is a file whose name changes with its content.
    type Kept = bool;

    fn before(&self, request: &mut Request) -> Result<bool, Box<Response>> {
        let file = request.uri().path().strip_prefix("/pkg/");
        Ok(self.hashed && file.is_some_and(|file| !file.starts_with("snippets/")))
    }

    fn after(&self, hashed: bool, response: &mut Response) {
        let good = response.status().is_success() || response.status() == http::StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        headers.reserve(MOST - headers.len().min(MOST));
        for (name, value) in ALWAYS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
        }
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOTHING_RUNS));
        // A hashed name never means anything else; any other file is asked for again, and mostly not sent again.
        let cache = if hashed && good { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(cache));
    }
}
