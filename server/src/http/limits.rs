//! What stands around everything: a name for each request in the log, a limit on its time, and a
//! last resort when a handler panics.

use super::api;
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use daypass_app::AppError;
use std::{any::Any, time::Duration};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing::Level;

/// The slowest thing that we do is to wait for a password's turn, a few seconds.
pub(crate) const TIME: Duration = Duration::from_secs(30);

/// Next to the routes: time, and the last resort.
pub(super) fn inside<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(from_fn(in_time)).layer(CatchPanicLayer::custom(last_resort))
}

/// Around everything: a name for each request in the log and in the answer.
pub(super) fn outside<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let id = http::HeaderName::from_static("x-request-id");
    router.layer(
        ServiceBuilder::new()
            // Ours alone: what somebody sends would stand in the log as if we had named it.
            .map_request(|mut request: Request| {
                request.headers_mut().remove("x-request-id");
                request
            })
            .layer(SetRequestIdLayer::new(id.clone(), MakeRequestUuid))
            .layer(
                TraceLayer::new_for_http()
                    .make_span_with(|request: &Request| {
                        // The path alone: a query may hold what people typed.
                        let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
                        tracing::span!(Level::INFO, "request", method = %request.method(), path = request.uri().path(), id)
                    })
                    .on_request(())
                    .on_failure(()),
            )
            .layer(PropagateRequestIdLayer::new(id)),
    )
}

async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(TIME, next.run(request)).await.unwrap_or_else(|_| {
        tracing::error!("a request took longer than {TIME:?}; it was ended");
        api::answer(AppError::Unavailable)
    })
}

/// What a panic says goes to the log; the page learns nothing of it.
fn last_resort(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(event = "sys_crash", said = said.unwrap_or("nothing"), "a handler panicked");
    api::answer(AppError::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, routing::get};
    use tower::ServiceExt;

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
