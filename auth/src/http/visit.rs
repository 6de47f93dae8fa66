//! A request on its way through the session layer: a future without a box, for most of them.

use super::way_out::WayOut;
use axum::response::Response;
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A request on its way through the layer, to its answer.
    #[project = VisitAt]
    pub enum Visit<F> {
        /// Its handler is at work, and most likely nothing is to be done after it.
        In {
            #[pin]
            handler: F,
            // Until the answer is there.
            way_out: Option<WayOut>,
        },
        /// Boxed: few come here.
        Slow { slow: Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>> },
    }
}

impl<F> Visit<F> {
    pub(super) fn slow(slow: impl Future<Output = Result<Response, Infallible>> + Send + 'static) -> Self {
        Self::Slow { slow: Box::pin(slow) }
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Visit<F> {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let VisitAt::In { handler, way_out } = self.as_mut().project() {
            let Ok(mut response) = ready!(handler.poll(context));
            // Nobody asks again once they have the answer.
            let Some(way_out) = way_out.take() else { return Poll::Pending };
            let Err(way_out) = way_out.leave_at_once(&mut response) else { return Poll::Ready(Ok(response)) };
            self.set(Self::slow(async move { Ok(way_out.leave(response).await) }));
        }
        match self.project() {
            VisitAt::Slow { slow } => slow.as_mut().poll(context),
            VisitAt::In { .. } => Poll::Pending,
        }
    }
}
