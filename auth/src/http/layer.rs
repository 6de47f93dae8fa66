//! Who a request is of, and what its browser is told about that.

use super::{
    answer::{ENDED_HEADER, unavailable},
    cookie_names::{Brought, Presented},
    guard::Guard,
    notice,
};
use crate::{Access, Engine, Reason, Session};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, header};
use std::sync::{Arc, Mutex, PoisonError};
use tower_cookies::Cookies;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
/// Browsers heed it over https alone (ASVS 14.3.1). Cookies are not among it: that would take those of
/// every sibling host along, and the one by which this browser is known.
const EVERYTHING_BUT_COOKIES: &str = r#""cache", "storage""#;

#[derive(Clone)]
pub(crate) struct LayerState {
    pub(crate) engine: Engine,
    pub(crate) guard: Arc<Guard>,
}

/// How a handler changes the session of its request. In the request's extensions; what is said here
/// becomes the one `Set-Cookie` of the answer.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<Change>>);

#[derive(Debug, Default)]
enum Change {
    #[default]
    Nothing,
    Name(Box<Session>),
    Forget,
}

impl Gate {
    /// The browser shall carry this session from now on: it was just started or extended.
    pub fn name(&self, session: Session) {
        self.set(Change::Name(Box::new(session)));
    }

    /// The browser shall forget its session: it was just ended.
    pub fn forget(&self) {
        self.set(Change::Forget);
    }

    fn set(&self, change: Change) {
        // Nothing that holds this lock can panic half-way through a change.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = change;
    }

    fn take(&self) -> Change {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The layer: opens and checks the cookie on the way in, and on the way out, once the handler's
/// head is ready, sends what changed.
pub(crate) async fn session(
    State(LayerState { engine, guard }): State<LayerState>,
    cookies: Cookies,
    mut request: Request,
    next: Next,
) -> Response {
    let presented = request.extensions().get::<Presented>().cloned().unwrap_or_default();
    let access = match &presented.session {
        Brought::One(value) => engine.check(value).await,
        // Two cannot be told apart, and neither is removed: one of them may be the browser's own.
        Brought::Nothing | Brought::Several => Access::Absent { reason: Reason::None, remembered: false },
    };
    let notice = notice::presented(&engine, &presented);
    let had_notice = notice.is_some();
    if let Some(notice) = notice {
        request.extensions_mut().insert(notice);
    }
    let gate = Gate::default();
    let is_activity = guard.is_activity(&request);
    let is_call = guard.is_call(request.uri().path());
    request.extensions_mut().insert(gate.clone());
    request.extensions_mut().insert(match &access {
        // What is rendered shows the time that the answer's cookie will have.
        Access::Active(session) if is_activity && is_slide_due(&engine, session) => {
            Access::Active(Arc::new(engine.used_now(session)))
        }
        other => other.clone(),
    });

    let mut response = next.run(request).await;

    let spec = engine.cookies();
    match (gate.take(), &access) {
        (Change::Name(session), access) => {
            if is_news(&session, access) {
                send(&engine, &cookies, &session);
            }
        }
        (Change::Forget, _) => {
            if let (Access::Absent { reason: Reason::Replaced, .. }, Brought::One(value)) =
                (&access, &presented.session)
                && let Err(error) = engine.sign_out_successor(value).await
            {
                tracing::error!(error = &error as &dyn std::error::Error, "a sign-out could not be written down");
                return unavailable();
            }
            cookies.add(spec.removal(spec.session_name()));
            if spec.is_secure() {
                response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static(EVERYTHING_BUT_COOKIES));
            }
        }
        (Change::Nothing, Access::Active(session)) => {
            if is_activity && is_slide_due(&engine, session) {
                // The store decides: a session that was ended while the handler ran is not extended.
                match engine.extend(session).await {
                    Ok(Some(extended)) if is_news(&extended, &access) => send(&engine, &cookies, &extended),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "activity could not be written down");
                    }
                }
            } else if session.lacks_newest() {
                send(&engine, &cookies, session);
            }
        }
        (Change::Nothing, Access::Absent { reason, .. }) => {
            if *reason != Reason::None {
                // A session that was replaced has its successor in this same browser, whose cookie
                // a late answer would take away. And of one that ended every tab and every call that
                // is under way shall hear why, so only a document, which says it, takes it away.
                if *reason == Reason::Invalid || (!is_call && *reason != Reason::Replaced) {
                    cookies.add(spec.removal(spec.session_name()));
                }
                response.headers_mut().insert(ENDED_HEADER, HeaderValue::from_static(reason.as_str()));
            }
        }
        (Change::Nothing, Access::Unavailable) => {}
    }
    // A redirect shows nothing; the page that it leads to will.
    if had_notice && !response.status().is_redirection() {
        cookies.add(spec.removal(spec.notice_name()));
    }
    // Whatever read or set the session is nobody else's to see, in no cache (ASVS 14.3.2).
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    response
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

fn is_slide_due(engine: &Engine, session: &Session) -> bool {
    engine.policy().is_slide_due(&session.times, engine.now())
}

fn send(engine: &Engine, cookies: &Cookies, session: &Session) {
    match engine.sealer().session_cookie(session) {
        Some(cookie) => cookies.add(cookie),
        None => tracing::error!("a session cookie is too long for a browser to keep; it was not sent"),
    }
    if let Some(cookie) = session.device.as_ref().and_then(|device| engine.sealer().device_cookie(device)) {
        cookies.add(cookie);
    }
}
