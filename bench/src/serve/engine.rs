//! Daypass's engine, as an app of its own takes it: `protect` around a router of a few lines.

use super::Me;
use crate::{ORIGIN, Outcome};
use axum::{
    Extension, Json, Router,
    extract::{Form, Request, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use daypass_auth::{
    Engine, EngineConfig, Key, KeyRing, Session, SignIn,
    clock::{Clock, SystemClock, Timestamp},
    http::{Gate, Guard, SessionLayer, SessionService},
    live::LiveStore,
    password::Password,
    store,
};
use serde::Deserialize;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tower::Layer as _;

/// The system's clock, which can be put forward so that sessions are due to slide.
#[derive(Default)]
struct Ahead(AtomicU64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(Duration::from_millis(self.0.load(Ordering::Relaxed)))
    }
}

#[derive(Deserialize)]
struct Fields {
    username: String,
    password: String,
}

async fn me(session: Session) -> Json<Me> {
    Json(Me { account: session.account().name.as_str().to_owned() })
}

async fn guest(session: Option<Session>) -> Json<Me> {
    Json(session.map_or_else(Me::guest, |session| Me { account: session.account().name.as_str().to_owned() }))
}

async fn sign_in(
    State(engine): State<Engine>,
    Extension(gate): Extension<Gate>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Json<Me>, StatusCode> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request = SignIn {
        name: &fields.username,
        password: Password::typed(&fields.password).map_err(|_| StatusCode::BAD_REQUEST)?,
        remembered: true,
        replaces: None,
        agent: text("user-agent"),
        place: text("x-forwarded-for"),
        device: None,
    };
    let session = engine.sign_in(request).await.map_err(|_| StatusCode::UNAUTHORIZED)?;
    let me = Me { account: session.account().name.as_str().to_owned() };
    gate.name(session);
    Ok(Json(me))
}

async fn sign_out(
    State(engine): State<Engine>,
    Extension(gate): Extension<Gate>,
    session: Option<Session>,
) -> Result<(), StatusCode> {
    if let Some(session) = session {
        engine.sign_out(&session).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    }
    gate.forget();
    Ok(())
}

pub(super) async fn router(database: &str, known: u32) -> Outcome<SessionService<Router>> {
    let live = Arc::new(LiveStore::new(store::open(database).await?, known));
    let clock = Arc::new(Ahead::default());
    let keys = std::env::var("DAYPASS_KEYS")?;
    let config = EngineConfig { clock: Arc::clone(&clock) as _, ..EngineConfig::for_origin(ORIGIN)? };
    let engine = Engine::new(Arc::clone(&live) as _, KeyRing::new(vec![Key::parse(&keys)?])?, config);
    let guard = Guard {
        public: vec!["/api/guest", "/api/sign_in", "/api/sign_out", "/bench/asked", "/bench/ahead"],
        passive: vec!["/api/sign_out"],
        ..Guard::default()
    };
    let router = Router::new()
        .route("/api/me", get(me))
        .route("/api/guest", get(guest))
        .route("/api/sign_in", post(sign_in))
        .route("/api/sign_out", post(sign_out));
    // For the benchmark alone.
    let router = router
        .with_state(engine.clone())
        .route("/bench/asked", get(move || async move { live.asked().to_string() }))
        .route(
            "/bench/ahead",
            post(move |request: Request| async move {
                let by = request.uri().query().and_then(|by| by.parse().ok()).unwrap_or(0);
                clock.0.fetch_add(by, Ordering::Relaxed);
            }),
        );
    Ok(SessionLayer::new(engine, guard).layer(router))
}
