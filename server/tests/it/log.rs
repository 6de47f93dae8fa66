//! What the log says, and what it never says.

use crate::{
    host::{session_cookie, set_cookies},
    program::{Folder, secret},
};
use serde_json::Value;
use std::fs;

const PASSWORD: &str = "canary-right-password";

/// Everything that can be secret, marked, while it goes well and while it does not, with all that any
/// part of the program has to say.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_its_most_talkative_the_log_has_no_secret_and_no_forged_line() {
    let folder = Folder::new();
    let [key, pepper] = [(); 2].map(|()| folder.ok(&["keys", "new"]).trim().to_owned());
    secret(&folder.path().join("the.pepper"), &pepper);
    let folder = folder
        .env("RUST_LOG", "trace")
        .env("DAYPASS_LOG", "json")
        .env("DAYPASS_KEYS", &key)
        .env("DAYPASS_PEPPER_FILE", "the.pepper");
    folder.add_account("alice", PASSWORD);
    let server = folder.serve();
    let mut secrets = vec![key, pepper, PASSWORD.to_owned()];
    let post = |path: &str, cookie: &str, form: &str| {
        let request = server.client.post(format!("{}{path}", server.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded").header("cookie", cookie);
        request.body(form.to_owned()).send()
    };
    for (name, password) in [
        ("canary-typed-for-a-name", "canary-wrong-password"),
        ("canary-typed-for-a-name", "canary-wrong-password"),
        ("alice", "canary-wrong-password"),
        ("a%0a{\"event\":\"canary-forged\"}%0a", "x"),
    ] {
        let answer = post("/api/sign_in", "", &format!("username={name}&password={password}")).await.unwrap();
        assert!(!answer.status().is_success());
    }
    let answer = post("/api/sign_in", "", &format!("username=alice&password={PASSWORD}")).await.unwrap();
    secrets.extend(set_cookies(&answer).iter().map(|cookie| value(cookie).to_owned()));
    let cookie = session_cookie(&answer).unwrap();
    let form = format!("current={PASSWORD}&new=canary-new-password-of-mine&repeat=canary-new-password-of-mine");
    let answer = post("/api/change_password", &cookie, &form).await.unwrap();
    secrets.extend(set_cookies(&answer).iter().map(|cookie| value(cookie).to_owned()));
    let cookie = session_cookie(&answer).unwrap();
    let visit = |path: &str, cookie: &str| {
        let request = server.client.get(format!("{}{path}", server.url)).header("cookie", cookie);
        let request = request.header("authorization", "Bearer canary-authorization");
        let request = request.header("x-request-id", "canary-id").header("referer", "http://canary-referer.example");
        request.send()
    };
    for (path, cookie) in [
        ("/api/me", cookie.as_str()),
        ("/?canary-query=1", &cookie),
        ("/", "daypass=canary-cookie; other=canary-other"),
        ("/api/nothing?canary-query=1", ""),
        ("/x%0a{\"event\":\"forged\"}%0a", ""),
    ] {
        visit(path, cookie).await.unwrap();
    }
    assert_eq!(post("/api/sign_out", &cookie, "").await.unwrap().status(), 200);
    // Nor when the database is away.
    fs::remove_file(folder.path().join("data/daypass.db")).unwrap();
    assert_eq!(visit("/api/me", &cookie).await.unwrap().status(), 503);
    let form = format!("username=alice&password={PASSWORD}");
    assert_eq!(post("/api/sign_in", "", &form).await.unwrap().status(), 503);

    let log = server.log().unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().any(|line| line["level"] == "DEBUG"), "it is not at its most talkative");
    let leak = |line: &str| line.contains("canary") || secrets.iter().any(|secret| line.contains(&secret[..16]));
    let leaks: Vec<_> = log.lines().filter(|line| leak(line)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(!lines.iter().any(|line| line["event"] == "forged"));

    let told = |event: &str| -> Vec<&Value> { lines.iter().filter(|line| line["event"] == event).collect() };
    let failures = told("authn_login_fail");
    let reasons: Vec<_> = failures.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["no_account", "no_account", "wrong_password", "no_account"]);
    let who: Vec<_> = failures.iter().map(|line| line["who"].as_str().unwrap()).collect();
    assert!(who[0] == who[1] && who[0] != who[2] && who[2] != who[3] && who[0].len() == 16, "{who:?}");
    assert!(failures.iter().all(|line| line["span"]["id"].as_str().is_some_and(|id| id.len() == 36)));
    for event in
        ["sys_startup", "authn_login_successafterfail", "authn_password_change", "authn_logout", "sys_shutdown"]
    {
        assert_eq!(told(event).len(), 1, "{event}");
    }
    assert_eq!(told("crypt_decrypt_fail").len(), 1);
}

fn value(cookie: &str) -> &str {
    cookie.split_once('=').unwrap().1.split(';').next().unwrap()
}
