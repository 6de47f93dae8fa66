//! A store that is away: nobody is let in, and nobody is signed out.

use crate::host::{Host, header, set_cookies, status_and_json};
use serde_json::json;

#[tokio::test]
async fn an_outage_is_503_with_the_cookie_kept() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    host.store.close().await;
    let away = json!({"error": "unavailable"});
    for (method, path) in
        [("GET", "/api/me"), ("POST", "/api/session"), ("POST", "/api/extend"), ("POST", "/api/sign_out")]
    {
        let request = if method == "GET" { host.get(path) } else { host.post(path, "") };
        let answer = request.header("cookie", &cookie).send().await.unwrap();
        assert!(set_cookies(&answer).is_empty(), "{path} touches the cookie");
        assert_eq!(header(&answer, "retry-after"), "2");
        assert_eq!(status_and_json(answer).await, (503, away.clone()), "{path}");
    }
    let answer =
        host.post("/api/sign_in", "username=alice&password=correct+horse+battery+staple").send().await.unwrap();
    assert_eq!(header(&answer, "retry-after"), "2");
    assert_eq!(status_and_json(answer).await, (503, away));
}

#[tokio::test]
async fn the_page_says_so_and_shows_nothing_private() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    host.store.close().await;
    for path in ["/", "/login", "/nowhere"] {
        let answer = host.get(path).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 503, "{path}");
        assert!(set_cookies(&answer).is_empty());
        let html = answer.text().await.unwrap();
        assert!(html.contains("The service is away for the moment") && !html.contains("alice"), "{path}");
    }
    let form = host.submit("/api/sign_out", "").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(form.status(), 503, "a sign-out that did not happen is not claimed");
    let form = host.submit("/api/sign_in", "username=alice&password=x").send().await.unwrap();
    assert_eq!((form.status().as_u16(), header(&form, "location")), (302, "/login"));
}

#[tokio::test]
async fn guests_do_not_need_the_store_and_make_no_rows() {
    let host = Host::start().await;
    for path in ["/login", "/", "/nowhere", "/robots.txt", "/api/me"] {
        host.get(path).send().await.unwrap();
    }
    host.post("/api/session", "").send().await.unwrap();
    assert_eq!(host.rows().await, 0);
    host.store.close().await;
    for (path, status) in [("/login", 200), ("/", 302), ("/nowhere", 404), ("/robots.txt", 200), ("/api/me", 401)] {
        assert_eq!(host.get(path).send().await.unwrap().status(), status, "{path}");
    }
    assert_eq!(host.post("/api/session", "").send().await.unwrap().status(), 200);
}
