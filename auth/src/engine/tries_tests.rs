use super::{
    tests::{Scene, request},
    *,
};

const RIGHT: &str = "a password that is right";
const WRONG: &str = "a password that is wrong";

async fn scene() -> Scene {
    Scene::new().await.with("alice", RIGHT).await.with("bob", RIGHT).await
}

/// A try from a network of its own each time: what is left is the count of the name.
async fn from(scene: &Scene, place: usize, name: &str, password: &str) -> Result<Session, SignInError> {
    let place = format!("2001:db8:{place:x}::1");
    scene.engine.sign_in(SignIn { place: &place, ..request(name, password) }).await
}

fn wait(result: Result<Session, SignInError>) -> Option<u64> {
    match result {
        Err(SignInError::Throttled(wait)) => Some(wait.as_secs()),
        Err(SignInError::Mismatch) => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_tries_at_once_as_many_are_made_as_are_free() {
    let scene = scene().await;
    let before = scene.engine.hasher().counts().0;
    let mut tries = tokio::task::JoinSet::new();
    for place in 0..200 {
        let engine = scene.engine.clone();
        tries.spawn(async move {
            let place = format!("2001:db8:{place:x}::1");
            wait(engine.sign_in(SignIn { place: &place, ..request("alice", WRONG) }).await)
        });
    }
    let made = tries.join_all().await.into_iter().filter(Option::is_none).count();
    assert_eq!(made, 5);
    assert_eq!(scene.engine.hasher().counts().0, before + 5, "what waits is not hashed");
    assert_eq!(wait(from(&scene, 1, "alice", RIGHT).await), Some(1), "not even the right one");
    scene.advance(1_000);
    from(&scene, 1, "alice", RIGHT).await.unwrap();
    assert_eq!(wait(from(&scene, 2, "alice", WRONG).await), None, "the count begins anew");
}

#[tokio::test]
async fn a_name_that_nobody_has_waits_like_any_other() {
    let scene = scene().await;
    let disabled = scene.account("bob").await;
    scene.store.set_state(disabled, crate::AccountState::Disabled, scene.engine.now()).await.unwrap();
    for name in ["alice", "bob", "nobody", "NOBODY at all"] {
        let mut waits = Vec::new();
        for place in 0..8 {
            let result = wait(from(&scene, place, name, WRONG).await);
            if let Some(seconds) = result {
                scene.advance(seconds * 1_000);
            }
            waits.push(result);
        }
        assert_eq!(waits, [None, None, None, None, None, Some(1), None, Some(2)], "{name}");
    }
}

#[tokio::test]
async fn strangers_who_guess_do_not_slow_down_a_browser_that_is_known() {
    let scene = scene().await;
    let device = scene.sign_in("alice", RIGHT).await.0.device.clone().unwrap();
    for place in 0..50 {
        let _refused = from(&scene, place, "alice", WRONG).await.unwrap_err();
        scene.advance(100);
    }
    assert!(wait(from(&scene, 51, "alice", RIGHT).await).is_some(), "a stranger waits");
    let known = |password| SignIn { device: Some(&device), place: "192.0.2.77", ..request("alice", password) };
    scene.engine.sign_in(known(RIGHT)).await.unwrap();
    // And whoever has stolen the browser's cookie gains five tries, and slows down nobody else.
    for _ in 0..5 {
        assert_eq!(wait(scene.engine.sign_in(known(WRONG)).await), None);
    }
    assert_eq!(wait(scene.engine.sign_in(known(RIGHT)).await), Some(1));
    // What it is known for is one account.
    let bob = SignIn { device: Some(&device), ..request("bob", WRONG) };
    for _ in 0..5 {
        assert_eq!(wait(scene.engine.sign_in(bob.clone()).await), None);
    }
    assert_eq!(wait(from(&scene, 90, "bob", RIGHT).await), Some(1), "for others it is a stranger");
}

#[tokio::test]
async fn an_owner_in_a_new_browser_waits_a_quarter_of_an_hour_at_most() {
    let scene = scene().await;
    let mut longest = 0;
    for place in 0..40 {
        if let Some(seconds) = wait(from(&scene, place, "alice", WRONG).await) {
            longest = longest.max(seconds);
            scene.advance(seconds * 1_000);
        }
    }
    assert_eq!(longest, 900);
    scene.advance(900_000);
    from(&scene, 99, "alice", RIGHT).await.unwrap();
}

#[tokio::test]
async fn one_network_that_tries_many_names_waits_too() {
    let scene = scene().await;
    let attempt = |name: String, place| {
        let scene = &scene;
        async move { wait(scene.engine.sign_in(SignIn { place, ..request(&name, WRONG) }).await) }
    };
    for n in 0..50 {
        assert_eq!(attempt(format!("name{n}"), "2001:db8::1").await, None);
    }
    assert_eq!(attempt("another".to_owned(), "2001:db8::2").await, Some(1), "of the same /64");
    assert_eq!(attempt("another".to_owned(), "2001:db8:0:1::1").await, None);
    // Who is known does not pay for the neighbours.
    let (alice, _) = scene.sign_in("alice", RIGHT).await;
    let known = SignIn { place: "2001:db8::3", device: alice.device.as_ref(), ..request("alice", RIGHT) };
    for _ in 0..3 {
        scene.engine.sign_in(known.clone()).await.unwrap();
    }
}

#[tokio::test]
async fn a_restart_and_another_node_know_the_counts() {
    let scene = scene().await;
    for place in 0..5 {
        assert_eq!(wait(from(&scene, place, "alice", WRONG).await), None);
    }
    let clock = crate::clock::ManualClock::at(scene.engine.now());
    let other = tests::engine(&scene.store, &clock, &scene.keys, Policy::default());
    assert_eq!(wait(other.sign_in(request("alice", RIGHT)).await), Some(1));
}

#[tokio::test]
async fn a_session_is_no_way_around_it() {
    let scene = scene().await;
    let (session, _) = scene.sign_in("alice", RIGHT).await;
    let here = Source { agent: "", place: "192.0.2.1" };
    for _ in 0..5 {
        let refused = scene.engine.confirm(&session, Password::typed(WRONG).unwrap(), here).await;
        assert!(matches!(refused, Err(ProofError::Mismatch)), "{refused:?}");
    }
    let refused = scene.engine.confirm(&session, Password::typed(RIGHT).unwrap(), here).await;
    assert!(matches!(refused, Err(ProofError::Throttled(_))), "{refused:?}");
    scene.sign_in("alice", RIGHT).await;
    scene.advance(1_000);
    scene.engine.confirm(&session, Password::typed(RIGHT).unwrap(), here).await.unwrap();
}
