//! The layers around a router of an app's own, over a real socket.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::{
    Router, ServiceExt,
    extract::{Request, State},
    http::{
        HeaderName, HeaderValue,
        header::{CACHE_CONTROL, VARY},
    },
    response::AppendHeaders,
    routing::{get, post},
};
use daypass_auth::{
    AccountName, Engine, EngineConfig, Key, KeyRing, Session, SignIn,
    clock::{ManualClock, Timestamp},
    http::{Gate, Guard, SessionLayer, SudoSession, protect},
    password::{Hasher, Password},
    store, testing,
};
use reqwest::{Client, Response, redirect};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::Semaphore};
use tower::Layer as _;

/// An app whose slow handler stands still until the test lets it go on.
#[derive(Clone)]
struct App {
    engine: Engine,
    entered: Arc<Semaphore>,
    go_on: Arc<Semaphore>,
}

struct Scene {
    app: App,
    clock: Arc<ManualClock>,
    key: Key,
    database: String,
    url: String,
    client: Client,
    _folder: Option<TempDir>,
}

async fn slow(State(app): State<App>, _: Session) -> &'static str {
    app.entered.add_permits(1);
    app.go_on.acquire().await.unwrap().forget();
    "done"
}

async fn sign_in(State(app): State<App>, session: Option<Session>, gate: Gate) {
    let request = SignIn {
        name: "alice",
        password: Password::typed("her password").unwrap(),
        remembered: false,
        replaces: session.as_ref(),
        agent: "",
        place: "",
        device: None,
    };
    gate.name(app.engine.sign_in(request).await.unwrap());
}

async fn sign_out(State(app): State<App>, session: Option<Session>, gate: Gate) {
    if let Some(session) = session {
        app.engine.sign_out(&session).await.unwrap();
    }
    gate.forget();
}

/// The store goes away before the sign-out is written down.
async fn sign_out_out_of_reach(State(app): State<App>, gate: Gate) {
    app.engine.store().close().await;
    gate.forget();
}

/// Would be kept by a cache, and varies by more than one thing.
async fn languages() -> (AppendHeaders<[(HeaderName, &'static str); 3]>, &'static str) {
    let headers = [(CACHE_CONTROL, "public, max-age=3600"), (VARY, "Accept"), (VARY, "Accept-Language")];
    (AppendHeaders(headers), "hello")
}

const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

async fn scene() -> Scene {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite://{}/test.db", folder.path().display());
    Scene { _folder: Some(folder), ..scene_over(database, "http://localhost").await }
}

/// With the account alice in this database, and cookies that are sealed for this audience.
async fn scene_over(database: String, audience: &str) -> Scene {
    let store = store::open(&database).await.unwrap();
    let hash = Hasher::new(1).hash(Password::typed("her password").unwrap()).await.unwrap();
    store.create_account(&AccountName::parse("alice").unwrap(), &hash, false, START).await.unwrap();
    node(database, audience, ManualClock::at(START), Key::generate().unwrap()).await
}

/// A node over a database that is there.
async fn node(database: String, audience: &str, clock: Arc<ManualClock>, key: Key) -> Scene {
    let config = EngineConfig {
        clock: clock.clone(),
        audience: audience.to_owned(),
        ..EngineConfig::for_origin("http://localhost").unwrap()
    };
    let store = store::open(&database).await.unwrap();
    let engine = Engine::new(store, KeyRing::new(vec![key.clone()]).unwrap(), config);
    let app = App { engine: engine.clone(), entered: Arc::new(Semaphore::new(0)), go_on: Arc::new(Semaphore::new(0)) };
    let guard = Guard { public: vec!["/in", "/out", "/out-of-reach", "/guest", "/languages"], ..Guard::default() };
    let router = Router::new()
        .route("/slow", get(slow))
        .route("/page", get(|session: Session| async move { session.account().name.to_string() }))
        .route("/private", get(|| async { "in" }))
        .route(
            "/guest",
            get(|session: Option<Session>| async move { if session.is_some() { "somebody" } else { "nobody" } }),
        )
        .route("/languages", get(languages))
        .route("/sensitive", get(|SudoSession(session): SudoSession| async move { session.account().name.to_string() }))
        .route("/in", post(sign_in))
        .route("/out", post(sign_out))
        .route("/out-of-reach", post(sign_out_out_of_reach));
    let router = protect(router, &engine, guard).with_state(app.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    Scene { app, clock, key, database, url, client, _folder: None }
}

impl Scene {
    async fn get(&self, path: &str, cookie: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).header("cookie", cookie).send().await.unwrap()
    }

    async fn post(&self, path: &str, cookie: &str) -> Response {
        self.client.post(format!("{}{path}", self.url)).header("cookie", cookie).send().await.unwrap()
    }

    async fn sign_in(&self) -> String {
        cookie(&self.post("/in", "").await).unwrap()
    }

    /// Another node over the same database.
    async fn another(&self) -> Self {
        node(self.database.clone(), "http://localhost", self.clock.clone(), self.key.clone()).await
    }
}

fn cookie(answer: &Response) -> Option<String> {
    let cookies = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let pair = cookies.filter_map(|cookie| cookie.split(';').next()).find(|pair| pair.starts_with("daypass="))?;
    (pair != "daypass=").then(|| pair.to_owned())
}

/// The app that an engine's user writes: extractor, optional extractor, guard.
#[tokio::test]
async fn a_handler_that_takes_a_session_is_reached_with_one_or_not_at_all() {
    let scene = scene().await;
    let answer = scene.get("/page", "").await;
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (302, "/login?next=/page"));
    assert_eq!(scene.get("/guest", "").await.text().await.unwrap(), "nobody");
    let cookie = scene.sign_in().await;
    assert_eq!(scene.get("/page", &cookie).await.text().await.unwrap(), "alice");
    assert_eq!(scene.get("/guest", &cookie).await.text().await.unwrap(), "somebody");
    assert_eq!(scene.get("/sensitive", &cookie).await.text().await.unwrap(), "alice");
    // Ten minutes after the password, in a session that goes on.
    for _ in 0..2 {
        assert_eq!(scene.get("/page", &cookie).await.status(), 200);
        scene.clock.advance(Duration::from_secs(300));
    }
    let refused = scene.get("/sensitive", &cookie).await;
    assert_eq!(
        (refused.status(), refused.text().await.unwrap()),
        (403.try_into().unwrap(), r#"{"error":"confirm_password"}"#.to_owned())
    );
    assert_eq!(scene.get("/page", &cookie).await.status(), 200);
}

/// Whatever the handler says of it, and whoever asks: nobody, somebody, somebody whose session is extended, and who
/// brings what does not open.
#[tokio::test]
async fn no_cache_keeps_an_answer_and_what_it_varies_by_is_said_in_whole() {
    let scene = scene().await;
    let cookie = scene.sign_in().await;
    let spoilt = format!("{cookie}x");
    for (path, vary) in [("/guest", &["Cookie"][..]), ("/languages", &["Accept", "Accept-Language", "Cookie"])] {
        for brought in [None, Some(""), Some(&*cookie), Some(&spoilt)] {
            scene.clock.advance(Duration::from_secs(20));
            let request = scene.client.get(format!("{}{path}", scene.url));
            let request = brought.into_iter().fold(request, |request, cookie| request.header("cookie", cookie));
            let answer = request.send().await.unwrap();
            assert_eq!((said(&answer, "cache-control"), said(&answer, "vary")), (parsed(&["no-store"]), parsed(vary)));
            assert_eq!(answer.status(), 200, "{path} {brought:?}");
        }
    }
}

/// Nor the one that says that nobody knows.
#[tokio::test]
async fn a_sign_out_that_could_not_be_written_down_is_not_taken_for_one_and_kept_by_no_cache() {
    let scene = scene().await;
    let replaced = scene.sign_in().await;
    assert_eq!(scene.post("/in", &replaced).await.status(), 200);
    let answer = scene.post("/out-of-reach", &replaced).await;
    assert_eq!((answer.status().as_u16(), said(&answer, "set-cookie")), (503, parsed(&[])));
    assert_eq!((said(&answer, "cache-control"), said(&answer, "vary")), (parsed(&["no-store"]), parsed(&["Cookie"])));
}

fn said(answer: &Response, name: &str) -> Vec<HeaderValue> {
    answer.headers().get_all(name).iter().cloned().collect()
}

fn parsed(values: &[&str]) -> Vec<HeaderValue> {
    values.iter().map(|value| value.parse().unwrap()).collect()
}

/// What is around the whole router protects what is in it, and what is not.
#[tokio::test]
async fn the_layer_goes_around_a_whole_app_too() {
    let scene = scene().await;
    let router = Router::new()
        .route("/page", get(|session: Session| async move { session.account().name.to_string() }))
        .route("/private", get(|| async { "in" }));
    let app = SessionLayer::new(scene.app.engine.clone(), Guard::default()).layer(router);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, ServiceExt::<Request>::into_make_service(app)).await });
    let cookie = scene.sign_in().await;
    let around = Scene { url, ..scene };
    for path in ["/page", "/private", "/nowhere"] {
        assert_eq!(around.get(path, "").await.status(), 302, "{path}");
    }
    assert_eq!(around.get("/page", &cookie).await.text().await.unwrap(), "alice");
    assert_eq!(around.get("/private", &cookie).await.headers()["cache-control"], "no-store");
    assert_eq!(around.get("/nowhere", &cookie).await.status(), 404);
}

/// Nor what takes no session: it is the guard that keeps it private.
#[tokio::test]
async fn nobody_is_let_in_while_the_store_is_away() {
    let scene = scene().await;
    let cookie = scene.sign_in().await;
    assert_eq!(scene.get("/private", &cookie).await.text().await.unwrap(), "in");
    scene.app.engine.store().close().await;
    for path in ["/private", "/page", "/guest"] {
        let answer = scene.get(path, &cookie).await;
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap() == "in"), (503, false), "{path}");
    }
}

#[tokio::test]
async fn a_route_outside_of_the_layers_lets_nobody_in() {
    let router: Router = Router::new().route("/bare", get(|_: Session| async { "in" }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/bare", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    assert_eq!(reqwest::get(url).await.unwrap().status(), 500);
}

/// The race that revives sessions elsewhere: a request that was let in, a sign-out that completes
/// while it runs, and then the request's own end, which would like to extend the session.
#[tokio::test]
async fn a_sign_out_beats_a_request_in_flight() {
    let scene = scene().await;
    sign_out_while_a_request_is_in_flight(&scene, &scene, 50).await;
}

#[tokio::test]
async fn a_sign_out_on_one_node_beats_a_request_in_flight_on_another() {
    let on_sqlite = scene().await;
    sign_out_while_a_request_is_in_flight(&on_sqlite, &on_sqlite.another().await, 20).await;
    let on_postgres = scene_over(testing::database().await, "http://localhost").await;
    sign_out_while_a_request_is_in_flight(&on_postgres, &on_postgres.another().await, 20).await;
}

/// Signs out on one node while another, or the same, has read the session and not answered yet.
async fn sign_out_while_a_request_is_in_flight(scene: &Scene, other: &Scene, rounds: usize) {
    for round in 0..rounds {
        let mut cookie_before = scene.sign_in().await;
        // Every other time the slow request would renew the cookie, not only write its activity down.
        for _ in 0..round % 2 {
            scene.clock.advance(Duration::from_secs(590));
            let answer = scene.get("/guest", &cookie_before).await;
            assert_eq!(answer.status(), 200);
            cookie_before = cookie(&answer).unwrap_or(cookie_before);
        }
        scene.clock.advance(Duration::from_secs(590));
        let slow = tokio::spawn({
            let (client, url, cookie) = (scene.client.clone(), scene.url.clone(), cookie_before.clone());
            async move { client.get(format!("{url}/slow")).header("cookie", cookie).send().await.unwrap() }
        });
        scene.app.entered.acquire().await.unwrap().forget();
        assert_eq!(other.post("/out", &cookie_before).await.status(), 200);
        scene.app.go_on.add_permits(1);
        let answer = slow.await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(cookie(&answer), None, "a dead session was extended, round {round}");
        for node in [scene, other] {
            let after = node.get("/page", &cookie_before).await;
            assert_eq!(after.status(), 302, "the session is back, round {round}");
        }
    }
    assert_eq!(scene.app.engine.store().sessions(None).await.unwrap().len(), 0);
}

/// The same without a sign-out: then the slow request does extend.
#[tokio::test]
async fn a_slow_request_extends_a_session_that_lives() {
    let scene = scene().await;
    let before = scene.sign_in().await;
    scene.clock.advance(Duration::from_secs(120));
    scene.app.go_on.add_permits(1);
    let answer = scene.get("/slow", &before).await;
    assert_eq!(answer.status(), 200);
    scene.clock.advance(Duration::from_secs(599));
    assert_eq!(scene.get("/page", &before).await.status(), 200);
}

#[tokio::test]
async fn signing_in_again_ends_the_session_that_was_there() {
    let scene = scene().await;
    let first = scene.sign_in().await;
    let second = cookie(&scene.post("/in", &first).await).unwrap();
    assert_eq!(scene.get("/page", &first).await.status(), 302);
    assert_eq!(scene.get("/page", &second).await.status(), 200);
    assert_eq!(scene.app.engine.store().sessions(None).await.unwrap().len(), 1);
}

/// What is sealed grows with the origin: up to four kilobytes browsers keep it, and beyond that they drop
/// it without a word (ASVS 3.3.5).
#[tokio::test]
async fn a_cookie_that_no_browser_would_keep_is_never_sent() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite://{}/test.db", folder.path().display());
    let scene = scene_over(database.clone(), "http://localhost").await;
    let mut kept = Vec::new();
    for length in (2_400..3_200).step_by(20) {
        let node = node(database.clone(), &"a".repeat(length), scene.clock.clone(), scene.key.clone()).await;
        let answer = node.post("/in", "").await;
        assert_eq!(answer.status(), 200);
        for set in answer.headers().get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap().len();
            assert!(pair <= 4096, "{pair} bytes were sent");
        }
        kept.push(cookie(&answer).is_some());
    }
    // The shortest is sent and the longest is not, or the test would show nothing.
    assert!(kept[0] && !kept[kept.len() - 1] && kept.is_sorted_by(|a, b| a >= b), "{kept:?}");
}
