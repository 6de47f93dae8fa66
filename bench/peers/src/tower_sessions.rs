//! tower-sessions with axum-login, as axum-login's example has them.

use crate::{Credentials, Me, Outcome, users::Users};
use axum::{
    Form, Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use axum_login::{
    AuthManagerLayerBuilder, AuthSession, login_required,
    tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer, SessionStore},
};
use time::Duration;
use tower_sessions_sqlx_store::{PostgresStore, SqliteStore};

type Auth = AuthSession<Users>;

pub(crate) async fn router(users: Users) -> Outcome<Router> {
    Ok(match &users {
        Users::Memory(_) => layered(users, MemoryStore::default()),
        Users::Sqlite(pool) => {
            let store = SqliteStore::new(pool.clone());
            store.migrate().await?;
            layered(users, store)
        }
        Users::Postgres(pool) => {
            let store = PostgresStore::new(pool.clone());
            store.migrate().await?;
            layered(users, store)
        }
    })
}

fn layered<S: SessionStore + Clone>(users: Users, store: S) -> Router {
    let sessions = SessionManagerLayer::new(store).with_expiry(Expiry::OnInactivity(Duration::days(1)));
    let auth = AuthManagerLayerBuilder::new(users, sessions).build();
    Router::new()
        .route("/api/me", get(me))
        .route("/api/touch", get(touch))
        .route_layer(login_required!(Users))
        .route("/api/guest", get(guest))
        .route("/api/sign_in", post(sign_in))
        .route("/api/sign_out", post(sign_out))
        .route("/bench/in", post(let_in))
        .layer(auth)
}

async fn me(auth: Auth) -> Result<Json<Me>, StatusCode> {
    let user = auth.user.ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(Json(Me { account: user.username }))
}

async fn guest(auth: Auth) -> Json<Me> {
    Json(auth.user.map_or_else(Me::guest, |user| Me { account: user.username }))
}

/// Something in the session changes, so it is written, and lives longer.
async fn touch(auth: Auth, session: Session) -> Result<Json<Me>, StatusCode> {
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    session.insert("seen", now).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    me(auth).await
}

async fn sign_in(mut auth: Auth, Form(typed): Form<Credentials>) -> Result<Json<Me>, StatusCode> {
    let user = auth.authenticate(typed).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let user = user.ok_or(StatusCode::UNAUTHORIZED)?;
    auth.login(&user).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Me { account: user.username }))
}

async fn sign_out(mut auth: Auth) -> Result<(), StatusCode> {
    auth.logout().await.map(drop).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// For the benchmark alone: whoever is named.
async fn let_in(mut auth: Auth, Form(typed): Form<Credentials>) -> Result<(), StatusCode> {
    let user = auth.backend.named(&typed.username).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    auth.login(&user.ok_or(StatusCode::NOT_FOUND)?).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
