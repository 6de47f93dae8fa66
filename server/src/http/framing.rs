//! Where a request ends, and so where the next one on its connection begins (ASVS 4.2.1).
//!
//! hyper refuses a length that cannot be read in one way, and ends the connection after a message that has
//! both a length and chunks (RFC 9112, 6.1 and 6.3). But whatever stands before `chunked` it passes over,
//! where something in front may have read it in another way. Nobody sends more than that one word.

use super::api;
use axum::{extract::Request, response::Response};
use daypass_app::AppError;
use daypass_auth::http::Step;
use http::{HeaderMap, HeaderValue, header};

/// The layer's step: see the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct OneReading;

impl Step for OneReading {
    type Kept = ();

    fn before(&self, request: &mut Request) -> Result<(), Box<Response>> {
        if has_one_reading(request.headers()) {
            return Ok(());
        }
        let mut response = api::answer(AppError::BadRequest);
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        Err(Box::new(response))
    }
}

fn has_one_reading(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}
