//! The contract that others script against, call by call.

use crate::host::{Host, PASSWORD, credentials, header, removes_cookie, session_cookie, set_cookies, status_and_json};
use daypass_auth::{
    AccountState, Key, Reason,
    policy::{Policy, Timeouts},
    store::Which,
};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

fn form(extra: &str) -> String {
    credentials("alice", PASSWORD) + extra
}

#[tokio::test]
async fn signing_in_gives_a_session_cookie_and_what_is_left() {
    let host = Host::start().await;
    let answer = host.post("/api/sign_in", &form("")).send().await.unwrap();
    let cookie = session_cookie(&answer).unwrap();
    let mut set = set_cookies(&answer);
    set.sort();
    assert_eq!(set.len(), 2);
    assert!(set[0].starts_with("daypass-device=") && set[1].starts_with("daypass="), "{set:?}");
    assert!(set[1].ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{}", set[1]);
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let (status, body) = status_and_json(answer).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({"account": "alice", "idle_left_ms": 600_000, "absolute_left_ms": 43_200_000, "idle_timeout_ms": 600_000,
               "absolute_timeout_ms": 43_200_000, "age_ms": 0, "remembered": false, "sudo_left_ms": 600_000,
               "failed_attempts": 0})
    );
    assert_eq!(host.me(&cookie).await, (200, json!({"account": "alice"})));
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let host = Host::scene().https().start().await;
    let answer = host.post("/api/sign_in", &form("&remember=on")).send().await.unwrap();
    let mut set = set_cookies(&answer);
    set.sort();
    assert!(set[0].starts_with("__Host-daypass-device=") && set[0].contains("; Secure; Path=/"), "{}", set[0]);
    assert!(
        set[1].starts_with("__Host-daypass=") && set[1].contains("; Secure; Path=/; Max-Age=1296000"),
        "{}",
        set[1]
    );
    assert!(set.iter().all(|cookie| !cookie.contains("Domain")));
    assert!(header(&answer, "strict-transport-security").starts_with("max-age=63072000"));
    let cookie = session_cookie(&answer).unwrap();
    assert_eq!(host.me(&cookie).await.0, 200);
    // The name for plain http is nothing here.
    assert_eq!(host.reason(&cookie.replace("__Host-", "")).await, "none");
}

#[tokio::test]
async fn a_plain_form_is_led_on_or_back() {
    let host = Host::start().await;
    let answer = host.submit("/api/sign_in", &form("&next=%2Fdeep%3Fa%3Db")).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (302, "/deep?a=b"));
    let cookie = session_cookie(&answer).unwrap();
    assert_eq!(host.me(&cookie).await.0, 200);
    assert_eq!(answer.text().await.unwrap(), "");

    let refused = host
        .submit("/api/sign_in", "username=alice&password=wrong&next=%2Fdeep")
        .header("referer", "https://evil.example/x")
        .send()
        .await
        .unwrap();
    assert_eq!((refused.status().as_u16(), header(&refused, "location")), (302, "/login?next=/deep"));
    assert!(session_cookie(&refused).is_none());

    let out = host
        .submit("/api/sign_out", "")
        .header("cookie", &cookie)
        .header("referer", "https://evil.example/")
        .send()
        .await
        .unwrap();
    assert_eq!((out.status().as_u16(), header(&out, "location")), (302, "/login"));
    assert!(removes_cookie(&out));
    assert_eq!(host.reason(&cookie).await, "signed_out");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_twice_is_fine() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    for _ in 0..2 {
        let out = host.post("/api/sign_out", "").header("cookie", &cookie).send().await.unwrap();
        assert_eq!(out.status(), 200);
        assert!(removes_cookie(&out));
    }
    let out = host.request(Method::POST, "/api/sign_out").send().await.unwrap();
    assert_eq!(out.status(), 200, "without a cookie and without a body");
    assert_eq!(host.reason(&cookie).await, "signed_out");
}

#[tokio::test]
async fn asking_is_passive_and_extending_is_not() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    host.advance(300_000);
    let ask = || async { host.post("/api/session", "").header("cookie", &cookie).send().await.unwrap() };
    for _ in 0..3 {
        let answer = ask().await;
        assert!(set_cookies(&answer).is_empty());
        let (_, body) = status_and_json(answer).await;
        assert_eq!(
            (&body["account"], &body["idle_left_ms"], &body["absolute_left_ms"], &body["remembered"]),
            (&json!("alice"), &json!(300_000), &json!(42_900_000), &json!(false))
        );
    }
    let extended = host.post("/api/extend", "").header("cookie", &cookie).send().await.unwrap();
    assert!(set_cookies(&extended).is_empty(), "the cookie that it has is as good");
    let (status, body) = status_and_json(extended).await;
    assert_eq!((status, &body["idle_left_ms"], &body["absolute_left_ms"]), (200, &json!(600_000), &json!(42_900_000)));
    host.advance(599_999);
    assert_eq!(status_and_json(ask().await).await.1["idle_left_ms"], json!(1));
    host.advance(1);
    assert_eq!(status_and_json(ask().await).await, (200, json!(null)));
    assert_eq!(host.reason(&cookie).await, "idle");

    let (status, body) = status_and_json(host.post("/api/session", "").send().await.unwrap()).await;
    assert_eq!((status, body), (200, json!(null)));
    let (status, body) = status_and_json(host.post("/api/extend", "").send().await.unwrap()).await;
    assert_eq!((status, body), (401, json!({"error": "unauthenticated", "reason": "none"})));
}

#[tokio::test]
async fn activity_slides_and_the_absolute_timeout_ends_it_all_the_same() {
    let host = Host::start().await;
    let mut cookie = host.sign_in().await;
    let mut renewed = 0;
    for _ in 0..(12 * 6 * 2 - 1) {
        host.advance(300_000);
        let answer = host.get("/api/me").header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        if let Some(newer) = session_cookie(&answer) {
            cookie = newer;
            renewed += 1;
        }
    }
    assert_eq!(renewed, 47, "every fifteen minutes of twelve hours");
    host.advance(299_999);
    assert_eq!(host.me(&cookie).await.0, 200);
    host.advance(1);
    assert_eq!(host.reason(&cookie).await, "absolute");
}

#[tokio::test]
async fn a_busy_page_does_not_write_on_every_request() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    let seen = async || host.store.sessions(None).await.unwrap()[0].session.times.last_activity;
    let before = seen().await;
    for _ in 0..10 {
        host.advance(2_999);
        assert_eq!(host.me(&cookie).await.0, 200);
    }
    assert_eq!(seen().await, before);
    host.advance(10);
    assert_eq!(host.me(&cookie).await.0, 200);
    assert_eq!(seen().await, host.engine.now());
}

#[tokio::test]
async fn what_a_browser_fetches_ahead_is_no_activity() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    host.advance(300_000);
    let ahead = host.get("/").header("cookie", &cookie).header("sec-purpose", "prefetch").send().await.unwrap();
    assert_eq!(ahead.status(), 200);
    assert!(set_cookies(&ahead).is_empty());
    host.advance(300_000);
    assert_eq!(host.reason(&cookie).await, "idle");
}

#[tokio::test]
async fn every_end_has_its_reason() {
    let host = Host::scene().with("bob").start().await;
    let alice = host.account("alice").await;
    assert_eq!(host.reason("").await, "none");
    assert_eq!(host.reason("daypass=junk").await, "invalid");

    let cookie = host.sign_in().await;
    host.store.end(Which::Account(alice, None), Reason::Revoked, host.engine.now(), None).await.unwrap();
    let answer = host.get("/api/me").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(header(&answer, "daypass-ended"), "revoked");
    assert!(!removes_cookie(&answer), "every call that is under way shall hear why");
    let document = host.get("/").header("cookie", &cookie).send().await.unwrap();
    assert!(removes_cookie(&document));
    assert_eq!(host.reason(&cookie).await, "revoked");

    let cookie = host.sign_in().await;
    host.store.set_state(alice, AccountState::Disabled, host.engine.now()).await.unwrap();
    assert_eq!(host.reason(&cookie).await, "account_disabled");
    let (status, body) = status_and_json(host.post("/api/sign_in", &form("")).send().await.unwrap()).await;
    assert_eq!((status, body), (401, json!({"error": "invalid_credentials"})));
    host.store.set_state(alice, AccountState::Active, host.engine.now()).await.unwrap();

    // Signing in as somebody else over a session ends it.
    let cookie = host.sign_in().await;
    let over =
        host.post("/api/sign_in", &form("").replace("alice", "bob")).header("cookie", &cookie).send().await.unwrap();
    let newer = session_cookie(&over).unwrap();
    assert_eq!(host.reason(&cookie).await, "replaced");
    assert_eq!(host.me(&newer).await.1, json!({"account": "bob"}));
    host.store.delete_account(host.account("bob").await).await.unwrap();
    assert_eq!(host.reason(&newer).await, "invalid");
}

#[tokio::test]
async fn a_failed_sign_in_leaves_the_session_that_is_there() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    let refused =
        host.post("/api/sign_in", "username=alice&password=wrong").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(!removes_cookie(&refused));
    assert_eq!(host.me(&cookie).await.0, 200);
}

#[tokio::test]
async fn restarts_other_nodes_and_turned_keys_sign_nobody_out() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    let origin = "http://127.0.0.1:3000";
    let node = host.another(vec![host.key.clone()], origin).await;
    assert_eq!(node.me(&cookie).await.0, 200);
    let turned = host.another(vec![Key::generate().unwrap(), host.key.clone()], origin).await;
    assert_eq!(turned.me(&cookie).await.0, 200);
    host.post("/api/sign_out", "").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(node.reason(&cookie).await, "signed_out");
    assert_eq!(turned.reason(&cookie).await, "signed_out");
}

#[tokio::test]
async fn a_cookie_for_another_origin_or_key_is_nothing_here() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    let other_key = host.another(vec![Key::generate().unwrap()], "http://127.0.0.1:3000").await;
    assert_eq!(other_key.reason(&cookie).await, "invalid");
    let other_origin = host.another(vec![host.key.clone()], "http://127.0.0.1:4000").await;
    assert_eq!(other_origin.reason(&cookie).await, "invalid");
}

#[tokio::test]
async fn remembered_sessions_have_their_own_timeouts() {
    let second = |n| Duration::from_secs(n);
    let policy = Policy::new(
        Timeouts { idle: second(1), absolute: second(10) },
        Timeouts { idle: second(100), absolute: second(1000) },
    )
    .unwrap();
    let host = Host::scene().policy(policy).start().await;
    let (ordinary, kept) = (host.sign_in().await, host.sign_in_with(&form("&remember=true")).await);
    host.advance(1000);
    assert_eq!(host.reason(&ordinary).await, "idle");
    assert_eq!(host.me(&kept).await.0, 200);
}

#[tokio::test]
async fn health_and_readiness_are_told_apart() {
    let host = Host::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = host.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(set_cookies(&answer).is_empty());
    }
    host.store.close().await;
    assert_eq!(host.get("/healthz").send().await.unwrap().status(), 200);
    assert_eq!(host.get("/readyz").send().await.unwrap().status(), 503);
}
