//! A session's cookie is renewed by activity, and a copy of an old one is found; but nobody is signed
//! out because an answer was lost, came late, or went to another tab.

use crate::host::{Host, session_cookie};
use daypass_auth::testing::Dice;
use reqwest::Response;

const RENEWAL: u64 = 15 * 60_000;

impl Host {
    async fn visit(&self, cookie: &str) -> Response {
        self.get("/api/me").header("cookie", cookie).send().await.unwrap()
    }

    /// As long as it takes until the cookie is due to be renewed, with somebody there.
    async fn use_until_due(&self, cookie: &str) {
        for _ in 0..3 {
            self.advance(RENEWAL / 3);
            if self.visit(cookie).await.status() != 200 {
                break;
            }
        }
    }

    /// The cookie, renewed; it was not seen yet.
    async fn renewed(&self, cookie: &str) -> String {
        for _ in 0..2 {
            self.advance(RENEWAL / 3);
            assert!(session_cookie(&self.visit(cookie).await).is_none());
        }
        self.advance(RENEWAL / 3);
        session_cookie(&self.visit(cookie).await).unwrap()
    }
}

#[tokio::test]
async fn a_copy_that_is_used_later_ends_the_session_for_both() {
    let host = Host::start().await;
    let first = host.sign_in().await;
    let second = host.renewed(&first).await;
    assert_eq!(host.me(&second).await.0, 200);
    host.advance(29_999);
    assert_eq!(host.me(&first).await.0, 200, "a request that is under way");
    host.advance(1);
    assert_eq!(host.reason(&first).await, "copied");
    assert_eq!(host.reason(&second).await, "copied");
    let cookie = host.sign_in().await;
    let list = host.post("/api/activity", "").header("cookie", cookie).send().await.unwrap().text().await.unwrap();
    assert!(list.contains("Session ended: a copy of it was used"), "{list}");
}

#[tokio::test]
async fn whoever_uses_the_copy_first_is_found_too() {
    let host = Host::start().await;
    let owners = host.sign_in().await;
    // The copy renews the session; its owner comes back with the cookie from before.
    let thief = host.renewed(&owners).await;
    assert_eq!(host.me(&thief).await.0, 200);
    host.advance(60_000);
    assert_eq!(host.reason(&owners).await, "copied");
    assert_eq!(host.reason(&thief).await, "copied");
}

#[tokio::test]
async fn a_copy_of_long_ago_is_found_at_once() {
    let host = Host::start().await;
    let first = host.sign_in().await;
    let second = host.renewed(&first).await;
    let third = host.renewed(&second).await;
    assert_eq!(host.reason(&first).await, "copied");
    assert_eq!(host.reason(&third).await, "copied");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_given_again() {
    let host = Host::start().await;
    let first = host.sign_in().await;
    let _lost = host.renewed(&first).await;
    for _ in 0..5 {
        host.advance(8 * 60_000);
        let again = session_cookie(&host.visit(&first).await).unwrap();
        // Asking, which extends nothing, is enough to get it.
        let asked = host.post("/api/session", "").header("cookie", &first).send().await.unwrap();
        assert!(session_cookie(&asked).is_some());
        drop(again);
    }
    let second = session_cookie(&host.visit(&first).await).unwrap();
    assert_eq!(host.me(&second).await.0, 200);
    host.advance(30_000);
    assert_eq!(host.reason(&first).await, "copied");
}

/// Ten tabs share one jar. Answers are lost, or arrive in any order, some seconds late.
#[tokio::test]
async fn ten_tabs_with_lost_and_late_answers_sign_nobody_out() {
    let host = Host::start().await;
    let mut jar = host.sign_in().await;
    let mut dice = Dice::new(0x9e37_79b9_7f4a_7c15);
    let mut roll = |sides| dice.roll(sides) as u64;
    let (mut late, mut renewals): (Vec<(u64, String)>, _) = (Vec::new(), 0);
    for turn in 0..1_500_u64 {
        host.advance(2_000 + roll(10_000));
        // Each tab asks with what is in the jar at that moment, all at once.
        let answers = futures_util::future::join_all((0..=roll(10)).map(|_| host.visit(&jar))).await;
        for answer in answers {
            assert_eq!(answer.status(), 200, "turn {turn}");
            if let Some(cookie) = session_cookie(&answer) {
                match roll(3) {
                    0 => {}
                    delay => late.push((turn + delay - 1, cookie)),
                }
            }
        }
        // They arrive in another order than they were sent.
        late.sort_by_key(|(due, cookie)| (*due, cookie.len(), cookie.clone()));
        while let Some(at) = late.iter().position(|(due, _)| *due <= turn) {
            jar = late.remove(at).1;
            renewals += 1;
        }
    }
    assert!(renewals > 5, "{renewals}");
}

#[tokio::test]
async fn of_many_nodes_any_renews_and_any_finds_a_copy() {
    let host = Host::start().await;
    let other = host.another(vec![host.key.clone()], "http://127.0.0.1:3000").await;
    let first = host.sign_in().await;
    let second = host.renewed(&first).await;
    assert_eq!(other.me(&second).await.0, 200);
    other.advance(30_000);
    assert_eq!(other.reason(&first).await, "copied");
    assert_eq!(host.reason(&second).await, "copied");
}

#[tokio::test]
async fn what_is_over_is_not_renewed() {
    let host = Host::start().await;
    let cookie = host.sign_in().await;
    host.use_until_due(&cookie).await;
    host.post("/api/sign_out", "").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(host.reason(&cookie).await, "signed_out");
}

/// Whoever follows with a copy gets no newer cookie once the owner has shown theirs.
#[tokio::test]
async fn a_copy_does_not_become_the_newest_again() {
    let host = Host::start().await;
    let copy = host.sign_in().await;
    let owners = host.renewed(&copy).await;
    assert_eq!(host.me(&owners).await.0, 200);
    for _ in 0..2 {
        host.advance(14_000);
        let answer = host.visit(&copy).await;
        assert_eq!((answer.status().as_u16(), session_cookie(&answer)), (200, None));
    }
    host.advance(2_000);
    assert_eq!(host.reason(&copy).await, "copied");
}
