//! What stands around everything: a name for each request in the log, a limit on its time, and a
//! last resort when a handler panics.

use super::{api, request::Named};
use axum::{extract::Request, response::Response};
use daypass_app::AppError;
use futures_util::future::{Either, Ready, ready};
use http::HeaderName;
use pin_project_lite::pin_project;
use std::{
    any::Any,
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep};
use tower::{Layer, Service};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The slowest thing that we do is to wait for a password's turn, a few seconds.
pub(crate) const TIME: Duration = Duration::from_secs(30);

/// The layer: see the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limited;

impl<S> Layer<S> for Limited {
    type Service = LimitedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        LimitedService(inner)
    }
}

/// A service behind the layer.
#[derive(Clone, Debug)]
pub(super) struct LimitedService<S>(S);

impl<S> Service<Request> for LimitedService<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Work<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mut named = Some(Named::new(request.method(), request.uri()));
        let begun = Named::scope(&mut named, || caught(|| self.0.call(request)));
        let inner = begun.map_or_else(|answer| Either::Right(ready(Ok(*answer))), Either::Left);
        Work { inner, named, over: None }
    }
}

pin_project! {
    /// A request that is being worked on.
    pub(super) struct Work<F> {
        #[pin]
        inner: Either<F, Ready<Result<Response, Infallible>>>,
        named: Option<Box<Named>>,
        // From when it first has to wait: most never do.
        over: Option<Pin<Box<Sleep>>>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Work<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(Named::scope(this.named, || {
            let response = match caught(|| this.inner.poll(context)) {
                Ok(Poll::Ready(Ok(response))) => response,
                Ok(Poll::Pending) => {
                    let over = this.over.get_or_insert_with(|| Box::pin(sleep(TIME)));
                    ready!(over.as_mut().poll(context));
                    tracing::error!("a request took longer than {TIME:?}; it was ended");
                    api::answer(AppError::Unavailable)
                }
                Err(answer) => *answer,
            };
            tracing::debug!(status = response.status().as_u16(), "answered");
            Poll::Ready(response)
        }));
        if let Some(id) = this.named.as_ref().and_then(|named| named.header()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        Poll::Ready(Ok(response))
    }
}

/// What a panic says goes to the log; the page learns nothing of it. Nothing that was being worked on is
/// touched again.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Box<Response>> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| Box::new(last_resort(panic)))
}

#[expect(clippy::needless_pass_by_value, reason = "it is dropped here")]
fn last_resort(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(event = "sys_crash", said = said.unwrap_or("nothing"), "a handler panicked");
    api::answer(AppError::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, routing::get};
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_panic_says_nothing_and_breaks_nothing_else() {
        async fn boom() -> &'static str {
            panic!("at /srv/secret.rs")
        }
        let router: Router =
            Router::new().route("/boom", get(boom)).route("/fine", get(|| async { "fine" })).layer(Limited);
        let ask = |path: &str| router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
        let answer = ask("/boom").await.unwrap();
        assert_eq!(answer.status(), 500);
        let body = axum::body::to_bytes(answer.into_body(), 1024).await.unwrap();
        assert_eq!(body, r#"{"error":"internal"}"#);
        assert_eq!(ask("/fine").await.unwrap().status(), 200);
    }

    /// Layers do some of their work before there is a future.
    #[tokio::test]
    async fn nor_does_one_of_a_layer() {
        let boom = tower::service_fn(|_: Request| -> Ready<Result<Response, Infallible>> { panic!("at once") });
        let answer = Limited.layer(boom).oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()[REQUEST_ID].len()), (500, 16));
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_ends_is_ended() {
        let router: Router = Router::new().route("/never", get(std::future::pending::<&'static str>)).layer(Limited);
        let asked = router.oneshot(Request::get("/never").body(Body::empty()).unwrap());
        let answer = tokio::time::timeout(2 * TIME, asked).await.unwrap().unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "2"));
    }
}
