//! The router: what the tests drive, whole, over a real socket.

mod api;
mod calls;
mod files;
pub(crate) mod forms;
mod framing;
mod headers;
pub(crate) mod limits;
pub(crate) mod lines;
pub(crate) mod report;
pub(crate) mod request;

pub use calls::CallLimit;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, State},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use daypass_app::{App, Assets, PageSettings, server::preload, shell};
use daypass_auth::{
    Engine,
    http::{AtOnce, Guard, OriginCheck, SessionLayer, TrustedProxies},
};
use framing::OneReading;
use headers::Headers;
use http::StatusCode;
use leptos::{config::LeptosOptions, prelude::provide_context};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list, render_app_async_with_context};
use limits::Limited;
use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicBool, Ordering},
};
use tower::ServiceBuilder;

/// Listing the routes runs the app once, with a switch that is global to the process: once, and
/// before anything is served.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// The addresses of all pages.
#[must_use]
pub fn pages() -> Vec<String> {
    ROUTES.iter().map(|route| route.path().to_owned()).collect()
}

/// What the handlers need.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The engine.
    pub engine: Engine,
    /// Under which origins people reach it.
    pub origins: Arc<[String]>,
    /// The proxies in front of it, whose word on where a request came from is believed.
    pub proxies: TrustedProxies,
    /// How much one network may ask for, if that is limited.
    pub calls: Option<CallLimit>,
    /// How the page behaves.
    pub page: PageSettings,
    /// What Leptos needs to know.
    pub leptos: LeptosOptions,
    /// The addresses of the page's own files.
    pub assets: Assets,
    /// Whether those addresses change with their content.
    pub hashed: bool,
    /// Whether it is about to stop.
    pub stopping: Stopping,
}

/// Whether the server is about to stop: nobody new should be sent to it.
#[derive(Clone, Debug, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// It is, from now on.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The state, which each request shares.
#[derive(Clone)]
struct Shared(Arc<AppState>);

impl FromRef<Shared> for LeptosOptions {
    fn from_ref(Shared(state): &Shared) -> Self {
        state.leptos.clone()
    }
}

/// The whole server.
pub fn router(state: AppState) -> Router {
    let state = Arc::new(state);
    let (engine, page) = (state.engine.clone(), state.page);
    let context = move || {
        provide_context(engine.clone());
        provide_context(page);
    };
    let document = {
        let state = Arc::clone(&state);
        move || shell(state.leptos.clone(), &state.assets)
    };
    let render = render_app_async_with_context(context.clone(), document.clone());
    let unavailable: Arc<_> = Arc::new(render.clone());
    // Nobody else than who works on it can reach it there.
    let is_development = !state.engine.cookies().is_secure();
    let guard = Guard {
        public: vec!["/api/sign_in", "/api/sign_out", "/api/session"],
        passive: vec!["/api/session", "/api/sign_out"],
        timing: is_development,
        unavailable: Some(unavailable.clone()),
        ..Guard::default()
    };

    // A stack for each kind of address, put around it by one call of `layer`: each call costs every request two
    // boxes more. From the outside in:
    let everything = ServiceBuilder::new().layer(AtOnce::new(Headers::new(&state))).layer(Limited);
    let ours = (OneReading, OriginCheck { origins: Arc::clone(&state.origins) });
    // Whatever takes work is counted first.
    let count = (state.proxies.clone(), calls::Limit(state.calls.clone()));
    let counted = everything.clone().layer(AtOnce::new((ours.clone(), count.clone())));

    // Private but for the list above: the pages, the server functions, and axum's own routes.
    let private = Router::new()
        .leptos_routes_with_context(&Shared(Arc::clone(&state)), ROUTES.clone(), context, document)
        .layer(
            ServiceBuilder::new().layer(from_fn(forms::edge)).layer(from_fn_with_state(state.engine.clone(), preload)),
        )
        // Neither a page nor a form.
        .route("/api/me", get(api::me))
        .method_not_allowed_fallback(api::method_not_allowed)
        .layer(counted.clone().layer(SessionLayer::new(state.engine.clone(), guard)));
    let public = Router::new().route("/api/{*rest}", any(api::not_found)).route("/readyz", get(ready)).layer(counted);

    // An address that leads nowhere: the page that says so, in the frame of whoever asks.
    let anybody = Guard { open: true, timing: is_development, unavailable: Some(unavailable), ..Guard::default() };
    let nowhere = Router::new()
        .fallback(render)
        .layer(ServiceBuilder::new().layer(AtOnce::new(count)).layer(SessionLayer::new(state.engine.clone(), anybody)))
        .with_state(Shared(Arc::clone(&state)));
    // Files need no session, and do not count; what is no file leads nowhere.
    let files = Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .fallback_service(files::below(&state.leptos.site_root, nowhere))
        .layer(everything.clone().layer(AtOnce::new(ours)));
    // Browsers send reports in nobody's name, some of them without saying from where.
    let reports = Router::new()
        .route("/csp-report", post(report::violation).layer(DefaultBodyLimit::max(report::MAX_BYTES)))
        .layer(everything.layer(AtOnce::new(OneReading)));
    private.merge(public).merge(files).merge(reports).with_state(Shared(state))
}

/// Whether the store answers, and the server is not about to stop. That the store does not tell of changes
/// is no reason to send nobody here: then each check asks it.
async fn ready(State(Shared(state)): State<Shared>) -> Response {
    if state.stopping.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match state.engine.store().ping().await {
        Ok(()) if state.engine.store().tells_of_changes() => "ready\n".into_response(),
        Ok(()) => "ready; each check asks the store, which does not tell of changes\n".into_response(),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}
