//! tower-cookies alone: who brings a cookie that opens is believed what is in it, for ever.

use super::{Me, account_name};
use crate::Outcome;
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use tower_cookies::{Cookie, CookieManagerLayer, Cookies, Key};

const NAME: &str = "session";

async fn me(State(key): State<Key>, cookies: Cookies) -> Result<Json<Me>, StatusCode> {
    let cookie = cookies.private(&key).get(NAME).ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(Json(Me { account: cookie.value().to_owned() }))
}

async fn guest(State(key): State<Key>, cookies: Cookies) -> Json<Me> {
    Json(cookies.private(&key).get(NAME).map_or_else(Me::guest, |cookie| Me { account: cookie.value().to_owned() }))
}

async fn sign_in(State(key): State<Key>, cookies: Cookies) {
    cookies.private(&key).add(Cookie::new(NAME, account_name(0)));
}

pub(super) fn router() -> Outcome<Router> {
    Ok(Router::new()
        .route("/api/me", get(me))
        .route("/api/guest", get(guest))
        .route("/bench/in", post(sign_in))
        .layer(CookieManagerLayer::new())
        .with_state(Key::try_generate().ok_or("the system gives no random bytes")?))
}
