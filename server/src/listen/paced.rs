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
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
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
    /// The head of a request is there; all of its answer is not, as long as what this gives is kept.
    pub(super) fn begin(&self) -> Work {
        self.0.has_head.store(true, Ordering::Relaxed);
        self.0.under_way.store(true, Ordering::Relaxed);
        Work(Some(self.clone()))
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

/// A request that is under way.
pub(super) struct Work(Option<Phase>);

impl Work {
    /// From now on the connection is somebody else's, who says how long it may be still.
    pub(super) fn never_ends(&mut self) {
        self.0 = None;
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(phase) = &self.0 {
            phase.0.under_way.store(false, Ordering::Relaxed);
        }
    }
}

/// A stream with two clocks. hyper's own for heads also runs while a connection is idle, where ten
/// seconds are too few: what proxies keep open for longer would be closed under the next request.
pub(super) struct Paced<S> {
    stream: S,
    limits: Limits,
    phase: Phase,
    waits: Waits,
    /// Rings no later than the wait is over. Most waits are short, so it is not set anew for each.
    bell: Pin<Box<Sleep>>,
    stuck: Option<Pin<Box<Sleep>>>,
}

/// What the other side is waited for.
#[derive(Clone, Copy)]
enum Waits {
    /// The rest of a head. From when it first had to be waited for: most come whole.
    Head { since: Option<Instant> },
    /// The next request.
    Idle { since: Instant },
    /// Nothing. Nor is it known whether it will be.
    Not,
}

impl<S> Paced<S> {
    /// Paced from now on: whoever connects has something to say.
    pub(super) fn new(stream: S, limits: Limits, phase: Phase) -> Self {
        let bell = Box::pin(sleep(limits.head));
        Self { stream, limits, phase, waits: Waits::Head { since: Some(Instant::now()) }, bell, stuck: None }
    }

    /// Whether what is waited for has taken too long.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let over = match &mut self.waits {
            Waits::Head { since } => *since.get_or_insert_with(Instant::now) + self.limits.head,
            Waits::Idle { since } => *since + self.limits.idle,
            Waits::Not => return false,
        };
        if self.bell.deadline() > over {
            self.bell.as_mut().reset(over);
        }
        while self.bell.as_mut().poll(cx).is_ready() {
            if self.bell.deadline() >= over {
                return true;
            }
            self.bell.as_mut().reset(over);
        }
        false
    }

    /// The next request is waited for from now on, if none is under way and nothing of one is there.
    fn rest(&mut self, cx: &mut Context<'_>) {
        if !self.phase.is_under_way() && !matches!(self.waits, Waits::Head { .. }) {
            self.waits = Waits::Idle { since: Instant::now() };
            // It may be that nothing is read before the bell rings.
            let _not_yet = self.is_over(cx);
        }
    }

    /// `written`, unless nothing could be written for too long.
    fn wrote(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stuck = None;
            // Nobody was idle while an answer went.
            self.rest(cx);
            return written;
        }
        ready!(self.stuck.get_or_insert_with(|| Box::pin(sleep(self.limits.stuck))).as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.phase.takes_head() {
            // How long a body may take is the router's to say.
            this.waits = Waits::Not;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if !this.phase.is_under_way() {
            this.waits = match this.waits {
                Waits::Not | Waits::Idle { .. } if buffer.filled().len() > before => Waits::Head { since: None },
                Waits::Not => Waits::Idle { since: Instant::now() },
                waits => waits,
            };
        }
        if read.is_pending() {
            let is_head = matches!(this.waits, Waits::Head { .. });
            if is_head && this.phase.is_stopping() || this.is_over(cx) {
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.wrote(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // All may have been written before it was known that nothing follows.
        if matches!(this.waits, Waits::Not) {
            this.rest(cx);
        }
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
