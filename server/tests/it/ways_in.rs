//! Every way in is known, and takes the password (ASVS 6.1.3 and 6.3.4).

use crate::host::{Host, PASSWORD, session_cookie};
use daypass_server::pages;
use leptos::server_fn::axum::server_fn_paths;
use reqwest::Method;
use std::collections::BTreeSet;

/// The calls that start a session where there is none.
const START: [&str; 1] = ["/api/sign_in"];
/// And those that put a new one in the place of the one that there is.
const RENEW: [&str; 3] = ["/api/change_password", "/api/confirm", "/api/sign_in"];

/// All that can be asked for.
fn everything() -> Vec<(Method, String)> {
    let calls = server_fn_paths().map(|(path, method)| (method, path.to_owned()));
    let others = ["/api/me", "/api/nothing", "/nowhere", "/robots.txt", "/healthz", "/readyz"].map(str::to_owned);
    let read = pages().into_iter().chain(others).map(|path| (Method::GET, path));
    calls.chain(read).chain([(Method::POST, "/csp-report".to_owned())]).collect()
}

/// Which of them give whoever comes, with or without a session and with this password, a session that
/// was not there before.
async fn ways_in(signed_in: bool, password: &str) -> BTreeSet<String> {
    let mut ways = BTreeSet::new();
    let password = password.replace(' ', "+");
    for (method, path) in everything() {
        // All fields that there are, and the password in each that is for one.
        let form = format!(
            "username=alice&password={password}&current={password}&new=another+long+secret+of+mine\
             &repeat=another+long+secret+of+mine&remember=on&next=/&which=others&end_others=on"
        );
        let host = Host::start().await;
        let cookie = if signed_in { host.sign_in().await } else { String::new() };
        let ids = async || {
            let rows = host.store.sessions(None).await.unwrap();
            rows.into_iter().map(|row| row.session.id.to_string()).collect::<BTreeSet<_>>()
        };
        let before = ids().await;
        let request = match method {
            Method::POST => host.post(&path, &form),
            _ => host.request(method.clone(), &format!("{path}?{form}")),
        };
        let answer = request.header("cookie", &cookie).send().await.unwrap();
        let after = ids().await;
        let is_new = !after.is_subset(&before);
        let given = session_cookie(&answer);
        if is_new {
            let given = given.unwrap_or_else(|| panic!("{path} starts a session for nobody"));
            assert_eq!(host.me(&given).await.0, 200, "{path}");
            assert_eq!(after.len(), 1, "{path} leaves the session that was there");
            ways.insert(path);
        } else {
            assert_eq!(given, None, "{method} {path} gives a cookie without a session");
        }
    }
    ways
}

fn set(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[tokio::test]
async fn one_call_starts_sessions_and_two_more_renew_them() {
    assert_eq!(ways_in(false, PASSWORD).await, set(&START));
    assert_eq!(ways_in(true, PASSWORD).await, set(&RENEW));
}

#[tokio::test]
async fn no_way_in_goes_without_the_password() {
    for password in ["wrong", ""] {
        for signed_in in [false, true] {
            assert_eq!(ways_in(signed_in, password).await, set(&[]), "{password:?}");
        }
    }
}
