//! Who a request is of, whether they may, and what their browser is told about that.
//!
//! One layer for all of it: what is decided on the way in is at hand on the way out, and a request pays
//! for one.

use super::{
    answer::{ENDED_HEADER, unavailable},
    cookie_names::{brought, take},
    gate::{Change, Gate},
    guard::{Admission, Guard},
    notice::{self, Notice},
};
use crate::{Access, Engine, Reason, Session};
use axum::{extract::Request, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower::{Layer, Service};
use tower_cookies::Cookie;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
/// Browsers heed it over https alone (ASVS 14.3.1). Cookies are not among it: that would take those of
/// every sibling host along, and the one by which this browser is known.
const EVERYTHING_BUT_COOKIES: &str = r#""cache", "storage""#;

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
        let spec = engine.cookies();
        let forget = [spec.session_name(), spec.notice_name()].map(|name| header_value(&spec.removal(name)));
        Self(Arc::new(Door { engine, guard, forget }))
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
        let (access, notice) = self.door.look(request.headers());
        if let Some(access) = access {
            return self.door.pass(access, notice, &mut self.inner, request);
        }
        // The one that was asked whether it is ready is the one to be called.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let door = Arc::clone(&self.door);
        Visit::slow(async move {
            let access = door.check(request.headers()).await;
            door.pass(access, notice, &mut inner, request).await
        })
    }
}

struct Door {
    engine: Engine,
    guard: Guard,
    /// What makes a browser forget its session, and its notice. Strangers can ask for it at any rate.
    forget: [Option<HeaderValue>; 2],
}

/// What is known of a request that its handler is not shown.
struct Arrived {
    /// As it was before this request's own activity.
    access: Access,
    /// Whether that activity is to be written down.
    slides: bool,
    is_call: bool,
    /// The cookie of a session that was replaced by its successor.
    replaced: Option<String>,
}

impl Door {
    /// Who a request is of, if the store need not be asked; and the notice that it brought.
    fn look(&self, headers: &HeaderMap) -> (Option<Access>, Option<Notice>) {
        let spec = self.engine.cookies();
        let names = [spec.session_name(), spec.notice_name(), spec.device_name()];
        let [session, notice, _] = take(headers, names);
        let access = match session.one() {
            Some(value) => self.engine.check_at_once(value),
            // Of two neither is removed: one of them may be the browser's own.
            None => Some(NOBODY),
        };
        (access, notice::presented(&self.engine, notice))
    }

    /// Who it is of otherwise.
    async fn check(&self, headers: &HeaderMap) -> Access {
        match brought(headers, self.engine.cookies().session_name()).one() {
            Some(value) => self.engine.check(value).await,
            None => NOBODY,
        }
    }

    /// Lets a request through to its handler, or answers it.
    fn pass<S>(
        self: &Arc<Self>,
        access: Access,
        notice: Option<Notice>,
        inner: &mut S,
        mut request: Request,
    ) -> Visit<S::Future>
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        let (gate, arrived) = self.arrive(access, notice, &mut request);
        let admission = self.guard.admit(&gate, &request);
        let way_out = WayOut { door: Arc::clone(self), gate, arrived };
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
    fn arrive(&self, access: Access, notice: Option<Notice>, request: &mut Request) -> (Gate, Arrived) {
        let (engine, guard) = (&self.engine, &self.guard);
        let replaced = match &access {
            Access::Absent { reason: Reason::Replaced, .. } => {
                brought(request.headers(), engine.cookies().session_name()).one().map(str::to_owned)
            }
            _ => None,
        };
        let slides = match &access {
            Access::Active(session) => {
                engine.policy().is_slide_due(&session.times, session.checked_at) && guard.is_activity(request)
            }
            Access::Absent { .. } | Access::Unavailable => false,
        };
        // What is rendered shows the time that the answer's cookie will have.
        let shown = match &access {
            Access::Active(session) if slides => Access::Active(engine.used_now(session)),
            other => other.clone(),
        };
        let gate = Gate::new(shown, notice);
        let is_call = guard.is_call(request.uri().path());
        request.extensions_mut().insert(gate.clone());
        (gate, Arrived { access, slides, is_call, replaced })
    }

    /// Writes down the activity of a request that was let in.
    async fn slide(&self, session: &Session) -> Change {
        // The store decides: a session that was ended while the handler ran is not extended.
        match self.engine.extend(session).await {
            Ok(extended) => extended.map_or(Change::Nothing, Change::Name),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "activity could not be written down");
                Change::Nothing
            }
        }
    }

    fn send(&self, response: &mut Response, session: &Session) {
        let sealer = self.engine.sealer();
        match sealer.session_cookie(session) {
            Some(cookie) => set_cookie(response, header_value(&cookie)),
            None => tracing::error!("a session cookie is too long for a browser to keep; it was not sent"),
        }
        if let Some(cookie) = session.device.as_ref().and_then(|device| sealer.device_cookie(device)) {
            set_cookie(response, header_value(&cookie));
        }
    }
}

/// A request on its way back, once the handler's head is ready.
struct WayOut {
    door: Arc<Door>,
    gate: Gate,
    arrived: Arrived,
}

impl WayOut {
    /// Whether nothing is to be written down, so that the answer can go at once.
    fn is_short(&self) -> bool {
        !self.arrived.slides && !self.gate.is_changed()
    }

    /// Writes down what is to be, and says it.
    async fn leave(self, mut response: Response) -> Response {
        let Self { door, gate, arrived } = &self;
        let change = match (gate.take_change(), &arrived.access) {
            (Change::Nothing, Access::Active(session)) if arrived.slides => door.slide(session).await,
            (Change::Forget, _) => {
                let successor = arrived.replaced.as_deref().map(|value| door.engine.sign_out_successor(value));
                if let Some(ended) = successor
                    && let Err(error) = ended.await
                {
                    tracing::error!(error = &error as &dyn std::error::Error, "a sign-out could not be written down");
                    return unavailable();
                }
                Change::Forget
            }
            (change, _) => change,
        };
        self.answer(change, &mut response);
        response
    }

    /// What the browser hears beside what the handler said.
    fn answer(&self, change: Change, response: &mut Response) {
        let Self { door, gate, arrived: Arrived { access, slides, is_call, .. } } = self;
        let spec = door.engine.cookies();
        let mut forgets = false;
        match (change, access) {
            (Change::Name(session), access) => {
                if is_news(&session, access) {
                    door.send(response, &session);
                }
            }
            (Change::Forget, _) => {
                forgets = true;
                if spec.is_secure() {
                    response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static(EVERYTHING_BUT_COOKIES));
                }
            }
            (Change::Nothing, Access::Active(session)) => {
                if !slides && session.lacks_newest() {
                    door.send(response, session);
                }
            }
            (Change::Nothing, Access::Absent { reason, .. }) => {
                if *reason != Reason::None {
                    // A session that was replaced has its successor in this same browser, whose cookie
                    // a late answer would take away. And of one that ended every tab and every call that
                    // is under way shall hear why, so only a document, which says it, takes it away.
                    forgets = *reason == Reason::Invalid || (!is_call && *reason != Reason::Replaced);
                    response.headers_mut().insert(ENDED_HEADER, HeaderValue::from_static(reason.as_str()));
                }
            }
            (Change::Nothing, Access::Unavailable) => {}
        }
        let [forget_session, forget_notice] = &door.forget;
        if forgets {
            set_cookie(response, forget_session.clone());
        }
        if let Some(cookie) = gate.take_told().and_then(|told| notice::cookie(&door.engine, &told)) {
            set_cookie(response, header_value(&cookie));
        } else if gate.notice().is_some() && !response.status().is_redirection() {
            // A redirect shows nothing; the page that it leads to will.
            set_cookie(response, forget_notice.clone());
        }
        // Whatever read or set the session is nobody else's to see, in no cache (ASVS 14.3.2).
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
}

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
    fn slow(slow: impl Future<Output = Result<Response, Infallible>> + Send + 'static) -> Self {
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
            if way_out.is_short() {
                way_out.answer(Change::Nothing, &mut response);
                return Poll::Ready(Ok(response));
            }
            self.set(Self::slow(async move { Ok(way_out.leave(response).await) }));
        }
        match self.project() {
            VisitAt::Slow { slow } => slow.as_mut().poll(context),
            VisitAt::In { .. } => Poll::Pending,
        }
    }
}

/// Whether the browser's cookie is another one than what it should have now. Sent for no other reason:
/// a cookie of an older generation that arrives late would take the newer one's place.
fn is_news(session: &Session, access: &Access) -> bool {
    match access {
        Access::Active(before) => {
            before.lacks_newest() || before.id != session.id || before.generation.number != session.generation.number
        }
        Access::Absent { .. } | Access::Unavailable => true,
    }
}

fn set_cookie(response: &mut Response, value: Option<HeaderValue>) {
    if let Some(value) = value {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn header_value(cookie: &Cookie<'_>) -> Option<HeaderValue> {
    let value = HeaderValue::try_from(cookie.to_string());
    // Ours are made of names and base64.
    value.inspect_err(|error| tracing::error!(%error, "a cookie cannot stand in a header; it is not sent")).ok()
}
