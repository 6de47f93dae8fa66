//! Who a request is of, whether they may, and what their browser is told about that.
//!
//! One layer for all of it: what is decided on the way in is at hand on the way out ([`WayOut`]), and a request
//! pays for one.

use super::{
    cookie_names::{brought, take},
    gate::Gate,
    guard::{Admission, Guard},
    notice::{self, Notice},
    visit::Visit,
    way_out::{Due, Forget, Timing, WayOut},
};
use crate::{Access, Engine, Reason};
use axum::{extract::Request, response::Response};
use http::{Extensions, HeaderMap, header};
use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};
use tower::{Layer, Service};

/// Of whom a request is that brought no session.
const NOBODY: Access = Access::Absent { reason: Reason::None, remembered: false };

/// What [`protect`](super::protect) puts around a router, for who has a stack of layers.
#[derive(Clone)]
pub struct SessionLayer(Arc<Door>);

impl fmt::Debug for SessionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLayer").field("guard", &self.0.guard).finish_non_exhaustive()
    }
}

impl SessionLayer {
    /// The layer of this engine, which lets in whom `guard` says.
    #[must_use]
    pub fn new(engine: Engine, guard: Guard) -> Self {
        let forget = Forget::new(engine.cookies());
        Self(Arc::new(Door { engine, guard, forget, room: room_for_more() }))
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService { door: Arc::clone(&self.0), inner }
    }
}

/// A service behind the layer.
#[derive(Clone)]
pub struct SessionService<S> {
    door: Arc<Door>,
    inner: S,
}

impl<S> Service<Request> for SessionService<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Visit<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let began = self.door.guard.timing.then(Instant::now);
        let (access, notice) = self.door.look(request.headers());
        if let Some(access) = access {
            return self.door.pass(access, notice, began, &mut self.inner, request);
        }
        // The one that was asked whether it is ready is the one to be called.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let door = Arc::clone(&self.door);
        Visit::slow(async move {
            let access = door.check(request.headers()).await;
            door.pass(access, notice, began, &mut inner, request).await
        })
    }
}

/// What the layer has of its own, for all requests.
pub(super) struct Door {
    pub(super) engine: Engine,
    pub(super) guard: Guard,
    pub(super) forget: Forget,
    room: Extensions,
}

/// Extensions with nothing in them, and room for what layers and a router put into those of a request: what
/// grows with each thing is dearer. The session layer gives it to a request that has none; a host that puts
/// something there before begins with it, too.
#[must_use]
pub fn room_for_more() -> Extensions {
    let mut room = Extensions::new();
    room.insert(0_u8);
    room.insert(0_u16);
    room.insert(0_u32);
    room.insert(0_u64);
    room.clear();
    room
}

impl Door {
    /// Who a request is of, if the store need not be asked; and the notice that it brought.
    fn look(&self, headers: &HeaderMap) -> (Option<Access>, Option<Notice>) {
        if !headers.contains_key(header::COOKIE) {
            return (Some(NOBODY), None);
        }
        let spec = self.engine.cookies();
        let names = [spec.session_name(), spec.notice_name(), spec.device_name()];
        let [session, notice, _] = take(headers, names);
        let access = match session.one() {
            Some(value) => self.engine.check_at_once(value),
            // Of two neither is removed: one of them may be the browser's own.
            None => Some(NOBODY),
        };
        (access, notice.one().and_then(|notice| notice::presented(&self.engine, notice)))
    }

    /// Who it is of otherwise.
    async fn check(&self, headers: &HeaderMap) -> Access {
        match brought(headers, self.engine.cookies().session_name()).one() {
            Some(value) => self.engine.check(value).await,
            None => NOBODY,
        }
    }

    /// Lets a request through to its handler, or answers it. Inline, since to hand a request on is to copy it.
    #[inline(always)]
    fn pass<S>(
        self: &Arc<Self>,
        access: Access,
        notice: Option<Notice>,
        began: Option<Instant>,
        inner: &mut S,
        mut request: Request,
    ) -> Visit<S::Future>
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        let (gate, due) = self.arrive(access, notice, began, &mut request);
        let admission = self.guard.admit(&gate, &request);
        let way_out = WayOut { door: Arc::clone(self), gate, due };
        match admission {
            Admission::LetIn => Visit::In { handler: inner.call(request), way_out: Some(way_out) },
            Admission::Answered(response) => Visit::slow(async move { Ok(way_out.leave(*response).await) }),
            Admission::Away => Visit::slow(async move {
                let response = way_out.door.guard.away(request).await;
                Ok(way_out.leave(response).await)
            }),
        }
    }

    /// On the way in: what the handler is shown, and what is to be done on the way out.
    fn arrive(
        &self,
        access: Access,
        notice: Option<Notice>,
        began: Option<Instant>,
        request: &mut Request,
    ) -> (Gate, Option<Box<Due>>) {
        let is_due = began.is_some() || Due::is_something(self.engine.policy(), &access, notice.as_ref());
        let (access, due) = if is_due {
            let (access, due) = self.due(access, began, request);
            (access, Some(Box::new(due)))
        } else {
            (access, None)
        };
        let gate = Gate::new(access, notice);
        let extensions = request.extensions_mut();
        if extensions.is_empty() {
            extensions.clone_from(&self.room);
        }
        extensions.insert(gate.clone());
        (gate, due)
    }

    /// What is due on the way out, and who the handler is shown.
    #[cold]
    fn due(&self, access: Access, began: Option<Instant>, request: &Request) -> (Access, Due) {
        let (engine, guard) = (&self.engine, &self.guard);
        let replaced = match &access {
            Access::Absent { reason: Reason::Replaced, .. } => {
                brought(request.headers(), engine.cookies().session_name()).one().map(<[u8]>::to_owned)
            }
            _ => None,
        };
        // What is rendered shows the time that the answer's cookie will have.
        let (shown, slides) = match access {
            Access::Active(session)
                if engine.policy().is_slide_due(&session.times, session.checked_at) && guard.is_activity(request) =>
            {
                (Access::Active(engine.used_now(&session)), Some(session))
            }
            other => (other, None),
        };
        let is_call = guard.is_call(request.uri().path());
        let timing = began.map(|began| Timing { checked: began.elapsed(), let_in: Instant::now() });
        (shown, Due { slides, is_call, replaced, timing })
    }
}
