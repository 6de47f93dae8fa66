//! What stands around everything: a name for each request in the log, a limit on its time, and a
//! last resort when a handler panics.

use super::api;
use axum::{extract::Request, middleware::Next, response::Response};
use daypass_app::AppError;
use http::{HeaderName, HeaderValue};
use std::{
    any::Any,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tracing::{Instrument, Level};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The slowest thing that we do is to wait for a password's turn, a few seconds.
pub(crate) const TIME: Duration = Duration::from_secs(30);

/// The layer that gives each request a name, in the log and in the answer. Ours alone: what somebody sends
/// would stand in the log as if we had named it.
pub(super) async fn named(request: Request, next: Next) -> Response {
    let id = request_id();
    // The path alone: a query may hold what people typed.
    let (method, path) = (request.method().as_str(), request.uri().path());
    let span = tracing::span!(Level::INFO, "request", method, path, id = id.as_str());
    let answer = async {
        let response = next.run(request).await;
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    };
    let mut response = answer.instrument(span).await;
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Sixteen digits that come once, and say nothing of how many came before: they are for finding lines of the
/// log again, and no secret.
fn request_id() -> String {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{:016x}", KEY.hash_one(COUNT.fetch_add(1, Ordering::Relaxed)))
}

/// The layer that bounds a request's time.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(TIME, next.run(request)).await.unwrap_or_else(|_| {
        tracing::error!("a request took longer than {TIME:?}; it was ended");
        api::answer(AppError::Unavailable)
    })
}

/// What a panic says goes to the log; the page learns nothing of it.
pub(super) fn last_resort(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(event = "sys_crash", said = said.unwrap_or("nothing"), "a handler panicked");
    api::answer(AppError::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, middleware::from_fn, routing::get};
    use std::collections::HashSet;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    fn inside(router: Router) -> Router {
        router.layer(from_fn(in_time)).layer(CatchPanicLayer::custom(last_resort))
    }

    #[test]
    fn names_of_requests_come_once() {
        let ids: HashSet<_> = (0..10_000).map(|_| request_id()).collect();
        assert_eq!((ids.len(), ids.iter().all(|id| id.len() == 16)), (10_000, true));
    }

    #[tokio::test]
    async fn a_panic_says_nothing_and_breaks_nothing_else() {
        async fn boom() -> &'static str {
            panic!("at /srv/secret.rs")
        }
        let router: Router = inside(Router::new().route("/boom", get(boom)).route("/fine", get(|| async { "fine" })));
        let ask = |path: &str| router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
        let answer = ask("/boom").await.unwrap();
        assert_eq!(answer.status(), 500);
        let body = axum::body::to_bytes(answer.into_body(), 1024).await.unwrap();
        assert_eq!(body, r#"{"error":"internal"}"#);
        assert_eq!(ask("/fine").await.unwrap().status(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_ends_is_ended() {
        let router: Router = inside(Router::new().route("/never", get(std::future::pending::<&'static str>)));
        let answer = router.oneshot(Request::get("/never").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "2"));
    }
}
