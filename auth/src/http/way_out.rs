//! The way out of the session layer: what is written down, and what the browser hears.

use super::{
    answer::{ENDED_HEADER, unavailable},
    gate::{Change, Gate, Said},
    layer::Door,
    notice::{self, Notice},
};
use crate::{Access, CookieSpec, Engine, Reason, Session, policy::Policy};
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tower_cookies::Cookie;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
/// Browsers heed it over https alone (ASVS 14.3.1). Cookies are not among it: that would take those of
/// every sibling host along, and the one by which this browser is known.
const EVERYTHING_BUT_COOKIES: &str = r#""cache", "storage""#;

/// What makes a browser forget its cookies. Strangers can ask for it at any rate, so it is made once.
pub(super) struct Forget {
    session: Option<HeaderValue>,
    notice: Option<HeaderValue>,
}

impl Forget {
    pub(super) fn new(spec: &CookieSpec) -> Self {
        let removal = |name| header_value(&spec.removal(name));
        Self { session: removal(spec.session_name()), notice: removal(spec.notice_name()) }
    }
}

/// How long a request took so far.
#[derive(Clone, Copy)]
pub(super) struct Timing {
    /// Until it was known whose it is.
    pub(super) checked: Duration,
    pub(super) let_in: Instant,
}

impl Timing {
    fn header_value(self) -> Option<HeaderValue> {
        let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
        let (session, handler) = (millis(self.checked), millis(self.let_in.elapsed()));
        HeaderValue::try_from(format!("session;dur={session:.3}, handler;dur={handler:.3}")).ok()
    }
}

/// What the way out has to know of a request, for the few for which there is something: see [`Due::is_something`].
pub(super) struct Due {
    /// The session as it was before this request's own activity, if that is to be written down.
    pub(super) slides: Option<Session>,
    pub(super) is_call: bool,
    /// The cookie of a session that was replaced by its successor.
    pub(super) replaced: Option<Vec<u8>>,
    pub(super) timing: Option<Timing>,
}

impl Due {
    /// Whether the way out may have to do more than to keep caches off, though the handler says nothing; and whenever
    /// [`WayOut::leave`] or [`WayOut::answer`] reads something of what is due.
    pub(super) fn is_something(policy: &Policy, access: &Access, notice: Option<&Notice>) -> bool {
        let is_of_access = match access {
            Access::Active(session) => {
                policy.is_slide_due(&session.times, session.checked_at) || session.lacks_newest()
            }
            Access::Absent { reason, .. } => *reason != Reason::None,
            // It is answered that nobody knows, and no more is said.
            Access::Unavailable => false,
        };
        is_of_access || notice.is_some()
    }
}

/// A request on its way back, once the handler's head is ready.
pub(super) struct WayOut {
    pub(super) door: Arc<Door>,
    pub(super) gate: Gate,
    pub(super) due: Option<Box<Due>>,
}

impl WayOut {
    /// Says what there is to say, unless something has to be written down first.
    pub(super) fn leave_at_once(self, response: &mut Response) -> Result<(), Self> {
        match &self.due {
            _ if self.gate.has_said() => return Err(self),
            None => never_cached(response),
            Some(due) if due.slides.is_none() => self.answer(Said::default(), response),
            Some(_) => return Err(self),
        }
        Ok(())
    }

    /// Writes down what is to be, and says it.
    pub(super) async fn leave(self, mut response: Response) -> Response {
        let Self { door, gate, due } = &self;
        let due = due.as_deref();
        let Said { change, told } = gate.take_said();
        let change = match (change, due.and_then(|due| due.slides.as_ref())) {
            (Change::Nothing, Some(session)) => slide(&door.engine, session).await,
            (Change::Forget, _) => {
                let replaced = due.and_then(|due| due.replaced.as_deref());
                let successor = replaced.map(|value| door.engine.sign_out_successor(value));
                if let Some(ended) = successor
                    && let Err(error) = ended.await
                {
                    tracing::error!(error = &error as &dyn std::error::Error, "a sign-out could not be written down");
                    let mut response = unavailable();
                    never_cached(&mut response);
                    return response;
                }
                Change::Forget
            }
            (change, _) => change,
        };
        self.answer(Said { change, told }, &mut response);
        response
    }

    /// What the browser hears beside what the handler said.
    fn answer(&self, said: Said, response: &mut Response) {
        let Self { door, gate, due } = self;
        let due = due.as_deref();
        let spec = door.engine.cookies();
        let mut forgets = false;
        match (said.change, gate.access()) {
            (Change::Name(session), access) => {
                // Activity changes neither of what makes it news.
                if is_news(&session, access) {
                    send(&door.engine, response, &session);
                }
            }
            (Change::Forget, _) => {
                forgets = true;
                if spec.is_secure() {
                    response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static(EVERYTHING_BUT_COOKIES));
                }
            }
            (Change::Nothing, Access::Active(session)) => {
                if due.is_none_or(|due| due.slides.is_none()) && session.lacks_newest() {
                    send(&door.engine, response, session);
                }
            }
            (Change::Nothing, Access::Absent { reason, .. }) => {
                if *reason != Reason::None {
                    // A session that was replaced has its successor in this same browser, whose cookie
                    // a late answer would take away. And of one that ended every tab and every call that
                    // is under way shall hear why, so only a document, which says it, takes it away.
                    let is_call = due.is_some_and(|due| due.is_call);
                    forgets = *reason == Reason::Invalid || (!is_call && *reason != Reason::Replaced);
                    response.headers_mut().insert(ENDED_HEADER, HeaderValue::from_static(reason.as_str()));
                }
            }
            (Change::Nothing, Access::Unavailable) => {}
        }
        if forgets {
            set_cookie(response, door.forget.session.clone());
        }
        if let Some(cookie) = said.told.and_then(|told| notice::cookie(&door.engine, &told)) {
            set_cookie(response, header_value(&cookie));
        } else if gate.notice().is_some() && !response.status().is_redirection() {
            // A redirect shows nothing; the page that it leads to will.
            set_cookie(response, door.forget.notice.clone());
        }
        never_cached(response);
        if let Some(value) = due.and_then(|due| due.timing?.header_value()) {
            response.headers_mut().append(SERVER_TIMING, value);
        }
    }
}

/// Whatever read or set the session is nobody else's to see, in no cache (ASVS 14.3.2).
fn never_cached(response: &mut Response) {
    let headers = response.headers_mut();
    // Most answers have no other. Then it is put in as all headers are: of code that is used for this alone, the
    // processor would have to fetch each line anew for each request, which costs more than to execute it.
    let varies = headers.contains_key(header::VARY);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let cookie = HeaderValue::from_static("Cookie");
    if varies {
        headers.append(header::VARY, cookie);
    } else {
        headers.insert(header::VARY, cookie);
    }
}

/// Writes down the activity of a request that was let in.
async fn slide(engine: &Engine, session: &Session) -> Change {
    // The store decides: a session that was ended while the handler ran is not extended.
    match engine.extend(session).await {
        Ok(extended) => extended.map_or(Change::Nothing, Change::Name),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "activity could not be written down");
            Change::Nothing
        }
    }
}

fn send(engine: &Engine, response: &mut Response, session: &Session) {
    let sealer = engine.sealer();
    match sealer.session_cookie(session) {
        Some(cookie) => set_cookie(response, header_value(&cookie)),
        None => tracing::error!("a session cookie is too long for a browser to keep; it was not sent"),
    }
    if let Some(cookie) = session.device.as_ref().and_then(|device| sealer.device_cookie(device)) {
        set_cookie(response, header_value(&cookie));
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
