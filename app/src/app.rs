//! The document's frame, the table of routes, and what the first paint knows.

use crate::{
    api::Entry,
    components::{ConfirmDialog, Header, Notifications, Preloaded, Warning},
    error::AppError,
    pages::{ActivityPage, ConfirmPage, Home, NotFound, PasswordPage, SessionsPage, SignInPage, UnavailablePage},
    session::{Session, Sudo, watch},
    toast::Toasts,
};
use daypass_auth::{Reason, SessionInfo, info::millis};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the server knows when it renders: it travels with the document, so that the first paint is
/// right and nothing is asked twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPaint {
    /// The session, if there is one.
    pub session: Option<SessionInfo>,
    /// The store does not answer, so nobody knows.
    pub unavailable: bool,
    /// What happened just before, if there is something to say.
    pub notice: Option<PageNotice>,
    /// How long before the end of a session the page says so, in milliseconds.
    pub warning_ms: u64,
    /// What the page lists, if it lists something.
    pub entries: Option<Vec<Entry>>,
}

impl FirstPaint {
    /// Of nobody.
    fn of(settings: PageSettings) -> Self {
        Self { session: None, unavailable: false, notice: None, warning_ms: millis(settings.warning), entries: None }
    }
}

/// How the page behaves, from the configuration. In the context of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSettings {
    /// How long before the end of a session the page says so.
    pub warning: Duration,
}

impl Default for PageSettings {
    /// A minute.
    fn default() -> Self {
        Self { warning: Duration::from_secs(60) }
    }
}

/// What happened just before this page, and the next one has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageNotice {
    /// The session ended.
    Ended {
        /// Why.
        reason: Reason,
        /// The idle timeout that it had, in milliseconds.
        idle_ms: u64,
        /// The absolute timeout that it had, in milliseconds.
        absolute_ms: u64,
    },
    /// Somebody signed in.
    SignedIn {
        /// How many sign-ins had failed since the last one.
        failed_attempts: u32,
    },
    /// A form that was sent without scripts did what it should.
    Done(Done),
    /// A form that was sent without scripts was refused.
    Refused {
        /// Why.
        error: AppError,
        /// The name that was typed, to be typed only once.
        username: String,
    },
}

/// What a form did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// The password was changed.
    PasswordChanged,
    /// So many sessions were ended.
    SessionsEnded(u64),
}

/// The whole app.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let first = SharedValue::new(first_paint).into_inner();
    let unavailable = first.unavailable;
    let toasts = Toasts::provide();
    let session = Session::provide(&first, toasts);
    Sudo::provide(session);
    provide_context(StoredValue::new(first.notice));
    provide_context::<Preloaded>(StoredValue::new(first.entries));
    // Effects run in the browser alone, and after the page is live.
    Effect::new(move |_| {
        watch::start(session);
        toasts.announce();
        // Once the effects of the first paint have run: those tell a page that was loaded from one
        // that was navigated to.
        set_timeout(mark_hydrated, Duration::ZERO);
    });

    view! {
        <Title formatter=|title: String| format!("{title} · Daypass") />
        <Router>
            <a class="skip-link" href="#main" rel="external">
                "Skip to content"
            </a>
            <Header />
            <Notifications />
            <Warning />
            <ConfirmDialog />
            <main id="main" tabindex="-1">
                {if unavailable { view! { <UnavailablePage /> }.into_any() } else { view! { <Pages /> }.into_any() }}
            </main>
        </Router>
    }
}

#[component]
fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=NotFound>
            <Route path=path!("/") view=Home ssr=SsrMode::Async />
            <Route path=path!("/login") view=SignInPage ssr=SsrMode::Async />
            <Route path=path!("/account/sessions") view=SessionsPage ssr=SsrMode::Async />
            <Route path=path!("/account/password") view=PasswordPage ssr=SsrMode::Async />
            <Route path=path!("/account/activity") view=ActivityPage ssr=SsrMode::Async />
            <Route path=path!("/account/confirm") view=ConfirmPage ssr=SsrMode::Async />
        </Routes>
    }
}

/// For tests and scripts that must not act on a page that is not live yet.
fn mark_hydrated() {
    if let Some(root) = document().document_element() {
        let _unsupported = root.set_attribute("data-hydrated", "true");
    }
}

#[cfg(not(feature = "ssr"))]
fn first_paint() -> FirstPaint {
    // Only ever asked when the document brought nothing: then nobody is known to be signed in.
    FirstPaint::of(PageSettings::default())
}

#[cfg(feature = "ssr")]
fn first_paint() -> FirstPaint {
    use daypass_auth::{
        Access,
        http::{Gate, Notice},
    };

    let settings = use_context::<PageSettings>().unwrap_or_default();
    let mut first = FirstPaint::of(settings);
    // Without a request the routes are only being listed.
    let Some(parts) = use_context::<http::request::Parts>() else { return first };
    let gate = Gate::of(&parts.extensions);
    match gate.map(Gate::access) {
        Some(Access::Active(session)) => first.session = Some(session.info()),
        Some(Access::Unavailable) => first.unavailable = true,
        Some(Access::Absent { .. }) | None => {}
    }
    first.entries = parts.extensions.get::<crate::server::Preloaded>().map(|preloaded| preloaded.0.clone());
    first.notice = match gate.and_then(Gate::notice) {
        Some(Notice::Ended { reason, remembered }) => use_context::<daypass_auth::Engine>().map(|engine| {
            let timeouts = engine.policy().timeouts(*remembered);
            PageNotice::Ended {
                reason: *reason,
                idle_ms: millis(timeouts.idle),
                absolute_ms: millis(timeouts.absolute),
            }
        }),
        Some(Notice::App(text)) => serde_json::from_str(text).ok(),
        None => None,
    };
    first
}
