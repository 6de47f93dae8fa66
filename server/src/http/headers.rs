//! Headers that every answer has, errors and files included.

use super::AppState;
use axum::{extract::Request, response::Response};
use daypass_auth::http::Step;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The layer's step: see the module.
#[derive(Debug)]
pub(super) struct Headers {
    /// What an answer has that says nothing else.
    usual: HeaderMap,
    /// Whether the names of the page's files change with their content.
    hashed: bool,
}

impl Headers {
    /// What answers have depends on how the server is reached and built.
    pub(super) fn new(state: &AppState) -> Self {
        Self { usual: usual(state.engine.cookies().is_secure()), hashed: state.hashed }
    }
}

fn usual(is_secure: bool) -> HeaderMap {
    let secure = is_secure.then_some((header::STRICT_TRANSPORT_SECURITY, HSTS));
    let all = ALWAYS.into_iter().chain(secure);
    let mut usual: HeaderMap = all.map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    // Places for the names of what an answer says itself, which a copy has too.
    usual.reserve(OWN);
    usual
}

const ALWAYS: [(HeaderName, &str); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    (header::CONTENT_SECURITY_POLICY, NOTHING_RUNS),
    // Any file is asked for again, and mostly not sent again.
    (header::CACHE_CONTROL, "no-cache"),
];
/// For answers that are no document of ours: nothing in them may do anything.
const NOTHING_RUNS: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Two years (ASVS 3.4.1: one at least).
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// Of a file whose name never means anything else.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// So many headers an answer has of its own.
const OWN: usize = 12;

impl Step for Headers {
    /// Whether it is a file whose name changes with its content.
    type Kept = bool;

    fn before(&self, request: &mut Request) -> Result<bool, Box<Response>> {
        let file = request.uri().path().strip_prefix("/pkg/");
        Ok(self.hashed && file.is_some_and(|file| !file.starts_with("snippets/")))
    }

    fn after(&self, hashed: bool, response: &mut Response) {
        let good = response.status().is_success() || response.status() == http::StatusCode::NOT_MODIFIED;
        // Copied at once, which is far less work than to look for a place for each. What the answer says
        // itself, it says in earnest.
        let own = std::mem::replace(response.headers_mut(), self.usual.clone());
        let headers = response.headers_mut();
        let says_how_long = own.contains_key(header::CACHE_CONTROL);
        headers.extend(own);
        if hashed && good && !says_how_long {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{
        body::Body,
        response::{AppendHeaders, IntoResponse},
    };

    /// What an answer to `path` says of how long it may be kept.
    fn kept(path: &str, answer: impl IntoResponse) -> HeaderValue {
        headers(path, answer)[header::CACHE_CONTROL].clone()
    }

    fn headers(path: &str, answer: impl IntoResponse) -> HeaderMap {
        let step = Headers { usual: usual(true), hashed: true };
        let mut request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let hashed = step.before(&mut request).unwrap();
        let mut answer = answer.into_response();
        step.after(hashed, &mut answer);
        std::mem::take(answer.headers_mut())
    }

    #[test]
    fn what_an_answer_says_itself_takes_the_place_of_what_is_usual() {
        let all = headers("/", ());
        assert_eq!(all.len(), ALWAYS.len() + 1);
        let says = [(header::VARY, "Accept"), (header::ALLOW, "GET"), (header::X_FRAME_OPTIONS, "SAMEORIGIN")];
        let answer = (says, AppendHeaders([(header::VARY, "Cookie"), (header::VARY, "Origin")]), "text");
        let all = headers("/", answer);
        let told = |name| all.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(told(header::VARY), ["Accept", "Cookie", "Origin"]);
        assert_eq!(told(header::CONTENT_TYPE), ["text/plain; charset=utf-8"]);
        assert_eq!((told(header::ALLOW), told(header::X_FRAME_OPTIONS)), (vec!["GET"], vec!["SAMEORIGIN"]));
        assert_eq!(told(header::STRICT_TRANSPORT_SECURITY), [HSTS]);
    }

    #[test]
    fn only_a_file_whose_name_changes_with_it_is_kept_for_ever() {
        assert_eq!(kept("/pkg/a.js", "file"), FOR_EVER);
        assert_eq!(kept("/pkg/snippets/a.js", "file"), "no-cache");
        assert_eq!(kept("/pkg/a.js", http::StatusCode::NOT_FOUND), "no-cache");
        assert_eq!(kept("/favicon.ico", "file"), "no-cache");
        assert_eq!(kept("/pkg/a.js", ([(header::CACHE_CONTROL, "no-store")], "somebody's")), "no-store");
    }
}
