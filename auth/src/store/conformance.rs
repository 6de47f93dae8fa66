//! What every store must do. A store's own tests call [`check`] with a way to make an empty one.
#![expect(clippy::unwrap_used, reason = "a test suite fails by panicking")]

use super::{NewSession, Store, StoreError, SweepBefore, Which};
use crate::{
    Account, AccountId, AccountName, AccountState, Reason, SecretHash, SessionId, clock::Timestamp,
    password::PasswordHash, policy::Times,
};
use std::{sync::Arc, time::Duration};

/// Runs the whole suite. `empty` makes a store with nothing in it, a new one each time.
pub async fn check<S, F>(empty: impl Fn() -> F)
where
    S: Store,
    F: Future<Output = S>,
{
    accounts_are_made_once_and_found(&empty().await).await;
    a_session_starts_and_is_found_by_its_secret_alone(&empty().await).await;
    a_session_starts_only_for_the_account_that_was_checked(&empty().await).await;
    an_end_is_final(&empty().await).await;
    ends_reach_whom_they_name(&empty().await).await;
    idle_ends_spare_what_was_used_meanwhile(&empty().await).await;
    starting_over_a_session_ends_it(&empty().await).await;
    password_state_and_deletion_end_all_sessions(&empty().await).await;
    a_new_hash_of_the_same_password_ends_nothing(&empty().await).await;
    what_ends_all_also_stops_sign_ins_under_way(&empty().await).await;
    sweeping_takes_the_dead_and_nothing_else(&empty().await).await;
    demo_accounts_go_and_others_stay(&empty().await).await;
    a_secret_is_never_taken_over(&empty().await).await;
    a_touch_never_wins_over_an_end(Arc::new(empty().await)).await;
}

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

fn secret(n: u8) -> SecretHash {
    SecretHash([n; 32])
}

async fn account(store: &impl Store, text: &str) -> Account {
    store.create_account(&name(text), &hash("hash"), false, NOW).await.unwrap()
}

fn session(account: &Account, n: u8) -> NewSession {
    NewSession {
        secret_hash: secret(n),
        id: SessionId::from_text(format!("id{n}")),
        account: account.id,
        epoch: account.epoch,
        times: Times {
            authenticated_at: NOW,
            last_activity: NOW,
            absolute_deadline: later(3600),
            remembered: n.is_multiple_of(2),
        },
        agent: "Firefox".to_owned(),
        place: "192.0.2.1".to_owned(),
    }
}

async fn start(store: &impl Store, account: &Account, n: u8) {
    assert!(store.start_session(&session(account, n), &hash("hash"), None).await.unwrap());
}

async fn end_of(store: &impl Store, n: u8) -> Option<Reason> {
    store.session(&secret(n)).await.unwrap().unwrap().ended.map(|(_, reason)| reason)
}

async fn accounts_are_made_once_and_found(store: &impl Store) {
    store.ping().await.unwrap();
    assert!(store.accounts().await.unwrap().is_empty(), "no account is there by itself");
    let alice = account(store, "alice").await;
    assert_eq!((alice.state, alice.epoch, alice.demo, alice.created_at), (AccountState::Active, 0, false, NOW));
    let again = store.create_account(&name("ALICE"), &hash("other"), false, NOW).await;
    assert!(matches!(again, Err(StoreError::NameTaken)));
    let (found, found_hash) = store.account(&name("Alice")).await.unwrap().unwrap();
    assert_eq!((found, found_hash.as_str()), (alice, "hash"));
    assert!(store.account(&name("bob")).await.unwrap().is_none());
    account(store, "aaron").await;
    let names: Vec<_> = store.accounts().await.unwrap().iter().map(|account| account.name.to_string()).collect();
    assert_eq!(names, ["aaron", "alice"]);
}

async fn a_session_starts_and_is_found_by_its_secret_alone(store: &impl Store) {
    let alice = account(store, "alice").await;
    start(store, &alice, 2).await;
    let row = store.session(&secret(2)).await.unwrap().unwrap();
    assert_eq!((row.account, row.account_name, row.epoch, row.account_epoch), (alice.id, alice.name, 0, 0));
    assert_eq!((row.times, row.ended), (session(&account_like(alice.id), 2).times, None));
    assert_eq!((row.agent.as_str(), row.place.as_str(), row.id.as_str()), ("Firefox", "192.0.2.1", "id2"));
    assert!(store.session(&secret(3)).await.unwrap().is_none());
    assert!(store.touch(&secret(2), later(5)).await.unwrap());
    assert!(store.touch(&secret(2), later(3)).await.unwrap());
    assert_eq!(store.session(&secret(2)).await.unwrap().unwrap().times.last_activity, later(5), "time only moves on");
    assert!(!store.touch(&secret(3), later(5)).await.unwrap());
    assert!(store.session(&secret(3)).await.unwrap().is_none(), "an unknown session is never made by using it");
}

fn account_like(id: AccountId) -> Account {
    Account { id, name: name("alice"), state: AccountState::Active, epoch: 0, demo: false, created_at: NOW }
}

async fn a_session_starts_only_for_the_account_that_was_checked(store: &impl Store) {
    let alice = account(store, "alice").await;
    let attempt = |session: NewSession, hash: PasswordHash| async move {
        store.start_session(&session, &hash, None).await.unwrap()
    };
    assert!(!attempt(session(&alice, 1), hash("another password")).await);
    assert!(!attempt(NewSession { epoch: 1, ..session(&alice, 1) }, hash("hash")).await);
    assert!(!attempt(NewSession { account: AccountId(alice.id.0 + 1), ..session(&alice, 1) }, hash("hash")).await);
    assert!(store.set_state(alice.id, AccountState::Disabled, NOW).await.unwrap());
    let disabled = store.account(&alice.name).await.unwrap().unwrap().0;
    assert!(!attempt(session(&disabled, 1), hash("hash")).await);
    assert!(store.session(&secret(1)).await.unwrap().is_none());
    assert!(store.set_state(alice.id, AccountState::Active, NOW).await.unwrap());
    assert!(!attempt(session(&disabled, 1), hash("hash")).await, "a password checked before cannot be used after");
    let enabled = store.account(&alice.name).await.unwrap().unwrap().0;
    assert!(attempt(session(&enabled, 1), hash("hash")).await);
}

async fn an_end_is_final(store: &impl Store) {
    let alice = account(store, "alice").await;
    start(store, &alice, 1).await;
    assert_eq!(store.end(Which::Secret(secret(1)), Reason::SignedOut, later(1), None).await.unwrap(), 1);
    assert_eq!(store.end(Which::Secret(secret(1)), Reason::Revoked, later(2), None).await.unwrap(), 0);
    assert_eq!(store.end(Which::All, Reason::Revoked, later(2), None).await.unwrap(), 0);
    assert!(!store.touch(&secret(1), later(3)).await.unwrap());
    let row = store.session(&secret(1)).await.unwrap().unwrap();
    assert_eq!(row.ended, Some((later(1), Reason::SignedOut)), "the first reason stays");
    assert_eq!(row.times.last_activity, NOW);
    assert!(store.sessions(None).await.unwrap().is_empty());
}

async fn ends_reach_whom_they_name(store: &impl Store) {
    let (alice, bob) = (account(store, "alice").await, account(store, "bob").await);
    for n in 1..=4 {
        start(store, &alice, n).await;
    }
    start(store, &bob, 9).await;
    store.touch(&secret(3), later(10)).await.unwrap();
    let listed: Vec<_> = store.sessions(Some(alice.id)).await.unwrap().iter().map(|row| row.id.to_string()).collect();
    assert_eq!(listed, ["id3", "id1", "id2", "id4"], "the latest used first");
    assert_eq!(store.end(Which::Id(SessionId::from_text("id1")), Reason::Revoked, NOW, None).await.unwrap(), 1);
    assert_eq!(store.end(Which::Id(SessionId::from_text("nobody")), Reason::Revoked, NOW, None).await.unwrap(), 0);
    assert_eq!(store.end(Which::Account(alice.id, Some(secret(2))), Reason::RevokedByYou, NOW, None).await.unwrap(), 2);
    assert_eq!(end_of(store, 1).await, Some(Reason::Revoked));
    assert_eq!(end_of(store, 2).await, None);
    assert_eq!(end_of(store, 3).await, Some(Reason::RevokedByYou));
    assert_eq!(end_of(store, 9).await, None);
    assert_eq!(store.end(Which::Account(alice.id, None), Reason::Revoked, NOW, None).await.unwrap(), 1);
    assert_eq!(store.sessions(None).await.unwrap().len(), 1);
    assert_eq!(store.end(Which::All, Reason::Revoked, NOW, None).await.unwrap(), 1);
}

async fn idle_ends_spare_what_was_used_meanwhile(store: &impl Store) {
    let alice = account(store, "alice").await;
    start(store, &alice, 1).await;
    store.touch(&secret(1), later(10)).await.unwrap();
    assert_eq!(store.end(Which::Secret(secret(1)), Reason::Idle, later(11), Some(later(9))).await.unwrap(), 0);
    assert_eq!(end_of(store, 1).await, None);
    assert_eq!(store.end(Which::Secret(secret(1)), Reason::Idle, later(11), Some(later(10))).await.unwrap(), 1);
}

async fn starting_over_a_session_ends_it(store: &impl Store) {
    let (alice, bob) = (account(store, "alice").await, account(store, "bob").await);
    start(store, &alice, 1).await;
    assert!(!store.start_session(&session(&bob, 2), &hash("wrong"), Some(secret(1))).await.unwrap());
    assert_eq!(end_of(store, 1).await, None, "a sign-in that fails ends nothing");
    assert!(store.start_session(&session(&bob, 2), &hash("hash"), Some(secret(1))).await.unwrap());
    assert_eq!(end_of(store, 1).await, Some(Reason::Replaced));
    assert_eq!(end_of(store, 2).await, None);
}

async fn password_state_and_deletion_end_all_sessions(store: &impl Store) {
    let (alice, bob) = (account(store, "alice").await, account(store, "bob").await);
    start(store, &alice, 1).await;
    start(store, &alice, 2).await;
    start(store, &bob, 3).await;
    assert!(store.set_password(alice.id, &hash("new"), later(1)).await.unwrap());
    assert_eq!(end_of(store, 1).await, Some(Reason::PasswordChanged));
    assert_eq!(end_of(store, 2).await, Some(Reason::PasswordChanged));
    assert_eq!(end_of(store, 3).await, None);
    let (changed, changed_hash) = store.account(&alice.name).await.unwrap().unwrap();
    assert_eq!((changed.epoch, changed_hash.as_str()), (1, "new"));
    assert!(store.set_state(bob.id, AccountState::Disabled, later(2)).await.unwrap());
    assert_eq!(end_of(store, 3).await, Some(Reason::AccountDisabled));
    assert_eq!(store.session(&secret(3)).await.unwrap().unwrap().account_state, AccountState::Disabled);
    assert!(store.delete_account(alice.id).await.unwrap());
    assert!(!store.delete_account(alice.id).await.unwrap());
    assert!(store.session(&secret(1)).await.unwrap().is_none(), "its sessions go with an account");
    assert!(!store.set_password(alice.id, &hash("x"), later(3)).await.unwrap());
    assert!(!store.set_state(alice.id, AccountState::Active, later(3)).await.unwrap());
    let next = account(store, "alice").await;
    assert_ne!(next.id, alice.id, "an account's number is never used again");
}

async fn a_new_hash_of_the_same_password_ends_nothing(store: &impl Store) {
    let (alice, bob) = (account(store, "alice").await, account(store, "bob").await);
    let demo = store.create_account(&name("admin"), &hash("hash"), true, NOW).await.unwrap();
    start(store, &alice, 1).await;
    assert!(store.rehash(alice.id, &hash("hash"), &hash("stronger")).await.unwrap());
    assert!(!store.rehash(alice.id, &hash("hash"), &hash("late")).await.unwrap(), "the first one wins");
    let (found, found_hash) = store.account(&alice.name).await.unwrap().unwrap();
    assert_eq!((&found, found_hash.as_str()), (&alice, "stronger"), "nothing but the hash is another");
    assert_eq!(end_of(store, 1).await, None);
    assert!(!store.start_session(&session(&alice, 2), &hash("hash"), None).await.unwrap());
    assert!(store.start_session(&session(&alice, 2), &hash("stronger"), None).await.unwrap());
    assert_eq!(store.account(&bob.name).await.unwrap().unwrap().1.as_str(), "hash");
    assert!(store.rehash(demo.id, &hash("hash"), &hash("stronger")).await.unwrap());
    assert!(store.account(&demo.name).await.unwrap().unwrap().0.demo, "it is no real account by that");
    store.set_password(bob.id, &hash("new"), later(1)).await.unwrap();
    assert!(!store.rehash(bob.id, &hash("hash"), &hash("late")).await.unwrap(), "a new password is not undone");
    store.delete_account(bob.id).await.unwrap();
    assert!(!store.rehash(bob.id, &hash("new"), &hash("late")).await.unwrap());
}

async fn what_ends_all_also_stops_sign_ins_under_way(store: &impl Store) {
    // The password was checked, and the session not started yet.
    let alice = account(store, "alice").await;
    store.end(Which::Account(alice.id, None), Reason::Revoked, NOW, None).await.unwrap();
    assert!(!store.start_session(&session(&alice, 1), &hash("hash"), None).await.unwrap());
    let alice = store.account(&alice.name).await.unwrap().unwrap().0;
    store.end(Which::All, Reason::Revoked, NOW, None).await.unwrap();
    assert!(!store.start_session(&session(&alice, 1), &hash("hash"), None).await.unwrap());
}

async fn sweeping_takes_the_dead_and_nothing_else(store: &impl Store) {
    let alice = account(store, "alice").await;
    for n in 1..=5 {
        start(store, &alice, n).await;
    }
    store.end(Which::Secret(secret(1)), Reason::SignedOut, later(10), None).await.unwrap();
    store.end(Which::Secret(secret(2)), Reason::SignedOut, later(1000), None).await.unwrap();
    store.touch(&secret(5), later(400)).await.unwrap();
    // 3 is ordinary and was last seen long ago; 4 is remembered; 5 is ordinary and was seen since.
    let before = SweepBefore {
        ended: later(500),
        deadline: later(3600),
        ordinary_last_seen: later(300),
        remembered_last_seen: NOW,
    };
    let mut swept = 0;
    loop {
        match store.sweep(before).await.unwrap() {
            0 => break,
            n => swept += n,
        }
    }
    assert_eq!(swept, 2);
    for (n, kept) in [(1, false), (2, true), (3, false), (4, true), (5, true)] {
        assert_eq!(store.session(&secret(n)).await.unwrap().is_some(), kept, "session {n}");
    }
    let all = SweepBefore { deadline: later(3601), ..before };
    assert_eq!(store.sweep(all).await.unwrap(), 2, "the absolute deadline of 4 and 5 has passed");
}

async fn demo_accounts_go_and_others_stay(store: &impl Store) {
    let demo = store.create_account(&name("admin"), &hash("hash"), true, NOW).await.unwrap();
    let kept = store.create_account(&name("user1"), &hash("hash"), true, NOW).await.unwrap();
    let alice = account(store, "alice").await;
    start(store, &demo, 1).await;
    assert!(demo.demo);
    store.set_password(kept.id, &hash("a real one"), NOW).await.unwrap();
    assert_eq!(store.delete_demo_accounts().await.unwrap(), 1);
    let ids: Vec<_> = store.accounts().await.unwrap().iter().map(|account| account.id).collect();
    assert_eq!(ids, [alice.id, kept.id]);
    assert!(store.session(&secret(1)).await.unwrap().is_none());
}

async fn a_secret_is_never_taken_over(store: &impl Store) {
    let (alice, bob) = (account(store, "alice").await, account(store, "bob").await);
    start(store, &alice, 1).await;
    assert!(store.start_session(&session(&bob, 1), &hash("hash"), None).await.is_err());
    assert_eq!(store.session(&secret(1)).await.unwrap().unwrap().account, alice.id);
}

async fn a_touch_never_wins_over_an_end(store: Arc<impl Store>) {
    let alice = account(&*store, "alice").await;
    for n in 1..=100 {
        start(&*store, &alice, n).await;
        let touching = {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for i in 0..5 {
                    store.touch(&secret(n), later(i)).await.unwrap();
                }
            })
        };
        store.end(Which::Secret(secret(n)), Reason::SignedOut, later(1), None).await.unwrap();
        touching.await.unwrap();
        assert!(!store.touch(&secret(n), later(100)).await.unwrap());
        assert_eq!(end_of(&*store, n).await, Some(Reason::SignedOut));
    }
}
