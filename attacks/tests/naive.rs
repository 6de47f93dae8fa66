//! A suite that cannot fail is worth nothing: here is an app that does everything wrong, on purpose.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use daypass_attacks::{ATTACKS, Attack, Credentials, Limits, Report, Target, Verdict, run};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

const PASSWORD: &str = "correct horse battery staple";
const NAMES: [&str; 2] = ["alice", "mallory"];

/// Its memory: the sessions by their ids, and how often each name was guessed.
#[derive(Clone, Default)]
struct App {
    sessions: Arc<Mutex<HashMap<String, Session>>>,
    slow_for_what_exists: bool,
}

#[derive(Clone)]
struct Session {
    account: String,
    agent: String,
}

/// Percent-decoded, as no name of a cookie is.
fn decoded(text: &str) -> String {
    form_urlencoded::parse(format!("x={text}").as_bytes()).next().unwrap().1.trim().to_owned()
}

impl App {
    /// The last cookie wins, whatever its name looks like before it is decoded. Case does not count.
    fn session(&self, request: &Request) -> Option<(String, Session)> {
        let header = request.headers().get("cookie")?.as_bytes();
        // What is no UTF-8 is an error that nobody caught.
        let header = std::str::from_utf8(header).unwrap();
        let mut pairs = header.split(';').rev().filter_map(|pair| pair.split_once('='));
        let last = pairs.find(|(name, _)| decoded(name) == "sid")?;
        let id = last.1.trim().to_ascii_lowercase();
        Some((id.clone(), self.sessions.lock().unwrap().get(&id)?.clone()))
    }
}

fn html(text: String) -> Response {
    Response::builder().header("content-type", "text/html").body(Body::from(text)).unwrap()
}

async fn serve(State(app): State<App>, request: Request) -> Response {
    let session = app.session(&request);
    let (parts, body) = request.into_parts();
    // As much as anybody likes to send, and for as long.
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let query = parts.uri.query().unwrap_or_default();
    // Fields from anywhere, the last one wins.
    let fields: HashMap<String, String> =
        [query.as_bytes(), &body].into_iter().flat_map(|text| form_urlencoded::parse(text).into_owned()).collect();
    let field = |name: &str| {
        let value = fields.get(name).or_else(|| fields.get(&format!("{name}[]")));
        value.cloned().unwrap_or_default()
    };
    let header = |name: &str| {
        parts.headers.get(name).map_or(String::new(), |value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let (path, agent) = (parts.uri.path().to_owned(), header("user-agent"));
    if header("upgrade").to_ascii_lowercase().contains("websocket") {
        return Response::builder().status(101).body(Body::empty()).unwrap();
    }
    match (path.as_str(), session) {
        ("/api/sign_in", session) => {
            let name = field("username");
            if field("password").len() > 1_000_000 {
                return Response::builder().status(500).body(Body::from("at src/password.rs: out of memory")).unwrap();
            }
            let exists = NAMES.contains(&name.as_str());
            if exists && app.slow_for_what_exists {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let injected = field("password").contains("' OR ") || name.contains("' --");
            if field("password") != PASSWORD && !injected {
                let said = if exists { "wrong password" } else { "no such table: users" };
                return Response::builder().status(401).body(Body::from(said)).unwrap();
            }
            // The session that is there is taken over, for whoever signs in.
            let planted = header("cookie")
                .split(';')
                .filter_map(|pair| pair.trim().strip_prefix("sid="))
                .next()
                .map(str::to_ascii_lowercase);
            let id = session.map(|(id, _)| id).or(planted).filter(|id| !id.is_empty());
            let count = app.sessions.lock().unwrap().len();
            let id = id.unwrap_or_else(|| format!("session{count}{name}"));
            let account = if exists { name } else { NAMES[0].to_owned() };
            app.sessions.lock().unwrap().insert(id.clone(), Session { account, agent });
            let to = if field("next").is_empty() { header("referer") } else { field("next") };
            let answer = Response::builder().header("set-cookie", format!("sid={id}"));
            let answer = match http_header(&to) {
                Some(to) if header("accept").contains("text/html") => answer.status(302).header("location", to),
                _ => answer,
            };
            answer.body(Body::empty()).unwrap()
        }
        // The browser forgets it, and nobody else.
        ("/api/sign_out", _) => {
            Response::builder().header("set-cookie", "sid=; Max-Age=0").body(Body::empty()).unwrap()
        }
        ("/api/sessions", Some((_, own))) => {
            let sessions = app.sessions.lock().unwrap();
            let own = sessions.iter().filter(|(_, session)| session.account == own.account);
            let own: Vec<_> = own.map(|(id, _)| serde_json::json!({"id": id})).collect();
            Response::new(Body::from(serde_json::to_string(&own).unwrap()))
        }
        ("/api/end_sessions", Some(_)) if app.slow_for_what_exists => {
            let exists = app.sessions.lock().unwrap().contains_key(&field("which"));
            if exists {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Response::builder().status(404).body(Body::empty()).unwrap()
        }
        ("/api/end_sessions", Some(_)) => {
            app.sessions.lock().unwrap().remove(&field("which"));
            Response::new(Body::empty())
        }
        ("/login", _) => html(format!("<input name=next value=\"{}\">", field("next"))),
        ("/account/sessions", Some((_, session))) => html(session.agent),
        ("/api/me", Some((_, session))) => Response::new(Body::from(session.account)),
        ("/", Some((_, session))) => html(format!("Welcome, {}", session.account)),
        ("/" | "/api/me", None) => Response::builder()
            .status(401)
            .header("set-cookie", "visitor=1")
            .body(Body::from("please sign in"))
            .unwrap(),
        (path, _) => html(decoded(path)),
    }
}

fn http_header(text: &str) -> Option<axum::http::HeaderValue> {
    axum::http::HeaderValue::from_bytes(text.as_bytes()).ok()
}

async fn attack(app: App, target: impl FnOnce(Target) -> Target, chosen: impl Fn(&Attack) -> bool) -> Vec<Report> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(serve).with_state(app)).await });
    let account = |name: &str| Credentials { name: name.to_owned(), password: PASSWORD.to_owned() };
    let mallory = Some(account(NAMES[1]));
    let naive = Target { other: mallory, ..Target::new(&url, account(NAMES[0]), false).unwrap() };
    run(target(naive), chosen, |_| {}).await.unwrap()
}

/// Each attack finds what it looks for. `A30-slow` waits for minutes, and is tested by what it is made of.
#[tokio::test]
async fn an_app_that_does_everything_wrong_is_broken_by_every_attack() {
    let left_out = ["A30-slow", "A11-time", "A32-time"];
    let reports = attack(App::default(), |target| target, |attack| !left_out.contains(&attack.id)).await;
    let others: Vec<_> = reports.iter().filter(|report| !matches!(report.verdict, Verdict::Broken(_))).collect();
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(reports.len() + left_out.len(), ATTACKS.len());
    // And nothing that is told of it is a secret.
    let told = format!("{reports:?}");
    assert!(!told.contains(PASSWORD) && !told.contains(&PASSWORD.replace(' ', "+")) && !told.contains("sid=session"));
}

/// Names and sessions that exist take longer: the ranks of the times say so, however slow the machine is.
#[tokio::test]
async fn an_app_that_takes_longer_for_what_exists_is_found_out() {
    let app = App { slow_for_what_exists: true, ..App::default() };
    let limits = Limits { tries_on_a_name: 5, tries_from_a_network: 50 };
    let reports =
        attack(app, |target| Target { timing: true, limits, ..target }, |attack| attack.id.ends_with("-time")).await;
    assert!(
        reports.len() == 2 && reports.iter().all(|report| matches!(report.verdict, Verdict::Broken(_))),
        "{reports:#?}"
    );
}
