//! The edge of the server functions: what a form must be to reach one, and what becomes of its answer.
//!
//! A server function always sees the same thing, a call that wants JSON. Whether a browser without
//! scripts is to be led on, where to, and with which status an error travels is decided here, once.
//! In particular nobody is ever led to where a `Referer` says, and no error stands in an address.

use super::api;
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    middleware::Next,
    response::Response,
};
use daypass_app::{
    AppError, Done, PageNotice,
    error::{Field, Problem},
};
use daypass_auth::{
    AccountName, Reason, SessionInfo,
    http::{Gate, Notice, from_form, redirect},
    next,
};
use http::{HeaderValue, Method, header};
use leptos::{prelude::FromServerFnError, server_fn::axum::server_fn_paths};
use serde::de::DeserializeOwned;
use std::{collections::HashSet, sync::LazyLock};

/// The largest form that we have is far below this.
pub(crate) const MAX_FORM_BYTES: usize = 16 * 1024;
/// The largest error that we have is far below this.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// The largest answer to a form of ours is far below this.
const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Set by the framework on the errors of server functions.
const ERROR_HEADER: &str = "serverfnerror";
const FORM: &str = "application/x-www-form-urlencoded";
const SIGN_IN_PAGE: &str = "/login";
const CONFIRM_PAGE: &str = "/account/confirm";
const SESSIONS_PAGE: &str = "/account/sessions";
const PASSWORD_PAGE: &str = "/account/password";

static SERVER_FUNCTIONS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| server_fn_paths().map(|(path, _)| path).collect());

/// The layer: see the module.
pub(super) async fn edge(gate: Gate, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !SERVER_FUNCTIONS.contains(request.uri().path()) {
        return next.run(request).await;
    }
    let from_page = from_form(request.headers());
    let path = request.uri().path().to_owned();
    let (form, result) = match read(request).await {
        Ok((form, request)) => (form, call(request, next).await),
        Err(error) => (Form::default(), Err(error)),
    };
    match result {
        Ok(response) if from_page => lead_on(&gate, &path, &form, response).await,
        Ok(response) => response,
        Err(error) if from_page => lead_back(&gate, &path, &form, error),
        Err(error) => api::answer(error),
    }
}

/// What we need to know of a form.
#[derive(Debug, Default)]
struct Form {
    username: String,
    next: Option<String>,
    which: String,
}

/// Reads a form, and gives back the request that the server function will see.
async fn read(request: Request) -> Result<(Form, Request), AppError> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_FORM_BYTES).await.map_err(|_| AppError::TooLarge)?;
    let content_type = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_form = content_type
        .to_ascii_lowercase()
        .split(|&b| b == b';')
        .next()
        .is_some_and(|kind| kind.trim_ascii() == FORM.as_bytes());
    let is_nothing = body.is_empty() && content_type.is_empty();
    if !is_form && !is_nothing {
        return Err(AppError::UnsupportedMediaType);
    }
    let form = check(&body)?;
    parts.headers.remove(header::REFERER);
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok((form, Request::from_parts(parts, Body::from(body))))
}

/// Every field once, and as a plain text.
fn check(body: &Bytes) -> Result<Form, AppError> {
    let mut form = Form::default();
    let mut seen = HashSet::new();
    for (name, value) in form_urlencoded::parse(body) {
        let plain = name.split(['[', '.']).next().unwrap_or_default();
        let invalid = |problem| Err(AppError::InvalidField { field: Field::of(plain), problem });
        if plain.len() != name.len() {
            return invalid(Problem::WrongType);
        }
        match plain {
            "username" => form.username = value.into_owned(),
            "next" => form.next = Some(value.into_owned()),
            "which" => form.which = value.into_owned(),
            _ => {}
        }
        if !seen.insert(plain.to_owned()) {
            return invalid(Problem::Doubled);
        }
    }
    Ok(form)
}

/// Calls the server function.
async fn call(request: Request, next: Next) -> Result<Response, AppError> {
    let response = next.run(request).await;
    if !response.headers().contains_key(ERROR_HEADER) {
        return Ok(response);
    }
    let body = to_bytes(response.into_body(), MAX_ERROR_BYTES).await.map_err(|_| AppError::Internal)?;
    Err(AppError::de(body))
}

/// It went well: on to where the person wanted to go.
async fn lead_on(gate: &Gate, path: &str, form: &Form, response: Response) -> Response {
    match path {
        "/api/sign_in" => {
            let failed_attempts = value::<SessionInfo>(response).await.map_or(0, |info| info.failed_attempts);
            say(gate, &PageNotice::SignedIn { failed_attempts });
            redirect(next::safe_or_home(form.next.as_deref()))
        }
        "/api/sign_out" => signed_out(gate),
        "/api/end_sessions" if matches!(form.which.as_str(), "all" | "this") => signed_out(gate),
        "/api/end_sessions" => {
            let ended = value(response).await.unwrap_or(0);
            say(gate, &PageNotice::Done(Done::SessionsEnded(ended)));
            redirect(SESSIONS_PAGE)
        }
        "/api/change_password" => {
            say(gate, &PageNotice::Done(Done::PasswordChanged));
            redirect(PASSWORD_PAGE)
        }
        _ => redirect(next::safe_or_home(form.next.as_deref())),
    }
}

fn signed_out(gate: &Gate) -> Response {
    gate.tell(Notice::Ended { reason: Reason::SignedOut, remembered: false });
    redirect(SIGN_IN_PAGE)
}

/// What a server function answered.
async fn value<T: DeserializeOwned>(response: Response) -> Option<T> {
    let body = to_bytes(response.into_body(), MAX_VALUE_BYTES).await.ok()?;
    serde_json::from_slice(&body).ok()
}

/// It did not: back to the form, which says why and still knows the name.
fn lead_back(gate: &Gate, path: &str, form: &Form, error: AppError) -> Response {
    let page = match path {
        "/api/end_sessions" => SESSIONS_PAGE,
        "/api/change_password" => PASSWORD_PAGE,
        "/api/confirm" => CONFIRM_PAGE,
        _ => SIGN_IN_PAGE,
    };
    if error == AppError::ConfirmPassword {
        return redirect(&next::sign_in_address(CONFIRM_PAGE, page));
    }
    let username = form.username.chars().take(AccountName::MAX_CHARS).collect();
    say(gate, &PageNotice::Refused { error, username });
    match page {
        SIGN_IN_PAGE | CONFIRM_PAGE => redirect(&next::sign_in_address(page, form.next.as_deref().unwrap_or("/"))),
        page => redirect(page),
    }
}

fn say(gate: &Gate, page_notice: &PageNotice) {
    match serde_json::to_string(page_notice) {
        Ok(text) => gate.tell(Notice::App(text)),
        Err(error) => tracing::error!(%error, "a notice could not be written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_function_hears_neither_of_documents_nor_of_where_somebody_comes_from() {
        let request = Request::post("/api/sign_in")
            .header("content-type", FORM)
            .header("accept", "text/html")
            .header("referer", "https://evil.example/");
        let (_, seen) = read(request.body(Body::from("username=alice")).unwrap()).await.unwrap();
        assert_eq!(
            (seen.headers().get("referer"), &seen.headers()["accept"]),
            (None, &HeaderValue::from_static("application/json"))
        );
    }

    #[test]
    fn every_field_is_there_once_and_plain() {
        let form = check(&Bytes::from_static(b"username=al%69ce&password=x&next=%2Fa")).unwrap();
        assert_eq!((form.username.as_str(), form.next.as_deref()), ("alice", Some("/a")));
        let invalid = |field, problem| AppError::InvalidField { field, problem };
        for (body, error) in [
            ("username=a&username=b", invalid(Field::Username, Problem::Doubled)),
            ("password=a&password=a", invalid(Field::Password, Problem::Doubled)),
            ("password[]=a", invalid(Field::Password, Problem::WrongType)),
            ("username[x]=a&password=b", invalid(Field::Username, Problem::WrongType)),
            ("username%5Bx%5D=a", invalid(Field::Username, Problem::WrongType)),
            ("next=/a&next=//evil.example", invalid(Field::Other, Problem::Doubled)),
            ("is_admin.x=1", invalid(Field::Other, Problem::WrongType)),
        ] {
            assert_eq!(check(&Bytes::from_static(body.as_bytes())).unwrap_err(), error, "{body}");
        }
    }
}
