//! May they: everything is private but what is on one short list, decided by path before anything
//! is rendered.

use super::{
    answer::{from_form, redirect, retry_later, unauthenticated, unavailable},
    gate::Gate,
    notice::Notice,
};
use crate::{Access, Reason, next};
use axum::{extract::Request, response::Response};
use http::{Method, StatusCode};
use std::{fmt, pin::Pin, sync::Arc};

/// Renders the page that says that the service is away.
pub type UnavailablePage = Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// What is public, what is a call, and where people sign in.
#[derive(Clone)]
pub struct Guard {
    /// The page with the sign-in form. Public. Who is signed in already is sent on.
    pub sign_in_page: &'static str,
    /// Calls start with this: they get a typed error where a page gets a redirect.
    pub call_prefix: &'static str,
    /// Exact paths that are reached without a session.
    pub public: Vec<&'static str>,
    /// Exact paths that say nothing of a person's doing: polls. They never extend a session.
    pub passive: Vec<&'static str>,
    /// Everything is public: for what says nothing of anybody, such as the page for a wrong address.
    pub open: bool,
    /// Answers say in `Server-Timing` how long the check took, and the handler. For development: to whoever may
    /// measure, times say more than is meant.
    pub timing: bool,
    /// The page for when the store does not answer; without one, a line of text.
    pub unavailable: Option<UnavailablePage>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            sign_in_page: "/login",
            call_prefix: "/api/",
            public: Vec::new(),
            passive: Vec::new(),
            open: false,
            timing: false,
            unavailable: None,
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("public", &self.public).field("passive", &self.passive).finish_non_exhaustive()
    }
}

impl Guard {
    fn is_public(&self, path: &str) -> bool {
        self.open || path == self.sign_in_page || self.public.contains(&path)
    }

    pub(crate) fn is_call(&self, path: &str) -> bool {
        path.starts_with(self.call_prefix)
    }

    fn is_page(&self, request: &Request) -> bool {
        !self.is_call(request.uri().path()) && matches!(*request.method(), Method::GET | Method::HEAD)
    }

    /// Whether a request was caused by a person: not a poll, and not a browser fetching ahead.
    pub(crate) fn is_activity(&self, request: &Request) -> bool {
        !self.passive.contains(&request.uri().path()) && !request.headers().contains_key("sec-purpose")
    }

    /// Lets a request in, or says how it is answered. `gate` is what the answer may tell the browser by.
    pub(super) fn admit(&self, gate: &Gate, request: &Request) -> Admission {
        let path = request.uri().path();
        match gate.access() {
            Access::Active(_) if path == self.sign_in_page && self.is_page(request) => {
                answered(redirect(next::safe_or_home(query_next(request).as_deref())))
            }
            Access::Active(_) => Admission::LetIn,
            Access::Absent { .. } if self.is_public(path) => Admission::LetIn,
            Access::Absent { reason, remembered } if self.is_page(request) || from_form(request.headers()) => {
                // One that was replaced has a successor in this browser, or is about to.
                if reason.is_end() && *reason != Reason::Replaced {
                    gate.tell(Notice::Ended { reason: *reason, remembered: *remembered });
                }
                // A form without scripts shows what it gets. Where it stood, only a `Referer` could say.
                let target = request.uri().path_and_query().filter(|_| self.is_page(request));
                let target = target.map(http::uri::PathAndQuery::as_str);
                answered(redirect(&next::sign_in_address(self.sign_in_page, target.unwrap_or("/"))))
            }
            Access::Absent { reason, .. } => answered(unauthenticated(*reason)),
            Access::Unavailable => Admission::Away,
        }
    }

    /// The answer when the store does not: a page where one is expected.
    pub(super) async fn away(&self, request: Request) -> Response {
        match &self.unavailable {
            Some(page) if self.is_page(&request) || from_form(request.headers()) => {
                let mut response = page(request).await;
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                retry_later(&mut response);
                response
            }
            _ => unavailable(),
        }
    }
}

/// What becomes of a request.
pub(super) enum Admission {
    /// It goes on.
    LetIn,
    /// This is its answer.
    Answered(Box<Response>),
    /// Nobody knows whose it is.
    Away,
}

fn answered(response: Response) -> Admission {
    Admission::Answered(Box::new(response))
}

/// The `next` of the query, decoded once. The first one, if somebody gave several.
fn query_next(request: &Request) -> Option<String> {
    let query = request.uri().query()?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix("next="))?;
    percent_decode(value)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(out).ok()
}
