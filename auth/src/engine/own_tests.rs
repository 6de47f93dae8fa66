use super::{
    tests::{Scene, active, reason},
    *,
};
use crate::audit::EventKind;

const RIGHT: &str = "a password that is right";
const NEW: &str = "another that is new now";
const HERE: Source<'static> = Source { agent: "Firefox", place: "192.0.2.1" };

fn typed(text: &str) -> Password {
    Password::typed(text).unwrap()
}

async fn scene() -> Scene {
    Scene::new().await.with("alice", RIGHT).await.with("bob", RIGHT).await
}

fn change(end_others: bool) -> ChangePassword<'static> {
    ChangePassword { current: typed(RIGHT), new: typed(NEW), end_others, source: HERE }
}

async fn kinds(scene: &Scene, session: &Session) -> Vec<EventKind> {
    scene.engine.own_events(session, 100).await.unwrap().into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn sudo_mode_lasts_ten_minutes_to_the_millisecond() {
    let scene = scene().await;
    let (session, cookie) = scene.sign_in("alice", RIGHT).await;
    assert!(session.is_sudo());
    scene.advance(599_999);
    let session = active(scene.engine.check(&cookie).await);
    assert_eq!((session.is_sudo(), session.info().sudo_left_ms), (true, 1));
    let session = scene.engine.extend(&session).await.unwrap().unwrap();
    scene.advance(1);
    let session = active(scene.engine.check(&scene.cookie(&session)).await);
    assert_eq!((session.is_sudo(), session.info().sudo_left_ms), (false, 0), "activity is no proof");
}

#[tokio::test]
async fn a_confirmed_password_is_a_new_session_in_sudo_mode() {
    let scene = scene().await;
    let (session, old) = scene.sign_in("alice", RIGHT).await;
    scene.advance(300_000);
    let confirmed = scene.engine.confirm(&session, typed(RIGHT), HERE).await.unwrap();
    assert!(confirmed.is_sudo());
    assert_ne!(confirmed.id, session.id);
    assert_eq!(confirmed.authenticated_at(), scene.engine.now());
    assert_eq!(confirmed.info().age_ms, 300_000, "it is no new visit");
    active(scene.engine.check(&scene.cookie(&confirmed)).await);
    assert_eq!(reason(scene.engine.check(&old).await), Reason::Replaced);
    assert_eq!(
        kinds(&scene, &confirmed).await,
        [EventKind::PasswordConfirmed, EventKind::SessionEnded, EventKind::SignedIn]
    );
}

#[tokio::test]
async fn a_wrong_password_confirms_nothing_and_is_written_down() {
    let scene = scene().await;
    let (session, cookie) = scene.sign_in("alice", RIGHT).await;
    for _ in 0..2 {
        let refused = scene.engine.confirm(&session, typed("a wrong password"), HERE).await;
        assert!(matches!(refused, Err(ProofError::Mismatch)), "{refused:?}");
    }
    active(scene.engine.check(&cookie).await);
    let events = scene.engine.own_events(&session, 1).await.unwrap();
    assert_eq!((events[0].kind, events[0].count), (EventKind::SignInFailed, 2));
    let (again, _) = scene.sign_in("alice", RIGHT).await;
    assert_eq!(again.info().failed_attempts, 2);
    let (again, cookie) = scene.sign_in("alice", RIGHT).await;
    assert_eq!(again.info().failed_attempts, 0);
    assert_eq!(active(scene.engine.check(&cookie).await).info().failed_attempts, 0);
}

#[tokio::test]
async fn an_ended_session_confirms_and_changes_nothing() {
    let scene = scene().await;
    let (session, _) = scene.sign_in("alice", RIGHT).await;
    scene.store.end(Which::Id(session.id), Reason::Revoked, scene.engine.now(), None).await.unwrap();
    let confirmed = scene.engine.confirm(&session, typed(RIGHT), HERE).await;
    assert!(matches!(confirmed, Err(ProofError::Ended)), "{confirmed:?}");
    let changed = scene.engine.change_password(&session, change(true)).await;
    assert!(matches!(changed, Err(ProofError::Ended)), "{changed:?}");
    assert!(scene.engine.own_sessions(&session).await.unwrap().is_empty());
    scene.sign_in("alice", RIGHT).await;
}

#[tokio::test]
async fn a_changed_password_ends_the_others_and_this_browser_goes_on() {
    let scene = scene().await;
    let (session, this) = scene.sign_in("alice", RIGHT).await;
    let (_, other) = scene.sign_in("alice", RIGHT).await;
    let (_, bobs) = scene.sign_in("bob", RIGHT).await;
    let next = scene.engine.change_password(&session, change(true)).await.unwrap();
    active(scene.engine.check(&scene.cookie(&next)).await);
    active(scene.engine.check(&bobs).await);
    assert_eq!(reason(scene.engine.check(&this).await), Reason::Replaced);
    assert_eq!(reason(scene.engine.check(&other).await), Reason::PasswordChanged);
    assert!(matches!(scene.try_sign_in("alice", RIGHT).await, Err(SignInError::Mismatch)));
    scene.sign_in("alice", NEW).await;
}

#[tokio::test]
async fn a_changed_password_spares_the_others_if_that_is_wanted() {
    let scene = scene().await;
    let (session, _) = scene.sign_in("alice", RIGHT).await;
    let (_, other) = scene.sign_in("alice", RIGHT).await;
    scene.engine.change_password(&session, change(false)).await.unwrap();
    active(scene.engine.check(&other).await);
}

#[tokio::test]
async fn a_password_does_not_change_without_the_present_one() {
    let scene = scene().await;
    let (session, cookie) = scene.sign_in("alice", RIGHT).await;
    let wrong = ChangePassword { current: typed("a wrong password"), ..change(true) };
    let changed = scene.engine.change_password(&session, wrong).await;
    assert!(matches!(changed, Err(ProofError::Mismatch)), "{changed:?}");
    active(scene.engine.check(&cookie).await);
    scene.sign_in("alice", RIGHT).await;
}

#[tokio::test]
async fn of_two_changes_at_once_one_counts() {
    let scene = scene().await;
    let (session, _) = scene.sign_in("alice", RIGHT).await;
    let (one, two) = tokio::join!(
        scene.engine.change_password(&session, change(true)),
        scene.engine.change_password(&session, change(true)),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!(scene.engine.own_sessions(&session).await.unwrap().len(), 1);
}

#[tokio::test]
async fn people_see_and_end_their_own_sessions() {
    let scene = scene().await;
    let (session, this) = scene.sign_in("alice", RIGHT).await;
    let (other, others) = scene.sign_in("alice", RIGHT).await;
    let (bob, bobs) = scene.sign_in("bob", RIGHT).await;
    let ids: Vec<_> =
        scene.engine.own_sessions(&session).await.unwrap().into_iter().map(|row| row.session.id).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&session.id) && ids.contains(&other.id));
    let end = |which| scene.engine.end_own(&session, which);
    assert_eq!(end(Own::One(bob.id)).await.unwrap(), 0, "somebody else's id is as good as none");
    active(scene.engine.check(&bobs).await);
    assert_eq!(end(Own::One(other.id)).await.unwrap(), 1);
    assert_eq!(reason(scene.engine.check(&others).await), Reason::RevokedByYou);
    let (_, third) = scene.sign_in("alice", RIGHT).await;
    assert_eq!(end(Own::Others).await.unwrap(), 1);
    assert_eq!(reason(scene.engine.check(&third).await), Reason::RevokedByYou);
    active(scene.engine.check(&this).await);
    let (_, fourth) = scene.sign_in("alice", RIGHT).await;
    assert_eq!(end(Own::All).await.unwrap(), 2);
    assert_eq!(reason(scene.engine.check(&this).await), Reason::SignedOut);
    assert_eq!(reason(scene.engine.check(&fourth).await), Reason::RevokedByYou);
}

#[tokio::test]
async fn the_session_longest_unused_makes_room() {
    let scene = scene().await;
    let most = scene.engine.policy().most_sessions();
    let (first, first_cookie) = scene.sign_in("alice", RIGHT).await;
    let mut second = String::new();
    for n in 1..most {
        scene.advance(1_000);
        let (_, cookie) = scene.sign_in("alice", RIGHT).await;
        if n == 1 {
            second = cookie;
        }
    }
    scene.engine.extend(&first).await.unwrap().unwrap();
    scene.sign_in("alice", RIGHT).await;
    active(scene.engine.check(&first_cookie).await);
    assert_eq!(reason(scene.engine.check(&second).await), Reason::SessionLimit);
    assert_eq!(scene.engine.own_sessions(&first).await.unwrap().len(), usize::try_from(most).unwrap());
}
