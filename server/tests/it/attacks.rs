//! The attacks that an app runs against itself, run against Daypass.

use crate::{
    host::{Host, PASSWORD},
    program::Folder,
};
use daypass_attacks::{ATTACKS, Attack, Credentials, Report, Target, Verdict, run};

fn credentials(name: &str) -> Credentials {
    Credentials { name: name.to_owned(), password: PASSWORD.to_owned() }
}

fn target(address: &str) -> Target {
    let target = Target::new(address, credentials("alice"), false).unwrap();
    Target { other: Some(credentials("mallory")), ..target }
}

/// Everything held, but for those attacks that are named, which could not be made.
fn all_held(reports: &[Report], not_made: &[&str], left_out: &[&str]) {
    let shown: Vec<_> = reports.iter().filter(|report| !matches!(report.verdict, Verdict::Held { .. })).collect();
    let ids: Vec<_> = shown.iter().map(|report| report.id).collect();
    assert!(shown.iter().all(|report| matches!(report.verdict, Verdict::NotApplicable(_))), "{shown:#?}");
    assert_eq!(ids, not_made, "{shown:#?}");
    assert_eq!(reports.len() + left_out.len(), ATTACKS.len());
    // An attack that sends next to nothing shows nothing.
    for (id, fewest) in [("A1", 60), ("A2", 1000), ("A5", 1000), ("A9", 200), ("A23", 300), ("A33", 200)] {
        let requests = reports.iter().find_map(|report| match report.verdict {
            Verdict::Held { requests } if report.id == id => Some(requests),
            _ => None,
        });
        assert!(requests.is_some_and(|requests| requests >= fewest), "{id} sent {requests:?} requests");
    }
}

/// What is made where it is asked for alone.
const TIMED: [&str; 2] = ["A32-time", "A11-time"];

/// As it is run: the real binary, with all its limits.
///
/// The time of answers is not measured here, where machines are slow: hashes are counted instead
/// (`unknown_wrong_and_disabled_are_one_answer_and_one_hash`).
#[tokio::test]
async fn every_attack_on_the_program_is_held_off() {
    let folder = Folder::new();
    let site = folder.path().join("site");
    std::fs::create_dir(&site).unwrap();
    std::fs::write(site.join("robots.txt"), "User-agent: *\n").unwrap();
    let folder = folder.env("LEPTOS_SITE_ROOT", site.display().to_string());
    // Or most of them would be turned away for their number, before anything looks at them.
    let folder = folder.env("DAYPASS_CALLS_PER_MINUTE", "0");
    for name in ["alice", "mallory"] {
        folder.add_account(name, PASSWORD);
    }
    let server = folder.serve();
    let reports = run(target(&server.url), |_| true, |_| {}).await.unwrap();
    all_held(&reports, &TIMED, &[]);
}

/// As the router is behind something that speaks TLS, with the cookies of https. Its connections have no
/// limits of time here, so nobody who sends slowly is cut off.
#[tokio::test]
async fn every_attack_behind_https_is_held_off() {
    let host = Host::scene().https().with("mallory").start().await;
    let target = Target { origin: "https://app.example".to_owned(), ..target(&host.url) };
    let left_out = ["A30-slow"];
    let reports = run(target, |attack: &Attack| !left_out.contains(&attack.id), |_| {}).await.unwrap();
    all_held(&reports, &TIMED, &left_out);
}
