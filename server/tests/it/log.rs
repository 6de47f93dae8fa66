//! What the log says, and what it never says.

use crate::{
    host::{Host, PASSWORD as RIGHT, session_cookie, set_cookies},
    program::{Folder, secret},
    security_doc::listed_events,
};
use daypass_auth::{AccountState, testing::Written};
use daypass_server::{config::LogFormat, log};
use serde_json::Value;
use std::{collections::BTreeSet, fs};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

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
    assert!(failures.iter().all(|line| line["request"]["id"].as_str().is_some_and(|id| id.len() == 16)));
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

/// The log of the server of this thread, as one JSON object a line.
struct Log(Written);

impl Log {
    fn start() -> (Self, DefaultGuard) {
        // Of a line that another thread meets first, while this log is the only one, it would be remembered
        // that nobody wants it. So there is another one, for all threads.
        let nowhere = tracing_subscriber::fmt().with_writer(std::io::sink).finish();
        let _there_already = tracing::subscriber::set_global_default(nowhere);
        let written = Written::default();
        let writer = written.clone();
        let log = log::log(LogFormat::Json, EnvFilter::new("info"), move || writer.clone(), false);
        (Self(written), tracing::dispatcher::set_default(&log))
    }

    /// Its lines since the last time, but for those that are no event.
    fn events(&self) -> Vec<Value> {
        let lines = self.0.take();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["event"].is_string()).collect()
    }
}

/// What was heard, and on which occasion it must have been.
struct Told {
    log: Log,
    heard: BTreeSet<String>,
}

impl Told {
    /// The one line that an occasion has left, with what else stands in it.
    fn once(&mut self, occasion: &str, event: &str, with: &[(&str, &str)]) {
        let events = self.log.events();
        let names: Vec<_> = events.iter().map(|line| line["event"].as_str().unwrap()).collect();
        assert_eq!(names, [event], "{occasion}");
        for (field, value) in with {
            assert_eq!(events[0][field].as_str(), Some(*value), "{occasion}: {field}");
        }
        // Of each line is known which request it is of, and when.
        let request = &events[0]["request"];
        assert!(request["id"].as_str().is_some_and(|id| id.len() == 16), "{occasion}: {request}");
        let path = request["path"].as_str();
        assert!(request["method"].is_string() && path.is_some_and(|path| !path.contains('?')), "{request}");
        assert!(events[0]["timestamp"].is_string() && events[0]["level"].is_string());
        self.heard.insert(event.to_owned());
    }
}

/// Every event of the list in docs/security.md, on the occasion that it is there for, once.
#[tokio::test]
async fn every_occasion_on_the_list_leaves_its_line() {
    let host = Host::scene().with("bob").with("mallory").start().await;
    host.store.set_state(host.account("mallory").await, AccountState::Disabled, host.engine.now()).await.unwrap();
    let (log, _until_dropped) = Log::start();
    let mut told = Told { log, heard: BTreeSet::new() };
    let right = RIGHT.replace(' ', "+");
    let sign_in = async |name: &str, password: &str| {
        host.post("/api/sign_in", &format!("username={name}&password={password}")).send().await.unwrap()
    };
    let post = async |path: &str, cookie: &str, form: &str| {
        host.post(path, form).header("cookie", cookie).send().await.unwrap()
    };

    // Signing in, and not.
    sign_in("alice", &right).await;
    told.once("a sign-in", "authn_login_success", &[("place", "127.0.0.1")]);
    sign_in("alice", "wrong").await;
    told.once("a wrong password", "authn_login_fail", &[("reason", "wrong_password"), ("place", "127.0.0.1")]);
    sign_in("nobody", "wrong").await;
    told.once("a name that nobody has", "authn_login_fail", &[("reason", "no_account")]);
    sign_in("mallory", &right).await;
    told.once("an account that is disabled", "authn_login_fail", &[("reason", "disabled_or_changed")]);
    let cookie = session_cookie(&sign_in("alice", &right).await).unwrap();
    told.once("a sign-in after one that failed", "authn_login_successafterfail", &[]);
    for _ in 0..4 {
        sign_in("nobody", "wrong").await;
    }
    assert_eq!(told.log.events().len(), 4);
    assert_eq!(sign_in("nobody", "wrong").await.status(), 429);
    told.once("a sixth try", "excess_rate_limit_exceeded", &[]);

    // Proving again who one is.
    assert_eq!(post("/api/confirm", &cookie, "password=wrong").await.status(), 403);
    told.once("a wrong password in a session", "authn_login_fail", &[]);
    let cookie = session_cookie(&post("/api/confirm", &cookie, &format!("password={right}")).await).unwrap();
    told.once("a password that was confirmed", "session_renewed", &[]);
    let form = format!("current={right}&new=another+long+secret+of+mine");
    let cookie = session_cookie(&post("/api/change_password", &cookie, &form).await).unwrap();
    told.once("a password that was changed", "authn_password_change", &[]);

    // Ends.
    post("/api/sign_out", &cookie, "").await;
    told.once("a sign-out", "authn_logout", &[]);
    for (reason, idle) in [("idle", true), ("absolute", false)] {
        let mut cookie = session_cookie(&sign_in("bob", &right).await).unwrap();
        told.once("a sign-in", "authn_login_success", &[]);
        // Busy until half an hour before the end, if it is not to be idle.
        for _ in 0..(if idle { 0 } else { 2 * 12 * 6 - 1 }) {
            host.advance(300_000);
            let answer = host.get("/api/me").header("cookie", &cookie).send().await.unwrap();
            cookie = session_cookie(&answer).unwrap_or(cookie);
        }
        host.advance(if idle { 600_000 } else { 300_000 });
        assert_eq!(host.reason(&cookie).await, reason);
        told.once("a timeout", "session_expired", &[("reason", reason)]);
    }
    let first = session_cookie(&sign_in("bob", &right).await).unwrap();
    told.once("a sign-in", "authn_login_success", &[]);
    let mut newest = first.clone();
    for _ in 0..8 {
        host.advance(300_000);
        let answer = host.get("/api/me").header("cookie", &newest).send().await.unwrap();
        newest = session_cookie(&answer).unwrap_or(newest);
    }
    assert_eq!(host.reason(&first).await, "copied");
    told.once("a copy that was used", "session_copied", &[]);

    // What is forged, moved or from elsewhere.
    let cookie = session_cookie(&sign_in("bob", &right).await).unwrap();
    told.once("a sign-in", "authn_login_success", &[]);
    assert_eq!(host.reason("daypass=junk").await, "invalid");
    told.once("a cookie that does not open", "crypt_decrypt_fail", &[]);
    assert_eq!(host.reason(&format!("{cookie}; {cookie}")).await, "none");
    told.once("a cookie that comes twice", "session_cookie_ambiguous", &[]);
    assert_eq!(host.me(&format!("{cookie}; %64aypass=junk")).await.0, 200);
    told.once("a name that only decodes to ours", "session_cookie_ambiguous", &[]);
    let elsewhere = host.post("/api/sign_out", "").header("origin", "https://evil.example").header("cookie", &cookie);
    assert_eq!(elsewhere.send().await.unwrap().status(), 403);
    told.once("a form of another site", "malicious_csrf", &[("path", "/api/sign_out")]);
    // As Chromium writes it: what was violated under both of its names.
    let report = r#"{"csp-report":{"document-uri":"https://app.example/","referrer":"",
        "violated-directive":"script-src-elem","effective-directive":"script-src-elem",
        "original-policy":"default-src 'none'","disposition":"enforce","blocked-uri":"https://evil.example/x.js",
        "line-number":1,"status-code":200,"script-sample":""}}"#;
    let report = host.request(reqwest::Method::POST, "/csp-report").body(report);
    assert_eq!(report.send().await.unwrap().status(), 204);
    let with = [("directive", "script-src-elem"), ("blocked", "https://evil.example")];
    told.once("a report of a browser", "malicious_csp_violation", &with);

    // What is wrong with the machine or with us.
    let now = host.engine.now();
    host.clock.set(now.minus(std::time::Duration::from_secs(3600)));
    assert_eq!(host.reason(&cookie).await, "invalid");
    told.once("a clock that was set back", "clock_anomaly", &[]);
    host.clock.set(now);
    host.fuse.blow(true);
    assert_eq!(host.get("/api/me").header("cookie", &cookie).send().await.unwrap().status(), 500);
    told.once("a handler that panics", "sys_crash", &[("said", "canary of /srv/secret.rs")]);
    host.fuse.blow(false);
    let busy = Host::scene().calls_per_minute(1).start().await;
    told.log.events();
    for status in [401, 429] {
        assert_eq!(busy.get("/api/me").send().await.unwrap().status(), status);
    }
    told.once("a network that asks for too much", "excess_rate_limit_exceeded", &[("place", "127.0.0.1")]);

    // These are of no request. The last is shown beside the code: it takes two thousand million cookies.
    told.heard.extend(["sys_startup", "sys_shutdown", "sys_key_old"].map(str::to_owned));
    told.heard.insert("sys_key_worn".to_owned());
    assert_eq!(told.heard, listed_events());
}

#[cfg(unix)]
#[test]
fn a_start_an_old_key_and_a_stop_leave_their_lines() {
    let folder = Folder::new();
    let key = folder.ok(&["keys", "new"]);
    secret(&folder.path().join("keys"), &format!("# 2020-01-01T00:00:00Z\n{key}"));
    let folder = folder.env("DAYPASS_LOG", "json").env("DAYPASS_KEYS_FILE", "keys");
    let log = folder.serve().log().unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    let events: Vec<_> = lines.filter_map(|line| Some(line["event"].as_str()?.to_owned())).collect();
    assert_eq!(events, ["sys_key_old", "sys_startup", "sys_shutdown"]);
}
