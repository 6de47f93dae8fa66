//! What bad input gets.

use crate::host::{Host, header, removes_cookie, session_cookie, set_cookies, status_and_json};
use leptos::server_fn::axum::server_fn_paths;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn every_bad_field_is_named() {
    let host = Host::start().await;
    let invalid = |field: &str, problem: &str| json!({"error": "invalid_field", "field": field, "problem": problem});
    let long_name = format!("username={}&password=x", "a".repeat(65));
    let long_password = format!("username=alice&password={}", "a".repeat(1025));
    for (form, body) in [
        ("", invalid("username", "missing")),
        ("password=x", invalid("username", "missing")),
        ("username=&password=x", invalid("username", "missing")),
        ("username=alice", invalid("password", "missing")),
        ("username=alice&password=", invalid("password", "missing")),
        ("username=alice&username=bob&password=x", invalid("username", "doubled")),
        ("username=alice&password=x&password=y", invalid("password", "doubled")),
        ("username[]=alice&password=x", invalid("username", "wrong_type")),
        ("username=alice&password[a]=x", invalid("password", "wrong_type")),
        ("username=alice&password=x&remember=perhaps", invalid("remember", "wrong_type")),
        ("username=alice&password=x&remember=on&remember=on", invalid("remember", "doubled")),
        (&long_name, invalid("username", "too_long")),
        (&long_password, invalid("password", "too_long")),
    ] {
        let answer = host.post("/api/sign_in", form).send().await.unwrap();
        assert!(set_cookies(&answer).is_empty());
        assert_eq!(header(&answer, "content-type"), "application/json");
        assert_eq!(status_and_json(answer).await, (422, body), "{form}");
    }
    assert_eq!(host.rows().await, 0);
}

#[tokio::test]
async fn nothing_but_a_form_reaches_a_server_function() {
    let host = Host::start().await;
    let send = |kind: Option<&'static str>, body: Vec<u8>| {
        let mut request = host.request(Method::POST, "/api/sign_in").body(body);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        request.send()
    };
    for kind in [
        Some("application/json"),
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("application/x-www-form-urlencodedx"),
        None,
    ] {
        let answer = send(kind, br#"{"username":"alice","password":"x"}"#.to_vec()).await.unwrap();
        assert_eq!(status_and_json(answer).await, (415, json!({"error": "unsupported_media_type"})), "{kind:?}");
    }
    let form = Some("application/x-www-form-urlencoded; charset=UTF-8");
    let answer = send(form, vec![b'a'; 17 * 1024]).await.unwrap();
    assert_eq!(status_and_json(answer).await, (413, json!({"error": "too_large"})));
    for body in [&b"username=%FF%FE&password=x"[..], b"\xff\xfe=1", b"username=a%00b&password=x", b"%", b"&&&=&"] {
        let (status, body) = status_and_json(send(form, body.to_vec()).await.unwrap()).await;
        assert!((400..500).contains(&status), "{status} {body}");
        assert!(body["error"].is_string());
    }
    // What is not ours is ignored.
    let answer = send(form, b"username=alice&password=x&is_admin=1&query[]=".to_vec()).await.unwrap();
    assert_eq!(answer.status(), 422);
    let answer = send(form, b"username=alice&password=x&is_admin=1".to_vec()).await.unwrap();
    assert_eq!(status_and_json(answer).await, (401, json!({"error": "invalid_credentials"})));
}

#[tokio::test]
async fn unknown_calls_and_methods_answer_in_json() {
    let host = Host::start().await;
    for path in ["/api/nothing", "/api/sign_in/x", "/api/sign_in/", "/api/%73ign_in"] {
        for method in [Method::GET, Method::POST] {
            let answer = host.request(method, path).send().await.unwrap();
            assert_eq!(status_and_json(answer).await, (404, json!({"error": "not_found"})), "{path}");
        }
    }
    let cookie = host.sign_in().await;
    for path in ["/api/sign_in", "/api/sign_out", "/api/session", "/api/extend"] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = host.request(method.clone(), path).header("cookie", &cookie).send().await.unwrap();
            assert_eq!(answer.status(), 405, "{method} {path}");
        }
        assert_eq!(host.request(Method::HEAD, path).header("cookie", &cookie).send().await.unwrap().status(), 405);
    }
    assert_eq!(host.request(Method::POST, "/api/me").header("cookie", &cookie).send().await.unwrap().status(), 405);
    assert_eq!(host.request(Method::POST, "/").header("cookie", &cookie).send().await.unwrap().status(), 405);
    assert_eq!(host.request(Method::PUT, "/nothing").send().await.unwrap().status(), 405);
    assert_eq!(host.me(&cookie).await.0, 200, "none of this signed anybody out");
}

#[tokio::test]
async fn a_spoilt_cookie_is_as_none_and_removed_and_never_reaches_the_store() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    let value = cookie.strip_prefix("daypass=").unwrap();
    let mut spoilt: Vec<String> = vec![
        String::new(),
        "junk".to_owned(),
        "null".to_owned(),
        r#"{"v":1,"t":"session"}"#.to_owned(),
        format!("{value}A"),
        format!("\"{value}\""),
        value.to_lowercase(),
        value.replace('+', "-").replace('/', "_") + "x",
        "a".repeat(5000),
    ];
    spoilt.extend((0..value.len()).step_by(7).map(|cut| value[..cut].to_owned()));
    spoilt.extend((0..value.len() - 1).step_by(5).map(|at| {
        let mut bytes = value.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    }));
    // A store that would answer 503 if it were asked.
    host.store.close().await;
    for value in spoilt {
        let answer = host.get("/api/me").header("cookie", format!("daypass={value}")).send().await.unwrap();
        assert!(removes_cookie(&answer), "{value}");
        assert_eq!(
            status_and_json(answer).await,
            (401, json!({"error": "unauthenticated", "reason": "invalid"})),
            "{value}"
        );
        let page = host.get("/").header("cookie", format!("daypass={value}")).send().await.unwrap();
        assert_eq!((page.status().as_u16(), header(&page, "location")), (302, "/login"));
    }
    // Moved to another name.
    let moved = host.get("/api/me").header("cookie", format!("daypass-notice={value}")).send().await.unwrap();
    assert_eq!(moved.status(), 401);
    assert_eq!(
        host.get("/login").header("cookie", format!("daypass-notice={value}")).send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn names_that_only_decode_to_ours_never_bring_an_attackers_session() {
    let host = Host::scene().https().with("mallory").start().await;
    let victim = host.sign_in().await;
    let attacker = host.sign_in_with("username=mallory&password=correct+horse+battery+staple").await;
    let value = attacker.strip_prefix("__Host-daypass=").unwrap();
    for name in [
        "__%48ost-daypass",
        "%5F%5FHost-daypass",
        "\u{a0}__Host-daypass",
        "\u{2000}__Host-daypass",
        "\u{85}__Host-daypass",
        "__host-daypass",
        " \u{3000} __Host-daypass",
    ] {
        for header in [format!("{victim}; {name}={value}"), format!("{name}={value}; {victim}")] {
            let answer = host.get("/api/me").header("cookie", header.as_bytes()).send().await.unwrap();
            assert_eq!(status_and_json(answer).await, (200, json!({"account": "alice"})), "{header}");
        }
        let alone = host.get("/api/me").header("cookie", format!("{name}={value}").as_bytes()).send().await.unwrap();
        assert_eq!(status_and_json(alone).await.1["reason"], "none", "{name}");
    }
    // Two of the exact name: none, and the browser's own is not taken from it.
    let both = host.get("/api/me").header("cookie", format!("{victim}; {attacker}")).send().await.unwrap();
    assert!(!removes_cookie(&both));
    assert_eq!(status_and_json(both).await.1["reason"], "none");
    // Junk from others signs nobody out.
    let mut junk = b"x=\xff\xfe; =; $Version=1; q=\"a\"; ".to_vec();
    junk.extend(victim.as_bytes());
    let answer = host
        .get("/api/me")
        .header("cookie", reqwest::header::HeaderValue::from_bytes(&junk).unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn no_answer_leads_off_the_site() {
    let host = Host::start().await;
    let form = "username=alice&password=correct+horse+battery+staple&next=";
    for next in [
        "//evil.example",
        "/%5Cevil.example",
        "https://evil.example/",
        "/%09/evil.example",
        "/.//evil.example",
        "/a/../..//evil.example",
        "%2F%2Fevil.example",
        "javascript:alert(1)",
        "/%2Fevil.example",
        "/login",
        "/api/sign_out",
        "",
        "%0D%0ASet-Cookie:x=1",
    ] {
        let answer = host.submit("/api/sign_in", &format!("{form}{next}")).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (302, "/"), "{next}");
        let refused =
            host.submit("/api/sign_in", &format!("username=alice&password=no&next={next}")).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), header(&refused, "location")), (302, "/login"), "{next}");
    }
    let cookie = host.sign_in().await;
    for path in [
        "/login?next=//evil.example",
        "/login?next=/%5Cevil.example",
        "/login?next=%ff",
        "/login?next=%",
        "/login?next=/a&next=//evil.example",
    ] {
        let answer = host.get(path).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        assert!(["/", "/a"].contains(&header(&answer, "location")), "{path}");
    }
    for path in ["//evil.example", "//evil.example/%2f..", "/%5Cevil.example"] {
        let answer = host.get(path).send().await.unwrap();
        assert!(
            !header(&answer, "location").contains("evil.example")
                || header(&answer, "location").starts_with("/login?next=/"),
            "{path}"
        );
    }
    for referer in ["https://evil.example/x", "//evil.example", "%", ""] {
        for (path, form) in [
            ("/api/sign_in", "username=a&password=b"),
            ("/api/sign_in", "%"),
            ("/api/sign_out", ""),
            ("/api/session", ""),
            ("/api/extend", ""),
        ] {
            let answer = host.submit(path, form).header("referer", referer).send().await.unwrap();
            let location = header(&answer, "location");
            assert!(
                location.is_empty() || location.starts_with("/login") || location == "/",
                "{path} leads to {location}"
            );
            assert!(!location.contains("__err"));
        }
    }
}

/// Reading changes nothing (ASVS 3.5.3): a call that is added with another method is found here.
#[tokio::test]
async fn every_call_is_made_by_post_alone() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    let calls: Vec<_> = server_fn_paths().collect();
    assert!(calls.len() >= 9, "{calls:?}");
    for (path, method) in calls {
        assert_eq!(method, Method::POST, "{path}");
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"] {
            let path = format!("{path}?username=alice&password=x&which=all");
            let request = host.request(method.parse().unwrap(), &path).header("cookie", &cookie);
            let answer = request.header("sec-purpose", "prefetch").send().await.unwrap();
            assert_eq!(answer.status(), 405, "{method} {path}");
        }
    }
    assert_eq!((host.me(&cookie).await.0, host.rows().await), (200, 1));
}

#[tokio::test]
async fn other_sites_cannot_change_anything() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    let form = "username=alice&password=correct+horse+battery+staple";
    for (path, form) in [
        ("/api/sign_in", form),
        ("/api/sign_out", ""),
        ("/api/extend", ""),
        ("/api/session", ""),
        ("/api/end_sessions", "which=all"),
        ("/api/change_password", "current=a&new=b"),
        ("/api/confirm", "password=a"),
        ("/api/nothing", ""),
        ("/", ""),
    ] {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            for cookie in ["", &cookie] {
                for request in [host.post(path, form), host.submit(path, form)] {
                    let answer = request.header(name, value).header("cookie", cookie).send().await.unwrap();
                    assert!(set_cookies(&answer).is_empty() && header(&answer, "location").is_empty(), "{path}");
                    assert_eq!(header(&answer, "cache-control"), "no-store");
                    assert_eq!(
                        status_and_json(answer).await,
                        (403, json!({"error": "cross_site"})),
                        "{path} {name}: {value}"
                    );
                }
            }
        }
    }
    // No browser of today says nothing of where it comes from.
    for path in ["/api/sign_in", "/api/sign_out", "/api/change_password"] {
        let request = reqwest::Client::new().post(format!("{}{path}", host.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded").header("cookie", &cookie);
        assert_eq!(request.body(form).send().await.unwrap().status(), 403, "{path}");
    }
    assert_eq!(host.me(&cookie).await.0, 200, "somebody was signed out");
    assert_eq!(host.rows().await, 1, "somebody was signed in");
    for (name, value) in
        [("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none")]
    {
        assert_eq!(host.post("/api/session", "").header(name, value).send().await.unwrap().status(), 200);
    }
    // A link from elsewhere finds the person signed in.
    let link = host.get("/").header("cookie", &cookie).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(link.status(), 200);
}

#[tokio::test]
async fn nobody_learns_which_names_exist() {
    let host = Host::scene().https().with("mallory").start().await;
    host.engine
        .store()
        .set_state(host.account("mallory").await, daypass_auth::AccountState::Disabled, host.engine.now())
        .await
        .unwrap();
    let mut answers = Vec::new();
    for name in ["alice", "nobody", "mallory", "al%20ice", "a%00b", "%F0%9F%98%80"] {
        let answer = host.post("/api/sign_in", &format!("username={name}&password=wrong")).send().await.unwrap();
        let mut headers: Vec<_> = answer
            .headers()
            .iter()
            .filter(|(name, _)| *name != "x-request-id" && *name != "date")
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        answers.push((answer.status(), headers, answer.text().await.unwrap()));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    assert!(answers[0].2.contains("invalid_credentials"));
}

#[tokio::test]
async fn a_session_that_was_never_started_is_never_adopted() {
    let host = Host::start().await;
    let other = Host::start().await;
    let foreign = other.sign_in().await;
    let answer = host
        .post("/api/sign_in", "username=alice&password=correct+horse+battery+staple")
        .header("cookie", &foreign)
        .send()
        .await
        .unwrap();
    assert_ne!(session_cookie(&answer).unwrap(), foreign);
    assert_eq!(host.rows().await, 1);
    assert_eq!(host.reason(&foreign).await, "invalid");
}
