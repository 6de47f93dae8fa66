//! Sets a scene in one line: a whole server in this process, with a clock that the test moves.

use axum::Router;
use daypass_app::{Assets, PageSettings};
use daypass_auth::{
    AccountId, AccountName, Engine, EngineConfig, Key, KeyRing,
    clock::{Clock, ManualClock, Timestamp},
    password::{Hasher, Password},
    policy::Policy,
    store::{self, Store},
};
use daypass_server::{AppState, CallLimit, Stopping, router};
use ipnet::IpNet;
use leptos::config::LeptosOptions;
use reqwest::{
    Client, Method, RequestBuilder, Response,
    header::{HeaderMap, ORIGIN},
    redirect,
};
use serde_json::Value;
use std::{
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) fuse: Arc<Fuse>,
    pub(crate) key: Key,
    pub(crate) url: String,
    client: Client,
    database: String,
    _folder: TempDir,
}

/// The scene's clock, and the one thing in it that panics in the middle of a request when it is told to.
pub(crate) struct Fuse {
    clock: Arc<ManualClock>,
    is_blown: AtomicBool,
}

impl Fuse {
    pub(crate) fn blow(&self, is_blown: bool) {
        self.is_blown.store(is_blown, SeqCst);
    }
}

impl Clock for Fuse {
    fn now(&self) -> Timestamp {
        assert!(!self.is_blown.load(SeqCst), "canary of /srv/secret.rs");
        self.clock.now()
    }
}

/// A browser of our own pages: it says so with every request that does not say otherwise.
pub(crate) fn client(origin: &str) -> Client {
    let headers = HeaderMap::from_iter([(ORIGIN, origin.parse().unwrap())]);
    Client::builder().redirect(redirect::Policy::none()).default_headers(headers).build().unwrap()
}

/// The fields of the form by which people sign in.
pub(crate) fn credentials(name: &str, password: &str) -> String {
    format!("username={name}&password={}", password.replace(' ', "+"))
}

pub(crate) struct Scene {
    origin: &'static str,
    policy: Policy,
    accounts: Vec<&'static str>,
    file: Option<(&'static str, &'static str)>,
    hashed: bool,
    proxies: Vec<IpNet>,
    calls: Option<u32>,
    database: Option<String>,
}

impl Host {
    /// A server on loopback with the account alice.
    pub(crate) async fn start() -> Self {
        Self::scene().start().await
    }

    pub(crate) fn scene() -> Scene {
        Scene {
            origin: "http://127.0.0.1:3000",
            policy: Policy::default(),
            accounts: vec!["alice"],
            file: None,
            hashed: false,
            proxies: Vec::new(),
            calls: None,
            database: None,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A form, as scripts send it.
    pub(crate) fn post(&self, path: &str, form: &str) -> RequestBuilder {
        self.request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form.to_owned())
    }

    /// A form, as a browser without scripts sends it.
    pub(crate) fn submit(&self, path: &str, form: &str) -> RequestBuilder {
        self.request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .body(form.to_owned())
    }

    /// Signs alice in, and gives back the cookie.
    pub(crate) async fn sign_in(&self) -> String {
        self.sign_in_with(&credentials("alice", PASSWORD)).await
    }

    pub(crate) async fn sign_in_with(&self, form: &str) -> String {
        let answer = self.post("/api/sign_in", form).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        session_cookie(&answer).unwrap()
    }

    pub(crate) async fn me(&self, cookie: &str) -> (u16, Value) {
        status_and_json(self.get("/api/me").header("cookie", cookie).send().await.unwrap()).await
    }

    /// The reason for which `/api/me` refuses a cookie.
    pub(crate) async fn reason(&self, cookie: &str) -> String {
        let (status, body) = self.me(cookie).await;
        assert_eq!((status, &body["error"]), (401, &Value::from("unauthenticated")), "{body}");
        body["reason"].as_str().unwrap().to_owned()
    }

    pub(crate) fn advance(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }

    pub(crate) async fn account(&self, name: &str) -> AccountId {
        self.store.account(&AccountName::parse(name).unwrap()).await.unwrap().unwrap().0.id
    }

    pub(crate) async fn rows(&self) -> usize {
        self.store.sessions(None).await.unwrap().len()
    }

    /// Another node, or this one after a restart: the same database, other keys if wanted.
    pub(crate) async fn another(&self, keys: Vec<Key>, origin: &'static str) -> Self {
        let store = store::open(&self.database).await.unwrap();
        let folder = TempDir::new().unwrap();
        let database = Some(self.database.clone());
        let scene = Scene { origin, policy: *self.engine.policy(), database, ..Self::scene() };
        build(&scene, store, Arc::clone(&self.clock), keys, folder).await
    }
}

impl Scene {
    pub(crate) fn https(mut self) -> Self {
        self.origin = "https://app.example";
        self
    }

    pub(crate) fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Behind a proxy that is this machine.
    pub(crate) fn behind_a_proxy(mut self) -> Self {
        self.proxies = vec!["127.0.0.0/8".parse().unwrap()];
        self
    }

    /// With so many requests a minute from one network.
    pub(crate) fn calls_per_minute(mut self, calls: u32) -> Self {
        self.calls = Some(calls);
        self
    }

    pub(crate) fn with(mut self, account: &'static str) -> Self {
        self.accounts.push(account);
        self
    }

    /// With a file among the page's own, whose name changes with its content.
    pub(crate) fn hashed_file(mut self, name: &'static str, content: &'static str) -> Self {
        self.file = Some((name, content));
        self.hashed = true;
        self
    }

    /// With its store at this address.
    pub(crate) fn database(mut self, url: String) -> Self {
        self.database = Some(url);
        self
    }

    pub(crate) async fn start(mut self) -> Host {
        let folder = TempDir::new().unwrap();
        let url = self.database.get_or_insert_with(|| format!("sqlite://{}/test.db", folder.path().display()));
        let store = store::open(url).await.unwrap();
        std::fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
        std::fs::write(folder.path().join("site/robots.txt"), "User-agent: *\n").unwrap();
        if let Some((name, content)) = self.file {
            std::fs::write(folder.path().join("site/pkg").join(name), content).unwrap();
        }
        for name in &self.accounts {
            let hash = Hasher::new(2).hash(Password::typed(PASSWORD).unwrap()).await.unwrap();
            store.create_account(&AccountName::parse(name).unwrap(), &hash, false, START).await.unwrap();
        }
        build(&self, store, ManualClock::at(START), vec![Key::generate().unwrap()], folder).await
    }
}

async fn build(scene: &Scene, store: Arc<dyn Store>, clock: Arc<ManualClock>, keys: Vec<Key>, folder: TempDir) -> Host {
    let Scene { origin, policy, hashed, .. } = *scene;
    let key = keys[0].clone();
    let fuse = Arc::new(Fuse { clock: clock.clone(), is_blown: AtomicBool::new(false) });
    let config = EngineConfig { policy, clock: fuse.clone(), ..EngineConfig::for_origin(origin).unwrap() };
    let engine = Engine::new(store.clone(), KeyRing::new(keys).unwrap(), config);
    let leptos = LeptosOptions::builder()
        .output_name("daypass")
        .site_root(folder.path().join("site").display().to_string())
        .build();
    let assets =
        Assets { js: "/pkg/daypass.js".into(), wasm: "/pkg/daypass.wasm".into(), css: "/pkg/daypass.css".into() };
    let app = router(AppState {
        engine: engine.clone(),
        origins: Arc::new([origin.to_owned()]),
        proxies: scene.proxies.clone().into(),
        calls: scene.calls.and_then(NonZeroU32::new).map(CallLimit::per_minute),
        page: PageSettings::default(),
        leptos,
        assets,
        hashed,
        stopping: Stopping::default(),
    });
    let url = listen(app).await;
    let client = client(origin);
    let database = scene.database.clone().unwrap_or_default();
    Host { engine, store, clock, fuse, key, url, client, database, _folder: folder }
}

async fn listen(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await });
    format!("http://{address}")
}

/// `name=value` of the session cookie that an answer sets, if it sets one.
pub(crate) fn session_cookie(answer: &Response) -> Option<String> {
    set_cookies(answer).into_iter().find_map(|cookie| {
        let pair = cookie.split(';').next()?.to_owned();
        let (name, value) = pair.split_once('=')?;
        (["daypass", "__Host-daypass"].contains(&name) && !value.is_empty()).then(|| pair.clone())
    })
}

/// Whether an answer makes the browser forget its session cookie.
pub(crate) fn removes_cookie(answer: &Response) -> bool {
    set_cookies(answer).iter().any(|cookie| {
        (cookie.starts_with("daypass=;") || cookie.starts_with("__Host-daypass=;")) && cookie.contains("Max-Age=0")
    })
}

pub(crate) fn set_cookies(answer: &Response) -> Vec<String> {
    answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

pub(crate) fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

pub(crate) async fn status_and_json(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} with no JSON: {text}")))
}
