//! What stands around everything: a name for each request in the log, a limit on its time, and a
//! last resort when a handler panics.

use super::api;
use axum::{Router, extract::Request, response::Response};
use daypass_app::AppError;
use std::{any::Any, time::Duration};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::TimeoutLayer,
    trace::TraceLayer,
};
use tracing::Level;

/// The slowest thing that we do is to wait for a password's turn, a few seconds.
const TIME: Duration = Duration::from_secs(30);

pub(super) fn around<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let id = http::HeaderName::from_static("x-request-id");
    router.layer(
        ServiceBuilder::new()
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
            .layer(PropagateRequestIdLayer::new(id))
            .layer(CatchPanicLayer::custom(last_resort))
            .layer(TimeoutLayer::with_status_code(http::StatusCode::SERVICE_UNAVAILABLE, TIME)),
    )
}

/// What a panic says goes to the log; the page learns nothing of it.
fn last_resort(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(event = "sys_crash", said = said.unwrap_or("nothing"), "a handler panicked");
    api::answer(AppError::Internal)
}
