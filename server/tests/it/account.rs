//! What people do with their own account: devices, password, activity, and proving again who they are.

use crate::host::{Host, PASSWORD, header, removes_cookie, session_cookie, status_and_json};
use reqwest::Response;
use serde_json::{Value, json};

const NEW: &str = "four+words+nobody+expects";

fn form(text: &str) -> String {
    text.replace(' ', "+")
}

impl Host {
    async fn call(&self, cookie: &str, path: &str, form: &str) -> Response {
        self.post(path, form).header("cookie", cookie).send().await.unwrap()
    }

    async fn answer(&self, cookie: &str, path: &str, form: &str) -> (u16, Value) {
        status_and_json(self.call(cookie, path, form).await).await
    }

    async fn sessions(&self, cookie: &str) -> Vec<Value> {
        let (status, list) = self.answer(cookie, "/api/sessions", "").await;
        assert_eq!(status, 200, "{list}");
        list.as_array().unwrap().clone()
    }

    /// The id of the session of a cookie.
    async fn id(&self, cookie: &str) -> String {
        let list = self.sessions(cookie).await;
        let current: Vec<_> = list.iter().filter(|entry| entry["current"] == true).collect();
        assert_eq!(current.len(), 1);
        current[0]["id"].as_str().unwrap().to_owned()
    }

    async fn confirm(&self, cookie: &str) -> String {
        let answer = self.call(cookie, "/api/confirm", &format!("password={}", form(PASSWORD))).await;
        assert_eq!(answer.status(), 200);
        session_cookie(&answer).unwrap()
    }

    /// Sends a form without scripts, and follows it to the page that it leads to.
    async fn submit_and_follow(&self, cookie: &str, path: &str, form: &str) -> (String, String) {
        let answer = self.submit(path, form).header("cookie", cookie).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        let location = header(&answer, "location").to_owned();
        let mut cookies = vec![session_cookie(&answer).unwrap_or_else(|| cookie.to_owned())];
        if removes_cookie(&answer) {
            cookies.clear();
        }
        cookies.extend(
            crate::host::set_cookies(&answer)
                .iter()
                .filter(|cookie| cookie.contains("-notice="))
                .filter_map(|cookie| cookie.split(';').next().map(str::to_owned)),
        );
        let page = self.get(&location).header("cookie", cookies.join("; ")).send().await.unwrap();
        (location, page.text().await.unwrap())
    }
}

const INVALID: fn(&str, &str) -> Value =
    |field, problem| json!({"error": "invalid_field", "field": field, "problem": problem});

#[tokio::test]
async fn nobody_sees_or_does_anything_without_a_session() {
    let host = Host::start().await;
    for path in ["/api/sessions", "/api/end_sessions", "/api/activity", "/api/confirm", "/api/change_password"] {
        let (status, body) = status_and_json(host.post(path, "").send().await.unwrap()).await;
        assert_eq!((status, &body["error"]), (401, &json!("unauthenticated")), "{path}");
        let answer = host.submit(path, "").send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (302, "/login"), "{path}");
        let cookie = host.sign_in().await;
        let answer = host.get(path).header("cookie", cookie).send().await.unwrap();
        assert_eq!(answer.status(), 405, "{path}");
    }
    for path in ["/account/sessions", "/account/password", "/account/activity", "/account/confirm"] {
        let answer = host.get(path).send().await.unwrap();
        assert_eq!(header(&answer, "location"), format!("/login?next={path}"));
        assert!(answer.text().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn people_see_where_they_are_signed_in() {
    let host = Host::scene().with("bob").start().await;
    let form = format!("username=alice&password={}&remember=on", form(PASSWORD));
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let answer = host.post("/api/sign_in", &form).header("user-agent", firefox).send().await.unwrap();
    let first = session_cookie(&answer).unwrap();
    host.advance(300_000);
    let second = host.sign_in().await;
    host.sign_in_with(&form.replace("alice", "bob")).await;
    let list = host.sessions(&second).await;
    assert_eq!(list.len(), 2, "nobody else's");
    assert_eq!((&list[0]["current"], &list[0]["at"]["words"]), (&json!(true), &json!("just now")));
    assert_eq!(list[1]["what"], "Firefox on Linux");
    assert_eq!(list[1]["place"], "127.0.0.1");
    assert_eq!(list[1]["detail"], "Kept when the browser closes");
    assert_eq!(list[1]["since"], json!({"words": "5 minutes ago", "exact": "2023-11-14T22:13:20Z"}));
    assert_eq!(list[1]["current"], false);
    assert_ne!(host.id(&first).await, host.id(&second).await);
}

#[tokio::test]
async fn people_end_one_the_others_or_all() {
    let host = Host::start().await;
    let (this, one, two) = (host.sign_in().await, host.sign_in().await, host.sign_in().await);
    let which = format!("which={}", host.id(&one).await);
    assert_eq!(host.answer(&this, "/api/end_sessions", &which).await, (200, json!(1)));
    assert_eq!(host.reason(&one).await, "revoked_by_you");
    assert_eq!(host.answer(&this, "/api/end_sessions", &which).await, (404, json!({"error": "not_found"})));
    assert_eq!(host.me(&two).await.0, 200);
    assert_eq!(host.answer(&this, "/api/end_sessions", "which=others").await, (200, json!(1)));
    assert_eq!(host.reason(&two).await, "revoked_by_you");
    assert_eq!(host.me(&this).await.0, 200);
    let again = host.sign_in().await;
    let answer = host.call(&again, "/api/end_sessions", "which=this").await;
    assert!(removes_cookie(&answer));
    assert_eq!(host.reason(&again).await, "signed_out");
    let three = host.sign_in().await;
    let answer = host.call(&this, "/api/end_sessions", "which=all").await;
    assert!(removes_cookie(&answer));
    assert_eq!((host.reason(&this).await, host.reason(&three).await), ("signed_out".into(), "revoked_by_you".into()));
    for form in ["", "which="] {
        assert_eq!(host.answer(&host.sign_in().await, "/api/end_sessions", form).await.0, 422);
    }
}

#[tokio::test]
async fn nobody_ends_the_session_of_another() {
    let host = Host::scene().with("bob").start().await;
    let alice = host.sign_in().await;
    let bob = host.sign_in_with(&format!("username=bob&password={}", form(PASSWORD))).await;
    let which = format!("which={}", host.id(&bob).await);
    let theirs = host.answer(&alice, "/api/end_sessions", &which).await;
    assert_eq!(theirs, host.answer(&alice, "/api/end_sessions", "which=nosuchsession").await);
    assert_eq!(theirs.0, 404);
    assert_eq!(host.me(&bob).await.0, 200);
}

#[tokio::test]
async fn ending_asks_for_a_password_that_was_just_given() {
    let host = Host::start().await;
    let (cookie, other) = (host.sign_in().await, host.sign_in().await);
    host.advance(599_000);
    for cookie in [&cookie, &other] {
        assert_eq!(host.call(cookie, "/api/extend", "").await.status(), 200);
    }
    host.advance(1_000);
    let refused = host.answer(&cookie, "/api/end_sessions", "which=others").await;
    assert_eq!(refused, (403, json!({"error": "confirm_password"})));
    assert_eq!(host.me(&other).await.0, 200);

    let wrong = host.answer(&cookie, "/api/confirm", "password=wrong").await;
    assert_eq!(wrong, (403, INVALID("password", "wrong")));
    assert_eq!(host.answer(&cookie, "/api/confirm", "").await, (422, INVALID("password", "missing")));
    assert_eq!(host.answer(&cookie, "/api/end_sessions", "which=others").await.0, 403);

    let confirmed = host.confirm(&cookie).await;
    assert_eq!(host.reason(&cookie).await, "replaced");
    assert_eq!(host.answer(&confirmed, "/api/end_sessions", "which=others").await, (200, json!(1)));
    assert_eq!(host.reason(&other).await, "revoked_by_you");
}

#[tokio::test]
async fn a_password_changes_and_other_sessions_end() {
    let host = Host::start().await;
    let (this, other) = (host.sign_in().await, host.sign_in().await);
    let change = |current: &str, new: &str, more: &str| format!("current={}&new={new}{more}", form(current));
    for (form, status, body) in [
        ("new=x".to_owned(), 422, INVALID("current", "missing")),
        (change(PASSWORD, "", ""), 422, INVALID("new", "missing")),
        (change(PASSWORD, "fourteen+chars", ""), 422, INVALID("new", "too_short")),
        (change(PASSWORD, &"x".repeat(1025), ""), 422, INVALID("new", "too_long")),
        (change("wrong", NEW, ""), 403, INVALID("current", "wrong")),
        (change(PASSWORD, NEW, "&end_others=perhaps"), 422, INVALID("other", "wrong_type")),
    ] {
        assert_eq!(host.answer(&this, "/api/change_password", &form).await, (status, body), "{form}");
    }
    assert_eq!((host.me(&this).await.0, host.me(&other).await.0), (200, 200));

    let answer = host.call(&this, "/api/change_password", &change(PASSWORD, NEW, "&end_others=on")).await;
    assert_eq!(answer.status(), 200);
    let next = session_cookie(&answer).unwrap();
    assert_eq!(host.me(&next).await.0, 200);
    assert_eq!((host.reason(&this).await, host.reason(&other).await), ("replaced".into(), "password_changed".into()));
    let old = host.post("/api/sign_in", &format!("username=alice&password={}", form(PASSWORD))).send().await.unwrap();
    assert_eq!(old.status(), 401);
    let fresh = host.sign_in_with(&format!("username=alice&password={NEW}")).await;

    let back = format!("current={NEW}&new={}", form(PASSWORD));
    assert_eq!(host.answer(&next, "/api/change_password", &back).await.0, 200);
    assert_eq!(host.me(&fresh).await.0, 200, "the others stay if that is wanted");
}

#[tokio::test]
async fn people_see_what_happened_to_their_account() {
    let host = Host::scene().with("bob").start().await;
    for name in ["alice", "alice", "alice", "bob", "nobody"] {
        host.post("/api/sign_in", &format!("username={name}&password=wrong")).send().await.unwrap();
    }
    let answer =
        host.post("/api/sign_in", &format!("username=alice&password={}", form(PASSWORD))).send().await.unwrap();
    let cookie = session_cookie(&answer).unwrap();
    assert_eq!(status_and_json(answer).await.1["failed_attempts"], 3);
    let (_, session) = host.answer(&cookie, "/api/session", "").await;
    assert_eq!(session["failed_attempts"], 0, "said once");
    let other = host.sign_in().await;
    host.call(&other, "/api/sign_out", "").await;
    let (status, list) = host.answer(&cookie, "/api/activity", "").await;
    let told: Vec<_> = list.as_array().unwrap().iter().map(|entry| entry["what"].as_str().unwrap()).collect();
    assert_eq!((status, told), (200, vec!["Signed out", "Signed in", "Signed in", "3 failed attempts to sign in"]));
    assert_eq!(list[2]["current"], true);
    assert!(list.as_array().unwrap().iter().all(|entry| entry["place"] == "127.0.0.1"));
}

#[tokio::test]
async fn what_a_browser_calls_itself_is_text_and_nothing_else() {
    let host = Host::start().await;
    let sign_in = format!("username=alice&password={}", form(PASSWORD));
    let hostile = "<script>alert(1)";
    let answer = host.post("/api/sign_in", &sign_in).header("user-agent", hostile).send().await.unwrap();
    let cookie = session_cookie(&answer).unwrap();
    for path in ["/account/sessions", "/account/activity"] {
        let page = host.get(path).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
        assert!(!page.contains("<script>alert"), "{page}");
    }
}

#[tokio::test]
async fn the_lists_are_in_the_document() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    for path in ["/account/sessions", "/account/activity"] {
        let page = host.get(path).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("127.0.0.1") && page.contains("just now"), "{path}: {page}");
    }
}

#[tokio::test]
async fn forms_without_scripts_lead_to_pages_that_say_what_happened() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    host.sign_in().await;
    let (location, page) = host.submit_and_follow(&cookie, "/api/end_sessions", "which=others").await;
    assert_eq!(location, "/account/sessions");
    assert!(page.contains("1 session ended."), "{page}");

    let short = format!("current={}&new=short", form(PASSWORD));
    let (location, page) = host.submit_and_follow(&cookie, "/api/change_password", &short).await;
    assert_eq!(location, "/account/password");
    assert!(page.contains("Use 15 characters or more."), "{page}");

    host.advance(500_000);
    assert_eq!(host.call(&cookie, "/api/extend", "").await.status(), 200);
    host.advance(100_000);
    let (location, page) = host.submit_and_follow(&cookie, "/api/end_sessions", "which=others").await;
    assert_eq!(location, "/account/confirm?next=/account/sessions");
    assert!(page.contains("Confirm that it is you") && page.contains("value=\"/account/sessions\""), "{page}");
    let wrong = "password=wrong&next=/account/sessions";
    let (location, page) = host.submit_and_follow(&cookie, "/api/confirm", wrong).await;
    assert_eq!(location, "/account/confirm?next=/account/sessions");
    assert!(page.contains("That is not your password."), "{page}");
    let right = format!("password={}&next=//evil.example", form(PASSWORD));
    assert_eq!(host.submit_and_follow(&cookie, "/api/confirm", &right).await.0, "/");

    let cookie = host.sign_in().await;
    let change = format!("current={}&new={NEW}&end_others=on", form(PASSWORD));
    let (location, page) = host.submit_and_follow(&cookie, "/api/change_password", &change).await;
    assert_eq!(location, "/account/password");
    assert!(page.contains("Your password is changed."), "{page}");
    let cookie = host.sign_in_with(&format!("username=alice&password={NEW}")).await;
    let (location, page) = host.submit_and_follow(&cookie, "/api/end_sessions", "which=all").await;
    assert_eq!(location, "/login");
    assert!(page.contains("You are signed out."), "{page}");
}

/// A sign-out was sent, and before it came the password was confirmed: it comes with the cookie before.
#[tokio::test]
async fn a_sign_out_beats_a_confirmation_that_came_first() {
    let host = Host::start().await;
    let before = host.sign_in().await;
    let other = host.sign_in().await;
    let after = host.confirm(&before).await;
    assert_eq!(host.me(&after).await.0, 200);
    let answer = host.call(&before, "/api/sign_out", "").await;
    assert!(answer.status().is_success() && removes_cookie(&answer));
    assert_eq!(host.reason(&after).await, "signed_out");
    assert_eq!(host.me(&other).await.0, 200);
}
