//! Documents, files, and what is around them.

use crate::host::{Host, header, set_cookies};
use reqwest::{Method, Response};
use std::collections::BTreeSet;

#[tokio::test]
async fn the_guard_answers_before_anything_is_rendered() {
    let host = Host::start().await;
    let answer = host.get("/").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "location"), header(&answer, "cache-control")),
        (302, "/login", "no-store")
    );
    assert!(set_cookies(&answer).is_empty());
    assert_eq!(answer.text().await.unwrap(), "");
    let answer = host.get("/?a=b&c=%20d").send().await.unwrap();
    assert_eq!(header(&answer, "location"), "/login?next=/%3Fa%3Db%26c%3D%2520d");
    assert_eq!(host.request(Method::HEAD, "/").send().await.unwrap().status(), 302);
    assert_eq!(host.get("/").header("accept", "*/*").send().await.unwrap().status(), 302);
}

#[tokio::test]
async fn the_first_paint_says_who_and_how_long() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    host.advance(5_000);
    let answer = host.get("/").header("cookie", &cookie).send().await.unwrap();
    assert_eq!((header(&answer, "cache-control"), header(&answer, "vary")), ("no-store", "Cookie"));
    let html = answer.text().await.unwrap();
    assert!(html.contains("Welcome, ") && html.contains("alice") && html.contains("9:55"), "{html}");
    assert!(!html.contains(cookie.strip_prefix("daypass=").unwrap()));
}

#[tokio::test]
async fn a_page_that_is_loaded_shows_the_time_that_its_cookie_has() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    host.advance(595_000);
    let answer = host.get("/").header("cookie", &cookie).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("10:00"), "the time from before the visit");
    host.advance(599_999);
    assert_eq!(host.me(&cookie).await.0, 200);
}

#[tokio::test]
async fn the_reason_of_an_end_is_told_once_and_not_in_the_address() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    host.advance(600_000);
    let answer = host.get("/").header("cookie", &cookie).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (302, "/login"));
    let notice = set_cookies(&answer).into_iter().find(|cookie| cookie.starts_with("daypass-notice=")).unwrap();
    assert!(notice.contains("HttpOnly") && notice.contains("Max-Age=60") && !notice.contains("idle"));
    let pair = notice.split(';').next().unwrap();
    let page = host.get("/login").header("cookie", pair).send().await.unwrap();
    assert!(set_cookies(&page).iter().any(|cookie| cookie.starts_with("daypass-notice=;")));
    assert!(page.text().await.unwrap().contains("You were signed out after 10 minutes without activity."));
    // A notice that we did not seal says nothing.
    let forged =
        host.get("/login").header("cookie", "daypass-notice=%7B%22ended%22%3A%22idle%22%7D").send().await.unwrap();
    assert!(!forged.text().await.unwrap().contains("You were signed out"));
}

/// For development alone: elsewhere times would say more than is meant.
#[tokio::test]
async fn where_it_is_developed_answers_say_how_long_they_took() {
    for (scene, is_development) in [(Host::scene(), true), (Host::scene().https(), false)] {
        let host = scene.start().await;
        let cookie = host.sign_in().await;
        for (path, cookie) in [("/", cookie.as_str()), ("/api/me", &cookie), ("/api/me", ""), ("/nowhere", "")] {
            let answer = host.get(path).header("cookie", cookie).send().await.unwrap();
            let timing = header(&answer, "server-timing");
            let names: Vec<_> = timing.split(", ").filter_map(|part| part.split_once(";dur=")).collect();
            assert_eq!(!timing.is_empty(), is_development, "{path}: {timing}");
            if is_development {
                assert_eq!(names.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["session", "handler"], "{timing}");
                assert!(names.iter().all(|(_, millis)| millis.parse::<f64>().is_ok_and(|it| it >= 0.0)), "{timing}");
            }
        }
    }
}

#[tokio::test]
async fn every_answer_has_the_headers() {
    let host = Host::scene().https().start().await;
    let cookie = host.sign_in().await;
    let mut seen = BTreeSet::new();
    let mut look = |answer: &Response, what: &str| {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ] {
            assert_eq!(header(answer, name), value, "{what}");
        }
        assert!(header(answer, "content-security-policy").contains("frame-ancestors 'none'"), "{what}");
        assert!(!header(answer, "cache-control").is_empty(), "{what}");
        // No other origin may read anything, whoever asks (ASVS 3.4.2), and nothing says what we are.
        for (name, _) in answer.headers() {
            assert!(!name.as_str().starts_with("access-control-") && name != "server", "{what}: {name}");
        }
        // Every body says what it is (ASVS 4.1.1).
        let has_body = answer.content_length() != Some(0);
        assert!(!has_body || !header(answer, "content-type").is_empty(), "{what}");
        seen.insert(answer.status().as_u16());
    };
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/login"),
        ("GET", "/nowhere"),
        ("GET", "/robots.txt"),
        ("GET", "/api/me"),
        ("GET", "/api/x"),
        ("POST", "/api/sign_in"),
        ("OPTIONS", "/api/sign_in"),
        ("PUT", "/"),
        ("TRACE", "/"),
        ("GET", "/healthz"),
    ] {
        for cookie in ["", &cookie] {
            let request = host.request(method.parse().unwrap(), path).header("cookie", cookie);
            look(&request.send().await.unwrap(), &format!("{method} {path}"));
        }
    }
    for path in ["/", "/api/me", "/api/sign_out"] {
        let request = host.request(Method::OPTIONS, path).header("origin", "https://evil.example");
        let request = request.header("access-control-request-method", "POST");
        look(&request.send().await.unwrap(), "a preflight");
        look(&host.get(path).header("origin", "https://evil.example").send().await.unwrap(), "a read from elsewhere");
        look(
            &host.post(path, "").header("origin", "https://evil.example").send().await.unwrap(),
            "a call from elsewhere",
        );
    }
    look(&host.post("/api/sign_in", &"x".repeat(100_000)).send().await.unwrap(), "too much");
    let text = host.request(Method::POST, "/api/sign_in").header("content-type", "text/plain").body("username=alice");
    look(&text.send().await.unwrap(), "no form");
    for _ in 0..6 {
        look(&host.post("/api/sign_in", "username=bob&password=x").send().await.unwrap(), "a guess");
    }
    // What panics, wherever it does: in a page, in a call, or where an address leads nowhere.
    host.fuse.blow(true);
    for (method, path) in [("GET", "/"), ("GET", "/api/me"), ("POST", "/api/session"), ("GET", "/nowhere")] {
        let request = host.request(method.parse().unwrap(), path).header("cookie", &cookie);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 500, "{path}");
        look(&answer, &format!("a panic at {path}"));
        assert_eq!(answer.text().await.unwrap(), r#"{"error":"internal"}"#, "{path}");
    }
    host.fuse.blow(false);
    host.store.close().await;
    look(&host.get("/api/me").header("cookie", &cookie).send().await.unwrap(), "an outage");
    look(&host.get("/readyz").send().await.unwrap(), "not ready");
    let expected = [200, 302, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503];
    assert_eq!(seen, BTreeSet::from(expected));
}

#[tokio::test]
async fn the_nonce_is_new_each_time_and_stands_in_nonce_alone() {
    let host = Host::start().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let answer = host.get("/login").send().await.unwrap();
        let policy = header(&answer, "content-security-policy").to_owned();
        assert!(!policy.contains("unsafe-inline"));
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html = answer.text().await.unwrap();
        assert!(nonce.len() >= 22);
        assert_eq!(html.matches(&nonce).count(), html.matches(&format!("nonce=\"{nonce}\"")).count());
        assert_eq!(html.matches("<script").count(), html.matches(&format!("nonce=\"{nonce}\"")).count());
        assert!(!html.contains(" style=\""), "an inline style");
        seen.push(nonce);
    }
    assert_ne!(seen[0], seen[1]);
}

/// Directive by directive (ASVS 3.4.3): what is not listed is what `default-src` says, nothing.
#[tokio::test]
async fn the_policy_of_a_page_allows_its_own_files_and_nothing_else() {
    let host = Host::start().await;
    let policy = async |path: &str, cookie: &str| {
        let answer = host.get(path).header("cookie", cookie).send().await.unwrap();
        let policy = header(&answer, "content-security-policy").to_owned();
        let nonce =
            policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("no nonce").to_owned();
        let policy = policy.replace(&nonce, "N");
        policy.split(';').map(|directive| directive.trim().to_owned()).collect::<BTreeSet<_>>()
    };
    let page = [
        "default-src 'none'",
        "script-src 'self' 'nonce-N' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "report-uri /csp-report",
    ];
    let page = BTreeSet::from(page.map(str::to_owned));
    let cookie = host.sign_in().await;
    for (path, cookie) in [("/login", ""), ("/nowhere", ""), ("/", &cookie), ("/account/sessions", &cookie)] {
        assert_eq!(policy(path, cookie).await, page, "{path}");
    }
    let no_page = ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"];
    let no_page = BTreeSet::from(no_page.map(str::to_owned));
    for path in ["/api/me", "/api/nothing", "/robots.txt", "/healthz", "/"] {
        assert_eq!(policy(path, "").await, no_page, "{path}");
    }
}

/// ASVS 7.4.4, and NIST SP 800-63B-4, 5.1.
#[tokio::test]
async fn every_page_of_somebodys_offers_the_way_out() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    for path in daypass_server::pages().iter().map(String::as_str).chain(["/nowhere"]).filter(|path| *path != "/login")
    {
        let html = host.get(path).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
        let (_, form) = html.split_once("action=\"/api/sign_out\"").unwrap_or_else(|| panic!("{path} has no way out"));
        assert!(form.split_once("</form>").unwrap().0.contains("Sign out"), "{path}");
    }
    let html = host.get("/login").send().await.unwrap().text().await.unwrap();
    assert!(!html.contains("/api/sign_out"));
}

#[tokio::test]
async fn files_are_sent_compressed_and_kept_for_ever_when_their_name_is_hashed() {
    let host = Host::scene().hashed_file("daypass.abc.js", "export {}").start().await;
    let answer = host.get("/pkg/daypass.abc.js").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "cache-control")),
        (200, "public, max-age=31536000, immutable")
    );
    let modified = header(&answer, "last-modified").to_owned();
    let again = host.get("/pkg/daypass.abc.js").header("if-modified-since", modified).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let missing = host.get("/pkg/daypass.xyz.js").send().await.unwrap();
    assert_eq!((missing.status().as_u16(), header(&missing, "cache-control")), (404, "no-store"));
    let robots = host.get("/robots.txt").send().await.unwrap();
    assert_eq!((robots.status().as_u16(), header(&robots, "cache-control")), (200, "no-cache"));
}

#[tokio::test]
async fn nothing_outside_of_the_site_is_served() {
    let host = Host::start().await;
    for path in [
        "/.git/config",
        "/Cargo.toml",
        "/test.db",
        "/../test.db",
        "/pkg/../../test.db",
        "/%2e%2e/test.db",
        "/pkg/%2e%2e/%2e%2e/test.db",
        "/..%2ftest.db",
        "/pkg/",
        "/pkg",
        "/.env",
    ] {
        let answer = host.get(path).send().await.unwrap();
        assert!([404, 307].contains(&answer.status().as_u16()), "{path}: {}", answer.status());
        assert!(!answer.text().await.unwrap().contains("SQLite"), "{path}");
    }
}

#[tokio::test]
async fn what_people_typed_is_text_and_nothing_else() {
    let host = Host::start().await;
    let evil = "%3C%2Fscript%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E";
    let answer = host.submit("/api/sign_in", &format!("username={evil}&password=x")).send().await.unwrap();
    let notice = set_cookies(&answer)[0].split(';').next().unwrap().to_owned();
    let html =
        host.get(&format!("/login?next={evil}")).header("cookie", notice).send().await.unwrap().text().await.unwrap();
    assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{html}");
    let html = host.get(&format!("/{evil}")).send().await.unwrap().text().await.unwrap();
    assert!(!html.contains("<script>alert") && !html.contains("<img src=x"));
}

/// A page is dropped by the thread that sends the last of it, which need not be the one that rendered it.
/// What is bound to a thread would panic there, and cut the connection under the next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_are_rendered_by_one_thread_and_dropped_by_another() {
    let host = std::sync::Arc::new(Host::start().await);
    let cookie = host.sign_in().await;
    let mut visitors = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (host, cookie) = (host.clone(), cookie.clone());
        visitors.spawn(async move {
            for path in ["/login", "/", "/nowhere", "/account/sessions"].repeat(40) {
                let answer = host.get(path).header("cookie", &cookie).send().await.unwrap();
                answer.text().await.unwrap();
            }
        });
    }
    visitors.join_all().await;
}
