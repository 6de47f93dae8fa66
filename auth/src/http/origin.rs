//! Requests that change something come from our own pages.
//!
//! Server functions check nothing of the kind, and a form or a `text/plain` call of another site
//! reaches them with the browser's cookies unless `SameSite` happens to hold them back; signing
//! in needs no cookie at all. So every request that is not GET, HEAD or OPTIONS, and every upgrade
//! to a WebSocket, is checked here, before anything reads it: Fetch Metadata if the browser sends
//! it, else `Origin`, byte for byte (OWASP CSRF prevention; ASVS 3.5.1). Every browser of today sends
//! at least one of them with such a request. What has neither is refused; a script says `Origin` itself.

use super::at_once::Step;
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use std::sync::Arc;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// From where requests may change something.
#[derive(Clone, Debug)]
pub struct OriginCheck {
    /// Our own origins, as browsers write them: scheme, host, and the port if it is not the usual one.
    pub origins: Arc<[String]>,
}

/// The layer's step: see the module.
impl Step for OriginCheck {
    type Kept = ();

    fn before(&self, request: &mut Request) -> Result<(), Box<Response>> {
        if self.allows(request.method(), request.headers()) {
            return Ok(());
        }
        let path = request.uri().path();
        tracing::warn!(event = "malicious_csrf", path, "a request from another site was refused");
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        Err(Box::new((StatusCode::FORBIDDEN, headers, r#"{"error":"cross_site"}"#).into_response()))
    }
}

impl OriginCheck {
    pub(crate) fn allows(&self, method: &Method, headers: &HeaderMap) -> bool {
        let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if is_safe && !is_websocket(headers) {
            return true;
        }
        match (only(headers, &SEC_FETCH_SITE), only(headers, &header::ORIGIN)) {
            // A header that comes twice was not sent by a browser.
            (Only::Several, _) | (_, Only::Several) => false,
            // `same-site` is not us: a neighbour's page is somebody else's.
            (Only::One(site), _) => matches!(site, b"same-origin" | b"none"),
            (Only::None, Only::One(origin)) => self.origins.iter().any(|ours| ours.as_bytes() == origin),
            (Only::None, Only::None) => false,
        }
    }
}

enum Only<'a> {
    None,
    One(&'a [u8]),
    Several,
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Only<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Only::None,
        (Some(value), None) => Only::One(value.as_bytes()),
        (Some(_), Some(_)) => Only::Several,
    }
}

fn is_websocket(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::UPGRADE)
        .iter()
        .any(|value| value.as_bytes().to_ascii_lowercase().windows(9).any(|word| word == b"websocket"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn allows(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let origins = Arc::new(["https://app.example".to_owned()]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        OriginCheck { origins }.allows(method, &map)
    }

    #[test]
    fn only_our_own_pages_change_something() {
        let ours = "https://app.example";
        let others = [
            "https://evil.example",
            "null",
            "",
            "http://app.example",
            "https://app.example:8443",
            "https://app.example/",
            "https://App.example",
            "https://app.example.evil.example",
            "https://evil@app.example",
            "https://sub.app.example",
            "https://app.example, https://evil.example",
            "app.example",
        ];
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE, Method::CONNECT] {
            for origin in [None, Some(ours)].into_iter().chain(others.into_iter().map(Some)) {
                for site in [
                    None,
                    Some("same-origin"),
                    Some("none"),
                    Some("same-site"),
                    Some("cross-site"),
                    Some("Same-Origin"),
                    Some("same-origin, cross-site"),
                    Some(""),
                ] {
                    let mut headers = Vec::new();
                    headers.extend(origin.map(|origin| ("origin", origin)));
                    headers.extend(site.map(|site| ("sec-fetch-site", site)));
                    let right = match (site, origin) {
                        (Some("same-origin" | "none"), _) => true,
                        (None, Some(origin)) => origin == ours,
                        _ => false,
                    };
                    assert_eq!(allows(&method, &headers), right, "{method} {headers:?}");
                }
            }
        }
    }

    #[test]
    fn a_header_that_comes_twice_is_refused() {
        let twice = [("origin", "https://app.example"), ("origin", "https://app.example")];
        assert!(!allows(&Method::POST, &twice));
        assert!(!allows(&Method::POST, &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")]));
        assert!(!allows(&Method::POST, &[("sec-fetch-site", "same-origin"), twice[0], twice[1]]));
    }

    #[test]
    fn reading_is_free_and_a_websocket_is_not_reading() {
        let evil = ("origin", "https://evil.example");
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(allows(&method, &[evil, ("sec-fetch-site", "cross-site")]));
        }
        for upgrade in ["websocket", "WebSocket", "h2c, websocket"] {
            assert!(!allows(&Method::GET, &[("upgrade", upgrade), evil]));
            assert!(!allows(&Method::GET, &[("upgrade", upgrade)]));
            assert!(allows(&Method::GET, &[("upgrade", upgrade), ("origin", "https://app.example")]));
        }
    }
}
