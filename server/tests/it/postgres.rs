//! Nodes over one PostgreSQL, which the tests break: nobody is let in by that, nobody is signed out,
//! and all is well again by itself.

use crate::host::{Host, PASSWORD, credentials, header, set_cookies, status_and_json};
use daypass_auth::testing::{Network, Postgres, database, name_of, until};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn what_one_node_ends_is_refused_by_the_other() {
    let host = Host::scene().database(database().await).start().await;
    let other = host.another(vec![host.key.clone()], "http://127.0.0.1:3000").await;
    let cookie = host.sign_in().await;
    assert_eq!(other.me(&cookie).await, (200, json!({"account": "alice"})));
    let out = other.post("/api/sign_out", "").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(out.status(), 200);
    assert_eq!(host.reason(&cookie).await, "signed_out");
    let cookie = other.sign_in().await;
    let alice = host.account("alice").await;
    host.store.set_state(alice, daypass_auth::AccountState::Disabled, host.engine.now()).await.unwrap();
    assert_eq!(other.reason(&cookie).await, "account_disabled");
    host.store.set_state(alice, daypass_auth::AccountState::Active, host.engine.now()).await.unwrap();
    let cookie = host.sign_in().await;
    host.advance(600_000);
    assert_eq!(other.reason(&cookie).await, "idle");
}

/// Every call says that the store is away, and leaves the cookie. Of the other one nobody knows afterwards
/// whether it was signed out.
async fn is_away(host: &Host, cookie: &str, other: &str) {
    let call = async |method, path, cookie: &str| {
        let request = if method == "GET" { host.get(path) } else { host.post(path, "") };
        // By the store's own bound, and not by the one of requests.
        let request = request.timeout(Duration::from_secs(25));
        let answer = request.header("cookie", cookie).send().await.unwrap();
        assert!(set_cookies(&answer).is_empty(), "{path} touches the cookie");
        assert_eq!(header(&answer, "retry-after"), "2");
        assert_eq!(status_and_json(answer).await, (503, json!({"error": "unavailable"})), "{path}");
    };
    tokio::join!(
        call("GET", "/api/me", cookie),
        call("POST", "/api/extend", cookie),
        call("POST", "/api/sign_out", other),
        async { assert_eq!(host.get("/readyz").send().await.unwrap().status(), 503) },
    );
}

async fn comes_back(host: &Host, cookie: &str) {
    until("the session is there again", || async { host.me(cookie).await.0 == 200 }).await;
    assert_eq!(host.get("/readyz").send().await.unwrap().status(), 200);
    host.sign_in().await;
}

#[tokio::test]
async fn a_database_that_was_killed_or_held_is_503_and_comes_back() {
    let server = Postgres::start().await;
    let host = Host::scene().database(server.database().await).start().await;
    let (cookie, other) = (host.sign_in().await, host.sign_in().await);
    let ended = host.sign_in().await;
    host.post("/api/sign_out", "").header("cookie", &ended).send().await.unwrap();
    for _ in 0..2 {
        server.kill();
        is_away(&host, &cookie, &other).await;
        server.start_again();
        comes_back(&host, &cookie).await;
        assert_eq!(host.reason(&ended).await, "signed_out", "what was acknowledged stays");

        // Connections stay open, and nothing is answered.
        server.hold();
        is_away(&host, &cookie, &other).await;
        server.go_on();
        comes_back(&host, &cookie).await;
        assert_eq!(host.reason(&ended).await, "signed_out");
    }
}

/// Nobody is told that anything is wrong: connections can be made, and nothing arrives.
#[tokio::test]
async fn a_network_that_swallows_what_is_sent_is_503_and_comes_back() {
    let server = Postgres::start().await;
    let network = Network::to(&server).await;
    let host = Host::scene().database(network.url(&server.database().await)).start().await;
    let cookie = host.sign_in().await;
    for (questions, answers) in [(true, true), (true, false), (false, true)] {
        let other = host.sign_in().await;
        network.hold(questions, answers);
        // From memory, for as long as it may be.
        until("what is known is not believed any more", || async { host.me(&cookie).await.0 == 503 }).await;
        is_away(&host, &cookie, &other).await;
        network.go_on();
        comes_back(&host, &cookie).await;
    }
    // What was lost with its connections is as if it had not been sent.
    network.hold(true, true);
    network.cut();
    network.go_on();
    comes_back(&host, &cookie).await;
}

/// As after a change to a copy that only follows another.
#[tokio::test]
async fn a_database_that_can_only_be_read_signs_nobody_in_and_nobody_out() {
    let server = Postgres::start().await;
    let url = server.database().await;
    let host = Host::scene().database(url.clone()).start().await;
    let cookie = host.sign_in().await;
    let name = name_of(&url);
    let only_read = async |yes: bool| {
        let change = format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = {yes};
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        server.run("postgres", &change).await;
    };
    only_read(true).await;
    until("it can be read", || async { host.me(&cookie).await.0 == 200 }).await;
    let refused = host.post("/api/sign_in", &credentials("alice", PASSWORD)).send().await.unwrap();
    assert_eq!(status_and_json(refused).await, (503, json!({"error": "unavailable"})));
    let out = host.post("/api/sign_out", "").header("cookie", &cookie).send().await.unwrap();
    assert!(set_cookies(&out).is_empty(), "a sign-out that could not be written down is claimed");
    assert_eq!(out.status(), 503);
    assert_eq!(host.me(&cookie).await.0, 200);
    only_read(false).await;
    comes_back(&host, &cookie).await;
}

#[tokio::test]
async fn a_connection_that_was_cut_is_replaced_and_nobody_notices() {
    let server = Postgres::start().await;
    let host = Host::scene().database(server.database().await).start().await;
    let cookie = host.sign_in().await;
    for _ in 0..5 {
        server.end_connections().await;
        assert_eq!(host.me(&cookie).await.0, 200);
    }
}

#[tokio::test]
async fn a_database_without_a_free_connection_is_away_until_there_is_one() {
    let server = Postgres::start().await;
    let url = server.database().await;
    let host = Host::scene().database(url.clone()).start().await;
    let (cookie, other) = (host.sign_in().await, host.sign_in().await);
    let name = name_of(&url);
    let shut = format!(
        "ALTER DATABASE {name} CONNECTION LIMIT 0; ALTER ROLE daypass NOSUPERUSER;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    );
    // Limits are not for administrators, who are to be able to lift them.
    server.run("postgres", "CREATE ROLE boss SUPERUSER LOGIN").await;
    server.run("postgres", &shut).await;
    is_away(&host, &cookie, &other).await;
    server.run_as("boss", "postgres", &format!("ALTER DATABASE {name} CONNECTION LIMIT 20")).await;
    comes_back(&host, &cookie).await;
}
