//! How much one network may ask for.

use crate::host::{Host, header, status_and_json};
use reqwest::Method;

#[tokio::test]
async fn whatever_takes_work_is_counted_and_files_are_not() {
    let host = Host::scene().calls_per_minute(1).hashed_file("daypass.abc.js", "export {}").start().await;
    let free = ["/robots.txt", "/pkg/daypass.abc.js", "/healthz"];
    for path in free.repeat(5) {
        assert_eq!(host.get(path).send().await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(host.get("/login").send().await.unwrap().status(), 200);
    for (method, path) in [
        (Method::GET, "/login"),
        (Method::GET, "/"),
        (Method::GET, "/account/sessions"),
        (Method::GET, "/nowhere"),
        (Method::GET, "/x.css"),
        (Method::GET, "/readyz"),
        (Method::GET, "/api/me"),
        (Method::GET, "/api/nothing"),
        (Method::POST, "/api/session"),
        (Method::POST, "/api/sign_in"),
        (Method::POST, "/api/sign_out"),
        (Method::POST, "/api/nothing"),
        (Method::DELETE, "/"),
    ] {
        let answer = host.request(method.clone(), path).send().await.unwrap();
        assert_eq!(answer.status(), 429, "{method} {path}");
        assert!(header(&answer, "retry-after").parse::<u32>().is_ok_and(|seconds| (1..=60).contains(&seconds)));
        assert_eq!(header(&answer, "cache-control"), "no-store");
        assert_eq!(status_and_json(answer).await.1["error"], "too_many_requests", "{method} {path}");
    }
    for path in free {
        assert_eq!(host.get(path).send().await.unwrap().status(), 200, "{path}");
    }
}

/// What somebody writes about where they are is believed of a proxy of ours alone.
#[tokio::test]
async fn each_network_behind_a_proxy_has_a_count_of_its_own() {
    let ask = async |host: &Host, from: &str| {
        host.get("/api/me").header("x-forwarded-for", from).send().await.unwrap().status().as_u16()
    };
    let host = Host::scene().calls_per_minute(1).behind_a_proxy().start().await;
    for (from, status) in [
        ("203.0.113.1", 401),
        ("203.0.113.1", 429),
        ("198.51.100.7, 203.0.113.1", 429),
        ("203.0.113.2", 401),
        ("2001:db8::1", 401),
        ("2001:db8::2", 429),
        ("2001:db8:0:1::1", 401),
    ] {
        assert_eq!(ask(&host, from).await, status, "{from}");
    }
    let host = Host::scene().calls_per_minute(1).start().await;
    assert_eq!((ask(&host, "203.0.113.1").await, ask(&host, "203.0.113.2").await), (401, 429));
}
