//! `daypass events`, and what browsers report.

use crate::{
    host::{Host, header},
    program::Folder,
};
use serde_json::Value;

const PASSWORD: &str = "correct horse battery staple";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_what_happened() {
    let folder = Folder::new();
    folder.add_account("alice", PASSWORD);
    folder.add_account("bob", PASSWORD);
    let server = folder.serve();
    for name in ["alice", "alice", "a\u{1b}[31mb\",\"x\":\""] {
        server.sign_in(name, "a wrong password").await.unwrap();
    }
    let cookie = server.sign_in("alice", PASSWORD).await.unwrap().unwrap();
    server.sign_out(&cookie).await.unwrap();
    server.sign_in("bob", PASSWORD).await.unwrap();
    let lines: Vec<Value> =
        folder.ok(&["events", "--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["event"].as_str().unwrap(), line["account"].as_str(), line["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("authn_login_fail", Some("alice"), 2),
            ("authn_login_fail", None, 1),
            ("authn_login_success", Some("alice"), 1),
            ("session_ended", Some("alice"), 1),
            ("authn_login_success", Some("bob"), 1),
        ]
    );
    assert_eq!(lines[3]["reason"], "signed_out");
    assert_eq!(lines[2]["session"], lines[3]["session"]);
    let all = folder.ok(&["events", "--json"]);
    assert!(!all.contains("wrong password") && !all.contains("[31m"), "what strangers type is in it: {all}");
    let table = folder.ok(&["events", "--account", "bob"]);
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(table.contains("authn_login_success") && !table.contains("alice"), "{table}");
}

#[tokio::test]
async fn a_report_of_a_browser_is_read_within_bounds() {
    let host = Host::start().await;
    let report = |body: String| host.request(reqwest::Method::POST, "/csp-report").body(body).send();
    for good in [
        r#"{"csp-report":{"effective-directive":"script-src","blocked-uri":"https://evil.example/x?y"}}"#,
        r#"{"csp-report":{"effective-directive":"img-src","violated-directive":"img-src","blocked-uri":"inline"}}"#,
        r#"{"csp-report":{"violated-directive":"script-src"}}"#,
    ] {
        assert_eq!(report(good.to_owned()).await.unwrap().status(), 204, "{good}");
    }
    for (body, status) in [("", 400), ("[]", 400), ("{\"csp-report\":1}", 400)] {
        assert_eq!(report(body.to_owned()).await.unwrap().status(), status, "{body}");
    }
    assert_eq!(report("x".repeat(9_000)).await.unwrap().status(), 413);
    assert_eq!(host.get("/csp-report").send().await.unwrap().status(), 405);
    let page = host.get("/login").send().await.unwrap();
    assert!(header(&page, "content-security-policy").ends_with("report-uri /csp-report"));
}

#[tokio::test]
async fn over_https_a_sign_out_clears_what_the_browser_keeps() {
    let host = Host::scene().https().start().await;
    let cookie = host.sign_in().await;
    let answer = host.post("/api/sign_out", "").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(header(&answer, "clear-site-data"), r#""cache", "storage""#);
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    let answer = host.post("/api/sign_out", "").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(header(&answer, "clear-site-data"), "", "browsers do not heed it over plain http");
}
