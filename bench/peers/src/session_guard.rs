//! session-guard, as its documentation has it, with the account's name for a subject: so that nobody has
//! to be looked up for a check.

use crate::{
    Credentials, Me, Outcome,
    users::{Users, verified},
};
use axum::{
    Form, Json, Router,
    extract::{FromRef, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use session_guard::{AuthSession, Guard, GuardConfig, MemoryStore, PgStore, SessionStore, axum::Sessions};
use sqlx_of_session_guard::PgPool;

/// What its handlers share.
struct App<St> {
    guard: Guard<St, String>,
    users: Users,
}

impl<St> Clone for App<St>
where
    Guard<St, String>: Clone,
{
    fn clone(&self) -> Self {
        Self { guard: self.guard.clone(), users: self.users.clone() }
    }
}

impl<St> FromRef<App<St>> for Guard<St, String>
where
    Guard<St, String>: Clone,
{
    fn from_ref(app: &App<St>) -> Self {
        app.guard.clone()
    }
}

pub(crate) async fn router(url: &str, users: Users) -> Outcome<Router> {
    Ok(match users {
        Users::Postgres(_) => guarded(PgStore::migrated(PgPool::connect(url).await?).await?, users),
        Users::Memory(_) | Users::Sqlite(_) => guarded(MemoryStore::new(), users),
    })
}

fn guarded<St: SessionStore + 'static>(store: St, users: Users) -> Router {
    let guard: Guard<St, String> = Guard::builder(store, GuardConfig::default()).subject::<String>().build();
    let private = Router::new().route("/api/me", get(me)).route("/api/touch", get(me)).layer(guard.layer());
    private
        .merge(
            Router::new()
                .route("/api/sign_in", post(sign_in))
                .route("/api/sign_out", post(sign_out))
                .route("/bench/in", post(let_in)),
        )
        .with_state(App { guard, users })
}

async fn me(session: AuthSession<String>) -> Json<Me> {
    Json(Me { account: session.subject })
}

async fn sign_in<St: SessionStore + 'static>(
    State(app): State<App<St>>,
    sessions: Sessions<St, String>,
    Form(typed): Form<Credentials>,
) -> Response {
    let Ok(found) = app.users.named(&typed.username).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match verified(found, typed.password).await {
        Ok(Some(user)) => start(&sessions, user.username).await,
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn start<St: SessionStore + 'static>(sessions: &Sessions<St, String>, name: String) -> Response {
    match sessions.login(&name).await {
        Ok(new) => (new, Json(Me { account: name })).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn sign_out<St: SessionStore + 'static>(sessions: Sessions<St, String>) -> Response {
    match sessions.logout().await {
        Ok(out) => (out, StatusCode::OK).into_response(),
        Err(error) => error.into_response(),
    }
}

/// For the benchmark alone: whoever is named.
async fn let_in<St: SessionStore + 'static>(
    sessions: Sessions<St, String>,
    Form(typed): Form<Credentials>,
) -> Response {
    start(&sessions, typed.username).await
}
