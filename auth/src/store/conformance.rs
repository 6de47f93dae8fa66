//! What every store must do. A store's own tests call [`check`] with a way to make an empty one.
#![expect(clippy::unwrap_used, reason = "a test suite fails by panicking")]

use super::{
    ChangePassword, Generation, ListedSession, NewSession, SessionLimit, StartSession, Started, Store, StoreError,
    SweepBefore, Tried, Which,
};
use crate::{
    Account, AccountId, AccountName, AccountState, Reason, SecretHash, SessionId,
    audit::{EventKind, SEVERAL_PLACES, Source},
    clock::Timestamp,
    password::PasswordHash,
    policy::Times,
    throttle::{Bucket, BucketId, Limit},
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
    an_account_has_no_more_sessions_than_it_may(&empty().await).await;
    a_confirmation_needs_the_session_that_asks(&empty().await).await;
    people_end_their_own_sessions_and_nobody_elses(&empty().await).await;
    a_password_changes_with_its_sessions_or_not_at_all(&empty().await).await;
    what_happened_is_kept(&empty().await).await;
    failures_in_a_row_are_counted(&empty().await).await;
    a_sweep_writes_down_the_ends_that_nobody_saw(&empty().await).await;
    tries_are_counted_before_they_are_made(Arc::new(empty().await)).await;
    counts_of_tries_are_taken_back_and_forgotten(&empty().await).await;
    a_generation_begins_once_and_after_the_one_before_was_seen(Arc::new(empty().await)).await;
    a_touch_never_wins_over_an_end(Arc::new(empty().await)).await;
    a_sign_out_wins_over_a_confirmation_under_way(Arc::new(empty().await)).await;
    of_many_that_start_at_once_no_more_are_alive_than_may_be(Arc::new(empty().await)).await;
    what_ends_all_of_an_account_ends_what_starts_meanwhile(Arc::new(empty().await)).await;
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
        id: SessionId::parse(&format!("id{n}")).unwrap(),
        account: account.id,
        epoch: account.epoch,
        times: Times {
            authenticated_at: NOW,
            last_activity: NOW,
            absolute_deadline: later(3600),
            remembered: n.is_multiple_of(2),
        },
        signed_in_at: NOW,
        agent: "Firefox".to_owned(),
        place: "192.0.2.1".to_owned(),
    }
}

const NO_LIMIT: SessionLimit =
    SessionLimit { most: 1000, ordinary_since: Timestamp::from_millis(0), remembered_since: Timestamp::from_millis(0) };

async fn try_start(
    store: &impl Store,
    session: &NewSession,
    hash: &PasswordHash,
    replaces: Option<SecretHash>,
) -> Result<bool, StoreError> {
    let start = StartSession { replaces, ..start_of(session, hash) };
    Ok(store.start_session(start).await?.is_some())
}

async fn start(store: &impl Store, account: &Account, n: u8) {
    assert!(try_start(store, &session(account, n), &hash("hash"), None).await.unwrap());
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
    assert_eq!(row.id.as_str(), "id2");
    let ListedSession { session, agent, place } = store.sessions(None).await.unwrap().remove(0);
    assert_eq!((agent.as_str(), place.as_str()), ("Firefox", "192.0.2.1"));
    assert_eq!(store.session(&secret(2)).await.unwrap(), Some(session));
    assert!(store.session(&secret(3)).await.unwrap().is_none());
    assert_eq!(store.touch(&secret(2), later(5), true).await.unwrap(), Some(0));
    assert_eq!(store.touch(&secret(2), later(3), true).await.unwrap(), Some(0));
    assert_eq!(store.session(&secret(2)).await.unwrap().unwrap().times.last_activity, later(5), "time only moves on");
    assert_eq!(store.touch(&secret(3), later(5), true).await.unwrap(), None);
    assert!(store.session(&secret(3)).await.unwrap().is_none(), "an unknown session is never made by using it");
}

fn account_like(id: AccountId) -> Account {
    Account { id, name: name("alice"), state: AccountState::Active, epoch: 0, demo: false, created_at: NOW }
}

async fn a_session_starts_only_for_the_account_that_was_checked(store: &impl Store) {
    let alice = account(store, "alice").await;
    let attempt =
        |session: NewSession, hash: PasswordHash| async move { try_start(store, &session, &hash, None).await.unwrap() };
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
    assert_eq!(store.touch(&secret(1), later(3), true).await.unwrap(), None);
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
    store.touch(&secret(3), later(10), true).await.unwrap();
    let listed: Vec<_> =
        store.sessions(Some(alice.id)).await.unwrap().iter().map(|row| row.session.id.to_string()).collect();
    assert_eq!(listed, ["id3", "id1", "id2", "id4"], "the latest used first");
    assert_eq!(store.end(Which::Id(SessionId::parse("id1").unwrap()), Reason::Revoked, NOW, None).await.unwrap(), 1);
    assert_eq!(store.end(Which::Id(SessionId::parse("nobody").unwrap()), Reason::Revoked, NOW, None).await.unwrap(), 0);
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
    store.touch(&secret(1), later(10), true).await.unwrap();
    assert_eq!(store.end(Which::Secret(secret(1)), Reason::Idle, later(11), Some(later(9))).await.unwrap(), 0);
    assert_eq!(end_of(store, 1).await, None);
    assert_eq!(store.end(Which::Secret(secret(1)), Reason::Idle, later(11), Some(later(10))).await.unwrap(), 1);
}

async fn starting_over_a_session_ends_it(store: &impl Store) {
    let (alice, bob) = (account(store, "alice").await, account(store, "bob").await);
    start(store, &alice, 1).await;
    assert!(!try_start(store, &session(&bob, 2), &hash("wrong"), Some(secret(1))).await.unwrap());
    assert_eq!(end_of(store, 1).await, None, "a sign-in that fails ends nothing");
    assert!(try_start(store, &session(&bob, 2), &hash("hash"), Some(secret(1))).await.unwrap());
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
    assert!(!try_start(store, &session(&alice, 2), &hash("hash"), None).await.unwrap());
    assert!(try_start(store, &session(&alice, 2), &hash("stronger"), None).await.unwrap());
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
    assert!(!try_start(store, &session(&alice, 1), &hash("hash"), None).await.unwrap());
    let alice = store.account(&alice.name).await.unwrap().unwrap().0;
    store.end(Which::All, Reason::Revoked, NOW, None).await.unwrap();
    assert!(!try_start(store, &session(&alice, 1), &hash("hash"), None).await.unwrap());
}

async fn sweeping_takes_the_dead_and_nothing_else(store: &impl Store) {
    let alice = account(store, "alice").await;
    for n in 1..=11 {
        start(store, &alice, n).await;
    }
    store.end(Which::Secret(secret(1)), Reason::SignedOut, later(10), None).await.unwrap();
    store.end(Which::Secret(secret(2)), Reason::SignedOut, later(1000), None).await.unwrap();
    for n in [7, 8, 9] {
        store.renew(&secret(n), 0, later(100)).await.unwrap();
    }
    for (n, seen) in [(4, 400), (5, 400), (9, 400), (10, 250), (11, 250)] {
        store.touch(&secret(n), later(seen), true).await.unwrap();
    }
    // 3, 5, 7, 9 and 11 are ordinary, 4, 6, 8 and 10 are remembered. 3 and 6 were never seen again, 7 and 8 were renewed
    // long ago, and 9 was seen since; 10 and 11 were seen between the times that count for either kind.
    let before = SweepBefore {
        ended: later(500),
        deadline: later(3600),
        ordinary_last_seen: later(300),
        remembered_last_seen: later(200),
        events: NOW,
        attempts: NOW,
    };
    let mut swept = 0;
    loop {
        match store.sweep(before).await.unwrap() {
            0 => break,
            n => swept += n,
        }
    }
    assert_eq!(swept, 6);
    for n in 1..=11 {
        let kept = [2, 4, 5, 9, 10].contains(&n);
        assert_eq!(store.session(&secret(n)).await.unwrap().is_some(), kept, "session {n}");
    }
    let all = SweepBefore { deadline: later(3601), ..before };
    assert_eq!(store.sweep(all).await.unwrap(), 4, "the absolute deadline of 4, 5, 9 and 10 has passed");
    let story = story(store, &alice).await;
    let written = |why| story.iter().filter(|(_, reason, _)| *reason == Some(why)).count();
    assert_eq!((written(Reason::Idle), written(Reason::Absolute)), (5, 4), "each end that nobody saw, once");
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
    assert!(try_start(store, &session(&bob, 1), &hash("hash"), None).await.is_err());
    assert_eq!(store.session(&secret(1)).await.unwrap().unwrap().account, alice.id);
}

async fn an_account_has_no_more_sessions_than_it_may(store: &impl Store) {
    let (alice, bob) = (account(store, "alice").await, account(store, "bob").await);
    for n in [1, 3, 5] {
        start(store, &alice, n).await;
    }
    start(store, &bob, 9).await;
    store.touch(&secret(1), later(10), true).await.unwrap();
    store.touch(&secret(5), later(20), true).await.unwrap();
    // 3 timed out unseen: it is not among those that count, and keeps its own reason.
    let limit = SessionLimit { most: 2, ordinary_since: later(5), remembered_since: later(5) };
    let new = session(&alice, 7);
    let hash = hash("hash");
    let start = StartSession { limit, ..start_of(&new, &hash) };
    store.start_session(start).await.unwrap().unwrap();
    assert_eq!(end_of(store, 1).await, Some(Reason::SessionLimit), "the longest unused");
    for n in [3, 5, 7, 9] {
        assert_eq!(end_of(store, n).await, None, "session {n}");
    }
    let limit = SessionLimit { most: 1, ..limit };
    let new = session(&alice, 11);
    store.start_session(StartSession { session: &new, limit, ..start }).await.unwrap().unwrap();
    assert_eq!(end_of(store, 5).await, Some(Reason::SessionLimit));
    assert_eq!(end_of(store, 11).await, None, "never the one that was just started");
}

async fn a_confirmation_needs_the_session_that_asks(store: &impl Store) {
    let alice = account(store, "alice").await;
    start(store, &alice, 1).await;
    let (new, hash) = (session(&alice, 2), hash("hash"));
    let confirm = StartSession { replaces: Some(secret(1)), confirms: true, ..start_of(&new, &hash) };
    store.end(Which::Secret(secret(1)), Reason::Revoked, later(1), None).await.unwrap();
    assert_eq!(store.start_session(confirm).await.unwrap(), None);
    assert!(store.session(&secret(2)).await.unwrap().is_none());
    start(store, &alice, 3).await;
    let confirm = StartSession { replaces: Some(secret(3)), ..confirm };
    assert!(store.start_session(confirm).await.unwrap().is_some());
    assert_eq!(end_of(store, 3).await, Some(Reason::Replaced));
    // A sign-out that comes with the cookie before ends those that went on from it, and no other.
    let next = session(&alice, 4);
    let again = StartSession { session: &next, replaces: Some(secret(2)), ..confirm };
    assert!(store.start_session(again).await.unwrap().is_some());
    start(store, &alice, 5).await;
    let sign_out = |n| store.end(Which::Successors(secret(n)), Reason::SignedOut, later(1), None);
    assert_eq!(sign_out(5).await.unwrap(), 0);
    assert_eq!(sign_out(3).await.unwrap(), 1);
    assert_eq!((end_of(store, 4).await, end_of(store, 5).await), (Some(Reason::SignedOut), None));
}

async fn people_end_their_own_sessions_and_nobody_elses(store: &impl Store) {
    let (alice, bob) = (account(store, "alice").await, account(store, "bob").await);
    start(store, &alice, 1).await;
    start(store, &bob, 2).await;
    let end = |of: AccountId, id: &'static str| {
        store.end(Which::Own(of, SessionId::parse(id).unwrap()), Reason::RevokedByYou, NOW, None)
    };
    assert_eq!(end(alice.id, "id2").await.unwrap(), 0);
    assert_eq!(end_of(store, 2).await, None);
    assert_eq!(end(alice.id, "id1").await.unwrap(), 1);
    assert_eq!(end_of(store, 1).await, Some(Reason::RevokedByYou));
    assert_eq!(end(alice.id, "id1").await.unwrap(), 0, "twice is fine");
}

async fn a_password_changes_with_its_sessions_or_not_at_all(store: &impl Store) {
    let alice = account(store, "alice").await;
    for n in 1..=3 {
        start(store, &alice, n).await;
    }
    let (old, new, next) = (hash("hash"), hash("new"), session(&alice, 4));
    let change = ChangePassword { old: &old, new: &new, session: &next, replaces: secret(1), end_others: true };
    let wrong = hash("wrong");
    assert_eq!(store.change_password(ChangePassword { old: &wrong, ..change }).await.unwrap(), None);
    assert_eq!(store.change_password(ChangePassword { replaces: secret(9), ..change }).await.unwrap(), None);
    store.end(Which::Secret(secret(2)), Reason::SignedOut, NOW, None).await.unwrap();
    assert_eq!(store.change_password(ChangePassword { replaces: secret(2), ..change }).await.unwrap(), None);
    assert_eq!(store.account(&alice.name).await.unwrap().unwrap().1.as_str(), "hash");
    assert_eq!(store.change_password(change).await.unwrap(), Some(1));
    for (n, reason) in
        [(1, Some(Reason::Replaced)), (2, Some(Reason::SignedOut)), (3, Some(Reason::PasswordChanged)), (4, None)]
    {
        assert_eq!(end_of(store, n).await, reason, "session {n}");
    }
    let row = store.session(&secret(4)).await.unwrap().unwrap();
    assert_eq!((row.epoch, row.account_epoch), (1, 1));
    // A sign-in that was checked against the old password is refused; one that keeps the others keeps the epoch.
    assert!(!try_start(store, &session(&alice, 5), &old, None).await.unwrap());
    let alice = store.account(&alice.name).await.unwrap().unwrap().0;
    assert!(try_start(store, &session(&alice, 6), &new, None).await.unwrap());
    let next = session(&alice, 7);
    let kept = ChangePassword { old: &new, new: &old, session: &next, replaces: secret(4), end_others: false };
    assert_eq!(store.change_password(kept).await.unwrap(), Some(1));
    assert_eq!((end_of(store, 6).await, end_of(store, 7).await), (None, None));
}

/// What happened, the earliest first, in short.
async fn story(store: &impl Store, account: &Account) -> Vec<(EventKind, Option<Reason>, u32)> {
    let mut events = store.events(Some(account.id), 100).await.unwrap();
    events.reverse();
    events.into_iter().map(|event| (event.kind, event.reason, event.count)).collect()
}

async fn what_happened_is_kept(store: &impl Store) {
    let (alice, bob) = (account(store, "alice").await, account(store, "bob").await);
    start(store, &alice, 1).await;
    start(store, &bob, 2).await;
    store.end(Which::Secret(secret(1)), Reason::SignedOut, later(1), None).await.unwrap();
    store.end(Which::Secret(secret(1)), Reason::SignedOut, later(2), None).await.unwrap();
    store.set_state(alice.id, AccountState::Disabled, later(3)).await.unwrap();
    store.set_state(alice.id, AccountState::Active, later(4)).await.unwrap();
    store.set_password(alice.id, &hash("new"), later(5)).await.unwrap();
    let expected = [
        (EventKind::SignedIn, None, 1),
        (EventKind::SessionEnded, Some(Reason::SignedOut), 1),
        (EventKind::AccountDisabled, None, 1),
        (EventKind::AccountEnabled, None, 1),
        (EventKind::PasswordChanged, None, 1),
    ];
    assert_eq!(story(store, &alice).await, expected);
    assert_eq!(story(store, &bob).await.len(), 1, "nobody sees what happened to another");
    store.record_failure(None, later(6), Source::default()).await.unwrap();
    let all = store.events(None, 100).await.unwrap();
    assert_eq!((all.len(), all[0].account.as_ref(), all[1].account.as_ref()), (7, None, Some(&alice.name)));
    assert!(all[0].id > all[1].id);
    let events = store.events(Some(alice.id), 2).await.unwrap();
    assert_eq!((events.len(), events[0].at, events[0].place.as_str()), (2, later(5), ""));
    let ended = &store.events(Some(alice.id), 100).await.unwrap()[3];
    assert_eq!((ended.at, ended.agent.as_str(), ended.place.as_str()), (later(1), "Firefox", "192.0.2.1"));
    assert_eq!(ended.session, SessionId::parse("id1"));
    let before = SweepBefore {
        ended: NOW,
        deadline: NOW,
        ordinary_last_seen: NOW,
        remembered_last_seen: NOW,
        events: later(4),
        attempts: NOW,
    };
    store.sweep(before).await.unwrap();
    assert_eq!(story(store, &alice).await.len(), 2, "old events go");
    store.delete_account(alice.id).await.unwrap();
    assert!(story(store, &alice).await.is_empty(), "they go with the account");
}

async fn failures_in_a_row_are_counted(store: &impl Store) {
    let alice = account(store, "alice").await;
    let here = Source { agent: "Firefox", place: "192.0.2.1" };
    for seconds in 0..3 {
        store.record_failure(Some(alice.id), later(seconds), here).await.unwrap();
        store.record_failure(None, later(seconds), here).await.unwrap();
    }
    store.record_failure(Some(alice.id), later(3), Source { place: "192.0.2.2", ..here }).await.unwrap();
    store.record_failure(Some(alice.id), later(4000), Source { place: "192.0.2.2", ..here }).await.unwrap();
    let failed = |count| (EventKind::SignInFailed, None, count);
    assert_eq!(story(store, &alice).await, [failed(4), failed(1)]);
    let events = store.events(Some(alice.id), 100).await.unwrap();
    assert_eq!((events[1].at, events[1].place.as_str()), (later(3), SEVERAL_PLACES), "the last time counts");
    assert_eq!((events[0].place.as_str(), events[0].agent.as_str()), ("192.0.2.2", "Firefox"));
    let (new, hash) = (session(&alice, 1), hash("hash"));
    let start = start_of(&new, &hash);
    assert_eq!(store.start_session(start).await.unwrap(), Some(Started { failed_attempts: 5 }));
    let new = session(&alice, 2);
    let again = StartSession { session: &new, ..start };
    assert_eq!(store.start_session(again).await.unwrap(), Some(Started { failed_attempts: 0 }));
}

async fn a_sweep_writes_down_the_ends_that_nobody_saw(store: &impl Store) {
    let alice = account(store, "alice").await;
    start(store, &alice, 1).await;
    // An idle timeout of 600 s, and a sweep that takes what is dead for 5000 s.
    let before = SweepBefore {
        ended: later(1000),
        deadline: later(1000),
        ordinary_last_seen: later(400),
        remembered_last_seen: later(400),
        events: NOW,
        attempts: NOW,
    };
    assert_eq!(store.sweep(before).await.unwrap(), 1);
    let events = store.events(Some(alice.id), 100).await.unwrap();
    assert_eq!((events[0].kind, events[0].reason), (EventKind::SessionEnded, Some(Reason::Idle)));
    assert_eq!(events[0].at, later(600));
}

/// How a session starts that replaces none, with nothing counted before.
pub(crate) fn start_of<'a>(session: &'a NewSession, hash: &'a PasswordHash) -> StartSession<'a> {
    StartSession { session, hash, replaces: None, confirms: false, limit: NO_LIMIT, tried: Tried::default() }
}

fn bucket(n: u8, free: u32) -> Bucket {
    Bucket { id: BucketId([n; 32]), limit: Limit { free, most: Duration::from_secs(60) } }
}

async fn tries_are_counted_before_they_are_made(store: Arc<impl Store>) {
    let mut tries = Vec::new();
    for _ in 0..50 {
        let store = Arc::clone(&store);
        tries.push(tokio::spawn(async move { store.count_try(&[bucket(1, 5), bucket(2, 100)], NOW).await.unwrap() }));
    }
    let mut made = 0;
    for result in tries {
        match result.await.unwrap() {
            None => made += 1,
            Some(wait) => assert_eq!(wait, Duration::from_secs(1)),
        }
    }
    assert_eq!(made, 5, "so many as are free, and not one more");
    assert_eq!(
        store.count_try(&[bucket(1, 5)], NOW.plus(Duration::from_millis(999))).await.unwrap().unwrap().as_millis(),
        1
    );
    assert_eq!(
        store.count_try(&[bucket(2, 5)], NOW).await.unwrap(),
        Some(Duration::from_secs(1)),
        "the other has 5, too"
    );
    assert_eq!(store.count_try(&[bucket(1, 5)], later(1)).await.unwrap(), None);
    assert_eq!(store.count_try(&[bucket(1, 5)], later(1)).await.unwrap(), Some(Duration::from_secs(2)));
    assert_eq!(store.count_try(&[bucket(3, 1), bucket(1, 5)], later(1)).await.unwrap(), Some(Duration::from_secs(2)));
    assert_eq!(store.count_try(&[bucket(3, 1)], later(1)).await.unwrap(), None, "what had to wait was counted nowhere");
}

async fn counts_of_tries_are_taken_back_and_forgotten(store: &impl Store) {
    let both = [bucket(1, 2), bucket(2, 2)];
    let tries = |at| store.count_try(&both, at);
    for _ in 0..2 {
        assert_eq!(tries(NOW).await.unwrap(), None);
    }
    assert!(tries(NOW).await.unwrap().is_some());
    store.take_back_try(Tried { right: Some(bucket(1, 2).id), others: &[bucket(2, 2).id] }).await.unwrap();
    assert_eq!(tries(NOW).await.unwrap(), None);
    assert!(tries(NOW).await.unwrap().is_some(), "of the other only one was taken back");
    // A session that starts takes tries back with it; one that does not start leaves them.
    let alice = account(store, "alice").await;
    let (new, hash, other) = (session(&alice, 1), hash("hash"), hash("other"));
    let tried = Tried { right: Some(bucket(1, 2).id), others: &[bucket(2, 2).id] };
    let start = StartSession { tried, ..start_of(&new, &hash) };
    assert_eq!(store.start_session(StartSession { hash: &other, ..start }).await.unwrap(), None);
    assert!(tries(NOW).await.unwrap().is_some(), "nobody has signed in");
    store.start_session(start).await.unwrap().unwrap();
    assert_eq!(tries(NOW).await.unwrap(), None);
    assert!(tries(NOW).await.unwrap().is_some(), "of the other only one was taken back");
    store.take_back_try(Tried { right: Some(BucketId([9; 32])), others: &[BucketId([8; 32])] }).await.unwrap();
    // A day after the last one they begin anew.
    let day = later(24 * 3600);
    assert_eq!(tries(day).await.unwrap(), None);
    assert_eq!(tries(day).await.unwrap(), None);
    assert!(tries(day).await.unwrap().is_some());
    let before = SweepBefore {
        ended: NOW,
        deadline: NOW,
        ordinary_last_seen: NOW,
        remembered_last_seen: NOW,
        events: NOW,
        attempts: later(24 * 3600 + 1),
    };
    store.sweep(before).await.unwrap();
    assert_eq!(tries(day).await.unwrap(), None, "a sweep takes the old ones");
}

async fn a_generation_begins_once_and_after_the_one_before_was_seen(store: Arc<impl Store>) {
    let alice = account(&*store, "alice").await;
    start(&*store, &alice, 1).await;
    let generation = |at: Timestamp, number, seen_at| Generation { number, issued_at: at, seen_at };
    let now = async || store.session(&secret(1)).await.unwrap().unwrap().generation;
    assert_eq!(now().await, generation(NOW, 0, None));
    let mut renewals = Vec::new();
    for _ in 0..20 {
        let store = Arc::clone(&store);
        renewals.push(tokio::spawn(async move { store.renew(&secret(1), 0, later(10)).await.unwrap() }));
    }
    let mut renewed = 0;
    for renewal in renewals {
        renewed += usize::from(renewal.await.unwrap() == Some(1));
    }
    assert_eq!(renewed, 1, "of many at once one renews it");
    assert_eq!(now().await, generation(later(10), 1, None));
    assert_eq!(store.touch(&secret(1), later(20), true).await.unwrap(), Some(1));
    assert_eq!(store.renew(&secret(1), 1, later(30)).await.unwrap(), None, "nobody has seen it yet");
    store.see(&secret(1), 0, later(30)).await.unwrap();
    assert_eq!(now().await.seen_at, None, "that was the one before");
    store.see(&secret(1), 1, later(31)).await.unwrap();
    store.see(&secret(1), 1, later(32)).await.unwrap();
    assert_eq!(now().await, generation(later(10), 1, Some(later(31))), "the first time counts");
    assert_eq!(store.renew(&secret(1), 1, later(40)).await.unwrap(), Some(2));
    assert_eq!(store.session(&secret(1)).await.unwrap().unwrap().times.last_activity, later(40));
    store.end(Which::Secret(secret(1)), Reason::SignedOut, later(41), None).await.unwrap();
    store.see(&secret(1), 2, later(42)).await.unwrap();
    assert_eq!(store.renew(&secret(1), 2, later(43)).await.unwrap(), None);
}

async fn a_touch_never_wins_over_an_end(store: Arc<impl Store>) {
    let alice = account(&*store, "alice").await;
    for n in 1..=100 {
        start(&*store, &alice, n).await;
        let touching = {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for i in 0..5 {
                    store.touch(&secret(n), later(i), true).await.unwrap();
                }
            })
        };
        store.end(Which::Secret(secret(n)), Reason::SignedOut, later(1), None).await.unwrap();
        touching.await.unwrap();
        assert_eq!(store.touch(&secret(n), later(100), true).await.unwrap(), None);
        assert_eq!(end_of(&*store, n).await, Some(Reason::SignedOut));
    }
}

async fn a_sign_out_wins_over_a_confirmation_under_way(store: Arc<impl Store>) {
    let alice = account(&*store, "alice").await;
    for n in 0..40 {
        let (first, second, third) = (6 * n + 1, 6 * n + 2, 6 * n + 3);
        start(&*store, &alice, first).await;
        let confirming = {
            let (store, alice) = (Arc::clone(&store), alice.clone());
            tokio::spawn(async move {
                for (old, new) in [(first, second), (second, third)] {
                    let new = session(&alice, new);
                    let hash = hash("hash");
                    let replaces = Some(secret(old));
                    let start = StartSession { replaces, confirms: true, ..start_of(&new, &hash) };
                    store.start_session(start).await.unwrap();
                }
            })
        };
        if store.end(Which::Secret(secret(first)), Reason::SignedOut, NOW, None).await.unwrap() == 0 {
            store.end(Which::Successors(secret(first)), Reason::SignedOut, NOW, None).await.unwrap();
        }
        confirming.await.unwrap();
        assert!(store.sessions(None).await.unwrap().is_empty(), "round {n}: a session outlived its sign-out");
    }
}

async fn of_many_that_start_at_once_no_more_are_alive_than_may_be(store: Arc<impl Store>) {
    let alice = account(&*store, "alice").await;
    let mut starts = Vec::new();
    for n in 1..=12 {
        let (store, alice) = (Arc::clone(&store), alice.clone());
        starts.push(tokio::spawn(async move {
            let (new, hash) = (session(&alice, n), hash("hash"));
            let limit = SessionLimit { most: 3, ..NO_LIMIT };
            let start = StartSession { limit, ..start_of(&new, &hash) };
            store.start_session(start).await.unwrap().unwrap();
        }));
    }
    for start in starts {
        start.await.unwrap();
    }
    assert_eq!(store.sessions(None).await.unwrap().len(), 3);
}

async fn what_ends_all_of_an_account_ends_what_starts_meanwhile(store: Arc<impl Store>) {
    for round in 0..10_u8 {
        let alice = account(&*store, &format!("alice{round}")).await;
        let mut starts = Vec::new();
        for n in 1..=10 {
            let (store, alice) = (Arc::clone(&store), alice.clone());
            starts.push(tokio::spawn(async move {
                try_start(&*store, &session(&alice, 10 * round + n), &hash("hash"), None).await.unwrap();
            }));
        }
        match round % 4 {
            0 => drop(store.end(Which::Account(alice.id, None), Reason::Revoked, NOW, None).await.unwrap()),
            1 => drop(store.end(Which::All, Reason::Revoked, NOW, None).await.unwrap()),
            2 => assert!(store.set_state(alice.id, AccountState::Disabled, NOW).await.unwrap()),
            _ => assert!(store.set_password(alice.id, &hash("new"), NOW).await.unwrap()),
        }
        for start in starts {
            start.await.unwrap();
        }
        assert!(store.sessions(Some(alice.id)).await.unwrap().is_empty(), "round {round}");
    }
}

/// Asks for all rows as often as each connection needs to have it prepared, and again after columns were added.
#[cfg(test)]
pub(crate) async fn survives_new_columns(store: &dyn Store, add: impl AsyncFn(String)) {
    for number in 0..3 {
        for again in 0..12 {
            let name = AccountName::parse(&format!("a{number}-{again}")).unwrap();
            let hash = PasswordHash::from_stored("hash".to_owned());
            assert!(store.create_account(&name, &hash, false, Timestamp::from_millis(1)).await.is_ok());
            let secret = SecretHash([1; 32]);
            let (one, all, session, sessions) =
                tokio::join!(store.account(&name), store.accounts(), store.session(&secret), store.sessions(None));
            assert!(one.unwrap().is_some() && all.is_ok() && session.is_ok() && sessions.is_ok());
        }
        for table in ["accounts", "sessions"] {
            add(format!("ALTER TABLE {table} ADD COLUMN later{number} TEXT")).await;
        }
    }
}
