//! Layers that wait for nothing.
//!
//! What is decided by a look at a request, or added by a look at its answer, needs no task and no box of its
//! own. Several that follow one another are one step, `(outer, inner)`, and so one layer: each layer more copies
//! the request and its answer once more.

use axum::{extract::Request, response::Response};
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower::{Layer, Service};

/// What is done before a request's handler and after it.
pub trait Step: Send + Sync + 'static {
    /// What is kept of the request for its answer.
    type Kept: Send;

    /// Before.
    ///
    /// # Errors
    /// With the answer, if the request goes no further. This step does nothing to that one afterwards; those
    /// around it do.
    fn before(&self, request: &mut Request) -> Result<Self::Kept, Box<Response>>;

    /// After, once the head of the answer is there.
    fn after(&self, _kept: Self::Kept, _response: &mut Response) {}
}

/// The first stands around the second, so that what the second answers goes out through the first.
impl<A: Step, B: Step> Step for (A, B) {
    type Kept = (A::Kept, B::Kept);

    fn before(&self, request: &mut Request) -> Result<Self::Kept, Box<Response>> {
        let outer = self.0.before(request)?;
        match self.1.before(request) {
            Ok(inner) => Ok((outer, inner)),
            Err(mut response) => {
                self.0.after(outer, &mut response);
                Err(response)
            }
        }
    }

    fn after(&self, (outer, inner): Self::Kept, response: &mut Response) {
        self.1.after(inner, response);
        self.0.after(outer, response);
    }
}

/// The layer that does a [`Step`].
#[derive(Debug)]
pub struct AtOnce<T>(Arc<T>);

impl<T: Step> AtOnce<T> {
    /// The layer of one step, or of several: `(outer, inner)`.
    #[must_use]
    pub fn new(step: T) -> Self {
        Self(Arc::new(step))
    }
}

impl<T> Clone for AtOnce<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, T: Step> Layer<S> for AtOnce<T> {
    type Service = AtOnceService<S, T>;

    fn layer(&self, inner: S) -> Self::Service {
        AtOnceService { step: Arc::clone(&self.0), inner }
    }
}

/// A service behind [`AtOnce`].
#[derive(Debug)]
pub struct AtOnceService<S, T> {
    step: Arc<T>,
    inner: S,
}

impl<S: Clone, T> Clone for AtOnceService<S, T> {
    fn clone(&self) -> Self {
        Self { step: Arc::clone(&self.step), inner: self.inner.clone() }
    }
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
            Ok(kept) => Stepping::On { inner: self.inner.call(request), after: Some((Arc::clone(&self.step), kept)) },
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
            after: Option<(Arc<T>, T::Kept)>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::{HeaderValue, StatusCode};
    use tower::ServiceExt;

    /// Notes that it was passed, on the way in and on the way out; refuses what is for it.
    struct Post(&'static str);

    impl Step for Post {
        type Kept = &'static str;

        fn before(&self, request: &mut Request) -> Result<&'static str, Box<Response>> {
            request.headers_mut().append("passed", HeaderValue::from_static(self.0));
            if request.uri().path() == self.0 {
                return Err(Box::new(Response::builder().status(StatusCode::FORBIDDEN).body(Body::empty()).unwrap()));
            }
            Ok(self.0)
        }

        fn after(&self, kept: &'static str, response: &mut Response) {
            response.headers_mut().append("passed", HeaderValue::from_static(kept));
        }
    }

    /// How a request to `path` is answered, and what it passed until then.
    async fn ask(path: &str) -> (u16, String) {
        let echo = tower::service_fn(|request: Request| async move {
            let mut response = Response::new(Body::empty());
            *response.headers_mut() = request.headers().clone();
            Ok::<_, Infallible>(response)
        });
        let posts = AtOnce::new((Post("/a"), (Post("/b"), Post("/c"))));
        let answer = posts.layer(echo).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let passed: Vec<_> = answer.headers().get_all("passed").iter().map(|value| value.to_str().unwrap()).collect();
        (answer.status().as_u16(), passed.join(" "))
    }

    #[tokio::test]
    async fn the_first_of_several_stands_around_the_others() {
        assert_eq!(ask("/").await, (200, "/a /b /c /c /b /a".to_owned()));
    }

    #[tokio::test]
    async fn what_one_refuses_goes_out_through_those_before_it() {
        assert_eq!(ask("/a").await, (403, String::new()));
        assert_eq!(ask("/b").await, (403, "/a".to_owned()));
        assert_eq!(ask("/c").await, (403, "/b /a".to_owned()));
    }
}
