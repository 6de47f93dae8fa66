//! Two people behind one cache (ASVS 14.2.2, 14.2.5 and 14.3.2).

use crate::host::{Host, PASSWORD, credentials, session_cookie};
use daypass_server::pages;
use leptos::server_fn::axum::server_fn_paths;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName},
};
use std::collections::HashMap;

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn says(&self, name: &'static str, directive: &str) -> bool {
        let values = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let mut directives = values.flat_map(|value| value.split(',')).map(|word| word.trim().to_ascii_lowercase());
        directives.any(|word| word == directive)
    }
}

/// What the request said in the headers by which the answer varies, and the answer.
type Kept = (Vec<Option<String>>, Answer);

/// What is asked for, by whom.
struct Ask<'a> {
    method: Method,
    path: &'a str,
    cookie: &'a str,
    form: &'a str,
}

/// A cache that many people share, and the greediest that RFC 9111 allows: it keeps whatever it is not
/// told not to keep, with any status, for ever, and answers forms from it too.
struct Cache<'a> {
    host: &'a Host,
    /// Whether it heeds what answers say of being kept. One that does not shows what there would be to see.
    heeds: bool,
    kept: HashMap<(Method, String), Vec<Kept>>,
    hits: usize,
}

impl<'a> Cache<'a> {
    fn new(host: &'a Host) -> Self {
        Self { host, heeds: true, kept: HashMap::new(), hits: 0 }
    }

    /// An answer, kept or new, and whether it was kept.
    async fn ask(&mut self, ask: &Ask<'_>) -> (Answer, bool) {
        let request_says = |name: &str| (name == "cookie").then(|| ask.cookie.to_owned());
        let place = (ask.method.clone(), ask.path.to_owned());
        for (varying, answer) in self.kept.get(&place).into_iter().flatten() {
            let names = varied(answer);
            let is_for_all = names.iter().any(|name| name == "*");
            let is_same = names.iter().map(|name| request_says(name)).eq(varying.iter().cloned());
            if !self.heeds || (is_same && !is_for_all) {
                self.hits += 1;
                return (answer.clone(), true);
            }
        }
        let answer = self.forward(ask).await;
        // `no-cache` may be kept and must be asked about each time, which is as good as not kept.
        let may_keep =
            !["no-store", "private", "no-cache", "max-age=0"].iter().any(|it| answer.says("cache-control", it));
        if may_keep || !self.heeds {
            let varying = varied(&answer).iter().map(|name| request_says(name)).collect();
            self.kept.entry(place).or_default().push((varying, answer.clone()));
        }
        (answer, false)
    }

    async fn forward(&self, ask: &Ask<'_>) -> Answer {
        let request = match ask.method {
            Method::POST => self.host.post(ask.path, ask.form),
            _ => self.host.request(ask.method.clone(), ask.path).header("accept", "text/html"),
        };
        let answer = request.header("cookie", ask.cookie).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.text().await.unwrap() }
    }
}

fn varied(answer: &Answer) -> Vec<String> {
    let values = answer.headers.get_all(HeaderName::from_static("vary")).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

/// With alice and bob, each of whom is signed in, and a file whose name changes with its content.
async fn scene() -> (Host, [String; 2]) {
    let host = Host::scene().with("bob").hashed_file("daypass.abc.js", "export {}").start().await;
    let cookies = [host.sign_in().await, host.sign_in_with(&credentials("bob", PASSWORD)).await];
    (host, cookies)
}

#[tokio::test]
async fn two_people_behind_one_cache_each_get_their_own() {
    let (host, [alice, bob]) = scene().await;
    let mut cache = Cache::new(&host);
    // What would lead elsewhere or end a session comes last.
    let mut asked: Vec<_> = pages().into_iter().map(|path| (Method::GET, path)).collect();
    asked.extend(["/nowhere", "/api/me", "/api/nothing"].map(|path| (Method::GET, path.to_owned())));
    let mut calls: Vec<_> = server_fn_paths().map(|(path, _)| path.to_owned()).collect();
    calls.sort_by_key(|path| {
        ["/api/end_sessions", "/api/sign_in", "/api/sign_out"].iter().position(|last| path == last)
    });
    asked.extend(calls.into_iter().map(|path| (Method::POST, path)));
    assert!(asked.len() >= 18, "{asked:?}");
    let mut statuses = Vec::new();
    for (method, path) in &asked {
        for (name, other, cookie) in [("alice", "bob", alice.as_str()), ("bob", "alice", &bob), ("", "alice", "")] {
            for _ in 0..2 {
                let form = format!("{}&current=wrong&new=short&which=others&next=/", credentials(name, "wrong"));
                let ask = Ask { method: method.clone(), path, cookie, form: &form };
                let (answer, kept) = cache.ask(&ask).await;
                assert!(!kept, "{method} {path} was kept: {:?}", answer.headers);
                assert!(!answer.body.contains(other), "{method} {path}, {name}: {}", answer.body);
                statuses.push(answer.status);
            }
        }
    }
    for status in [200, 302, 401, 403, 404, 422] {
        assert!(statuses.contains(&status), "no answer was {status}");
    }
    // It does keep what is for everybody.
    for cookie in [&alice, &bob] {
        let file = Ask { method: Method::GET, path: "/pkg/daypass.abc.js", cookie, form: "" };
        assert_eq!(cache.ask(&file).await.0.status, 200);
    }
    assert_eq!(cache.hits, 1);
}

/// A sign-in is kept by nobody either, nor is its cookie.
#[tokio::test]
async fn nobody_is_handed_the_cookie_of_somebody_else() {
    let (host, _) = scene().await;
    let mut cache = Cache::new(&host);
    let mut given = Vec::new();
    for name in ["alice", "bob", "alice"] {
        let form = credentials(name, PASSWORD);
        let (answer, _) = cache.ask(&Ask { method: Method::POST, path: "/api/sign_in", cookie: "", form: &form }).await;
        let cookies = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let cookie = cookies.filter_map(|cookie| cookie.split(';').next()).find(|pair| pair.starts_with("daypass="));
        assert_eq!(host.me(cookie.unwrap()).await.1["account"], name);
        given.push(cookie.unwrap().to_owned());
    }
    assert_eq!(cache.hits, 0);
    given.dedup();
    assert_eq!(given.len(), 3);
}

/// What the two tests above would see if the answers did not say that they are somebody's.
#[tokio::test]
async fn a_cache_that_heeds_nothing_shows_one_persons_page_to_another() {
    let (host, [alice, bob]) = scene().await;
    let mut cache = Cache { heeds: false, ..Cache::new(&host) };
    let page = |cookie| Ask { method: Method::GET, path: "/", cookie, form: "" };
    cache.ask(&page(&alice)).await;
    let (answer, kept) = cache.ask(&page(&bob)).await;
    assert!(kept && answer.body.contains("alice"));
}

/// A cache that goes by the name alone is not led to keep a private page as a style or a picture.
#[tokio::test]
async fn no_private_page_answers_to_the_name_of_a_file() {
    let host = Host::start().await;
    let answer = host.post("/api/sign_in", &credentials("alice", PASSWORD)).send().await.unwrap();
    let cookie = session_cookie(&answer).unwrap();
    for page in pages().iter().map(|page| page.trim_end_matches('/')).filter(|page| !page.is_empty()) {
        for name in [
            "/x.css",
            "/x.js",
            ".css",
            ".png",
            "/.css",
            "%2fx.css",
            "%2Fx.js",
            ";x.css",
            ";/x.css",
            "%00.css",
            "%0a.css",
            "%3fx.css",
            "%23.css",
            "//x.css",
            "/..%2fx.css",
        ] {
            let path = format!("{page}{name}");
            let answer = host.get(&path).header("cookie", &cookie).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{path}");
            assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
        }
    }
    for path in ["/api/me/x.css", "/api/me.css", "/api/session/x.js"] {
        let answer = host.get(path).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert!(!answer.text().await.unwrap().contains("alice"), "{path}");
    }
}
