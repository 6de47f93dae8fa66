//! A connection that does not wait for ever: for the head of a request, nor for somebody who does
//! not read the answer.

use super::Limits;
use std::{
    future::Future,
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// What the stream has to know of the connection that goes over it.
#[derive(Clone, Default)]
pub(super) struct Phase(Arc<Flags>);

#[derive(Default)]
struct Flags {
    has_head: AtomicBool,
    under_way: AtomicBool,
    stopping: AtomicBool,
}

impl Phase {
    /// The head of a request is there; its answer is not yet.
    pub(super) fn begin(&self) {
        self.0.has_head.store(true, Ordering::Relaxed);
        self.0.under_way.store(true, Ordering::Relaxed);
    }

    /// The answer is there.
    pub(super) fn end(&self) {
        self.0.under_way.store(false, Ordering::Relaxed);
    }

    /// From now on nobody is waited for who has begun a head and sends no more of it.
    pub(super) fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether a head has come since this was asked. The request may be over by now.
    fn takes_head(&self) -> bool {
        self.0.has_head.swap(false, Ordering::Relaxed)
    }

    fn is_under_way(&self) -> bool {
        self.0.under_way.load(Ordering::Relaxed)
    }

    fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }
}

/// A stream with two clocks. hyper's own for heads also runs while a connection is idle, where ten
/// seconds are too few: what proxies keep open for longer would be closed under the next request.
pub(super) struct Paced<S> {
    stream: S,
    limits: Limits,
    phase: Phase,
    head: Option<Pin<Box<Sleep>>>,
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    /// Paced from now on: whoever connects has something to say.
    pub(super) fn new(stream: S, limits: Limits, phase: Phase) -> Self {
        Self { stream, limits, phase, head: Some(Box::pin(sleep(limits.head))), stuck: None }
    }
}

fn is_over(clock: &mut Option<Pin<Box<Sleep>>>, cx: &mut Context<'_>) -> bool {
    clock.as_mut().is_some_and(|clock| clock.as_mut().poll(cx).is_ready())
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.phase.takes_head() {
            // How long a body may take is the router's to say.
            this.head = None;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if this.head.is_none() && !this.phase.is_under_way() && buffer.filled().len() > before {
            this.head = Some(Box::pin(sleep(this.limits.head)));
        }
        let abandoned = this.head.is_some() && read.is_pending() && this.phase.is_stopping();
        if abandoned || is_over(&mut this.head, cx) {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        read
    }
}

/// `written`, unless nothing could be written for too long.
fn unless_stuck<T>(
    written: Poll<io::Result<T>>,
    clock: &mut Option<Pin<Box<Sleep>>>,
    time: Duration,
    cx: &mut Context<'_>,
) -> Poll<io::Result<T>> {
    if written.is_ready() {
        *clock = None;
        return written;
    }
    clock.get_or_insert_with(|| Box::pin(sleep(time)));
    if is_over(clock, cx) { Poll::Ready(Err(ErrorKind::TimedOut.into())) } else { Poll::Pending }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        unless_stuck(written, &mut this.stuck, this.limits.stuck, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        unless_stuck(written, &mut this.stuck, this.limits.stuck, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
