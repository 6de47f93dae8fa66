//! Guessing passwords costs whoever guesses.

use crate::host::{Host, PASSWORD, credentials, header, session_cookie, set_cookies, status_and_json};
use reqwest::Response;
use serde_json::json;

impl Host {
    async fn attempt(&self, name: &str, password: &str, from: &str) -> Response {
        let form = credentials(name, password);
        self.post("/api/sign_in", &form).header("x-forwarded-for", from).send().await.unwrap()
    }
}

fn device_cookie(answer: &Response) -> String {
    let cookies = set_cookies(answer);
    let cookie = cookies.iter().find(|cookie| cookie.contains("daypass-device=")).unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn too_many_tries_wait_and_say_how_long_whoever_is_guessed_at() {
    let host = Host::scene().behind_a_proxy().start().await;
    let mut answers = Vec::new();
    for name in ["alice", "nobody"] {
        for n in 0..5 {
            assert_eq!(host.attempt(name, "wrong", &format!("203.0.113.{n}")).await.status(), 401);
        }
        let answer = host.attempt(name, PASSWORD, "203.0.113.99").await;
        assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (429, "1"));
        assert!(session_cookie(&answer).is_none());
        let mut names: Vec<_> = answer.headers().keys().map(ToString::to_string).collect();
        names.sort();
        answers.push((names, status_and_json(answer).await));
    }
    assert_eq!(answers[0], answers[1], "nothing tells a name that exists from one that does not");
    assert_eq!(answers[0].1.1, json!({"error": "too_many_tries", "seconds": 1}));
    host.advance(1_000);
    assert_eq!(host.attempt("alice", PASSWORD, "203.0.113.99").await.status(), 200);
}

#[tokio::test]
async fn a_browser_that_has_signed_in_before_is_not_slowed_down_by_strangers() {
    let host = Host::scene().behind_a_proxy().start().await;
    let answer = host.attempt("alice", PASSWORD, "203.0.113.1").await;
    let device = device_cookie(&answer);
    let cookie = set_cookies(&answer).into_iter().find(|cookie| cookie.contains("daypass-device=")).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=15552000"));
    for n in 0..9 {
        host.attempt("alice", "wrong", &format!("203.0.113.{n}")).await;
    }
    assert_eq!(host.attempt("alice", PASSWORD, "203.0.113.50").await.status(), 429);
    let form = credentials("alice", PASSWORD);
    let with = |device: &str| host.post("/api/sign_in", &form).header("cookie", device.to_owned()).send();
    assert_eq!(with(&device).await.unwrap().status(), 200);
    // Nothing but what we sealed is a known browser, and its cookie opens no session.
    for forged in [
        "daypass-device=x".to_owned(),
        format!("{device}; {device}"),
        device.replace("daypass-device", "daypass%2Ddevice"),
    ] {
        assert_eq!(with(&forged).await.unwrap().status(), 429, "{forged}");
    }
    assert_eq!(host.me(&device.replace("daypass-device", "daypass")).await.0, 401);
}

#[tokio::test]
async fn who_says_to_come_from_elsewhere_is_not_believed() {
    let host = Host::start().await;
    for n in 0..50 {
        assert_eq!(host.attempt(&format!("name{n}"), "wrong", &format!("203.0.113.{n}")).await.status(), 401);
    }
    assert_eq!(host.attempt("another", "wrong", "203.0.113.77").await.status(), 429);
}

#[tokio::test]
async fn without_scripts_the_page_says_how_long_to_wait() {
    let host = Host::start().await;
    for _ in 0..5 {
        host.attempt("alice", "wrong", "").await;
    }
    let form = credentials("alice", PASSWORD);
    let answer = host.submit("/api/sign_in", &form).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (302, "/login"));
    let notice = set_cookies(&answer)[0].split(';').next().unwrap().to_owned();
    let page = host.get("/login").header("cookie", notice).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Too many tries. Wait 1 second, then try again."), "{page}");
}

#[tokio::test]
async fn the_password_is_not_guessed_in_a_session_either() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    let confirm = |password: &str| {
        let form = format!("password={}", password.replace(' ', "+"));
        host.post("/api/confirm", &form).header("cookie", cookie.clone()).send()
    };
    for _ in 0..5 {
        assert_eq!(confirm("wrong").await.unwrap().status(), 403);
    }
    assert_eq!(confirm(PASSWORD).await.unwrap().status(), 429);
    assert_eq!(host.me(&cookie).await.0, 200);
}
