//! Layers that wait for nothing.
//!
//! What is decided by a look at a request, or added by a look at its answer, needs no task and no box of its
//! own. A stack of these (`tower::ServiceBuilder`) costs a request what its steps cost.

use axum::{extract::Request, response::Response};
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower::{Layer, Service};

/// What is done before a request's handler and after it.
pub trait Step: Clone + Send + Sync + 'static {
    /// What is kept of the request for its answer.
    type Kept: Send;

    /// Before.
    ///
    /// # Errors
    /// With the answer, if the request goes no further. Nothing is done to that one afterwards.
    fn before(&self, request: &mut Request) -> Result<Self::Kept, Box<Response>>;

    /// After, once the head of the answer is there.
    fn after(&self, _kept: Self::Kept, _response: &mut Response) {}
}

/// The layer that does a [`Step`].
#[derive(Clone, Copy, Debug)]
pub struct AtOnce<T>(pub T);

impl<S, T: Step> Layer<S> for AtOnce<T> {
    type Service = AtOnceService<S, T>;

    fn layer(&self, inner: S) -> Self::Service {
        AtOnceService { step: self.0.clone(), inner }
    }
}

/// A service behind [`AtOnce`].
#[derive(Clone, Copy, Debug)]
pub struct AtOnceService<S, T> {
    step: T,
    inner: S,
}

impl<S, T> Service<Request> for AtOnceService<S, T>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    T: Step,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Stepping<S::Future, T>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        match self.step.before(&mut request) {
            Ok(kept) => Stepping::On { inner: self.inner.call(request), after: Some((self.step.clone(), kept)) },
            Err(response) => Stepping::Over { response: Some(response) },
        }
    }
}

pin_project! {
    /// A request on its way through [`AtOnce`].
    #[project = SteppingAt]
    pub enum Stepping<F, T: Step> {
        /// It went on.
        On {
            #[pin]
            inner: F,
            // Until the answer is there.
            after: Option<(T, T::Kept)>,
        },
        /// It was answered.
        Over { response: Option<Box<Response>> },
    }
}

impl<F, T> Future for Stepping<F, T>
where
    F: Future<Output = Result<Response, Infallible>>,
    T: Step,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            SteppingAt::On { inner, after } => {
                let Ok(mut response) = ready!(inner.poll(context));
                if let Some((step, kept)) = after.take() {
                    step.after(kept, &mut response);
                }
                Poll::Ready(Ok(response))
            }
            // Nobody asks again once they have the answer.
            SteppingAt::Over { response } => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(*response)))
            }
        }
    }
}
